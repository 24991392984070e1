"""The moves that perform the gestures of the vocabulary, one function each.

A function acts one gesture on an actor from rest, marks where its stroke ends, and leaves the hands where they are: the
choreography brings them back. Times and places keep a margin inside what the vocabulary asks for.
"""

import math
from collections.abc import Callable

from dynamics.reach import ELBOW_HINT

from .actor import OTHER, SIDES, Actor, Place

HandMove = Callable[[Actor, str], None]
BodyMove = Callable[[Actor], None]

UP: Place = (0.38, 1.10, 0.10)
CLUTCH: Place = (0.66, 0.10, 0.30)
CHEST: Place = (0.06, -0.20, 0.48)
OUT: Place = (1.28, -0.05, 0.28)
WIDE: Place = (0.7, -0.6, 0.1)
"""An elbow that points outwards."""
OPEN: Place = (1.0, -0.2, 0.0)
CUES: dict[str, tuple[Place, Place]] = {
    "cue_a": ((-0.38, 0.00, 0.24), (0.5, -1.0, 0.4)),
    "cue_b": ((-0.46, -0.46, 0.20), (0.5, -1.0, 0.2)),
    "cue_c": ((-0.20, -0.95, 0.22), (0.8, -0.6, 0.0)),
    "cue_d": ((0.42, 0.06, 0.20), (0.8, -0.7, 0.4)),
}
"""Hand on the other shoulder, the other upper arm, the other hip, the own shoulder; and the way of the elbow."""


def both(place: Place) -> dict[str, Place]:
    """Both hands in the same place."""
    return dict.fromkeys(SIDES, place)


def clutch(a: Actor, side: str) -> None:
    """The other hand takes hold of the clutch and is still."""
    a.go(a.lasts(0.35, 0.6), {OTHER[side]: CLUTCH})
    a.hold(0.3)


def posed(a: Actor, s: float, places: dict[str, Place], held_s: float, hint: Place = ELBOW_HINT) -> None:
    """Go there, be there."""
    a.go(s, places, hint)
    a.struck()
    a.hold(held_s + a.lasts(0.2, 0.4))


def raise_(a: Actor, side: str) -> None:
    """Straight up over the head."""
    posed(a, a.lasts(0.35, 0.8), {side: UP}, 0.55)


def drop(a: Actor, side: str) -> None:
    """Under the clutch from the shoulder down: cue."""
    clutch(a, side)
    a.go(a.lasts(0.3, 0.45), {side: (0.55, 0.10, 0.35)})
    a.hold(0.25)
    a.go(a.lasts(0.22, 0.38), {side: (0.55, a.far(-0.75, -0.95), 0.25)}, line=True)
    a.struck()
    a.hold(0.3)


def swipe_out(a: Actor, side: str) -> None:
    """From the chest outwards."""
    a.go(a.lasts(0.35, 0.6), {side: CHEST})
    a.hold(a.lasts(0.22, 0.35))
    a.go(a.lasts(0.25, 0.42), {side: (a.far(1.15, 1.40), -0.05, 0.22)}, line=True)
    a.struck()
    a.hold(0.35)


def swipe_in(a: Actor, side: str) -> None:
    """From outwards to the chest."""
    a.go(a.lasts(0.4, 0.6), {side: (a.far(1.15, 1.38), -0.08, 0.22)})
    a.hold(a.lasts(0.22, 0.35))
    a.go(a.lasts(0.25, 0.42), {side: CHEST}, line=True)
    a.struck()
    a.hold(0.35)


def round_(a: Actor, side: str, centre: Place, radius: float, *, from_rad: float, sense: float, turns: float, s: float) -> None:
    """Round a centre in the frontal plane, from an angle (0 outwards, pi/2 up); sense 1 goes from outwards to up."""
    c, n = math.cos(from_rad), math.sin(from_rad)
    a.go(a.lasts(0.35, 0.6), {side: (centre[0] + radius * c, centre[1] + radius * n, centre[2])})
    a.hold(0.1)
    a.swing(side, (-sense * radius * n, sense * radius * c, 0.0), turns, s, v=(-radius * c, -radius * n, 0.0), ramp=0.10)
    a.hold(s)


