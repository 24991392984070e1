"""Pieces that several figures stand on: frames of the demo performer, libraries of any size, a gate with open tables.

The tables are handed to the constructors: no setting of the project opens them.
"""

import itertools
from dataclasses import replace

import numpy as np

from airdeck.assembly import read_library
from airdeck.events import Act, Event, EventKind
from airdeck.gestures.library import Condition, Gesture, Library, library_of
from airdeck.pipeline import Pipeline
from bridges.sources.performer import Body, Performance
from dynamics.body import VirtualCamera
from dynamics.frames import PoseFrame
from safety.commands import CommandClass, CommandRow, DeckRule
from safety.gate import K11Gate
from safety.limits import Burst, LimitRow
from safety.types import Permit, Profile, Sink, SinkClass, SinkHealth

FPS = 30
NS_PER_S = 1_000_000_000
MORE = ("elbow_y", "wrist_speed", "elbow_flexion", "shoulder_elevation", "trunk_pitch", "wrist_x", "trunk_travel", "wrist_seen")
"""Features that the made gestures ask for beside those of the raise."""
OPEN_BURST = Burst(100_000, 1)


def pose_frames(count: int, seed: int = 1) -> list[PoseFrame]:
    """A performer, seen from head to foot, who dances with the arms down: every frame moves, no gesture completes."""
    performance = Performance(
        ("rest",) * (count // FPS + 1), Body(camera=VirtualCamera(distance_m=3.6), dance_m=0.08), gap_s=0.1
    )
    return list(itertools.islice(performance.frames(FPS, seed), count))


def library(count: int) -> Library:
    """`count` gestures made from the baseline raises: each with bounds of its own and a feature more."""
    base = read_library(1).gestures
    return library_of(tuple(made(base[n % 2], n) for n in range(count)), "bench")


def made(base: Gesture, n: int) -> Gesture:
    shifted = tuple(replace(c, enter_above=c.enter_above + 0.001 * n) for c in base.conditions)
    extra = Condition(MORE[n // 2 % len(MORE)], enter_above=-90.0 + 0.01 * n)
    return replace(base, id=f"{base.id}_{n}", conditions=(*shifted, extra))


def open_gate(gestures: Library, press_ms: int) -> tuple[dict[str, CommandRow], K11Gate]:
    """A gate for rehearsals that knows the commands of these gestures and never lets them cool: (commands, gate)."""
    commands = {
        g.command: CommandRow(g.command, g.deck, CommandClass.PRESS, DeckRule.NONE, press_ms=press_ms)
        for g in gestures.gestures
    }
    row = LimitRow(profiles=frozenset({Profile.REHEARSE}), burst=OPEN_BURST, min_confidence=0.01)
    gate = K11Gate(Profile.REHEARSE, commands=commands, limits=dict.fromkeys(commands, row), burst_all=OPEN_BURST)
    return commands, gate


class DryDeck:
    """A pipeline with a dry-run sink, armed, and the events of a performer whose frames lead to no proposal."""

    def __init__(self, gestures: Library, frames: list[PoseFrame], count: int) -> None:
        self.permits: list[Permit] = []
        gate = K11Gate(Profile.DRY_RUN)
        sink = Sink("dry-run", SinkClass.DRY_RUN)
        self.pipeline = Pipeline(gate, gestures, (sink,), lambda _name, permit, _now_ns: self.permits.append(permit))
        self.pipeline.warm_up()
        self.pipeline.step(Event(1, 1, EventKind.WARM, flag=True))
        self.pipeline.step(Event(2, 2, EventKind.SINK, name="dry-run", sink_health=SinkHealth(True)))
        self.pipeline.step(Event(3, 3, EventKind.HUMAN, act=Act.ARM, by="bench"))
        self.events = [self._arrival(n, frames[n % len(frames)]) for n in range(count)]

    def _arrival(self, n: int, frame: PoseFrame) -> Event:
        t_ns = NS_PER_S + n * NS_PER_S // FPS
        frame = replace(frame, capture_ns=t_ns, recv_ns=t_ns, seq=n)
        return Event(4 + n, t_ns + 100_000, EventKind.ARRIVAL, stream="camera", frame=frame)


def stacked(frames: list[PoseFrame]) -> tuple[np.ndarray, np.ndarray, float]:
    """(images float32 (N, 1, 33, 4), worlds float32 (N, 1, 33, 3), aspect)."""
    first = frames[0]
    images = np.ascontiguousarray(np.stack([f.image for f in frames]), dtype=np.float32)
    worlds = np.ascontiguousarray(np.stack([f.world for f in frames]), dtype=np.float32)
    return images, worlds, first.width_px / first.height_px
