"""What the step tells the gate of its streams, its person and its numbers, and what the gate then does."""

from dataclasses import replace

import numpy as np
import pytest

from airdeck.events import Act, EventKind
from airdeck.gestures.library import Condition, Library
from bridges.sources.performer import Body
from dynamics.body import BodyPose, VirtualCamera, joints_of, see
from dynamics.frames import PoseFrame, SourceKind
from dynamics.schema import COORDINATES
from safety.types import ArmState, Cause, Reason
from tests.pipeline.scenes import frozen, later, only, seconds, stuck
from tests.support.virtual_deck import DELAY_NS, MS, NS_PER_S, START_NS, Deck, in_time, nobody, of_kind, performed, worn

STUCK_S = 2.1
"""Flat for half a second, and not yet suspended for it."""


def states(deck: Deck) -> list[tuple[ArmState, Cause]]:
    return [(change.after, change.cause) for change in deck.transitions]


def beside(frames: list[PoseFrame]) -> list[PoseFrame]:
    """The same pictures with another person at the performer's shoulder."""
    image, world = see(joints_of(replace(BodyPose(), x_m=0.45, z_m=-0.3)), VirtualCamera())
    return [
        replace(f, image=np.concatenate([f.image, image[None]]), world=np.concatenate([f.world, world[None]])) for f in frames
    ]


def at_rest_for(t_s: float) -> Library:
    """Completes once the arm has rested this long, also while nothing moves: a raise could not, its hand comes up first."""
    return only(Condition("arm_at_rest", enter_above=t_s, exit_below=0.001))


def test_the_same_coordinates_for_a_second_are_flat() -> None:
    """Not one frame earlier: the filters come to rest, and from the last change on a second passes."""
    frames = worn("rest")
    deck, since_ns, last = Deck().play(frames), 0, b""
    for frame in stuck(frames[-1], 3.0):
        deck.take(frame)
        now = deck.pipeline.vector[:COORDINATES].tobytes()
        since_ns, last = (since_ns if now == last else frame.capture_ns), now
        assert deck.pipeline.health.vector_flat is (frame.capture_ns - since_ns >= NS_PER_S), seconds(frame.capture_ns)
    assert deck.pipeline.health.vector_flat


def test_pictures_that_never_change_are_flat_after_a_second() -> None:
    deck = Deck().play(frozen(performed("rest")[0], 1.2))
    assert deck.pipeline.health.vector_flat


def test_pictures_that_freeze_after_a_movement_are_flat_within_two_seconds() -> None:
    frames = performed("left.raise")
    deck = Deck().play(frames).play(frozen(frames[-1], 2.0))
    assert deck.pipeline.health.vector_flat


def test_one_movement_ends_flatness() -> None:
    frames = worn("rest")
    deck = Deck().play(frames).play(stuck(frames[-1], 2.0))
    assert deck.pipeline.health.vector_flat
    moved = stuck(frames[-1], 2.1)[-1]
    deck.take(replace(moved, quat_xyzw=frames[-2].quat_xyzw))
    assert not deck.pipeline.health.vector_flat


def test_a_flat_vector_is_refused_for_that_alone() -> None:
    frames = worn("rest")
    until_s = seconds(frames[-1].capture_ns) + STUCK_S
    deck = Deck(at_rest_for(until_s - 0.1)).play(frames).play(stuck(frames[-1], STUCK_S))
    assert [verdict.reasons for verdict in deck.verdicts] == [(Reason.VECTOR_FLAT,)]


def test_a_held_pose_that_trembles_by_a_millimetre_is_permitted_at_the_same_time() -> None:
    """The other side of the test above: the same rest, worn by somebody alive."""
    until_s = seconds(worn("rest")[-1].capture_ns) + STUCK_S
    deck = Deck(at_rest_for(until_s - 0.1)).play(worn("rest", "rest", "rest"))
    assert [verdict.reasons for verdict in deck.verdicts] == [()]


def test_a_held_pose_before_a_camera_that_trembles_by_a_tenth_of_a_pixel_is_not_flat() -> None:
    deck = Deck()
    for frame in frozen(performed("rest")[0], 10.0, tremble=1.5e-4):
        deck.take(frame)
        assert not deck.pipeline.health.vector_flat


def test_flat_numbers_for_a_second_more_suspend() -> None:
    frames = worn("rest")
    deck = Deck().play(frames).play(stuck(frames[-1], 4.0))
    assert states(deck)[-1] == (ArmState.SUSPENDED, Cause.EVIDENCE_LOST)


