"""The command line. Each command imports what it needs when it is called, so `--help` is quick and loads no driver."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .exits import ExitCode, ExitError, MissingError, RefusedError, UsageError

GESTURE_COLUMNS = ("id", "side", "deck", "kind", "tier", "risk", "command", "hold_ms", "release_ms", "hint", "content_hash")


class _Group(TyperGroup):
    """Turns our errors into a sentence on stderr, the object on stdout where --json asks for it, and the exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ExitError as error:
            if "--json" in sys.argv:
                _show_json({"ok": False, "error": str(error)})
            sys.stderr.write(f"airdeck: {error}\n")
            raise typer.Exit(error.code) from error
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.NO) from None


def _typer(**options: Any) -> typer.Typer:
    return typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False, **options)


app = _typer(
    cls=_Group,
    no_args_is_help=True,
    help="Raise a hand and Rekordbox obeys. `airdeck run` starts disarmed and in dry-run; `airdeck doctor` tells what lacks.",
)
models_app = _typer(no_args_is_help=True, help="The pose and hand models in the user's cache.")
gestures_app = _typer(no_args_is_help=True, help="The gesture library.")
rekordbox_app = _typer(no_args_is_help=True, help="What Rekordbox has to be told.")
app.add_typer(models_app, name="models")
app.add_typer(gestures_app, name="gestures")
app.add_typer(rekordbox_app, name="rekordbox")

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")]
Config = Annotated[Path | None, typer.Option("--config", help="A settings file, read after your own.", show_default=False)]
Control = Annotated[Path | None, typer.Option("--control", help="Control socket of the deck.", show_default=False)]


@app.command(short_help="The deck: look, decide, send what may be sent.")
def run(
    *,
    profile: Annotated[
        str | None, typer.Option(help="observe, dry-run, rehearse or live (dry-run).", show_default=False)
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="NAME[:ARG], several times; ? lists them.", show_default=False)
    ] = None,
    sink: Annotated[list[str] | None, typer.Option(help="NAME[:ARG], several times; ? lists them.", show_default=False)] = None,
    arm: Annotated[bool, typer.Option("--arm", help="Arm at once; not in live.")] = False,
    for_s: Annotated[float | None, typer.Option("--for", help="Seconds to run, from ready.", show_default=False)] = None,
    session_dir: Annotated[Path | None, typer.Option(help="Where sessions go.", show_default=False)] = None,
    label: Annotated[str | None, typer.Option(help="Ends the name of the session.", show_default=False)] = None,
    config: Config = None,
    control: Control = None,
    hud_port: Annotated[int | None, typer.Option(help="Port of the page.", show_default=False)] = None,
    no_hud: Annotated[bool, typer.Option("--no-hud", help="No page.")] = False,
    as_json: Json = False,
) -> None:
    """The deck: look, decide, and send what the profile and the gate let through.

    With no source given: the chosen camera if there is one, else the demo performer (never in live).

    \b
    Examples:
      airdeck run
      airdeck run --arm --source camera:clip.mp4 --for 20
      airdeck run --profile rehearse --arm --sink midi:virtual
      airdeck run --profile live --sink midi:virtual
      airdeck run --source '?'
    """
    from . import choices

    sources, sinks = tuple(source or ()), tuple(sink or ())
    if choices.asked((*sources, *sinks)):
        _show_choices("sources" if choices.asked(sources) else "sinks", as_json)
        return
    from . import plan, settings

    line = plan.CommandLine(profile, sources, sinks, arm, for_s, session_dir, label, control)
    try:
        read = settings.load(config, line.overrides())
    except settings.SettingsError as error:
        raise UsageError(f"the settings do not hold:\n{error}") from error
    planned = plan.make(read, line)
    notes = ["the page is not part of this version: use `airdeck status`"] if hud_port is not None and not no_hud else []
    notes += ["no camera was found, so the demo performer plays"] if planned.plays_demo and not sources else []
    from .runner import run_deck

    summary = run_deck(planned, as_json, notes)
    if as_json:
        _show_json(summary)


