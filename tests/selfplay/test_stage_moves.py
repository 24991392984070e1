"""What performers act is what the vocabulary says, read from the very vector that gestures are recognised in."""

from functools import cache

import numpy as np
import pytest

from airdeck.selfplay.stage.cast import cast, performer
from airdeck.selfplay.stage.clip import Vectors, vectors_of
from airdeck.selfplay.stage.misses import BODY_MISSES, HAND_MISSES
from airdeck.selfplay.stage.scenarios import vocabulary_names
from airdeck.selfplay.stage.vocabulary import BODY, HANDS
from dynamics.schema import INDEX

SEED, PERFORMERS = 11, 4
SLACK = 0.08
"""Torso lengths: noise and perspective."""


@cache
def seen(number: int) -> Vectors:
    return vectors_of("gestures", performer(SEED, number))


def slot(vectors: Vectors, name: str, side: str = "left") -> np.ndarray:
    """A slot, or `x` / `y` of the acting hand, `other.x` / `other.y` of the other; x outwards."""
    hand = {"left": "l", "right": "r"}[side]
    if name.startswith("other."):
        hand, name = {"l": "r", "r": "l"}[hand], name.removeprefix("other.")
    if name in ("x", "y"):
        values = vectors.vector[:, INDEX[f"{hand}_wrist_{name}"]]
        return -values if name == "x" and hand == "r" else values
    return vectors.vector[:, INDEX[name]]


def moments(gesture: str, start: float, stop: float) -> list[tuple[Vectors, np.ndarray]]:
    """For each performance of the gesture: the frames from `start` to `stop` seconds after its stroke."""
    found = []
    for number in range(PERFORMERS):
        vectors = seen(number)
        t_s = (vectors.capture_ns - vectors.clip.start_ns) / 1e9
        strokes = [meant.stroke_s for meant in vectors.meant if meant.gesture == gesture]
        found += [(vectors, (t_s >= at + start) & (t_s <= at + stop)) for at in strokes]
    return found


HELD = {
    "raise": {"y": (0.85, 1.4), "other.y": (-1.4, -0.8)},
    "cue_a": {"x": (-0.6, -0.2), "y": (-0.2, 0.2)},
    "cue_b": {"x": (-0.7, -0.25), "y": (-0.65, -0.25)},
    "cue_c": {"x": (-0.45, 0.0), "y": (-1.15, -0.75)},
    "cue_d": {"x": (0.2, 0.6), "y": (-0.15, 0.25)},
    "ear": {"x": (0.1, 0.5), "y": (0.2, 0.6)},
    "next": {"x": (1.25, 1.8), "y": (-0.2, 0.2)},
    "previous": {"x": (0.95, 1.45), "y": (-1.05, -0.55)},
    "lean": {"y": (-1.4, -0.8)},
}  # fmt: skip
BOTH_HELD = {
    "both_up": {"x": (0.1, 0.7), "y": (0.85, 1.4)},
    "arms_crossed": {"x": (-0.6, -0.05), "y": (-0.6, 0.0)},
    "hands_on_head": {"x": (0.0, 0.4), "y": (0.3, 0.75)},
    "arm_posture": {"x": (0.2, 0.65), "y": (-0.15, 0.25)},
    "undo": {"x": (-0.12, 0.25), "y": (-0.5, -0.1)},
    "recentre": {"x": (0.8, 1.25), "y": (0.3, 0.75)},
}
HOLDS_S = {"raise": 0.35, "cue_a": 0.4, "cue_b": 0.4, "cue_c": 0.4, "cue_d": 0.4, "ear": 0.5, "next": 0.5, "previous": 0.5,
           "lean": 0.4, "both_up": 0.4, "arms_crossed": 0.4, "hands_on_head": 0.5, "arm_posture": 0.6, "undo": 0.6,
           "recentre": 0.6}  # fmt: skip


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("gesture", HELD)
def test_a_pose_of_one_hand_is_held_where_and_as_long_as_the_vocabulary_says(gesture: str, side: str) -> None:
    for vectors, when in moments(f"{side}.{gesture}", 0.03, HOLDS_S[gesture] + 0.05):
        for name, (low, high) in HELD[gesture].items():
            values = slot(vectors, name, side)[when]
            assert low - SLACK <= np.median(values) <= high + SLACK, (vectors.clip.id, name)
            assert np.ptp(np.percentile(values, (10, 90))) < 0.2, (vectors.clip.id, name)


@pytest.mark.parametrize("gesture", BOTH_HELD)
def test_a_pose_of_both_hands_is_held_where_and_as_long_as_the_vocabulary_says(gesture: str) -> None:
    for vectors, when in moments(gesture, 0.03, HOLDS_S[gesture] + 0.05):
        for side in ("left", "right"):
            for name, (low, high) in BOTH_HELD[gesture].items():
                assert low - SLACK <= np.median(slot(vectors, name, side)[when]) <= high + SLACK, (vectors.clip.id, side, name)


