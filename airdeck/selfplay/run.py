"""Self-play: synthetic performers through the very pipeline and gate, in virtual time, before any live key.

`quick_run` performs the active gestures and their near misses on a handful of bodies; what comes out of the gate is
compared with what was meant.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bridges.sources.performer import MOVES, Body, Performance
from dynamics.body import Proportions, VirtualCamera
from safety.gate import K11Gate
from safety.types import Permit, Profile, Sink, SinkClass, SinkHealth

from ..events import Act, Event, EventKind
from ..gestures.library import Library
from ..pipeline import Pipeline

FPS = 30.0
DELAY_NS = 20_000_000
"""From capture to arrival: what a pose worker needs on two cores."""
LATE_S = 0.5
"""A decision this long after a move's end still belongs to it."""
SETTLE_MOVES = ("rest", "rest", "rest")
"""The gate wants good data before it lets anything through."""
SINK = Sink("selfplay", SinkClass.RECORDING, rehearsal=True)
NS_PER_S = 1_000_000_000


@dataclass(slots=True)
class Score:
    """What became of one gesture's trials."""

    trials: int = 0
    hits: int = 0
    wrong_deck: int = 0
    false: int = 0
    latencies_ms: list[float] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.hits / self.trials if self.trials else 0.0


@dataclass(slots=True)
class Outcome:
    """A whole run: scores by gesture id, and the movement that led to each false decision."""

    scores: dict[str, Score]
    hours: float = 0.0
    false_moves: list[str] = field(default_factory=list)


def bodies(count: int, seed: int) -> Iterator[Body]:
    """Performers of different size, pace, camera and dance."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield Body(
            proportions=Proportions().scaled(rng.uniform(0.85, 1.15)),
            camera=VirtualCamera(distance_m=rng.uniform(2.4, 3.2), height_m=rng.uniform(1.0, 1.5)),
            tempo=rng.uniform(0.8, 1.3),
            dance_m=float(rng.choice((0.0, 0.02, 0.03))),
            bpm=rng.uniform(90.0, 140.0),
        )


def quick_run(library: Library, seed: int, performers: int) -> Outcome:
    """Every move once per performer, in an order of its own."""
    outcome = Outcome({gesture.id: Score() for gesture in library.gestures})
    for number, body in enumerate(bodies(performers, seed)):
        rng = np.random.default_rng((seed, number))
        moves = list(MOVES)
        rng.shuffle(moves)
        performance = Performance((*SETTLE_MOVES, *moves), body)
        decided = play(library, performance, seed=seed * 1000 + number)
        judge(performance, decided, outcome)
        outcome.hours += performance.duration_s / 3600.0
    return outcome


def play(library: Library, performance: Performance, seed: int) -> list[tuple[float, str]]:
    """One performance through a new, armed pipeline: (time in s, gesture id) of each permit."""
    gate = K11Gate(Profile.REHEARSE)
    pipeline = Pipeline(gate, library, (SINK,), _kept_nowhere)
    start_ns = NS_PER_S
    opening = (
        Event(0, start_ns, EventKind.WARM, flag=True),
        Event(0, start_ns, EventKind.SINK, name=SINK.name, sink_health=SinkHealth(connected=True)),
        Event(0, start_ns, EventKind.HUMAN, act=Act.ARM, by="selfplay"),
    )
    for event in opening:
        pipeline.step(event)
    decided: list[tuple[float, str]] = []
    for seq, frame in enumerate(performance.frames(FPS, seed, start_ns), start=1):
        outcome = pipeline.step(Event(seq, frame.capture_ns + DELAY_NS, EventKind.ARRIVAL, stream="camera", frame=frame))
        decided += [((v.t_ns - start_ns) / NS_PER_S, v.proposal.gesture) for v in outcome.verdicts if v.permitted]
    return decided


def judge(performance: Performance, decided: Sequence[tuple[float, str]], outcome: Outcome) -> None:
    """Match what was permitted with what was meant."""
    left = list(decided)
    for meant in performance.meant:
        score = outcome.scores.setdefault(meant.gesture, Score())
        score.trials += 1
        found = [d for d in left if meant.start_s <= d[0] <= meant.end_s + LATE_S]
        right = [d for d in found if d[1] == meant.gesture]
        if right:
            score.hits += 1
            score.latencies_ms.append((right[0][0] - meant.stroke_s) * 1e3)
            left.remove(right[0])
        wrong = [d for d in found if d[1] != meant.gesture]
        score.wrong_deck += len(wrong)
        for d in wrong:
            left.remove(d)
    for t_s, gesture in left:
        outcome.scores.setdefault(gesture, Score()).false += 1
        outcome.false_moves.append(f"{gesture} at {t_s:.2f} s, in or after {performance.move_at(t_s)}")


def _kept_nowhere(_name: str, _permit: Permit, _now_ns: int) -> None:
    """The verdicts say it all."""
