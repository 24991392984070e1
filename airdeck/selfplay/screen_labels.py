"""What recorded movement means to us: labels of published packs, and postures by geometry. Written before any run.

Geometry is in torso lengths from mid-shoulder, so that it holds for metres and for pictures alike.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dynamics.skeleton import MIRROR_JOINTS, Joint

from .motion import Clip
from .placement import with_whole_head


class Group(StrEnum):
    """Clips are scored in groups: only the first is movement that means nothing to us."""

    ORDINARY = "ordinary"
    WAVES = "one_hand_waves"
    RAISES = "labelled_raises"


LABELS: dict[str, tuple[Group, str]] = {
    "raise-up-left-hand": (Group.RAISES, "left"),
    "raise-up-right-hand": (Group.RAISES, "right"),
    "raise-up-both-hands": (Group.RAISES, "both"),
    "wave-left-hand": (Group.WAVES, "left"),
    "wave-right-hand": (Group.WAVES, "right"),
}
"""Label -> group and side. Every other label, and none, is ordinary movement."""
STYLES = ("normal", "active", "exhausted", "elderly")
RAISE_HELD_S = 0.6
HELD_S = 0.6
STILL = 0.25
"""A hand that keeps within this box, in torso lengths, for HELD_S holds still."""
BEFORE_S, AFTER_S = 1.2, 0.3
"""A gesture is found from this long after a posture began to be held until this long after its end."""


def group_of(label: str) -> Group:
    """The group that a label is scored in."""
    return LABELS.get(label, (Group.ORDINARY, ""))[0]


def style_of(clip: Clip) -> str:
    """The style that the clip's name holds; empty when it names none."""
    words = re.split(r"[^a-z]+", clip.name.lower())
    return next((style for style in STYLES if style in words), "")


def body_units(joints: np.ndarray) -> np.ndarray:
    """Joints (N, 14, 3) in torso lengths from mid-shoulder; upright torso length is the median of the clip."""
    shoulders = 0.5 * (joints[:, Joint.L_SHOULDER] + joints[:, Joint.R_SHOULDER])
    hips = 0.5 * (joints[:, Joint.L_HIP] + joints[:, Joint.R_HIP])
    lengths = np.linalg.norm(shoulders - hips, axis=1)
    lengths = lengths[np.isfinite(lengths)]
    return np.asarray((joints - shoulders[:, None]) / (np.median(lengths) if lengths.size else np.nan))


def in_trunk_frame(body: np.ndarray) -> np.ndarray:
    """Turned about the vertical, frame by frame, so that the left shoulder is on +x whatever way the trunk faces."""
    across = body[:, Joint.L_SHOULDER] - body[:, Joint.R_SHOULDER]
    across = across / np.maximum(np.hypot(across[:, 0], across[:, 2]), 1e-9)[:, None]
    c, s = across[:, None, 0], across[:, None, 2]
    return np.stack([c * body[..., 0] + s * body[..., 2], body[..., 1], c * body[..., 2] - s * body[..., 0]], axis=-1)


def longest_s(mask: np.ndarray, t_s: np.ndarray) -> float:
    """Seconds of the longest unbroken stretch of `mask`."""
    return max((t_s[b] - t_s[a] for a, b in spans(mask)), default=0.0)


