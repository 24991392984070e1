"""Watch, pocket, deck and mocopi slots: their values, ages, bits of the mask, and what is left when they fall silent."""

import math

import pytest

from dynamics.builder import Dynamics128Builder
from dynamics.frames import DeckSample, ImuSample, MocapFrame, Modality, WatchSample
from dynamics.schema import INDEX, REST
from tests.dynamics.bodies import NS, START_NS, dance, feed, mocap, mocaps, picture, pictures, standing, watch

POCKET = slice(INDEX["pocket_pitch"], INDEX["pocket_roll"] + 1)


def value(builder: Dynamics128Builder, name: str) -> float | None:
    """The slot, or None where it is missing (it must then rest)."""
    i = INDEX[name]
    if builder.valid[i]:
        return float(builder.vector[i])
    assert builder.vector[i] == pytest.approx(REST[i])
    return None


def mask(builder: Dynamics128Builder) -> Modality:
    return Modality(int(builder.vector[INDEX["modality_mask"]]))


def at(seconds: float) -> int:
    return START_NS + round(seconds * NS)


def test_before_anything_has_arrived_all_is_missing():
    builder = Dynamics128Builder()
    assert builder.vector.tolist() == REST.astype("float32").tolist()
    assert not builder.valid.any()


def test_each_device_sets_its_bit():
    builder = Dynamics128Builder()
    want = Modality(0)
    for feed_one, bit in (
        (lambda: feed(builder, picture(standing(0))), Modality.CAMERA),
        (lambda: feed(builder, mocap(standing(0), 0.001)), Modality.MOCOPI),
        (lambda: builder.on_imu(ImuSample(at(0), pitch_rad=0.1), at(0.002)), Modality.POCKET),
        (lambda: builder.on_watch(WatchSample(at(0), heart_rate_bpm=90), at(0.003)), Modality.WATCH),
        (lambda: builder.on_deck(DeckSample(at(0), bpm=120, beat_phase=0.5), at(0.004)), Modality.DECK),
    ):
        feed_one()
        want |= bit
        assert mask(builder) == want


@pytest.mark.parametrize(
    ("bit", "dies_after_s"), [("CAMERA", 0.5), ("MOCOPI", 0.5), ("POCKET", 2.0), ("DECK", 2.0), ("WATCH", 15.0)]
)
def test_a_bit_falls_when_its_device_is_stale(bit, dies_after_s):
    builder = Dynamics128Builder()
    feed(builder, picture(standing(0)))
    feed(builder, mocap(standing(0), 0.001))
    builder.on_imu(ImuSample(at(0), pitch_rad=0.1), at(0))
    builder.on_watch(WatchSample(at(0), heart_rate_bpm=90), at(0))
    builder.on_deck(DeckSample(at(0), bpm=120, beat_phase=0.5), at(0))
    builder.tick(at(dies_after_s - 0.01))
    assert mask(builder) & Modality[bit]
    builder.tick(at(dies_after_s + 0.01))
    assert not mask(builder) & Modality[bit]


def test_ages_grow_with_time_and_stop_at_ten():
    builder = Dynamics128Builder()
    feed(builder, picture(standing(0)))
    builder.on_imu(ImuSample(at(0.5), pitch_rad=0.1), at(0.5))
    builder.tick(at(2.0))
    assert value(builder, "age_camera") == pytest.approx(2.0)
    assert value(builder, "age_pocket") == pytest.approx(1.5)
    assert value(builder, "age_watch") == value(builder, "age_mocopi") == 10.0
    builder.tick(at(500.0))
    assert value(builder, "age_camera") == 10.0


def test_a_device_that_stamps_the_future_has_age_zero_and_still_grows_old():
    builder = Dynamics128Builder()
    builder.on_imu(ImuSample(at(1000.0), pitch_rad=0.1), at(1.0))
    assert value(builder, "age_pocket") == 0.0
    builder.tick(at(4.0))
    assert value(builder, "age_pocket") == pytest.approx(3.0)


def test_the_pocket_gives_pitch_and_roll_until_it_is_stale():
    builder = Dynamics128Builder()
    builder.on_imu(ImuSample(at(0), pitch_rad=0.3, roll_rad=-1.2), at(0))
    assert (value(builder, "pocket_pitch"), value(builder, "pocket_roll")) == (pytest.approx(0.3), pytest.approx(-1.2))
    builder.tick(at(2.1))
    assert value(builder, "pocket_pitch") is value(builder, "pocket_roll") is None


def test_a_pocket_that_knows_only_roll_gives_only_roll_and_loses_it_too():
    builder = Dynamics128Builder()
    builder.on_imu(ImuSample(at(0), roll_rad=0.4), at(0))
    assert value(builder, "pocket_pitch") is None
    assert value(builder, "pocket_roll") == pytest.approx(0.4)
    builder.tick(at(2.1))
    assert value(builder, "pocket_roll") is None


