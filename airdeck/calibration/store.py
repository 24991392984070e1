"""Calibrations on disk: one JSON file each, numbered, in a folder per performer under the state folder.

A file is written whole or not at all, and holds a hash of itself: one that was damaged, edited or made for another layout
is refused with its reason.
"""

import hashlib
import os
import re
import unicodedata
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from dynamics.calibration import Calibration
from dynamics.frames import SourceKind
from dynamics.schema import LAYOUT

from .. import paths

FORMAT, VERSION = "airdeck.calibration", 1
MAX_BYTES = 64 * 1024
SLUG_CHARS = 40
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)$")
"""Names that Windows keeps for devices."""
_FILE = re.compile(r"(\d{4,9})-([a-z_]+)\.json$")

Angle = Annotated[float, msgspec.Meta(ge=-1.6, le=1.6)]
TorsoM = Annotated[float, msgspec.Meta(gt=0.2, lt=1.0)]
TorsoImage = Annotated[float, msgspec.Meta(gt=0.005, lt=3.0)]


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of `dynamics.calibration.Calibration`; what is not calibrated is left out."""

    mirror: bool = False
    torso_m: TorsoM | UnsetType = UNSET
    torso_image: TorsoImage | UnsetType = UNSET
    facing_rad: Angle = 0.0
    camera_roll_rad: Angle = 0.0
    mocap_facing_rad: Annotated[float, msgspec.Meta(ge=-3.2, le=3.2)] | UnsetType = UNSET

    @classmethod
    def of(cls, calibration: Calibration) -> "Numbers":
        return cls(**{name: value for name, value in asdict(calibration).items() if value == value})  # noqa: PLR0124 (NaN)

    def calibration(self) -> Calibration:
        known = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
        return Calibration(**known)


class Saved(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file. `source` and `kind` say with what it was made."""

    format: str = f"{FORMAT}/{VERSION}"
    layout: str = LAYOUT
    performer: str
    made_utc: str
    made_utc_ns: int
    source: str
    kind: SourceKind
    calibration: Numbers
    body: dict[str, float] = {}
    quality: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.0
    seconds: float = 0.0
    steps: dict[str, float] = {}
    notes: list[str] = []
    sha256: str = ""
    """Of this file with an empty `sha256`."""


class CalibrationError(Exception):
    """The file is not to be used; the message names it and says why."""


def folder(performer: str) -> Path:
    """Where the calibrations of a performer lie; it need not exist."""
    return paths.state_dir() / "calibration" / slug(performer)


def slug(performer: str) -> str:
    """A name for people to a name for a folder, on every system; two people never share one."""
    plain = unicodedata.normalize("NFKD", performer).encode("ascii", "ignore").decode().lower()
    clean = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_CHARS]
    if clean == performer and not _RESERVED.match(clean):
        return clean
    mark = hashlib.sha256(unicodedata.normalize("NFC", performer).encode()).hexdigest()[:8]
    return f"{clean or 'performer'}-{mark}"


def save(saved: Saved) -> Path:
    """Write the next file of its performer. Raises OSError."""
    there = folder(saved.performer)
    there.mkdir(parents=True, exist_ok=True)
    number = max((number for number, _, _ in _files(there)), default=0) + 1
    path = there / f"{number:04d}-{saved.kind.value}.json"
    whole = msgspec.structs.replace(saved, sha256=digest(saved))
    draft = there / f".{path.name}.{os.getpid()}"
    try:
        with draft.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return path


def newest(performer: str, kind: SourceKind) -> Path | None:
    """The last one that was made with this kind of source. Raises OSError when the folder cannot be read."""
    found = [(number, path) for number, made_with, path in _files(folder(performer)) if made_with == kind.value]
    return max(found)[1] if found else None


def read(path: Path) -> Saved:
    """Raises CalibrationError with the reason."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CalibrationError(f"{path}: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise CalibrationError(f"{path}: larger than any calibration")
    try:
        _check_head(path, msgspec.json.decode(data, type=_Head))
        saved = msgspec.json.decode(data, type=Saved)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise CalibrationError(f"{path}: damaged: {error}") from None
    if saved.sha256 != digest(saved):
        raise CalibrationError(f"{path}: damaged, or changed after it was made: its hash does not fit")
    return saved


def digest(saved: Saved) -> str:
    """SHA-256 over everything but itself."""
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(saved, sha256=""), order="sorted")).hexdigest()


class _Head(msgspec.Struct):
    format: str
    layout: str


def _check_head(path: Path, head: _Head) -> None:
    name, _, number = head.format.partition("/")
    if name != FORMAT or not number.isdecimal():
        raise CalibrationError(f"{path}: no calibration of AirDeck: format is {head.format[:80]!r}")
    if int(number[:6]) != VERSION:
        age = "a later" if int(number[:6]) > VERSION else "an earlier"
        raise CalibrationError(f"{path}: written by {age} AirDeck ({head.format[:80]})")
    if head.layout != LAYOUT:
        raise CalibrationError(f"{path}: made for layout {head.layout[:80]!r}, this AirDeck has {LAYOUT}")


def _files(there: Path) -> list[tuple[int, str, Path]]:
    """(number, kind, path) of what looks like a calibration."""
    if not there.is_dir():
        return []
    named = [(_FILE.match(path.name), path) for path in there.iterdir()]
    return [(int(match[1]), match[2], path) for match, path in named if match]
