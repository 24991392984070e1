"""An armed pipeline that takes frames in the frames' own time, and keeps everything it answers."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from airdeck.events import Act, Event, EventKind, GestureEvent, Outcome
from airdeck.gestures.library import Library, load_library
from airdeck.pipeline import TICK_NS, Pipeline
from bridges.sources.performer import Body, Performance
from dynamics.body import joints_of, mocopi_of
from dynamics.calibration import LEVEL, Calibration
from dynamics.frames import MocapFrame, PoseFrame, SourceKind
from safety.gate import K11Gate
from safety.types import Permit, Profile, Sink, SinkClass, SinkHealth, Transition, Verdict

LIBRARY = load_library(Path(__file__).resolve().parents[2] / "config" / "gestures.toml").tier(1)
"""What is active unless the settings say more."""
SINK = Sink("kept", SinkClass.RECORDING, rehearsal=True)
MS = 1_000_000
NS_PER_S = 1_000_000_000
START_NS = NS_PER_S
DELAY_NS = 20 * MS
"""From capture to arrival: what a pose worker needs on two cores."""


class Deck:
    """`take` steps one frame; `inputs`, `sent`, `events`, `verdicts` and `transitions` grow.

    Without its `opening` it is neither warm nor connected nor armed: for inputs that hold all that themselves.
    `order` tells what was recorded and what was sent, as it happened: ("recorded" | "sent", number of the decision).
    """

    def __init__(
        self,
        library: Library = LIBRARY,
        *,
        profile: Profile = Profile.REHEARSE,
        sinks: tuple[Sink, ...] = (SINK,),
        calibration: Calibration = LEVEL,
        gate: K11Gate | None = None,
        arm: bool = True,
        opening: bool = True,
        start_ns: int = START_NS,
    ) -> None:
        self.sent: list[tuple[str, Permit, int]] = []
        self.events: list[GestureEvent] = []
        self.verdicts: list[Verdict] = []
        self.transitions: list[Transition] = []
        self.inputs: list[Event] = []
        self.order: list[tuple[str, int]] = []
        self.seq = 0
        self.pipeline = Pipeline(gate or K11Gate(profile), library, sinks, self._keep, calibration)
        self.pipeline.record = self._record
        if not opening:
            return
        self.step(start_ns, EventKind.WARM, flag=True)
        for sink in sinks:
            self.step(start_ns, EventKind.SINK, name=sink.name, sink_health=SinkHealth(connected=True))
        if arm:
            self.step(start_ns, EventKind.HUMAN, act=Act.ARM, by="test")

    def _keep(self, sink: str, permit: Permit, now_ns: int) -> None:
        self.sent.append((sink, permit, now_ns))
        self.order.append(("sent", permit.decision_seq))

    def _record(self, verdict: Verdict) -> None:
        self.order.append(("recorded", verdict.seq))

    def step(self, t_ns: int, kind: EventKind, **what: Any) -> Outcome:
        self.seq += 1
        return self.enter(Event(self.seq, t_ns, kind, **what))

    def enter(self, event: Event) -> Outcome:
        """One input as it is: also one that another deck was given."""
        self.inputs.append(event)
        outcome = self.pipeline.step(event)
        self.events += outcome.gestures
        self.verdicts += outcome.verdicts
        self.transitions += outcome.transitions
        return outcome

    def take(self, frame: PoseFrame | MocapFrame, stream: str = "", delay_ns: int = DELAY_NS) -> Outcome:
        name = stream or ("camera" if isinstance(frame, PoseFrame) else "mocopi")
        return self.step(frame.capture_ns + delay_ns, EventKind.ARRIVAL, stream=name, frame=frame)

    def play(self, frames: Iterable[PoseFrame | MocapFrame]) -> "Deck":
        for frame in frames:
            self.take(frame)
        return self

    def act(self, act: Act, t_ns: int) -> Outcome:
        """A person acts."""
        return self.step(t_ns, EventKind.HUMAN, act=act, by="test")

    def wait(self, from_ns: int, until_ns: int) -> "Deck":
        """Nothing but housekeeping happens."""
        for t_ns in range(from_ns, until_ns, TICK_NS):
            self.step(t_ns, EventKind.TICK)
        return self

    @property
    def commands(self) -> list[str]:
        """What was permitted, in order."""
        return [permit.command for _, permit, _ in self.sent]

    @property
    def completed(self) -> list[str]:
        return [event.gesture for event in self.events if event.phase == "completed"]


def performed(*moves: str, body: Body | None = None, fps: float = 30.0, seed: int = 1) -> list[PoseFrame]:
    """What a camera says of these moves, after two seconds of rest in which the gate earns its trust."""
    return list(Performance(("rest", "rest", *moves, "rest"), body or Body()).frames(fps, seed, START_NS))


def worn(*moves: str, fps: float = 60.0, seed: int = 1) -> list[MocapFrame]:
    """What mocopi says of the same, in the same time; the skin trembles by a millimetre."""
    performance = Performance(("rest", "rest", *moves, "rest"), Body())
    rng, frames = np.random.default_rng(seed), []
    for n in range(int(performance.duration_s * fps)):
        joints = joints_of(performance.pose(n / fps)) + rng.normal(0.0, 0.001, (14, 3))
        t_ns = START_NS + int(n / fps * NS_PER_S)
        frames.append(MocapFrame(t_ns, t_ns, n, *mocopi_of(joints)))
    return frames


def of_kind(kind: SourceKind, frames: Iterable[PoseFrame | MocapFrame]) -> list[PoseFrame | MocapFrame]:
    """The same frames as another kind of evidence."""
    return [replace(frame, kind=kind) for frame in frames]


def nobody(frame: PoseFrame) -> PoseFrame:
    """The same picture with nobody in it."""
    return replace(frame, image=frame.image[:0], world=frame.world[:0])


def in_time(*streams: Iterable[PoseFrame | MocapFrame]) -> list[PoseFrame | MocapFrame]:
    """Several streams as they arrive."""
    return sorted((frame for stream in streams for frame in stream), key=lambda frame: frame.capture_ns)
