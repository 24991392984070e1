"""The command groups: models, rekordbox."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_output import Json, note, plain_typer, say, show_json
from .exits import ExitCode, MissingError, UsageError

models_app = plain_typer(no_args_is_help=True, help="The pose and hand models in the user's cache.")
rekordbox_app = plain_typer(no_args_is_help=True, help="What Rekordbox has to be told.")


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
        statuses = models.fetch(names or (), again=again, say=note)
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
        show_json({"port": port or mapping.port, "commands": sorted(mapping.midi), "file": str(out or ""), "csv": text})
    elif out is None:
        sys.stdout.write(text)
    else:
        say(f"{out}: {len(mapping.midi)} commands for the port {port or mapping.port}")


def _show_models(statuses: list[Any], as_json: bool) -> None:
    if as_json:
        rows = [
            {name: str(getattr(row, name)) for name in ("name", "file", "path", "state", "source", "sha256")}
            for row in statuses
        ]
        show_json({"models": rows})
        return
    for row in statuses:
        say(f"{row.name:6}{row.state:9}{row.source:10}{row.sha256[:16]:18}{row.path}")
