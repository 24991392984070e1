"""Stick figures of the moves that the synthetic performers make: what the sheet shows is what self-play proves."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dynamics.body import Proportions
from dynamics.skeleton import Joint

from ..selfplay.stage.actor import OTHER, Actor, Style
from ..selfplay.stage.tracks import BUILDER_TORSO
from ..selfplay.stage.vocabulary import BODY, HANDS
from .marks import BLACK, WHITE, Dot, Line, Mark, Point, Words

SEED = 7
REST_S, PICTURES_HZ = 0.2, 60.0
LEAST_WAY = 0.1
"""Torso lengths: a hand that moves less than this in a stroke has no path."""
OFF_FLOOR = 0.1
TILT_RAD = 0.2
"""The reader looks down a little, so that a hand before the chest is not on the chest."""
TO_AND_FRO, THIN = 1.8, 0.15
"""A way this much longer than it reaches, and this thin, is one to and fro."""
WRISTS = {"left": Joint.L_WRIST, "right": Joint.R_WRIST}

FAINT, PATH, TRUNK_FILL = "#b4b4b4", "#b3261e", "#ececec"
LIMB_MM, FAINT_MM, PATH_MM, HALO_MM, HEAD_MM, HAND_MM = 1.1, 0.7, 0.55, 1.05, 2.6, 1.0
ARROW_MM, ARROW_WIDE, CLEAR_MM = 2.4, 0.44, 0.5
"""Length of an arrow head, half its width over that, and how far its tip stays off the hand it points to."""
SHORT_MM, BOTH_WAYS_MM = 3.6, 5.0
"""A shorter way is drawn beside the hand, where there is room; and the least length of one to and fro."""
RING_MM, LABEL_MM = 2.0, 2.1
LEGS = ((Joint.L_HIP, Joint.L_KNEE, Joint.L_ANKLE), (Joint.R_HIP, Joint.R_KNEE, Joint.R_ANKLE))
ARMS = ((Joint.L_SHOULDER, Joint.L_ELBOW, Joint.L_WRIST), (Joint.R_SHOULDER, Joint.R_ELBOW, Joint.R_WRIST))
TRUNK = (Joint.L_SHOULDER, Joint.R_SHOULDER, Joint.R_HIP, Joint.L_HIP)
SOLE = 0.12
"""How far the floor is under an ankle, torso lengths."""


@dataclass(frozen=True, slots=True)
class Path:
    """Where a hand, or the head, goes: (N, 2). `both_ways`: to and fro."""

    points: np.ndarray
    joint: Joint
    both_ways: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A move as in a mirror, torso lengths: x to the reader's right, y up from the floor. `rest` and `end` (14, 2)."""

    rest: np.ndarray
    end: np.ndarray
    before: tuple[Path, ...]
    """How the hands get to where the stroke begins."""
    stroke: tuple[Path, ...]


def performed(move: str) -> bool:
    """Whether a synthetic performer knows this move."""
    return move in HANDS or move in BODY


def figure(move: str, side: str = "left") -> Figure | None:
    """A move by its name; None when no performer knows it."""
    actor = _acted(move, side)
    if actor is None:
        return None
    stroke_s, starts = actor.meant[-1].stroke_s, _starts(actor)
    begin_s = max(starts.values(), default=REST_S)
    t_s = np.arange(0.0, stroke_s + 0.5 / PICTURES_HZ, 1.0 / PICTURES_HZ)
    body = Proportions()
    joints = actor.motion().joints(t_s, body) / (BUILDER_TORSO * body.torso)
    first, last = round(begin_s * PICTURES_HZ), _last(joints)
    near = joints - joints[:, Joint.NECK, None]
    moving = [wrist for wrist in WRISTS.values() if _reach(near[first : last + 1, wrist]) > LEAST_WAY]
    seen = _as_in_a_mirror(joints)
    if not moving:
        moving, first = [Joint.HEAD], round(REST_S * PICTURES_HZ)
    way_there = round(REST_S * PICTURES_HZ)
    before = [Path(seen[way_there : first + 1, joint], joint) for joint in moving if first > way_there]
    stroke = tuple(_path(seen[first : last + 1, joint], joint) for joint in moving)
    return Figure(seen[0], seen[last], tuple(before), stroke)


def _acted(move: str, side: str) -> Actor | None:
    actor = Actor(Style(wobble=0.0), np.random.default_rng(SEED))
    actor.hold(REST_S)
    actor.begin()
    if move in HANDS:
        HANDS[move](actor, side)
    elif move in BODY:
        BODY[move](actor)
    else:
        return None
    actor.end(move, move)
    return actor


def _starts(actor: Actor) -> dict[str, float]:
    """When each hand set out for where the stroke ends."""
    stroke_s = actor.meant[-1].stroke_s
    found = {}
    for side, hand in actor.hands.items():
        starts = [row.start_s for row in hand.rows if row.start_s < stroke_s - 1e-6]
        if starts:
            found[side] = starts[-1]
    return found


def _last(joints: np.ndarray) -> int:
    """The picture that shows the move: the highest of a jump, else where the stroke ends."""
    rise = joints[:, Joint.L_ANKLE, 1] - joints[0, Joint.L_ANKLE, 1]
    return int(rise.argmax()) if rise.max() > OFF_FLOOR else len(joints) - 1


def _reach(places: np.ndarray) -> float:
    return float(np.linalg.norm(places - places[0], axis=1).max())


