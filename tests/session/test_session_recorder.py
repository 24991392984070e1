"""The recorder never makes its caller wait, loses no decision, and counts what it drops."""

import hashlib
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import session_samples as samples

from airdeck.session import recorder as recorder_module
from airdeck.session.manifest import SessionInfo, Status, load
from airdeck.session.reader import Session
from airdeck.session.recorder import DECISION_LIMIT_NS, EVENTS_BOUND, VECTORS_BOUND, Recorder
from airdeck.session.streamfile import StreamFile

INFO = SessionInfo(layout_fingerprint="f1", producers=("body",), config_hash="c1", gesture_hash="g1", code="abc", performer="x")


class Clock:
    """Time that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now_ns = 5_000_000_000

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A disk that takes nothing until the event is set: the real write waits before it writes."""
    released = threading.Event()
    write = StreamFile.write

    def wait_and_write(file: StreamFile, data: bytes) -> int:
        released.wait()
        return write(file, data)

    monkeypatch.setattr(StreamFile, "write", wait_and_write)
    return released


def test_the_manifest_is_there_before_the_first_record(tmp_path: Path, stuck: threading.Event) -> None:
    recorder = Recorder(tmp_path, "x", INFO)
    recorder.record_verdict(samples.verdict(1))
    manifest = load(recorder.folder)
    assert (manifest.status, manifest.layout, manifest.code) == (Status.OPEN, "f1", "abc")
    assert (recorder.folder / "gate.jsonl").read_bytes() == b""
    stuck.set()
    assert recorder.close()


def test_a_closed_session_is_sealed_with_counts_and_hashes(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "My Set!", INFO)
    for seq in range(1, 31):
        recorder.record_event(samples.arrival(seq))
    assert recorder.close()
    manifest = load(recorder.folder)
    assert recorder.folder.name.endswith("-my-set")
    assert manifest.status is Status.CLOSED
    assert manifest.comparable
    assert manifest.streams["pose"].records == manifest.streams["events"].records == 30
    assert manifest.streams["pose"].bytes == (recorder.folder / "pose.jsonl").stat().st_size


def test_the_hash_of_a_stream_is_that_of_its_file(tmp_path: Path) -> None:

    recorder = Recorder(tmp_path, "x", INFO)
    for seq in range(1, 6):
        recorder.record_event(samples.arrival(seq))
    recorder.close()
    data = (recorder.folder / "pose.jsonl").read_bytes()
    assert load(recorder.folder).streams["pose"].sha256 == hashlib.sha256(data).hexdigest()


def test_events_come_back_in_order_with_their_frames(tmp_path: Path) -> None:
    frames = list(samples.FRAMES.values())
    events = [samples.arrival(seq, frame) for seq, frame in enumerate(frames, 1)]
    events += [samples.human(50), samples.sink_event(51)]
    recorder = Recorder(tmp_path, "x", INFO)
    for event in events:
        recorder.record_event(event)
    recorder.close()
    back = list(Session(recorder.folder).events())
    assert [event.seq for event in back] == [event.seq for event in events]
    assert [type(event.frame) for event in back] == [type(event.frame) for event in events]
    assert back[0].frame.image.tobytes() == frames[0].image.tobytes()  # type: ignore[union-attr]


def test_a_vector_is_copied_when_it_is_handed_over(tmp_path: Path) -> None:
    buffer, valid = np.zeros(128, dtype=np.float32), np.ones(128, dtype=np.bool_)
    recorder = Recorder(tmp_path, "x", INFO)
    for seq in range(100):
        buffer[:] = seq
        recorder.record_dynamics(seq, seq, buffer, valid, "body")
    recorder.close()
    read = list(Session(recorder.folder).records("dynamics"))
    assert [record.vector()[64] for record in read] == list(range(100))


def test_vectors_survive_a_full_turn_of_the_ring_behind_a_stuck_disk(tmp_path: Path, stuck: threading.Event) -> None:
    recorder = Recorder(tmp_path, "x", INFO)
    buffer, valid = np.zeros(128, dtype=np.float32), np.ones(128, dtype=np.bool_)
    for seq in range(VECTORS_BOUND + 100):
        buffer[:] = seq
        recorder.record_dynamics(seq, seq, buffer, valid, "body")
    stuck.set()
    recorder.close()
    read = list(Session(recorder.folder).records("dynamics"))
    assert len(read) == VECTORS_BOUND
    assert all(record.vector()[0] == record.seq for record in read)
    assert load(recorder.folder).streams["dynamics"].dropped == 100


def test_what_the_queue_has_no_room_for_is_counted_and_told(tmp_path: Path, stuck: threading.Event) -> None:
    recorder = Recorder(tmp_path, "x", INFO)
    frame = samples.pose()
    for seq in range(EVENTS_BOUND + 5):
        recorder.record_event(samples.arrival(seq, frame))
    assert not recorder.comparable
    assert recorder.counts()["pose"].dropped == recorder.counts()["events"].dropped == 5
    stuck.set()
    recorder.close()
    manifest = load(recorder.folder)
    assert not manifest.comparable
    assert manifest.streams["events"].dropped == 5


