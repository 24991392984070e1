"""The recogniser: a library compiled to tables, run over each new vector by one kernel.

`step` allocates nothing unless a gesture completes, is released or is cancelled.
"""

import itertools
import math

import numpy as np

from dynamics import kernels as k
from dynamics.schema import INDEX

from ..events import GestureEvent
from .library import Gesture, Library, Step
from .phrase import Phrase, Timing
from .phrasing import NS_PER_MS, Moment, Phrasing
from .tables import Tables
from .trace import Trace

PHASES = {k.E_COMPLETED: "completed", k.E_RELEASED: "released", k.E_CANCELLED: "cancelled"}
NS = 1e-9
I_WRIST_CONF: dict[str, tuple[int, ...]] = {"left": (INDEX["conf_l_wrist"],), "right": (INDEX["conf_r_wrist"],)}
I_WRIST_CONF["both"] = I_WRIST_CONF["left"] + I_WRIST_CONF["right"]
I_HEAD_SEEN, I_LOCK = INDEX["head_seen"], INDEX["performer_lock"]


class Recognizer:
    """State of every gesture of a library. Times come from the vectors' capture stamps."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.gestures: tuple[Gesture, ...] = library.gestures
        made = Tables()
        first = [0, *(made.add(gesture.conditions, gesture.side) for gesture in self.gestures)]
        steps: list[Step] = []
        step_of, step_first = [0], [first[-1]]
        for gesture in self.gestures:
            for step in gesture.before:
                steps.append(step)
                step_first.append(made.add(step.conditions, gesture.side))
            step_of.append(len(steps))
        self._conditions = made.conditions
        self._table = np.array(made.table, dtype=np.int64).reshape(-1, 3)
        self._params = np.array(made.params, dtype=np.float64).reshape(-1, 2)
        self._condition = np.array(made.condition, dtype=np.int64).reshape(-1, 2)
        self._bounds = np.array(made.bounds, dtype=np.float64).reshape(-1, 4)
        self._first = np.array(first, dtype=np.int64)
        self._timing = np.array([(g.hold_ms, g.release_ms, g.window_ms) for g in self.gestures]).reshape(-1, 3) / 1e3
        self._step_of, self._step_first = np.array(step_of, dtype=np.int64), np.array(step_first, dtype=np.int64)
        self._step_timing = np.array([(s.hold_ms, s.within_ms) for s in steps], dtype=np.float64).reshape(-1, 2) / 1e3
        features, count = len(made.table), len(self.gestures)
        self.values = np.zeros(features)
        self.seen = np.zeros(features, dtype=np.uint8)
        self._memory = np.zeros((features, k.FEATURE_MEMORY))
        self._ring = np.zeros((features, k.TRAVEL_RING, 3))
        self.phase = np.zeros(count, dtype=np.int64)
        self.clock = np.zeros((count, 2))
        self.steps_done = np.zeros(count, dtype=np.int64)
        self._step_clock = np.zeros((len(steps), 2))
        self._ready = np.zeros(count, dtype=np.uint8)
        self._events = np.zeros(count, dtype=np.int64)
        self._why = np.zeros(count, dtype=np.int64)
        spans = list(itertools.pairwise(first))
        self._evidence = [[(made.conditions[c].feature, made.condition[c][0]) for c in range(a, b)] for a, b in spans]
        """Of each gesture: the names and numbers of the features it rests on."""
        self._phrasing = [Phrasing(g, features) for g, features in zip(self.gestures, self._evidence, strict=True)]
        finishes = [made.finish(a, b) for a, b in spans]
        self._trace = Trace(finishes, self.phase, self.clock, self.values, self.seen)
        self._epoch_ns = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything: no gesture in flight, no arm seen down."""
        self._memory[:, 0] = math.nan
        self._memory[:, 1] = 0.0
        self._memory[:, 2] = -k.NEVER_S
        self._ring[:, :, 0] = -k.NEVER_S
        self.cancel()

    def cancel(self) -> None:
        """Drop the gestures in flight. A raised arm must come down before it counts again."""
        self.phase[:] = k.IDLE
        self.clock[:] = math.nan
        self.steps_done[:] = 0
        self._step_clock[:] = math.nan
        self._trace.forget()
        for f in range(self._table.shape[0]):
            if self._table[f, 0] == k.F_SINCE_BELOW:
                self._memory[f, 0] = math.nan

    def step(self, vector: np.ndarray, valid: np.ndarray, capture_ns: int) -> int:
        """Advance by one new vector; answers how many gestures completed, were released or cancelled."""
        if self._epoch_ns == 0:
            self._epoch_ns = capture_ns
        t = (capture_ns - self._epoch_ns) * NS
        count: int = k.run_library(
            vector, valid, t, self._table, self._params, self._memory, self._ring, self.values, self.seen,
            self._first, self._condition, self._bounds, self._timing, self.phase, self.clock, self._events, self._why,
            self._step_of, self._step_first, self._step_timing, self.steps_done, self._step_clock, self._ready,
        )  # fmt: skip
        self._trace.follow(vector, t)
        return count

    def events(
        self, seq: int, now_ns: int, capture_ns: int, vector: np.ndarray, *, valid: np.ndarray, driver: str
    ) -> list[GestureEvent]:
        """The events of the last step, each with the numbers it rested on. `driver` names the stream of that step."""
        found, events = [], self._events.tolist()
        moment = Moment(vector.tolist(), valid.tolist(), driver) if k.E_COMPLETED in events else None
        for g, event in enumerate(events):
            if event == k.E_NONE:
                continue
            gesture, why, onset_ns = self.gestures[g], self._why.item(g), self._ns(self.clock.item(g, 0))
            evidence, confidence, phrase = self.evidence(g), 0.0, None
            if moment is not None and event == k.E_COMPLETED:
                confidence = self.confidence(gesture, vector)
                phrase = self._phrase(g, moment, now_ns, capture_ns, confidence=confidence, values=evidence)
            found.append(
                GestureEvent(
                    seq=seq,
                    t_ns=now_ns,
                    gesture=gesture.id,
                    phase=PHASES[event],
                    deck=gesture.deck,
                    confidence=confidence,
                    onset_ns=onset_ns,
                    capture_ns=capture_ns,
                    evidence=evidence,
                    why=self._conditions[why].feature if event == k.E_CANCELLED and why >= 0 else "",
                    phrase=phrase,
                )
            )
        return found

    def _phrase(
        self, g: int, moment: Moment, now_ns: int, capture_ns: int, *, confidence: float, values: tuple[tuple[str, float], ...]
    ) -> Phrase:
        began, end = self.clock.item(g, 0), (capture_ns - self._epoch_ns) * NS
        timing = Timing(
            onset_ns=self._ns(began),
            stroke_ns=self._ns(self._trace.stroke(g, end)),
            end_ns=capture_ns,
            held_ms=(end - began) * 1e3,
            delay_ms=(now_ns - capture_ns) / NS_PER_MS,
        )
        onset, repeats = self._trace.onset(g), self._trace.repeat(g, end)
        return self._phrasing[g].phrase(moment, onset, timing, confidence=confidence, repeats=repeats, values=values)

    def _ns(self, t: float) -> int:
        """Seconds since the first vector as a capture stamp; 0 when it never was."""
        return self._epoch_ns + round(t / NS) if math.isfinite(t) else 0

    def evidence(self, g: int) -> tuple[tuple[str, float], ...]:
        """Feature values of gesture number g, by the name its row uses."""
        values = self.values.tolist()
        return tuple([(name, values[feature]) for name, feature in self._evidence[g]])

    def confidence(self, gesture: Gesture, vector: np.ndarray) -> float:
        """How well it was seen: the least of wrist, head and performer lock."""
        wrists = [float(vector[slot]) for slot in I_WRIST_CONF[gesture.side]]
        return min(*wrists, float(vector[I_HEAD_SEEN]), float(vector[I_LOCK]))

    def progress(self, capture_ns: int) -> list[tuple[str, float]]:
        """Gestures in flight with the share of their hold that is done, for the display."""
        t = (capture_ns - self._epoch_ns) * NS
        holding = np.flatnonzero(self.phase == k.HOLDING)
        return [(self.gestures[g].id, min((t - self.clock[g, 0]) / max(self._timing[g, 0], 1e-6), 1.0)) for g in holding]
