"""What is in flight ends, and what is held is let go, when the deck is armed no more or another device takes the body."""

from collections.abc import Callable

import pytest

from airdeck.events import Act, EventKind
from dynamics.frames import MocapFrame
from safety.types import ArmState, Cause, Profile, Sink, SinkClass, SinkHealth
from tests.pipeline.scenes import BEND, HOLDING, holding_gate, later, seconds, until_in_flight, until_permitted
from tests.support.virtual_deck import MS, NS_PER_S, START_NS, Deck, in_time, performed, worn

MIDI = Sink("midi", SinkClass.MIDI, rehearsal=True)
KEPT = Sink("kept", SinkClass.RECORDING)


def disarm_and_arm(deck: Deck, now_ns: int) -> None:
    deck.act(Act.DISARM, now_ns)
    deck.act(Act.ARM, now_ns)


def stop_and_arm(deck: Deck, now_ns: int) -> None:
    for act in (Act.STOP, Act.RESET, Act.ARM):
        deck.act(act, now_ns)


def lag_for_a_moment(deck: Deck, now_ns: int) -> None:
    deck.step(now_ns, EventKind.LAG, flag=True)
    deck.step(now_ns, EventKind.LAG, flag=False)


def lose_the_port(deck: Deck, now_ns: int) -> None:
    deck.step(now_ns, EventKind.SINK, name="kept", sink_health=SinkHealth(connected=False))
    deck.step(now_ns, EventKind.SINK, name="kept", sink_health=SinkHealth(connected=True))
    deck.act(Act.ARM, now_ns)


WAYS_OUT = (disarm_and_arm, stop_and_arm, lag_for_a_moment, lose_the_port)
Way = Callable[[Deck, int], None]


def test_left_alone_both_raises_count() -> None:
    """The other side of the tests below."""
    deck = Deck().play(performed("left.raise", "rest", "left.raise"))
    assert deck.completed == ["left.raise", "left.raise"]


@pytest.mark.parametrize("way", WAYS_OUT)
def test_a_raise_in_flight_is_cancelled_when_armed_ends_and_the_next_one_counts(way: Way) -> None:
    """Though the deck is armed again at once: the arm has to come down before it counts."""
    deck, frames = Deck(), iter(performed("left.raise", "rest", "left.raise"))
    way(deck, until_in_flight(deck, frames))
    deck.play(frames)
    [completed] = [event for event in deck.events if event.phase == "completed"]
    assert seconds(completed.t_ns) > 6.0


def test_the_clock_of_a_hold_does_not_run_on_after_it_was_cancelled() -> None:
    deck, frames = Deck(), iter(performed("left.raise"))
    now_ns = until_in_flight(deck, frames)
    deck.act(Act.DISARM, now_ns)
    assert deck.pipeline.status()["in_flight"] == []


def both_devices(deck: Deck, pictures_from_s: float) -> None:
    """Mocopi shows two raises of the left hand; pictures of the same begin at a time, a little ahead of mocopi's frames."""
    moves = ("left.raise", "rest", "left.raise")
    pictures = [frame for frame in performed(*moves) if seconds(frame.capture_ns) > pictures_from_s]
    for frame in in_time(worn(*moves), later(pictures, 5 * MS)):
        before, in_flight = deck.pipeline.builder.driver, bool(deck.pipeline.status()["in_flight"])
        deck.take(frame)
        if (before, deck.pipeline.builder.driver) == ("mocopi", "camera"):
            assert in_flight
            assert deck.pipeline.status()["in_flight"] == []


def test_a_hand_over_from_mocopi_to_the_camera_cancels_the_raise_in_flight() -> None:
    deck = Deck()
    both_devices(deck, pictures_from_s=4.1)
    assert deck.pipeline.builder.hand_overs == 1
    [completed] = [event for event in deck.events if event.phase == "completed"]
    assert seconds(completed.t_ns) > 6.0


def test_without_a_hand_over_mocopi_alone_completes_both_raises() -> None:
    """The other side of the test above."""
    deck = Deck()
    both_devices(deck, pictures_from_s=99.0)
    assert deck.completed == ["left.raise", "left.raise"]


