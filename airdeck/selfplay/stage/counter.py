"""How hard a stretch of movement is: how often it looks like a raise, a T-pose, both hands up. Counted on true joints."""

import numpy as np

from dynamics.skeleton import Joint

LEAST_S = 0.3
"""Shorter is no event."""
APART_S = 0.5
"""What comes back sooner than this is the same event."""
LEVEL = 0.35
"""How far a wrist of a T may be over or under its shoulder, as a share of the arm."""
STRAIGHT = 0.85


def looks(joints: np.ndarray) -> dict[str, np.ndarray]:
    """(N, 14, 3) joints to what each frame looks like, bool (N,) by name."""
    over = joints[:, [Joint.L_WRIST, Joint.R_WRIST], 1] > joints[:, [Joint.HEAD], 1]
    away = joints[:, [Joint.L_WRIST, Joint.R_WRIST]] - joints[:, [Joint.L_SHOULDER, Joint.R_SHOULDER]]
    upper = joints[:, [Joint.L_ELBOW, Joint.R_ELBOW]] - joints[:, [Joint.L_SHOULDER, Joint.R_SHOULDER]]
    lower = joints[:, [Joint.L_WRIST, Joint.R_WRIST]] - joints[:, [Joint.L_ELBOW, Joint.R_ELBOW]]
    arm = np.linalg.norm(upper, axis=2) + np.linalg.norm(lower, axis=2)
    across = joints[:, Joint.L_SHOULDER] - joints[:, Joint.R_SHOULDER]
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    out = np.einsum("nsc,nc->ns", away, across) * (1.0, -1.0) / arm
    wide = (out > STRAIGHT) & (np.abs(away[:, :, 1]) < LEVEL * arm)
    return {"one_up": over[:, 0] != over[:, 1], "both_up": over.all(axis=1), "t_pose": wide.all(axis=1)}


def events(flags: np.ndarray, t_s: np.ndarray) -> list[tuple[float, float]]:
    """Stretches of at least `LEAST_S`, those less than `APART_S` apart taken as one: (start, end) in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    found: list[tuple[float, float]] = []
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        start, end = float(t_s[first]), float(t_s[after - 1])
        if end - start < LEAST_S:
            continue
        if found and start - found[-1][1] < APART_S:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def per_hour(joints: np.ndarray, t_s: np.ndarray) -> dict[str, float]:
    """Events an hour by look."""
    hours = float(t_s[-1] - t_s[0]) / 3600.0
    return {name: len(events(flags, t_s)) / hours for name, flags in looks(joints).items()}
