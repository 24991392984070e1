"""A kinematic body: joints to what each device would say of them. The synthetic source, self-play and the screening of
motion recordings stand on it.

Joints are `(14, 3)` float64 metres in the order of `skeleton.Joint`, in a room frame: y up, z towards the camera, x to
the left of a performer who faces it.
"""

import math
from dataclasses import dataclass

import numpy as np

from .frames import POSE_LANDMARKS
from .skeleton import JOINTS, MOCOPI_PARENT, MOCOPI_REST_M, Joint, Lm

VISIBLE = 0.99
HIDDEN = 0.05


@dataclass(frozen=True, slots=True)
class Proportions:
    """Lengths of one body in metres."""

    shoulder_half: float = 0.18
    hip_half: float = 0.10
    torso: float = 0.50
    upper_arm: float = 0.29
    forearm: float = 0.25
    thigh: float = 0.42
    shank: float = 0.41
    head_over_neck: float = 0.20

    def scaled(self, factor: float) -> "Proportions":
        """The same body, larger or smaller."""
        return Proportions(*(getattr(self, name) * factor for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class ArmPose:
    """One arm by two directions as angles in radians.

    `elevation` of the upper arm from hanging (0) to straight up (pi); `azimuth` of it from sideways (0) to forwards
    (pi/2); `flexion` of the elbow (0 straight), bent towards `bend` from forwards (0) to up (pi/2).
    """

    elevation: float = 0.15
    azimuth: float = 0.2
    flexion: float = 0.2
    bend: float = 0.0


@dataclass(frozen=True, slots=True)
class BodyPose:
    """The whole body: where it stands, how it leans and turns, and its limbs."""

    left: ArmPose = ArmPose()
    right: ArmPose = ArmPose()
    x_m: float = 0.0
    y_m: float = 0.0
    z_m: float = 0.0
    yaw_rad: float = 0.0
    pitch_rad: float = 0.0
    roll_rad: float = 0.0
    crouch: float = 0.0
    """0 standing .. 1 knees bent to a right angle."""


def _arm(shoulder: np.ndarray, side: float, arm: ArmPose, p: Proportions) -> tuple[np.ndarray, np.ndarray]:
    out = math.sin(arm.elevation)
    upper = np.array([side * out * math.cos(arm.azimuth), -math.cos(arm.elevation), out * math.sin(arm.azimuth)])
    forward, up = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
    towards = math.cos(arm.bend) * forward + math.sin(arm.bend) * up
    towards = towards - towards.dot(upper) * upper
    length = float(np.linalg.norm(towards))
    if length < 1e-6:
        towards = np.array([-side, 0.0, 0.0])
        towards = towards - towards.dot(upper) * upper
        length = float(np.linalg.norm(towards))
    lower = math.cos(arm.flexion) * upper + math.sin(arm.flexion) * towards / length
    elbow = shoulder + p.upper_arm * upper
    return elbow, elbow + p.forearm * lower


def joints_of(pose: BodyPose, p: Proportions | None = None) -> np.ndarray:
    """Joint positions (14, 3) of a pose, metres, feet on the floor (y = 0) unless `y_m` lifts them."""
    p = p or Proportions()
    joints = np.zeros((JOINTS, 3))
    knee_bend = pose.crouch * math.pi / 2
    leg = (p.thigh + p.shank) * math.cos(knee_bend / 2)
    hip = np.array([0.0, leg + pose.y_m, 0.0])
    cp, sp, cr, sr = math.cos(pose.pitch_rad), math.sin(pose.pitch_rad), math.cos(pose.roll_rad), math.sin(pose.roll_rad)
    trunk = np.array([[cr, sr, 0.0], [-sr, cr, 0.0], [0.0, 0.0, 1.0]]) @ np.array(
        [[1.0, 0.0, 0.0], [0.0, cp, -sp], [0.0, sp, cp]]
    )
    local = np.zeros((JOINTS, 3))
    local[Joint.NECK] = (0.0, p.torso, 0.0)
    local[Joint.HEAD] = (0.0, p.torso + p.head_over_neck, 0.03)
    for shoulder, elbow, wrist, side, arm in (
        (Joint.L_SHOULDER, Joint.L_ELBOW, Joint.L_WRIST, 1.0, pose.left),
        (Joint.R_SHOULDER, Joint.R_ELBOW, Joint.R_WRIST, -1.0, pose.right),
    ):
        raised = max(0.0, arm.elevation - math.pi / 2) / (math.pi / 2)
        local[shoulder] = (side * p.shoulder_half * (1.0 - 0.15 * raised), p.torso + 0.05 * raised, 0.0)
        local[elbow], local[wrist] = _arm(local[shoulder], side, arm, p)
    joints[:8] = hip + local[:8] @ trunk.T
    for j, side in ((Joint.L_HIP, 1.0), (Joint.R_HIP, -1.0)):
        joints[j] = hip + np.array([side * p.hip_half, 0.0, 0.0])
        joints[j + 2] = joints[j] + (0.0, -p.thigh * math.cos(knee_bend / 2), p.thigh * math.sin(knee_bend / 2))
        joints[j + 4] = joints[j] + (0.0, -leg, 0.0)
    c, s = math.cos(pose.yaw_rad), math.sin(pose.yaw_rad)
    turned = joints @ np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])
    return np.asarray(turned + np.array([pose.x_m, 0.0, pose.z_m]))


