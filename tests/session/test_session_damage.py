"""A folder opens after a kill, a full disk or an edit, and says what is wrong with it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import session_samples as samples

from airdeck.session.manifest import ManifestError, NotASessionError, SessionInfo, Status, TooNewError, TooOldError, load
from airdeck.session.reader import DamagedRecordError, Session
from airdeck.session.recorder import Recorder

INFO = SessionInfo(code="abc")
HERE = Path(__file__).parent

CHILD = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
import session_samples as samples
from airdeck.session.manifest import SessionInfo
from airdeck.session.recorder import Recorder

recorder = Recorder(Path({directory!r}), "killed", SessionInfo(code="abc"))
print(recorder.folder, flush=True)
frames = [samples.pose(seq) for seq in range(8)]
seq = 0
while True:
    seq += 1
    recorder.record_event(samples.arrival(seq, frames[seq % 8]))
    recorder.record_verdict(samples.verdict(seq, permitted=seq % 2 == 0))
    counts = recorder.counts()
    print(*(counts[name].records for name in ("gate", "events", "pose")), flush=True)
"""


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A closed session of five decisions and five pictures."""
    recorder = Recorder(tmp_path, "x", INFO)
    for seq in range(1, 6):
        recorder.record_event(samples.arrival(seq))
        recorder.record_verdict(samples.verdict(seq))
    assert recorder.close()
    return recorder.folder


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """A session whose process was killed while it wrote, and the counts it had called acknowledged."""
    code = CHILD.format(here=str(HERE), directory=str(tmp_path_factory.mktemp("killed")))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        folder = Path(child.stdout.readline().strip())
        while int(child.stdout.readline().split()[0]) < 300:
            pass
        os.kill(child.pid, signal.SIGKILL)
        told = [line for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        child.wait()
    return folder, [int(count) for count in told[-1].split()] if told else [300, 0, 0]


def test_a_kill_loses_no_acknowledged_record(killed: tuple[Path, list[int]]) -> None:
    folder, acknowledged = killed
    session = Session(folder)
    found = [sum(1 for _ in session.records(name)) for name in ("gate", "events", "pose")]
    assert all(have >= told for have, told in zip(found, acknowledged, strict=True)), (found, acknowledged)


def test_a_killed_session_is_open_and_its_chain_holds(killed: tuple[Path, list[int]]) -> None:
    session = Session(killed[0])
    assert session.manifest.status is Status.OPEN
    assert session.verify_gate().ok


def test_every_event_of_a_killed_session_has_its_frame(killed: tuple[Path, list[int]]) -> None:
    assert all(event.frame is not None for event in Session(killed[0]).events())


def test_a_torn_last_line_is_named_and_skipped(closed: Path) -> None:
    path = closed / "pose.jsonl"
    path.write_bytes(path.read_bytes()[:-100])
    session = Session(closed)
    assert len(list(session.records("pose"))) == 4
    assert (session.torn["pose"].file, session.torn["pose"].line) == ("pose.jsonl", 5)


def test_a_last_line_of_zeros_is_torn_too(closed: Path) -> None:
    with (closed / "events.jsonl").open("ab") as file:
        file.write(b"\0" * 50 + b"\n")
    session = Session(closed)
    assert len(list(session.records("events"))) == 5
    assert session.torn["events"].line == 6


def test_a_damaged_line_in_the_middle_is_an_error_with_its_number(closed: Path) -> None:
    lines = samples.lines(closed, "events")
    (closed / "events.jsonl").write_bytes(b"".join([*lines[:2], b'{"seq":"three"}\n', *lines[3:]]))
    with pytest.raises(DamagedRecordError, match=r"events\.jsonl:3"):
        list(Session(closed).records("events"))


def test_an_event_whose_frame_is_gone_is_an_error(closed: Path) -> None:
    lines = samples.lines(closed, "pose")
    (closed / "pose.jsonl").write_bytes(b"".join([*lines[:2], *lines[3:]]))
    with pytest.raises(DamagedRecordError, match="event 3 refers to a frame"):
        list(Session(closed).events())


def test_an_untouched_chain_holds(closed: Path) -> None:
    report = Session(closed).verify_gate()
    assert (report.ok, report.decisions) == (True, 5)


@pytest.mark.parametrize("where", [0, 2, 4])
def test_any_changed_byte_breaks_the_chain_at_its_line(closed: Path, where: int) -> None:
    lines = samples.lines(closed, "gate")
    for offset in range(len(lines[where]) - 1):
        changed = bytearray(lines[where])
        changed[offset] ^= 1
        if changed[offset] == 0x0A:  # that would be another line, not another byte
            continue
        (closed / "gate.jsonl").write_bytes(b"".join([*lines[:where], bytes(changed), *lines[where + 1 :]]))
        report = Session(closed).verify_gate()
        assert not report.ok, (offset, changed)
        assert report.line == where + 1


@pytest.mark.parametrize("order", [[0, 1, 3, 4], [0, 1, 2, 3], [1, 2, 3, 4], [0, 2, 1, 3, 4], [0, 1, 1, 2, 3, 4], []], ids=str)
def test_a_decision_taken_out_moved_or_doubled_breaks_the_chain(closed: Path, order: list[int]) -> None:
    lines = samples.lines(closed, "gate")
    (closed / "gate.jsonl").write_bytes(b"".join(lines[index] for index in order))
    assert not Session(closed).verify_gate().ok


def test_a_chain_of_another_session_does_not_hold(closed: Path, tmp_path: Path) -> None:
    other = Recorder(tmp_path, "other", INFO)
    for seq in range(1, 6):
        other.record_verdict(samples.verdict(seq))
    other.close()
    (closed / "gate.jsonl").write_bytes((other.folder / "gate.jsonl").read_bytes())
    assert Session(closed).verify_gate().line == 1


@pytest.mark.parametrize(
    ("text", "error"),
    [("airdeck.session/2", TooNewError), ("airdeck.session/0", TooOldError), ("other/1", NotASessionError)],
)
def test_too_old_too_new_and_foreign_are_three_errors(closed: Path, text: str, error: type[Exception]) -> None:
    path = closed / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": text}))
    with pytest.raises(error, match=r"manifest\.json"):
        Session(closed)


def test_a_folder_without_a_manifest_is_no_session(tmp_path: Path) -> None:
    with pytest.raises(NotASessionError, match=r"manifest\.json"):
        Session(tmp_path)


def test_a_manifest_with_a_wrong_key_is_named(closed: Path) -> None:
    path = closed / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "comparable": "perhaps"}))
    with pytest.raises(ManifestError, match="comparable"):
        Session(closed)


def wait_until_refused(recorder: Recorder) -> None:
    """The writer's thread has met the limit (it polls by itself: nothing to drive with a virtual clock)."""
    deadline_ns = time.monotonic_ns() + 10_000_000_000
    while recorder.decisions_written:
        assert time.monotonic_ns() < deadline_ns
        os.sched_yield()


