"""One performance through the pipeline and the gate, and what became of each gesture that was meant."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dynamics.frames import Frame
from safety.gate import K11Gate
from safety.types import ArmState, Permit, Profile, Sink, SinkClass, SinkHealth

from ..events import Act, Event, EventKind
from ..events import Outcome as StepOutcome
from ..gestures.library import Kind, Library
from ..pipeline import Pipeline
from .screen import Verdict, judged, open_tables
from .stage.actor import Meant
from .stage.clip import Clip
from .stage.sensors import mocopi_frames, watch_samples

NS_PER_S = 1_000_000_000
DELAYS_NS = {"camera": 20_000_000, "mocopi": 50_000_000, "watch": 80_000_000}
"""From capture to arrival."""
TICK_NS = 50_000_000
LATE_S = 0.5
"""A decision this long after a move's end still belongs to it."""
SETTLED_S = 2.5
"""Before this nothing is counted: the gate wants good data first."""
SINK = Sink("selfplay", SinkClass.RECORDING, rehearsal=True)
COUNTS = frozenset({Verdict.PERMITTED, Verdict.NO_COMMAND})
"""A gesture with one of these has had its way; `NO_COMMAND` rows ask for nothing, or act on the gate itself."""


@dataclass(slots=True)
class Completed:
    """A gesture that the recogniser completed, and what the gate said."""

    t_s: float
    gesture: str
    deck: int
    verdict: Verdict
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Trial:
    """One gesture that was meant. `found`: the recogniser completed it; `hit`: it had its way, in time."""

    meant: Meant
    clip: str
    found: bool = False
    hit: bool = False
    latency_ms: float = float("nan")
    """From the end of the stroke (of a pose: of its hold) to the picture that completed it."""
    others: list[Completed] = field(default_factory=list)
    """What else was completed meanwhile."""
    wrong_deck: int = 0


@dataclass(slots=True)
class Result:
    """One clip: its trials, and what was completed while nothing was meant."""

    clip: str
    scenario: str
    hours: float
    trials: list[Trial] = field(default_factory=list)
    false: list[tuple[Completed, str]] = field(default_factory=list)
    """Each with the move that had begun last."""
    verdicts: dict[str, int] = field(default_factory=dict)
    """Reasons of the gate, and `permitted`."""
    steps: int = 0
    armed: int = 0
    suspended: int = 0
    """How often."""
    disarmed: int = 0


class Stage:
    """The rig that plays clips. One library; every clip gets a pipeline of its own."""

    def __init__(self, library: Library, sensors: tuple[str, ...] = ()) -> None:
        self.library, self.sensors = library, sensors
        self._commands, self._limits = open_tables(library)
        self._pipeline().warm_up()

    def _pipeline(self) -> Pipeline:
        gate = K11Gate(Profile.REHEARSE, commands=self._commands, limits=self._limits)
        return Pipeline(gate, self.library, (SINK,), _kept_nowhere)

    def play(self, clip: Clip) -> Result:
        """A whole clip, and its trials judged."""
        result = Result(clip.id, clip.id.partition("/")[0], clip.duration_s / 3600.0)
        completed: list[Completed] = []
        pipeline, now_ns = self._pipeline(), clip.start_ns
        _open(pipeline, now_ns)
        for seq, (arrival_ns, stream, frame) in enumerate(self._arrivals(clip), start=1):
            for t_ns in range(now_ns + 2 * TICK_NS, arrival_ns, TICK_NS):
                _note(pipeline, pipeline.step(Event(0, t_ns, EventKind.TICK)), result, t_ns)
            now_ns = max(now_ns, arrival_ns)
            outcome = pipeline.step(Event(seq, now_ns, EventKind.ARRIVAL, stream, frame))
            if outcome.gestures:
                completed += _completed(outcome, clip.start_ns)
            if outcome.transitions:
                _note(pipeline, outcome, result, now_ns)
            if stream == "camera" and frame.capture_ns - clip.start_ns > SETTLED_S * NS_PER_S:
                result.steps += 1
                result.armed += pipeline.gate.state is ArmState.ARMED
        for one in completed:
            for reason in one.reasons or (one.verdict.value,):
                result.verdicts[reason] = result.verdicts.get(reason, 0) + 1
        judge(clip, completed, self.library, result)
        return result

    def _arrivals(self, clip: Clip) -> Iterator[tuple[int, str, Frame]]:
        streams: list[tuple[str, Iterable[Frame]]] = [("camera", clip.frames())]
        if "mocopi" in self.sensors:
            streams.append(("mocopi", mocopi_frames(clip)))
        if "watch" in self.sensors:
            streams.append(("watch", watch_samples(clip)))
        timed = [_arriving(name, frames) for name, frames in streams]
        return heapq.merge(*timed, key=lambda arrival: arrival[0]) if len(timed) > 1 else iter(timed[0])


