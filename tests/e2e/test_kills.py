"""kill -9 of every process of a whole running AirDeck: what it says, what it refuses, what comes back, what is let go."""

import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from airdeck.session.reader import Session
from tests.support import jack as jack_support
from tests.support.deck import POSE, WAIT_S, WRITER, RunningDeck, alive, running
from tests.support.jack import Dump, JackServer, wait_until

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for the children in /proc"),
]

LONG_PRESS = ("-m", "tests.support.long_press")
REHEARSE = ("--profile", "rehearse", "--source", "synthetic", "--sink", "midi:dump")
AT_START = ["90 0b 00", "91 0b 00"]
"""A writer that starts lets go of everything first."""
ON = ("90 0b 7f", "91 0b 7f")
log = logging.getLogger(__name__)
"""Figures for whoever asks: --log-cli-level=INFO."""


@pytest.fixture
def jack() -> Iterator[JackServer]:
    if missing := jack_support.missing():
        pytest.skip(missing)
    server = JackServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def dump(jack: JackServer) -> Iterator[Dump]:
    receiver = Dump(jack)
    yield receiver
    receiver.close()


def kill(pid: int) -> float:
    """kill -9; when."""
    assert pid > 0, "there is no such process"  # 0 would be this test's own group
    os.kill(pid, signal.SIGKILL)
    return time.monotonic()


def pressed(dump: Dump, since: int = 0) -> str:
    """The Note On that is the newest message from `since` on, once it is. For long presses: others are over too soon."""
    wait_until(lambda: dump.messages[since:] and dump.messages[-1] in ON, "a note is down", WAIT_S, lambda: dump.messages)
    return dump.messages[-1]


def off(note: str) -> str:
    return f"{note[:5]} 00"


def held(messages: list[str]) -> set[str]:
    """The notes that are down after all that."""
    newest = {message[:5]: message for message in messages}
    return {message for message in newest.values() if message in ON}


def arm(deck: RunningDeck) -> None:
    done = deck.cli("arm")
    assert done.returncode == 0, done


def figure(what: str, begin_s: float, end_s: float) -> None:
    log.info("%s: %.0f ms", what, (end_s - begin_s) * 1000)


def video(folder: Path, pictures: Iterator[np.ndarray], rate_hz: float) -> Path:
    """A file that any OpenCV plays."""
    import cv2

    path, first = folder / "clip.avi", next(pictures)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate_hz, first.shape[1::-1])
    assert writer.isOpened()
    writer.write(first)
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


def noise(count: int) -> Iterator[np.ndarray]:
    """Nobody in a room, seen by a live sensor."""
    rng = np.random.default_rng(7)
    return (rng.integers(80, 140, (120, 160, 3), dtype=np.uint8) for _ in range(count))


def people(clip: Path, count: int) -> Iterator[np.ndarray]:
    """A clip over and over, small."""
    import cv2

    capture = cv2.VideoCapture(str(clip))
    found = [cv2.resize(capture.read()[1], (320, 240)) for _ in range(int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))]
    capture.release()
    return (found[number % len(found)] for number in range(count))


def test_a_killed_pose_process_is_said_and_replaced_and_dies_with_its_deck(pose_model: Path, tmp_path: Path) -> None:
    """In observe, so that it is about the process alone."""
    clip = video(tmp_path, noise(5 * 300), 5.0)
    with running(tmp_path, "--profile", "observe", "--source", f"camera:{clip}") as deck:
        wait_until(lambda: deck.ask("status")["sources"][0]["frames"] > 0, "frames come", WAIT_S)
        first = deck.child(POSE)
        killed_s = kill(first)
        lost = deck.until("source changed", state="restarting", last_error="the pose worker is gone")
        status = deck.ask("status")
        assert status["ok"]
        assert status["sources"][0]["restarts"] == lost["restarts"] >= 1  # more where the machine starves the worker
        frames = status["sources"][0]["frames"]
        back = deck.until("source changed", state="live")
        second = deck.new_child(POSE, first)
        wait_until(lambda: deck.ask("status")["sources"][0]["frames"] > frames, "frames come again", WAIT_S)
        assert not alive(first)
        deck.process.kill()
        wait_until(lambda: not alive(second), "the pose process is gone too", WAIT_S)
    figure("pose: kill to said", killed_s, lost["at_s"])
    figure("pose: kill to worker ready", killed_s, back["at_s"])


