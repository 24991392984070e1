"""Near misses: what must not be taken for a gesture of the vocabulary. At least one for each, named GESTURE~WHY."""

import math
from functools import partial

from dynamics.reach import ELBOW_HINT

from .actor import HANGING, OTHER, SIDES, Actor, Place
from .vocabulary import BODY, CHEST, CLUTCH, CUES, HANDS, OPEN, OUT, UP, WIDE, BodyMove, HandMove, both, clutch, round_

TOUCH_S = 0.03
"""Too short for any hold."""


def brief(places: Place, hint: Place | None = None) -> HandMove:
    """There and away at once."""

    def move(a: Actor, side: str) -> None:
        a.go(a.lasts(0.28, 0.40), {side: places}, hint or ELBOW_HINT)
        a.hold(TOUCH_S)
        a.go(a.lasts(0.28, 0.36), {side: HANGING})

    return move


def brief_both(place: Place, hint: Place | None = None) -> BodyMove:
    """Both hands there and away at once."""

    def move(a: Actor) -> None:
        for side in SIDES:
            a.hand(side, place, 0.36, hint=hint or ELBOW_HINT)
        a.hold(0.36 + TOUCH_S)
        a.go(0.32, both(HANGING))

    return move


def held(place: Place, s: float = 0.9, hint: Place | None = None) -> HandMove:
    """Long enough, somewhere else."""

    def move(a: Actor, side: str) -> None:
        a.go(a.lasts(0.35, 0.5), {side: place}, hint or ELBOW_HINT)
        a.hold(s)

    return move


def held_both(place: Place) -> BodyMove:
    """Both hands long enough, somewhere else."""

    def move(a: Actor) -> None:
        a.go(0.45, both(place))
        a.hold(0.9)

    return move


def one_on_head(a: Actor) -> None:
    """Only one hand on the head."""
    a.go(0.5, {"left": (0.22, 0.52, 0.06)}, OPEN)
    a.hold(0.8)


def low_claps(a: Actor) -> None:
    """Two claps before the chest."""
    one_clap(a, -0.2)
    one_clap(a, -0.2)


def raise_beside(a: Actor, side: str) -> None:
    """The other arm is up as well."""
    a.go(0.4, {OTHER[side]: (0.78, 0.30, 0.30)})
    a.hold(0.2)
    a.go(0.4, {side: UP})
    a.hold(0.8)


def drop(a: Actor, side: str, *, clutched: bool, to: float, s: float) -> None:
    """From the shoulder down, as told."""
    if clutched:
        clutch(a, side)
    a.go(0.4, {side: (0.55, 0.10, 0.35)})
    a.hold(0.25)
    a.go(s, {side: (0.55, to, 0.25)}, line=True)
    a.hold(0.3)


def swipe(a: Actor, side: str, start: Place, stop: Place, s: float, *, held_s: float = 0.35) -> None:
    """A hand goes from here to there, as told."""
    a.go(0.45, {side: start})
    a.hold(0.25)
    a.go(s, {side: stop}, line=True)
    a.hold(held_s)


def turned(a: Actor, side: str, radius: float, sense: float, turns: float) -> None:
    """A circle of some size, or a part of one."""
    round_(a, side, (0.72, -0.18, 0.42), radius, from_rad=math.pi, sense=sense, turns=turns, s=a.lasts(0.8, 1.2) * turns)
    a.hold(0.35)


def stirred(a: Actor, side: str, sense: float) -> None:
    """A circle in the level plane."""
    a.go(0.45, {side: (0.45, -0.35, 0.35)})
    a.swing(side, (0.0, 0.0, sense * 0.25), 1.05, 1.0, v=(0.25, 0.0, 0.0))
    a.hold(1.35)


def rub(a: Actor, side: str, *, clutched: bool, hz: float, turns: float, width: float = 0.25) -> None:
    """To and fro before the body, as told."""
    if clutched:
        clutch(a, side)
    a.go(0.4, {side: (0.28, -0.35, 0.5)})
    a.hold(0.15)
    a.swing(side, (0.5 * width, 0.0, 0.0), turns, turns / hz)
    a.hold(turns / hz + 0.3)


def half_rewind(a: Actor, side: str) -> None:
    """Up over the head and no further."""
    round_(a, side, (0.45, 0.0, 0.25), 1.02, from_rad=-math.pi / 2 + 0.15, sense=1.0, turns=0.5, s=0.7)
    a.hold(TOUCH_S)


def little_lean(a: Actor, side: str, rad: float, s: float) -> None:
    """A lean that is too small or too short."""
    a.trunk(0.5, roll_rad=(rad if side == "left" else -rad))
    a.hold(s)


def unclutched(a: Actor, side: str, place: Place, u: Place) -> None:
    """A hand goes up and down while nobody holds the clutch."""
    a.go(0.5, {side: place})
    a.swing(side, u, 1.0, 2.5, ramp=0.3)
    a.hold(2.5)


def pull(a: Actor, start: float, stop: float, s: float) -> None:
    """Hands go apart, as told."""
    a.go(0.45, both((0.5 * start, -0.22, 0.46)))
    a.hold(0.3)
    a.go(s, both((0.5 * stop, -0.20, 0.40)), line=True)
    a.hold(0.4)