def test_a_human_act_is_kept_when_the_queue_is_full(tmp_path: Path, stuck: threading.Event) -> None:
    recorder = Recorder(tmp_path, "x", INFO)
    frame = samples.pose()
    for seq in range(EVENTS_BOUND + 5):
        recorder.record_event(samples.arrival(seq, frame))
    recorder.record_event(samples.human(99_999))
    stuck.set()
    recorder.close()
    *_, last = Session(recorder.folder).records("events")
    assert last.seq == 99_999


def test_a_gap_in_the_numbers_tells_of_dropped_events(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "x", INFO)
    for seq in (1, 2, 5):
        recorder.record_event(samples.human(seq))
    recorder.close()
    assert Session(recorder.folder).missing_events() == 2


@pytest.mark.parametrize("kind", ["verdict", "sent", "arming", "human"])
def test_a_late_acknowledgement_is_told(tmp_path: Path, stuck: threading.Event, clock: Clock, kind: str) -> None:
    recorder = Recorder(tmp_path, "x", INFO, clock)
    match kind:
        case "verdict":
            recorder.record_verdict(samples.verdict(1))
        case "sent":
            recorder.record_sent(samples.sent(1))
        case "arming":
            recorder.record_transition(samples.transition())
        case _:
            recorder.record_event(samples.human(1))
    clock.now_ns += DECISION_LIMIT_NS
    assert recorder.decisions_written
    clock.now_ns += 1
    assert not recorder.decisions_written
    stuck.set()
    recorder.close()
    assert load(recorder.folder).status is Status.CLOSED


def test_late_sensor_data_does_not_disarm(tmp_path: Path, stuck: threading.Event, clock: Clock) -> None:
    recorder = Recorder(tmp_path, "x", INFO, clock)
    recorder.record_event(samples.arrival(1))
    clock.now_ns += 10 * DECISION_LIMIT_NS
    assert recorder.decisions_written
    stuck.set()
    recorder.close()


def test_closing_does_not_wait_for_a_stuck_disk(tmp_path: Path, stuck: threading.Event) -> None:
    recorder = Recorder(tmp_path, "x", INFO)
    recorder.record_verdict(samples.verdict(1))
    assert not recorder.close(timeout_s=0.01)
    assert load(recorder.folder).status is Status.OPEN
    stuck.set()
    assert recorder.close()


def test_a_closed_recorder_writes_no_decisions(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "x", INFO)
    recorder.close()
    recorder.record_verdict(samples.verdict(1))
    assert not recorder.decisions_written


def test_a_numpy_number_in_a_decision_is_written_as_a_number(tmp_path: Path) -> None:
    verdict = samples.verdict(1)
    recorder = Recorder(tmp_path, "x", INFO)
    recorder.record_verdict(replace(verdict, proposal=replace(verdict.proposal, confidence=np.float32(0.5))))
    assert recorder.close()
    (record,) = Session(recorder.folder).records("gate")
    assert record.proposal.confidence == 0.5


def test_a_decision_that_cannot_be_encoded_ends_arming_but_not_recording(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "x", INFO)
    recorder.record_verdict(replace(samples.verdict(1), sink=object()))  # type: ignore[arg-type]
    recorder.record_verdict(samples.verdict(2))
    assert not recorder.close()
    assert not recorder.decisions_written
    assert "gate" in recorder.failure
    manifest = load(recorder.folder)
    assert (manifest.status, manifest.streams["gate"].rejected) == (Status.CUT_SHORT, 1)
    assert [record.seq for record in Session(recorder.folder).records("gate")] == [2]


def test_two_sessions_of_one_second_get_two_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = recorder_module.manifest.read_clocks()
    monkeypatch.setattr(recorder_module.manifest, "read_clocks", lambda _: clocks)
    first, second = Recorder(tmp_path, "x", INFO), Recorder(tmp_path, "x", INFO)
    assert second.folder.name == f"{first.folder.name}-2"
    assert first.close()
    assert second.close()


def test_a_decision_of_a_wrong_form_is_rejected_not_written(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "x", INFO)
    recorder.record_verdict(replace(samples.verdict(1), sink=7))  # type: ignore[arg-type]
    recorder.close()
    assert load(recorder.folder).streams["gate"].rejected == 1
    assert list(Session(recorder.folder).records("gate")) == []


def test_a_discarded_session_leaves_nothing_and_the_folder_beside_it_stays(tmp_path: Path) -> None:
    kept, thrown = Recorder(tmp_path, "kept", INFO), Recorder(tmp_path, "thrown", INFO)
    thrown.record_event(samples.arrival(1))
    thrown.discard()
    assert kept.close()
    assert list(tmp_path.iterdir()) == [kept.folder]
