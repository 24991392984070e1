"""`airdeck screen`: recordings of ordinary movement through pipeline and gate."""

import json
from pathlib import Path
from typing import Annotated

import typer

from .cli_output import Json, note, say, show_json
from .exits import ExitCode, UsageError


def screen(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="BVH, .npz packs, pose .jsonl, session folders, video files.")
    ],
    *,
    seed: Annotated[int, typer.Option(help="Start of the random numbers of the landmark noise.")] = 1,
    tier: Annotated[int | None, typer.Option(help="Only gestures of tiers 1 to this; none: all.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for screen.html and screen.json.", show_default=False)] = None,
    max_per_hour: Annotated[
        float | None, typer.Option(help="Exit 1 when there are more triggers per hour.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Recordings of ordinary movement through the whole pipeline and gate, in virtual time.

    The gate is armed and the whole library counts as promoted. Recordings of joints are seen by a virtual camera from three
    sides; whatever is found in one of them counts, and the hours count once.

    \b
    Examples:
      airdeck screen dance.bvh
      airdeck screen motion/*.npz clip.mp4 --out screened
      airdeck screen session-20260101-120000-soundcheck --max-per-hour 2
    """
    from .selfplay import screen_report
    from .selfplay.screen_run import screen_all

    if out is not None and out.exists() and not out.is_dir():
        raise UsageError(f"{out} is no folder")
    results, report = screen_all(files, seed, tier, note)
    if out is not None:
        from .selfplay.screen_html import page

        try:
            out.mkdir(parents=True, exist_ok=True)
            (out / "screen.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
            (out / "screen.html").write_text(page(report, results), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{out}: {error.strerror}") from error
    if as_json:
        show_json(report)
    else:
        say(screen_report.summary(report))
    failed = max_per_hour is not None and report["per_hour"] > max_per_hour
    raise typer.Exit(ExitCode.NO if failed else ExitCode.DONE)
