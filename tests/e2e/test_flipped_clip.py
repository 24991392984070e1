"""`mirror = true`: a picture that is a mirror image gives the decks, and the numbers, of the person before the mirror.

A pose model names sides by what it sees: in a mirror the right hand is a left one, on the other side of the picture. With
../shared and a pose model that is seen happening to a real clip, flipped picture by picture; without them the recorded
landmarks of the same man are turned round as the model turns them.
"""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from bridges.sources.camera import CameraSource
from bridges.sources.capture_settings import CameraSettings
from dynamics.calibration import LEVEL, Calibration
from dynamics.frames import Frame, PoseFrame
from dynamics.schema import TABLE
from tests.e2e.test_landmarks import flipped, recording
from tests.support.deck import running
from tests.support.virtual_deck import Deck

LEFT, RIGHT = "deck1.play_pause", "deck2.play_pause"
MIRROR = Calibration(mirror=True)
CLIP, TWO_RAISES_S = "emc_white_raises.mp4", 9.0
"""The right hand is up from 2.4 s to 4.0 s, the left hand from 6.8 s to 8.4 s."""


@pytest.fixture(scope="module")
def flipped_clip(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first pictures of the real clip, each turned round, without loss."""
    import cv2

    source, file = cv2.VideoCapture(str(clips / CLIP)), tmp_path_factory.mktemp("flipped") / "flipped.avi"
    size = int(source.get(cv2.CAP_PROP_FRAME_WIDTH)), int(source.get(cv2.CAP_PROP_FRAME_HEIGHT))
    fps = source.get(cv2.CAP_PROP_FPS)
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"FFV1"), fps, size)
    for _ in range(round(TWO_RAISES_S * fps)):
        good, picture = source.read()
        assert good
        writer.write(cv2.flip(picture, 1))
    writer.release()
    return file


@pytest.fixture(scope="module")
def seen(flipped_clip: Path, pose_model: Path) -> list[PoseFrame]:
    """What the real pose worker sees in it."""
    frames: list[PoseFrame] = []

    def take(_stream: str, frame: Frame) -> None:
        assert isinstance(frame, PoseFrame)
        frames.append(frame)

    async def look() -> None:
        source = CameraSource(CameraSettings(device=str(flipped_clip), unthrottled=True), pose_model)
        await source.open(take)
        try:
            source.start_playback()
            while not source.finished:  # noqa: ASYNC110 - the source has no event for it: the daemon asks at each tick too
                await asyncio.sleep(0.05)
        finally:
            await source.close()

    asyncio.run(look())
    return frames


def started_at(frames: list[PoseFrame], calibration: Calibration) -> Deck:
    return Deck(calibration=calibration, start_ns=frames[0].capture_ns).play(frames)


@pytest.mark.shared
def test_the_pose_model_calls_a_mirrored_right_hand_the_left_one(seen: list[PoseFrame]) -> None:
    """Halfway through the first raise: the left wrist is over the nose, and the left shoulder still at the picture's right."""
    up = next(frame for frame in seen if frame.capture_ns - seen[0].capture_ns > 3.2e9)
    nose, left_wrist, right_wrist = up.image[0, 0, :2], up.image[0, 15, :2], up.image[0, 16, :2]
    assert left_wrist[1] < nose[1] < right_wrist[1]
    assert up.image[0, 11, 0] > up.image[0, 12, 0]


@pytest.mark.shared
@pytest.mark.parametrize(("calibration", "commands"), [(LEVEL, [LEFT, RIGHT]), (MIRROR, [RIGHT, LEFT])])
def test_a_real_clip_flipped_gives_the_other_decks_and_with_the_setting_the_right_ones(
    seen: list[PoseFrame], calibration: Calibration, commands: list[str]
) -> None:
    """The man raises his right hand, then his left one."""
    assert started_at(seen, calibration).commands == commands


@pytest.mark.shared
def test_the_setting_in_the_file_reaches_the_decks_of_a_whole_run(flipped_clip: Path, pose_model: Path, tmp_path: Path) -> None:
    """`airdeck run --config` with `mirror = true` under [performer], the flipped clip as the camera, in real time."""
    assert pose_model.is_file()
    config = tmp_path / "mirror.toml"
    config.write_text("[performer]\nmirror = true\n", encoding="utf-8")
    words = ("--profile", "rehearse", "--source", f"camera:{flipped_clip}", "--sink", "recording", "--arm", "--no-hud")
    with running(tmp_path, *words, "--config", str(config), "--session-dir", str(tmp_path)) as deck:
        session = Path(deck.summary()["session"])
    sent = [json.loads(line)["command"] for line in (session / "sent.jsonl").read_text().splitlines()]
    assert sent == [RIGHT, LEFT]


# ---- in every checkout ----


def test_landmarks_turned_round_twice_are_what_they_were() -> None:
    once = list(recording("white_raises"))
    for frame, twice in zip(once, flipped(flipped(iter(once))), strict=True):
        np.testing.assert_allclose(twice.image, frame.image, atol=1e-6)
        np.testing.assert_allclose(twice.world, frame.world, atol=1e-6)


def test_a_mirrored_camera_with_the_setting_gives_the_numbers_of_a_plain_one() -> None:
    """Not only the decks: every slot, after every picture of two raises, to a ten-thousandth of its range."""
    plain, mirrored = Deck(), Deck(calibration=MIRROR)
    scale = np.array([slot.high - slot.low for slot in TABLE])
    frames = list(recording("white_raises"))[:270]
    for frame, turned in zip(frames, flipped(iter(frames)), strict=True):
        plain.take(frame)
        mirrored.take(turned)
        off = np.abs(plain.pipeline.vector - mirrored.pipeline.vector) / scale
        assert off.max() < 1e-4, (frame.seq, TABLE[int(off.argmax())].name)
        assert plain.pipeline.valid_hex() == mirrored.pipeline.valid_hex()


def test_the_setting_on_a_plain_camera_gives_the_other_decks() -> None:
    """Set where it does not belong, it is as wrong as missing where it does."""
    assert Deck(calibration=MIRROR).play(recording("white_raises")).commands == [LEFT, RIGHT, LEFT, RIGHT]
