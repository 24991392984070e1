"""Which library of gestures is in use: the user's own where there is one, else the one that came with AirDeck."""

from pathlib import Path

from . import paths
from .gestures.library import load_library
from .settings import config_file

NAME = "gestures.toml"
KEPT = 9
"""So many versions before the user's own stay beside it: gestures.toml.1 is the last one."""


def user_file() -> Path:
    """The user's own library; it need not exist."""
    return paths.config_dir() / NAME


def in_use() -> Path:
    """The file that is read."""
    mine = user_file()
    return mine if mine.is_file() else config_file(NAME)


def adopt(file: Path) -> Path:
    """Make a library the one in use and keep the one before. Raises LibraryError with its problems, or OSError."""
    content = file.read_bytes()
    load_library(file)
    mine = user_file()
    mine.parent.mkdir(parents=True, exist_ok=True)
    whole = mine.with_name(f"{NAME}.new")
    whole.write_bytes(content)
    for number in range(KEPT, 0, -1):
        _move(_version(number - 1), _version(number))
    return whole.replace(mine)


def undo() -> Path:
    """Go back to the version before, after the last of them to the one that came with AirDeck; answers the one in use.

    What was in use stays as gestures.toml.undone. Raises FileNotFoundError when there is no library of the user's own.
    """
    mine = user_file()
    mine.replace(mine.with_name(f"{NAME}.undone"))
    for number in range(KEPT):
        _move(_version(number + 1), _version(number))
    return in_use()


def _version(number: int) -> Path:
    mine = user_file()
    return mine.with_name(f"{NAME}.{number}") if number else mine


def _move(old: Path, new: Path) -> None:
    if old.is_file():
        old.replace(new)
