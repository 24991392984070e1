"""The body's own tempo and the phase of its beat, from dancing performers with camera noise."""

import math

import numpy as np
import pytest

from bridges.sources.performer import Body, Performance
from dynamics.body import BodyPose, VirtualCamera
from dynamics.builder import Dynamics128Builder
from dynamics.frames import DeckSample
from dynamics.schema import INDEX
from tests.dynamics.bodies import CAMERA, at_ns, feed, picture, pictures, standing, times, watch

SETTLED_S = 8.0
TEMPO, PHASE = INDEX["tempo"], INDEX["phase"]


def danced(bpm: float, fps: float, dance_m: float, camera: VirtualCamera = CAMERA) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, tempi in BPM and phases of the last seconds of a dance; a missing tempo is NaN."""
    builder, out = Dynamics128Builder(), []
    show = Performance((), Body(dance_m=dance_m, bpm=bpm, camera=camera))
    rng = np.random.default_rng(int(bpm))
    for t in times(fps, 14.0):
        feed(builder, show.frame(t, at_ns(t), 0, rng))
        if t >= SETTLED_S:
            out.append((t, builder.vector[TEMPO] * 200 if builder.valid[TEMPO] else math.nan, builder.vector[PHASE]))
    return tuple(np.array(out, dtype=np.float64).T)


@pytest.mark.parametrize("fps", [15, 30])
@pytest.mark.parametrize("bpm", [80, 90, 100, 110, 120, 128, 140, 150])
def test_a_dance_of_6_cm_has_its_tempo_within_4_percent_and_its_phase(bpm, fps):
    t, tempo, phase = danced(bpm, fps, 0.06)
    assert np.abs(tempo / bpm - 1).max() < 0.04
    lowest = t * bpm / 60 + 0.5  # the performer's bounce is lowest in the middle of its beat
    turns = np.exp(2j * math.pi * (phase - lowest)).mean()
    assert abs(turns) > 0.98  # spread: 0.03 of a turn
    assert abs(np.angle(turns)) / (2 * math.pi) < 0.03


@pytest.mark.parametrize("bpm", [100, 128, 150])
def test_a_dance_of_2_cm_is_heard_from_a_camera_at_2_6_m(bpm):
    _, tempo, _ = danced(bpm, 30, 0.02, VirtualCamera())
    assert np.nanmedian(np.abs(tempo / bpm - 1)) < 0.04
    assert np.isfinite(tempo).mean() > 0.9


def test_a_still_body_has_no_tempo():
    vectors, masks = watch(Dynamics128Builder(), pictures(standing, 30, 6.0))
    assert not masks[30:, TEMPO].any()
    assert vectors[-1, INDEX["tempo_confidence"]] < 0.1


def half_and_double(t: float) -> BodyPose:
    """A deep bounce at 70 BPM with the double tempo in it."""
    beat = 2 * math.pi * 70 / 60 * t
    return BodyPose(y_m=0.05 * math.sin(beat) + 0.012 * math.sin(2 * beat))


@pytest.mark.parametrize(("deck_bpm", "heard"), [(70.0, 70.0), (140.0, 140.0)])
def test_the_deck_settles_the_octave(deck_bpm, heard):
    builder = Dynamics128Builder()
    for t in times(30, 15.0):
        builder.on_deck(DeckSample(at_ns(t), bpm=deck_bpm, beat_phase=0.0), at_ns(t))
        feed(builder, picture(half_and_double(t), t_s=t))
    assert builder.vector[TEMPO] * 200 == pytest.approx(heard, rel=0.04)


def test_the_deck_invents_no_tempo_that_the_body_does_not_have():
    builder = Dynamics128Builder()
    for t in times(30, 15.0):
        builder.on_deck(DeckSample(at_ns(t), bpm=150.0, beat_phase=0.0), at_ns(t))
        feed(builder, picture(BodyPose(y_m=0.05 * math.sin(2 * math.pi * 100 / 60 * t)), t_s=t))
    assert builder.vector[TEMPO] * 200 == pytest.approx(100.0, rel=0.04)


def test_a_deck_that_falls_silent_is_forgotten():
    told, untold = Dynamics128Builder(), Dynamics128Builder()
    told.on_deck(DeckSample(at_ns(0), bpm=140.0, beat_phase=0.0), at_ns(0))
    told.tick(at_ns(3))
    told.tick(at_ns(0))
    for t in times(30, 10.0, 3.0):
        for builder in (told, untold):
            feed(builder, picture(half_and_double(t), t_s=t))
    assert told.vector[TEMPO] == untold.vector[TEMPO]


def test_a_tempo_fades_in_a_gap_instead_of_ringing_on():
    builder = Dynamics128Builder()
    watch(builder, pictures(lambda t: BodyPose(y_m=0.05 * math.sin(2 * math.pi * 2 * t)), 30, 8.0))
    assert builder.vector[INDEX["tempo_confidence"]] > 0.5
    watch(builder, pictures(standing, 30, 1.0, start_s=60.0))
    assert builder.vector[INDEX["tempo_confidence"]] < 0.1
