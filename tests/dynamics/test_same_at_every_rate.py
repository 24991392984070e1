"""The same motion gives the same numbers at 15, 30 and 60 pictures a second, and gives them soon.

The measure: RMS difference from the 60 Hz vector at common times, over the slot's peak-to-peak range in that motion (or
over what is written in RANGE where the motion hardly moves it).
"""

import math
from functools import lru_cache

import numpy as np
import pytest

from bridges.sources.performer import Body, Performance
from dynamics.body import ArmPose, BodyPose
from dynamics.builder import Dynamics128Builder
from dynamics.schema import INDEX, TABLE
from tests.dynamics.bodies import CAMERA, dance, picture, pictures, times, watch

SECONDS, SETTLED_S = 10.0, 2.5
ALLOWED = 0.05
RANGE = {"tempo": 0.1, "periodicity": 0.5, "jerk": 0.5}
"""Least range of slots that a steady motion holds nearly still: 20 BPM, half of the slot's range."""
MOVES = ("left.wave", "crouch", "right.raise", "turn", "lean", "step")
MIX = Performance(MOVES, Body(noise=0.0, dance_m=0.06, bpm=115.0, camera=CAMERA), gap_s=0.3)
MOTIONS = {"dance": dance, "moves": MIX.pose}


@lru_cache
def vectors(motion: str, fps: int) -> tuple[np.ndarray, np.ndarray]:
    return watch(Dynamics128Builder(), pictures(MOTIONS[motion], fps, SECONDS))


@pytest.mark.parametrize("fps", [15, 30])
@pytest.mark.parametrize("motion", MOTIONS)
def test_slots_0_to_76_are_the_same_within_5_percent(motion, fps):
    step, first = 60 // fps, round(SETTLED_S * fps)
    x, mask = vectors(motion, fps)
    best, best_mask = (a[::step] for a in vectors(motion, 60))
    worst = {}
    for i in range(76):
        seen = mask[first:, i] & best_mask[first:, i]
        if TABLE[i].name == "phase":  # a phase is compared on its circle: phase_sin and phase_cos
            continue
        assert seen.mean() > 0.7, TABLE[i].name
        off, wanted = (x - best)[first:, i][seen], best[first:, i][seen]
        span = max(np.ptp(wanted), 2 * TABLE[i].noise, RANGE.get(TABLE[i].name, 0.0))
        worst[TABLE[i].name] = math.sqrt(np.mean(off**2)) / span
    bad = {name: round(float(error), 3) for name, error in worst.items() if error > ALLOWED}
    assert bad == {}


@pytest.mark.parametrize("fps", [15, 30])
def test_the_phase_of_the_beat_is_the_same_within_5_percent_of_a_turn(fps):
    step, first = 60 // fps, round(7.0 * fps)
    at = slice(INDEX["phase_sin"], INDEX["phase_cos"] + 1)
    x, _ = vectors("moves", fps)
    best = vectors("moves", 60)[0][::step]
    turn = np.array([s[0] * b[1] - s[1] * b[0] for s, b in zip(x[first:, at], best[first:, at], strict=True)])
    assert np.abs(np.arcsin(np.clip(turn, -1, 1))).max() / (2 * math.pi) < ALLOWED


DELAY_MS = 25.0


def swing(hz: float, amount: float):
    """Everything on one sine."""

    def pose(t: float) -> BodyPose:
        s = amount * math.sin(2 * math.pi * hz * t)
        return BodyPose(
            left=ArmPose(1.5 + s, 0.2, 0.3 + 0.2 * s),
            right=ArmPose(1.2 - s, 0.3, 0.5),
            yaw_rad=0.2 * s,
            roll_rad=0.1 * s,
            pitch_rad=0.1 * s,
            x_m=0.05 * s,
        )

    return pose


def phase_of(t: np.ndarray, x: np.ndarray, hz: float) -> float:
    w = 2 * math.pi * hz * t
    a, b, _ = np.linalg.lstsq(np.stack([np.sin(w), np.cos(w), np.ones_like(t)], axis=1), x, rcond=None)[0]
    return math.atan2(b, a)


def delay_ms(measured: float, true: float, hz: float) -> float:
    return 1e3 * (((true - measured + math.pi) % (2 * math.pi)) - math.pi) / (2 * math.pi * hz)


@pytest.mark.parametrize("fps", [15, 30, 60])
@pytest.mark.parametrize("hz", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("amount", [0.1, 0.5])
def test_a_coordinate_and_its_rate_come_within_25_ms(amount, hz, fps):
    """Against the truth: each picture read alone by a builder that has no past to filter with."""
    pose, names = swing(hz, amount), ("l_wrist_y", "r_wrist_y", "trunk_yaw", "l_shoulder_elevation")
    t = np.array(times(60, 1.0))
    truth = [watch(Dynamics128Builder(), [picture(pose(at))])[0][0] for at in t]
    x, _ = watch(Dynamics128Builder(), pictures(pose, fps, 3.0))
    late = slice(fps, None)
    stamps = np.array(times(fps, 3.0))[late]
    for name in names:
        true = phase_of(t, np.array(truth)[:, INDEX[name]], hz)
        assert delay_ms(phase_of(stamps, x[late, INDEX[name]], hz), true, hz) < DELAY_MS, name
        rate = phase_of(stamps, x[late, INDEX[f"d_{name}"]], hz)
        assert delay_ms(rate, true + math.pi / 2, hz) < DELAY_MS, f"d_{name}"
