"""The recogniser: a library compiled to tables, run over each new vector by one kernel.

`step` allocates nothing unless a gesture completes, is released or is cancelled.
"""

import itertools
import math

import numpy as np

from dynamics import kernels as k
from dynamics.schema import INDEX

from ..events import GestureEvent
from .features import Feature, resolve
from .library import SIDES, Condition, Gesture, Library

PHASES = {k.E_COMPLETED: "completed", k.E_RELEASED: "released", k.E_CANCELLED: "cancelled"}
WHEN = {"always": k.ALWAYS, "start": k.AT_START, "finish": k.AT_FINISH}
NS = 1e-9
I_WRIST_CONF = {side: INDEX[f"conf_{letter}_wrist"] for side, letter in SIDES.items()}
I_HEAD_SEEN, I_LOCK = INDEX["head_seen"], INDEX["performer_lock"]


class Recognizer:
    """State of every gesture of a library. Times come from the vectors' capture stamps."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.gestures: tuple[Gesture, ...] = library.gestures
        self._names: list[tuple[str, str]] = []
        self._conditions: list[Condition] = []
        table: list[tuple[int, int, int]] = []
        params: list[tuple[float, float]] = []
        condition: list[tuple[int, int]] = []
        bounds: list[tuple[float, float, float, float]] = []
        first = [0]
        for gesture in self.gestures:
            for c in gesture.conditions:
                feature, slots = resolve(c.feature, SIDES[gesture.side])
                at = self._feature(feature, slots, table, params)
                condition.append((at, WHEN[c.at]))
                bounds.append(_outward(c, feature, gesture.side, c.feature.startswith("other.")))
                self._conditions.append(c)
            first.append(len(condition))
        self._table = np.array(table, dtype=np.int64).reshape(-1, 3)
        self._params = np.array(params, dtype=np.float64).reshape(-1, 2)
        self._condition = np.array(condition, dtype=np.int64).reshape(-1, 2)
        self._bounds = np.array(bounds, dtype=np.float64).reshape(-1, 4)
        self._first = np.array(first, dtype=np.int64)
        self._timing = np.array([(g.hold_ms / 1e3, g.release_ms / 1e3, g.window_ms / 1e3) for g in self.gestures]).reshape(
            -1, 3
        )
        features, count = len(table), len(self.gestures)
        self.values = np.zeros(features)
        self.seen = np.zeros(features, dtype=np.uint8)
        self._memory = np.zeros((features, 2))
        self._ring = np.zeros((features, k.TRAVEL_RING, 3))
        self.phase = np.zeros(count, dtype=np.int64)
        self.clock = np.zeros((count, 2))
        self._events = np.zeros(count, dtype=np.int64)
        self._why = np.zeros(count, dtype=np.int64)
        spans = itertools.pairwise(first)
        self._evidence = [[(self._conditions[c].feature, condition[c][0]) for c in range(a, b)] for a, b in spans]
        """Of each gesture: the names and numbers of the features it rests on."""
        self._epoch_ns = 0
        self.reset()

    def _feature(
        self, feature: Feature, slots: tuple[str, ...], table: list[tuple[int, int, int]], params: list[tuple[float, float]]
    ) -> int:
        places = [INDEX[slot] for slot in slots]
        row = (k.FEATURE_KINDS.index(feature.kind), places[0], places[-1])
        param = (feature.level, feature.window_s)
        for i, known in enumerate(table):
            if known == row and params[i] == param:
                return i
        table.append(row)
        params.append(param)
        return len(table) - 1

    def reset(self) -> None:
        """Forget everything: no gesture in flight, no arm seen down."""
        self._memory[:, 0] = math.nan
        self._memory[:, 1] = 0.0
        self._ring[:, :, 0] = -k.NEVER_S
        self.cancel()

    def cancel(self) -> None:
        """Drop the gestures in flight. A raised arm must come down before it counts again."""
        self.phase[:] = k.IDLE
        self.clock[:] = math.nan
        for f in range(self._table.shape[0]):
            if self._table[f, 0] == k.F_SINCE_BELOW:
                self._memory[f, 0] = math.nan

    def step(self, vector: np.ndarray, valid: np.ndarray, capture_ns: int) -> int:
        """Advance by one new vector; answers how many gestures completed, were released or cancelled."""
        if self._epoch_ns == 0:
            self._epoch_ns = capture_ns
        t = (capture_ns - self._epoch_ns) * NS
        k.read_features(vector, valid, t, self._table, self._params, self._memory, self._ring, self.values, self.seen)
        count: int = k.run_gestures(
            self.values, self.seen, t, self._first, self._condition, self._bounds, self._timing, self.phase, self.clock,
            self._events, self._why,
        )  # fmt: skip
        return count

    def events(self, seq: int, now_ns: int, capture_ns: int, vector: np.ndarray) -> list[GestureEvent]:
        """The events of the last step, each with the numbers it rested on."""
        found = []
        for g, event in enumerate(self._events.tolist()):
            if event == k.E_NONE:
                continue
            gesture, why, onset = self.gestures[g], self._why.item(g), self.clock.item(g, 0)
            found.append(
                GestureEvent(
                    seq=seq,
                    t_ns=now_ns,
                    gesture=gesture.id,
                    phase=PHASES[event],
                    deck=gesture.deck,
                    confidence=self.confidence(gesture, vector) if event == k.E_COMPLETED else 0.0,
                    onset_ns=self._epoch_ns + int(onset / NS) if math.isfinite(onset) else 0,
                    capture_ns=capture_ns,
                    evidence=self.evidence(g),
                    why=self._conditions[why].feature if event == k.E_CANCELLED and why >= 0 else "",
                )
            )
        return found

    def evidence(self, g: int) -> tuple[tuple[str, float], ...]:
        """Feature values of gesture number g, by the name its row uses."""
        values = self.values.tolist()
        return tuple([(name, values[feature]) for name, feature in self._evidence[g]])

    def confidence(self, gesture: Gesture, vector: np.ndarray) -> float:
        """How well it was seen: the least of wrist, head and performer lock."""
        wrist = I_WRIST_CONF[gesture.side]
        return min(float(vector[wrist]), float(vector[I_HEAD_SEEN]), float(vector[I_LOCK]))

    def progress(self, capture_ns: int) -> list[tuple[str, float]]:
        """Gestures in flight with the share of their hold that is done, for the display."""
        t = (capture_ns - self._epoch_ns) * NS
        holding = np.flatnonzero(self.phase == k.HOLDING)
        return [(self.gestures[g].id, min((t - self.clock[g, 0]) / max(self._timing[g, 0], 1e-6), 1.0)) for g in holding]


def _outward(c: Condition, feature: Feature, side: str, other: bool) -> tuple[float, float, float, float]:
    """Bounds (enter above, enter below, exit below, exit above) as the slot has them: x is flipped for the right side."""
    left = (side == "left") != other
    if feature.outward and not left:
        return (-c.enter_below, -c.enter_above, -c.exit_above, -c.exit_below)
    return (c.enter_above, c.enter_below, c.exit_below, c.exit_above)
