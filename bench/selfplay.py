"""How much faster than real time performers are made, seen and judged, on one core."""

import statistics
import time
from collections.abc import Iterator

from airdeck.assembly import read_library
from airdeck.selfplay.stage.cast import performer
from airdeck.selfplay.stage.clip import Clip, at_rate, clip
from airdeck.selfplay.trial import Stage

from .measure import Measured

ALL_TIERS, FPS, SEED = 99, 30.0, 1
SCENARIOS = ("gestures", "distractors")


def measure(quick: bool) -> Iterator[Measured]:
    library = read_library(ALL_TIERS)
    stage = Stage(library)
    performed_s, made_s, played_s, pictures = [], [], [], []
    for number in range(1 if quick else 4):
        for scenario in SCENARIOS:
            started = time.process_time()
            one = clip(scenario, at_rate(performer(SEED, number), FPS))
            made = time.process_time()
            stage.play(one)
            performed_s.append(one.duration_s)
            made_s.append(made - started)
            played_s.append(time.process_time() - made)
            pictures.append(_pictures(one))
    times = [p / (a + b) for p, a, b in zip(performed_s, made_s, played_s, strict=True)]
    note = f"{sum(performed_s):.0f} s of gestures and distractors, {len(library.gestures)} gestures in the library"
    yield Measured("selfplay.speed", statistics.median(times), note=note)
    yield Measured("selfplay.frame", (sum(made_s) + sum(played_s)) / sum(pictures) * 1e6)
    yield Measured("selfplay.synthesis", sum(made_s) / sum(pictures) * 1e6)


def _pictures(one: Clip) -> int:
    return len(one.pictures.capture_ns)
