"""Recordings of cameras and decks: the same man's raises, whatever kind of file they come in."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from airdeck import models
from airdeck.events import Event, EventKind
from airdeck.exits import UsageError
from airdeck.gestures.library import library_of
from airdeck.selfplay import recorded, screen_files
from airdeck.selfplay.screen import Screen, Verdict
from airdeck.session.manifest import SessionInfo
from airdeck.session.recorder import Recorder
from airdeck.session.records import PoseRecord
from dynamics.frames import PoseFrame
from dynamics.skeleton import Joint
from tests.support.virtual_deck import LIBRARY

ROOT = Path(__file__).resolve().parents[2]
LANDMARKS = ROOT / "tests" / "data" / "landmarks" / "white_raises.npz"
VIDEO = ROOT.parent / "shared" / "data" / "video"
FPS = 30.0
DECKS = [2, 1, 2, 1]
UP_S = ((2.4, 4.0), (6.8, 8.4), (11.2, 12.8), (15.6, 17.2))
"""When one hand is above the head, read from the clip's cut list."""


@pytest.fixture(scope="module")
def rig() -> Screen:
    return Screen(library_of(tuple(g for g in LIBRARY.gestures if g.id.endswith(".raise"))))


@pytest.fixture(scope="module")
def arrays() -> tuple[np.ndarray, np.ndarray]:
    """image (N, 33, 4) and world (N, 33, 3) of the man; NaN and 0 where nobody was found."""
    pack = np.load(LANDMARKS)
    image = np.concatenate([pack["image_xyz"] / 8192.0, pack["seen"][..., None] / 255.0], axis=-1)[:, 0].astype(np.float32)
    world = (pack["world_mm"] / 1000.0)[:, 0].astype(np.float32)
    nobody = pack["persons"] == 0
    image[nobody], world[nobody] = np.nan, np.nan
    image[nobody, :, 3] = 0.0
    return image, world


@pytest.fixture(scope="module")
def frames(arrays: tuple[np.ndarray, np.ndarray]) -> list[PoseFrame]:
    image, world = arrays
    return [
        PoseFrame(t_ns, t_ns + 30_000_000, n, 640, 480, image[n : n + 1], world[n : n + 1])
        for n in range(len(image))
        for t_ns in [7_000_000_000 + round(n / FPS * 1e9)]
    ]


def check(rig: Screen, path: Path) -> None:
    """Each raise once, on its deck, while the hand is up."""
    (clip,) = screen_files.clips(path)
    result = rig.clip(clip)
    permitted = [e for e in result.events if e.verdict is Verdict.PERMITTED]
    assert [e.deck for e in permitted] == DECKS
    for event, (start_s, end_s) in zip(permitted, UP_S, strict=True):
        assert start_s < event.t_s < end_s
    assert clip.duration_s == pytest.approx(23.57, abs=0.1)


def test_a_pack_of_landmarks_is_heard(rig: Screen, arrays: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    image, world = arrays
    np.savez(
        tmp_path / "man.npz",
        image_xyzc=image,
        world_xyzc=np.concatenate([world, image[:, :, 3:]], axis=2),
        clip_start=np.array([0, len(image)]),
        clip_name=np.array(["man"]),
        fps=np.array([FPS]),
        image_wh=np.array([[640, 480]]),
    )
    check(rig, tmp_path / "man.npz")


def test_the_pose_lines_of_a_session_are_heard(rig: Screen, frames: list[PoseFrame], tmp_path: Path) -> None:
    path = tmp_path / "pose.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(PoseRecord.of(f, n)) + b"\n" for n, f in enumerate(frames)))
    check(rig, path)


def test_pose_json_datagrams_one_a_line_are_heard(rig: Screen, frames: list[PoseFrame], tmp_path: Path) -> None:
    lines = []
    for n, frame in enumerate(frames):
        marks = [{"x": float(x), "y": float(y), "z": float(z), "vis": float(v)} for x, y, z, v in frame.image[0]]
        if np.isfinite(frame.image).all():
            lines.append(msgspec.json.encode({"frame": n, "t": n / FPS, "w": 640, "h": 480, "landmarks": marks}) + b"\n")
    path = tmp_path / "sent.jsonl"
    path.write_bytes(b"".join(lines))
    check(rig, path)


def test_a_session_folder_is_heard_at_its_own_times(rig: Screen, frames: list[PoseFrame], tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "made", SessionInfo(layout_fingerprint="x", gesture_hash="x"))
    for seq, frame in enumerate(frames, start=1):
        recorder.record_event(Event(seq, frame.recv_ns, EventKind.ARRIVAL, stream="camera", frame=frame))
    assert recorder.close()
    check(rig, recorder.folder)


def test_a_line_that_is_no_pose_is_told_with_file_and_line(frames: list[PoseFrame], tmp_path: Path) -> None:
    good = msgspec.json.encode(PoseRecord.of(frames[0], 1)) + b"\n"
    path = tmp_path / "pose.jsonl"
    path.write_bytes(good + good[: len(good) // 2] + b"\n")
    with pytest.raises(UsageError, match=r"pose\.jsonl:2: no pose"):
        list(screen_files.clips(path))


def test_a_damaged_session_is_told_by_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "session-x"
    folder.mkdir()
    (folder / "manifest.json").write_text("{")
    with pytest.raises(UsageError, match="session-x"):
        list(screen_files.clips(folder))


def test_where_the_body_is_in_a_picture_is_y_up_and_unseen_is_not_zero(frames: list[PoseFrame]) -> None:
    up = recorded.joints_of_picture(frames[round(3.2 * FPS)])
    assert up[Joint.R_WRIST, 1] > up[Joint.HEAD, 1] > up[Joint.L_WRIST, 1]
    assert np.isnan(recorded.joints_of_picture(PoseFrame())).all()


@pytest.fixture
def video() -> Callable[[str], Path]:
    def find(name: str) -> Path:
        path = VIDEO / name
        if not path.is_file():
            pytest.skip("the recordings of ../shared are not here")
        try:
            models.find("pose")
        except models.ModelMissing as missing:
            pytest.skip(f"no pose model: {missing}")
        return path

    return find


@pytest.mark.shared
def test_every_picture_of_a_video_is_looked_at(rig: Screen, video: Callable[[str], Path]) -> None:
    """A woman signs "book": 2 seconds, her hands never over her head."""
    (clip,) = screen_files.clips(video("intel_asl_book.mkv"))
    result = rig.clip(clip)
    assert clip.duration_s == pytest.approx(result.steps / 30.0, abs=0.1)
    assert result.seen == result.steps > 50
    assert result.events == []


def test_a_file_that_only_has_the_name_of_a_video_is_told(tmp_path: Path) -> None:
    try:
        models.find("pose")
    except models.ModelMissing as missing:
        pytest.skip(f"no pose model: {missing}")
    path = tmp_path / "made.mp4"
    path.write_bytes(b"no video")
    with pytest.raises(UsageError, match=r"made\.mp4"):
        list(screen_files.clips(path))