@app.command()
def doctor(as_json: Json = False) -> None:
    """What this machine has and lacks, one line each, with the fix. Exit 1 when something stands in the way.

    \b
    Example:
      airdeck doctor
    """
    from . import doctor as examination
    from . import settings

    findings = examination.examine()
    good = examination.passed(findings)
    if as_json:
        rows = [{"name": row.name, "level": row.level.value, "text": row.text, "fix": row.fix} for row in findings]
        _show_json({"ok": good, "findings": rows, "settings": settings.origins_or_none()})
    for finding in () if as_json else findings:
        fix = f"\n{'':18}fix: {finding.fix}" if finding.fix else ""
        _say(f"{finding.level.value:5}{finding.name:12} {finding.text}{fix}")
    raise typer.Exit(ExitCode.DONE if good else ExitCode.NO)


@app.command()
def arm(control: Control = None, as_json: Json = False) -> None:
    """Let gestures act, in the running deck.

    \b
    Example:
      airdeck arm
    """
    _act({"do": "arm"}, control, as_json)


@app.command()
def disarm(control: Control = None, as_json: Json = False) -> None:
    """No more gestures act, until `airdeck arm`.

    \b
    Example:
      airdeck disarm
    """
    _act({"do": "disarm"}, control, as_json)


@app.command(short_help="End all output at once, until --release.")
def stop(
    release: Annotated[bool, typer.Option("--release", help="Undo the stop; the deck is disarmed then.")] = False,
    control: Control = None,
    as_json: Json = False,
) -> None:
    """End all output at once. It stays ended, also over a restart, until `airdeck stop --release`. Music plays on.

    \b
    Examples:
      airdeck stop
      airdeck stop --release && airdeck arm
    """
    _act({"do": "reset" if release else "stop"}, control, as_json)


@app.command()
def status(control: Control = None, as_json: Json = False) -> None:
    """What the running deck sees, decided and sent.

    \b
    Examples:
      airdeck status
      airdeck status --json
    """
    reply = _ask({"do": "status"}, control)
    if as_json:
        _show_json(reply)
        return
    from rich.console import Console

    from .table import render

    Console().print(render(reply))


