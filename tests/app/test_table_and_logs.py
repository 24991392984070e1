"""What people see: the table, the plain words, the log lines."""

import asyncio
import io
import json
import subprocess
import sys
from typing import Any

import pytest
import structlog
from rich.console import Console

from airdeck import logs, table, wording
from safety.types import ArmState, Health, Profile, Reason, SinkHealth, StreamHealth

STATUS: dict[str, Any] = {
    "profile": "dry-run",
    "arm_state": "suspended",
    "streams": {
        "camera": {"alive": True, "rate_ok": True, "clock_ok": True, "rate_hz": 29.9, "age_ms": 33.1},
        "mocopi": {"alive": False, "rate_ok": True, "clock_ok": True, "rate_hz": 60.0, "age_ms": 2100.0},
        "pose_net": {"alive": True, "rate_ok": False, "clock_ok": True, "rate_hz": 5.0, "age_ms": 20.0},
    },
    "performer_seen": True,
    "in_flight": [{"gesture": "left.raise", "done": 0.6}],
    "lapses": ["pose_net slow", "the loop lags"],
    "last_decision": {"text": "left.raise -> deck1.play_pause refused: nobody in the picture"},
    "latency_ms": {"p50": 0.42, "p99": 1.25},
    "session": "sessions/session-1-set",
    "notes": ["camera restarted"],
}


def drawn(status: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(table.render(status))
    return console.file.getvalue()


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_plain_words(reason: Reason) -> None:
    assert wording.refusal((reason,)) != str(reason)


def test_every_state_and_profile_is_explained() -> None:
    assert set(wording.ARM_STATES) == set(ArmState)
    assert set(wording.PROFILES) == set(Profile)


def test_all_reasons_are_said() -> None:
    assert wording.refusal((Reason.NOT_ARMED, Reason.PERFORMER_LOST)) == "not armed: `airdeck arm`; nobody in the picture"


@pytest.mark.parametrize(
    "words",
    ["SUSPENDED", "dry-run", "30 Hz", "33 ms", "2.1 s", "gone", "slow (needs 8 Hz)", "nobody in the picture", "p50 0.4 ms",
     "p99 1.2 ms", "session-1-set", "camera restarted",
     "the performer, left.raise 60%", "pose_net slow, the loop lags", "Pictures stay in the pose process"],
)  # fmt: skip
def test_the_table_shows(words: str) -> None:
    assert words in drawn(STATUS)


def test_the_table_of_a_deck_that_just_started_says_what_it_waits_for() -> None:
    assert "waiting for the first frame" in drawn({"profile": "dry-run", "arm_state": "disarmed"})
    assert "Arm with `airdeck arm`" in drawn({"profile": "dry-run", "arm_state": "disarmed"})


def test_the_table_process_draws_what_it_is_fed_and_ends_with_its_pipe() -> None:
    lines = json.dumps(STATUS).encode() + b"\nnot json\n" + json.dumps({**STATUS, "arm_state": "armed"}).encode() + b"\n"
    done = subprocess.run([sys.executable, "-m", "airdeck.table"], input=lines, capture_output=True, timeout=30, check=True)
    assert b"ARMED" in done.stdout
    assert done.stderr == b""


def test_log_lines_are_json_objects_in_order_and_all_are_written_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(buffer))
    thread = logs.to_stderr(clock=lambda: 5_000_000_000)
    for number in range(200):
        structlog.get_logger().info("frame", number=number)
    structlog.get_logger().debug("not shown")
    thread.close()
    lines = [json.loads(line) for line in buffer.getvalue().splitlines()]
    assert [line["number"] for line in lines] == list(range(200))
    assert lines[0] == {"event": "frame", "number": 0, "level": "info", "t_s": 0.0}


def test_a_terminal_that_does_not_read_costs_lines_and_no_time() -> None:
    class Stuck(io.BytesIO):
        def write(self, _: Any) -> int:
            raise BlockingIOError

    thread = logs.LogThread(Stuck())
    for _ in range(logs.QUEUE_LINES * 2):
        thread.msg(b"x")
    thread.close()
    assert thread.dropped == logs.QUEUE_LINES * 2


def test_notes_keep_the_newest_warnings_as_sentences() -> None:
    notes = logs.to_notes()
    log = structlog.get_logger()
    log.info("not a note")
    for number in range(6):
        log.warning("source lost", name="camera", number=number)
    assert list(notes.newest) == [f"source lost: name camera, number {number}" for number in (2, 3, 4, 5)]


async def test_the_feed_draws_in_another_process_and_leaves_the_last_table_standing(capfd: pytest.CaptureFixture[str]) -> None:
    feed = table.TableFeed()
    await feed.open()
    feed.show(STATUS)
    feed.show({**STATUS, "arm_state": "armed"})
    await feed.close()
    assert "ARMED" in capfd.readouterr().out


async def test_a_table_that_died_is_not_missed() -> None:
    feed = table.TableFeed()
    await feed.open()
    assert feed._child is not None
    feed._child.kill()
    await feed._child.wait()
    for _ in range(1000):
        feed.show(STATUS)
    await feed.close()


def test_a_feed_that_was_never_opened_shows_nothing_and_closes() -> None:
    feed = table.TableFeed()
    feed.show(STATUS)
    asyncio.run(feed.close())


def test_lapses_say_what_is_not_well() -> None:
    health = Health(sinks={"midi:x": SinkHealth(connected=False)}, performer_seen=True, lagging=True)
    health.streams["camera"] = StreamHealth(alive=True, rate_ok=False, age_ns=5)
    health.streams["mocopi"] = StreamHealth()
    assert list(wording.lapses(health)) == ["camera slow", "the loop lags", "midi:x not connected"]


def test_a_healthy_deck_has_no_lapses() -> None:
    health = Health(sinks={"midi:x": SinkHealth(connected=True)}, performer_seen=True)
    health.streams["camera"] = StreamHealth(alive=True, rate_ok=True, age_ns=5)
    assert list(wording.lapses(health)) == []


def test_a_logged_error_keeps_its_traceback_and_as_a_note_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(buffer))
    error = KeyError("bone")
    thread = logs.to_stderr()
    structlog.get_logger().error("a step failed", exc_info=error)
    thread.close()
    assert json.loads(buffer.getvalue())["exception"].endswith("KeyError: 'bone'")
    notes = logs.to_notes()
    structlog.get_logger().error("a step failed", exc_info=error)
    assert list(notes.newest) == ["a step failed: exc_info KeyError('bone')"]
