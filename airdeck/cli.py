"""The command line. Each command imports what it needs when it is called, so `--help` is quick and loads no driver."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .cli_calibrate import calibrate
from .cli_gestures import gestures_app
from .cli_groups import models_app, rekordbox_app
from .cli_output import Json, plain_typer, say, show_json
from .cli_screen import screen
from .cli_selfplay import selfplay
from .exits import ExitCode, ExitError, MissingError, RefusedError


class _Group(TyperGroup):
    """Turns our errors into a sentence on stderr, the object on stdout where --json asks for it, and the exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ExitError as error:
            if "--json" in sys.argv:
                show_json({"ok": False, "error": str(error)})
            sys.stderr.write(f"airdeck: {error}\n")
            raise typer.Exit(error.code) from error
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.NO) from None


app = plain_typer(
    cls=_Group,
    no_args_is_help=True,
    help="Raise a hand and Rekordbox obeys. `airdeck run` starts disarmed and in dry-run; `airdeck doctor` tells what lacks.",
)
app.add_typer(models_app, name="models")
app.add_typer(gestures_app, name="gestures")
app.add_typer(rekordbox_app, name="rekordbox")
app.command(short_help="Neutral pose, reach, mirror check; by postures.")(calibrate)
app.command(short_help="Recorded movement through pipeline and gate.")(screen)
app.command(short_help="Synthetic performers through pipeline and gate.")(selfplay)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        say(f"airdeck {version('airdeck')}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and end.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


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
    planned = plan.make(settings.load(config, line.overrides()), line)
    notes = ["the page is not part of this version: use `airdeck status`"] if hud_port is not None and not no_hud else []
    notes += ["no camera was found, so the demo performer plays"] if planned.plays_demo and not sources else []
    from .runner import run_deck

    summary = run_deck(planned, as_json, notes)
    if as_json:
        show_json(summary)
    raise typer.Exit(ExitCode.DONE if summary["ok"] else ExitCode.NO)


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
        show_json({"ok": good, "findings": rows, "settings": settings.origins_or_none()})
    for finding in () if as_json else findings:
        fix = f"\n{'':18}fix: {finding.fix}" if finding.fix else ""
        say(f"{finding.level.value:5}{finding.name:12} {finding.text}{fix}")
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
        show_json(reply)
        return
    from rich.console import Console

    from .table import render

    Console().print(render(reply))


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


def _act(request: dict[str, Any], control: Path | None, as_json: bool) -> None:
    reply = _ask(request, control)
    if not reply.get("ok"):
        raise RefusedError(str(reply.get("error", "the deck said no")))
    if as_json:
        show_json(reply)
    else:
        say(str(reply.get("text", "")))


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
        show_json({noun: [{"spec": spec, "about": about} for spec, about in rows]})
        return
    for spec, about in rows:
        say(f"  {spec:34} {about}")
