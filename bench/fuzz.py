"""Mutated datagrams over all wire formats: exceptions and memory; and a search for the dearest datagram of a port.

    python -m bench.fuzz --count 1000000 [--seed 1] [--format NAME ...]
    python -m bench.fuzz --climb 60 [--format NAME ...]

What a datagram may cost is a figure of the bench (`bench/hostile.py`). The search starts from the corpus, keeps the
dearest, and prints them in hex: what beats the corpus belongs into it.
"""

import argparse
import gc
import os
import random
import resource
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.wire.corpus import CORPUS, STEP_NS, Codec, mutate

from .hostile import sightings_us, steady_us

PER_DECODER = 2000
"""Packets before a new decoder: what one bad packet left behind is met by many."""
POOL = 12
CAREFUL = 8
"""Runs that confirm what one run found dear."""


def rss_bytes():
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(name: str, codec: Codec, count: int, seed: int):
    """Feed `count` mutated packets; returns the exceptions seen, and how many frames came."""
    rng = random.Random(f"{name} {seed}")
    failures: Counter[str] = Counter()
    frames = 0
    corpus = codec.valid + tuple(packet for packet in codec.hostile if len(packet) <= 16_384)
    for n in range(count):
        if n % PER_DECODER == 0:
            decoder = codec.make()
        packet = rng.choice(codec.valid) if n % 10 == 0 else mutate(rng, rng.choice(corpus), codec.valid)
        try:
            made = codec.feed(decoder, packet[: codec.max_bytes], n * STEP_NS)
            frames += len(made)
            if not all(map(codec.sane, made)):
                failures["a number that is not finite, or a time after the arrival"] += 1
        except Exception:  # noqa: BLE001 (what is being looked for)
            failures[traceback.format_exc(limit=-2)] += 1
    return failures, frames


def fuzz(names: list[str], count: int, seed: int):
    """Whether no packet raised anything."""
    share, good = count // len(names), True
    for name in names:  # everything that is made once
        run(name, CORPUS[name], 3000, 0)
    for name in names:
        gc.collect()
        before, objects = rss_bytes(), len(gc.get_objects())
        failures, frames = run(name, CORPUS[name], share, seed)
        gc.collect()
        grown, more = (rss_bytes() - before) / 1e6, len(gc.get_objects()) - objects
        good &= not failures
        print(
            f"{name:14} {share} packets, {frames} frames, exceptions {sum(failures.values())}, "
            f"memory {grown:+.1f} MB, objects {more:+}",
            flush=True,
        )
        for text, times in failures.most_common(5):
            print(f"  {times} x {text}")
    return good


def climb(name: str, codec: Codec, seconds: float, seed: int):
    """The dearest packets that were found, as (microseconds, packet), and how many were tried."""
    rng = random.Random(f"{name} {seed}")
    corpus = [packet[: codec.max_bytes] for packet in (*codec.valid, *codec.hostile)]
    pool = sorted(((sightings_us(codec, packet, CAREFUL), packet) for packet in set(corpus)), reverse=True)[:POOL]
    tried, end_s = 0, time.monotonic() + seconds
    while time.monotonic() < end_s:
        tried += 1
        packet = mutate(rng, rng.choice(pool)[1] if rng.random() < 0.85 else rng.choice(corpus), tuple(corpus))
        packet = packet[: codec.max_bytes]
        if rng.random() < 0.6:
            packet = packet[: len(packet) & ~3]
        least = pool[-1][0]
        if sightings_us(codec, packet, 1) > 0.9 * least and all(packet != known for _, known in pool):
            cost_us = sightings_us(codec, packet, CAREFUL)
            if cost_us > least:
                pool = sorted([*pool, (cost_us, packet)], reverse=True)[:POOL]
    pool = sorted(((sightings_us(codec, packet, 3 * CAREFUL), packet) for _, packet in pool), reverse=True)
    return pool, tried


def search(names: list[str], seconds: float, seed: int):
    gc.disable()
    for name in names:
        codec = CORPUS[name]
        usual_us = steady_us(codec, max(codec.valid, key=len), CAREFUL)
        pool, tried = climb(name, codec, seconds, seed)
        print(f"{name:14} {tried} tried; dearest {pool[0][0]:.1f} us, {pool[0][0] / usual_us:.1f} x {usual_us:.1f} us")
        print(f"  {pool[0][1].hex()}", flush=True)
        gc.collect()
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000, help="packets, over all formats together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", action="append", choices=sorted(CORPUS), help="only these")
    parser.add_argument("--climb", type=float, metavar="SECONDS", help="search this long per format instead")
    options = parser.parse_args()
    names = options.format or list(CORPUS)
    good = search(names, options.climb, options.seed) if options.climb else fuzz(names, options.count, options.seed)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
