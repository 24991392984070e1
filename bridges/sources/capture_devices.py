"""Which cameras there are, and which one a name means. Linux reads sysfs; elsewhere only opening tells."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ..ipc import module_command, module_environment
from .base import SourceError

VIDEO_SUFFIXES = frozenset({".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v", ".mpg", ".gif"})
SYSFS_VIDEO = Path("/sys/class/video4linux")
PROBE_LIMIT = 4
"""Indexes that are tried where nothing lists the cameras."""
PROBE_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """One camera as the picker and the doctor show it."""

    index: int = 0
    name: str = ""
    path: str = ""
    readable: bool = True


def list_cameras(sysfs: Path = SYSFS_VIDEO, dev: Path = Path("/dev")) -> tuple[CameraInfo, ...]:
    """Cameras by index. Not on Linux this opens each for a moment, in a process of its own (up to some seconds)."""
    if sys.platform != "linux":
        return probe_cameras()
    else:  # noqa: RET505 - the type checker follows platforms by branch
        return tuple(sorted(_from_sysfs(sysfs, dev), key=lambda camera: camera.index))


def probe_cameras(limit: int = PROBE_LIMIT, timeout_s: float = PROBE_TIMEOUT_S) -> tuple[CameraInfo, ...]:
    """Cameras found by opening the first indexes; those found before a driver hung, where one does."""
    argv = module_command("bridges.sources.capture_probe", str(limit))
    env = module_environment()
    try:
        found = subprocess.run(argv, env=env, capture_output=True, timeout=timeout_s, check=False).stdout
    except subprocess.TimeoutExpired as error:
        found = error.stdout or b""
    return tuple(CameraInfo(int(index), f"camera {int(index)}") for index in found.split())


def resolve_camera(wanted: str) -> CameraInfo:
    """The camera to open. Not on Linux it goes by number and nothing is listed: that would open every camera first."""
    if sys.platform == "linux":
        return choose_camera(wanted, list_cameras())
    else:  # noqa: RET505
        return by_number(wanted)


def by_number(wanted: str) -> CameraInfo:
    """The camera with that number, unlooked-for; number 0 for "". Raises SourceError for a name."""
    if wanted and not wanted.isdigit():
        raise SourceError(f'camera "{wanted}": cameras go by number on this system; airdeck doctor lists them')
    return CameraInfo(int(wanted or "0"), f"camera {wanted or 0}")


def choose_camera(wanted: str, cameras: tuple[CameraInfo, ...]) -> CameraInfo:
    """The camera that an index, a path, a name or a part of a name means; the first one for "".

    Raises SourceError naming what was asked for, what there is, and what to do.
    """
    found = [camera for camera in cameras if _matches(wanted, camera)]
    if not found:
        raise SourceError(_missing(wanted, cameras))
    exact = [camera for camera in found if camera.name.casefold() == wanted.casefold()]
    choice = (exact or found)[0]
    if len({camera.name for camera in found}) > 1 and wanted and not exact:
        raise SourceError(f'camera "{wanted}" means several: {_names(found)}; give one of them in full, or its number')
    if not choice.readable:
        raise SourceError(f"{choice.path} ({choice.name}) is not readable: add yourself to the group video and log in again")
    return choice


def is_network_address(device: str) -> bool:
    """An address such as rtsp:// or http://, which the sealed pose process cannot reach."""
    return "://" in device


def is_video_file(device: str) -> bool:
    """A file to play as a camera: by its suffix, or because it is a regular file."""
    if device.isdigit():
        return False
    return Path(device).suffix.lower() in VIDEO_SUFFIXES or Path(device).is_file()


def _from_sysfs(sysfs: Path, dev: Path) -> list[CameraInfo]:
    nodes = [node for node in sysfs.glob("video*") if node.name[5:].isdigit() and _is_capture_node(node)]
    return [_describe(node, dev) for node in nodes]


def _is_capture_node(node: Path) -> bool:
    """A camera has further nodes (metadata) under the same name; the first of them gives pictures."""
    try:
        return (node / "index").read_text().strip() == "0"
    except OSError:
        return True


def _describe(node: Path, dev: Path) -> CameraInfo:
    path = dev / node.name
    try:
        name = (node / "name").read_text().strip()
    except OSError:
        name = node.name
    return CameraInfo(int(node.name[5:]), name, str(path), os.access(path, os.R_OK | os.W_OK))


def _matches(wanted: str, camera: CameraInfo) -> bool:
    if not wanted:
        return True
    if wanted.isdigit():
        return camera.index == int(wanted)
    return wanted == camera.path or wanted.casefold() in camera.name.casefold()


def _missing(wanted: str, cameras: tuple[CameraInfo, ...]) -> str:
    if not cameras:
        asked = f'camera "{wanted}"' if wanted else "a camera"
        return f"{asked} was asked for and this machine has none: plug one in, or play a file with camera:FILE.mp4"
    return f'no camera "{wanted}"; there is {_names(cameras)}: use a number or a part of a name'


def _names(cameras: "tuple[CameraInfo, ...] | list[CameraInfo]") -> str:
    return ", ".join(f'{camera.index} "{camera.name}"' for camera in cameras)
