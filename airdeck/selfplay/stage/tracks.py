"""What moves: hands and trunk as rows over time, read at any times at once.

A row leads from one value to another with minimum jerk, straight or in an arc about the shoulder, and may go round
meanwhile. All rows of a track are evaluated together, so a frame costs a few microseconds at any length.
"""

from dataclasses import dataclass, field

import numpy as np

from dynamics.body import TRUNK, Proportions
from dynamics.reach import joints_of_reach

HAND, HAND_COLUMNS = 3, 6
"""A hand's place (outwards, up, towards the audience; torso lengths from mid-shoulder), then the hint of its elbow."""
SHOULDER_OUT = 0.39
"""Where a shoulder is from mid-shoulder, torso lengths: arcs go about it."""
TWO_PI = 2.0 * np.pi
BUILDER_TORSO = 0.92
"""The builder's torso length over neck to mid-hip (`kernels.SCALE_RATIO`): places are said as the vector says them."""


def minimum_jerk(share: np.ndarray) -> np.ndarray:
    """0..1 -> 0..1 with no speed and no acceleration at both ends."""
    return np.asarray(share**3 * (10.0 + share * (6.0 * share - 15.0)))


def ramped(share: np.ndarray, ramp: np.ndarray) -> np.ndarray:
    """0..1 -> 0..1 at an even speed, with this share of the time to gain it and to lose it."""
    early, late = np.minimum(share, ramp), np.maximum(share - 1.0 + ramp, 0.0)
    even = np.clip(share - ramp, 0.0, 1.0 - 2.0 * ramp)
    return np.asarray((early**2 / (2.0 * ramp) + even + late - late**2 / (2.0 * ramp)) / (1.0 - ramp))


@dataclass(frozen=True, slots=True)
class Row:
    """From `a` to `b` between two times; round `turns` times by u sin + v (1 - cos) on the way."""

    start_s: float
    end_s: float
    a: tuple[float, ...]
    b: tuple[float, ...]
    arc: bool = False
    u: tuple[float, ...] = ()
    v: tuple[float, ...] = ()
    turns: float = 0.0
    ramp: float = 0.15


@dataclass(slots=True)
class Track:
    """Rows in order of time. The last value stays."""

    rest: tuple[float, ...]
    rows: list[Row] = field(default_factory=list)

    def at(self, t_s: np.ndarray) -> np.ndarray:
        """(N,) times to (N, columns) values."""
        rows = self.rows or [Row(-1.0, 0.0, self.rest, self.rest)]
        width = len(self.rest)
        starts = np.array([row.start_s for row in rows])
        at = np.maximum(np.searchsorted(starts, t_s, side="right") - 1, 0)
        lasts = np.array([max(row.end_s - row.start_s, 1e-6) for row in rows])
        share = np.clip((t_s - starts[at]) / lasts[at], 0.0, 1.0)
        a, b = (np.array([getattr(row, name) for row in rows])[at] for name in ("a", "b"))
        even = minimum_jerk(share)
        values = a + (b - a) * even[:, None]
        _bow(values, a, b, even, np.array([row.arc for row in rows])[at])
        turning = np.array([row.turns for row in rows])
        if turning.any():
            u, v = (np.array([padded(getattr(row, name), width) for row in rows])[at] for name in ("u", "v"))
            angle = TWO_PI * turning[at] * ramped(share, np.array([row.ramp for row in rows])[at])
            values += u * np.sin(angle)[:, None] + v * (1.0 - np.cos(angle))[:, None]
        return np.asarray(values)


def padded(values: tuple[float, ...], width: int) -> tuple[float, ...]:
    """With zeros behind, `width` long."""
    return values + (0.0,) * (width - len(values))


def _bow(values: np.ndarray, a: np.ndarray, b: np.ndarray, share: np.ndarray, arc: np.ndarray) -> None:
    """Lead the places of rows that go in an arc about the shoulder: direction and distance change evenly."""
    which = np.flatnonzero(arc)
    if not len(which):
        return
    start, stop, s = a[which, :HAND] - (SHOULDER_OUT, 0.0, 0.0), b[which, :HAND] - (SHOULDER_OUT, 0.0, 0.0), share[which, None]
    near, far = (np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-6) for x in (start, stop))
    cosine = np.sum(start / near * (stop / far), axis=1, keepdims=True)
    angle = np.arccos(np.clip(cosine, -0.9999, 1.0))
    sine = np.sin(angle)
    bent = (np.sin((1.0 - s) * angle) * start / near + np.sin(s * angle) * stop / far) / np.maximum(sine, 1e-6)
    bent *= near + (far - near) * s
    straight = sine[:, 0] < 1e-3
    bent[straight] = (start + (stop - start) * s)[straight]
    bent[:, 0] += SHOULDER_OUT
    values[which, :HAND] = bent


@dataclass(frozen=True, slots=True)
class Dance:
    """What the whole body does all the while: breath, a bounce and a sway to the beat, in torso lengths and radians."""

    bpm: float = 120.0
    bounce: float = 0.0
    sway: float = 0.0
    twist_rad: float = 0.0
    arms: float = 0.0
    """How far resting hands swing with it."""


BREATH_HZ, BREATH = 0.25, 0.008


@dataclass(slots=True)
class Motion:
    """One performance as tracks: the joints at any times."""

    hands: tuple[Track, Track]
    trunk: Track
    dance: Dance = field(default_factory=Dance)
    duration_s: float = 0.0

    def joints(self, t_s: np.ndarray, body: Proportions, seated: bool = False) -> np.ndarray:
        """(N, 14, 3) metres in the room."""
        unit_m = BUILDER_TORSO * body.torso
        wrists = np.stack([hand.at(t_s) for hand in self.hands], axis=1)
        beat = TWO_PI * self.dance.bpm / 60.0 * t_s
        swing = np.sin(0.5 * beat)[:, None] * np.array([self.dance.arms, 0.3 * self.dance.arms, 0.7 * self.dance.arms])
        wrists[:, 0, :HAND] += swing
        wrists[:, 1, :HAND] -= swing * (1.0, -1.0, 1.0)
        trunk = self.trunk.at(t_s)
        trunk[:, 0] += self.dance.sway * np.sin(0.5 * beat)
        trunk[:, 1] += BREATH * np.sin(TWO_PI * BREATH_HZ * t_s) - 0.5 * self.dance.bounce * (1.0 - np.cos(beat))
        trunk[:, :3] *= unit_m
        trunk[:, 3] += self.dance.twist_rad * np.sin(0.25 * beat)
        if seated:
            trunk[:, 6] = 1.0
        return joints_of_reach(wrists[:, :, :HAND], wrists[:, :, HAND:], trunk, unit_m, body)


TRUNK_REST = (0.0,) * len(TRUNK)
