"""One performer is followed: kept while others cross, found again after a loss, and a doubtful one is said to be doubtful."""

from dataclasses import replace

import numpy as np
import pytest

from dynamics.body import BodyPose, VirtualCamera
from dynamics.builder import Dynamics128Builder
from dynamics.frames import PoseFrame
from dynamics.schema import INDEX, REST
from tests.dynamics.bodies import CAMERA, dance, feed, picture, pictures, standing, times, watch

LOCK = INDEX["performer_lock"]
PERFORMER, FARTHER = BodyPose(), BodyPose(x_m=2.0, z_m=-3.0)


def still(seconds: float = 1.0, start_s: float = 0.0) -> Dynamics128Builder:
    builder = Dynamics128Builder()
    watch(builder, pictures(standing, 30, seconds, start_s))
    return builder


def people(builder: Dynamics128Builder, t_s: float, *poses: BodyPose) -> float:
    """Feed a picture of several; answers where the performer is: sideways shift in torso lengths."""
    feed(builder, picture(*poses, t_s=t_s))
    return float(builder.vector[INDEX["trunk_shift_x"]])


def test_a_lone_performer_is_locked_with_full_confidence():
    assert still().vector[LOCK] == pytest.approx(1.0)
    assert still().performer_seen


@pytest.mark.parametrize("first", [True, False])
def test_the_performer_is_kept_while_another_person_crosses_behind(first):
    builder = still()
    for t in times(30, 3.0, 1.0):
        other = replace(FARTHER, x_m=2.0 - 4.0 * (t - 1.0) / 3.0)
        shift = people(builder, t, *((PERFORMER, other) if first else (other, PERFORMER)))
        assert abs(shift) < 0.1, t


def test_a_second_person_in_the_performers_place_is_said_and_halves_the_confidence():
    builder = still()
    for t in times(30, 0.5, 1.0):
        people(builder, t, PERFORMER, replace(PERFORMER, x_m=0.45, z_m=-0.3))
    assert builder.second_person
    assert builder.vector[LOCK] <= 0.5


def test_a_second_person_far_away_is_no_second_person():
    builder = still()
    people(builder, 1.0, PERFORMER, FARTHER)
    assert not builder.second_person
    assert builder.vector[LOCK] > 0.9


def test_one_person_reported_twice_is_one_person():
    builder = still()
    for t in times(30, 0.5, 1.0):
        people(builder, t, PERFORMER, replace(PERFORMER, x_m=0.02))
    assert not builder.second_person
    assert builder.vector[LOCK] > 0.9


def test_whoever_steps_out_from_behind_a_lost_performer_is_doubted():
    """The performer is hidden for a moment and only the other is reported: no confidence until it has settled."""
    builder = still()
    people(builder, 1.0, PERFORMER)
    people(builder, 1.1, BodyPose(x_m=0.8))
    assert builder.vector[LOCK] < 0.1


def test_a_quick_performer_is_not_doubted():
    builder = Dynamics128Builder()
    vectors, _ = watch(builder, pictures(lambda t: BodyPose(x_m=-0.9 + 2.0 * t), 15, 0.9))
    assert vectors[:, LOCK].min() > 0.9


def test_a_picture_of_nobody_rests_every_slot_of_the_body():
    builder = Dynamics128Builder()
    watch(builder, pictures(dance, 30, 3.0))
    feed(builder, picture(t_s=3.0))
    gone = [*range(76), *range(104, 110), INDEX["phase_sin"], INDEX["phase_cos"], INDEX["bone_residual"]]
    assert not builder.valid[gone].any()
    assert builder.vector[gone].tolist() == REST[gone].astype(np.float32).tolist()
    assert not builder.performer_seen
    assert builder.vector[INDEX["conf_pose"]] == builder.vector[LOCK] == builder.vector[INDEX["head_seen"]] == 0.0


def test_a_performer_found_again_nearer_is_measured_anew():
    """Lost for two seconds, back at half the distance: heights are in torso lengths again within a second."""
    builder = still()
    before = builder.vector[INDEX["l_wrist_y"]]
    near = VirtualCamera(distance_m=1.8, fov_y_rad=1.3)
    watch(builder, (picture(t_s=t) for t in times(30, 2.0, 1.0)))
    watch(builder, pictures(standing, 30, 1.0, start_s=3.0, camera=near))
    assert builder.performer_seen
    assert builder.vector[INDEX["l_wrist_y"]] == pytest.approx(before, rel=0.1)
    assert abs(builder.vector[INDEX["trunk_shift_y"]]) < 0.1


def test_a_camera_that_falls_silent_leaves_no_body_behind():
    builder = still()
    builder.tick(picture(t_s=1.4).capture_ns)
    assert builder.valid[:32].any()
    builder.tick(picture(t_s=1.6).capture_ns)
    assert not builder.valid[:76].any()
    assert not builder.performer_seen


def test_legs_out_of_view_mask_the_slots_of_the_legs_only():
    close = VirtualCamera(distance_m=1.6, height_m=1.45)
    builder = Dynamics128Builder()
    watch(builder, pictures(dance, 30, 1.0, camera=close))
    names = ("l_knee_flexion", "r_knee_flexion", "l_foot_height", "r_foot_height", "stance_width")
    legs = {INDEX[n] for n in names} | {INDEX[f"d_{n}"] for n in names} | {INDEX["grounding"], INDEX["leg_motion"]}
    assert not builder.valid[list(legs)].any()
    assert builder.valid[[i for i in range(69) if i not in legs]].all()


def test_a_hidden_arm_masks_that_arm_only():
    builder = still()
    frame = picture(standing(1), t_s=1.0)
    frame.image[0, 15, 3] = 0.1
    feed(builder, frame)
    hidden = {INDEX[n] for n in ("l_wrist_x", "l_wrist_y", "l_wrist_z", "l_elbow_flexion", "hand_distance", "hand_height")}
    assert {i for i in range(32) if not builder.valid[i]} == hidden


def test_head_seen_needs_a_head_over_the_shoulders():
    builder = still()
    assert builder.vector[INDEX["head_seen"]] > 0.9
    frame = picture(standing(1), t_s=1.0)
    frame.image[0, :11, 1] += 0.3
    feed(builder, frame)
    assert builder.vector[INDEX["head_seen"]] == 0.0


def test_an_invented_forearm_shows_in_the_bone_residual():
    builder = still(3.0)
    assert builder.vector[INDEX["bone_residual"]] < 0.02
    frame = picture(standing(3), t_s=3.0)
    frame.world[0, 15] = frame.world[0, 13] + 1.6 * (frame.world[0, 15] - frame.world[0, 13])
    feed(builder, frame)
    assert builder.vector[INDEX["bone_residual"]] == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize("performer", [0, 1])
def test_hand_openness_is_the_performers_own(performer):
    builder = still()
    poses = (PERFORMER, FARTHER) if performer == 0 else (FARTHER, PERFORMER)
    frame = picture(*poses, t_s=1.0)
    hands = np.array([[0.1, 0.2], [0.8, 0.9]], dtype=np.float32)
    feed(builder, PoseFrame(frame.capture_ns, 0, 0, CAMERA.width_px, CAMERA.height_px, frame.image, frame.world, hands))
    at = INDEX["hand_open_left"]
    assert builder.vector[at : at + 2].tolist() == hands[performer].tolist()
    feed(builder, picture(*poses, t_s=1.1))
    assert builder.valid[at : at + 2].tolist() == [0, 0]
