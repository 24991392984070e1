"""From a datagram on a socket to the writer process that has read the permit, while pose inference runs.

Three receivers take turns, so that each meets the same machine and none meets another one at work: the deck (mocopi's
native datagram, all of its processes) and half a frame later a bare C receiver (the same datagram); every fourth frame
belongs to the straightforward script (the same frame in OSC), which needs most of it. A receiver's time is from just
before `sendto` to: the writer's receive stamp, the stamp after `recvfrom`, the moment when mido has sent the script's note.
"""

import contextlib
import json
import select
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support import jack

from .measure import REPO, SHARED, Measured, SkipError, child, end, percentile, pose_model
from .peers.compile import compiled
from .waving import MocopiPackets, OscPackets

FRAME_S = 0.010
"""75 frames a second for the deck and the bare receiver, 25 for the script."""
SCRIPT_EVERY = 4
WARM_S = 4.0
"""The gate wants a second of good data before it resumes, and every process has pages to touch."""
SECONDS = {True: 12.0, False: 64.0}
BLOCK_NS = {True: 2_000_000_000, False: 5_000_000_000}
START_S = 120.0
PEER_GOOD_MS = 0.33
HEADS = {"stages": "median us of each stage:", "refused": "refused:", "dropped": "records dropped:"}
CLIP = SHARED / "data" / "video" / "emc_white_raises.mp4"

Times = dict[int, float]
"""When it was sent (ns) -> how long it took (ms)."""


def measure(quick: bool) -> Iterator[Measured]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment, api = stack.enter_context(midi_server())
        note = stack.enter_context(inference())
        deck = stack.enter_context(receiver(child("bench.deck_child", api, env=environment, stderr=subprocess.DEVNULL)))
        script = stack.enter_context(receiver(script_of(environment, api)))
        bare = stack.enter_context(receiver(bare_of(folder)))
        ours, peer, c = send_all(deck, script, bare, SECONDS[quick])
        for what in ("stages", "refused", "dropped"):
            told = ", ".join(f"{name} {number}" for name, number in deck.said.get(what, {}).items())
            note += f"; {HEADS[what]} {told}" if told else ""
    yield from figures(blocks(BLOCK_NS[quick], ours, peer, c), note.strip("; "))


