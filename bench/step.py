"""The whole step, from an arrival to its outcome, and what it leaves behind for the garbage collector."""

import gc
import time
from collections.abc import Iterator

from airdeck.events import Event, EventKind

from .measure import Measured, percentile
from .rigs import DryDeck, library, pose_frames

SIZES = (2, 16, 64)
WARM = 200
OBJECT_STEPS = 10_000


def measure(quick: bool) -> Iterator[Measured]:
    frames = pose_frames(600)
    blocks, length = (8, 250) if quick else (30, 400)
    decks = {size: DryDeck(library(size), frames, WARM + blocks * length) for size in SIZES}
    spent: dict[int, list[int]] = {size: [] for size in SIZES}
    gc.collect()
    gc.freeze()
    for deck in decks.values():
        timed(deck, 0, WARM)
    for block in range(blocks):  # interleaved, so that what else the machine does meets all sizes
        for size in SIZES:
            spent[size] += timed(decks[size], WARM + block * length, length)
    for size in SIZES:
        yield Measured(f"step.gestures_{size}", percentile(spent[size], 0.5) / 1e3)
    yield Measured("step.gestures_16_p99", percentile(spent[16], 0.99) / 1e3)
    yield Measured("step.objects", growth())


def timed(deck: DryDeck, start: int, count: int) -> list[int]:
    """Nanoseconds of each step."""
    step, clock, spent = deck.pipeline.step, time.perf_counter_ns, []
    for event in deck.events[start : start + count]:
        before_ns = clock()
        step(event)
        spent.append(clock() - before_ns)
    assert deck.pipeline.outcome.built, "every step built a vector"
    assert not deck.permits, "these steps lead to no proposal"
    return spent


def growth() -> int:
    """Objects that the collector tracks more after the steps than before. It does not run meanwhile."""
    deck = DryDeck(library(16), pose_frames(600), WARM + OBJECT_STEPS)
    ticks = [Event(0, event.t_ns + 10_000_000, EventKind.TICK) for event in deck.events]
    step = deck.pipeline.step
    for event, tick in zip(deck.events[:WARM], ticks, strict=False):
        step(event)
        step(tick)
    rest = list(zip(deck.events[WARM:], ticks[WARM:], strict=True))
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for event, tick in rest:
            step(event)
            step(tick)
        return len(gc.get_objects()) - before
    finally:
        gc.enable()
