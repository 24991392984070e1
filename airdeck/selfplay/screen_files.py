"""What a path holds, and its clips: the one place that knows which reader a file is for."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bridges.sources.capture_devices import VIDEO_SUFFIXES

from ..exits import UsageError
from ..session.layout import MANIFEST
from . import motion, recorded
from .motion import Clip

KINDS = ".npz packs, .bvh, pose .jsonl, session folders and video files"


def clips(path: Path) -> Iterator[Clip]:
    """The clips of one file or folder, one at a time. Raises UsageError naming it, MissingError."""
    suffix = path.suffix.lower()
    if not path.exists():
        raise UsageError(f"{path} does not exist")
    if path.is_dir():
        if not (path / MANIFEST).is_file():
            raise UsageError(f"{path} is a folder without {MANIFEST}: give a session, or files")
        yield recorded.read_session(path)
    elif suffix == ".npz":
        yield from _pack(path)
    elif suffix == ".bvh":
        yield motion.read_bvh(path)
    elif suffix == ".jsonl":
        yield recorded.read_pose_lines(path)
    elif suffix in VIDEO_SUFFIXES:
        yield recorded.read_video(path)
    else:
        raise UsageError(f"{path}: nothing that can be screened; there are {KINDS}")


def _pack(path: Path) -> Iterator[Clip]:
    if not zipfile.is_zipfile(path):
        raise UsageError(f"{path}: no pack that can be read: not a zip archive")
    try:
        with np.load(path, allow_pickle=False) as pack:
            landmarks = "image_xyzc" in pack.files
        yield from recorded.read_landmarks(path) if landmarks else motion.read_pack(path)
    except (OSError, ValueError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path}: no pack that can be read: {error}") from error
