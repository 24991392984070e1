"""What the camera's tests stand on: the model files, and videos made on the spot."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from airdeck import models

SHARED = Path(__file__).resolve().parents[3] / "shared"
sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="session")
def pose_model() -> Path:
    return _model("pose_landmarker_full.task", "pose")


@pytest.fixture(scope="session")
def hand_model() -> Path:
    return _model("hand_landmarker.task", "hand")


@pytest.fixture(scope="session")
def clips() -> Path:
    """The folder of real recordings."""
    folder = SHARED / "data" / "video"
    if not folder.is_dir():
        pytest.skip("the recordings of ../shared are not here")
    return folder


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """`make_video(pictures, fps=30.0)` writes uint8 (H, W, 3) pictures without loss and returns the file."""
    import cv2

    def make(pictures: Iterable[np.ndarray], fps: float = 30.0) -> Path:
        path = tmp_path / "made.avi"
        first, *rest = pictures
        size = (first.shape[1], first.shape[0])
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"FFV1"), fps, size)
        for picture in (first, *rest):
            writer.write(picture)
        writer.release()
        return path

    return make


def _model(file: str, name: str) -> Path:
    ready_made = SHARED / "models" / file
    if ready_made.is_file():
        return ready_made
    try:
        return models.find(name)
    except models.ModelMissing as missing:
        pytest.skip(f"no {name} model in ../shared/models nor in the user's cache: {missing}")