def test_a_hand_over_from_the_camera_to_mocopi_cancels_the_raise_in_flight() -> None:
    """The camera dies in the middle of the raise; mocopi has the body half a second later, and the hand still up."""
    deck, moves = Deck(), ("left.slow_raise", "rest", "left.raise")
    frames = iter(in_time(performed(*moves), worn(*moves)))
    died_ns = until_in_flight(deck, frames)
    deck.play(frame for frame in frames if isinstance(frame, MocapFrame))
    assert deck.pipeline.builder.driver == "mocopi"
    [completed] = [event for event in deck.events if event.phase == "completed"]
    assert completed.onset_ns > died_ns + 2 * NS_PER_S


@pytest.mark.parametrize(
    ("camera_ms", "mocopi_ms"),
    [
        (5, 50),
        (50, 5),
    ],
)
def test_the_camera_takes_the_body_back_whichever_device_is_slower(camera_ms: int, mocopi_ms: int) -> None:
    """Pictures are away from 2 s to 4 s. A pose worker needs some 50 ms for one; mocopi's stamps are its arrivals."""
    moves = ("rest", "rest", "rest")
    pictures = [frame for frame in performed(*moves) if not 2.0 < seconds(frame.capture_ns) < 4.0]
    delays = [(frame, camera_ms * MS) for frame in pictures] + [(frame, mocopi_ms * MS) for frame in worn(*moves)]
    deck = Deck()
    for frame, delay_ns in sorted(delays, key=lambda item: item[0].capture_ns + item[1]):
        deck.take(frame, delay_ns=delay_ns)
    assert deck.pipeline.builder.driver == "camera"


def held_deck(profile: Profile = Profile.REHEARSE) -> tuple[Deck, int]:
    """A deck that holds a command down on two sinks, and the time."""
    deck = Deck(HOLDING, gate=holding_gate(profile), sinks=(MIDI, KEPT))
    now_ns = until_permitted(deck, iter(performed("left.raise")))
    assert [(sink, permit.command, permit.value) for sink, permit, _ in deck.sent] == [("midi", BEND, 1.0), ("kept", BEND, 1.0)]
    return deck, now_ns


@pytest.mark.parametrize("act", [Act.DISARM, Act.STOP])
def test_what_is_held_is_released_on_each_sink_in_the_step_that_ends_armed(act: Act) -> None:
    deck, now_ns = held_deck()
    outcome = deck.act(act, now_ns)
    assert [(sink, permit.command, permit.value, t_ns) for sink, permit, t_ns in deck.sent[2:]] == [
        ("midi", BEND, 0.0, now_ns),
        ("kept", BEND, 0.0, now_ns),
    ]
    assert [verdict.proposal.value for verdict in outcome.verdicts] == [0.0, 0.0]


def test_a_release_is_recorded_before_it_is_sent() -> None:
    deck, now_ns = held_deck()
    deck.act(Act.DISARM, now_ns)
    assert deck.order[4:] == [("recorded", 3), ("sent", 3), ("recorded", 4), ("sent", 4)]


def test_what_is_held_is_released_when_the_pictures_stop() -> None:
    """Nobody acts: the camera falls silent, and housekeeping alone finds out."""
    deck, now_ns = held_deck()
    deck.wait(now_ns, now_ns + NS_PER_S)
    assert [(permit.command, permit.value) for _, permit, _ in deck.sent[2:]] == [(BEND, 0.0)] * 2
    assert deck.transitions[-1].cause is Cause.STREAM_LOST
    assert deck.sent[2][2] - now_ns < 350 * MS


def test_what_is_held_is_released_when_the_port_is_lost() -> None:
    deck, now_ns = held_deck()
    deck.step(now_ns, EventKind.SINK, name="midi", sink_health=SinkHealth(connected=False))
    assert deck.pipeline.arm_state is ArmState.DISARMED
    assert [(permit.command, permit.value) for _, permit, _ in deck.sent[2:]] == [(BEND, 0.0)] * 2


def test_what_is_held_is_released_once() -> None:
    deck, now_ns = held_deck()
    deck.act(Act.DISARM, now_ns)
    deck.act(Act.STOP, now_ns)
    assert len(deck.sent) == 4


def test_leaving_armed_with_nothing_held_sends_nothing() -> None:
    deck = Deck().play(performed("rest"))
    deck.act(Act.STOP, START_NS + 10 * NS_PER_S)
    assert deck.sent == []
    assert deck.verdicts == []
