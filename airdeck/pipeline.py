"""The step: sample, build, detect, propose, decide, emit. Every use of AirDeck runs this one.

It never awaits, logs, or raises on data; time comes with each event; replay is the same events in the same order.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dynamics import kernels
from dynamics.builder import Dynamics128Builder
from dynamics.calibration import LEVEL, Calibration
from dynamics.frames import DeckSample, ImuSample, MocapFrame, PoseFrame, SourceKind, WatchSample
from dynamics.schema import COORDINATES
from safety.gate import K11Gate
from safety.types import ArmState, Health, Permit, Sink, SinkHealth, Transition, Verdict

from .events import Event, EventKind, GestureEvent, Outcome
from .gestures.library import Library
from .gestures.propose import propose
from .gestures.recognizer import Recognizer
from .streams import StreamMonitor

TICK_NS = 20_000_000
"""Housekeeping at the latest this long after an event."""
FLAT_NS = 1_000_000_000
"""The same coordinates in new frames for this long is a flat vector: a held pose still trembles."""
STILL = {"camera": 6e-4, "mocopi": 0.0}
"""What counts as the same, by driver, in torso lengths and radians. Landmarks of a still body tremble by 0.02; frozen ones
still creep by up to 0.0005 while the torso's length is learnt. mocopi learns nothing, and may tremble by very little."""
LATENCIES = 512
BODY_STREAMS = ("camera", "mocopi")
NS_PER_MS = 1e6

Emit = Callable[[str, Permit, int], None]
"""(sink name, permit, now_ns): hands a permit to its sink, without waiting."""


