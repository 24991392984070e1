"""manifest.json: written before the first record, and again, whole and at once, when the session is closed."""

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

from safety.types import SinkClass

from .layout import FORMAT, MANIFEST, NS_PER_S, OLDEST_VERSION, VERSION

GIT_TIMEOUT_S = 5.0


class Status(StrEnum):
    OPEN = "open"
    """Being written, or its writer was killed."""
    CLOSED = "closed"
    """Everything handed over was written or counted as dropped."""
    CUT_SHORT = "cut_short"
    """Closed, but something that must not be dropped could not be written."""


class Clocks(msgspec.Struct, frozen=True):
    """One moment on both clocks. Everything else in a session is on the monotonic one."""

    monotonic_ns: int
    utc_ns: int
    utc: str
    uncertainty_ns: int
    """The reading of UTC happened within this time of `monotonic_ns`."""


class StreamSummary(msgspec.Struct, kw_only=True):
    """One stream as it stood when the manifest was written. `sha256` is of the whole file; empty while open."""

    file: str
    droppable: bool
    what: str = ""
    records: int = 0
    bytes: int = 0
    dropped: int = 0
    """Records the queue had no room for."""
    rejected: int = 0
    """Records that do not fit their declared fields."""
    first_ns: int = 0
    last_ns: int = 0
    rate_hz: float = 0.0
    sha256: str = ""


class GateChain(msgspec.Struct):
    """Both ends of the chain of decisions: taking the last ones away shows."""

    first_prev: str
    last: str
    decisions: int


class SourceEntry(msgspec.Struct, frozen=True):
    """A source of the run, as it was named on the command line."""

    spec: str
    stream: str
    kind: str


class SinkEntry(msgspec.Struct, frozen=True):
    """A sink of the run as the gate knew it."""

    name: str
    sink_class: SinkClass
    rehearsal: bool


Numbers = dict[str, bool | float | str]


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What the daemon knows of a session at its start."""

    layout_fingerprint: str = ""
    producers: tuple[str, ...] = ()
    config_hash: str = ""
    gesture_hash: str = ""
    code: str = ""
    """Empty: found by `code_version`."""
    calibration: Numbers = field(default_factory=dict)
    """Fields of `dynamics.calibration.Calibration`; what is not calibrated is left out."""
    performer: str = ""
    profile: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    """Section -> key -> value: every setting of the run."""
    sources: tuple[SourceEntry, ...] = ()
    sinks: tuple[SinkEntry, ...] = ()
    promotions_hash: str = ""
    selfplay_current: bool = False


class Manifest(msgspec.Struct, kw_only=True):
    """manifest.json."""

    format: str
    id: str
    """The folder's name when it was made; the hash chain starts from it, so renaming the folder breaks nothing."""
    label: str
    status: Status
    comparable: bool
    """False once an event was dropped: a replay of what is left may decide differently."""
    layout: str
    producers: list[str]
    config_hash: str
    gesture_hash: str
    code: str
    calibration: Numbers
    performer: str
    profile: str
    settings: dict[str, Any] = {}
    sources: list[SourceEntry] = []
    sinks: list[SinkEntry] = []
    promotions_hash: str = ""
    """SHA-256 of the promotions that the gate was given."""
    selfplay_current: bool = False
    """The gate was told that a self-play of this machine passed."""
    clocks: Clocks
    streams: dict[str, StreamSummary]
    gate_chain: GateChain
    closed_ns: int = 0
    """Monotonic; 0 while open."""


class ManifestError(Exception):
    """The manifest is missing or not readable; the message names the file and the key."""


class NotASessionError(ManifestError):
    """No manifest, or not one of AirDeck's."""


class TooOldError(ManifestError):
    """A format that this version no longer reads."""


class TooNewError(ManifestError):
    """A format that a later version wrote."""


def read_clocks(monotonic: Callable[[], int] = time.monotonic_ns) -> Clocks:
    """Both clocks at one moment. The only place that reads the wall clock: a session must be datable, and only here."""
    before_ns = monotonic()
    utc_ns = time.time_ns()
    after_ns = monotonic()
    utc = datetime.fromtimestamp(utc_ns // NS_PER_S, UTC).isoformat()
    return Clocks((before_ns + after_ns) // 2, utc_ns, utc, after_ns - before_ns)


def save(folder: Path, manifest: Manifest) -> None:
    """Replace manifest.json in one step: a reader or a kill finds the old one or the new one. Raises OSError."""
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    draft = folder / f".{MANIFEST}.{os.getpid()}"
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / MANIFEST)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


class _Head(msgspec.Struct):
    format: str


def load(folder: Path) -> Manifest:
    """The manifest of a folder. Raises NotASessionError, TooOldError, TooNewError or ManifestError, each saying what to do."""
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotASessionError(f"{path}: {error.strerror}: not a session folder") from None
    try:
        head = msgspec.json.decode(data, type=_Head)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise NotASessionError(f"{path}: {error}: not the manifest of a session") from None
    check_format(path, head.format)
    try:
        return msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ManifestError(f"{path}: {error}") from None


def check_format(path: Path, text: str) -> None:
    """Raises unless `text` is a session format that this code reads."""
    name, _, number = text.partition("/")
    if name != FORMAT or not number.isdecimal() or len(number) > 6:
        raise NotASessionError(f"{path}: format is {text[:80]!r}, not {FORMAT}/{VERSION}")
    if int(number) > VERSION:
        raise TooNewError(f"{path}: written as {text}, this AirDeck reads up to {FORMAT}/{VERSION}: update AirDeck")
    if int(number) < OLDEST_VERSION:
        oldest = f"{FORMAT}/{OLDEST_VERSION}"
        raise TooOldError(f"{path}: written as {text}, this AirDeck reads from {oldest} on: use `airdeck session import`")


_PACKAGE = Path(__file__).resolve().parents[1]


def code_version(package: Path = _PACKAGE) -> str:
    """The commit (with "+" when files differ from it) of the checkout this code runs from, else the package's version."""
    tracked = _git(package, "ls-files", "--error-unmatch", "__init__.py")
    commit = _git(package, "rev-parse", "HEAD") if tracked else ""
    if commit:
        return commit + ("+" if _git(package, "status", "--porcelain", "--untracked-files=no") else "")
    try:
        return version("airdeck")
    except PackageNotFoundError:
        return "unknown"


def _git(folder: Path, *arguments: str) -> str:
    """Output of git, empty when it is not there or says no."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
