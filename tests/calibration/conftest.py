"""A home of its own for each test: calibrations lie in the state folder."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for kind in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME"):
        monkeypatch.setenv(f"XDG_{kind}", str(tmp_path / kind))
    return tmp_path
