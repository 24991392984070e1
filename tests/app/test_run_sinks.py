"""`airdeck run` with each sink: what really arrives in a real MIDI client and at a real OSC receiver."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from airdeck import registry
from tests.support import jack as jack_support

pytestmark = pytest.mark.system
WAIT_S = 180.0
PERFORMANCE = "synthetic:rest,rest,left.raise,rest,right.raise,rest"
BOTH_DECKS = ["90 0b 7f", "90 0b 00", "91 0b 7f", "91 0b 00"]


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


def test_rehearsed_raises_press_and_release_the_right_decks_in_a_real_midi_client(
    jack: jack_support.JackServer, tmp_path: Path
) -> None:
    dump = jack_support.Dump(jack)
    deck = start(tmp_path, jack.environment, "--profile", "rehearse", "--source", PERFORMANCE, "--sink", "midi:virtual")
    try:
        jack_support.wait_until(lambda: "AirDeck:AirDeck" in jack.ports(), "the port is there", WAIT_S)
        jack.connect("AirDeck:AirDeck", dump.port)
        arm = [sys.executable, "-m", "airdeck", "arm"]
        jack_support.wait_until(
            lambda: (
                subprocess.run(arm, env=jack.environment | home(tmp_path), capture_output=True, check=False).returncode == 0
            ),
            "the deck takes orders",
            WAIT_S,
        )
        out, err = deck.communicate(timeout=WAIT_S)
        assert deck.returncode == 0, err
        dump.wait_for(*BOTH_DECKS)
    finally:
        deck.kill()
        deck.communicate()
        dump.close()
    summary = json.loads(out)
    assert summary["counts"]["sent"] == {"sent": 2, "released": 2}
    sent = [json.loads(line) for line in (Path(summary["session"]) / "sent.jsonl").read_text().splitlines()]
    assert [row["what"] for row in sent] == BOTH_DECKS


def test_in_a_dry_run_the_same_midi_client_hears_nothing(jack: jack_support.JackServer, tmp_path: Path) -> None:
    dump = jack_support.Dump(jack)
    deck = start(tmp_path, jack.environment, "--arm", "--source", PERFORMANCE, "--sink", "midi:virtual")
    try:
        jack_support.wait_until(lambda: "AirDeck:AirDeck" in jack.ports(), "the port is there", WAIT_S)
        jack.connect("AirDeck:AirDeck", dump.port)
        out, err = deck.communicate(timeout=WAIT_S)
        assert deck.returncode == 0, err
    finally:
        deck.kill()
        deck.communicate()
        dump.close()
    assert dump.messages == []
    counts = json.loads(out)["counts"]
    assert counts["sent"] == {"shown": 2}
    assert counts["refused"] == {"k1.mode_no_permit": 2}


def test_rehearsed_raises_arrive_as_osc_press_and_release(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(WAIT_S)
        sink = f"osc:127.0.0.1:{receiver.getsockname()[1]}"
        words = ("--profile", "rehearse", "--arm", "--source", "synthetic:rest,rest,left.raise,rest", "--sink", sink)
        deck = start(tmp_path, {"PATH": ""}, *words)
        try:
            heard = [receiver.recv(512) for _ in range(2)]
            assert deck.wait(WAIT_S) == 0
        finally:
            deck.kill()
            deck.communicate()
    assert [packet.startswith(b"/airdeck/deck1.play_pause\0") for packet in heard] == [True, True]
    assert [packet[-4:] for packet in heard] == [b"\x3f\x80\0\0", b"\0\0\0\0"]


def test_a_midi_port_that_does_not_exist_ends_with_3_and_says_what_to_do(tmp_path: Path, jack: jack_support.JackServer) -> None:
    deck = start(tmp_path, jack.environment, "--profile", "rehearse", "--source", "synthetic", "--sink", "midi:Nowhere")
    _, err = deck.communicate(timeout=WAIT_S)
    assert deck.returncode == 3
    assert "Nowhere" in err.splitlines()[-1]


@pytest.mark.parametrize("name", [*registry.SOURCES, *registry.SINKS])
def test_every_name_of_the_registry_stands_for_a_class_that_loads(name: str) -> None:
    rows = [table[name] for table in (registry.SOURCES, registry.SINKS) if name in table]
    assert all(isinstance(registry.load(row), type) for row in rows)
