"""One picture to the numbers that a calibration judges and measures. Who the performer is, the builder's own lock decides.

Sides are named as the pose model names them: in a mirrored picture left is the performer's right.
"""

import math
from dataclasses import dataclass

import numpy as np

from dynamics import kernels as k
from dynamics.frames import MAX_PERSONS, POSE_LANDMARKS, PoseFrame
from dynamics.intake import Intake
from dynamics.skeleton import Lm

from .faults import Fault

NAN = float("nan")
TORSO_M = (0.2, 1.0)
"""Neck to mid-hip in metres: what lies outside is no torso (the builder's own limits)."""
SIDES = ((1.0, Lm.L_SHOULDER, Lm.L_ELBOW, Lm.L_WRIST), (-1.0, Lm.R_SHOULDER, Lm.R_ELBOW, Lm.R_WRIST))
"""Which way is outwards, with x to the performer's left; and the landmarks of the arm."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm from mid-shoulder, in torso lengths: outwards and up. NaN where it is not seen."""

    elbow_out: float = NAN
    elbow_up: float = NAN
    wrist_out: float = NAN
    wrist_up: float = NAN
    bend_rad: float = NAN
    """Angle between upper arm and forearm in the picture; 0 is straight."""

    @property
    def elbow_seen(self) -> bool:
        return math.isfinite(self.elbow_up)

    @property
    def wrist_seen(self) -> bool:
        return math.isfinite(self.wrist_up)


@dataclass(frozen=True, slots=True)
class Look:
    """One picture, read. With a `fault` nobody could be read and the rest is not filled."""

    t_ns: int
    fault: Fault | None = None
    left: Arm = Arm()
    right: Arm = Arm()
    place: tuple[float, float] = (NAN, NAN)
    """Mid-shoulder in the picture, torso lengths."""
    head: float = 0.0
    """Share of the head that is seen, 0 when it is not where a head is."""
    hips_seen: bool = False
    trunk_roll_rad: float = NAN
    """How far the line from hips to neck leans to the model's right; NaN without hips."""
    shoulder_roll_rad: float = NAN
    """The same of the line through the shoulders."""
    yaw_rad: float = NAN
    shoulders_m: float = NAN
    torso_m: float = NAN
    torso_image: float = NAN
    """Torso in picture heights, as the builder follows it."""
    seen: float = 0.0
    """Mean visibility of shoulders, elbows and the wrists that are seen."""

    @property
    def arms(self) -> tuple[Arm, Arm]:
        return self.left, self.right

    def tracked(self) -> tuple[float, ...]:
        """What stands still in a held pose, torso lengths."""
        a, b = self.left, self.right
        arms = (a.elbow_out, a.elbow_up, a.wrist_out, a.wrist_up, b.elbow_out, b.elbow_up, b.wrist_out, b.wrist_up)
        return (*arms, *self.place)


class Reader:
    """Reads pictures of one performer. Once known, `torso_image` and `roll_rad` are those of the neutral pose."""

    def __init__(self) -> None:
        self.torso_image = NAN
        self.roll_rad = 0.0
        self._intake = Intake()
        self._epoch_ns: int | None = None
        self._state = np.full(k.STATE, np.nan)
        self._state[[k.S_LOCKED, k.S_LOCK_CONF, k.S_SECOND, k.S_HAS_REF]] = 0.0
        self._state[k.S_LOCK_T] = -1e9

    def read(self, frame: PoseFrame) -> Look:
        """One picture."""
        t_ns = frame.capture_ns
        if frame.height_px <= 0 or frame.width_px <= 0:
            return Look(t_ns, Fault.NOBODY)
        if self._epoch_ns is None:
            self._epoch_ns = t_ns
        aspect = frame.width_px / frame.height_px
        image, world = self._intake.people(frame, aspect)
        who = int(k.choose_person(image, image.shape[0], aspect, (t_ns - self._epoch_ns) * 1e-9, self._state))
        if who < 0:
            return Look(t_ns, Fault.SECOND_PERSON if image.shape[0] > 1 else Fault.NOBODY)
        if self._others(image, who, aspect):
            return Look(t_ns, Fault.SECOND_PERSON)
        with np.errstate(all="ignore"):  # landmarks that are not seen may be anything
            return self._of(image[who], world[who], aspect, t_ns)

    def _others(self, image: np.ndarray, who: int, aspect: float) -> bool:
        """Somebody else is there, and not the performer reported twice."""
        mine, other = np.zeros(3), np.zeros(3)
        k.person_place(image[who], aspect, mine)
        for p in range(image.shape[0]):
            if p == who or not k.person_place(image[p], aspect, other) or _shoulders_seen(image[p]) < k.MIN_SEEN:
                continue
            far = math.hypot(other[0] - mine[0], other[1] - mine[1]) / mine[2]
            if far > k.SAME_PERSON or abs(math.log(other[2] / mine[2])) > 0.4:
                return True
        return False

    def _of(self, image: np.ndarray, world: np.ndarray, aspect: float, t_ns: int) -> Look:
        seen = np.array([k.landmark_seen(image, place) for place in range(len(image))])
        if min(seen[Lm.L_SHOULDER], seen[Lm.R_SHOULDER]) < k.MIN_SEEN:
            return Look(t_ns, Fault.NOBODY)
        points = self._upright(image, aspect)
        hips = bool(min(seen[Lm.L_HIP], seen[Lm.R_HIP]) >= k.MIN_SEEN)
        shoulders_m, torso_m, yaw_rad = _metres(world, hips)
        torso_image = k.SCALE_RATIO * float(k.picture_scale(image, world, aspect)) * torso_m
        unit = self.torso_image if math.isfinite(self.torso_image) else torso_image
        if not (math.isfinite(unit) and unit > 0.005):
            return Look(t_ns, Fault.SIZE_UNKNOWN)
        neck = 0.5 * (points[Lm.L_SHOULDER] + points[Lm.R_SHOULDER])
        up = neck - 0.5 * (points[Lm.L_HIP] + points[Lm.R_HIP])
        across = points[Lm.L_SHOULDER] - points[Lm.R_SHOULDER]
        left, right = (_arm(points, neck, seen, unit, side) for side in SIDES)
        used = [seen[place] for place in (*range(Lm.L_SHOULDER, Lm.R_WRIST + 1),) if seen[place] >= k.MIN_SEEN]
        return Look(
            t_ns,
            left=left,
            right=right,
            place=(float(neck[0] / unit), float(neck[1] / unit)),
            head=_head(points, neck, seen, unit),
            hips_seen=hips,
            trunk_roll_rad=math.atan2(-up[0], up[1]) if hips else NAN,
            shoulder_roll_rad=math.atan2(across[1], across[0]),
            yaw_rad=yaw_rad,
            shoulders_m=shoulders_m,
            torso_m=torso_m,
            torso_image=torso_image,
            seen=float(np.mean(used)),
        )

    def _upright(self, image: np.ndarray, aspect: float) -> np.ndarray:
        """(33, 2) picture heights, x to the performer's left, y up, the camera's roll taken out."""
        c, s = math.cos(self.roll_rad), math.sin(self.roll_rad)
        x, y = (image[:, 0].astype(np.float64) - 0.5) * aspect, 0.5 - image[:, 1].astype(np.float64)
        return np.stack([c * x + s * y, c * y - s * x], axis=1)


