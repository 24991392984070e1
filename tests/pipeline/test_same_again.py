"""The same inputs in the same order give the same vectors and decisions: replay needs no timers and no luck."""

import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from airdeck.events import Act, Event, EventKind
from airdeck.session.manifest import SessionInfo
from airdeck.session.reader import Session
from airdeck.session.recorder import Recorder
from airdeck.session.records import GATE
from dynamics.frames import DeckSample, Frame, ImuSample, WatchSample
from dynamics.schema import FINGERPRINT
from safety.types import Profile, Sink, SinkClass, SinkHealth, Verdict
from tests.pipeline.scenes import BEND, HOLDING, holding_gate, seconds
from tests.support.virtual_deck import DELAY_NS, MS, NS_PER_S, Deck, in_time, nobody, performed, worn

SINKS = (Sink("midi", SinkClass.MIDI, rehearsal=True), Sink("kept", SinkClass.RECORDING))
WAIT_S = 10.0
PACE = 200
"""Events between two looks at the recorder: its queue of vectors takes 511."""


def sensors(t_ns: int, seq: int) -> tuple[tuple[str, Frame], ...]:
    """A watch, a phone in the pocket and a deck, once."""
    return (
        ("watch", WatchSample(t_ns, t_ns, seq, 90.0 + seq, (0.1 * seq, 0.2, 0.3))),
        ("pocket", ImuSample(t_ns, t_ns, seq, pitch_rad=0.01 * seq, roll_rad=-0.02 * seq)),
        ("deck", DeckSample(t_ns, t_ns, seq, deck=1, playing=True, bpm=126.0, beat_phase=0.1 * (seq % 10))),
    )


def live_through(deck: Deck) -> None:
    """A set with everything in it: two devices and one that fails, acts, lag, a port that goes, ticks, sensors."""
    moves = ("left.raise", "right.raise", "both_up", "left.raise", "right.wave", "right.raise")
    pictures = [f if not 12.0 < seconds(f.capture_ns) < 13.0 else nobody(f) for f in performed(*moves, seed=3)]
    frames = in_time(pictures, [f for f in worn(*moves, seed=4) if not 6.0 < seconds(f.capture_ns) < 9.0])
    happens = {
        150: lambda t: deck.step(t, EventKind.LAG, flag=True),
        170: lambda t: deck.step(t, EventKind.LAG, flag=False),
        530: lambda t: deck.act(Act.DISARM, t),
        600: lambda t: deck.act(Act.ARM, t),
        1200: lambda t: deck.step(t, EventKind.SINK, name="midi", sink_health=SinkHealth(connected=False)),
        1210: lambda t: deck.step(t, EventKind.SINK, name="midi", sink_health=SinkHealth(connected=True)),
        1211: lambda t: deck.act(Act.ARM, t),
    }
    for n, frame in enumerate(frames):
        t_ns = frame.capture_ns + DELAY_NS
        if n in happens:
            happens[n](t_ns)
        if n % 40 == 0:
            for stream, sample in sensors(t_ns, n):
                deck.step(t_ns, EventKind.ARRIVAL, stream=stream, frame=sample)
            deck.step(t_ns, EventKind.TICK)
        deck.take(replace(frame, recv_ns=t_ns - MS))


def again(events: list[Event], deck: Deck) -> list[bytes]:
    """Feed them; the vector and its mask after each."""
    return [_after(deck, event) for event in events]


def _after(deck: Deck, event: Event) -> bytes:
    deck.enter(event)
    return deck.pipeline.vector.tobytes() + deck.pipeline.valid.tobytes()


def unborn(profile: Profile = Profile.REHEARSE) -> Deck:
    """A deck that was given nothing: what it is given is all in the events."""
    return Deck(sinks=SINKS, profile=profile, arm=False, opening=False)


@pytest.fixture(scope="module")
def first() -> Deck:
    deck = Deck(sinks=SINKS)
    live_through(deck)
    return deck


def test_the_set_holds_enough_to_compare(first: Deck) -> None:
    """Permits and refusals, both drivers, suspending and resuming, an act: or the tests below say little."""
    assert {verdict.permitted for verdict in first.verdicts} == {True, False}
    assert {"stream_lost", "lagging", "good_again", "disarm", "port_lost"} <= {t.cause.value for t in first.transitions}
    assert len(first.inputs) > 1500


def test_a_fresh_pipeline_gives_the_same_bytes_after_every_event(first: Deck) -> None:
    one, two = unborn(), unborn()
    assert again(first.inputs, one) == again(first.inputs, two)
    assert one.pipeline.vector.tobytes() == first.pipeline.vector.tobytes()


def test_a_fresh_pipeline_gives_the_same_verdicts_gestures_transitions_and_permits(first: Deck) -> None:
    deck = unborn()
    again(first.inputs, deck)
    assert deck.verdicts == first.verdicts
    assert deck.events == first.events
    assert deck.transitions == first.transitions
    assert deck.sent == first.sent


def test_warming_up_leaves_no_trace(first: Deck) -> None:
    """The daemon compiles every path before it begins; replay does not have to."""
    deck = unborn()
    deck.pipeline.warm_up()
    again(first.inputs, deck)
    assert deck.verdicts == first.verdicts
    assert deck.pipeline.vector.tobytes() == first.pipeline.vector.tobytes()