@pytest.mark.parametrize("stream", ["pose_net", "camera"])
def test_pose_that_came_over_the_network_drives_nothing(stream: str) -> None:
    deck = Deck()
    vector, valid = deck.pipeline.vector.tobytes(), deck.pipeline.valid.tobytes()
    built = [deck.take(frame, stream).built for frame in of_kind(SourceKind.NETWORK_POSE, performed("left.raise"))]
    assert not any(built)
    assert (deck.pipeline.vector.tobytes(), deck.pipeline.valid.tobytes()) == (vector, valid)
    assert (deck.events, deck.verdicts) == ([], [])
    assert not deck.pipeline.health.performer_seen


def test_pose_that_came_over_the_network_is_seen_in_the_status() -> None:
    deck = Deck()
    for frame in of_kind(SourceKind.NETWORK_POSE, performed("rest")):
        deck.take(frame, "pose_net")
    assert deck.pipeline.status()["streams"]["pose_net"]["alive"]


def test_pose_over_the_network_beside_the_camera_changes_no_number() -> None:
    """Another body, raising the other arm, on the network's stream: the camera's performer is alone."""
    alone, both = Deck(), Deck()
    strangers = iter(of_kind(SourceKind.NETWORK_POSE, performed("right.raise")))
    for frame in performed("left.raise"):
        alone.take(frame)
        both.take(frame)
        both.take(next(strangers), "pose_net")
        assert both.pipeline.vector[:110].tobytes() == alone.pipeline.vector[:110].tobytes()
    assert both.completed == alone.completed == ["left.raise"]


def test_a_frame_of_an_unknown_stream_changes_nothing() -> None:
    deck, other = Deck(), Deck()
    for frame in performed("left.raise"):
        deck.take(frame)
        other.take(frame)
    late = performed("right.raise")[-1]
    outcome = other.take(late, "somebody")
    assert not outcome.built
    assert other.pipeline.vector.tobytes() == deck.pipeline.vector.tobytes()
    assert set(other.pipeline.status()["streams"]) == {"camera"}


def test_a_whole_raise_on_an_unknown_stream_is_no_gesture() -> None:
    deck = Deck()
    for frame in performed("left.raise"):
        deck.take(frame, "somebody")
    assert (deck.events, deck.pipeline.status()["streams"]) == ([], {})


def test_an_arrival_without_a_frame_changes_nothing() -> None:
    deck = Deck().play(performed("rest"))
    before = deck.pipeline.vector.tobytes()
    deck.step(START_NS + 10 * NS_PER_S, EventKind.ARRIVAL, stream="camera")
    assert deck.pipeline.vector.tobytes() == before


def test_a_gesture_that_completes_with_nobody_in_the_picture_is_refused() -> None:
    """A gesture that asks for no body: being lost is all it waits for."""
    library, frames = only(Condition("performer_lock", enter_below=0.1, exit_above=0.2)), performed("rest")
    deck = Deck(library).play([*frames[:90], *map(nobody, frames[90:])])
    assert Reason.PERFORMER_LOST in deck.verdicts[-1].reasons
    assert deck.sent == []


def test_a_raise_that_nobody_makes_any_more_does_not_complete() -> None:
    """The performer vanishes while the hand is up."""
    frames = performed("left.raise")
    deck = Deck().play(frame if seconds(frame.capture_ns) < 4.2 else nobody(frame) for frame in frames)
    assert deck.completed == []


def test_nobody_in_the_picture_for_a_second_suspends() -> None:
    frames = performed("rest", "rest")
    deck = Deck().play([*frames[:90], *map(nobody, frames[90:])])
    assert states(deck)[-1] == (ArmState.SUSPENDED, Cause.EVIDENCE_LOST)
    assert NS_PER_S < deck.transitions[-1].t_ns - frames[90].capture_ns < 1.2 * NS_PER_S


def test_beside_a_second_person_in_the_performers_place_a_raise_does_not_even_complete() -> None:
    assert Deck().play(beside(performed("left.raise"))).completed == []


def test_a_second_person_in_the_performers_place_refuses() -> None:
    """A gesture that asks for nothing but the hand's height completes, and the gate says no."""
    deck = Deck(only(Condition("wrist_y", enter_above=0.55, exit_below=0.45))).play(beside(performed("left.raise")))
    assert [Reason.SECOND_PERSON in verdict.reasons for verdict in deck.verdicts] == [True]
    assert deck.sent == []


