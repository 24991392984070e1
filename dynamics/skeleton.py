"""Joints and bones: the canonical joints of the builder, and how each producer's points map onto them.

Left and right are always the performer's own. Sources: MediaPipe's pose topology; mocopi ids, parents and rest offsets
parsed from a published sample datagram (see tests/data/SOURCES.md); humanoid bone names of the VMC protocol.
"""

from enum import IntEnum

import numpy as np


class Lm(IntEnum):
    """MediaPipe pose landmarks that are used here (of 33)."""

    NOSE = 0
    L_EYE = 2
    R_EYE = 5
    L_EAR = 7
    R_EAR = 8
    MOUTH_L = 9
    MOUTH_R = 10
    L_SHOULDER = 11
    R_SHOULDER = 12
    L_ELBOW = 13
    R_ELBOW = 14
    L_WRIST = 15
    R_WRIST = 16
    L_PINKY = 17
    R_PINKY = 18
    L_INDEX = 19
    R_INDEX = 20
    L_THUMB = 21
    R_THUMB = 22
    L_HIP = 23
    R_HIP = 24
    L_KNEE = 25
    R_KNEE = 26
    L_ANKLE = 27
    R_ANKLE = 28
    L_HEEL = 29
    R_HEEL = 30
    L_TOE = 31
    R_TOE = 32


MIRROR_33 = np.array(
    [0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17, 20, 19, 22, 21, 24, 23, 26, 25, 28, 27, 30, 29, 32, 31],
    dtype=np.int64,
)
"""Landmark index of the other side: reading a mirrored picture swaps these and flips x."""


class Joint(IntEnum):
    """The canonical joints that the body coordinates are computed from, whatever the producer."""

    HEAD = 0
    NECK = 1
    L_SHOULDER = 2
    R_SHOULDER = 3
    L_ELBOW = 4
    R_ELBOW = 5
    L_WRIST = 6
    R_WRIST = 7
    L_HIP = 8
    R_HIP = 9
    L_KNEE = 10
    R_KNEE = 11
    L_ANKLE = 12
    R_ANKLE = 13


JOINTS = len(Joint)
MIRROR_JOINTS = np.array([0, 1, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12], dtype=np.int64)

MOCOPI_NAMES = (
    "root", "torso_1", "torso_2", "torso_3", "torso_4", "torso_5", "torso_6", "torso_7", "neck_1", "neck_2", "head",
    "l_shoulder", "l_up_arm", "l_low_arm", "l_hand", "r_shoulder", "r_up_arm", "r_low_arm", "r_hand",
    "l_up_leg", "l_low_leg", "l_foot", "l_toes", "r_up_leg", "r_low_leg", "r_foot", "r_toes",
)  # fmt: skip
"""Names of the mocopi bone ids 0..26 (not on the wire)."""

MOCOPI_PARENT = np.array(
    [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 7, 11, 12, 13, 7, 15, 16, 17, 0, 19, 20, 21, 0, 23, 24, 25], dtype=np.int64
)

_LEFT_LIMBS = {
    11: (0.0123, -0.0761, 0.0753), 12: (0.1295, 0.0325, -0.0327), 13: (0.2921, 0.0006, 0.0014), 14: (0.2423, 0.0005, 0.0011),
    19: (0.0924, -0.0421, 0.0203), 20: (-0.0085, -0.3877, -0.0066),
    21: (-0.0233, -0.4040, -0.0605), 22: (0.0078, -0.0988, 0.1250),
}  # fmt: skip
_TRUNK = (
    (0, 0.9329, 0), (0, 0.0508, -0.0115), (0, 0.0562, 0.0107), (0, 0.0599, 0.0012), (0, 0.0651, -0.0044), (0, 0.0761, -0.0151),
    (0, 0.0950, -0.0091), (0, 0.1055, 0.0158), (0, 0.0479, 0.0072), (0, 0.0482, 0.0042), (0, 0.0483, 0.0077),
)  # fmt: skip


def _rest_offsets() -> np.ndarray:
    rest = np.zeros((len(MOCOPI_NAMES), 3), dtype=np.float32)
    rest[: len(_TRUNK)] = _TRUNK
    for bone, (x, y, z) in _LEFT_LIMBS.items():
        rest[bone] = (x, y, z)
        rest[bone + 4] = (-x, y, z)
    rest.setflags(write=False)
    return rest


MOCOPI_REST_M = _rest_offsets()
"""Rest offset of each bone from its parent, metres (T-pose, +X the performer's left): used until the wearer's arrive."""

MOCOPI_JOINTS = np.array([10, 8, 12, 16, 13, 17, 14, 18, 19, 23, 20, 24, 21, 25], dtype=np.int64)
"""Canonical joint -> mocopi bone. The joint sits where its bone starts: the shoulder joint is the start of the upper arm."""

VMC_TO_MOCOPI = {
    "Hips": 0, "Spine": 2, "Chest": 4, "UpperChest": 6, "Neck": 8, "Head": 10,
    "LeftShoulder": 11, "LeftUpperArm": 12, "LeftLowerArm": 13, "LeftHand": 14,
    "RightShoulder": 15, "RightUpperArm": 16, "RightLowerArm": 17, "RightHand": 18,
    "LeftUpperLeg": 19, "LeftLowerLeg": 20, "LeftFoot": 21, "LeftToes": 22,
    "RightUpperLeg": 23, "RightLowerLeg": 24, "RightFoot": 25, "RightToes": 26,
}  # fmt: skip
"""VMC humanoid bone name -> mocopi bone id; other names are not needed and are skipped."""
