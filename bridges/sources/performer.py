"""A synthetic performer: moves by name, played on the kinematic body and seen by a virtual camera.

A performance is a list of moves with gaps between them; each move is a few poses with the time to reach them. Movement
between poses follows a minimum-jerk curve; on top come breathing, an optional dance and the landmark noise of a camera.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace

import numpy as np

from dynamics.body import TRUNK, ArmPose, BodyPose, Proportions, VirtualCamera, joints_of, joints_of_many, see, see_many
from dynamics.frames import PoseFrame, SourceKind

NS_PER_S = 1_000_000_000
REST = BodyPose()
LANDMARK_NOISE = 0.0020
"""Standard deviation of a landmark as a fraction of the picture: the still stretches of the shared clips show 0.0015."""
BREATH_HZ, BREATH_M = 0.25, 0.004
RAISED = ArmPose(elevation=2.85, azimuth=0.2, flexion=0.25, bend=math.pi / 2)
REACH_S = 0.45
"""A relaxed arm needs about half a second from the hip to over the head."""


@dataclass(frozen=True, slots=True)
class Key:
    """Be in `pose` after `reach_s`, then stay for `hold_s`."""

    pose: BodyPose
    reach_s: float = REACH_S
    hold_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Move:
    """Poses in order; the body starts from and returns to rest. `means` is the gesture it performs, or nothing."""

    name: str
    keys: tuple[Key, ...]
    means: str = ""
    stroke_s: float = 0.0
    """From the start of the move until the meant gesture is reached."""


def arm(side: str, pose: ArmPose, base: BodyPose = REST) -> BodyPose:
    """`base` with one arm in another pose."""
    return replace(base, left=pose) if side == "left" else replace(base, right=pose)


def _one_sided(side: str) -> dict[str, Move]:
    """The two meanings' worth of moves for one arm, and what must not be taken for them."""
    up = arm(side, RAISED)
    half = arm(side, ArmPose(1.45, 0.3, 0.3))
    low = arm(side, ArmPose(0.9, 1.2, 1.2))
    ear = arm(side, ArmPose(1.1, 0.4, 2.3, math.pi / 2))
    out, back = arm(side, ArmPose(2.3, 0.1, 0.3, math.pi / 2)), arm(side, ArmPose(2.3, 0.1, 1.3, math.pi / 2))
    swing = tuple(Key(pose, 0.22) for _ in range(6) for pose in (out, back))
    mouth = arm(side, ArmPose(0.7, 1.1, 2.2, 0.6))
    moves = (
        Move("raise", (Key(up, REACH_S, 0.9), Key(REST, REACH_S)), f"{side}.raise", REACH_S),
        Move("slow_raise", (Key(up, 0.9, 1.2), Key(REST, 0.8)), f"{side}.raise", 0.9),
        Move("brief_raise", (Key(up, 0.35, 0.05), Key(REST, 0.35))),
        Move("half_raise", (Key(half, 0.4, 1.0), Key(REST, 0.4))),
        Move("fader", (Key(low, 0.4, 1.2), Key(REST, 0.4))),
        Move("ear", (Key(ear, 0.5, 1.5), Key(REST, 0.5))),
        Move("drink", (Key(mouth, 0.6, 1.0), Key(REST, 0.6))),
        Move("wave", (Key(out, 0.45), *swing, Key(REST, 0.4))),
    )
    return {f"{side}.{move.name}": replace(move, name=f"{side}.{move.name}") for move in moves}


def _both() -> dict[str, Move]:
    up = replace(REST, left=RAISED, right=RAISED)
    level = ArmPose(1.57, 0.0, 0.1)
    tee = replace(REST, left=level, right=level)
    leaning = replace(REST, pitch_rad=0.5)
    moves = (
        Move("rest", (Key(REST, 0.1, 1.0),)),
        Move("both_up", (Key(up, REACH_S, 1.2), Key(REST, REACH_S))),
        Move("tee", (Key(tee, 0.5, 1.2), Key(REST, 0.5))),
        Move("lean", (Key(leaning, 0.5, 1.0), Key(REST, 0.5))),
        Move("crouch", (Key(replace(REST, crouch=0.7), 0.5, 0.6), Key(REST, 0.5))),
        Move("step", (Key(replace(REST, x_m=0.5), 0.7, 0.3), Key(REST, 0.7))),
        Move("turn", (Key(replace(REST, yaw_rad=1.2), 0.6, 0.8), Key(REST, 0.6))),
    )
    return {move.name: move for move in moves}


MOVES: dict[str, Move] = {**_one_sided("left"), **_one_sided("right"), **_both()}

DEMO = ("rest", "right.raise", "rest", "left.fader", "left.raise", "rest", "right.wave", "both_up", "rest")
"""What the demo performer does, over and over: two gestures, and three movements that are none."""


@dataclass(frozen=True, slots=True)
class Body:
    """Who performs, before which camera."""

    proportions: Proportions = field(default_factory=Proportions)
    camera: VirtualCamera = field(default_factory=VirtualCamera)
    tempo: float = 1.0
    """How quickly moves are done: 2 is twice as fast."""
    dance_m: float = 0.0
    """How far the body bounces to the beat."""
    bpm: float = 120.0
    noise: float = LANDMARK_NOISE


@dataclass(frozen=True, slots=True)
class Meant:
    """A gesture that a performance means: when its stroke began and ended, in seconds."""

    gesture: str
    start_s: float
    stroke_s: float
    end_s: float


_ARM = tuple(f.name for f in fields(ArmPose))
_CHUNK = 512
"""Frames that are made at once."""