def _shoulders_seen(image: np.ndarray) -> float:
    return float(min(k.landmark_seen(image, int(Lm.L_SHOULDER)), k.landmark_seen(image, int(Lm.R_SHOULDER))))


def _metres(world: np.ndarray, hips: bool) -> tuple[float, float, float]:
    """Shoulder width, torso, yaw of the shoulders. Without hips the torso is what the width of the shoulders suggests."""
    marks = world.astype(np.float64) * (1.0, -1.0, -1.0)
    across = marks[Lm.L_SHOULDER] - marks[Lm.R_SHOULDER]
    neck = 0.5 * (marks[Lm.L_SHOULDER] + marks[Lm.R_SHOULDER])
    width = float(np.linalg.norm(across))
    torso = float(np.linalg.norm(neck - 0.5 * (marks[Lm.L_HIP] + marks[Lm.R_HIP]))) if hips else width / k.USUAL_SHOULDERS
    return width, torso if TORSO_M[0] < torso < TORSO_M[1] else NAN, math.atan2(-across[2], across[0])


def _arm(points: np.ndarray, neck: np.ndarray, seen: np.ndarray, unit: float, side: tuple[float, Lm, Lm, Lm]) -> Arm:
    out, shoulder, elbow, wrist = side
    there = [seen[place] >= k.MIN_SEEN for place in (elbow, wrist)]
    e, w = (
        (points[place] - neck) / unit * (out, 1.0) if good else (NAN, NAN)
        for place, good in zip((elbow, wrist), there, strict=True)
    )
    upper, fore = points[elbow] - points[shoulder], points[wrist] - points[elbow]
    cross, dot = upper[0] * fore[1] - upper[1] * fore[0], float(upper @ fore)
    bend = abs(math.atan2(cross, dot)) if all(there) else NAN
    return Arm(float(e[0]), float(e[1]), float(w[0]), float(w[1]), bend)


def _head(points: np.ndarray, neck: np.ndarray, seen: np.ndarray, unit: float) -> float:
    """The same question that slot `head_seen` answers."""
    over = (0.5 * (points[Lm.L_EAR] + points[Lm.R_EAR]) - neck) / unit
    return float(np.mean(seen[k.HEAD_POINTS])) if 0.05 < over[1] < 1.2 and abs(over[0]) < 0.9 else 0.0


def warm_up() -> None:
    """Compile what reading takes: not while somebody holds a pose."""
    image = np.full((MAX_PERSONS, POSE_LANDMARKS, 4), 0.5, dtype=np.float32)
    image[:, Lm.L_SHOULDER, 0], image[1, :, 0] = 0.6, 0.1
    Reader().read(PoseFrame(1, 1, 0, 640, 480, image[:1], np.zeros((1, POSE_LANDMARKS, 3), dtype=np.float32)))
    Reader().read(PoseFrame(1, 1, 0, 640, 480, image, np.zeros((MAX_PERSONS, POSE_LANDMARKS, 3), dtype=np.float32)))
