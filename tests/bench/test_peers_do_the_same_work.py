"""A comparison of speed is fair only between programs that give the same numbers."""

import shutil

import numpy as np
import pytest

from bench.peers.build_c import BuildTwin
from bench.peers.build_numpy import NumpyBuilder
from bench.rigs import FPS, NS_PER_S, pose_frames, stacked
from bench.vector import AGREE, disagreement
from dynamics.body import BodyPose, joints_of, mocopi_of
from dynamics.builder import Dynamics128Builder
from dynamics.frames import MocapFrame
from dynamics.schema import INDEX, SLICES

OWN = [*range(SLICES["z"].start, SLICES["pocket"].start), *range(*SLICES["pose_stats"].indices(128)), INDEX["conf_pose"],
       INDEX["conf_l_wrist"], INDEX["conf_r_wrist"], INDEX["tempo_confidence"], INDEX["phase_sin"], INDEX["phase_cos"],
       INDEX["head_seen"], INDEX["performer_lock"], INDEX["bone_residual"]]  # fmt: skip
"""Slots that a body fills; ages and other devices are the builder's."""
NUMPY_AGREES = 1e-3
"""Relative, with a floor of 0.01: NumPy solves the fit in another way."""


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    if shutil.which("cc") is None:
        pytest.skip("no C compiler (cc) here")
    return BuildTwin(tmp_path_factory.mktemp("twin"))


@pytest.fixture(scope="module")
def pictures():
    return stacked(pose_frames(150))


def apart(a, b):
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a), 0.01)))


def test_the_c_twin_gives_the_same_numbers(twin, pictures):
    assert disagreement(twin, *pictures) <= AGREE


def test_the_c_twin_sees_mirrored_pictures_alike(twin, pictures):
    assert disagreement(twin, *pictures, mirror=True) <= AGREE


def test_the_c_twin_chooses_the_same_of_two_people(twin, pictures):
    images, worlds, aspect = pictures
    beside = images.copy()
    beside[..., 0] = beside[..., 0] * 0.9 + 0.2
    both = np.concatenate([beside, images], axis=1), np.concatenate([worlds, worlds], axis=1)
    assert disagreement(twin, *both, aspect) <= AGREE


def test_the_c_twin_bears_what_is_missing_alike(twin, pictures):
    rng = np.random.default_rng(3)
    images, worlds, aspect = (item.copy() if isinstance(item, np.ndarray) else item for item in pictures)
    images[rng.random(images.shape[:3]) < 0.05] = np.nan
    worlds[rng.random(worlds.shape[:3]) < 0.05] = np.nan
    images[rng.random(images.shape[:3]) < 0.05, 3] = 0.1
    images[rng.random(images.shape[:3]) < 0.02, 0] += 0.6
    assert disagreement(twin, images, worlds, aspect) <= AGREE


def test_numpy_gives_the_same_numbers_of_pictures():
    builder, peer, worst = Dynamics128Builder(), NumpyBuilder(), 0.0
    for frame in pose_frames(150):
        builder.on_pose(frame, frame.capture_ns)
        t_s = (frame.capture_ns - NS_PER_S) * 1e-9  # as the builder does it: some windows end on the very picture
        peer.on_pose(frame.image[0], frame.world[0], frame.width_px / frame.height_px, t_s)
        worst = max(worst, apart(builder.vector[OWN].astype(float), peer.vector[OWN]))
        assert np.array_equal(builder.valid[OWN].astype(bool), peer.valid[OWN])
    assert worst <= NUMPY_AGREES


def test_numpy_gives_the_same_numbers_of_mocap():
    builder, peer, worst = Dynamics128Builder(), NumpyBuilder(), 0.0
    for n in range(60):
        quat, offset, root = mocopi_of(joints_of(BodyPose(yaw_rad=0.01 * n, crouch=0.2 + 0.1 * np.sin(0.3 * n))))
        t_ns = 1 + n * NS_PER_S // FPS
        builder.on_mocap(MocapFrame(t_ns, t_ns, n, quat, offset, root), t_ns)
        peer.on_mocap(quat, offset, root, (t_ns - 1) * 1e-9)
        worst = max(worst, apart(builder.vector[OWN].astype(float), peer.vector[OWN]))
    assert worst <= NUMPY_AGREES
