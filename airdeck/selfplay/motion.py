"""Recorded movement to clips: what is in a file, in metres, at 30 frames a second.

A clip of joints is seen from several sides by a virtual camera; a clip of pictures, landmarks or a session is what it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dynamics.calibration import LEVEL, Calibration
from dynamics.frames import Frame
from dynamics.skeleton import JOINTS, Joint

from ..exits import UsageError
from . import bvh, rig_names
from .placement import FPS, resampled, without_bind_pose

PACK_MISSING = -32768
PACK_JOINTS = {joint.name.lower(): joint for joint in Joint}
MIN_FRAMES = 2
BODY_M = 1.45
"""Neck to head, torso, thigh and shank together of a grown person: what the unit of a BVH is guessed by."""
BODY_RANGE_M = (0.9, 2.1)
UNITS_M = {"m": 1.0, "cm": 0.01, "mm": 0.001, "inch": 0.0254, "inch / 0.45": 0.0254 / 0.45}
"""The last is that of the CMU recordings as published."""


@dataclass(slots=True)
class Clip:
    """One recording. `t_s` (N,) and `joints` (N, 14, 3) say where the body was, y up and in any one unit."""

    file: str
    name: str
    label: str = ""
    duration_s: float = 0.0
    t_s: np.ndarray = field(default_factory=lambda: np.zeros(0))
    joints: np.ndarray = field(default_factory=lambda: np.zeros((0, JOINTS, 3)))
    arrivals: list[tuple[str, Frame]] | None = None
    """What arrived on which stream; None for a clip of joints, in metres, which a virtual camera looks at."""
    calibration: Calibration = LEVEL
    lead_in: bool = True
    """Begin with its first frame held, so that the gate is armed and in good health when it starts."""
    note: str = ""


def read_pack(path: Path) -> Iterator[Clip]:
    """The clips of a `.npz` with `pos_mm`. Raises UsageError."""
    with np.load(path, allow_pickle=False) as pack:
        if lost := {"pos_mm", "joints", "clip_start", "clip_name", "fps"} - set(pack.files):
            raise UsageError(f"{path}: no pack of motion: {', '.join(sorted(lost))} is missing")
        names = [str(name) for name in pack["joints"]]
        if lost := PACK_JOINTS.keys() - set(names):
            raise UsageError(f"{path}: joints: {', '.join(sorted(lost))} is missing")
        order = [names.index(name) for name in PACK_JOINTS]
        pos_mm, starts, fps = pack["pos_mm"], pack["clip_start"], pack["fps"]
        clip_names = [str(name) for name in pack["clip_name"]]
        labels = [str(label) for label in pack["label"]] if "label" in pack.files else [""] * len(clip_names)
    for k, name in enumerate(clip_names):
        raw = pos_mm[starts[k] : starts[k + 1], order]
        joints = np.where(raw == PACK_MISSING, np.nan, raw / 1000.0)
        yield clip_of_joints(joints, float(fps[k]), Clip(str(path), name, labels[k]))


def read_bvh(path: Path) -> Clip:
    """A BVH of any rig whose joints have known names. Raises UsageError."""
    try:
        parsed = bvh.read(path)
        found = rig_names.find([bone.name for bone in parsed.bones])
    except bvh.BvhError as error:
        raise UsageError(str(error)) from error
    except rig_names.UnknownRigError as error:
        raise UsageError(f"{path}: {error}") from error
    joints = np.zeros((len(parsed.values), JOINTS, 3))
    joints[:, list(found)] = bvh.positions(parsed, found.values())
    if Joint.NECK not in found:
        joints[:, Joint.NECK] = 0.5 * (joints[:, Joint.L_SHOULDER] + joints[:, Joint.R_SHOULDER])
    joints, turned = upright(joints)
    scale, unit = unit_of(joints)
    return clip_of_joints(joints * scale, parsed.fps, Clip(str(path), path.stem, note=f"unit {unit}{turned}"))


def clip_of_joints(joints: np.ndarray, fps: float, clip: Clip) -> Clip:
    """The named clip filled from joints (N, 14, 3) in metres at `fps`. Raises UsageError where nothing is left to see."""
    joints = resampled(without_bind_pose(np.asarray(joints, dtype=np.float64)), fps)
    if len(joints) < MIN_FRAMES or not np.isfinite(joints[:, [Joint.L_HIP, Joint.R_HIP]]).any():
        raise UsageError(f"{clip.file}: {clip.name}: no movement in it")
    clip.joints, clip.t_s, clip.duration_s = joints, np.arange(len(joints)) / FPS, (len(joints) - 1) / FPS
    return clip


def upright(joints: np.ndarray) -> tuple[np.ndarray, str]:
    """With y up; some programs write z up."""
    ankles = 0.5 * (joints[:, Joint.L_ANKLE] + joints[:, Joint.R_ANKLE])
    up = np.median(joints[:, Joint.HEAD] - ankles, axis=0)
    if abs(up[2]) > 2.0 * abs(up[1]) and abs(up[2]) > 2.0 * abs(up[0]):
        sign = 1.0 if up[2] > 0.0 else -1.0
        return np.stack([joints[..., 0], sign * joints[..., 2], -sign * joints[..., 1]], axis=-1), ", z up"
    return joints, ""


def unit_of(joints: np.ndarray) -> tuple[float, str]:
    """(metres per unit, its name), guessed from the length of the body; what fits no unit is made a grown person."""
    bones = ((Joint.NECK, Joint.HEAD), (Joint.NECK, Joint.L_HIP), (Joint.L_HIP, Joint.L_KNEE), (Joint.L_KNEE, Joint.L_ANKLE))
    length = sum(float(np.median(np.linalg.norm(joints[:, a] - joints[:, b], axis=1))) for a, b in bones)
    if not length > 0.0:
        return 1.0, "m"
    name = min(UNITS_M, key=lambda unit: abs(np.log(UNITS_M[unit] * length / BODY_M)))
    if BODY_RANGE_M[0] <= UNITS_M[name] * length <= BODY_RANGE_M[1]:
        return UNITS_M[name], name
    return BODY_M / length, f"{BODY_M / length:.4g} m, so that the body is {BODY_M} m long"
