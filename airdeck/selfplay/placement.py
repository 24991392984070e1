"""A recorded performer before a virtual camera: resampled, turned to face it, put on its floor, and seen with noise.

Joints are (N, 14, 3) float64 metres in the order of `skeleton.Joint`, y up, whatever way the recording faced.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bridges.sources.performer import LANDMARK_NOISE
from dynamics.body import VirtualCamera, see_many
from dynamics.skeleton import Joint

FPS = 30.0
SAME_RATE = 0.005
"""Rates this close to 30 are 30: 29.97 frames a second need no resampling."""
YAWS_DEG = (0.0, -25.0, 25.0)
"""How far the performer is turned from the camera."""
CAMERA = VirtualCamera()
FARTHEST_M = 6.0
"""A camera is put back so far that it sees where the performer goes, and no further: a club is no larger."""
ROOM_M = 0.6
"""Beside the hips, for an arm on its way up."""
OVER_HEAD_M = 2.3
"""From the performer, the least distance at which raised hands are in the picture."""
PERCENTILE = 95.0
ANKLE_M = 0.08
HEAD_OVER_SHOULDERS = 0.4
"""Torso lengths from mid-shoulder to the middle of the head. Skeletons whose head joint is the top of the neck are lower."""
BIND_JUMP_M, BIND_FRAMES = 0.25, 5
"""Within the first frames, a leap of a joint over this is the end of the bind pose: the performer appears after it."""
BLOCK = 1024


def without_bind_pose(joints: np.ndarray) -> np.ndarray:
    """The frames from where the performer is seen: some recordings begin with a T-pose that nobody held."""
    steps = np.linalg.norm(np.diff(joints[: BIND_FRAMES + 1], axis=0), axis=2)
    leaps = np.flatnonzero(np.nanmax(steps, axis=1, initial=0.0) > BIND_JUMP_M)
    return joints[leaps[-1] + 1 :] if leaps.size else joints


def resampled(joints: np.ndarray, fps: float) -> np.ndarray:
    """The same movement at 30 frames a second, by straight lines between frames."""
    if abs(fps / FPS - 1.0) < SAME_RATE:
        return joints
    place = np.arange(0.0, len(joints) - 1 + 1e-6, fps / FPS)
    before = np.minimum(place.astype(np.int64), len(joints) - 1)
    share = (place - before)[:, None, None]
    after = np.minimum(before + 1, len(joints) - 1)
    return np.where(share > 1e-9, joints[before] * (1.0 - share) + joints[after] * share, joints[before])


def facing_rad(joints: np.ndarray) -> float:
    """The median direction that the shoulders face, as a turn from +z towards +x. 0 where it cannot be told."""
    across = joints[:, Joint.R_SHOULDER] - joints[:, Joint.L_SHOULDER]
    angles = np.arctan2(across[:, 2], -across[:, 0])
    angles = angles[np.isfinite(angles)]
    if not angles.size:
        return 0.0
    mean = math.atan2(float(np.sin(angles).mean()), float(np.cos(angles).mean()))
    return mean + float(np.median((angles - mean + np.pi) % (2.0 * np.pi) - np.pi))


def faced(joints: np.ndarray) -> np.ndarray:
    """Turned so that the performer mostly faces +z; the usual place is the origin, the floor y = 0."""
    moved = turned(joints, -facing_rad(joints))
    hips = 0.5 * (moved[:, Joint.L_HIP] + moved[:, Joint.R_HIP])
    floor = _percentile(moved[:, [Joint.L_ANKLE, Joint.R_ANKLE], 1].min(axis=1), 5.0) - ANKLE_M
    return np.asarray(moved - np.array([_percentile(hips[:, 0], 50.0), floor, _percentile(hips[:, 2], 50.0)]))


def turned(joints: np.ndarray, yaw_rad: float) -> np.ndarray:
    """Turned about the vertical through the origin, from +z towards +x."""
    c, s = math.cos(yaw_rad), math.sin(yaw_rad)
    return np.asarray(joints @ np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]]))


def _percentile(values: np.ndarray, percent: float) -> float:
    """Of the finite values; 0 where there are none."""
    known = values[np.isfinite(values)]
    return float(np.percentile(known, percent)) if known.size else 0.0


def with_whole_head(joints: np.ndarray) -> np.ndarray:
    """The head joint lifted to the middle of the head where it is the top of the neck."""
    shoulders = 0.5 * (joints[:, Joint.L_SHOULDER] + joints[:, Joint.R_SHOULDER])
    hips = 0.5 * (joints[:, Joint.L_HIP] + joints[:, Joint.R_HIP])
    up = joints[:, Joint.HEAD] - joints[:, Joint.NECK]
    torso, head = (_percentile(np.linalg.norm(far - shoulders, axis=1), 50.0) for far in (hips, joints[:, Joint.HEAD]))
    missing = HEAD_OVER_SHOULDERS * torso - head
    if not missing > 0.0:
        return joints
    lifted = joints.copy()
    lifted[:, Joint.HEAD] += missing * up / np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-6)
    return lifted


def camera_for(joints: np.ndarray) -> VirtualCamera:
    """The usual camera, put back as far as this performer's way needs."""
    hips = 0.5 * (joints[:, Joint.L_HIP] + joints[:, Joint.R_HIP])
    beside, towards = _percentile(np.abs(hips[:, 0]), PERCENTILE), _percentile(hips[:, 2], PERCENTILE)
    half_width = math.tan(CAMERA.fov_y_rad / 2) * CAMERA.width_px / CAMERA.height_px
    wanted = towards + max(OVER_HEAD_M, (beside + ROOM_M) / half_width)
    return replace(CAMERA, distance_m=min(max(wanted, CAMERA.distance_m), FARTHEST_M))


def seen(
    joints: np.ndarray, camera: VirtualCamera, rng: np.random.Generator, noise: float = LANDMARK_NOISE
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What the camera says of each frame: image (1, 33, 4) and world (1, 33, 3), float32, with the noise of landmarks."""
    for start in range(0, len(joints), BLOCK):
        image, world = see_many(joints[start : start + BLOCK], camera)
        image[:, :, :2] += np.float32(noise) * rng.standard_normal((*image.shape[:2], 2), dtype=np.float32)
        world += np.float32(3.0 * noise) * rng.standard_normal(world.shape, dtype=np.float32)
        for i in range(len(image)):
            yield image[i : i + 1], world[i : i + 1]