def _as_in_a_mirror(joints: np.ndarray) -> np.ndarray:
    """(N, 14, 3) to (N, 14, 2), the resting body in the middle and its soles on the floor."""
    c, s = math.cos(TILT_RAD), math.sin(TILT_RAD)
    seen = np.stack([-joints[..., 0], c * joints[..., 1] - s * joints[..., 2]], axis=-1)
    return np.asarray(seen - (seen[0, Joint.NECK, 0], min(seen[0, Joint.L_ANKLE, 1], seen[0, Joint.R_ANKLE, 1]) - SOLE))


def _path(points: np.ndarray, joint: Joint) -> Path:
    """The way itself, or its two ends when it goes to and fro on a line."""
    centred = points - points.mean(axis=0)
    _, size, axes = np.linalg.svd(centred, full_matrices=False)
    along = centred @ axes[0]
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    if size[1] > THIN * size[0] or length < TO_AND_FRO * float(np.ptp(along)):
        return Path(points, joint)
    return Path(points[[int(along.argmin()), int(along.argmax())]], joint, both_ways=True)


def clutch_hand(side: str) -> Joint:
    """The wrist that holds the clutch of a gesture of this side."""
    return WRISTS[OTHER[side]]


class Pen:
    """Draws figures at a place of a page: `floor` in mm, so many mm a torso length."""

    def __init__(self, floor: Point, scale: float) -> None:
        self.floor, self.scale = floor, scale

    def at(self, place: np.ndarray) -> Point:
        return (self.floor[0] + self.scale * float(place[0]), self.floor[1] - self.scale * float(place[1]))

    def figure(self, shown: Figure, clutch: Joint | None = None) -> Iterator[Mark]:
        """Rest faint, end bold, the paths with their arrow heads, hands on top; the clutch hand in a ring."""
        yield Line((self.at(np.array([-0.75, 0.0])), self.at(np.array([0.75, 0.0]))), 0.2, FAINT)
        yield from self._body(shown.rest, FAINT, FAINT_MM, "")
        yield from (Line(self._points(path.points), 0.35, PATH, dash=(0.9, 1.1)) for path in shown.before)
        yield from self._body(shown.end, BLACK, LIMB_MM, TRUNK_FILL)
        for path in shown.stroke:
            yield from self._arrow(path, self.at(shown.end[Joint.NECK])[1])
        yield from (Dot(self.at(shown.end[wrist]), HAND_MM, 0.35, WHITE, BLACK) for wrist in WRISTS.values())
        if clutch is not None:
            x, y = self.at(shown.end[clutch])
            yield Dot((x, y), RING_MM, 0.45, BLACK)
            yield Words((x + RING_MM + 0.6, y - 1.2), "clutch", LABEL_MM)

    def _points(self, places: np.ndarray) -> tuple[Point, ...]:
        return tuple(self.at(place) for place in places)

    def _body(self, joints: np.ndarray, ink: str, width: float, fill: str) -> Iterator[Mark]:
        for leg in LEGS:
            yield Line(self._points(joints[list(leg)]), width, ink)
        yield Line(self._points(joints[list(TRUNK)]), width, ink, fill=fill, closed=True)
        yield Line(self._points(joints[[Joint.NECK, Joint.HEAD]]), width, ink)
        yield Dot(self.at(joints[Joint.HEAD]), HEAD_MM, width, ink, WHITE if fill else "")
        for arm in ARMS:
            yield Line(self._points(joints[list(arm)]), width, ink)
            yield Dot(self.at(joints[arm[-1]]), 0.7 * HAND_MM, fill=ink)

    def _arrow(self, path: Path, shoulders_mm: float) -> Iterator[Mark]:
        points = _clear(path, np.array(self._points(path.points)), shoulders_mm)
        heads = [_head(points)] + ([_head(points[::-1])] if path.both_ways else [])
        shaft = tuple((float(x), float(y)) for x, y in points)
        yield Line(shaft, HALO_MM, WHITE)
        yield Line(shaft, PATH_MM, PATH)
        for head in heads:
            yield Line(head, 0.5, WHITE, fill=PATH, closed=True)


def _clear(path: Path, points: np.ndarray, shoulders_mm: float) -> np.ndarray:
    """A way in mm that ends before the hand or head. A short one is moved beside it: off the shoulders, or to the right."""
    radius = (HEAD_MM if path.joint == Joint.HEAD else HAND_MM) + CLEAR_MM
    away = np.linalg.norm(points - points[-1], axis=1)
    if not path.both_ways and away.max() > radius + SHORT_MM:
        return points[: np.flatnonzero(away > radius)[-1] + 1]
    if path.both_ways:
        middle = points.mean(axis=0)
        points = middle + (points - middle) * max(1.0, BOTH_WAYS_MM / max(float(away.max()), 1e-6))
    along = points[-1] - points[0]
    across = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-9)
    down = 1.0 if points[-1, 1] > shoulders_mm else -1.0
    if (down * across[1], across[0]) < (0.0, 0.0):
        across = -across
    return np.asarray(points + (radius + 2.0 * CLEAR_MM) * across)


def _head(points: np.ndarray) -> tuple[Point, ...]:
    """The arrow head at the end of a way, in mm: it points the way that the last stretch of its own length goes."""
    tip = points[-1]
    away = np.linalg.norm(points - tip, axis=1)
    size = min(ARROW_MM, 0.6 * float(away.max()))
    tail = points[np.flatnonzero(away >= size)[-1]]
    forward = (tip - tail) / max(float(np.linalg.norm(tip - tail)), 1e-9)
    base, across = tip - size * forward, ARROW_WIDE * size * np.array([-forward[1], forward[0]])
    return tuple((float(x), float(y)) for x, y in (tip, base + across, base - across))
