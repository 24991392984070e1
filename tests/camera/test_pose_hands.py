"""Openness of the hands, and whose they are."""

import numpy as np
import pytest

from bridges.sources.pose_hands import FINGERTIPS, MIDDLE_KNUCKLE, assign, openness


def hand(reach: float) -> np.ndarray:
    """A hand whose fingertips lie `reach` palm lengths from the wrist."""
    points = np.zeros((21, 3))
    points[MIDDLE_KNUCKLE] = (0.0, 0.09, 0.0)
    points[list(FINGERTIPS)] = (0.0, 0.09 * reach, 0.0)
    return points


@pytest.mark.parametrize(("reach", "opened"), [(0.5, 0.0), (1.0, 0.0), (1.4, 0.5), (1.8, 1.0), (2.5, 1.0)])
def test_openness_runs_from_fist_to_flat_hand(reach: float, opened: float) -> None:
    assert openness(hand(reach)) == pytest.approx(opened)


def test_a_hand_without_size_has_no_openness() -> None:
    assert np.isnan(openness(np.zeros((21, 3))))


def person(left: tuple[float, float], right: tuple[float, float]) -> np.ndarray:
    image = np.zeros((33, 4), dtype=np.float32)
    image[15, :2], image[16, :2] = left, right
    return image


TWO = np.stack([person((0.6, 0.5), (0.4, 0.5)), person((0.9, 0.5), (0.1, 0.5))])


def test_each_hand_goes_to_the_nearest_wrist() -> None:
    found = assign(np.array([(0.11, 0.5), (0.58, 0.52)]), np.array([0.2, 0.9]), TWO, 4 / 3)
    assert np.array_equal(found, np.array([[0.9, np.nan], [np.nan, 0.2]], dtype=np.float32), equal_nan=True)


def test_a_hand_far_from_every_wrist_is_nobody_s() -> None:
    assert np.isnan(assign(np.array([(0.75, 0.95)]), np.array([0.5]), TWO, 4 / 3)).all()


def test_two_hands_at_one_wrist_are_not_both_taken() -> None:
    found = assign(np.array([(0.6, 0.5), (0.61, 0.5)]), np.array([0.1, 0.9]), TWO[:1], 4 / 3)
    assert found[0, 0] == np.float32(0.1) and np.isnan(found[0, 1])


def test_nobody_and_no_hands_are_answers() -> None:
    assert assign(np.empty((0, 2)), np.empty(0), TWO, 1.0).shape == (2, 2)
    assert assign(np.array([(0.5, 0.5)]), np.array([0.5]), TWO[:0], 1.0).shape == (0, 2)
