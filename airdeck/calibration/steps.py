"""The steps of a calibration: one table of what is asked, for how long, and what counts as the posture."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from .faults import Fault
from .look import Arm, Look

MAX_YAW_RAD = 1.0
"""The builder's `facing` qualifier ends here too."""
MAX_ROLL_RAD = 0.52
MAX_LEAN_RAD = 0.17
"""Trunk against shoulders: seen from the side and from below, level shoulders look askew by up to 3 degrees."""
MIN_HEAD = 0.5
ELBOW_HANGS, WRIST_HANGS = -0.30, -0.40
"""Torso lengths over mid-shoulder: elbows hang at -0.6, hands at -1.1; a seated DJ's hands may lie in the lap."""
RAISED = 0.50
"""A hand over the head: the ears are 0.43 over mid-shoulder."""
OUT, LEVEL = 0.85, 0.45
"""Straight out a wrist is 1.2 to 1.7 torso lengths from mid-shoulder."""
STRETCHED_UP = 0.65
BENT_RAD = 0.70
ELBOW_LIFTED = 0.15
"""An elbow over the shoulder whose hand is not seen: the hand has left the picture."""

Pose = Callable[[Look], Fault | None]
"""What keeps a look from being the posture; None when it is the posture."""


class StepId(StrEnum):
    NEUTRAL = "neutral"
    RIGHT_HAND = "right_hand"
    ARMS_OUT = "arms_out"
    ARMS_UP = "arms_up"
    ARMS_DOWN = "arms_down"


@dataclass(frozen=True, slots=True)
class Step:
    """One row. Everything measured in it is the median over the `hold_s` in which the posture was held still."""

    id: StepId
    big: str
    """To be read from two metres: a few short words."""
    small: str
    pose: Pose
    hold_s: float
    lead_s: float = 0.0
    """Time to read before anything counts."""
    timeout_s: float = 12.0
    measures: str = ""


def facing(look: Look) -> Fault | None:
    """Somebody is there, head in the picture, turned to the camera: asked of every step."""
    if look.fault is not None:
        return look.fault
    if look.head < MIN_HEAD:
        return Fault.HEAD_HIDDEN
    return None if abs(look.yaw_rad) < MAX_YAW_RAD else Fault.TURNED_AWAY


def relaxed(look: Look) -> Fault | None:
    """Arms hang, shoulders level with the trunk, the camera not on its side."""
    if fault := arms_hang(look):
        return fault
    if abs(look.shoulder_roll_rad) > MAX_ROLL_RAD:
        return Fault.CAMERA_TILTED
    lean_rad = abs(look.trunk_roll_rad - look.shoulder_roll_rad)
    return Fault.LEANING if lean_rad > MAX_LEAN_RAD else None  # without hips this is NaN: not asked


def arms_hang(look: Look) -> Fault | None:
    """Hands need not be seen: a booth may hide them."""
    if not all(arm.elbow_seen for arm in look.arms):
        return Fault.ARMS_HIDDEN
    return None if all(_hangs(arm) for arm in look.arms) else Fault.ARMS_NOT_DOWN


def one_hand_up(look: Look) -> Fault | None:
    """Which hand it is, is the question; so either is taken."""
    up = [arm for arm in look.arms if arm.wrist_seen and arm.wrist_up > RAISED]
    if len(up) == 2:
        return Fault.BOTH_HANDS_UP
    if not up:
        return Fault.HAND_OUTSIDE if any(_left_the_picture(arm) for arm in look.arms) else Fault.NO_HAND_UP
    other = look.right if up[0] is look.left else look.left
    return None if _hangs(other) else Fault.OTHER_ARM


def arms_out(look: Look) -> Fault | None:
    """A T: both wrists far out at shoulder height, arms straight."""
    if not all(arm.elbow_seen for arm in look.arms):
        return Fault.ARMS_HIDDEN
    if not all(abs(arm.elbow_up) < LEVEL for arm in look.arms):
        return Fault.ARMS_NOT_OUT
    if not all(arm.wrist_seen for arm in look.arms):
        return Fault.HAND_OUTSIDE
    if any(arm.bend_rad > BENT_RAD for arm in look.arms):
        return Fault.ARMS_BENT
    return None if all(arm.wrist_out > OUT and abs(arm.wrist_up) < LEVEL for arm in look.arms) else Fault.ARMS_NOT_OUT


def arms_up(look: Look) -> Fault | None:
    """Both hands high over the head."""
    if any(_left_the_picture(arm) for arm in look.arms):
        return Fault.HAND_OUTSIDE
    return None if all(arm.wrist_seen and arm.wrist_up > STRETCHED_UP for arm in look.arms) else Fault.ARMS_NOT_UP


def _hangs(arm: Arm) -> bool:
    return arm.elbow_up < ELBOW_HANGS and not arm.wrist_up > WRIST_HANGS


def _left_the_picture(arm: Arm) -> bool:
    return arm.elbow_up > ELBOW_LIFTED and math.isnan(arm.wrist_up)


STEPS: tuple[Step, ...] = (
    Step(StepId.NEUTRAL, "STAND EASY", "face the audience, arms hanging", relaxed, 1.5, 0.5, 15.0,
         "torso length, camera roll, facing, shoulder line"),
    Step(StepId.RIGHT_HAND, "RIGHT HAND UP", "your own right hand, over the head", one_hand_up, 0.6, measures="mirror"),
    Step(StepId.ARMS_OUT, "ARMS OUT", "both arms straight out to the sides", arms_out, 0.8, measures="reach to the sides"),
    Step(StepId.ARMS_UP, "ARMS UP", "both arms straight up", arms_up, 0.6, measures="reach upwards"),
    Step(StepId.ARMS_DOWN, "ARMS DOWN", "and you are done", arms_hang, 0.4, measures="whether you still stand as before"),
)  # fmt: skip