def mix(a: BodyPose, b: BodyPose, share: float) -> BodyPose:
    """Between two poses: 0 is a, 1 is b."""
    trunk = {name: getattr(a, name) + (getattr(b, name) - getattr(a, name)) * share for name in TRUNK}
    return BodyPose(mix_arm(a.left, b.left, share), mix_arm(a.right, b.right, share), **trunk)


def mix_arm(a: ArmPose, b: ArmPose, share: float) -> ArmPose:
    """Between two poses of an arm."""
    return ArmPose(*(getattr(a, name) + (getattr(b, name) - getattr(a, name)) * share for name in _ARM))


def minimum_jerk(share: float) -> float:
    """0..1 -> 0..1 with no speed and no acceleration at both ends."""
    return share * share * share * (10.0 + share * (6.0 * share - 15.0))


class Performance:
    """Moves on a body: what it looks like at any time, and what it means."""

    def __init__(self, names: tuple[str, ...], body: Body, gap_s: float = 0.6) -> None:
        self.body = body
        self.meant: list[Meant] = []
        self._keys: list[tuple[float, float, BodyPose, BodyPose]] = []
        self._starts: list[tuple[float, str]] = []
        t, pose = 0.5, REST
        for name in names:
            move, start = MOVES[name], t
            self._starts.append((t, name))
            for key in move.keys:
                reach, hold = key.reach_s / body.tempo, key.hold_s
                self._keys.append((t, t + reach, pose, key.pose))
                t, pose = t + reach + hold, key.pose
            if move.means:
                self.meant.append(Meant(move.means, start, start + move.stroke_s / body.tempo, t))
            t += gap_s
        self.duration_s = t

    def move_at(self, t_s: float) -> str:
        """The move that had begun last at a time."""
        return next((name for start, name in reversed(self._starts) if start <= t_s), "")

    def pose(self, t_s: float) -> BodyPose:
        """The pose at a time from the start."""
        pose = REST
        for start, end, a, b in self._keys:
            if t_s < start:
                break
            pose = b if t_s >= end else mix(a, b, minimum_jerk((t_s - start) / (end - start)))
        beat = 2.0 * math.pi * self.body.bpm / 60.0 * t_s
        lift = BREATH_M * math.sin(2.0 * math.pi * BREATH_HZ * t_s) - self.body.dance_m * 0.5 * (1.0 - math.cos(beat))
        sway = self.body.dance_m * math.sin(0.5 * beat)
        return replace(pose, y_m=pose.y_m + lift, x_m=pose.x_m + sway)

    def frame(self, t_s: float, capture_ns: int, seq: int, rng: np.random.Generator) -> PoseFrame:
        """What the camera says at a time."""
        camera = self.body.camera
        image, world = see(joints_of(self.pose(t_s), self.body.proportions), camera)
        image[:, :2] += rng.normal(0.0, self.body.noise, (33, 2)).astype(np.float32)
        world += rng.normal(0.0, 3.0 * self.body.noise, (33, 3)).astype(np.float32)
        return PoseFrame(
            capture_ns, capture_ns, seq, camera.width_px, camera.height_px, image[None], world[None], kind=SourceKind.SYNTHETIC
        )

    def frames(self, fps: float, seed: int, start_ns: int = NS_PER_S) -> Iterator[PoseFrame]:
        """Every frame of the performance, in virtual time."""
        rng, camera, noise = np.random.default_rng(seed), self.body.camera, self.body.noise
        count = int(self.duration_s * fps)
        for first in range(0, count, _CHUNK):
            numbers = np.arange(first, min(first + _CHUNK, count))
            images, worlds = see_many(joints_of_many(*self.poses(numbers / fps), self.body.proportions), camera)
            tremble = rng.normal(0.0, noise, (len(numbers), 33 * 5)).astype(np.float32)
            images[:, :, :2] += tremble[:, :66].reshape(-1, 33, 2)
            worlds += 3.0 * tremble[:, 66:].reshape(-1, 33, 3)
            for seq, image, world in zip(numbers.tolist(), images, worlds, strict=True):
                t_ns = start_ns + int(seq / fps * NS_PER_S)
                yield PoseFrame(
                    t_ns, t_ns, seq, camera.width_px, camera.height_px, image[None], world[None], kind=SourceKind.SYNTHETIC
                )

    def poses(self, t_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Arms (N, 2, 4) and trunks (N, 7) at many times: `pose` of each."""
        rows = np.array([_columns(REST), *(_columns(b) for _, _, _, b in self._keys)])
        starts = np.array([-2.0, *(key[0] for key in self._keys)])
        ends = np.array([-1.0, *(key[1] for key in self._keys)])
        at = np.searchsorted(starts, t_s, side="right") - 1
        share = np.clip((t_s - starts[at]) / (ends[at] - starts[at]), 0.0, 1.0)
        share = share**3 * (10.0 + share * (6.0 * share - 15.0))
        before = rows[np.maximum(at - 1, 0)]
        values = before + (rows[at] - before) * share[:, None]
        trunk = values[:, 8:]
        lift, sway = self._dance(t_s)
        trunk[:, 1] += lift
        trunk[:, 0] += sway
        return values[:, :8].reshape(-1, 2, 4), trunk

    def _dance(self, t_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Breath and bounce upwards, sway sideways, in metres."""
        beat = 2.0 * math.pi * self.body.bpm / 60.0 * t_s
        lift = BREATH_M * np.sin(2.0 * math.pi * BREATH_HZ * t_s) - self.body.dance_m * 0.5 * (1.0 - np.cos(beat))
        return lift, self.body.dance_m * np.sin(0.5 * beat)


def _columns(pose: BodyPose) -> list[float]:
    """A pose as numbers: left arm, right arm, trunk."""
    arms = [getattr(arm, name) for arm in (pose.left, pose.right) for name in _ARM]
    return arms + [getattr(pose, name) for name in TRUNK]
