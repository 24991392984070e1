"""Pictures from files and devices, and the slot they wait in."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pictures import noise

from bridges.sources.capture import Capture, CaptureError, Picture, Slot, capture_stamp
from bridges.sources.capture_settings import CameraSettings, WorkerOptions, from_argument, settings_from_arg, to_argument

MakeVideo = Callable[..., Path]
BLANK = np.zeros((1, 1, 3), dtype=np.uint8)


def take_all(slot: Slot) -> list[Picture]:
    return list(iter(slot.take, None))


def test_the_slot_gives_the_newest_and_counts_the_rest() -> None:
    slot = Slot()
    for seq in range(5):
        slot.put(Picture(BLANK, seq))
    slot.end()
    assert [picture.seq for picture in take_all(slot)] == [4]
    assert slot.skipped == 4


def test_a_slot_that_keeps_all_waits_for_its_reader() -> None:
    slot = Slot(keep_all=True)
    writer = threading.Thread(target=lambda: ([slot.put(Picture(BLANK, seq)) for seq in range(50)], slot.end()))
    writer.start()
    assert [picture.seq for picture in take_all(slot)] == list(range(50))
    writer.join()
    assert slot.skipped == 0


@pytest.mark.parametrize(
    ("driver_ms", "expected_ns"),
    [
        (9_990.0, 9_990_000_000),  # 10 ms ago on our clock
        (9_500.0, 9_500_000_000),  # the oldest that counts
        (9_499.0, 10_000_000_000),  # too old to be on our clock
        (10_001.0, 10_000_000_000),  # not yet
        (0.0, 10_000_000_000),
        (-1.0, 10_000_000_000),
    ],
)
def test_a_driver_s_stamp_counts_only_on_our_clock(driver_ms: float, expected_ns: int) -> None:
    assert capture_stamp(10_000_000_000, driver_ms) == expected_ns


def play(path: Path, epoch_ns: int, first: int = 0, every_picture: bool = False) -> tuple[list[Picture], Slot]:
    capture = Capture(WorkerOptions(file=str(path)))
    slot = Slot(keep_all=every_picture)
    capture.start(slot, epoch_ns, first, every_picture)
    return take_all(slot), slot


def test_every_picture_of_a_file_comes_in_order_when_unthrottled(make_video: MakeVideo) -> None:
    pictures, slot = play(make_video(noise(20), fps=25.0), epoch_ns=5, every_picture=True)
    assert [picture.seq for picture in pictures] == list(range(20))
    assert [picture.capture_ns for picture in pictures] == [5 + 40_000_000 * i for i in range(20)]
    assert pictures[10].device_s == 0.4
    assert slot.skipped == 0


def test_an_unthrottled_file_goes_on_where_it_is_told(make_video: MakeVideo) -> None:
    made = noise(20)
    pictures, _ = play(make_video(made), epoch_ns=0, first=12, every_picture=True)
    assert [picture.seq for picture in pictures] == list(range(12, 20))
    assert np.array_equal(pictures[0].pixels, made[12])


def test_a_paced_picture_comes_when_it_is_due(make_video: MakeVideo) -> None:
    path = make_video(noise(6), fps=30.0)
    capture = Capture(WorkerOptions(file=str(path)))
    slot = Slot()
    epoch_ns = time.monotonic_ns() + 20_000_000
    capture.start(slot, epoch_ns, 0, False)
    while (picture := slot.take()) is not None:
        assert picture.capture_ns == epoch_ns + round(picture.seq * 1e9 / 30.0)
        assert time.monotonic_ns() >= picture.capture_ns


def test_a_paced_file_that_began_earlier_goes_on_where_it_would_be(make_video: MakeVideo) -> None:
    pictures, slot = play(make_video(noise(30), fps=30.0), epoch_ns=time.monotonic_ns() - 700_000_000)
    assert pictures[0].seq >= 20
    assert len(pictures) + slot.skipped == 30


def test_a_paced_file_far_behind_is_sought(make_video: MakeVideo) -> None:
    pictures, slot = play(make_video(noise(70), fps=10.0), epoch_ns=time.monotonic_ns() - 6_500_000_000)
    assert pictures[0].seq >= 65
    assert len(pictures) + slot.skipped <= 5


def test_a_device_that_is_not_there_says_what_to_do() -> None:
    with pytest.raises(CaptureError, match="camera 97 does not open"):
        Capture(WorkerOptions(index=97))


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"not a video")
    with pytest.raises(CaptureError, match="not a video"):
        Capture(WorkerOptions(file=str(tmp_path / "no.mp4")))


def test_the_options_survive_the_command_line() -> None:
    options = WorkerOptions(CameraSettings(device="é", fps=60.0, hands=True), 3, "a b.mp4", "p", "h")
    assert from_argument(to_argument(options)) == options


def test_the_argument_of_source_names_the_device() -> None:
    base = CameraSettings(device="Cam", fps=60.0)
    assert settings_from_arg("2", base) == CameraSettings(device="2", fps=60.0)
    assert settings_from_arg("", base) == base