@contextmanager
def small_files() -> Iterator[None]:
    """Files of this process end at 20 kB, as on a disk that is full. Not a fixture: pytest itself writes in between."""
    resource = pytest.importorskip("resource", reason="no file size limit on this system")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def full_disk(tmp_path: Path) -> Recorder:
    """A recorder whose disk took a part of a hundred decisions and no more."""
    recorder = Recorder(tmp_path, "x", INFO)
    for seq in range(1, 101):
        recorder.record_verdict(samples.verdict(seq))
    wait_until_refused(recorder)
    return recorder


def test_a_full_disk_is_told_and_the_caller_goes_on(tmp_path: Path) -> None:
    with small_files():
        recorder = full_disk(tmp_path)
        failure = recorder.failure
        for seq in range(101, 111):
            recorder.record_verdict(samples.verdict(seq))
        closed_well = recorder.close()
    assert "gate" in failure
    assert not closed_well
    assert load(recorder.folder).status is Status.CUT_SHORT


def test_what_fits_on_a_full_disk_is_whole_and_its_chain_holds(tmp_path: Path) -> None:
    with small_files():
        recorder = full_disk(tmp_path)
        acknowledged = recorder.counts()["gate"].records
        recorder.close()
    session = Session(recorder.folder)
    assert len(list(session.records("gate"))) == acknowledged > 10
    assert session.verify_gate().ok
    assert session.torn["gate"].line == acknowledged + 1


def test_a_disk_with_room_again_gets_the_rest_without_a_seam(tmp_path: Path) -> None:
    with small_files():
        recorder = full_disk(tmp_path)
    while recorder.counts()["gate"].records < 100:
        os.sched_yield()
    assert recorder.decisions_written
    assert recorder.close()
    assert [record.seq for record in Session(recorder.folder).records("gate")] == list(range(1, 101))
    assert Session(recorder.folder).verify_gate().ok


@pytest.mark.system
def test_a_real_full_file_system_is_told(tmp_path: Path) -> None:
    """A tmpfs of 200 kB, filled by pictures; skipped where it cannot be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a tmpfs")
    try:
        recorder = Recorder(disk, "x", INFO)
        for seq in range(1, 101):
            recorder.record_event(samples.arrival(seq))
        wait_until_refused(recorder)
        assert "No space left" in recorder.failure
        recorder.record_verdict(samples.verdict(1))
        assert not recorder.close()
        assert Session(recorder.folder).manifest.status is Status.OPEN
        assert 0 < sum(1 for _ in Session(recorder.folder).events()) < 100
        assert not list(recorder.folder.glob(".manifest*"))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)  # also when a failed test left files of it open
