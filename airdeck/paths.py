"""Where AirDeck keeps its files on this machine: XDG folders, with their equals on macOS and Windows."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

APP = "airdeck"

# kind: (variable that overrides it on every system, Linux and other Unix, macOS, the variable Windows sets)
_FOLDERS = {
    "config": ("XDG_CONFIG_HOME", ".config", "Library/Application Support", "APPDATA"),
    "data": ("XDG_DATA_HOME", ".local/share", "Library/Application Support", "LOCALAPPDATA"),
    "state": ("XDG_STATE_HOME", ".local/state", "Library/Application Support", "LOCALAPPDATA"),
    "cache": ("XDG_CACHE_HOME", ".cache", "Library/Caches", "LOCALAPPDATA"),
}
_SHARED_BASE = ("darwin", "win32")  # systems where one folder serves several kinds: ours get a sub-folder each


def config_dir() -> Path:
    """Settings the user writes."""
    return folder("config")


def data_dir() -> Path:
    """Sessions and what is made from them."""
    return folder("data")


def state_dir() -> Path:
    """What this machine remembers: latched stop, calibration, promotions, compiled kernels."""
    return folder("state")


def cache_dir() -> Path:
    """What can be fetched or built again: model files."""
    return folder("cache")


def runtime_dir() -> Path:
    """A folder only this user can enter, made when missing: control socket and locks of this login."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if Path(given).is_absolute() and Path(given).is_dir():
        return _private(Path(given) / APP)
    try:
        return _private(state_dir() / "run")
    except OSError:  # a read-only home
        return _private(_temporary_home() / "run")


def folder(kind: str) -> Path:
    """The folder of `kind` (config, data, state, cache); it need not exist yet. KeyError for another kind."""
    override, unix, mac, windows = _FOLDERS[kind]
    given = os.environ.get(override, "")
    if Path(given).is_absolute():  # the XDG specification says to ignore a relative one
        return Path(given) / APP
    if sys.platform == "win32":
        base = Path(os.environ.get(windows) or home() / "AppData/Local")
    else:
        base = home() / (mac if sys.platform == "darwin" else unix)
    return base / APP / kind if sys.platform in _SHARED_BASE else base / APP


def home() -> Path:
    """The user's home; a private folder under the temporary one where there is none."""
    if named := os.environ.get("USERPROFILE" if sys.platform == "win32" else "HOME"):
        return Path(named)
    try:
        return Path.home()
    except RuntimeError:
        return _temporary_home()


def _temporary_home() -> Path:
    return _private(Path(tempfile.gettempdir()) / f"{APP}-{_user_id()}")


def _private(path: Path) -> Path:
    """Make `path` with mode 0700. PermissionError when it belongs to another user or is no folder."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform != "win32":
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise PermissionError(f"{path} is not a folder of this user: remove it")
        if stat.S_IMODE(found.st_mode) != 0o700:
            path.chmod(0o700)
    return path


def _user_id() -> str:
    if sys.platform == "win32":
        return os.environ.get("USERNAME", "user")
    else:  # noqa: RET505 (the type checker of each platform reads one branch only)
        return str(os.getuid())
