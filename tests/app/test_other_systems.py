"""A whole run with what only Linux has taken away: it must come to the same end on the portable twins.

What this covers, in the deck and in every child that it starts: uvloop and pyseccomp cannot be imported; there is no
unix socket (asyncio's own pair included), no SIGUSR1, no scheduler to ask for idle, and no memory map to give pages back
from. The four modules that choose a twin when they are imported (ticker, control, link, sandbox) believe at that moment
that they are elsewhere, so their twins run: a thread for the timerfd, the control port with its token, the writer's
loopback port, niceness without a seal.

What it does not: Windows' and macOS' own files, processes, event loops, MIDI and cameras. Everything else asks
`sys.platform` where it is used, and is told the truth.
"""

import json
import os
import signal
import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from airdeck import models
from tests.support.deck import WRITER, RunningDeck, running
from tests.support.jack import Dump, JackServer, missing, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="takes away what only Linux has")

LEFT, RIGHT = "deck1.play_pause", "deck2.play_pause"
MOVES = "rest,right.raise,left.raise"
ELSEWHERE = '''
"""Imported by every Python of the run before anything else."""
import asyncio, atexit, importlib.abc, importlib.machinery, json, os, signal, socket, sys
from pathlib import Path

AS = {
    "airdeck.ticker": "win32", "airdeck.control": "win32", "bridges.sinks.link": "win32", "bridges.sources.sandbox": "darwin",
}
GONE = ("uvloop", "pyseccomp")


class Elsewhere(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in GONE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name not in AS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        run = spec.loader.exec_module

        def exec_module(module):
            true, sys.platform = sys.platform, AS[name]
            try:
                run(module)
            finally:
                sys.platform = true

        spec.loader.exec_module = exec_module
        return spec


def socketpair(family=None, type=socket.SOCK_STREAM, proto=0):
    """What Python does where the system has none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = socket.create_connection(server.getsockname())
        two, _ = server.accept()
    for end in (one, two):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return one, two


sys.meta_path.insert(0, Elsewhere())
socket.socketpair = socketpair
del socket.AF_UNIX, asyncio.start_unix_server, signal.SIGUSR1, os.sched_setscheduler, os.SCHED_IDLE, os.sched_param
exists = Path.exists
Path.exists = lambda self, *args, **kw: str(self) != "/proc/self/smaps" and exists(self, *args, **kw)


def tell():
    """What was chosen, for the test to read."""
    loaded = {name: sys.modules.get(name) for name in AS}
    ticker, control, link = (loaded[n] for n in ("airdeck.ticker", "airdeck.control", "bridges.sinks.link"))
    told = {
        "argv": sys.argv,
        "ticker": ticker and ticker._NATIVE.__name__,
        "unix": control and control.HAS_UNIX_SOCKETS,
        "pair": link and link.HAS_PAIR,
        "gone": [name for name in GONE if name in sys.modules],
    }
    Path(os.environ["AIRDECK_TOLD"], f"{os.getpid()}.json").write_text(json.dumps(told))


if "AIRDECK_TOLD" in os.environ:
    atexit.register(tell)
'''


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """The environment of another system. What each process chose is told in `tmp_path / "told"` when it ends."""
    for name in ("blocked", "told"):
        (tmp_path / name).mkdir()
    (tmp_path / "blocked" / "sitecustomize.py").write_text(ELSEWHERE, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(tmp_path / "blocked"), "AIRDECK_TOLD": str(tmp_path / "told")}


def played(deck: RunningDeck) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The summary of a run that ended by itself with exit code 0, and what was decided: (command, sink)."""
    summary = deck.summary()
    assert summary["why_ended"] == "every recording has been played"
    gate = (Path(summary["session"]) / "gate.jsonl").read_text().splitlines()
    decisions = [json.loads(line) for line in gate]
    return summary, [(line["proposal"]["command"], line["sink"]) for line in decisions if line["permitted"]]


def told(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in (folder / "told").glob("*.json")]


def test_the_same_run_comes_to_the_same_decisions_here_and_elsewhere(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    words = ("--profile", "rehearse", "--source", f"synthetic:{MOVES}", "--sink", "recording", "--arm", "--no-hud")
    decided = {}
    for where, env in (("here", dict(os.environ)), ("elsewhere", elsewhere)):
        (tmp_path / where).mkdir()
        with running(tmp_path / where, *words, env=env) as deck:
            summary, decided[where] = played(deck)
            assert summary["counts"]["sent"] == {"sent": 2}
    assert decided["here"] == decided["elsewhere"] == [(RIGHT, "recording"), (LEFT, "recording")]


def test_the_deck_chose_the_twins(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    """Without this the test above might have run on what it believes to be gone. That it ends at all is the ticker's doing."""
    with running(tmp_path, "--source", "synthetic:rest", "--profile", "observe", "--no-hud", env=elsewhere) as deck:
        played(deck)
    [deck_told] = told(tmp_path)
    assert "run" in deck_told["argv"]
    assert (deck_told["ticker"], deck_told["unix"], deck_told["pair"]) == ("ThreadTicker", False, False)
    assert deck_told["gone"] == []