def test_reading_the_status_between_steps_changes_nothing(first: Deck) -> None:
    """The table and the page ask at any moment."""
    deck = unborn()
    for event in first.inputs:
        deck.enter(event)
        deck.pipeline.status()
    assert deck.verdicts == first.verdicts


def test_all_times_shifted_by_a_day_give_the_same_decisions(first: Deck) -> None:
    """Nothing asks what time it is."""
    day_ns, deck = 86_400 * NS_PER_S, unborn()
    for event in first.inputs:
        frame = event.frame
        if frame is not None:
            frame = replace(frame, capture_ns=frame.capture_ns + day_ns, recv_ns=frame.recv_ns + day_ns)
        deck.enter(replace(event, t_ns=event.t_ns + day_ns, frame=frame))
    assert [(v.t_ns - day_ns, v.sink, v.reasons) for v in deck.verdicts] == [
        (v.t_ns, v.sink, v.reasons) for v in first.verdicts
    ]


# ---- recorded in a real folder, read back, decided again ----


def as_recorded(verdict: Verdict, prev: str) -> msgspec.Struct:
    """A decision as it comes back from gate.jsonl, without its seal."""
    line = GATE.of(verdict, permitted=verdict.permitted, prev=prev)
    return msgspec.json.decode(msgspec.json.encode(line), type=GATE.struct)  # type: ignore[no-any-return]


def recorded(events: list[Event], deck: Deck, folder: Path) -> Session:
    """What a deck is given, and what it answers, through the recorder and back."""
    recorder = Recorder(folder, "again", SessionInfo(layout_fingerprint=FINGERPRINT, profile="rehearse"))
    deck.pipeline.record = recorder.record_verdict
    for number, event in enumerate(events, start=1):
        recorder.record_event(event)
        outcome = deck.enter(event)
        if outcome.built:
            pipeline = deck.pipeline
            recorder.record_dynamics(event.t_ns, event.seq, pipeline.vector, pipeline.valid, pipeline.producer)
        while number % PACE == 0 and recorder.counts()["events"].records < number:
            time.sleep(0.001)  # virtual time is faster than any disk, and what the queue has no room for is dropped
    assert recorder.close(WAIT_S)
    return Session(recorder.folder)


@pytest.fixture(scope="module")
def session(first: Deck, tmp_path_factory: pytest.TempPathFactory) -> Session:
    return recorded(first.inputs, unborn(), tmp_path_factory.mktemp("sessions"))


@pytest.fixture(scope="module")
def replayed(session: Session) -> Deck:
    """Today's code, given what the folder holds."""
    deck = unborn()
    for event in session.events():
        deck.enter(event)
    return deck


def test_the_folder_holds_every_event_and_says_that_it_can_be_compared(first: Deck, session: Session) -> None:
    assert (session.manifest.comparable, session.missing_events()) == (True, 0)
    assert [(e.seq, e.t_ns, e.kind, e.stream) for e in session.events()] == [
        (e.seq, e.t_ns, e.kind, e.stream) for e in first.inputs
    ]


def test_a_recorded_run_replayed_from_its_folder_gives_the_decisions_that_were_recorded(
    session: Session, replayed: Deck
) -> None:
    """Line by line as gate.jsonl has them: reasons, evidence, confidence to the last digit, permits."""
    kept = list(session.records("gate"))
    assert [msgspec.structs.replace(line, hash=msgspec.UNSET) for line in kept] == [
        as_recorded(verdict, line.prev) for verdict, line in zip(replayed.verdicts, kept, strict=True)
    ]


def test_a_recorded_run_replayed_from_its_folder_gives_the_vectors_that_were_recorded(session: Session) -> None:
    deck = unborn()
    kept = {record.seq: record for record in session.records("dynamics")}
    for event in session.events():
        if deck.enter(event).built:
            record = kept.pop(event.seq)
            assert record.vector().tobytes() == deck.pipeline.vector.tobytes()
            assert record.mask == deck.pipeline.valid_hex()
    assert kept == {}


def test_the_chain_of_the_recorded_decisions_holds(session: Session) -> None:
    report = session.verify_gate()
    assert (report.ok, report.decisions > 4) == (True, True)


def test_one_picture_less_is_found_out(session: Session, replayed: Deck) -> None:
    """The comparison can fail: without the frame that completed the first raise, the decisions are others."""
    completed = replayed.verdicts[0].proposal.seq
    deck = unborn()
    for event in session.events():
        if event.seq != completed:
            deck.enter(event)
    assert [(v.t_ns, v.reasons) for v in deck.verdicts] != [(v.t_ns, v.reasons) for v in replayed.verdicts]


def test_a_command_that_is_held_is_released_again_in_replay(tmp_path: Path) -> None:
    """Releases have no proposal of a gesture, and are decisions all the same."""
    deck = Deck(HOLDING, gate=holding_gate(), sinks=SINKS).play(performed("left.raise"))
    deck.act(Act.STOP, deck.inputs[-1].t_ns)
    kept = recorded(deck.inputs, Deck(HOLDING, gate=holding_gate(), sinks=SINKS, opening=False), tmp_path)
    other = Deck(HOLDING, gate=holding_gate(), sinks=SINKS, opening=False)
    for event in kept.events():
        other.enter(event)
    values = [(line.proposal.command, line.proposal.value, line.sink) for line in kept.records("gate")]
    assert values == [(BEND, value, sink.name) for value in (1.0, 0.0) for sink in SINKS]
    assert [(v.proposal.command, v.proposal.value, v.sink) for v in other.verdicts] == values