def one_clap(a: Actor, height: float) -> None:
    """Hands meet once at some height."""
    for width in (0.34, 0.05, 0.34):
        a.go(0.3, both((width, height, 0.25)))


def dip(a: Actor, crouch: float, up: float, s: float) -> None:
    """Down or up and back, as told."""
    a.trunk(0.3, crouch=crouch, y_m=up)
    a.hold(s)


HAND_MISSES: dict[str, HandMove] = {
    "raise~brief": brief(UP),
    "raise~half": held((0.95, 0.05, 0.35)),
    "raise~forward": held((0.30, 0.15, 0.95)),
    "raise~other_up": raise_beside,
    "drop~unclutched": partial(drop, clutched=False, to=-0.85, s=0.32),
    "drop~short": partial(drop, clutched=True, to=-0.25, s=0.3),
    "drop~slow": partial(drop, clutched=True, to=-0.85, s=1.3),
    "swipe_out~short": partial(swipe, start=CHEST, stop=(0.62, -0.15, 0.42), s=0.3),
    "swipe_out~slow": partial(swipe, start=CHEST, stop=OUT, s=1.4),
    "swipe_out~up": partial(swipe, start=CHEST, stop=(0.95, 0.70, 0.25), s=0.35, held_s=0.0),
    "swipe_in~short": partial(swipe, start=OUT, stop=(0.70, -0.15, 0.45), s=0.3),
    "swipe_in~slow": partial(swipe, start=OUT, stop=CHEST, s=1.4),
    "circle~half": partial(turned, radius=0.4, sense=-1.0, turns=0.5),
    "circle~small": partial(turned, radius=0.10, sense=-1.0, turns=1.05),
    "circle~level": partial(stirred, sense=-1.0),
    "uncircle~half": partial(turned, radius=0.4, sense=1.0, turns=0.5),
    "uncircle~small": partial(turned, radius=0.10, sense=1.0, turns=1.05),
    "uncircle~level": partial(stirred, sense=1.0),
    **{f"{name}~brief": brief(*CUES[name]) for name in CUES},
    "cue_a~chest": held((0.02, -0.38, 0.34)),
    "cue_c~belly": held((0.15, -0.85, 0.32), hint=WIDE),
    "ear~brief": brief((0.29, 0.38, 0.10), WIDE),
    "ear~mouth": held((0.06, 0.22, 0.32), hint=WIDE),
    "scratch~unclutched": partial(rub, clutched=False, hz=3.5, turns=4.0),
    "scratch~slow": partial(rub, clutched=True, hz=1.0, turns=2.0),
    "scratch~once": partial(rub, clutched=True, hz=3.0, turns=1.0),
    "rewind~half": half_rewind,
    "next~brief": brief((1.52, 0.0, 0.08)),
    "next~forward": held((0.42, 0.0, 1.10)),
    "previous~brief": brief((1.19, -0.80, 0.08)),
    "lean~little": partial(little_lean, rad=0.18, s=0.7),
    "lean~brief": partial(little_lean, rad=0.45, s=0.0),
    "filter~unclutched": partial(unclutched, place=(0.70, -0.45, 0.35), u=(0.0, 0.3, 0.0)),
    "fader~unclutched": partial(unclutched, place=(0.22, -0.55, 0.48), u=(0.0, 0.2, 0.0)),
    "crossfader~unclutched": partial(unclutched, place=(0.45, -0.55, 0.48), u=(0.3, 0.0, 0.0)),
    "clutch~alone": held(CLUTCH, 1.2),
}

BODY_MISSES: dict[str, BodyMove] = {
    "both_up~brief": brief_both(UP),
    "both_up~half": held_both((0.95, 0.10, 0.35)),
    "arms_crossed~brief": brief_both((-0.27, -0.24, 0.38)),
    "arms_crossed~low": held_both((-0.2, -0.85, 0.30)),
    "pull_small~slow": partial(pull, start=0.14, stop=0.85, s=1.6),
    "pull_small~apart": partial(pull, start=0.6, stop=0.85, s=0.35),
    "pull_big~slow": partial(pull, start=0.14, stop=2.0, s=1.6),
    "pull_big~apart": partial(pull, start=0.8, stop=2.0, s=0.4),
    "hands_on_head~brief": brief_both((0.22, 0.52, 0.06), OPEN),
    "hands_on_head~one": one_on_head,
    "clap_overhead~once": partial(one_clap, height=0.9),
    "clap_overhead~low": low_claps,
    "arm_posture~brief": brief_both(*CUES["cue_d"]),
    "undo~brief": brief_both((0.06, -0.28, 0.42), WIDE),
    "recentre~brief": brief_both((1.02, 0.53, 0.05), (0.7, -1.0, 0.0)),
    "crouch~little": partial(dip, crouch=0.45, up=0.0, s=0.7),
    "crouch~brief": partial(dip, crouch=1.1, up=0.0, s=0.0),
    "jump~little": partial(dip, crouch=0.0, up=0.08, s=0.0),
    "fx_depth~slow": partial(pull, start=0.7, stop=1.3, s=2.0),
}
STANDING_ONLY_MISSES = ("crouch~brief", "crouch~little", "jump~little")

assert {name.split("~")[0] for name in (*HAND_MISSES, *BODY_MISSES)} >= {*HANDS, *BODY}, "a near miss for every gesture"
