"""Files to a report: what `airdeck screen` does."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..assembly import read_library
from . import screen_files, screen_report
from .screen import ClipResult, Screen


def screen_all(
    files: Sequence[Path], seed: int, tier: int | None, say: Callable[[str], None]
) -> tuple[list[ClipResult], dict[str, Any]]:
    """Every clip of every file, and the report. Raises UsageError, MissingError."""
    library = read_library(sys.maxsize if tier is None else tier)
    rig = Screen(library, seed)
    results: list[ClipResult] = []
    for file in files:
        started_s, before = time.perf_counter(), len(results)
        for clip in screen_files.clips(file):
            results.append(rig.clip(clip))
            if clip.note:
                say(f"{clip.file}: {clip.note}")
        mine = results[before:]
        took_s = max(time.perf_counter() - started_s, 1e-9)
        moved_s = sum(r.clip.duration_s for r in mine)
        say(f"{file}: {len(mine)} clips, {moved_s / 60:.1f} min in {took_s:.1f} s, {moved_s / took_s:.0f} times real time")
    return results, screen_report.make(results, library, seed, rig.yaws_deg)