TRUNK = ("x_m", "y_m", "z_m", "yaw_rad", "pitch_rad", "roll_rad", "crouch")
"""Columns of a trunk as an array: the fields of `BodyPose` of the same name."""


def stand_many(trunk: np.ndarray, p: Proportions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Trunks (N, 7) to joints (N, 14, 3) with legs only, mid-hip (N, 3) and the trunk's turn (N, 3, 3), before `face_many`."""
    joints = np.zeros((len(trunk), JOINTS, 3))
    half = trunk[:, 6] * (math.pi / 4)
    leg = (p.thigh + p.shank) * np.cos(half)
    hip = np.zeros((len(trunk), 3))
    hip[:, 1] = leg + trunk[:, 1]
    for j, side in ((Joint.L_HIP, 1.0), (Joint.R_HIP, -1.0)):
        joints[:, j] = hip
        joints[:, j, 0] += side * p.hip_half
        joints[:, j + 2] = joints[:, j]
        joints[:, j + 2, 1] -= p.thigh * np.cos(half)
        joints[:, j + 2, 2] += p.thigh * np.sin(half)
        joints[:, j + 4] = joints[:, j]
        joints[:, j + 4, 1] -= leg
    cp, sp, cr, sr = np.cos(trunk[:, 4]), np.sin(trunk[:, 4]), np.cos(trunk[:, 5]), np.sin(trunk[:, 5])
    none = np.zeros(len(trunk))
    turn = np.stack([cr, sr * cp, -sr * sp, -sr, cr * cp, -cr * sp, none, sp, cp], axis=1).reshape(-1, 3, 3)
    return joints, hip, turn


def face_many(joints: np.ndarray, trunk: np.ndarray) -> np.ndarray:
    """Turn (N, 14, 3) by each trunk's yaw and put it in its place in the room."""
    c, s, none = np.cos(trunk[:, 3]), np.sin(trunk[:, 3]), np.zeros(len(trunk))
    turn = np.stack([c, none, -s, none, none + 1.0, none, s, none, c], axis=1).reshape(-1, 3, 3)
    placed = joints @ turn
    placed[:, :, 0] += trunk[:, None, 0]
    placed[:, :, 2] += trunk[:, None, 2]
    return np.asarray(placed)


def joints_of_many(arms: np.ndarray, trunk: np.ndarray, p: Proportions | None = None) -> np.ndarray:
    """`joints_of` of many poses: arms (N, 2, 4) as the fields of `ArmPose`, left first, trunk (N, 7) to (N, 14, 3)."""
    p = p or Proportions()
    joints, hip, turn = stand_many(trunk, p)
    local = np.zeros((len(trunk), 8, 3))
    local[:, Joint.NECK, 1] = p.torso
    local[:, Joint.HEAD] = (0.0, p.torso + p.head_over_neck, 0.03)
    for place, side in ((0, 1.0), (1, -1.0)):
        arm = arms[:, place]
        raised = np.maximum(0.0, arm[:, 0] - math.pi / 2) / (math.pi / 2)
        shoulder = local[:, Joint.L_SHOULDER + place]
        shoulder[:, 0] = side * p.shoulder_half * (1.0 - 0.15 * raised)
        shoulder[:, 1] = p.torso + 0.05 * raised
        upper, lower = _limbs(arm, side)
        local[:, Joint.L_ELBOW + place] = shoulder + p.upper_arm * upper
        local[:, Joint.L_WRIST + place] = local[:, Joint.L_ELBOW + place] + p.forearm * lower
    joints[:, :8] = hip[:, None] + local @ turn.transpose(0, 2, 1)
    return face_many(joints, trunk)


def _limbs(arm: np.ndarray, side: float) -> tuple[np.ndarray, np.ndarray]:
    """Directions (N, 3) of upper arm and forearm of arm poses (N, 4)."""
    elevation, azimuth, flexion, bend = arm.T[:, :, None]
    out, none = np.sin(elevation), np.zeros_like(elevation)
    upper = np.hstack([side * out * np.cos(azimuth), -np.cos(elevation), out * np.sin(azimuth)])
    towards = np.hstack([none, np.sin(bend), np.cos(bend)])
    towards -= np.sum(towards * upper, axis=1, keepdims=True) * upper
    length = np.linalg.norm(towards, axis=1, keepdims=True)
    inwards = np.hstack([none - side, none, none])
    inwards -= np.sum(inwards * upper, axis=1, keepdims=True) * upper
    towards = np.where(length < 1e-6, inwards, towards)
    lower = np.cos(flexion) * upper + np.sin(flexion) * towards / np.linalg.norm(towards, axis=1, keepdims=True)
    return upper, lower


@dataclass(frozen=True, slots=True)
class VirtualCamera:
    """A pinhole camera that looks along -z, level, from `distance_m` before the room's origin."""

    distance_m: float = 2.6
    height_m: float = 1.2
    fov_y_rad: float = 0.87
    width_px: int = 640
    height_px: int = 480

    def project(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) metres to (N, 2) fractions of the picture; NaN for points behind the camera."""
        depth = self.distance_m - points[:, 2]
        focal = 0.5 / math.tan(self.fov_y_rad / 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            x = focal * points[:, 0] / depth
            y = focal * (points[:, 1] - self.height_m) / depth
        out = np.stack([0.5 + x * self.height_px / self.width_px, 0.5 - y], axis=1)
        out[depth < 0.1] = np.nan
        return out


FACE = {Lm.NOSE: (0.0, 0.0, 0.11), Lm.L_EAR: (0.075, 0.0, 0.0), Lm.R_EAR: (-0.075, 0.0, 0.0), Lm.L_EYE: (0.03, 0.035, 0.09),
        Lm.R_EYE: (-0.03, 0.035, 0.09), Lm.MOUTH_L: (0.025, -0.05, 0.09), Lm.MOUTH_R: (-0.025, -0.05, 0.09)}  # fmt: skip
"""Where the face is from the middle of the head: metres to the left, up, forwards."""


def landmark_points(joints: np.ndarray) -> np.ndarray:
    """(14, 3) joints to the 33 landmark positions in metres: the face, hands and feet are placed by the limbs."""
    points = np.zeros((POSE_LANDMARKS, 3))
    left = joints[Joint.L_SHOULDER] - joints[Joint.R_SHOULDER]
    left = left / max(float(np.linalg.norm(left)), 1e-6)
    up = joints[Joint.HEAD] - joints[Joint.NECK]
    up = up / max(float(np.linalg.norm(up)), 1e-6)
    front = np.cross(left, up)
    head = joints[Joint.HEAD]
    for landmark, (a, b, c) in FACE.items():
        points[landmark] = head + a * left + b * up + c * front
    points[[1, 3]] = points[Lm.L_EYE]
    points[[4, 6]] = points[Lm.R_EYE]
    points[Lm.L_SHOULDER : Lm.R_WRIST + 1] = joints[Joint.L_SHOULDER : Joint.R_WRIST + 1]
    points[Lm.L_HIP : Lm.R_ANKLE + 1] = joints[Joint.L_HIP : Joint.R_ANKLE + 1]
    for elbow, wrist, hand in ((Joint.L_ELBOW, Joint.L_WRIST, (17, 19, 21)), (Joint.R_ELBOW, Joint.R_WRIST, (18, 20, 22))):
        points[list(hand)] = joints[wrist] + 0.35 * (joints[wrist] - joints[elbow])
    for ankle, heel, toe in ((Joint.L_ANKLE, Lm.L_HEEL, Lm.L_TOE), (Joint.R_ANKLE, Lm.R_HEEL, Lm.R_TOE)):
        points[heel] = joints[ankle] + (0.0, -0.05, 0.0) - 0.05 * front
        points[toe] = joints[ankle] + (0.0, -0.06, 0.0) + 0.15 * front
    return points


def see(joints: np.ndarray, camera: VirtualCamera) -> tuple[np.ndarray, np.ndarray]:
    """What MediaPipe would say of the joints: image float32 (33, 4), world float32 (33, 3)."""
    points = landmark_points(joints)
    middle = 0.5 * (points[Lm.L_HIP] + points[Lm.R_HIP])
    image = np.zeros((POSE_LANDMARKS, 4), dtype=np.float32)
    image[:, :2] = camera.project(points)
    image[:, 2] = -(points[:, 2] - middle[2])
    inside = np.all((image[:, :2] >= 0.0) & (image[:, :2] <= 1.0), axis=1)
    image[:, 3] = np.where(inside, VISIBLE, HIDDEN)
    world = ((points - middle) * (1.0, -1.0, -1.0)).astype(np.float32)
    return image, world


def landmark_points_many(joints: np.ndarray) -> np.ndarray:
    """`landmark_points` of many poses at once: (N, 14, 3) to (N, 33, 3)."""
    points = np.zeros((len(joints), POSE_LANDMARKS, 3))
    left = _unit(joints[:, Joint.L_SHOULDER] - joints[:, Joint.R_SHOULDER])
    up = _unit(joints[:, Joint.HEAD] - joints[:, Joint.NECK])
    axes = np.stack([left, up, np.cross(left, up)], axis=1)
    points[:, list(FACE)] = joints[:, None, Joint.HEAD] + np.array(list(FACE.values())) @ axes
    points[:, [1, 3]] = points[:, None, Lm.L_EYE]
    points[:, [4, 6]] = points[:, None, Lm.R_EYE]
    points[:, Lm.L_SHOULDER : Lm.R_WRIST + 1] = joints[:, Joint.L_SHOULDER : Joint.R_WRIST + 1]
    points[:, Lm.L_HIP : Lm.R_ANKLE + 1] = joints[:, Joint.L_HIP : Joint.R_ANKLE + 1]
    for elbow, wrist, hand in ((Joint.L_ELBOW, Joint.L_WRIST, (17, 19, 21)), (Joint.R_ELBOW, Joint.R_WRIST, (18, 20, 22))):
        points[:, hand] = joints[:, None, wrist] + 0.35 * (joints[:, None, wrist] - joints[:, None, elbow])
    for ankle, heel, toe in ((Joint.L_ANKLE, Lm.L_HEEL, Lm.L_TOE), (Joint.R_ANKLE, Lm.R_HEEL, Lm.R_TOE)):
        points[:, heel] = joints[:, ankle] + (0.0, -0.05, 0.0) - 0.05 * axes[:, 2]
        points[:, toe] = joints[:, ankle] + (0.0, -0.06, 0.0) + 0.15 * axes[:, 2]
    return points


def _unit(vectors: np.ndarray) -> np.ndarray:
    """(N, 3) made 1 long."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6))


def see_many(joints: np.ndarray, camera: VirtualCamera) -> tuple[np.ndarray, np.ndarray]:
    """`see` of many poses at once: (N, 14, 3) to image float32 (N, 33, 4), world float32 (N, 33, 3)."""
    points = landmark_points_many(joints)
    middle = 0.5 * (points[:, None, Lm.L_HIP] + points[:, None, Lm.R_HIP])
    image = np.zeros((len(points), POSE_LANDMARKS, 4), dtype=np.float32)
    image[:, :, :2] = camera.project(points.reshape(-1, 3)).reshape(-1, POSE_LANDMARKS, 2)
    image[:, :, 2] = -(points[:, :, 2] - middle[:, :, 2])
    inside = np.all((image[:, :, :2] >= 0.0) & (image[:, :, :2] <= 1.0), axis=2)
    image[:, :, 3] = np.where(inside, VISIBLE, HIDDEN)
    world = ((points - middle) * (1.0, -1.0, -1.0)).astype(np.float32)
    return image, world


def _basis(primary: np.ndarray, secondary: np.ndarray) -> np.ndarray:
    """Right-handed basis whose columns are the primary axis, the secondary made square to it, and their product."""
    a = primary / max(float(np.linalg.norm(primary)), 1e-9)
    b = secondary - secondary.dot(a) * a
    n = float(np.linalg.norm(b))
    if n < 1e-6:
        b = np.cross(a, (0.37, 0.61, 0.70))
        n = float(np.linalg.norm(b))
    b = b / n
    return np.stack([a, b, np.cross(a, b)], axis=1)


def quaternion_of(matrix: np.ndarray) -> np.ndarray:
    """Rotation matrix (3, 3) to a unit quaternion x y z w."""
    m, trace = matrix, float(np.trace(matrix))
    if trace > 0.0:
        s = 2.0 * math.sqrt(trace + 1.0)
        q = [(m[2, 1] - m[1, 2]) / s, (m[0, 2] - m[2, 0]) / s, (m[1, 0] - m[0, 1]) / s, 0.25 * s]
    else:
        i = int(np.argmax(np.diag(m)))
        j, k = (i + 1) % 3, (i + 2) % 3
        s = 2.0 * math.sqrt(max(1.0 + m[i, i] - m[j, j] - m[k, k], 1e-12))
        q = [0.0, 0.0, 0.0, (m[k, j] - m[j, k]) / s]
        q[i], q[j], q[k] = 0.25 * s, (m[j, i] + m[i, j]) / s, (m[k, i] + m[i, k]) / s
    out = np.array(q)
    return np.asarray(out / np.linalg.norm(out))


_LIMBS = (
    (12, 13, Joint.L_SHOULDER, Joint.L_ELBOW), (13, 14, Joint.L_ELBOW, Joint.L_WRIST),
    (16, 17, Joint.R_SHOULDER, Joint.R_ELBOW), (17, 18, Joint.R_ELBOW, Joint.R_WRIST),
    (19, 20, Joint.L_HIP, Joint.L_KNEE), (20, 21, Joint.L_KNEE, Joint.L_ANKLE),
    (23, 24, Joint.R_HIP, Joint.R_KNEE), (24, 25, Joint.R_KNEE, Joint.R_ANKLE),
)  # fmt: skip


def mocopi_of(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What mocopi would send of the joints: quat_xyzw (27, 4), offset_m (27, 3), root_m (3,), float32.

    The trunk turns as one piece; limbs point along the joints; offsets are the rest offsets, stretched to this body.
    """
    hips = 0.5 * (joints[Joint.L_HIP] + joints[Joint.R_HIP])
    left = joints[Joint.L_SHOULDER] - joints[Joint.R_SHOULDER]
    up = joints[Joint.NECK] - hips
    trunk = _basis(up, left)[:, [1, 0, 2]] * (1.0, 1.0, -1.0)
    world: dict[int, np.ndarray] = dict.fromkeys(range(27), trunk)
    offset = MOCOPI_REST_M.astype(np.float64).copy()
    spine = offset[1:9, 1].sum()
    offset[1:9] *= float(np.linalg.norm(up)) / spine
    shoulder_base = offset[1:8].sum(axis=0)
    for inner, joint in ((12, Joint.L_SHOULDER), (16, Joint.R_SHOULDER)):
        offset[inner] = trunk.T @ (joints[joint] - hips) - shoulder_base - offset[inner - 1]
    for bone, joint in ((19, Joint.L_HIP), (23, Joint.R_HIP)):
        offset[bone] = trunk.T @ (joints[joint] - hips)
    for bone, child, a, b in _LIMBS:
        direction = joints[b] - joints[a]
        rest = offset[child] / np.linalg.norm(offset[child])
        offset[child] = rest * np.linalg.norm(direction)
        pole = trunk[:, 2]
        world[bone] = _basis(direction, pole) @ _basis(rest, np.array([0.0, 0.0, 1.0])).T
    for bone, parent in ((14, 13), (18, 17), (21, 20), (22, 20), (25, 24), (26, 24)):
        world[bone] = world[parent]
    quat = np.zeros((27, 4), dtype=np.float32)
    for bone in range(27):
        parent = int(MOCOPI_PARENT[bone])
        local = world[bone] if parent < 0 else world[parent].T @ world[bone]
        quat[bone] = quaternion_of(local)
    offset[0] = 0.0
    return quat, offset.astype(np.float32), hips.astype(np.float32)
