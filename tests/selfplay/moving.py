"""Recordings made on the spot: a mocopi-like BVH, and packs, of a performer who raises a hand or does not."""

from pathlib import Path

import numpy as np

from bridges.sources.performer import Body, Performance
from dynamics.body import joints_of
from dynamics.skeleton import MOCOPI_NAMES, MOCOPI_PARENT, MOCOPI_REST_M, Joint

PACK_JOINTS = (
    "head", "neck", "l_shoulder", "r_shoulder", "l_elbow", "r_elbow", "l_wrist", "r_wrist", "pelvis", "l_hip", "r_hip",
    "l_knee", "r_knee", "l_ankle", "r_ankle", "l_hand", "r_hand",
)  # fmt: skip
UP_ARMS = {"left": 12, "right": 16}


def elevation_deg(t_s: np.ndarray) -> np.ndarray:
    """Hanging until 1.5 s, up in 0.45 s, there for 1.2 s, and down again."""
    return np.interp(t_s, [1.5, 1.95, 3.15, 3.6], [-80.0, 75.0, 75.0, -80.0])


def bvh_text(side: str = "", fps: float = 60.0, seconds: float = 5.0, unit: float = 100.0, turn_deg: float = 0.0) -> str:
    """A mocopi-like BVH in `1 / unit` metres: one hand goes up (or none), by a performer who faces `turn_deg`."""
    t_s = np.arange(int(seconds * fps)) / fps
    angle = {"left": np.full(t_s.shape, -80.0), "right": np.full(t_s.shape, -80.0)}
    if side:
        angle[side] = elevation_deg(t_s)
    rows = np.zeros((len(t_s), 27, 6))
    rows[:, :, :3] = MOCOPI_REST_M * unit
    rows[:, 0, 5] = turn_deg
    rows[:, UP_ARMS["left"], 3] = angle["left"]
    rows[:, UP_ARMS["right"], 3] = -angle["right"]
    frames = "\n".join(" ".join(f"{value:.5g}" for value in row) for row in rows.reshape(len(t_s), -1))
    return f"HIERARCHY\n{_joint(0, unit)}MOTION\nFrames: {len(t_s)}\nFrame Time: {1.0 / fps:.6f}\n{frames}\n"


def _joint(bone: int, unit: float) -> str:
    x, y, z = (MOCOPI_REST_M[bone] * unit).tolist()
    children = np.flatnonzero(bone == MOCOPI_PARENT).tolist()
    inner = "".join(_joint(child, unit) for child in children) or "End Site\n{\nOFFSET 0 0 0\n}\n"
    kind = "ROOT" if bone == 0 else "JOINT"
    channels = "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
    return f"{kind} {MOCOPI_NAMES[bone]}\n{{\nOFFSET {x:.6g} {y:.6g} {z:.6g}\n{channels}\n{inner}}}\n"


def performed(moves: tuple[str, ...], fps: float = 30.0) -> np.ndarray:
    """Joints (N, 14, 3) of moves of the synthetic performer."""
    performance = Performance(moves, Body())
    return np.array([joints_of(performance.pose(t)) for t in np.arange(0.0, performance.duration_s, 1.0 / fps)])


def write_pack(path: Path, clips: dict[str, tuple[str, np.ndarray]], fps: float = 30.0) -> Path:
    """A `.npz` of named clips: (label, joints) each."""
    packed = []
    for _, joints in clips.values():
        by_name = {joint.name.lower(): joints[:, joint] for joint in Joint}
        by_name["pelvis"] = 0.5 * (joints[:, Joint.L_HIP] + joints[:, Joint.R_HIP])
        rows = np.full((len(joints), len(PACK_JOINTS), 3), -32768, dtype=np.int16)
        for place, name in enumerate(PACK_JOINTS):
            if name in by_name:
                rows[:, place] = np.round(by_name[name] * 1000.0).astype(np.int16)
        packed.append(rows)
    np.savez(
        path,
        pos_mm=np.concatenate(packed),
        clip_start=np.cumsum([0, *(len(rows) for rows in packed)]),
        clip_name=np.array(list(clips)),
        label=np.array([label for label, _ in clips.values()]),
        fps=np.full(len(clips), fps, dtype=np.float32),
        joints=np.array(PACK_JOINTS),
    )
    return path
