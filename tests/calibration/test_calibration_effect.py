"""A saved calibration changes what a run decides and reads, for the better."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from airdeck import assembly, plan, settings
from airdeck.calibration.keep import changes, keep, saved_of
from airdeck.calibration.result import Result, measure
from airdeck.calibration.use import choose
from airdeck.selfplay.stage.lens import Lens
from airdeck.session.manifest import SessionInfo
from dynamics.builder import Dynamics128Builder
from dynamics.calibration import LEVEL, Calibration
from dynamics.frames import PoseFrame, SourceKind
from dynamics.schema import INDEX
from tests.calibration.follower import TEE, WIDE, Follower
from tests.e2e.test_landmarks import LEFT, RIGHT, flipped, recording
from tests.support.virtual_deck import Deck


def kept(follower: Follower, performer: str = "anna", kind: SourceKind = SourceKind.FILE) -> dict[str, Any]:
    """Calibrated and saved, as the command does it."""
    result = measure(follower.calibrate())
    return keep(performer, "camera:hall.mp4", kind, result, before=choose(performer, kind, mirror=False), used_by_run=False)


def planned(*words: str, source: str = "camera:set.mp4", performer: str = "anna") -> plan.Plan:
    line = plan.CommandLine(sources=(source,))
    return plan.make(settings.load(None, {**line.overrides(), "performer": {"name": performer}}), line)


def read(calibration: Calibration, frames: list[PoseFrame], *names: str) -> np.ndarray:
    """Medians of slots over the last second."""
    builder, rows = Dynamics128Builder(calibration), []
    for frame in frames:
        builder.on_pose(frame, frame.capture_ns)
        rows.append([float(builder.vector[INDEX[name]]) for name in names])
    return np.asarray(np.median(rows[-30:], axis=0))


def test_a_camera_that_hangs_eight_degrees_askew_reads_a_level_t_once_it_is_calibrated() -> None:
    askew, level = (Follower(Lens(camera=WIDE, roll_rad=roll)) for roll in (math.radians(8.0), 0.0))
    kept(askew)
    names = ("l_wrist_y", "r_wrist_y", "trunk_roll", "hip_shift_x")
    truth = read(LEVEL, level.held(TEE, 2.0), *names)
    frames = askew.held(TEE, 2.0)
    calibrated, bare = planned().calibrated.calibration, choose("nobody", SourceKind.FILE, mirror=False).calibration
    off, off_bare = (np.abs(read(found, frames, *names) - truth) for found in (calibrated, bare))
    assert off.max() < 0.04
    assert off_bare[:3].min() > 0.13


def test_before_a_camera_at_the_side_the_calibrated_front_is_where_the_audience_is() -> None:
    side = Follower(Lens(camera=WIDE, yaw_rad=0.35))
    kept(side)
    frames = side.held(TEE, 2.0)
    [yaw], [yaw_bare] = (read(found, frames, "trunk_yaw") for found in (planned().calibrated.calibration, LEVEL))
    assert abs(yaw) < 0.05
    assert abs(yaw_bare) > 0.3


def test_the_size_is_right_from_the_first_picture_on() -> None:
    far = Follower()
    kept(far)
    frames = far.held(TEE, 2.0)
    settled = read(LEVEL, frames, "l_wrist_x")[0]
    builder = Dynamics128Builder(planned().calibrated.calibration)
    builder.on_pose(frames[0], frames[0].capture_ns)
    assert float(builder.vector[INDEX["l_wrist_x"]]) == pytest.approx(settled, rel=0.05)


@pytest.mark.parametrize(("mirrored", "commands"), [(True, [RIGHT, LEFT, RIGHT, LEFT]), (False, [LEFT, RIGHT, LEFT, RIGHT])])
def test_a_mirror_found_by_calibration_makes_the_right_deck_fire_on_a_flipped_recording(
    mirrored: bool, commands: list[str]
) -> None:
    """A real man raises right, left, right, left; the performer who calibrated stood before the same flipped camera, or not."""
    kept(Follower(mirrored=mirrored))
    setup = assembly.Setup.of_plan(planned(), [])
    deck = Deck(calibration=setup.calibration).play(flipped(recording("white_raises")))
    assert deck.commands[:4] == commands


def test_the_manifest_holds_performer_and_calibration() -> None:
    answer = kept(Follower(mirrored=True))
    made = planned()
    pipeline = assembly.build_pipeline(made, [])
    info: SessionInfo = assembly.session_info(made, pipeline, [_Named()], [])  # type: ignore[list-item]
    assert info.performer == "anna"
    assert info.calibration == {**answer["calibration"]}
    assert pipeline.builder.calibration.mirror is True


class _Named:
    """All that a manifest asks of a source."""

    kind = SourceKind.FILE
    stream = "camera"


def test_a_run_of_somebody_else_is_not_touched() -> None:
    kept(Follower(mirrored=True))
    made = planned(performer="ben")
    assert made.calibrated.calibration == LEVEL
    assert "there is none with a file source yet" in made.calibrated.text


def test_what_changed_is_told_in_words() -> None:
    answer = kept(Follower(Lens(camera=WIDE, roll_rad=math.radians(8.0)), mirrored=True))
    told = " ".join(answer["changed"])
    assert "mirror is on now" in told
    assert "camera roll +0.0° → " in told
    assert "torso not known → 0." in told
    again = list(changes(Calibration(mirror=True, torso_m=0.5), Calibration(mirror=True, torso_m=0.501)))
    assert again == []


def test_what_is_kept_is_dated_and_says_with_what_it_was_made(home: Path) -> None:
    answer = kept(Follower())
    assert Path(answer["file"]).is_relative_to(home)
    assert (answer["performer"], answer["source"], answer["kind"]) == ("anna", "camera:hall.mp4", "file")
    assert 'to use it: name = "anna" under [performer]' in answer["text"]
    assert answer["used_by_run"] is False


def test_a_number_that_is_not_known_is_left_out_of_the_file() -> None:
    bare = Result(Calibration(), measure(Follower().calibrate()).body, 0.5, 20.0, hips_seen=False)
    assert set(saved_of("anna", "camera", SourceKind.CAMERA, bare).calibration.calibration().__slots__) >= {"torso_m"}
    assert math.isnan(saved_of("anna", "camera", SourceKind.CAMERA, bare).calibration.calibration().torso_m)
