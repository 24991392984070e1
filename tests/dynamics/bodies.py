"""Bodies, cameras and performances that the tests of the numbers share."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from dynamics.body import ArmPose, BodyPose, VirtualCamera, joints_of, mocopi_of, see
from dynamics.builder import Dynamics128Builder
from dynamics.frames import MocapFrame, PoseFrame

NS = 1_000_000_000
START_NS = 10 * NS
CAMERA = VirtualCamera(distance_m=3.6)
"""Far enough that feet and raised hands are in the picture."""
Pose = Callable[[float], BodyPose]


def standing(_t_s: float) -> BodyPose:
    return BodyPose()


def dance(t_s: float) -> BodyPose:
    """Every joint moves, at 0.4 to 1.3 Hz."""
    turn = 2.0 * math.pi * t_s
    return BodyPose(
        left=ArmPose(1.2 + 0.9 * math.sin(0.9 * turn), 0.3 + 0.3 * math.sin(0.5 * turn), 0.6 + 0.4 * math.sin(1.1 * turn)),
        right=ArmPose(1.1 - 0.8 * math.sin(0.7 * turn), 0.4, 0.7 + 0.4 * math.sin(1.3 * turn + 1.0), 0.5),
        x_m=0.1 * math.sin(0.5 * turn),
        yaw_rad=0.4 * math.sin(0.4 * turn),
        pitch_rad=0.15 * math.sin(0.6 * turn),
        roll_rad=0.12 * math.sin(0.8 * turn),
        crouch=0.25 + 0.2 * math.sin(turn),
    )


def mirrored(pose: BodyPose) -> BodyPose:
    """The pose in a looking glass."""
    return replace(pose, left=pose.right, right=pose.left, x_m=-pose.x_m, yaw_rad=-pose.yaw_rad, roll_rad=-pose.roll_rad)


def at_ns(t_s: float) -> int:
    return START_NS + round(t_s * NS)


def picture(
    *poses: BodyPose, t_s: float = 0.0, camera: VirtualCamera = CAMERA, noise: np.random.Generator | None = None
) -> PoseFrame:
    """One picture of the people in it."""
    seen = [see(joints_of(pose), camera) for pose in poses]
    image = np.stack([image for image, _ in seen]) if seen else np.zeros((0, 33, 4), dtype=np.float32)
    world = np.stack([world for _, world in seen]) if seen else np.zeros((0, 33, 3), dtype=np.float32)
    if noise is not None:
        image[..., :2] += noise.normal(0.0, 0.002, image[..., :2].shape).astype(np.float32)
    return PoseFrame(at_ns(t_s), at_ns(t_s), 0, camera.width_px, camera.height_px, image, world)


def mocap(pose: BodyPose, t_s: float = 0.0) -> MocapFrame:
    """One mocopi frame of a pose."""
    return MocapFrame(at_ns(t_s), at_ns(t_s), 0, *mocopi_of(joints_of(pose)))


def times(fps: float, seconds: float, start_s: float = 0.0) -> list[float]:
    return [start_s + i / fps for i in range(round(seconds * fps))]


def pictures(
    pose: Pose, fps: float, seconds: float, start_s: float = 0.0, camera: VirtualCamera = CAMERA
) -> Iterator[PoseFrame]:
    for t in times(fps, seconds, start_s):
        yield picture(pose(t), t_s=t, camera=camera)


def mocaps(pose: Pose, fps: float, seconds: float, start_s: float = 0.0) -> Iterator[MocapFrame]:
    for t in times(fps, seconds, start_s):
        yield mocap(pose(t), t)


def feed(builder: Dynamics128Builder, frame: PoseFrame | MocapFrame) -> bool:
    return (
        builder.on_pose(frame, frame.capture_ns) if isinstance(frame, PoseFrame) else builder.on_mocap(frame, frame.capture_ns)
    )


def watch(builder: Dynamics128Builder, frames: Iterable[PoseFrame | MocapFrame]) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (N, 128) float64 and masks (N, 128) bool, one for each frame."""
    vectors, masks = [], []
    for frame in frames:
        feed(builder, frame)
        vectors.append(builder.vector.astype(np.float64))
        masks.append(builder.valid.astype(bool))
    return np.array(vectors), np.array(masks)