def _arriving(stream: str, frames: Iterable[Frame]) -> Iterator[tuple[int, str, Frame]]:
    return ((frame.capture_ns + DELAYS_NS[stream], stream, frame) for frame in frames)


def judge(clip: Clip, completed: list[Completed], library: Library, result: Result) -> None:
    """Match what was completed with what was meant. What the library does not know, nobody can find."""
    left = [c for c in completed if c.t_s > SETTLED_S or c.verdict in COUNTS]
    for meant in clip.meant:
        mine = [c for c in left if meant.start_s <= c.t_s <= meant.end_s + LATE_S]
        left = [c for c in left if c not in mine]
        row = library.by_id.get(meant.gesture)
        trial = Trial(meant, clip.id)
        right = [c for c in mine if c.gesture == meant.gesture]
        trial.others = [c for c in mine if c.gesture != meant.gesture and _discrete(library, c.gesture)]
        trial.wrong_deck = sum(c.verdict is Verdict.PERMITTED and c.deck != row.deck for c in trial.others) if row else 0
        if right and row is not None:
            trial.found, trial.hit = True, any(c.verdict in COUNTS for c in right)
            held_s = row.hold_ms / 1e3 if row.kind is Kind.POSTURE else 0.0
            trial.latency_ms = (right[0].t_s - meant.stroke_s - held_s) * 1e3
        if row is not None and row.kind is not Kind.CONTINUOUS:
            result.trials.append(trial)
        else:
            result.false += [(c, meant.gesture) for c in trial.others]
    result.false += [(c, clip.move_at(c.t_s)) for c in left if _discrete(library, c.gesture)]


def _discrete(library: Library, gesture: str) -> bool:
    row = library.by_id.get(gesture)
    return row is None or row.kind is not Kind.CONTINUOUS


def _open(pipeline: Pipeline, now_ns: int) -> None:
    for event in (
        Event(0, now_ns, EventKind.WARM, flag=True),
        Event(0, now_ns, EventKind.SINK, name=SINK.name, sink_health=SinkHealth(connected=True)),
        Event(0, now_ns, EventKind.HUMAN, act=Act.ARM, by="selfplay"),
    ):
        pipeline.step(event)


def _note(pipeline: Pipeline, outcome: StepOutcome, result: Result, now_ns: int) -> None:
    """Count suspensions; arm again what was disarmed or stopped."""
    result.suspended += sum(t.after is ArmState.SUSPENDED for t in outcome.transitions)
    state = pipeline.arm_state
    if state in (ArmState.DISARMED, ArmState.STOPPED):
        result.disarmed += 1
        if state is ArmState.STOPPED:
            pipeline.gate.reset(now_ns, "selfplay")
        pipeline.gate.arm(now_ns, "selfplay")


def _completed(outcome: StepOutcome, start_ns: int) -> Iterator[Completed]:
    for event in outcome.gestures:
        if event.phase == "completed":
            verdict, reasons = judged(event, outcome)
            yield Completed((event.capture_ns - start_ns) / NS_PER_S, event.gesture, event.deck, verdict, reasons)


def _kept_nowhere(_name: str, _permit: Permit, _now_ns: int) -> None:
    """The verdicts say it all."""
