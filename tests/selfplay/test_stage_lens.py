"""What the camera makes of a performer: the same each time, as noisy as a real one, and as hard as real dancing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from airdeck.selfplay.stage import counter
from airdeck.selfplay.stage.cast import Performer, performer
from airdeck.selfplay.stage.clip import Clip, at_rate, clip, vectors_of
from airdeck.selfplay.stage.lens import Lens
from airdeck.selfplay.stage.scenarios import SCENARIOS, Scenario
from airdeck.selfplay.stage.sensors import mocopi_frames, watch_samples, wrist_acceleration
from dynamics.skeleton import MIRROR_33, Joint
from tests.dynamics import naive

REAL = Path(__file__).resolve().parents[1] / "data" / "landmarks" / "wave.npz"
HOUR = range(6)
"""Clips of ten minutes."""


def seen_by(lens: Lens, scenario: str = "starter", number: int = 0) -> Clip:
    """A scenario before this lens."""
    return clip(Scenario("test", SCENARIOS[scenario].choreography), replace(performer(5, number), lens=lens))


def content(one: Clip) -> bytes:
    p = one.pictures
    return p.capture_ns.tobytes() + p.image.tobytes() + p.world.tobytes() + p.persons.tobytes() + repr(one.meant).encode()


@pytest.mark.parametrize("scenario", ["vocabulary", "strobe", "bystander", "swaps", "hidden"])
def test_the_same_performer_gives_the_same_bytes(scenario: str) -> None:
    assert content(clip(scenario, performer(5, 1))) == content(clip(scenario, performer(5, 1)))


def test_another_number_another_seed_and_another_scenario_give_other_bytes() -> None:
    some = [
        clip("starter", performer(5, 1)),
        clip("starter", performer(5, 2)),
        clip("starter", performer(6, 1)),
        clip("booth", performer(5, 1)),
    ]
    assert len({content(one) for one in some}) == 4


def test_a_performer_is_the_same_whoever_else_was_asked_for() -> None:
    assert performer(5, 3) == performer(5, 3)
    assert performer(5, 3) != performer(5, 4)


def trembling(values: np.ndarray) -> float:
    """Standard deviation of what changes from frame to frame: a robust third difference."""
    return float(np.median(np.abs(np.diff(values, 3, axis=0))) / 0.6745 / np.sqrt(20.0))


def test_landmarks_tremble_at_least_as_much_as_those_of_a_real_man() -> None:
    pack = np.load(REAL)
    image, world = pack["image_xyz"][:, 0] / 8192.0, pack["world_mm"][:, 0] / 1000.0
    pictures = seen_by(Lens(dropouts_per_min=0.0), "still").pictures
    for joint in (11, 12):
        assert trembling(pictures.image[:, 0, joint, :2]) > trembling(image[:, joint, :2])
    assert trembling(pictures.world[:, 0, 11:17, :2]) > trembling(world[:, 11:17, :2])
    assert trembling(pictures.world[:, 0, 11:17, 2]) > trembling(world[:, 11:17, 2])


def test_the_slow_noise_is_as_large_as_said_and_forgets() -> None:
    from airdeck.selfplay.stage.lens import SLOW_S, _wander

    noise = _wander(30_000, 1.0 / 30.0, np.random.default_rng(1))
    assert noise.std() == pytest.approx(1.0, abs=0.03)
    later = int(3.0 * SLOW_S * 30.0)
    assert abs(np.corrcoef(noise[:-later, 0, 0], noise[later:, 0, 0])[0, 1]) < 0.08
    assert np.corrcoef(noise[:-1, 0, 0], noise[1:, 0, 0])[0, 1] > 0.95


def test_a_strobe_drops_its_dark_share_of_the_pictures() -> None:
    lit, full = (seen_by(Lens(strobe_hz=hz, dark_share=0.45)).pictures.capture_ns for hz in (8.0, 0.0))
    assert 1.0 - len(lit) / len(full) == pytest.approx(0.45, abs=0.03)


def test_low_light_halves_the_rate() -> None:
    dark, light = (seen_by(Lens(low_light=low)).pictures for low in (True, False))
    assert len(dark.capture_ns) == pytest.approx(len(light.capture_ns) / 2, abs=1)
    assert trembling(dark.image[:60, 0, 11, :2]) > 1.2 * trembling(light.image[:60, 0, 11, :2])


def test_swapped_sides_are_named_by_the_other_side_for_a_few_pictures() -> None:
    lens = Lens(noise=0.0)
    right, wrong = (seen_by(replace(lens, swaps_per_min=rate)).pictures.image[:, 0] for rate in (0.0, 30.0))
    differ = np.abs(right - wrong).max(axis=(1, 2)) > 1e-6
    assert 0 < differ.sum() < 0.2 * len(differ)
    np.testing.assert_array_equal(wrong[differ], right[differ][:, MIRROR_33])


def test_a_booth_hides_the_legs_and_nothing_over_the_hips() -> None:
    image = seen_by(Lens(booth=True)).pictures.image[:, 0]
    assert image[:, 25:, 3].max() < 0.1
    assert image[:, 11:17, 3].mean() > 0.95


def test_a_bystander_comes_and_goes_and_is_sometimes_reported_first() -> None:
    pictures = seen_by(Lens(bystander="crossing")).pictures
    assert set(pictures.persons.tolist()) == {1, 2}
    alone = seen_by(Lens()).pictures
    assert set(alone.persons.tolist()) == {1}
    nose = pictures.image[pictures.persons == 2, :, 0, 0]
    first_is_performer = np.abs(nose[:, 0] - 0.5) < 0.1
    assert 0.0 < first_is_performer.mean() < 1.0


def test_hidden_arms_say_so() -> None:
    image = seen_by(Lens(occlusions_per_min=6.0)).pictures.image[:, 0]
    assert 0.0 < (image[:, [13, 14], 3] < 0.3).mean() < 0.3


@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0])
def test_stamps_advance_at_the_cameras_rate(fps: float) -> None:
    stamps = clip("starter", at_rate(performer(5, 0), fps)).pictures.capture_ns
    assert (np.diff(stamps) > 0).all()
    assert np.median(np.diff(stamps)) == pytest.approx(1e9 / fps, rel=0.01)


def test_a_vector_comes_of_every_picture_of_a_lone_performer() -> None:
    who = performer(5, 0)
    vectors = vectors_of("starter", who)
    assert len(vectors.capture_ns) == len(vectors.clip.pictures.capture_ns)
    assert vectors.vector.shape == vectors.valid.shape == (len(vectors.capture_ns), 128)
    assert np.isfinite(vectors.vector).all()


# ---- how hard the distractors are ----


def distracting(number: int) -> tuple[np.ndarray, np.ndarray, Performer]:
    who = performer(1, number)
    played = clip("distractors", who)
    t_s = np.arange(0.0, played.duration_s, 1.0 / 30.0)
    return played.motion.joints(t_s, who.proportions, who.style.seated), t_s, who


def test_an_hour_of_distractors_looks_like_a_gesture_as_often_as_real_dance_does() -> None:
    """At least 800 times one wrist over the head, 80 times a T, 50 times both wrists up."""
    hour = [counter.per_hour(joints, t_s) for joints, t_s, _ in map(distracting, HOUR)]
    mean = {name: float(np.mean([one[name] for one in hour])) for name in hour[0]}
    assert mean["one_up"] >= 800.0
    assert mean["t_pose"] >= 80.0
    assert mean["both_up"] >= 50.0


def test_distractors_mean_nothing_and_the_vocabulary_does() -> None:
    assert clip("distractors", performer(1, 0)).meant == []
    assert len(clip("starter", performer(1, 0)).meant) == 20


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ("0" * 10 + "1" * 8 + "0" * 10, 0),
        ("0" * 10 + "1" * 10 + "0" * 10, 1),
        ("1" * 12 + "0" * 6 + "1" * 12, 1),
        ("1" * 12 + "0" * 20 + "1" * 12, 2),
        ("1" * 40, 1),
        ("0" * 40, 0),
    ],
)
def test_an_event_lasts_300_ms_and_is_half_a_second_from_the_next(flags: str, found: int) -> None:
    t_s = np.arange(len(flags)) / 30.0
    assert len(counter.events(np.array([c == "1" for c in flags]), t_s)) == found


def test_the_counter_tells_one_hand_both_hands_and_a_t_apart() -> None:
    from airdeck.selfplay.stage.tracks import Motion, Track
    from dynamics.body import Proportions

    def looks(left: tuple[float, ...], right: tuple[float, ...]) -> dict[str, bool]:
        hint = (0.5, -1.0, -0.3)
        motion = Motion((Track((*left, *hint)), Track((*right, *hint))), Track((0.0,) * 7))
        return {name: bool(flag[0]) for name, flag in counter.looks(motion.joints(np.zeros(1), Proportions())).items()}

    up, down, out = (0.4, 1.1, 0.1), (0.5, -1.0, 0.1), (1.5, 0.0, 0.1)
    assert looks(up, down) == {"one_up": True, "both_up": False, "t_pose": False}
    assert looks(up, up) == {"one_up": False, "both_up": True, "t_pose": False}
    assert looks(out, out) == {"one_up": False, "both_up": False, "t_pose": True}
    assert looks(out, down) == looks(down, down) == {"one_up": False, "both_up": False, "t_pose": False}


# ---- the same motion to other devices ----


def test_mocopi_is_where_the_camera_saw_the_performer() -> None:
    played = seen_by(Lens())
    for frame in list(mocopi_frames(played, 5.0))[::9]:
        t_s = np.array([(frame.capture_ns - played.start_ns) / 1e9])
        joints = played.motion.joints(t_s, played.performer.proportions, played.performer.style.seated)[0]
        position, _ = naive.forward_kinematics(frame.quat_xyzw, frame.offset_m, frame.root_m)
        for bone, joint in ((14, Joint.L_WRIST), (18, Joint.R_WRIST)):
            np.testing.assert_allclose(position[bone], joints[joint], atol=0.012)


def test_a_watch_feels_the_wrist_that_moves() -> None:
    """A raise is felt by the watch of its arm."""
    played = seen_by(Lens(), number=next(n for n in range(20) if performer(5, n).style.dance.bounce == 0.0))
    meant = next(m for m in played.meant if m.gesture == "right.raise")
    spans = {side: np.arange(meant.start_s, meant.stroke_s, 0.01) for side in ("left", "right")}
    felt = {side: np.linalg.norm(wrist_acceleration(played, side, t), axis=1).max() for side, t in spans.items()}
    assert felt["right"] > 4.0 * felt["left"]
    samples = [s for s in watch_samples(played) if meant.start_s <= (s.capture_ns - played.start_ns) / 1e9 <= meant.stroke_s]
    assert max(np.linalg.norm(s.accel_mps2) for s in samples) == pytest.approx(felt["right"], rel=0.15)


def test_the_watch_tells_the_acceleration_of_the_way_that_the_wrist_goes() -> None:
    """Summed up twice, from a rest to the end of a stroke, it is that way."""
    played = seen_by(Lens())
    meant = next(m for m in played.meant if m.gesture == "right.raise")
    step_s = 0.002
    t_s = np.arange(meant.start_s, meant.stroke_s, step_s)
    accel = wrist_acceleration(played, "right", t_s)
    who = played.performer
    place = played.motion.joints(t_s, who.proportions, who.style.seated)[:, Joint.R_WRIST]
    start_mps = (place[1] - place[0]) / step_s
    way = start_mps * (t_s - t_s[0])[:, None] + np.cumsum(np.cumsum(accel, axis=0), axis=0) * step_s**2
    assert np.linalg.norm(place[-1] - place[0]) > 0.6
    np.testing.assert_allclose(way[-1], place[-1] - place[0], atol=0.05)
