"""Which camera a name means."""

import sys
from pathlib import Path

import pytest

from bridges.sources.base import SourceError
from bridges.sources.capture_devices import (
    CameraInfo,
    by_number,
    choose_camera,
    is_network_address,
    is_video_file,
    list_cameras,
    probe_cameras,
)

HD = CameraInfo(0, "Integrated HD: Webcam", "/dev/video0")
LOGI = CameraInfo(2, "Logi Brio", "/dev/video2")
LOGI_2 = CameraInfo(4, "Logi Brio 500", "/dev/video4")
ALL = (HD, LOGI, LOGI_2)


@pytest.mark.parametrize(
    ("wanted", "camera"),
    [("", HD), ("0", HD), ("2", LOGI), ("webcam", HD), ("Logi Brio", LOGI), ("brio 500", LOGI_2), ("/dev/video4", LOGI_2)],
)
def test_a_camera_goes_by_number_path_name_or_a_part_of_it(wanted: str, camera: CameraInfo) -> None:
    assert choose_camera(wanted, ALL) == camera


def test_a_part_that_fits_two_cameras_is_not_guessed() -> None:
    with pytest.raises(SourceError, match=r'2 "Logi Brio", 4 "Logi Brio 500"'):
        choose_camera("logi", ALL)


def test_a_camera_that_is_not_there_is_named_with_what_there_is() -> None:
    with pytest.raises(SourceError, match=r'no camera "7"; there is 0 "Integrated'):
        choose_camera("7", ALL)


def test_a_machine_without_cameras_says_so() -> None:
    with pytest.raises(SourceError, match="has none: plug one in"):
        choose_camera("", ())


def test_a_camera_that_may_not_be_read_names_the_group() -> None:
    with pytest.raises(SourceError, match="group video"):
        choose_camera("", (CameraInfo(0, "Cam", "/dev/video0", readable=False),))


def test_where_nothing_lists_cameras_they_go_by_number() -> None:
    assert [by_number("").index, by_number("3").index] == [0, 3]
    with pytest.raises(SourceError, match="go by number"):
        by_number("Logi")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists cameras in sysfs")
def test_sysfs_gives_cameras_by_number_without_their_metadata_nodes(tmp_path: Path) -> None:
    for node, name, index in (("video10", "B", "0"), ("video2", "A", "0"), ("video3", "A", "1")):
        folder = tmp_path / "sys" / node
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "index").write_text(f"{index}\n")
    (tmp_path / "video2").touch()
    cameras = list_cameras(tmp_path / "sys", tmp_path)
    assert [(camera.index, camera.name, camera.readable) for camera in cameras] == [(2, "A", True), (10, "B", False)]


@pytest.mark.parametrize("device", ["a.mp4", "A.MKV", "/x/y.avi"])
def test_a_video_suffix_means_a_file(device: str) -> None:
    assert is_video_file(device)


def test_a_number_is_a_camera_even_when_a_file_has_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "0").touch()
    monkeypatch.chdir(tmp_path)
    assert not is_video_file("0")


def test_network_addresses_are_told_from_paths() -> None:
    assert is_network_address("rtsp://cam/1") and not is_network_address(r"C:\clip.mp4")


def test_a_driver_that_hangs_costs_only_the_cameras_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cv2.py").write_text(
        "import time\n"
        "class VideoCapture:\n"
        "    def __init__(self, index):\n"
        "        time.sleep(60 if index == 2 else 0)\n"
        "        self.index = index\n"
        "    def isOpened(self):\n"
        "        return self.index == 1\n"
        "    def release(self):\n"
        "        pass\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert probe_cameras(limit=4, timeout_s=3.0) == (CameraInfo(1, "camera 1"),)
