"""`airdeck run` with each sink: what really arrives in a real MIDI client and at a real OSC receiver."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from airdeck import registry
from tests.support import jack as jack_support

pytestmark = pytest.mark.system
WAIT_S = 180.0
PORT = "AirDeck:AirDeck"
PRESSES = {"deck1.play_pause": "90 0b 7f", "deck2.play_pause": "91 0b 7f"}


@pytest.fixture
def jack() -> Iterator[jack_support.JackServer]:
    if missing := jack_support.missing():
        pytest.skip(missing)
    server = jack_support.JackServer()
    server.start()
    yield server
    server.stop()


def home(folder: Path) -> dict[str, str]:
    cache = Path(__file__).resolve().parents[2] / ".pytest_cache" / "numba"
    kinds = ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR")
    for kind in kinds:
        (folder / kind).mkdir(exist_ok=True)
    return {"HOME": str(folder), "NUMBA_CACHE_DIR": str(cache), **{f"XDG_{kind}": str(folder / kind) for kind in kinds}}


def start(folder: Path, environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "airdeck", "run", "--json", *words]
    return subprocess.Popen(command, env=environment | home(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(deck: subprocess.Popen[str]) -> dict[str, Any]:
    """The summary after Ctrl-C."""
    deck.send_signal(signal.SIGINT)
    out, err = deck.communicate(timeout=WAIT_S)
    assert deck.returncode == 0, err
    return dict(json.loads(out))


def records(summary: dict[str, Any], stream: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (Path(summary["session"]) / f"{stream}.jsonl").read_text().splitlines()]


def stop(deck: subprocess.Popen[str]) -> None:
    if deck.poll() is None:
        deck.kill()
    deck.communicate()


def test_a_real_midi_client_hears_what_the_gate_permitted_and_every_press_is_released(
    jack: jack_support.JackServer, tmp_path: Path
) -> None:
    dump = jack_support.Dump(jack)
    words = ("--profile", "rehearse", "--source", "synthetic", "--sink", "midi:virtual")
    deck = start(tmp_path, jack.environment, *words)
    arm = [sys.executable, "-m", "airdeck", "arm"]
    env = jack.environment | home(tmp_path)
    try:
        jack_support.wait_until(lambda: PORT in jack.ports(), "the port is there", WAIT_S)
        jack.connect(PORT, dump.port)
        jack_support.wait_until(
            lambda: subprocess.run(arm, env=env, capture_output=True, check=False).returncode == 0, "it takes orders", WAIT_S
        )
        jack_support.wait_until(lambda: set(PRESSES.values()) <= set(dump.messages), "both decks are pressed", WAIT_S)
        summary = ended(deck)
    finally:
        stop(deck)
        dump.close()
    permitted = [row["proposal"]["command"] for row in records(summary, "gate") if row.get("permit")]
    assert [message for message in dump.messages if message in PRESSES.values()] == [PRESSES[name] for name in permitted]
    for press in PRESSES.values():
        heard = [message for message in dump.messages if message[:5] == press[:5]]
        assert heard[-1] == f"{press[:5]} 00"
        assert all(after == f"{press[:5]} 00" for message, after in pairwise(heard) if message == press)


def test_in_a_dry_run_the_same_midi_client_hears_no_press(jack: jack_support.JackServer, tmp_path: Path) -> None:
    dump = jack_support.Dump(jack)
    deck = start(tmp_path, jack.environment, "--arm", "--source", "synthetic", "--sink", "midi:virtual")
    try:
        jack_support.wait_until(lambda: PORT in jack.ports(), "the port is there", WAIT_S)
        jack.connect(PORT, dump.port)
        assert deck.stderr is not None
        assert next(line for line in deck.stderr if '"shown"' in line)
        summary = ended(deck)
    finally:
        stop(deck)
        dump.close()
    assert not set(PRESSES.values()) & set(dump.messages)
    assert set(summary["counts"]["sent"]) == {"shown"}
    midi = [row for row in records(summary, "gate") if row["sink"] == "midi:virtual"]
    assert midi
    assert all("k1.mode_no_permit" in row["reasons"] for row in midi)


def test_rehearsed_raises_arrive_as_osc_press_and_release(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(WAIT_S)
        sink = f"osc:127.0.0.1:{receiver.getsockname()[1]}"
        deck = start(tmp_path, {"PATH": ""}, "--profile", "rehearse", "--arm", "--source", "synthetic", "--sink", sink)
        try:
            press, release = (receiver.recv(512) for _ in range(2))
            ended(deck)
        finally:
            stop(deck)
    name = press.partition(b"\0")[0]
    assert name in (b"/airdeck/deck1.play_pause", b"/airdeck/deck2.play_pause")
    assert release.startswith(name)
    assert (press[-4:], release[-4:]) == (b"\x3f\x80\0\0", b"\0\0\0\0")


def test_a_midi_port_that_does_not_exist_ends_with_3_and_says_what_to_do(tmp_path: Path, jack: jack_support.JackServer) -> None:
    deck = start(tmp_path, jack.environment, "--profile", "rehearse", "--source", "synthetic", "--sink", "midi:Nowhere")
    _, err = deck.communicate(timeout=WAIT_S)
    assert deck.returncode == 3
    assert "Nowhere" in err.splitlines()[-1]


@pytest.mark.parametrize("name", [*registry.SOURCES, *registry.SINKS])
def test_every_name_of_the_registry_stands_for_a_class_that_loads(name: str) -> None:
    rows = [table[name] for table in (registry.SOURCES, registry.SINKS) if name in table]
    assert all(isinstance(registry.load(row), type) for row in rows)