STROKES = {
    # gesture: (slot, before the stroke (s before its end), low, high, after low, high)
    "drop": ("y", 0.55, -0.15, 0.35, -1.3, -0.55),
    "swipe_out": ("x", 0.55, -0.25, 0.3, 0.9, 1.8),
    "swipe_in": ("x", 0.55, 0.9, 1.8, -0.3, 0.25),
}


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("gesture", STROKES)
def test_a_stroke_goes_from_its_start_to_its_end_within_half_a_second_and_stops(gesture: str, side: str) -> None:
    name, before_s, low, high, after_low, after_high = STROKES[gesture]
    for vectors, when in moments(f"{side}.{gesture}", -before_s, -before_s + 0.08):
        assert low - SLACK <= np.median(slot(vectors, name, side)[when]) <= high + SLACK, vectors.clip.id
    for vectors, when in moments(f"{side}.{gesture}", 0.05, 0.25):
        values = slot(vectors, name, side)[when]
        assert after_low - SLACK <= np.median(values) <= after_high + SLACK, vectors.clip.id
        assert np.ptp(np.percentile(values, (10, 90))) < 0.2, vectors.clip.id


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("gesture", ["drop", "scratch"])
def test_the_other_hand_holds_the_clutch_through_a_clutched_stroke(gesture: str, side: str) -> None:
    for vectors, when in moments(f"{side}.{gesture}", -0.9, 0.1):
        assert 0.35 - SLACK <= np.median(slot(vectors, "other.x", side)[when]) <= 0.95 + SLACK
        assert -0.1 - SLACK <= np.median(slot(vectors, "other.y", side)[when]) <= 0.35 + SLACK


def area(vectors: Vectors, when: np.ndarray, side: str) -> float:
    """Signed area that the hand goes round: positive from outwards to up."""
    x, y = slot(vectors, "x", side)[when], slot(vectors, "y", side)[when]
    return float(0.5 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) + 0.5 * (x[-1] * y[0] - x[0] * y[-1]))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    ("gesture", "sense", "radius"), [("circle", -1, (0.25, 0.6)), ("uncircle", 1, (0.25, 0.6)), ("rewind", 1, (0.85, 1.2))]
)
def test_a_circle_goes_round_once_its_own_way_and_size(
    gesture: str, side: str, sense: int, radius: tuple[float, float]
) -> None:
    for number in range(PERFORMERS):
        vectors = seen(number)
        t_s = (vectors.capture_ns - vectors.clip.start_ns) / 1e9
        for meant in (m for m in vectors.meant if m.gesture == f"{side}.{gesture}"):
            went = area(vectors, (t_s >= meant.stroke_s - 1.1) & (t_s <= meant.stroke_s), side)
            assert np.sign(went) == sense, vectors.clip.id
            assert 0.5 * np.pi * radius[0] ** 2 < abs(went) < 1.15 * np.pi * radius[1] ** 2, vectors.clip.id


@pytest.mark.parametrize(("gesture", "low", "high"), [("pull_small", 0.6, 1.0), ("pull_big", 1.6, 2.8)])
def test_hands_that_were_together_are_pulled_apart_as_far_as_said(gesture: str, low: float, high: float) -> None:
    for vectors, when in moments(gesture, -0.65, -0.55):
        assert np.median(slot(vectors, "hand_distance")[when]) < 0.35
    for vectors, when in moments(gesture, 0.05, 0.25):
        assert low <= np.median(slot(vectors, "hand_distance")[when]) <= high


def test_a_scratch_goes_to_and_fro_three_to_four_times_a_second() -> None:
    for vectors, when in moments("left.scratch", -1.1, -0.1):
        x = slot(vectors, "x")[when]
        spectrum = np.abs(np.fft.rfft((x - x.mean()) * np.hanning(len(x)), 512))
        hz = np.argmax(spectrum) / 512 * vectors.clip.lens.fps
        assert 2.7 < hz < 4.3, vectors.clip.id


@pytest.mark.parametrize(("gesture", "least"), [("crouch", 0.5), ("jump", 0.2)])
def test_the_trunk_goes_down_or_up_as_far_as_said(gesture: str, least: float) -> None:
    for vectors, when in moments(gesture, *{"crouch": (0.05, 0.45), "jump": (-0.35, 0.0)}[gesture]):
        shift = slot(vectors, "trunk_shift_y")[when]
        assert (-np.median(shift) if gesture == "crouch" else shift.max()) > least, vectors.clip.id


@pytest.mark.parametrize(("side", "sign"), [("left", 1.0), ("right", -1.0)])
def test_a_lean_is_to_its_side(side: str, sign: float) -> None:
    for vectors, when in moments(f"{side}.lean", 0.05, 0.45):
        assert sign * np.median(slot(vectors, "trunk_roll")[when]) > 0.35


def test_every_gesture_is_performed_once_by_whoever_stands() -> None:
    standing = next(n for n in range(PERFORMERS) if not performer(SEED, n).style.seated)
    assert sorted(m.gesture for m in seen(standing).meant) == sorted(vocabulary_names())


def test_every_gesture_has_a_near_miss() -> None:
    assert {name.split("~")[0] for name in (*HAND_MISSES, *BODY_MISSES)} >= {*HANDS, *BODY}


def test_performers_differ_in_rate_age_size_and_place() -> None:
    some = cast(SEED, 60)
    assert {who.lens.fps for who in some} == {15.0, 30.0, 60.0}
    assert len({who.name.partition("-")[0] for who in some}) == 7
    assert len({who.proportions.torso for who in some}) == len(some)
    assert {who.style.seated for who in some} == {who.lens.booth for who in some} == {True, False}
