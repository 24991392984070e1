"""Mutated datagrams over all wire formats: exceptions, memory, and the cost of the worst against the largest valid one.

    python -m bench.fuzz --count 1000000 [--seed 1] [--format NAME ...]

Costs are minima of several runs on decoders that have just heard the valid packets. "first" compares with a valid packet
of a layout not seen before, "warm" with one of a known layout: the first is what the port must afford in any case.
"""

import argparse
import gc
import heapq
import os
import random
import resource
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.wire.corpus import CORPUS, STEP_NS, Codec, mutate

LIMIT = 5.0
SUSPECTS = 30
"""The slowest packets of the run, by one measurement each, that are measured again with care."""
RUNS = 7
SIGHTINGS = 3


def rss_bytes():
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def costs_us(codec: Codec, packet: bytes):
    """(first sight, dearest of the first sightings, known for long), each the minimum of several runs."""
    sights = [[] for _ in range(SIGHTINGS)]
    warm = []
    for _ in range(RUNS):
        decoder, now_ns = codec.make(), 0
        for valid in codec.valid:
            codec.feed(decoder, valid, now_ns)
            now_ns += STEP_NS
        for n in range(SIGHTINGS + RUNS):
            now_ns += 2_000_000_000
            started_ns = time.perf_counter_ns()
            codec.feed(decoder, packet, now_ns)
            spent_us = (time.perf_counter_ns() - started_ns) / 1000
            (sights[n] if n < SIGHTINGS else warm).append(spent_us)
    minima = [min(runs) for runs in sights]
    return minima[0], max(minima), min(warm)


def run(name: str, codec: Codec, count: int, seed: int):
    """Feed `count` mutated packets; returns the exceptions seen and the slowest packets."""
    rng = random.Random(f"{name} {seed}")
    failures: Counter[str] = Counter()
    slow: list[tuple[int, int, bytes]] = []
    decoder = codec.make()
    for n in range(count):
        packet = mutate(rng, rng.choice(codec.valid + codec.hostile), codec.valid)[: codec.max_bytes]
        if n % 10 == 0:
            packet = rng.choice(codec.valid)
        try:
            started_ns = time.perf_counter_ns()
            frames = codec.feed(decoder, packet, n * STEP_NS)
            spent_ns = time.perf_counter_ns() - started_ns
            if not all(map(codec.sane, frames)):
                failures["a number that is not finite, or a time after the arrival"] += 1
        except Exception:  # noqa: BLE001 (what is being looked for)
            failures[traceback.format_exc(limit=-2)] += 1
            continue
        if len(slow) < SUSPECTS:
            heapq.heappush(slow, (spent_ns, n, packet))
        elif spent_ns > slow[0][0]:
            heapq.heapreplace(slow, (spent_ns, n, packet))
    return failures, [packet for _, _, packet in slow]


def worst(codec: Codec, suspects):
    """Costs of the dearest valid packet (any sighting, warm) and of the dearest other packet."""
    valid = [costs_us(codec, packet) for packet in codec.valid]
    hostile = [packet[: codec.max_bytes] for packet in codec.hostile]
    dearest = max((max(costs_us(codec, packet)), len(packet)) for packet in [*hostile, *suspects])
    return max(max(cost) for cost in valid), max(cost[2] for cost in valid), *dearest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", action="append", choices=sorted(CORPUS), help="only these")
    options = parser.parse_args()
    names = options.format or list(CORPUS)
    share = options.count // len(names)
    good = True
    for name in names:  # everything that is made once
        run(name, CORPUS[name], 2000, 0)
    for name in names:
        gc.collect()
        before, objects = rss_bytes(), len(gc.get_objects())
        failures, suspects = run(name, CORPUS[name], share, options.seed)
        gc.collect()
        grown = (rss_bytes() - before) / 1e6
        first_us, warm_us, worst_us, size = worst(CORPUS[name], suspects)
        ratio = worst_us / first_us
        good &= not failures and ratio <= LIMIT
        print(
            f"{name:14} {share:8} packets  exceptions {sum(failures.values())}  rss {grown:+.1f} MB"
            f"  objects {len(gc.get_objects()) - objects:+}  valid {first_us:.0f} us (warm {warm_us:.0f})"
            f"  worst {worst_us:.0f} us, {size} bytes: {ratio:.1f}x (warm {worst_us / warm_us:.1f}x), allowed {LIMIT:.0f}x"
        )
        for text, times in failures.most_common(5):
            print(f"  {times} x {text}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
