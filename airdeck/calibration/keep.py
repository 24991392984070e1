"""A finished calibration, kept on disk and told: what it holds, and what it changed."""

import math
from dataclasses import asdict
from typing import Any

import msgspec

from dynamics.calibration import Calibration
from dynamics.frames import SourceKind

from .. import settings
from ..exits import MissingError
from ..session.manifest import read_clocks
from . import store
from .result import Result
from .store import Numbers, Saved
from .use import Used, holds

DIGITS = 6
TOLD_RAD = math.radians(0.5)
TOLD_SHARE = 0.02
"""Changes smaller than these are not worth a line."""


def keep(performer: str, source: str, kind: SourceKind, result: Result, *, before: Used, used_by_run: bool) -> dict[str, Any]:
    """Save it; the answer of `airdeck calibrate --json`, whose `text` is for people. Raises MissingError.

    `used_by_run`: a run with the same settings is of this performer.
    """
    saved = saved_of(performer, source, kind, result)
    try:
        path = store.save(saved)
    except OSError as error:
        raise MissingError(f"the calibration cannot be kept in {store.folder(performer)}: {error.strerror or error}") from error
    changed = list(changes(before.calibration, saved.calibration.calibration()))
    answer = {
        "ok": True,
        **{name: value for name, value in msgspec.to_builtins(saved).items() if name != "sha256"},
        "file": str(path),
        "word": result.word,
        "changed": changed,
        "used_by_run": used_by_run,
    }
    return {**answer, "text": text(saved, result.word, changed, used_by_run)}


def saved_of(performer: str, source: str, kind: SourceKind, result: Result) -> Saved:
    """The record of a result, dated now."""
    clocks = read_clocks()
    rounded: dict[str, Any] = {name: _rounded(value) for name, value in asdict(result.calibration).items()}
    body = {name: round(value, DIGITS) for name, value in asdict(result.body).items() if math.isfinite(value)}
    return Saved(
        performer=performer,
        made_utc=clocks.utc,
        made_utc_ns=clocks.utc_ns,
        source=source,
        kind=kind,
        calibration=Numbers.of(Calibration(**rounded)),
        body=body,
        quality=round(result.quality, DIGITS),
        seconds=round(result.seconds, 3),
        steps={name.value: round(quality, DIGITS) for name, quality in result.steps.items()},
        notes=list(result.notes),
    )


def changes(old: Calibration, new: Calibration) -> list[str]:
    """What is different for a run from now on, each in a few words."""
    told = []
    if old.mirror is not new.mirror:
        told.append(f"mirror is {'on' if new.mirror else 'off'} now: left and right change places")
    for name, word in (("camera_roll_rad", "camera roll"), ("facing_rad", "facing")):
        a, b = getattr(old, name), getattr(new, name)
        if abs(b - a) >= TOLD_RAD:
            told.append(f"{word} {math.degrees(a):+.1f}° → {math.degrees(b):+.1f}°")
    for name, word, scale, unit in (("torso_m", "torso", 1.0, " m"), ("torso_image", "size in the picture", 100.0, " %")):
        a, b = getattr(old, name), getattr(new, name)
        if math.isfinite(b) and (math.isnan(a) or abs(b - a) > TOLD_SHARE * a):
            was = "not known" if math.isnan(a) else f"{a * scale:.3g}{unit}"
            told.append(f"{word} {was} → {b * scale:.3g}{unit}")
    return told


def text(saved: Saved, word: str, changed: list[str], used_by_run: bool) -> str:
    """The answer for a person."""
    lines = [f"{saved.performer} is calibrated, in {saved.seconds:.0f} s: {word}", f"  holds    {holds(saved)}"]
    lines += [f"  changed  {one}" for one in changed or ("nothing to speak of",)]
    lines += [f"  note     {note}" for note in saved.notes]
    if any(one.startswith("mirror") for one in changed):
        lines.append("  note     if it was not your right hand that you raised: do it again")
    lines.append(
        "  the next `airdeck run` uses it"
        if used_by_run
        else f'  to use it: name = "{saved.performer}" under [performer] in {settings.user_file()}'
    )
    return "\n".join(lines)


def _rounded(value: bool | float) -> bool | float:
    return value if isinstance(value, bool) else round(value, DIGITS)