def test_a_second_person_who_leaves_is_forgotten() -> None:
    deck = Deck().play(beside(performed("rest")))
    seen_ns = START_NS + int(10.0 * NS_PER_S)
    assert deck.pipeline.health.second_person
    deck.play(replace(f, capture_ns=f.capture_ns - START_NS + seen_ns, recv_ns=0) for f in performed("left.raise"))
    assert deck.commands == ["deck1.play_pause"]


def test_a_stale_stream_suspends_and_a_second_of_good_data_resumes() -> None:
    frames = performed("rest")
    deck = Deck().play(frames)
    begun_ns = frames[-1].capture_ns
    deck.wait(begun_ns + DELAY_NS, begun_ns + 2 * NS_PER_S)
    assert states(deck)[-1] == (ArmState.SUSPENDED, Cause.STREAM_LOST)
    lost_ns = deck.transitions[-1].t_ns
    assert 300 * MS < lost_ns - begun_ns <= 320 * MS + DELAY_NS
    gone_ns = begun_ns + 2 * NS_PER_S - START_NS
    deck.play(later(frames, gone_ns))
    assert states(deck)[-1] == (ArmState.ARMED, Cause.GOOD_AGAIN)
    resumed_s = (deck.transitions[-1].t_ns - START_NS - gone_ns) / NS_PER_S
    assert 1.0 < resumed_s < 1.3


def test_a_raise_before_that_second_is_over_is_refused_as_suspended() -> None:
    """The hand goes up as soon as the pictures are back; the next raise is heard."""
    deck = Deck().play(performed("rest"))
    away_ns = int(10.0 * NS_PER_S)
    deck.wait(START_NS + int(7.0 * NS_PER_S), START_NS + away_ns)
    quick = [f for f in performed("left.raise", "rest", "left.raise", body=Body(tempo=1.4)) if seconds(f.capture_ns) > 3.7]
    deck.play(later(quick, away_ns - int(3.7 * NS_PER_S)))
    assert [verdict.reasons for verdict in deck.verdicts] == [(Reason.SUSPENDED,), ()]


def test_a_camera_that_is_too_slow_is_refused_as_slow() -> None:
    """Seven pictures a second: too few to tell a held hand from a passing one."""
    deck = Deck(only(Condition("wrist_y", enter_above=0.55, exit_below=0.45))).play(performed("left.slow_raise", fps=7.0))
    assert [Reason.STREAM_SLOW in verdict.reasons for verdict in deck.verdicts] == [True]


def test_a_lagging_loop_suspends_and_refuses() -> None:
    deck = Deck().play(performed("rest"))
    deck.step(START_NS + 7 * NS_PER_S, EventKind.LAG, flag=True)
    assert deck.pipeline.health.lagging
    assert deck.pipeline.arm_state is ArmState.SUSPENDED


def test_decisions_that_cannot_be_written_disarm() -> None:
    deck = Deck().play(performed("rest"))
    deck.step(START_NS + 6 * NS_PER_S, EventKind.RECORDER, flag=False)
    assert states(deck)[-1] == (ArmState.DISARMED, Cause.DECISIONS_NOT_WRITTEN)


def test_nothing_is_permitted_before_the_warm_up_is_done() -> None:
    deck = Deck()
    deck.step(START_NS, EventKind.WARM, flag=False)
    deck.play(performed("left.raise"))
    assert [verdict.reasons for verdict in deck.verdicts] == [(Reason.NOT_WARM,)]


def test_only_a_person_arms() -> None:
    """Good pictures for as long as they like."""
    deck = Deck(arm=False).play(performed("rest", "rest", "rest"))
    assert (deck.pipeline.arm_state, deck.transitions) == (ArmState.DISARMED, [])
    deck.act(Act.ARM, deck.inputs[-1].t_ns)
    assert deck.pipeline.arm_state is ArmState.ARMED


def test_mocopi_takes_the_body_half_a_second_after_the_camera_saw_its_last() -> None:
    pictures = [f for f in performed("rest", "rest") if seconds(f.capture_ns) < 3.0]
    deck, taken = Deck(), 0.0
    for frame in in_time(pictures, worn("rest", "rest")):
        deck.take(frame)
        if deck.pipeline.builder.driver == "mocopi" and not taken:
            taken = seconds(frame.capture_ns)
    assert 3.45 < taken < 3.55
    assert deck.pipeline.health.performer_seen
