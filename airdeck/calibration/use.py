"""Which calibration a run takes: the newest of its performer with its kind of source, or none, with the reason.

The demo performer is somebody else than whoever stood before the camera, and a video shows another place: each kind of
source has its own.
"""

import math
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from dynamics.calibration import LEVEL, Calibration
from dynamics.frames import SourceKind

from ..session.manifest import read_clocks
from . import store
from .store import CalibrationError, Saved

NS_PER_S = 1_000_000_000
AGAIN = "`airdeck calibrate`"


@dataclass(frozen=True, slots=True)
class Used:
    """What the builder is given, and what a person should know of it."""

    performer: str = ""
    calibration: Calibration = LEVEL
    saved: Saved | None = None
    file: str = ""
    why_not: str = ""
    """Why there is none; empty when there is one."""
    refused: bool = False
    """There is one, and it is not to be used."""
    age_s: float = math.nan
    """When the run was planned."""
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """One line."""
        if self.saved is None:
            return f"{self.performer}: not calibrated: {self.why_not}" if self.performer else ""
        return f"{self.performer}: calibrated {age_words(self.age_s)} with {self.saved.source}: {holds(self.saved)}"

    def status(self) -> dict[str, Any]:
        """As `airdeck status --json` shows it."""
        age_s = None if math.isnan(self.age_s) else round(self.age_s)
        made = {} if self.saved is None else {"made_utc": self.saved.made_utc, "quality": round(self.saved.quality, 2)}
        return {"performer": self.performer, "used": self.saved is not None, "why_not": self.why_not, "file": self.file,
                "age_s": age_s, "text": self.text, **made}  # fmt: skip


def choose(performer: str, kind: SourceKind | None, mirror: bool) -> Used:
    """For a run with a source of this kind; None: it has no camera. `mirror` is the setting, for where nothing is known."""
    bare = Calibration(mirror=mirror)
    if kind is None:
        return Used(performer, bare, why_not="this run has no camera")
    try:
        path = store.newest(performer, kind)
        if path is None:
            none = f"there is none with a {kind.value} source yet: {AGAIN}"
            return Used(performer, bare, why_not="the demo performer needs none" if kind is SourceKind.SYNTHETIC else none)
        saved = store.read(path)
        if saved.performer != performer:
            raise CalibrationError(f"{path}: is of {saved.performer[:80]!r}")
    except (CalibrationError, OSError) as error:
        why = str(error)
        note = f"the calibration of {performer} is refused, this run goes on without: {why}. Make a new one: {AGAIN}"
        return Used(performer, bare, why_not=why, refused=True, notes=(note,))
    calibration = saved.calibration.calibration()
    age_s = max(0.0, (read_clocks().utc_ns - saved.made_utc_ns) / NS_PER_S)
    return Used(performer, calibration, saved, str(path), age_s=age_s, notes=tuple(_notes(calibration, mirror)))


def _notes(calibration: Calibration, mirror: bool) -> list[str]:
    if mirror and not calibration.mirror:
        return [f"mirror = true is set, but the calibration saw no mirror, and it counts. If sides are swapped: {AGAIN}"]
    return []


def holds(saved: Saved) -> str:
    """What it holds, in one line."""
    numbers = saved.calibration
    parts = [
        f"mirror {'on' if numbers.mirror else 'off'}",
        f"camera roll {math.degrees(numbers.camera_roll_rad):+.1f}°",
        f"facing {math.degrees(numbers.facing_rad):+.0f}°",
    ]
    if numbers.torso_m is not UNSET:
        parts.append(f"torso {numbers.torso_m:.2f} m")
    if numbers.torso_image is not UNSET:
        parts.append(f"{numbers.torso_image:.0%} of the picture's height")
    reach = [saved.body[name] for name in ("reach_left", "reach_right") if name in saved.body]
    if reach:
        parts.append(f"reach {' / '.join(f'{value:.2f}' for value in reach)} torsos")
    return ", ".join([*parts, f"quality {saved.quality:.2f}"])


def age_words(age_s: float) -> str:
    """How long ago, to the nearest that matters."""
    for unit_s, word in ((86_400.0, "day"), (3600.0, "hour"), (60.0, "minute")):
        if age_s >= unit_s:
            count = int(age_s / unit_s)
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now"