class Receiver:
    """A child that told its port, and at its end what it received."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.told = first_line(process)
        self.said: dict[str, Any] = {}

    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", int(self.told["port"]))

    def finish(self) -> list[list[int]]:
        lines = end(self.process, 20.0).splitlines()
        self.said = json.loads(lines[-1]) if lines else {"events": []}
        return self.said["events"]


@contextlib.contextmanager
def receiver(process: "subprocess.Popen[bytes]") -> Iterator[Receiver]:
    try:
        yield Receiver(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def first_line(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """What it says when it is ready. Raises SkipError with its reason, RuntimeError when it says nothing."""
    assert process.stdout is not None
    ready = select.select([process.stdout], [], [], START_S)[0]
    line = process.stdout.readline() if ready else b""
    if not line:
        raise RuntimeError(f"{process.args} said nothing")
    told: dict[str, Any] = json.loads(line)
    if "skip" in told:
        raise SkipError(told["skip"])
    return told


class QuietJack(jack.JackServer):
    """A private server with long periods: it wakes 23 times a second and disturbs little."""

    def start(self) -> None:
        command = ["jackd", "-S", "-r", "-n", self.name, "-d", "dummy", "-r", "48000", "-p", "2048"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        jack.wait_until(lambda: self.run("jack_lsp").returncode == 0, "jackd answers")


@contextlib.contextmanager
def midi_server() -> Iterator[tuple[dict[str, str], str]]:
    """(environment, MIDI interface): a JACK of our own, or what the system has."""
    if jack.missing():
        yield {}, ""
        return
    server = QuietJack()
    server.start()
    try:
        yield server.environment, "jack"
    finally:
        server.stop()


@contextlib.contextmanager
def inference() -> Iterator[str]:
    """Pose inference beside the path; says what could not be had."""
    try:
        model = pose_model()
    except SkipError as why:
        yield f"without inference: {why}"
        return
    clip = [str(CLIP)] if CLIP.is_file() else []
    process = child("bench.inference", str(model), *clip, stderr=subprocess.DEVNULL)
    try:
        first_line(process)
        yield ""
    finally:
        end(process)


def script_of(environment: dict[str, str], api: str) -> "subprocess.Popen[bytes]":
    backend = "mido.backends.rtmidi" + ("/UNIX_JACK" if api == "jack" else "")
    return child("bench.peers.straightforward", backend, env=environment, stderr=subprocess.DEVNULL)


def bare_of(folder: Path) -> "subprocess.Popen[bytes]":
    program = compiled("receiver.c", folder)
    stamp_at = str(MocopiPackets().stamp_at)
    return subprocess.Popen([str(program), stamp_at], cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def send_all(deck: Receiver, script: Receiver, bare: Receiver, seconds: float) -> tuple[Times, Times, Times]:
    """Send to the three in turn; how long each took for each event, after the warm-up."""
    mocopi, osc = MocopiPackets(), OscPackets()
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    to_deck, to_script, to_bare = deck.address(), script.address(), bare.address()
    script_sent: list[int] = []
    out.sendto(mocopi.skeleton, to_deck)
    started_s, clock = time.monotonic(), time.monotonic_ns
    counted_ns = clock() + int(WARM_S * 1e9)
    for number in range(int((WARM_S + seconds) / FRAME_S)):
        due_s = started_s + number * FRAME_S
        sleep_until(due_s)
        if number % SCRIPT_EVERY == 0:
            packet = osc.frame(len(script_sent))
            script_sent.append(clock())
            out.sendto(packet, to_script)
            continue
        out.sendto(mocopi.frame(number, clock()), to_deck)
        sleep_until(due_s + FRAME_S / 2)
        out.sendto(mocopi.frame(number, clock()), to_bare)
    out.sendto(b"!", to_bare)
    time.sleep(0.3)
    numbered = [(script_sent[number], received_ns) for number, received_ns in script.finish()]
    return tuple(times(events, counted_ns) for events in (deck.finish(), numbered, bare.finish()))  # type: ignore[return-value]


def sleep_until(due_s: float) -> None:
    left_s = due_s - time.monotonic()
    if left_s > 0.0:
        time.sleep(left_s)


def times(events: list[Any], counted_ns: int) -> Times:
    """Of several events of one datagram the last counts."""
    return {sent_ns: (received_ns - sent_ns) / 1e6 for sent_ns, received_ns in events if sent_ns >= counted_ns}


Block = tuple[list[float], list[float], list[float]]


def blocks(length_ns: int, ours: Times, script: Times, bare: Times) -> list[Block]:
    """The times of the three by when they were sent; a block in which one of them has none is left out."""
    found: dict[int, Block] = {}
    for place, seen in enumerate((ours, script, bare)):
        for sent_ns, took_ms in seen.items():
            found.setdefault(sent_ns // length_ns, ([], [], []))[place].append(took_ms)
    return [block for _, block in sorted(found.items()) if all(block)]


def figures(found: list[Block], note: str) -> Iterator[Measured]:
    if not found:
        raise RuntimeError(f"no event reached a receiver: {note}")
    ours, script, bare = ([took for block in found for took in block[place]] for place in range(3))
    medians = [[statistics.median(block[place]) for place in range(3)] for block in found]
    yield Measured("path.p50", statistics.median(ours), note=note)
    gain = statistics.median(peer / mine for mine, peer, _ in medians)
    yield Measured("path.p50_gain", statistics.median(ours), statistics.median(script), gain)
    yield Measured("path.p99", percentile(ours, 0.99), percentile(bare, 0.99))
    calm = [block for block in found if percentile(block[2], 0.99) <= PEER_GOOD_MS]
    if calm:
        mine, peer = ([took for block in calm for took in block[place]] for place in (0, 2))
        share = f"{len(calm)} of {len(found)} blocks"
        yield Measured("path.p99_bound", percentile(mine, 0.99), percentile(peer, 0.99), note=share)
    else:
        yield Measured("path.p99_bound", skipped=f"the receiver's own p99 is above {PEER_GOOD_MS} ms in every block")
    yield Measured("path.events", len(ours))
