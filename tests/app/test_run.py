"""`airdeck run` from outside: real processes, the real control socket, real signals."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from airdeck import control

WAIT_S = 180.0
"""The first of these compiles the kernels."""
KINDS = ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR")


class RunningDeck:
    """One `airdeck run --json` process: its log lines as they come, its control socket, its summary."""

    def __init__(self, home: Path, *words: str) -> None:
        self.socket = home / "RUNTIME_DIR" / "airdeck" / control.SOCKET_NAME
        self.home = home
        command = [sys.executable, "-m", "airdeck", "run", "--json", *words]
        self.process = subprocess.Popen(
            command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.raw = ""

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.raw += line
            if line.startswith("{"):
                self._lines.put(json.loads(line))
        self._lines.put(None)

    def until(self, event: str, **fields: object) -> dict[str, Any]:
        """The next log line of that event with those fields."""
        while (line := self._lines.get(timeout=WAIT_S)) is not None:
            if line["event"] == event and fields.items() <= line.items():
                return line
        raise AssertionError(f"{event} {fields} never came:\n{self.raw}")

    def ask(self, do: str) -> dict[str, Any]:
        return control.ask({"do": do}, self.socket, WAIT_S)

    def summary(self) -> dict[str, Any]:
        """Wait for the end."""
        assert self.process.stdout is not None
        text = self.process.stdout.read()
        assert self.process.wait(WAIT_S) == 0, self.raw
        return dict(json.loads(text))


def environment(home: Path) -> dict[str, str]:
    for kind in KINDS:
        (home / kind).mkdir(exist_ok=True)
    cache = os.environ.get("NUMBA_CACHE_DIR", str(Path(__file__).resolve().parents[2] / ".pytest_cache" / "numba"))
    return {**os.environ, "HOME": str(home), "NUMBA_CACHE_DIR": cache, **{f"XDG_{kind}": str(home / kind) for kind in KINDS}}


@contextmanager
def running(home: Path, *words: str) -> Iterator[RunningDeck]:
    deck = RunningDeck(home, *words)
    try:
        yield deck
    finally:
        if deck.process.poll() is None:
            deck.process.kill()
        deck.process.wait(WAIT_S)
        for pipe in (deck.process.stdout, deck.process.stderr):
            assert pipe is not None
        deck._reader.join(WAIT_S)
        deck.process.stdout.close()  # type: ignore[union-attr]
        deck.process.stderr.close()  # type: ignore[union-attr]


def silent_source() -> tuple[str, str]:
    """A source that nobody sends to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return "--source", f"mocopi:127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def deck(tmp_path: Path) -> Iterator[RunningDeck]:
    with running(tmp_path, *silent_source(), "--for", "60") as found:
        found.until("ready")
        yield found


def test_the_start_says_what_is_seen_how_to_arm_where_it_records_and_what_is_private(tmp_path: Path) -> None:
    source = silent_source()
    with running(tmp_path, *source, "--for", "0.5") as deck:
        ready = deck.until("ready")
        assert (ready["profile"], ready["sources"], ready["sinks"]) == ("dry-run", [source[1]], ["dry-run"])
        assert (ready["arm_state"], "airdeck arm" in ready["arm_state_means"]) == ("disarmed", True)
        assert ready["session"].startswith(str(tmp_path / "DATA_HOME"))
        assert "Pictures stay in the pose process" in ready["privacy"]
        assert deck.summary()["why_ended"] == "the time is over"


def test_a_run_leaves_a_session_folder_where_it_was_told_to(tmp_path: Path) -> None:
    words = (*silent_source(), "--for", "1", "--session-dir", str(tmp_path / "tapes"), "--label", "Saturday")
    with running(tmp_path, *words) as deck:
        summary = deck.summary()
    [folder] = (tmp_path / "tapes").iterdir()
    assert summary["session"] == str(folder)
    assert folder.name.startswith("session-")
    assert folder.name.endswith("-saturday")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["status"], manifest["profile"], manifest["label"]) == ("closed", "dry-run", "Saturday")