@pytest.mark.shared
def test_an_armed_deck_is_suspended_while_its_pose_process_is_replaced(clips: Path, pose_model: Path, tmp_path: Path) -> None:
    clip = video(tmp_path, people(clips / "peekingduck_wave.mp4", 30 * 90), 30.0)
    with running(tmp_path, "--source", f"camera:{clip}", "--arm") as deck:
        deck.until("arm state", now="armed", cause="good_again")
        killed_s = kill(deck.child(POSE))
        suspended = deck.until("arm state", now="suspended")
        assert (suspended["cause"], suspended["lapses"]) == ("stream_lost", ["camera gone", "no frames"])
        status = deck.ask("status")
        assert (status["ok"], status["arm_state"]) == (True, "suspended")
        assert status["sources"][0]["restarts"] == 1
        deck.until("source changed", state="live", restarts=1)
        after = deck.until("arm state")
        if after["cause"] == "suspended_too_long":  # a busy machine: then a person has to arm
            assert after["at_s"] - suspended["at_s"] > 9.5
            arm(deck)
            after = deck.until("arm state", cause="good_again")
        assert (after["now"], after["cause"]) == ("armed", "good_again")
        assert deck.end()["why_ended"] == "interrupted"
    figure("pose: kill to suspended", killed_s, suspended["at_s"])
    figure("pose: kill to armed again", killed_s, after["at_s"])


def test_a_killed_writer_disarms_and_its_successor_lets_go_and_sends_again(
    jack: JackServer, dump: Dump, tmp_path: Path
) -> None:
    with running(tmp_path, *REHEARSE, "--arm", env=jack.environment, cli=LONG_PRESS) as deck:
        note = pressed(dump)
        first, heard = deck.child(WRITER), len(dump.messages)
        killed_s = kill(first)
        lost = deck.until("arm state", now="disarmed")
        assert (lost["cause"], lost["lapses"]) == ("port_lost", ["midi:dump not connected"])
        assert deck.ask("status")["arm_state"] == "disarmed"
        back = deck.until("sink changed", sink="midi:dump", connected=True)
        assert deck.new_child(WRITER, first)
        wait_until(lambda: len(dump.messages) >= heard + 2, "the successor lets go", WAIT_S)
        assert dump.messages[heard:] == AT_START
        assert deck.ask("status")["arm_state"] == "disarmed"
        arm(deck)
        pressed(dump, heard)
        summary = deck.end()
    assert held(dump.messages) == set()
    assert summary["counts"]["sent"]["sent"] >= 2
    at = next(place for place in range(heard, len(dump.messages)) if dump.messages[place] == off(note))
    figure("writer: kill to disarmed", killed_s, lost["at_s"])
    figure("writer: kill to connected again", killed_s, back["at_s"])
    figure("writer: kill to Note Off", killed_s, dump.times_s[at])


def test_a_killed_jackd_disarms_and_its_successor_is_used(jack: JackServer, dump: Dump, tmp_path: Path) -> None:
    with running(tmp_path, *REHEARSE, "--arm", env=jack.environment) as deck:
        wait_until(lambda: set(ON) & set(dump.messages), "a note arrives", WAIT_S)
        jack.kill()
        killed_s = time.monotonic()
        said = deck.until("sent", status="failed")
        assert said["what"] == "the MIDI server is gone"
        lost = deck.until("arm state", now="disarmed")
        assert (lost["cause"], lost["lapses"]) == ("port_lost", ["midi:dump not connected"])
        status = deck.ask("status")
        assert (status["arm_state"], status["sinks"][0]["connected"]) == ("disarmed", False)
        jack.start()
        up_s = time.monotonic()
        second = Dump(jack)
        try:
            back = deck.until("sink changed", sink="midi:dump", connected=True)
            arm(deck)
            wait_until(lambda: set(ON) & set(second.messages), "a note arrives again", WAIT_S, lambda: second.messages)
            deck.end()
            assert second.messages[:2] == AT_START
            assert held(second.messages) == set()
        finally:
            second.close()
    figure("jackd: kill to disarmed", killed_s, lost["at_s"])
    figure("jackd: up to connected again", up_s, back["at_s"])


def test_a_killed_deck_leaves_no_note_down_no_process_and_a_session_that_opens(
    jack: JackServer, dump: Dump, tmp_path: Path
) -> None:
    """A press here lasts a minute, so that nothing but the death of the deck can end it."""
    with running(tmp_path, *REHEARSE, "--arm", env=jack.environment, cli=LONG_PRESS) as deck:
        note = pressed(dump)
        folder, writer = Path(deck.ask("status")["session"]), deck.child(WRITER)
        gate = folder / "gate.jsonl"
        wait_until(lambda: b'"permit"' in gate.read_bytes(), "the decision is on disk")
        acknowledged, heard = gate.read_bytes(), len(dump.messages)
        assert writer
        killed_s = kill(deck.process.pid)
        wait_until(lambda: off(note) in dump.messages[heard:], "the note is let go", WAIT_S, lambda: dump.messages)
        wait_until(lambda: not alive(writer), "the writer has ended", WAIT_S)
    assert held(dump.messages) == set()
    at = heard + dump.messages[heard:].index(off(note))
    figure("deck: kill to Note Off", killed_s, dump.times_s[at])
    assert gate.read_bytes().startswith(acknowledged)
    session = Session(folder)
    chain = session.verify_gate()
    assert (session.manifest.status, chain.ok) == ("open", True), chain
    assert chain.decisions >= acknowledged.count(b"\n")
    permitted = [record.proposal.command for record in session.records("gate") if record.permit]
    assert permitted[0] == f"deck{int(note[1]) + 1}.play_pause"
    assert list(islice(session.events(), 3))
