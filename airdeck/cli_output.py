"""What every command shares: how help looks, the --json option, one line or one object on stdout, notes on stderr."""

import json
import sys
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")]


def plain_typer(**options: Any) -> typer.Typer:
    """A group of commands with plain help: quick, and nothing to scroll."""
    return typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False, **options)


def show_json(document: Any) -> None:
    """The one object of --json."""
    sys.stdout.write(json.dumps(document, default=str) + "\n")


def say(line: str) -> None:
    """One line of the answer."""
    sys.stdout.write(line + "\n")


def note(line: str) -> None:
    """One line beside the answer."""
    sys.stderr.write(line + "\n")
