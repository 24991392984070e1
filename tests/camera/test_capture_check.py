"""Dark, frozen and live pictures."""

import numpy as np
from pictures import SHAPE, black, noise

from bridges.sources.capture_check import Look, PictureCheck

PERIOD_NS = 33_333_333


def looks(pictures: list[np.ndarray]) -> list[Look]:
    check = PictureCheck()
    return [check.look(picture, 10**9 + i * PERIOD_NS) for i, picture in enumerate(pictures)]


def test_a_noisy_picture_is_live() -> None:
    assert set(looks(noise(60))) == {Look.LIVE}


def test_a_strobe_s_black_picture_is_dark() -> None:
    assert looks([*noise(2), *black(2), *noise(1, seed=9)])[1:] == [Look.LIVE, Look.DARK, Look.DARK, Look.LIVE]


def test_a_performer_in_a_spot_on_a_black_stage_is_not_dark() -> None:
    (stage,) = black(1)
    stage[40:80, 72:88] = 150
    check = PictureCheck()
    assert check.look(stage, 0) is Look.LIVE
    assert check.luma < 0.04


def test_the_gear_s_lamps_alone_leave_a_picture_dark() -> None:
    (stage,) = black(1)
    stage[0:8, 0:8] = 255
    assert looks([stage]) == [Look.DARK]


def test_a_still_of_half_a_second_is_live() -> None:
    assert set(looks(noise(1) * 16)) == {Look.LIVE}


def test_the_same_picture_for_a_second_is_frozen() -> None:
    seen = looks(noise(1) * 40)
    assert seen.index(Look.FROZEN) == 31  # the first that lies a whole second after the first
    assert set(seen[31:]) == {Look.FROZEN}


def test_one_changed_pixel_ends_the_freeze() -> None:
    (still,) = noise(1)
    changed = still.copy()
    changed[3, 3, 1] ^= 1  # not on the sampled grid
    assert looks([*[still] * 35, changed])[-2:] == [Look.FROZEN, Look.LIVE]


def test_luma_is_the_mean_brightness() -> None:
    check = PictureCheck()
    check.look(np.full(SHAPE, 51, dtype=np.uint8), 0)
    assert abs(check.luma - 0.2) < 1e-6


def test_a_new_picture_size_is_a_new_picture() -> None:
    (still,) = noise(1)
    assert looks([*[still] * 35, still[:64]])[-1] is Look.LIVE