def circle(a: Actor, side: str) -> None:
    """From the inner side up, outwards over the top, down, and back in."""
    start = math.pi + a.rng.uniform(-0.5, 0.5)
    round_(a, side, (0.72, -0.18, 0.42), a.far(0.30, 0.50), from_rad=start, sense=-1.0, turns=1.06, s=a.lasts(0.8, 1.3))
    a.struck()
    a.hold(0.35)


def uncircle(a: Actor, side: str) -> None:
    """From the inner side down, outwards below, up, and back in over the top."""
    start = math.pi + a.rng.uniform(-0.5, 0.5)
    round_(a, side, (0.72, -0.18, 0.42), a.far(0.30, 0.50), from_rad=start, sense=1.0, turns=1.06, s=a.lasts(0.8, 1.3))
    a.struck()
    a.hold(0.35)


def cue(name: str) -> HandMove:
    """A hand on a place of the own body."""
    place, hint = CUES[name]

    def move(a: Actor, side: str) -> None:
        posed(a, a.lasts(0.4, 0.65), {side: place}, 0.45, hint)

    return move


def ear(a: Actor, side: str) -> None:
    """Hand at the ear."""
    posed(a, a.lasts(0.4, 0.65), {side: (0.29, 0.38, 0.10)}, 0.6, WIDE)


def scratch(a: Actor, side: str) -> None:
    """Under the clutch to and fro before the body."""
    clutch(a, side)
    a.go(a.lasts(0.35, 0.5), {side: (0.28, -0.35, 0.50)})
    a.hold(0.15)
    s = 1.2
    a.swing(side, (0.5 * a.far(0.19, 0.31), 0.0, 0.0), a.lasts(3.8, 3.2) * s, s, ramp=0.08)
    a.hold(s)
    a.struck()
    a.hold(0.3)


def rewind(a: Actor, side: str) -> None:
    """Straight arm: up at the side, in over the head, down before the body."""
    round_(a, side, (0.45, 0.0, 0.25), 1.02, from_rad=-math.pi / 2 + 0.15, sense=1.0, turns=1.03, s=a.lasts(1.1, 1.5))
    a.struck()
    a.hold(0.3)


def next_(a: Actor, side: str) -> None:
    """Arm straight out."""
    posed(a, a.lasts(0.4, 0.7), {side: (1.52, 0.0, 0.08)}, 0.6)


def previous(a: Actor, side: str) -> None:
    """Arm out and half down."""
    posed(a, a.lasts(0.4, 0.7), {side: (1.19, -0.80, 0.08)}, 0.6)


def lean(a: Actor, side: str) -> None:
    """The trunk to that side."""
    a.trunk(a.lasts(0.4, 0.7), roll_rad=(1.0 if side == "left" else -1.0) * a.far(0.44, 0.52))
    a.struck()
    a.hold(0.65)


def slide(place: Place, u: Place) -> HandMove:
    """A continuous control: under the clutch the hand goes up and down (or to and fro) and comes back."""

    def move(a: Actor, side: str) -> None:
        clutch(a, side)
        a.go(0.5, {side: place})
        a.hold(0.3)
        s = a.lasts(2.5, 4.0)
        a.swing(side, u, 1.0, s, ramp=0.3)
        a.hold(s)
        a.struck()

    return move


# ---- both hands, and the body ----


def both_up(a: Actor) -> None:
    """Both arms straight up."""
    posed(a, a.lasts(0.4, 0.75), both(UP), 0.6)


def arms_crossed(a: Actor) -> None:
    """Wrists crossed before the chest."""
    posed(a, a.lasts(0.4, 0.65), both((-0.27, -0.24, 0.38)), 0.5, (0.6, -1.0, 0.1))


