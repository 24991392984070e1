"""`airdeck selfplay`: synthetic performers through pipeline and gate."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_output import Json, note, say, show_json
from .exits import ExitCode, UsageError

ALL_TIERS = 99


def selfplay(
    quick: Annotated[bool, typer.Option("--quick", help="The two raises and their near misses, on a few bodies.")] = False,
    *,
    scenario: Annotated[list[str] | None, typer.Option(help="Only these; ? lists them.", show_default=False)] = None,
    performers: Annotated[int, typer.Option(min=1, help="Who perform the whole vocabulary.")] = 200,
    hours: Annotated[float, typer.Option(min=0.0, help="Hours of movement that means nothing.")] = 20.0,
    seed: Annotated[int, typer.Option(help="Start of the random numbers; live asks for 1.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder for selfplay.html and selfplay.json; quick: a file.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Synthetic performers through the whole pipeline and gate. Exit 1 when the report does not pass.

    The whole library counts as promoted. Every gesture is performed, in an order of its own, with near misses between.

    \b
    Examples:
      airdeck selfplay --quick
      airdeck selfplay --out played
      airdeck selfplay --scenario strobe --performers 50
    """
    if scenario and "?" in scenario:
        _list(as_json)
        return
    report = _quick(seed, out) if quick else _full(tuple(scenario or ()), performers, hours, seed, out)
    if as_json:
        show_json(report)
    else:
        from .selfplay import full_report
        from .selfplay import report as quick_report

        say(quick_report.summary(report) if quick else full_report.summary(report))
    raise typer.Exit(ExitCode.DONE if report["passed"] else ExitCode.NO)


def _list(as_json: bool) -> None:
    from .selfplay.stage.scenarios import DEFAULT, SCENARIOS

    if as_json:
        show_json({"scenarios": list(SCENARIOS), "default": list(DEFAULT)})
    else:
        say("\n".join(f"{name}{'' if name in DEFAULT else '  (not by default)'}" for name in SCENARIOS))


def _quick(seed: int, out: Path | None) -> dict[str, Any]:
    from . import assembly, settings
    from .selfplay.quick import quick

    return quick(assembly.read_library(settings.load().performer.tier), seed, out)


def _full(scenarios: tuple[str, ...], performers: int, hours: float, seed: int, out: Path | None) -> dict[str, Any]:
    from .assembly import read_library
    from .selfplay import full, full_html, full_report
    from .selfplay.stage.scenarios import DEFAULT, SCENARIOS

    if unknown := [name for name in scenarios if name not in SCENARIOS]:
        raise UsageError(f"no scenario {', '.join(map(repr, unknown))}; there are {', '.join(SCENARIOS)}")
    if out is not None and out.exists() and not out.is_dir():
        raise UsageError(f"{out} is no folder")
    library = read_library(ALL_TIERS)
    plan = full.Plan(scenarios or DEFAULT, performers, hours, seed)
    report = full_report.make(full.run(library, plan, note), library, plan)
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
            (out / "selfplay.json").write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            (out / "selfplay.html").write_text(full_html.page(report), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{out}: {error.strerror}") from error
    return report