def test_arm_disarm_stop_and_release_over_the_socket(deck: RunningDeck) -> None:
    assert deck.ask("arm")["arm_state"] in ("armed", "suspended")
    assert deck.ask("disarm")["arm_state"] == "disarmed"
    assert deck.ask("stop")["arm_state"] == "stopped"
    refused = deck.ask("arm")
    assert (refused["ok"], "airdeck stop --release" in refused["error"]) == (False, True)
    assert deck.ask("reset")["arm_state"] == "disarmed"
    assert deck.ask("arm")["ok"]


def test_a_request_that_is_no_act_is_refused_with_the_known_ones(deck: RunningDeck) -> None:
    assert deck.ask("dance")["error"] == "no such request: 'dance'; known: status, arm, disarm, stop, reset"


def test_status_tells_state_streams_sources_and_sinks(deck: RunningDeck) -> None:
    status = deck.ask("status")
    assert (status["ok"], status["profile"], status["arm_state"]) == (True, "dry-run", "disarmed")
    assert [source["stream"] for source in status["sources"]] == ["mocopi"]
    assert status["sinks"] == [{"name": "dry-run", "connected": True, "target_ok": True}]


def test_the_cli_talks_to_the_deck(deck: RunningDeck) -> None:
    def say(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "airdeck", *words]
        return subprocess.run(command, env=environment(deck.home), capture_output=True, text=True, timeout=WAIT_S, check=False)

    assert say("arm").stdout.startswith("suspended: armed")
    assert say("stop").returncode == 0
    assert say("arm").returncode == 1
    assert "STOPPED" in say("status").stdout
    assert json.loads(say("stop", "--release", "--json").stdout)["arm_state"] == "disarmed"


def test_a_second_deck_at_the_same_socket_is_refused(deck: RunningDeck) -> None:
    with running(deck.home, *silent_source()) as second:
        assert second.process.wait(WAIT_S) == 2
        second._reader.join(WAIT_S)
        assert "a deck is already running at" in second.raw
    assert deck.ask("status")["ok"]


def test_ctrl_c_ends_the_run_cleanly_with_its_summary(deck: RunningDeck) -> None:
    deck.process.send_signal(signal.SIGINT)
    assert deck.summary()["why_ended"] == "interrupted"
    assert not deck.socket.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGUSR1")
def test_sigusr1_stops_all_output_and_the_run_goes_on(deck: RunningDeck) -> None:
    assert deck.ask("arm")["ok"]
    deck.process.send_signal(signal.SIGUSR1)
    deck.until("arm state", now="stopped")
    assert deck.ask("status")["arm_state"] == "stopped"


def test_a_stop_is_kept_over_a_kill_until_it_is_released(tmp_path: Path) -> None:
    words = (*silent_source(), "--for", "60")
    with running(tmp_path, *words) as first:
        first.until("ready")
        first.ask("stop")
        first.until("stop kept")
        first.process.kill()
    with running(tmp_path, *words, "--arm") as second:
        second.until("ready", arm_state="stopped")
        assert "airdeck stop --release" in second.until("--arm did not arm")["why"]
        assert second.ask("status")["arm_state"] == "stopped"
        assert second.ask("reset")["arm_state"] == "disarmed"
        second.until("stop released")
        second.process.send_signal(signal.SIGTERM)
        second.summary()
    with running(tmp_path, *words) as third:
        third.until("ready", arm_state="disarmed")


