"""The latched stop, kept over a restart: a file in the state folder that is there while output is stopped."""

from pathlib import Path

from . import paths

FILE_NAME = "latched-stop"


def file() -> Path:
    """It need not exist."""
    return paths.state_dir() / FILE_NAME


def is_set() -> bool:
    """An earlier run was stopped and never released."""
    return file().exists()


def keep(stopped: bool) -> None:
    """Bring the file in line with the deck. Raises OSError."""
    if stopped:
        file().parent.mkdir(parents=True, exist_ok=True)
        file().touch()
    else:
        file().unlink(missing_ok=True)