@app.command(short_help="Synthetic performers through pipeline and gate.")
def selfplay(
    quick: Annotated[bool, typer.Option("--quick", help="The two raises and their near misses, on a few bodies.")] = False,
    seed: Annotated[int, typer.Option(help="Start of the random numbers.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Where the report goes.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Synthetic performers through the whole pipeline and gate. Exit 1 when the report does not pass.

    \b
    Example:
      airdeck selfplay --quick
    """
    if not quick:
        raise UsageError("only `airdeck selfplay --quick` is part of this version")
    from . import assembly, settings
    from .selfplay.quick import quick as play
    from .selfplay.report import summary

    report = play(assembly.read_library(settings.load().performer.tier), seed, out)
    if as_json:
        _show_json(report)
    else:
        _say(summary(report))
    raise typer.Exit(ExitCode.DONE if report["passed"] else ExitCode.NO)


@app.command(
    short_help="The table of speed figures (in a checkout).",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def bench(context: typer.Context) -> None:
    """The table of usage, expected, allowed, and ratios against peers. Needs a checkout.

    \b
    Example:
      airdeck bench --quick
    """
    import subprocess

    root = Path(__file__).resolve().parent.parent
    if not (root / "bench" / "__main__.py").is_file():
        raise MissingError("the benches are not part of an installation: run `make bench` in a checkout")
    done = subprocess.run([sys.executable, "-m", "bench", *context.args], cwd=root, check=False)
    raise typer.Exit(done.returncode)


@models_app.command("fetch")
def models_fetch(
    names: Annotated[list[str] | None, typer.Argument(help="pose, hand; none: both.", show_default=False)] = None,
    again: Annotated[bool, typer.Option("--again", help="Also those that are there.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the models into the cache: the official files, else built from the official wheel.

    \b
    Example:
      airdeck models fetch
    """
    from . import models

    try:
        statuses = models.fetch(names or (), again=again, say=_note)
    except models.FetchFailed as error:
        raise MissingError(str(error)) from error
    except KeyError as error:
        raise UsageError(str(error.args[0])) from error
    _show_models(statuses, as_json)


@models_app.command("list")
def models_list(as_json: Json = False) -> None:
    """The models, and what the cache holds of them.

    \b
    Example:
      airdeck models list
    """
    from . import models

    _show_models(models.statuses(), as_json)


@models_app.command("verify")
def models_verify(as_json: Json = False) -> None:
    """Check the models against the hashes of their first fetch. Exit 1 when one is missing or changed.

    \b
    Example:
      airdeck models verify
    """
    from . import models

    statuses = models.statuses()
    _show_models(statuses, as_json)
    raise typer.Exit(ExitCode.DONE if all(status.state == "ready" for status in statuses) else ExitCode.NO)


@gestures_app.command("list")
def gestures_list(as_json: Json = False) -> None:
    """Every gesture: what it does, and how.

    \b
    Example:
      airdeck gestures list
    """
    from .gestures.library import LibraryError, load_library
    from .settings import config_file

    try:
        gestures = load_library(config_file("gestures.toml")).gestures
    except LibraryError as error:
        raise UsageError(str(error)) from error
    if as_json:
        _show_json({"gestures": [{name: getattr(row, name) for name in GESTURE_COLUMNS} for row in gestures]})
        return
    for row in gestures:
        _say(f"{row.id:16} {row.command:20} tier {row.tier}  {row.hint}")


@rekordbox_app.command("export")
def rekordbox_export(
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; none: stdout.", show_default=False)] = None,
    port: Annotated[str | None, typer.Option(help="Name of the MIDI port, as Rekordbox shows it.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """The MIDI mapping file: import it in Rekordbox (MIDI settings of the port, Import).

    \b
    Example:
      airdeck rekordbox export --out AirDeck.midi.csv
    """
    from bridges.rekordbox.midi_csv import export_csv

    from .drivers import read_mapping

    mapping = read_mapping()
    text = export_csv(port or mapping.port, mapping.midi.values())
    if out is not None:
        try:
            out.write_text(text, encoding="ascii", newline="")
        except OSError as error:
            raise UsageError(f"{out}: {error.strerror}") from error
    if as_json:
        _show_json({"port": port or mapping.port, "commands": sorted(mapping.midi), "file": str(out or ""), "csv": text})
    elif out is None:
        sys.stdout.write(text)
    else:
        _say(f"{out}: {len(mapping.midi)} commands for the port {port or mapping.port}")


def _act(request: dict[str, Any], control: Path | None, as_json: bool) -> None:
    reply = _ask(request, control)
    if not reply.get("ok"):
        raise RefusedError(str(reply.get("error", "the deck said no")))
    if as_json:
        _show_json(reply)
    else:
        _say(str(reply.get("text", "")))


def _ask(request: dict[str, Any], path: Path | None) -> dict[str, Any]:
    from . import control

    try:
        return control.ask(request, path or _configured_control() or control.default_path())
    except control.ControlError as error:
        raise MissingError(str(error)) from error


def _configured_control() -> Path | None:
    """From the settings; a broken file must not keep anybody from stopping the deck."""
    from . import settings

    try:
        path = settings.load().run.control
    except (settings.SettingsError, OSError):
        return None
    return Path(path).expanduser() if path else None


def _show_choices(noun: str, as_json: bool) -> None:
    from . import choices

    rows = list(choices.sources() if noun == "sources" else choices.sinks())
    if as_json:
        _show_json({noun: [{"spec": spec, "about": about} for spec, about in rows]})
        return
    for spec, about in rows:
        _say(f"  {spec:34} {about}")


def _show_models(statuses: list[Any], as_json: bool) -> None:
    if as_json:
        rows = [
            {name: str(getattr(row, name)) for name in ("name", "file", "path", "state", "source", "sha256")}
            for row in statuses
        ]
        _show_json({"models": rows})
        return
    for row in statuses:
        _say(f"{row.name:6}{row.state:9}{row.source:10}{row.sha256[:16]:18}{row.path}")


def _show_json(document: Any) -> None:
    sys.stdout.write(json.dumps(document, default=str) + "\n")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _note(line: str) -> None:
    sys.stderr.write(line + "\n")
