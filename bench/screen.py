"""How much faster than real time recorded movement is screened, on one core."""

import statistics
import time
from collections.abc import Iterator

import numpy as np

from airdeck.assembly import read_library
from airdeck.gestures.library import Library, library_of
from airdeck.selfplay.motion import Clip, clip_of_joints
from airdeck.selfplay.screen import Screen
from bridges.sources.performer import MOVES, Body, Performance
from dynamics.body import joints_of

from .measure import Measured

FPS = 30.0
ALL_TIERS = 99


def measure(quick: bool) -> Iterator[Measured]:
    clip = recording(1 if quick else 4)
    whole = read_library(ALL_TIERS)
    one, all_ = Screen(library_of(whole.gestures[:1])), Screen(whole)
    rounds = 2 if quick else 6
    spent: dict[str, list[float]] = {"one": [], "all": []}
    for _ in range(rounds):  # interleaved, so that what else the machine does meets both
        spent["one"].append(cpu_s(one, clip))
        spent["all"].append(cpu_s(all_, clip))
    single, library = (statistics.median(spent[name]) for name in ("one", "all"))
    steps = len(clip.joints) * len(all_.yaws_deg)
    note = f"{clip.duration_s:.0f} s of movement, {_size(whole)}"
    yield Measured("screen.one", clip.duration_s / single, note=note)
    yield Measured("screen.library", clip.duration_s / library)
    yield Measured("screen.step", library / steps * 1e6)


def recording(times: int) -> Clip:
    """Every move of the synthetic performer, so many times over, as a recording of joints."""
    performance = Performance(tuple(MOVES), Body(dance_m=0.02))
    joints = np.array([joints_of(performance.pose(t)) for t in np.arange(0.0, performance.duration_s, 1.0 / FPS)])
    return clip_of_joints(np.tile(joints, (times, 1, 1)), FPS, Clip("made", "moves"))


def cpu_s(screen: Screen, clip: Clip) -> float:
    """Processor seconds of one clip in all yaws."""
    before = time.process_time()
    screen.clip(clip)
    return time.process_time() - before


def _size(library: Library) -> str:
    return f"{len(library.gestures)} gestures"
