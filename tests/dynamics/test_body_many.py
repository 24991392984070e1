"""Many poses at once are seen as each of them is alone."""

import numpy as np
import pytest

from bridges.sources.performer import MOVES, Body, Performance
from dynamics.body import VirtualCamera, joints_of, landmark_points, landmark_points_many, see, see_many

CAMERA = VirtualCamera(distance_m=2.1, height_m=1.4)


@pytest.fixture(scope="module")
def joints() -> np.ndarray:
    """A performer in many poses, some of them outside the picture, one without a head."""
    performance = Performance(tuple(MOVES), Body())
    poses = np.array([joints_of(performance.pose(t)) for t in np.arange(0.0, performance.duration_s, 0.31)])
    poses[3] += (4.0, 0.0, 0.0)
    poses[4] += (0.0, 0.0, 5.0)
    poses[5, 0] = np.nan
    return poses


def test_the_landmarks_of_many_poses_are_those_of_each(joints: np.ndarray) -> None:
    each = np.array([landmark_points(pose) for pose in joints])
    np.testing.assert_allclose(landmark_points_many(joints), each, rtol=0, atol=1e-12)


def test_many_poses_look_to_the_camera_as_each_does(joints: np.ndarray) -> None:
    image, world = see_many(joints, CAMERA)
    each = [see(pose, CAMERA) for pose in joints]
    assert image.dtype == world.dtype == np.float32
    np.testing.assert_allclose(image, np.array([one for one, _ in each]), rtol=0, atol=1e-6)
    np.testing.assert_allclose(world, np.array([one for _, one in each]), rtol=0, atol=1e-6)


def test_no_pose_at_all_is_no_picture() -> None:
    image, world = see_many(np.zeros((0, 14, 3)), CAMERA)
    assert image.shape == (0, 33, 4)
    assert world.shape == (0, 33, 3)
