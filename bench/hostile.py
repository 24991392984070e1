"""The dearest datagram that is known for a port against the largest valid one of a layout that the port knows.

The adversaries are those of the corpus: made by hand, and the dearest that hill climbing (`python -m bench.fuzz --climb 60`)
has found. Each is fed again and again to decoders that have just heard valid packets; what counts is its dearest sighting,
and of that the least of several runs, so that the machine's other work does not decide.
"""

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.wire import corpus_sensor_logger
from tests.wire.corpus import CORPUS, STEP_NS, Codec

from .measure import Measured

PORTS = ("vmc", "mocopi", "pose_json", "lumm", "osc_apps", "sensor_logger")
SIGHTINGS = 5
PAUSE_NS = 2_000_000_000
"""Between sightings: whatever waited is closed, whatever was learnt has gone stale."""
KNOWN = 40
"""Packets after which a layout is known."""


def measure(quick: bool) -> Iterator[Measured]:
    gc.disable()
    for port in PORTS:
        yield row(port, 12 if quick else 60)


def row(port: str, runs: int) -> Measured:
    """One port: microseconds of the dearest packet, and of the largest valid one."""
    codec = CORPUS[port]
    largest, hostile = max(codec.valid, key=len), [packet[: codec.max_bytes] for packet in codec.hostile]
    if port == "sensor_logger":  # a body, not a datagram: its work is cut into slices
        largest, hostile = corpus_sensor_logger.large()[0], [*hostile, *corpus_sensor_logger.large()[1]]
        runs = 1 + runs // 10
    usual_us = steady_us(codec, largest, runs)
    dearest = [(sightings_us(codec, packet, runs), place) for place, packet in enumerate([*hostile, *codec.valid])]
    worst_us, place = max(dearest)
    which = f"hostile packet {place}" if place < len(hostile) else f"valid packet {place - len(hostile)}"
    note = f"dearest is {which}; the largest valid one at first sight {sightings_us(codec, largest, runs):.0f} us"
    return Measured(f"hostile.{port}", worst_us, usual_us, worst_us / usual_us, note)


def steady_us(codec: Codec, packet: bytes, runs: int) -> float:
    """Microseconds for a valid packet of a known layout."""
    decoder, now_ns, least = codec.make(), 0, float("inf")
    few = len(packet) > 100_000
    for _ in range(0 if few else KNOWN):
        now_ns += STEP_NS
        codec.feed(decoder, packet, now_ns)
    for _ in range(runs if few else 20 * runs):
        now_ns += STEP_NS if codec.repeats else PAUSE_NS  # after a pause the same frame number is not an old one
        least = min(least, spent_us(codec.feed, codec.make() if few else decoder, packet, now_ns))
    return least


def sightings_us(codec: Codec, packet: bytes, runs: int) -> float:
    """Microseconds of a packet's dearest sighting, each the least of `runs`."""
    least = [float("inf")] * (1 if len(packet) > 100_000 else SIGHTINGS)
    for _ in range(runs):
        decoder, now_ns = codec.make(), 0
        for valid in codec.valid[:3]:
            codec.feed(decoder, valid, now_ns)
            now_ns += STEP_NS
        for sighting, known in enumerate(least):
            now_ns += PAUSE_NS
            least[sighting] = min(known, spent_us(codec.feed, decoder, packet, now_ns))
    return max(least)


def spent_us(feed: Callable[[Any, bytes, int], Any], decoder: Any, packet: bytes, now_ns: int) -> float:
    started_ns = time.perf_counter_ns()
    feed(decoder, packet, now_ns)
    return (time.perf_counter_ns() - started_ns) / 1000
