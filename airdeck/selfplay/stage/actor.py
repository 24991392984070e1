"""An actor writes a performance: where the hands go next, how long that takes, what it means.

Lengths in torso lengths, places from mid-shoulder (outwards, up, towards the audience), times in seconds.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from dynamics.body import TRUNK
from dynamics.reach import ELBOW_HINT

from .tracks import HAND, TRUNK_REST, Dance, Motion, Row, Track

Place = tuple[float, float, float]
SIDES = ("left", "right")
OTHER = {"left": "right", "right": "left"}
HANGING: Place = (0.50, -1.07, 0.12)
"""A hand beside the thigh."""


@dataclass(frozen=True, slots=True)
class Style:
    """How somebody moves. `pace` 0 slow .. 1 snappy, `size` 0 small .. 1 large, `wobble` how exact places are."""

    pace: float = 0.5
    size: float = 0.5
    wobble: float = 0.02
    dance: Dance = field(default_factory=Dance)
    seated: bool = False


@dataclass(frozen=True, slots=True)
class Meant:
    """A gesture that is meant: when the move began, when its stroke (or the reach of a pose) ended, when it was over."""

    gesture: str
    start_s: float
    stroke_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Played:
    """One move as it was played, meant or not."""

    move: str
    start_s: float
    end_s: float


class Actor:
    """The hands, the trunk and the time of one performance in the making."""

    def __init__(self, style: Style, rng: np.random.Generator) -> None:
        self.style, self.rng, self.t = style, rng, 0.0
        rest = (*HANGING, *ELBOW_HINT)
        self.hands = {side: Track(rest) for side in SIDES}
        self.body = Track(TRUNK_REST)
        self._now: dict[str, tuple[float, ...]] = dict.fromkeys(SIDES, rest)
        self._trunk = TRUNK_REST
        self.meant: list[Meant] = []
        self.played: list[Played] = []
        self._begun_s = self._struck_s = 0.0

    # ---- how long, how far ----

    def lasts(self, snappy_s: float, slow_s: float) -> float:
        """A time between two, by the actor's pace."""
        share = np.clip(1.0 - self.style.pace + self.rng.normal(0.0, 0.08), 0.0, 1.0)
        return float(snappy_s + (slow_s - snappy_s) * share)

    def far(self, small: float, large: float) -> float:
        """A length between two, by the actor's size of movement."""
        share = np.clip(self.style.size + self.rng.normal(0.0, 0.08), 0.0, 1.0)
        return float(small + (large - small) * share)

    @property
    def beat_s(self) -> float:
        return 60.0 / self.style.dance.bpm

    def on_beat(self) -> None:
        """Wait for the next beat."""
        self.t = float(np.ceil(self.t / self.beat_s - 1e-6)) * self.beat_s

    # ---- moving ----

    def hand(self, side: str, place: Place, s: float, *, hint: Place = ELBOW_HINT, line: bool = False) -> None:
        """Send a hand to a place within `s` from now, in an arc or straight. The time does not move on."""
        wobble = self.rng.normal(0.0, self.style.wobble, HAND)
        goal = (*(float(x) for x in np.asarray(place) + wobble), *hint)
        self.hands[side].rows.append(Row(self.t, self.t + s, self._now[side], goal, arc=not line))
        self._now[side] = goal

    def go(self, s: float, places: dict[str, Place], hint: Place = ELBOW_HINT, line: bool = False) -> None:
        """Send hands to their places and be there."""
        for side, place in places.items():
            self.hand(side, place, s, hint=hint, line=line)
        self.t += s

    def hold(self, s: float) -> None:
        self.t += s

    def swing(self, side: str, u: Place, turns: float, s: float, *, v: Place = (0.0, 0.0, 0.0), ramp: float = 0.15) -> None:
        """Let a hand go round or to and fro about where it is. The time does not move on."""
        now = self._now[side]
        self.hands[side].rows.append(Row(self.t, self.t + s, now, now, u=u, v=v, turns=turns, ramp=ramp))
        c, n = 1.0 - math.cos(2.0 * math.pi * turns), math.sin(2.0 * math.pi * turns)
        self._now[side] = (*(now[i] + u[i] * n + v[i] * c for i in range(HAND)), *now[HAND:])

    def trunk(self, s: float, **columns: float) -> None:
        """Bring the trunk into a pose (columns of `body.TRUNK`; those not named are neutral) and be there."""
        goal = tuple(float(columns.get(name, 0.0)) for name in TRUNK)
        self.body.rows.append(Row(self.t, self.t + s, self._trunk, goal))
        self._trunk = goal
        self.t += s

    def rest(self, s: float | None = None) -> None:
        """Hands down, trunk upright."""
        s = self.lasts(0.35, 0.6) if s is None else s
        for side in SIDES:
            self.hand(side, HANGING, s)
        if self._trunk != TRUNK_REST:
            self.body.rows.append(Row(self.t, self.t + s, self._trunk, TRUNK_REST))
            self._trunk = TRUNK_REST
        self.t += s

    # ---- meaning ----

    def begin(self) -> None:
        self._begun_s = self._struck_s = self.t

    def struck(self) -> None:
        """The stroke ends here, or the pose is reached."""
        self._struck_s = self.t

    def end(self, move: str, gesture: str = "") -> None:
        self.played.append(Played(move, self._begun_s, self.t))
        if gesture:
            self.meant.append(Meant(gesture, self._begun_s, self._struck_s, self.t))

    def motion(self) -> Motion:
        """All of it."""
        return Motion((self.hands["left"], self.hands["right"]), self.body, self.style.dance, self.t)
