"""Real recordings and programs for the tests from glass to note."""

from pathlib import Path

import pytest

from airdeck import models

SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.fixture(scope="session")
def clips() -> Path:
    """The folder of real videos."""
    folder = SHARED / "data" / "video"
    if not folder.is_dir():
        pytest.skip("the recordings of ../shared are not here")
    return folder


@pytest.fixture(scope="session")
def pose_model() -> Path:
    try:
        return models.find("pose")
    except models.ModelMissing as missing:
        pytest.skip(f"no pose model: {missing}")