class Pipeline:
    """One performer, one gate, any number of sinks. `outcome` and `health` are reused: read them before the next step."""

    def __init__(
        self, gate: K11Gate, library: Library, sinks: Sequence[Sink], emit: Emit, calibration: Calibration = LEVEL
    ) -> None:
        self.gate = gate
        self.library = library
        self.health = Health()
        self.outcome = Outcome()
        self.builder = Dynamics128Builder(calibration)
        self.recognizer = Recognizer(library)
        self.monitor = StreamMonitor(health=self.health.streams)
        self.health.sinks.update({sink.name: SinkHealth() for sink in sinks})
        self._sinks = tuple(sinks)
        self._emit = emit
        self.record: Callable[[Verdict], None] = _unrecorded
        """Told of each verdict before its permit goes anywhere: no command leaves without its decision on record."""
        self._kinds: dict[str, SourceKind] = {}
        self._hand_overs = 0
        self._last_z = np.full(COORDINATES, np.nan, dtype=np.float32)
        self._changed_ns = 0
        self._now_ns = 0
        self._latency_ns = np.zeros(LATENCIES, dtype=np.int64)
        self._steps = 0
        self._capture_ns = 0

    @property
    def vector(self) -> np.ndarray:
        """float32 (128,), overwritten by the next frame."""
        return self.builder.vector

    @property
    def valid(self) -> np.ndarray:
        """uint8 (128,): which slots hold a value."""
        return self.builder.valid

    @property
    def producer(self) -> str:
        return self.builder.producer

    @property
    def arm_state(self) -> ArmState:
        return self.gate.state

    def valid_hex(self) -> str:
        """The mask of valid slots, 32 hex digits."""
        return self.builder.valid_hex()

    def warm_up(self) -> None:
        """Compile and touch every path before anything may be armed."""
        self.builder.warm_up()
        for step in range(2):
            self.recognizer.step(self.vector, self.valid, 1 + step)
        kernels.same_and_keep(self.vector, self._last_z, 0.0)
        self.recognizer = Recognizer(self.library)
        self._last_z[:] = np.nan

    def step(self, event: Event) -> Outcome:
        """One input. Answers what it led to."""
        outcome, now_ns = self.outcome, event.t_ns
        outcome.built = False
        outcome.gestures.clear()
        outcome.verdicts.clear()
        outcome.transitions.clear()
        self._now_ns = now_ns
        if event.kind is EventKind.ARRIVAL:
            self._arrival(event)
        else:
            self._note(event)
        self.monitor.judge(now_ns)
        self._follow(self.gate.observe(self.health, now_ns), now_ns)
        if outcome.gestures:
            self._decide(event)
        return outcome

    def next_deadline_ns(self) -> int:
        """When a TICK is due at the latest."""
        return self._now_ns + TICK_NS

    def _arrival(self, event: Event) -> None:
        frame, builder, now_ns = event.frame, self.builder, event.t_ns
        if frame is None or not self.monitor.update(event.stream, frame.capture_ns, frame.recv_ns or now_ns):
            return
        if frame.kind is SourceKind.NETWORK_POSE:
            return  # advice: heard, shown and recorded, but it drives nothing
        self._kinds[event.stream] = frame.kind
        capture_ns = frame.capture_ns if frame.capture_ns < now_ns else now_ns  # a stamp of the future is of now
        if isinstance(frame, PoseFrame):
            self._built(event, capture_ns, builder.on_pose(frame, now_ns), builder.driver == "camera")
        elif isinstance(frame, MocapFrame):
            self._built(event, capture_ns, builder.on_mocap(frame, now_ns), builder.driver == "mocopi")
        elif isinstance(frame, ImuSample):
            builder.on_imu(frame, now_ns)
        elif isinstance(frame, WatchSample):
            builder.on_watch(frame, now_ns)
        elif isinstance(frame, DeckSample):
            builder.on_deck(frame, now_ns)

    def _built(self, event: Event, capture_ns: int, built: bool, drives: bool) -> None:
        """A driving frame was read: run the gestures on what it said, also when it said "nobody"."""
        if not drives:
            return
        builder, health = self.builder, self.health
        health.performer_seen = builder.performer_seen
        health.second_person = builder.second_person
        self.outcome.built = built
        if builder.hand_overs != self._hand_overs:
            self._hand_overs = builder.hand_overs
            self.recognizer.cancel()
        if built:
            self._flatness(capture_ns)
        self._capture_ns = capture_ns
        self._latency_ns[self._steps % LATENCIES] = event.t_ns - capture_ns
        self._steps += 1
        if self.recognizer.step(self.vector, self.valid, capture_ns):
            self.outcome.gestures.extend(
                self.recognizer.events(event.seq, event.t_ns, capture_ns, self.vector, valid=self.valid, driver=event.stream)
            )

    def _flatness(self, capture_ns: int) -> None:
        health = self.health
        health.vector_finite = self.builder.is_finite()
        if not kernels.same_and_keep(self.vector, self._last_z, STILL[self.builder.driver]) or self._changed_ns == 0:
            self._changed_ns = capture_ns
        health.vector_flat = capture_ns - self._changed_ns >= FLAT_NS

    def _note(self, event: Event) -> None:
        """An input that is no frame."""
        health, kind = self.health, event.kind
        if kind is EventKind.TICK:
            self.builder.tick(event.t_ns)
        elif kind is EventKind.HUMAN and event.act is not None:
            self._follow(self.gate.act(event.act.value, event.t_ns, event.by), event.t_ns)
        elif kind is EventKind.RESTORED:
            self._follow(self.gate.restore_latched(event.t_ns), event.t_ns)
        elif kind is EventKind.SINK and event.sink_health is not None:
            health.sinks[event.name] = event.sink_health
        elif kind is EventKind.LAG:
            health.lagging = event.flag
        elif kind is EventKind.RECORDER:
            health.decisions_written = event.flag
        elif kind is EventKind.WARM:
            health.warm = event.flag

    def _follow(self, transition: Transition | None, now_ns: int) -> None:
        """The arm state changed: leaving "armed" cancels what is in flight and releases what is held."""
        if transition is None:
            return
        self.outcome.transitions.append(transition)
        if transition.after is ArmState.ARMED:
            return
        self.recognizer.cancel()
        for command, sink in self.gate.held():
            self._conclude(self.gate.neutral(command, sink, now_ns), sink, now_ns)

    def _decide(self, event: Event) -> None:
        for gesture_event in self.outcome.gestures:
            if gesture_event.phase == "completed":
                self._decide_one(gesture_event, event)

    def _decide_one(self, found: GestureEvent, event: Event) -> None:
        gesture = self.library.by_id[found.gesture]
        if gesture.act:
            self._follow(self.gate.act(gesture.act, event.t_ns, "gesture"), event.t_ns)
        if not gesture.command:
            return  # observed, shown and recorded; it asks for nothing
        proposal = propose(found, gesture, self.vector, event.stream, self._evidence_kinds(event.stream))
        for sink in self._sinks:
            self._conclude(self.gate.decide(proposal, sink, self.health, event.t_ns), sink, event.t_ns)

    def _conclude(self, verdict: Verdict, sink: Sink, now_ns: int) -> None:
        """Record the decision, then let its permit go."""
        self.outcome.verdicts.append(verdict)
        self.record(verdict)
        if verdict.permit is not None:
            self._emit(sink.name, verdict.permit, now_ns)

    def _evidence_kinds(self, driver: str) -> tuple[str, ...]:
        """Kinds of the body streams that the vector rests on, the driver's first."""
        others = (s for s in self._kinds if s != driver and s in BODY_STREAMS and self.monitor.alive(s))
        return tuple(dict.fromkeys(self._kinds[stream].value for stream in (driver, *others)))

    def status(self) -> dict[str, Any]:
        """For the table and the page. Not for the step's path."""
        known = self._latency_ns[: min(self._steps, LATENCIES)]
        p50, p99 = np.percentile(known, (50, 99)) / NS_PER_MS if known.size else (0.0, 0.0)
        return {
            "arm_state": self.arm_state.value,
            "profile": self.gate.profile.value,
            "driver": self.builder.driver,
            "performer_seen": self.health.performer_seen,
            "streams": self.monitor.status(self._now_ns),
            "in_flight": [{"gesture": g, "done": round(share, 2)} for g, share in self.recognizer.progress(self._capture_ns)],
            "latency_ms": {"p50": round(float(p50), 3), "p99": round(float(p99), 3)},
        }


def _unrecorded(_verdict: Verdict) -> None:
    """Self-play and tests read the outcome instead."""
