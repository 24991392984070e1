"""Arms by where the hand is: two-bone inverse kinematics, many poses at once.

A hand is put exactly where it is said to be; the elbow goes where a hint points. Everything is solved upright, in the
trunk's yaw frame, so a place stays the same place when the trunk leans.
"""

import numpy as np

from .body import Proportions, face_many, stand_many
from .skeleton import Joint

ELBOW_HINT = (0.5, -1.0, -0.35)
"""Where an elbow hangs: outwards, down and a little back."""
LONGEST = 0.998
"""An arm never quite locks: this much of its length is the farthest reach."""
SIDES = (1.0, -1.0)
SHRUG_M = 0.05
"""How far a shoulder rises under an arm straight up."""


def joints_of_reach(
    wrists: np.ndarray, hints: np.ndarray, trunk: np.ndarray, unit_m: float, p: Proportions | None = None
) -> np.ndarray:
    """Joints (N, 14, 3) in metres with both hands in their places.

    `wrists` (N, 2, 3) from mid-shoulder in units of `unit_m`, left first: outwards, up, towards the audience; a place
    out of reach is reached for. `hints` (N, 2, 3): the way the elbow points, in the same axes. `trunk` (N, 7).
    """
    p = p or Proportions()
    joints, hip, turn = stand_many(trunk, p)
    wanted = wrists * unit_m
    local = np.zeros((len(trunk), 4, 3))
    local[:, Joint.NECK, 1] = p.torso
    local[:, Joint.HEAD] = (0.0, p.torso + p.head_over_neck, 0.03)
    raised = np.clip(wanted[:, :, 1] / (p.upper_arm + p.forearm), 0.0, 1.0)
    for place, side in enumerate(SIDES):
        local[:, 2 + place, 0] = side * p.shoulder_half * (1.0 - 0.15 * raised[:, place])
        local[:, 2 + place, 1] = p.torso + SHRUG_M * raised[:, place]
    joints[:, :4] = hip[:, None] + local @ turn.transpose(0, 2, 1)
    middle = 0.5 * (joints[:, Joint.L_SHOULDER] + joints[:, Joint.R_SHOULDER])
    for place, side in enumerate(SIDES):
        outwards = np.array([side, 1.0, 1.0])
        shoulder = joints[:, Joint.L_SHOULDER + place]
        elbow, wrist = _bend(shoulder, middle + wanted[:, place] * outwards, hints[:, place] * outwards, p)
        joints[:, Joint.L_ELBOW + place], joints[:, Joint.L_WRIST + place] = elbow, wrist
    return face_many(joints, trunk)


def _bend(shoulder: np.ndarray, target: np.ndarray, hint: np.ndarray, p: Proportions) -> tuple[np.ndarray, np.ndarray]:
    """Elbow and wrist (N, 3) of arms that reach from their shoulders for their targets."""
    away = target - shoulder
    far = np.linalg.norm(away, axis=1, keepdims=True)
    along = away / np.maximum(far, 1e-9)
    span = np.clip(far, abs(p.upper_arm - p.forearm) + 0.02, LONGEST * (p.upper_arm + p.forearm))
    pole = hint - np.sum(hint * along, axis=1, keepdims=True) * along
    pole /= np.maximum(np.linalg.norm(pole, axis=1, keepdims=True), 1e-9)
    share = (p.upper_arm**2 + span**2 - p.forearm**2) / (2.0 * span)
    height = np.sqrt(np.maximum(p.upper_arm**2 - share**2, 0.0))
    return shoulder + share * along + height * pole, shoulder + span * along