def test_a_stop_that_cannot_be_kept_on_disk_holds_and_says_so(tmp_path: Path) -> None:
    with running(tmp_path, *silent_source(), "--for", "60") as deck:
        deck.until("ready")
        assert deck.ask("stop") == {"ok": True, "arm_state": "stopped", "kept": True, "text": deck.ask("stop")["text"]}
        assert deck.ask("reset")["kept"] is True
        state = tmp_path / "STATE_HOME" / "airdeck"
        state.rename(tmp_path / "moved")
        state.write_text("no folder")
        reply = deck.ask("stop")
    assert (reply["ok"], reply["arm_state"], reply["kept"]) == (True, "stopped", False)
    assert "could not be written to disk, so the next run does not know of it" in reply["text"]


def test_armed_the_demo_shows_raises_of_both_decks_and_sends_nothing(tmp_path: Path) -> None:
    with running(tmp_path, "--source", "synthetic", "--arm") as deck:
        shown: set[str] = set()
        while shown != {"deck1.play_pause", "deck2.play_pause"}:
            shown.add(deck.until("sent", status="shown")["command"])
        deck.process.send_signal(signal.SIGINT)
        counts = deck.summary()["counts"]
    assert set(counts["sent"]) == {"shown"}
    assert counts["sent"]["shown"] == counts["permitted"]


def test_the_demo_plays_on_its_own_and_not_armed_its_raises_are_refused_with_the_reason(tmp_path: Path) -> None:
    with running(tmp_path, "--source", "synthetic") as deck:
        refused = deck.until("refused")
        assert "k2.not_armed" in refused["reasons"]
        assert "not armed: `airdeck arm`" in refused["why"]
        deck.process.send_signal(signal.SIGINT)
        assert deck.summary()["counts"]["sent"] == {}


def test_observe_sees_gestures_and_permits_nothing_though_armed(tmp_path: Path) -> None:
    with running(tmp_path, "--source", "synthetic", "--profile", "observe", "--arm") as deck:
        assert "k1.mode_no_permit" in deck.until("refused")["reasons"]
        deck.process.send_signal(signal.SIGINT)
        counts = deck.summary()["counts"]
    assert sum(counts["gestures"].values()) >= 1
    assert (counts["permitted"], counts["sent"]) == (0, {})


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "the time is over"),
        (["--arm"], "every recording has been played"),
        (["--profile", "observe"], "every recording has been played"),
    ],
)
def test_a_recording_waits_until_the_deck_is_armed_and_in_observe_for_nothing(
    tmp_path: Path, words: list[str], why: str
) -> None:
    seconds = "4" if why == "the time is over" else "120"
    with running(tmp_path, "--source", "synthetic:rest", "--for", seconds, *words) as deck:
        assert deck.summary()["why_ended"] == why


def test_a_start_that_fails_leaves_no_session_folder(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = f"mocopi:127.0.0.1:{other.getsockname()[1]}"
        with running(tmp_path, "--source", "synthetic", "--source", taken, "--session-dir", str(tmp_path / "tapes")) as deck:
            assert deck.process.wait(WAIT_S) == 3
            deck._reader.join(WAIT_S)
            assert f"{taken}: cannot listen at UDP port" in deck.raw
            assert "another program has it. Close that program, or choose another port" in deck.raw
    assert list((tmp_path / "tapes").iterdir()) == []


def test_a_recording_that_waits_says_how_to_arm_until_it_is_armed(tmp_path: Path) -> None:
    with running(tmp_path, "--source", "synthetic:rest") as deck:
        assert deck.until("nothing plays yet: it begins when the deck is armed, `airdeck arm`")["sources"] == ["synthetic:rest"]
        [before] = deck.ask("status")["sources"]
        assert before["text"].endswith("begins when armed: `airdeck arm`")
        assert deck.ask("arm")["ok"]
        [after] = deck.ask("status")["sources"]
        assert "airdeck arm" not in after["text"]


def test_an_unknown_move_of_the_performer_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with running(tmp_path, "--source", "synthetic:somersault") as deck:
        assert deck.process.wait(WAIT_S) == 2
        deck._reader.join(WAIT_S)
        assert "no move 'somersault'; there are" in deck.raw