def test_heart_rate_is_over_200_and_lives_15_s_of_its_own():
    """Motion that goes on arriving keeps no old heart rate alive."""
    builder = Dynamics128Builder()
    builder.on_watch(WatchSample(at(0), heart_rate_bpm=120.0, accel_mps2=(0.0, 0.0, 0.0)), at(0))
    assert value(builder, "heart_rate") == pytest.approx(0.6)
    for second in range(1, 20):
        builder.on_watch(WatchSample(at(second), accel_mps2=(0.0, 9.80665, 0.0)), at(second))
        assert (value(builder, "heart_rate") is not None) == (second < 15)
    assert value(builder, "wrist_energy") == pytest.approx(1.0, abs=0.01)
    builder.tick(at(40))
    assert value(builder, "wrist_energy") is None


@pytest.mark.parametrize("bpm", [0.0, -5.0, 19.0, 301.0, 1e30, math.nan, math.inf])
def test_no_heart_beats_like_that(bpm):
    builder = Dynamics128Builder()
    builder.on_watch(WatchSample(at(0), heart_rate_bpm=bpm), at(0))
    assert value(builder, "heart_rate") is None


def test_wrist_energy_is_the_rms_of_a_second():
    builder = Dynamics128Builder()
    for i in range(500):
        t, g = i / 100, 9.80665
        builder.on_watch(WatchSample(at(t), accel_mps2=(2.0 * g * math.sin(2 * math.pi * 3 * t), 0.0, 0.0)), at(t))
    assert value(builder, "wrist_energy") == pytest.approx(math.sqrt(2.0), rel=0.1)


def test_the_deck_gives_its_phase_until_it_is_stale():
    builder = Dynamics128Builder()
    builder.on_deck(DeckSample(at(0), bpm=126.0, beat_phase=0.25), at(0))
    assert value(builder, "deck_beat_phase") == pytest.approx(0.25)
    builder.tick(at(2.1))
    assert value(builder, "deck_beat_phase") is None


def test_mocopi_fills_its_slots_while_the_camera_leads():
    builder = Dynamics128Builder()
    watch(builder, (f for pair in zip(pictures(dance, 30, 1.0), mocaps(dance, 30, 1.0, 0.003), strict=True) for f in pair))
    assert builder.driver == "camera"
    assert builder.valid[76:100].all()
    assert value(builder, "conf_mocopi") == 1.0


def test_mocopi_slots_of_a_standing_body():
    builder = Dynamics128Builder()
    watch(builder, mocaps(standing, 50, 1.0))
    assert value(builder, "mocopi_hip_height") == pytest.approx(0.0, abs=1e-5)
    assert 1.0 < value(builder, "mocopi_head_height") < 1.5
    assert value(builder, "mocopi_l_wrist_height") == pytest.approx(value(builder, "mocopi_r_wrist_height"), abs=1e-3)
    assert -2.0 < value(builder, "mocopi_l_ankle_height") < -1.4
    for site in ("hip", "head", "l_wrist", "r_ankle"):
        assert value(builder, f"mocopi_{site}_speed") == pytest.approx(0.0, abs=1e-3)
        assert abs(value(builder, f"mocopi_{site}_heading")) < 3.2
    assert value(builder, "mocopi_hip_tilt") == pytest.approx(0.0, abs=1e-3)


def test_mocopi_slots_go_when_mocopi_does():
    builder = Dynamics128Builder()
    watch(builder, mocaps(dance, 50, 1.0))
    builder.tick(at(1.6))
    assert not builder.valid[76:100].any()
    assert value(builder, "conf_mocopi") is None
    assert builder.vector[76:100].tolist() == REST[76:100].astype("float32").tolist()


def test_bones_that_were_not_sent_leave_their_joints_missing():
    builder, frame = Dynamics128Builder(), mocap(standing(0))
    seen = frame.seen.copy()
    seen[:] = True
    seen[[20, 21, 22, 24, 25, 26, 17]] = False
    feed(builder, MocapFrame(frame.capture_ns, 0, 0, frame.quat_xyzw, frame.offset_m, frame.root_m, seen))
    assert value(builder, "r_wrist_y") is value(builder, "l_foot_height") is value(builder, "l_knee_flexion") is None
    assert value(builder, "l_wrist_y") is not None
    assert value(builder, "r_elbow_y") is not None


@pytest.mark.parametrize(("driver", "make"), [("camera", pictures), ("mocopi", mocaps)])
def test_the_producer_names_builder_layout_and_driver(driver, make):
    builder = Dynamics128Builder()
    watch(builder, make(standing, 30, 0.2))
    assert builder.producer == f"airdeck.builder/1:{driver}"


def test_the_mask_is_written_as_32_hex_digits_slot_0_first():
    builder = Dynamics128Builder()
    builder.valid[[0, 127]] = 1
    assert builder.valid_hex() == "8" + "0" * 30 + "1"
