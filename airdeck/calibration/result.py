"""What was held, to the numbers of a calibration: medians over the still part of each step, and how good they are."""

import math
from dataclasses import dataclass, field

from dynamics.calibration import Calibration

from .guide import Guide, Held, hips_seen, left_share, median, roll_of
from .look import NAN, Arm
from .steps import StepId

HIPS_HIDDEN_QUALITY = 0.7
"""A guess: people's shoulder width over torso differs by some 6 %, and shoulders hang askew where a trunk stands upright."""
MOVED_RAD = 0.20
"""Facing or leaning differently at the end than at the start by this much is worth a word."""
GOOD, FAIR = 0.65, 0.45
"""Quality from which a calibration is called good, or fair: whoever stands still in the open reaches 0.7 to 0.9."""


@dataclass(frozen=True, slots=True)
class Body:
    """What else was measured: kept with the calibration; no kernel reads it yet. Torso lengths from mid-shoulder, own sides."""

    reach_left: float = NAN
    reach_right: float = NAN
    reach_up_left: float = NAN
    reach_up_right: float = NAN
    shoulder_line_rad: float = NAN
    """The left shoulder over the right one, standing relaxed, the camera's roll taken out."""
    shoulders_m: float = NAN


@dataclass(frozen=True, slots=True)
class Result:
    """A finished calibration. `quality` 0..1 is that of the neutral pose: the numbers that the builder takes rest on it."""

    calibration: Calibration
    body: Body
    quality: float
    seconds: float
    hips_seen: bool
    notes: tuple[str, ...] = ()
    steps: dict[StepId, float] = field(default_factory=dict)
    """The quality of each step."""

    @property
    def word(self) -> str:
        return "good" if self.quality >= GOOD else "fair" if self.quality >= FAIR else "poor"


def measure(guide: Guide) -> Result:
    """The numbers of a guide that is over and did not fail."""
    held = {one.step.id: one for one in guide.held}
    neutral, again = held[StepId.NEUTRAL], held[StepId.ARMS_DOWN]
    mirror = left_share(held[StepId.RIGHT_HAND].looks) > 0.5
    sign = -1.0 if mirror else 1.0  # a mirrored reading leans and turns the other way
    hips = hips_seen(neutral.looks)
    roll_rad = roll_of(neutral.looks)
    calibration = Calibration(
        mirror=mirror,
        torso_m=median(neutral.looks, "torso_m"),
        torso_image=median(neutral.looks, "torso_image"),
        facing_rad=sign * median(neutral.looks, "yaw_rad"),
        camera_roll_rad=sign * roll_rad,
    )
    steps = {name: one.quality for name, one in held.items()}
    if not hips:
        steps[StepId.NEUTRAL] *= HIPS_HIDDEN_QUALITY
    line_rad = sign * (median(neutral.looks, "shoulder_roll_rad") - roll_rad)
    body = _body(held, mirror, line_rad, median(neutral.looks, "shoulders_m"))
    notes = tuple(_notes(hips, neutral, again))
    return Result(calibration, body, steps[StepId.NEUTRAL], guide.seconds, hips, notes, steps)


def _body(held: dict[StepId, Held], mirror: bool, line_rad: float, shoulders_m: float) -> Body:
    out, up = held[StepId.ARMS_OUT], held[StepId.ARMS_UP]
    left, right = ("right", "left") if mirror else ("left", "right")
    return Body(
        reach_left=_of_arms(out, left, "wrist_out"),
        reach_right=_of_arms(out, right, "wrist_out"),
        reach_up_left=_of_arms(up, left, "wrist_up"),
        reach_up_right=_of_arms(up, right, "wrist_up"),
        shoulder_line_rad=line_rad,
        shoulders_m=shoulders_m,
    )


def _of_arms(held: Held, side: str, name: str) -> float:
    arms: tuple[Arm, ...] = tuple(getattr(look, side) for look in held.looks)
    values = sorted(value for arm in arms if math.isfinite(value := getattr(arm, name)))
    return values[len(values) // 2] if values else NAN


def _notes(hips: bool, neutral: Held, again: Held) -> list[str]:
    """What a person should know of it."""
    notes = []
    if not hips:
        notes.append("the hips were hidden: torso length is taken from the width of the shoulders, which is less sure")
    turned = abs(median(again.looks, "yaw_rad") - median(neutral.looks, "yaw_rad"))
    if turned > MOVED_RAD:
        notes.append(
            f"you faced {math.degrees(turned):.0f}° elsewhere at the end: calibrate again if the first was not the audience"
        )
    return notes
