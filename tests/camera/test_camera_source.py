"""The camera source on the deck's side, with the real worker behind it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pictures import black, noise, play_to_the_end, until

from bridges.sources import camera
from bridges.sources.base import SourceError
from bridges.sources.camera import CameraSource, CameraState, backoff_s
from bridges.sources.capture_devices import list_cameras
from bridges.sources.capture_settings import CameraSettings
from bridges.sources.pose_wire import Header, Message, MessageKind, PoseBuffer
from dynamics.frames import Frame, PoseFrame, SourceKind

MakeVideo = Callable[..., Path]


def of_file(video: Path, model: Path, unthrottled: bool = False) -> CameraSource:
    return CameraSource(CameraSettings(device=str(video), unthrottled=unthrottled), model)


async def test_an_unthrottled_file_gives_a_frame_of_nobody_per_picture(make_video: MakeVideo, pose_model: Path) -> None:
    source = of_file(make_video(noise(12)), pose_model, unthrottled=True)
    frames = await play_to_the_end(source)
    assert [frame.seq for frame in frames] == list(range(12))
    assert {len(frame.image) for frame in frames} == {0}
    assert {frame.kind for frame in frames} == {SourceKind.FILE}
    assert [frame.recv_ns for frame in frames] == [frame.capture_ns for frame in frames]
    assert (source.stats.received, source.stats.frames, source.stats.dropped) == (12, 12, 0)


async def test_a_paced_file_gives_newest_pictures_with_their_times(make_video: MakeVideo, pose_model: Path) -> None:
    source = of_file(make_video(noise(20), fps=20.0), pose_model)
    frames = await play_to_the_end(source)
    assert len(frames) + source.stats.dropped == 20
    for frame in frames:
        assert frame.capture_ns - frames[0].capture_ns == (frame.seq - frames[0].seq) * 50_000_000
        assert frame.recv_ns > frame.capture_ns
        assert (frame.width_px, frame.height_px, round(frame.luma, 1)) == (160, 120, 0.4)


async def test_no_picture_is_consumed_before_the_playback_starts(make_video: MakeVideo, pose_model: Path) -> None:
    source = of_file(make_video(noise(3)), pose_model)
    frames: list[Frame] = []
    await source.open(lambda _stream, frame: frames.append(frame))
    assert source.state is CameraState.WAITING and not frames
    source.start_playback()
    await until(lambda: source.finished, "the file ended")
    await source.close()
    assert source.stats.received == 3


async def test_dark_pictures_are_counted_and_give_no_frame(make_video: MakeVideo, pose_model: Path) -> None:
    source = of_file(make_video([*noise(4), *black(6), *noise(2, seed=9)]), pose_model, unthrottled=True)
    frames = await play_to_the_end(source)
    assert [frame.seq for frame in frames] == [0, 1, 2, 3, 10, 11]
    assert source.dark_pictures == 6


async def test_a_frozen_picture_gives_no_frame_until_it_moves(make_video: MakeVideo, pose_model: Path) -> None:
    source = of_file(make_video([*noise(1) * 20, *noise(2, seed=9)], fps=10.0), pose_model, unthrottled=True)
    frames = await play_to_the_end(source)
    assert [frame.seq for frame in frames] == [*range(10), 20, 21]
    assert source.stats.last_error == ""


async def test_a_picture_that_stays_frozen_is_the_last_error(make_video: MakeVideo, pose_model: Path) -> None:
    source = of_file(make_video(noise(1) * 15, fps=10.0), pose_model, unthrottled=True)
    await play_to_the_end(source)
    assert source.stats.last_error == "frozen picture"


@pytest.mark.parametrize(
    ("kind", "state", "healthy"),
    [
        (MessageKind.FROZEN, CameraState.FROZEN, False),
        (MessageKind.DARK, CameraState.DARK, True),
        (MessageKind.POSE, CameraState.LIVE, True),
    ],
)
def test_the_worker_s_word_decides_the_health(tmp_path: Path, kind: MessageKind, state: CameraState, healthy: bool) -> None:
    source = CameraSource(CameraSettings(device="0"), tmp_path)
    source._on_messages([Message(Header(kind), PoseBuffer().flat.tobytes())], 1)
    assert (source.state, source.healthy) == (state, healthy)


async def test_a_killed_worker_is_replaced_and_the_file_goes_on_by_its_time(make_video: MakeVideo, pose_model: Path) -> None:
    source = of_file(make_video(noise(150), fps=5.0), pose_model)
    frames: list[Frame] = []
    await source.open(lambda _stream, frame: frames.append(frame))
    source.start_playback()
    await until(lambda: frames, "a frame")
    os.kill(source.worker_pid, signal.SIGKILL)
    await until(lambda: source.state is CameraState.RESTARTING, "restarting")
    assert source.is_open and "gone" in source.stats.last_error
    before = len(frames)
    await until(lambda: len(frames) > before, "a frame of the new worker")
    await source.close()
    assert source.stats.restarts == 1
    assert frames[before].seq - frames[before - 1].seq >= 2  # the pictures of the gap are gone, as a camera's would be
    assert frames[before].capture_ns - frames[0].capture_ns == (frames[before].seq - frames[0].seq) * 200_000_000


async def test_a_killed_worker_of_an_unthrottled_file_loses_no_picture(make_video: MakeVideo, pose_model: Path) -> None:
    source = of_file(make_video(noise(150)), pose_model, unthrottled=True)
    seqs: list[int] = []

    def deliver(_stream: str, frame: Frame) -> None:
        seqs.append(frame.seq)
        if len(seqs) == 10:
            os.kill(source.worker_pid, signal.SIGKILL)

    await source.open(deliver)
    source.start_playback()
    await until(lambda: source.finished, "the file ended")
    await source.close()
    assert seqs == list(range(150))
    assert source.stats.restarts == 1


async def test_a_silent_worker_is_killed_and_replaced(
    make_video: MakeVideo, pose_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "STALL_NS", 1_500_000_000)
    source = of_file(make_video(noise(150), fps=5.0), pose_model)
    frames: list[Frame] = []
    await source.open(lambda _stream, frame: frames.append(frame))
    source.start_playback()
    await until(lambda: frames, "a frame")
    os.kill(source.worker_pid, signal.SIGSTOP)
    await until(lambda: source.stats.restarts == 1 and source.state is CameraState.LIVE, "a new worker")
    await source.close()
    assert "said nothing" in source.stats.last_error


async def test_a_file_whose_worker_always_dies_is_given_up(
    make_video: MakeVideo, pose_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(camera, "BACKOFF_LAST_S", 0.0)
    model = tmp_path / "pose.task"
    model.symlink_to(pose_model)
    source = of_file(make_video(noise(200), fps=10.0), model)
    await source.open(lambda _stream, _frame: None)
    model.unlink()
    os.kill(source.worker_pid, signal.SIGKILL)
    await until(lambda: source.finished, "given up")
    await source.close()
    assert source.stats.restarts == camera.FILE_ATTEMPTS
    assert "airdeck models fetch" in source.stats.last_error


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no seal")
async def test_a_worker_without_libseccomp_runs_and_says_so(
    make_video: MakeVideo, pose_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyseccomp.py").write_text("raise RuntimeError('Unable to find libseccomp')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    source = of_file(make_video(noise(2)), pose_model, unthrottled=True)
    assert len(await play_to_the_end(source)) == 2
    assert not source.sealed and "apt install libseccomp2" in source.not_sealed


async def test_a_sealed_worker_has_nothing_to_say(make_video: MakeVideo, pose_model: Path) -> None:
    source = of_file(make_video(noise(2)), pose_model, unthrottled=True)
    await play_to_the_end(source)
    assert source.sealed == (source.not_sealed == "")


async def test_closing_ends_the_worker(make_video: MakeVideo, pose_model: Path) -> None:
    source = of_file(make_video(noise(100)), pose_model)
    await source.open(lambda _stream, _frame: None)
    pid = source.worker_pid
    await source.close()
    assert source.worker_pid == 0 and source.state is CameraState.CLOSED
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_closed_file_can_be_played_again(make_video: MakeVideo, pose_model: Path) -> None:
    source = of_file(make_video(noise(4)), pose_model, unthrottled=True)
    assert len(await play_to_the_end(source)) == 4
    assert len(await play_to_the_end(source)) == 4


def test_a_loop_without_readers_works_too(make_video: MakeVideo, pose_model: Path) -> None:
    class NoReaders(asyncio.SelectorEventLoop):
        """As Windows' Proactor loop."""

        def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:
            raise NotImplementedError

    source = of_file(make_video(noise(6)), pose_model, unthrottled=True)
    with asyncio.Runner(loop_factory=NoReaders) as runner:
        frames = runner.run(play_to_the_end(source))
    assert [frame.seq for frame in frames] == list(range(6))


