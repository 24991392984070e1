"""The folders of this machine."""

import stat
import sys
from pathlib import Path

import pytest

from airdeck import paths

VARIABLES = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home of the test's own, and none of the variables set."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "linux", "darwin"),
    [
        ("config", ".config/airdeck", "Library/Application Support/airdeck/config"),
        ("data", ".local/share/airdeck", "Library/Application Support/airdeck/data"),
        ("state", ".local/state/airdeck", "Library/Application Support/airdeck/state"),
        ("cache", ".cache/airdeck", "Library/Caches/airdeck/cache"),
    ],
)
def test_each_kind_has_its_folder_under_the_home(
    kind: str, linux: str, darwin: str, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for system, rest in (("linux", linux), ("darwin", darwin)):
        monkeypatch.setattr(sys, "platform", system)
        assert paths.folder(kind) == bare / rest


@pytest.mark.parametrize(("kind", "variable"), [("config", "APPDATA"), ("state", "LOCALAPPDATA"), ("cache", "LOCALAPPDATA")])
def test_on_windows_the_folders_are_those_the_system_names(
    kind: str, variable: str, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv(variable, str(bare / "AppData"))
    assert paths.folder(kind) == bare / "AppData" / "airdeck" / kind


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_an_xdg_variable_wins_on_every_system(system: str, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(bare / "elsewhere"))
    monkeypatch.setattr(sys, "platform", system)
    assert paths.state_dir() == bare / "elsewhere" / "airdeck"


def test_a_relative_xdg_variable_is_ignored(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    assert paths.cache_dir() == bare / ".cache" / "airdeck"


def test_without_a_home_variable_there_is_still_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    assert paths.config_dir().is_absolute()


def test_the_runtime_folder_is_under_the_state_folder_where_the_login_has_none(bare: Path) -> None:
    assert paths.runtime_dir() == bare / ".local" / "state" / "airdeck" / "run"


def test_the_runtime_folder_is_the_logins_where_there_is_one(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(bare))
    assert paths.runtime_dir() == bare / "airdeck"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no mode bits")
def test_only_this_user_can_enter_the_runtime_folder() -> None:
    first = paths.runtime_dir()
    first.chmod(0o755)
    assert stat.S_IMODE(paths.runtime_dir().stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="a link needs a privilege on Windows")
def test_a_link_in_the_place_of_the_runtime_folder_is_refused(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(bare))
    (bare / "other").mkdir()
    (bare / "airdeck").symlink_to(bare / "other")
    with pytest.raises(PermissionError, match="is not a folder of this user"):
        paths.runtime_dir()