def spans(mask: np.ndarray) -> list[tuple[int, int]]:
    """First and last index of every unbroken stretch of `mask`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def over_head(joints: np.ndarray, side: str) -> np.ndarray:
    """bool (N,): this wrist is above the head, and the other one under its own shoulder."""
    wrist, other = (Joint.L_WRIST, Joint.R_WRIST) if side == "left" else (Joint.R_WRIST, Joint.L_WRIST)
    shoulder = Joint.R_SHOULDER if side == "left" else Joint.L_SHOULDER
    y = joints[:, :, 1]
    return np.asarray((y[:, wrist] > y[:, Joint.HEAD]) & (y[:, other] < y[:, shoulder]))


def truly_raised(clip: Clip, side: str, joint_only: bool = False) -> bool:
    """The one test of a labelled raise: the wrist stays above the head for 0.6 s on this side only, the other one low.

    `joint_only` asks for the head joint of the recording as it is; in some skeletons that is the top of the neck, and a hand
    at the chin is above it. Else the middle of the head is meant.
    """
    joints = clip.joints if joint_only else with_whole_head(clip.joints)
    return longest_s(over_head(joints, side), clip.t_s) >= RAISE_HELD_S


@dataclass(frozen=True, slots=True)
class Posture:
    """A posture of ours as a person would see it: `of(body)` is true where it is taken, by the left hand or by both."""

    name: str
    gestures: tuple[str, ...]
    """Ids without their side of the gestures that it is."""
    of: Callable[[np.ndarray], np.ndarray]
    one_sided: bool = False


def _raise(u: np.ndarray) -> np.ndarray:
    head = np.maximum(u[:, Joint.HEAD, 1], 0.5)
    return np.asarray((u[:, Joint.L_WRIST, 1] > head) & (u[:, Joint.R_WRIST, 1] < u[:, Joint.R_SHOULDER, 1]))


def _both_up(u: np.ndarray) -> np.ndarray:
    head = np.maximum(u[:, Joint.HEAD, 1], 0.5)
    return np.asarray((u[:, Joint.L_WRIST, 1] > head) & (u[:, Joint.R_WRIST, 1] > head))


def _crossed(u: np.ndarray) -> np.ndarray:
    left, right = u[:, Joint.L_WRIST], u[:, Joint.R_WRIST]
    low = (np.abs(left[:, 1] + 0.4) < 0.5) & (np.abs(right[:, 1] + 0.4) < 0.5)
    return np.asarray(low & (left[:, 0] < -0.05) & (right[:, 0] > 0.05))


def _near(u: np.ndarray, joint: Joint, target: Joint, reach: float) -> np.ndarray:
    return np.asarray(np.linalg.norm(u[:, joint] - u[:, target], axis=1) < reach)


def _on_head(u: np.ndarray) -> np.ndarray:
    up = (u[:, Joint.L_WRIST, 1] > 0.25) & (u[:, Joint.R_WRIST, 1] > 0.25)
    return np.asarray(up & _near(u, Joint.L_WRIST, Joint.HEAD, 0.45) & _near(u, Joint.R_WRIST, Joint.HEAD, 0.45))


def _ear(u: np.ndarray) -> np.ndarray:
    near = _near(u, Joint.L_WRIST, Joint.HEAD, 0.4) & (u[:, Joint.L_WRIST, 0] > u[:, Joint.HEAD, 0])
    return np.asarray(near & (u[:, Joint.R_WRIST, 1] < u[:, Joint.R_SHOULDER, 1]))


def _other_shoulder(u: np.ndarray) -> np.ndarray:
    return _near(u, Joint.L_WRIST, Joint.R_SHOULDER, 0.35) & (u[:, Joint.R_WRIST, 1] < u[:, Joint.R_SHOULDER, 1])


def _tee(u: np.ndarray) -> np.ndarray:
    left, right = u[:, Joint.L_WRIST], u[:, Joint.R_WRIST]
    level = (np.abs(left[:, 1]) < 0.25) & (np.abs(right[:, 1]) < 0.25)
    return np.asarray(level & (left[:, 0] > 0.9) & (right[:, 0] < -0.9))


POSTURES: tuple[Posture, ...] = (
    Posture("one arm up", ("raise",), _raise, one_sided=True),
    Posture("both arms up", ("both_up", "both_arms_up", "arms_up", "arms_both_up"), _both_up),
    Posture("arms crossed", ("arms_crossed", "crossed", "cross", "disarm"), _crossed),
    Posture("hands on head", ("hands_on_head", "on_head", "sync"), _on_head),
    Posture("hand to ear", ("ear", "hand_to_ear", "headphone"), _ear, one_sided=True),
    Posture("hand on the other shoulder", ("shoulder", "opposite_shoulder", "hot_cue"), _other_shoulder, one_sided=True),
    Posture("arms spread", ("tee", "t_pose", "arms_spread"), _tee),
)


@dataclass(frozen=True, slots=True)
class Held:
    """A performer truly holds a posture of ours, from `start_s` to `end_s`. `side` is "left", "right" or "both"."""

    posture: Posture
    side: str
    start_s: float
    end_s: float

    def explains(self, gesture: str, t_s: float) -> bool:
        """Whether a gesture found at this time is this posture."""
        side, _, base = gesture.rpartition(".")
        is_ours = base in self.posture.gestures and (side in ("left", "right")) <= (self.side in (side, "both"))
        return is_ours and self.start_s <= t_s <= max(self.end_s + AFTER_S, self.start_s + BEFORE_S)


def held_postures(t_s: np.ndarray, joints: np.ndarray) -> list[Held]:
    """Every posture of ours that is taken and held still, in joints (N, 14, 3)."""
    if len(t_s) < 2 or not np.isfinite(joints).any():
        return []
    body = in_trunk_frame(body_units(joints))
    n = max(2, round(HELD_S / float(np.median(np.diff(t_s)))))
    with np.errstate(invalid="ignore"):
        left, right = (_still(body[:, wrist, :2], n) for wrist in (Joint.L_WRIST, Joint.R_WRIST))
        return [
            Held(posture, side, float(t_s[a]), float(t_s[b]))
            for side, view, still in (
                ("left", body, left),
                ("right", body[:, MIRROR_JOINTS] * (-1.0, 1.0, 1.0), right),
                ("both", body, left & right),
            )
            for posture in POSTURES
            if posture.one_sided == (side != "both")
            for a, b in spans(posture.of(view) & still)
            if t_s[b] - t_s[a] >= HELD_S * 0.95
        ]


def _still(points: np.ndarray, n: int) -> np.ndarray:
    """bool (N,): within some `n` frames around it, the point keeps within STILL."""
    still = np.zeros(len(points), dtype=np.bool_)
    if len(points) < n:
        return still
    windows = sliding_window_view(points, n, axis=0)
    quiet = np.flatnonzero((np.ptp(windows, axis=2) <= STILL).all(axis=1))
    for offset in range(n):
        still[quiet + offset] = True
    return still
