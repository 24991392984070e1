"""`airdeck selfplay --quick`: run, report, and keep the report of this machine."""

from pathlib import Path
from typing import Any

from ..gestures.library import Library
from . import report
from .run import quick_run


def quick(library: Library, seed: int = report.QUICK_SEED, out: Path | None = None) -> dict[str, Any]:
    """Perform the library's gestures and their near misses; the report, which is kept (and written to `out` as well)."""
    outcome = quick_run(library, seed, report.QUICK_PERFORMERS)
    made = report.make_report(outcome, library, seed, report.QUICK_PERFORMERS)
    report.keep(made, report.report_path(seed))
    if out is not None:
        report.keep(made, out)
    return made
