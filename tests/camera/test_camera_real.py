"""Real people in real recordings."""

from pathlib import Path

import numpy as np
import pytest
from pictures import play_to_the_end, until

from bridges.sources.camera import CameraSource
from bridges.sources.capture_settings import CameraSettings
from dynamics.frames import PoseFrame
from dynamics.skeleton import Lm

pytestmark = pytest.mark.shared


async def first_frames(source: CameraSource, count: int) -> list[PoseFrame]:
    frames: list[PoseFrame] = []
    await source.open(lambda _stream, frame: frames.append(frame))  # type: ignore[arg-type]
    source.start_playback()
    await until(lambda: len(frames) >= count or source.finished, f"{count} frames")
    await source.close()
    return frames[:count]


def bare_landmarks(clip: Path, model: Path, count: int) -> list[np.ndarray]:
    """What MediaPipe says when nothing stands between."""
    import cv2
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)), running_mode=vision.RunningMode.VIDEO, num_poses=2
    )
    capture, found = cv2.VideoCapture(str(clip)), []
    with vision.PoseLandmarker.create_from_options(options) as task:
        for index in range(count):
            rgb = cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB)
            result = task.detect_for_video(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb), index * 33)
            rows = [[(p.x, p.y, p.z, p.visibility) for p in person] for person in result.pose_landmarks]
            found.append(np.array(rows, dtype=np.float32).reshape(-1, 33, 4))
    capture.release()
    return found


async def test_the_worker_sees_exactly_what_bare_mediapipe_sees(clips: Path, pose_model: Path) -> None:
    clip = clips / "tfjs_pose_1.mp4"
    frames = await first_frames(CameraSource(CameraSettings(device=str(clip), unthrottled=True), pose_model), 25)
    for frame, bare in zip(frames, bare_landmarks(clip, pose_model, 25), strict=True):
        assert np.array_equal(frame.image, bare)


async def test_a_right_hand_that_goes_up_is_seen_to(clips: Path, pose_model: Path) -> None:
    """By the cut list: arms down until 2.0 s, the right hand above the head from 2.4 s on."""
    clip = clips / "emc_white_raises.mp4"
    frames = await first_frames(CameraSource(CameraSettings(device=str(clip), unthrottled=True), pose_model), 85)
    at = {round(frame.device_s, 2): frame.image[0] for frame in frames if len(frame.image)}
    assert at[1.5][Lm.R_WRIST, 1] > at[1.5][Lm.R_SHOULDER, 1]
    assert at[2.8][Lm.R_WRIST, 1] < at[2.8][Lm.NOSE, 1]
    assert at[2.8][Lm.L_WRIST, 1] > at[2.8][Lm.L_SHOULDER, 1]


async def test_stills_shown_one_after_another_are_not_frozen(clips: Path, pose_model: Path) -> None:
    clip = clips / "emc_room1_poses.mp4"
    frames = await first_frames(CameraSource(CameraSettings(device=str(clip), unthrottled=True), pose_model), 100)
    assert [frame.seq for frame in frames] == list(range(100))


async def test_an_open_hand_is_seen_open(clips: Path, pose_model: Path, hand_model: Path) -> None:
    """The man in peekingduck_wave waves his right hand, flat."""
    settings = CameraSettings(device=str(clips / "peekingduck_wave.mp4"), unthrottled=True, hands=True, hand_every=3)
    frames = (await first_frames(CameraSource(settings, pose_model, hand_model), 120))[60:]
    right = np.array([frame.hand_open[0, 1] for frame in frames if len(frame.image)])
    assert np.isfinite(right).mean() > 0.5
    assert np.nanmedian(right) > 0.8


async def test_a_whole_short_clip_plays_at_its_own_rate(clips: Path, pose_model: Path) -> None:
    source = CameraSource(CameraSettings(device=str(clips / "p2s_single_cam01.mp4")), pose_model)
    frames = await play_to_the_end(source)
    assert len(frames) + source.stats.dropped == 100
    assert frames[-1].capture_ns - frames[0].capture_ns <= 1_667_000_000