def pull(a: Actor, apart: float) -> None:
    """Hands together, then apart."""
    a.go(a.lasts(0.35, 0.6), both((0.07, -0.22, 0.48)))
    a.hold(0.3)
    a.go(a.lasts(0.28, 0.48), both((0.5 * apart, -0.20, 0.40)), line=True)
    a.struck()
    a.hold(0.4)


def pull_small(a: Actor) -> None:
    """Apart a little."""
    pull(a, a.far(0.72, 0.90))


def pull_big(a: Actor) -> None:
    """Apart as far as the arms go."""
    pull(a, a.far(1.85, 2.3))


def hands_on_head(a: Actor) -> None:
    """Both hands on the sides of the head."""
    posed(a, a.lasts(0.45, 0.7), both((0.22, 0.52, 0.06)), 0.6, OPEN)


def clap_overhead(a: Actor) -> None:
    """Hands meet twice over the head."""
    wide: Place = (0.34, 0.88, 0.20)
    a.go(a.lasts(0.4, 0.6), both(wide))
    s = a.lasts(0.18, 0.26)
    for _ in range(2):
        a.go(s, both((0.05, 0.92, 0.20)), line=True)
        a.struck()
        a.go(s, both(wide), line=True)


def arm_posture(a: Actor) -> None:
    """Both hands on the own shoulders."""
    place, hint = CUES["cue_d"]
    posed(a, a.lasts(0.4, 0.65), both(place), 0.7, hint)


def undo(a: Actor) -> None:
    """Palms together before the chest."""
    posed(a, a.lasts(0.4, 0.6), both((0.06, -0.28, 0.42)), 0.7, WIDE)


def recentre(a: Actor) -> None:
    """Elbows at shoulder height, forearms up."""
    posed(a, a.lasts(0.45, 0.7), both((1.02, 0.53, 0.05)), 0.7, (0.7, -1.0, 0.0))


def crouch(a: Actor) -> None:
    """Down into the knees."""
    a.trunk(a.lasts(0.45, 0.8), crouch=a.far(1.08, 1.2), pitch_rad=0.15)
    a.struck()
    a.hold(0.65)


def jump(a: Actor) -> None:
    """Off the floor."""
    a.trunk(0.22, crouch=0.35)
    a.trunk(0.22, y_m=a.far(0.32, 0.5))
    a.trunk(0.20, crouch=0.3)
    a.struck()
    a.trunk(0.25)


HANDS: dict[str, HandMove] = {
    "raise": raise_, "drop": drop, "swipe_out": swipe_out, "swipe_in": swipe_in, "circle": circle, "uncircle": uncircle,
    **{name: cue(name) for name in CUES}, "ear": ear, "scratch": scratch, "rewind": rewind, "next": next_,
    "previous": previous, "lean": lean,
    "filter": slide((0.70, -0.30, 0.35), (0.0, 0.35, 0.0)), "fader": slide((0.22, -0.40, 0.48), (0.0, 0.30, 0.0)),
    "crossfader": slide((0.45, -0.30, 0.48), (0.35, 0.0, 0.0)),
}  # fmt: skip
"""Gestures of one hand: performed as left.NAME and right.NAME."""
CONTINUOUS = ("filter", "fader", "crossfader")


def fx_depth(a: Actor) -> None:
    """Both hands apart and together again."""
    a.go(0.5, both((0.35, -0.25, 0.42)))
    a.hold(0.3)
    s = a.lasts(2.5, 4.0)
    for side in SIDES:
        a.swing(side, (0.25, 0.0, 0.0), 1.0, s, ramp=0.3)
    a.hold(s)
    a.struck()


BODY: dict[str, BodyMove] = {
    "both_up": both_up, "arms_crossed": arms_crossed, "pull_small": pull_small, "pull_big": pull_big,
    "hands_on_head": hands_on_head, "clap_overhead": clap_overhead, "arm_posture": arm_posture, "undo": undo,
    "recentre": recentre, "crouch": crouch, "jump": jump, "fx_depth": fx_depth,
}  # fmt: skip
"""Gestures of both hands or the whole body: performed under their own name."""
STANDING_ONLY = ("crouch", "jump")
