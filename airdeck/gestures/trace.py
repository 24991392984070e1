"""What a phrase needs to remember while a gesture is held: how it began, when its hand came to rest, whether it repeats.

Followed after each step. One in which no gesture changes its phase and none waits for rest costs a copy and a comparison.
"""

import math

import numpy as np

from dynamics import kernels as k
from dynamics.schema import COORDINATES, SLOTS

from .phrasing import Onset

REPEAT_S = 4.0
"""The same gesture again within this time is a repetition."""

BEFORE_S = 0.5
"""How long before its onset a gesture is taken to have come from: a quick stroke's length."""
PAST = 64
"""Vectors kept: a second at 60 a second."""

Finish = tuple[tuple[int, float, float], ...]
"""The conditions that count at the finish: (feature, above, below)."""


class Trace:
    """One row per gesture of the library; times in the recogniser's seconds."""

    def __init__(
        self, finishes: list[Finish], phase: np.ndarray, clock: np.ndarray, values: np.ndarray, seen: np.ndarray
    ) -> None:
        """`phase` (G,), `clock` (G, 2), `values` and `seen` (F,) are the recogniser's own arrays, read and never written."""
        count = len(finishes)
        self._finishes, self._phase, self._clock, self._values_now, self._seen = finishes, phase, clock, values, seen
        self._past = np.zeros((PAST, SLOTS), dtype=np.float32)
        self._past_t = [-math.inf] * PAST
        self._newest = 0
        self._before = np.zeros((count, COORDINATES), dtype=np.float32)
        self._vectors = np.zeros((count, SLOTS), dtype=np.float32)
        self._values = np.zeros((count, values.size))
        self._stroke = [math.nan] * count
        self._moving: list[int] = []
        """Gestures that are held and have not come to rest."""
        self._last_end = [-math.inf] * count
        self._repeats = [0] * count
        self._phases = b""

    def forget(self) -> None:
        """No gesture is in flight."""
        self._phases = b""
        self._moving.clear()

    def follow(self, vector: np.ndarray, t: float) -> None:
        """One step has run."""
        self._newest = newest = (self._newest + 1) % PAST
        self._past[newest] = vector
        self._past_t[newest] = t
        phases = self._phase.tobytes()
        if phases != self._phases:
            self._phases = phases
            self._begin(vector, t)
        if self._moving:
            self._rest(t)

    def _begin(self, vector: np.ndarray, t: float) -> None:
        holding = np.flatnonzero(self._phase == k.HOLDING).tolist()
        before = self._before_row(t)
        for g in holding:
            if self._clock.item(g, 0) == t:
                self._before[g] = self._past[before, :COORDINATES]
                self._vectors[g] = vector
                self._values[g] = self._values_now
                self._stroke[g] = math.nan
        self._moving[:] = [g for g in holding if self._finishes[g] and math.isnan(self._stroke[g])]

    def _rest(self, t: float) -> None:
        value, seen = self._values_now.item, self._seen.item
        for g in tuple(self._moving):
            if all(seen(f) and above < value(f) < below for f, above, below in self._finishes[g]):
                self._stroke[g] = t
                self._moving.remove(g)

    def _before_row(self, t: float) -> int:
        """The oldest vector of the last `BEFORE_S`."""
        row = self._newest
        while 0.0 < t - self._past_t[row - 1] <= BEFORE_S:
            row -= 1
        return row

    def onset(self, g: int) -> Onset:
        """What was seen when gesture g began."""
        return Onset(self._before[g].tolist(), self._vectors[g].tolist(), self._values[g])

    def stroke(self, g: int, end: float) -> float:
        """When its hand came to rest; `end` when the row does not ask, or only that frame showed it."""
        return end if math.isnan(self._stroke[g]) else self._stroke[g]

    def repeat(self, g: int, end: float) -> int:
        """Gesture g completed at `end`: how often it had right before."""
        self._repeats[g] = self._repeats[g] + 1 if end - self._last_end[g] <= REPEAT_S else 0
        self._last_end[g] = end
        return self._repeats[g]
