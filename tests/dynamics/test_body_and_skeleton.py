"""The kinematic body says the same through camera and bones, and the index maps fit each other."""

import numpy as np
import pytest

from dynamics.body import BodyPose, Proportions, VirtualCamera, joints_of, mocopi_of, quaternion_of, see
from dynamics.builder import Dynamics128Builder
from dynamics.calibration import Calibration
from dynamics.schema import INDEX
from dynamics.skeleton import MIRROR_33, MIRROR_JOINTS, MOCOPI_JOINTS, MOCOPI_NAMES, MOCOPI_PARENT, VMC_TO_MOCOPI, Joint, Lm
from tests.dynamics import naive
from tests.dynamics.bodies import dance, feed, mocap, picture


@pytest.mark.parametrize("index_map", [MIRROR_33, MIRROR_JOINTS])
def test_two_mirrors_are_none(index_map):
    assert index_map[index_map].tolist() == list(range(len(index_map)))


@pytest.mark.parametrize(("names", "index_map"), [(Lm, MIRROR_33), (Joint, MIRROR_JOINTS)])
def test_the_mirror_of_a_left_point_is_the_right_one(names, index_map):
    for point in names:
        if point.name.startswith("L_"):
            assert names(index_map[point]).name == "R_" + point.name[2:]


def test_every_bone_comes_after_its_parent_and_has_one_name():
    assert len(set(MOCOPI_NAMES)) == len(MOCOPI_NAMES) == len(MOCOPI_PARENT) == 27
    assert all(parent < bone for bone, parent in enumerate(MOCOPI_PARENT))
    assert len(set(VMC_TO_MOCOPI.values())) == len(VMC_TO_MOCOPI)


@pytest.mark.parametrize("t", [0.0, 0.7, 1.9, 3.3])
@pytest.mark.parametrize("size", [0.7, 1.0])
def test_the_bones_of_a_pose_stand_where_its_joints_are(t, size):
    joints = joints_of(dance(t), Proportions().scaled(size))
    position, _ = naive.forward_kinematics(*mocopi_of(joints))
    found = position[MOCOPI_JOINTS]
    limbs = [j for j in Joint if j not in (Joint.HEAD, Joint.NECK)]
    np.testing.assert_allclose(found[limbs], joints[limbs], atol=2e-3)


@pytest.mark.parametrize("seed", range(8))
def test_a_quaternion_of_a_matrix_turns_like_the_matrix(seed):
    matrix, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    matrix *= np.sign(np.linalg.det(matrix))
    np.testing.assert_allclose(naive.rotation_matrix(quaternion_of(matrix)), matrix, atol=1e-9)


def test_limbs_keep_their_lengths_in_every_pose():
    p = Proportions()
    for t in np.linspace(0, 8, 30):
        joints = joints_of(dance(t))
        for a, b, length in ((4, 6, p.forearm), (5, 7, p.forearm), (2, 4, p.upper_arm), (9, 11, p.thigh)):
            assert np.linalg.norm(joints[a] - joints[b]) == pytest.approx(length)


def test_the_camera_sees_the_performers_left_on_the_right_of_the_picture():
    image, world = see(joints_of(BodyPose()), VirtualCamera())
    assert image[Lm.L_SHOULDER, 0] > 0.5 > image[Lm.R_SHOULDER, 0]
    assert world[Lm.NOSE, 2] < 0.0  # towards the camera


def test_a_point_behind_the_camera_is_not_in_the_picture():
    assert np.isnan(VirtualCamera().project(np.array([[0.0, 1.0, 3.0]]))).all()


def test_the_calibrated_facing_is_no_turn():
    for calibration in (Calibration(facing_rad=0.4), Calibration(mocap_facing_rad=0.4)):
        builder, pose = Dynamics128Builder(calibration), BodyPose(yaw_rad=0.4)
        feed(builder, picture(pose) if calibration.facing_rad else mocap(pose))
        assert builder.vector[INDEX["trunk_yaw"]] == pytest.approx(0.0, abs=1e-3)


def test_the_first_facing_of_mocopi_is_the_audience_when_nothing_is_calibrated():
    builder = Dynamics128Builder()
    feed(builder, mocap(BodyPose(yaw_rad=1.0)))
    assert builder.vector[INDEX["trunk_yaw"]] == pytest.approx(0.0, abs=1e-3)


def test_a_calibrated_torso_is_used_from_the_first_picture():
    builder = Dynamics128Builder(Calibration(torso_image=0.3, torso_m=0.5))
    feed(builder, picture(BodyPose()))
    other = Dynamics128Builder(Calibration(torso_image=0.15, torso_m=0.5))
    feed(other, picture(BodyPose()))
    assert other.vector[INDEX["l_wrist_y"]] < builder.vector[INDEX["l_wrist_y"]] < 0.0