def test_acts_and_status_go_through_the_port_that_the_token_file_names(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    """Asked by this process and by an `airdeck` that is elsewhere too."""
    with running(tmp_path, "--source", "synthetic", "--no-hud", env=elsewhere) as deck:
        assert stat.S_ISREG(deck.socket.stat().st_mode)
        assert stat.S_IMODE(deck.socket.stat().st_mode) == 0o600
        assert set(json.loads(deck.socket.read_text())) == {"port", "token"}
        assert deck.ask("arm")["ok"]
        assert "armed" in deck.cli("status").stdout.lower()
        stopped = deck.cli("stop", "--json")
        assert (stopped.returncode, json.loads(stopped.stdout)["arm_state"]) == (0, "stopped")
        deck.end()
        assert not deck.socket.exists()


def test_sigterm_ends_it_cleanly_where_there_is_no_sigusr1(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    with running(tmp_path, "--source", "synthetic", "--no-hud", env=elsewhere) as deck:
        deck.process.send_signal(signal.SIGTERM)
        assert deck.summary()["why_ended"] == "asked to end"


@pytest.mark.system
def test_notes_reach_a_real_midi_client_through_a_writer_on_a_loopback_port(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    if reason := missing():
        pytest.skip(reason)
    jack = JackServer()
    jack.start()
    try:
        env = {**jack.environment, **elsewhere, "JACK_DEFAULT_SERVER": jack.name, "JACK_NO_START_SERVER": "1"}
        words = ("--profile", "rehearse", "--source", f"synthetic:{MOVES}", "--sink", "midi:virtual:AirDeck", "--no-hud")
        dump = Dump(jack)
        try:
            with running(tmp_path, *words, env=env) as deck:
                words_of_writer = Path(f"/proc/{deck.child(WRITER)}/cmdline").read_text(encoding="utf-8").split("\0")
                assert [word.partition("=")[0] for word in words_of_writer if word.startswith("--")] == ["--port"]
                jack.connect(_port(jack), dump.port)
                assert deck.ask("arm")["ok"]
                played(deck)
            dump.wait_for("91 0b 7f", "91 0b 00", "90 0b 7f", "90 0b 00")
        finally:
            dump.close()
    finally:
        jack.stop()


def _port(jack: JackServer) -> str:
    wait_until(lambda: any("AirDeck" in port for port in jack.ports()), "the deck's MIDI port is there", 60.0)
    return next(port for port in jack.ports() if "AirDeck" in port)


@pytest.fixture
def empty_room(tmp_path: Path) -> Path:
    """A video of a second and a half with nobody in it."""
    import cv2

    file, rng = tmp_path / "room.avi", np.random.default_rng(3)
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"FFV1"), 30.0, (320, 240))
    for _ in range(45):
        writer.write(rng.integers(60, 200, (240, 320, 3), dtype=np.uint8))
    writer.release()
    return file


def test_a_pose_worker_that_cannot_be_sealed_works_and_the_deck_says_so(
    tmp_path: Path, elsewhere: dict[str, str], empty_room: Path
) -> None:
    try:
        models.find("pose")
    except models.ModelMissing as lacking:
        pytest.skip(f"no pose model: {lacking}")
    words = ("--profile", "observe", "--source", f"camera:{empty_room}", "--no-hud")
    with running(tmp_path, *words, env=elsewhere) as deck:
        summary, _ = played(deck)
    [camera] = summary["sources"]
    assert camera["frames"] > 5
    assert "there is no network seal" in camera["caution"]