async def test_of_poses_that_waited_together_the_newest_wins(tmp_path: Path) -> None:
    source = CameraSource(CameraSettings(device="0"), tmp_path)
    frames: list[PoseFrame] = []
    source._deliver = lambda _stream, frame: frames.append(frame)  # type: ignore[assignment, arg-type]
    payload = PoseBuffer().flat.tobytes()
    source._on_messages([Message(Header(MessageKind.POSE, seq=seq, grabbed=seq + 1), payload) for seq in range(4)], 9)
    assert [(frame.seq, frame.recv_ns, frame.kind) for frame in frames] == [(3, 9, SourceKind.CAMERA)]
    assert (source.stats.received, source.stats.dropped, source.stats.frames) == (4, 3, 1)


@pytest.mark.parametrize("address", ["rtsp://10.0.0.2/stream", "http://cam.local/video"])
async def test_a_network_camera_is_refused_with_the_reason(address: str, pose_model: Path) -> None:
    with pytest.raises(SourceError, match="refused for now, because the process that sees pictures has no network"):
        await CameraSource(CameraSettings(device=address), pose_model).open(lambda _stream, _frame: None)


async def test_a_missing_file_is_named(pose_model: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.mp4 does not exist"):
        await of_file(tmp_path / "gone.mp4", pose_model).open(lambda _stream, _frame: None)


async def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="airdeck models fetch"):
        await of_file(tmp_path / "a.mp4", tmp_path / "none.task").open(lambda _stream, _frame: None)


@pytest.mark.skipif(bool(list_cameras()), reason="this machine has a camera")
async def test_a_missing_camera_says_what_to_do(pose_model: Path) -> None:
    source = CameraSource(CameraSettings(), pose_model)
    with pytest.raises(SourceError, match=r"has none: plug one in, or play a file with camera:FILE\.mp4"):
        await source.open(lambda _stream, _frame: None)
    assert not source.is_open and source.state is CameraState.CLOSED


async def test_a_file_that_is_no_video_gives_the_worker_s_own_words(pose_model: Path, tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"text")
    with pytest.raises(SourceError, match="not a video that can be played here"):
        await of_file(tmp_path / "no.mp4", pose_model).open(lambda _stream, _frame: None)


def test_the_back_off_doubles_to_its_limit() -> None:
    assert [backoff_s(deaths) for deaths in (1, 2, 3, 4, 5, 6, 99)] == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


def test_the_deck_s_side_loads_neither_cv2_nor_mediapipe() -> None:
    import subprocess

    code = "import sys, bridges.sources.camera as c; print('cv2' in sys.modules or 'mediapipe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
