"""Many poses at once are those of each; hands that reach are where they were sent, on arms of the right length."""

import numpy as np
import pytest

from bridges.sources.performer import MOVES, Body, Performance
from dynamics.body import ArmPose, BodyPose, Proportions, joints_of, joints_of_many
from dynamics.reach import ELBOW_HINT, joints_of_reach
from dynamics.skeleton import Joint

UNIT_M = 0.46
BODY = Proportions()
COUNT = 300


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def trunks(count: int = COUNT) -> np.ndarray:
    trunk = rng().uniform(-1.0, 1.0, (count, 7))
    trunk[:, 6] = abs(trunk[:, 6])
    return trunk


def reaching(wrists: np.ndarray, trunk: np.ndarray) -> np.ndarray:
    return joints_of_reach(wrists, np.broadcast_to(ELBOW_HINT, wrists.shape), trunk, UNIT_M, BODY)


def near_places() -> np.ndarray:
    """Places before the chest that every arm reaches."""
    return rng().uniform((-0.1, -0.6, 0.25), (0.6, 0.3, 0.6), (COUNT, 2, 3))


def test_joints_of_many_poses_are_those_of_each() -> None:
    r, trunk = rng(), trunks()
    arms = r.uniform((0.0, -1.0, 0.0, 0.0), (3.1, 2.0, 2.5, 1.6), (COUNT, 2, 4))
    arms[0], arms[1] = 0.0, (np.pi / 2, np.pi / 2, 0.3, 0.0)
    each = [joints_of(BodyPose(ArmPose(*a[0]), ArmPose(*a[1]), *t)) for a, t in zip(arms, trunk, strict=True)]
    np.testing.assert_allclose(joints_of_many(arms, trunk), each, rtol=0, atol=1e-12)


def test_a_performance_at_many_times_is_the_performance_at_each() -> None:
    performance = Performance(tuple(MOVES), Body(dance_m=0.03))
    times = np.arange(0.0, performance.duration_s, 0.11)
    each = [joints_of(performance.pose(t)) for t in times]
    np.testing.assert_allclose(joints_of_many(*performance.poses(times)), each, rtol=0, atol=1e-9)


@pytest.mark.parametrize("lean", [0.0, 0.5])
def test_hands_within_reach_are_exactly_where_they_were_sent(lean: float) -> None:
    places, trunk = near_places(), np.zeros((COUNT, 7))
    trunk[:, 5] = lean
    joints = reaching(places, trunk)
    middle = 0.5 * (joints[:, Joint.L_SHOULDER] + joints[:, Joint.R_SHOULDER])
    for hand, side in ((0, 1.0), (1, -1.0)):
        found = (joints[:, Joint.L_WRIST + hand] - middle) / UNIT_M * (side, 1.0, 1.0)
        np.testing.assert_allclose(found, places[:, hand], rtol=0, atol=1e-9)


def test_bones_keep_their_lengths_wherever_the_hands_are_sent() -> None:
    joints = reaching(rng().uniform(-2.0, 2.0, (COUNT, 2, 3)), trunks())
    for shoulder, elbow, wrist in ((2, 4, 6), (3, 5, 7)):
        np.testing.assert_allclose(np.linalg.norm(joints[:, elbow] - joints[:, shoulder], axis=1), BODY.upper_arm, atol=1e-9)
        np.testing.assert_allclose(np.linalg.norm(joints[:, wrist] - joints[:, elbow], axis=1), BODY.forearm, atol=1e-9)


def test_a_place_out_of_reach_is_pointed_at() -> None:
    joints = reaching(np.broadcast_to((5.0, 0.0, 0.0), (1, 2, 3)), np.zeros((1, 7)))[0]
    arm = joints[Joint.L_WRIST] - joints[Joint.L_SHOULDER]
    assert np.linalg.norm(arm) == pytest.approx(0.998 * (BODY.upper_arm + BODY.forearm))
    assert arm[0] > 0.99 * np.linalg.norm(arm)


def test_elbows_of_hands_before_the_chest_hang_down_and_outwards() -> None:
    joints = reaching(near_places(), np.zeros((COUNT, 7)))
    for hand, side in ((0, 1.0), (1, -1.0)):
        straight = 0.5 * (joints[:, Joint.L_SHOULDER + hand] + joints[:, Joint.L_WRIST + hand])
        out = (joints[:, Joint.L_ELBOW + hand] - straight) * (side, 1.0, 1.0)
        assert (out[:, 1] < 0.01).all()
        assert (out[:, 0] > -0.05).mean() > 0.9
