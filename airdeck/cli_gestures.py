"""`airdeck gestures`: the library, to read, to check, to compare and to print."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .cli_output import Json, plain_typer, say, show_json
from .exits import ExitCode, RefusedError, UsageError

if TYPE_CHECKING:
    from .gestures.library import Gesture, Library

GESTURE_COLUMNS = (
    "id", "side", "deck", "kind", "tier", "risk", "zone", "command", "hold_ms", "release_ms", "hint", "content_hash",
)  # fmt: skip
CLOSE_ENOUGH = 0.5

gestures_app = plain_typer(no_args_is_help=True, help="The gesture library.")


@gestures_app.command("list")
def gestures_list(as_json: Json = False) -> None:
    """Every gesture: what it does, and how.

    \b
    Example:
      airdeck gestures list
    """
    gestures = _library().gestures
    if as_json:
        show_json({"gestures": [{name: getattr(row, name) for name in GESTURE_COLUMNS} for row in gestures]})
        return
    from .gestures.words import does

    for row in gestures:
        say(f"{row.id:16} {does(row):24} tier {row.tier}  {row.hint}")


@gestures_app.command("show")
def gestures_show(
    gesture: Annotated[str, typer.Argument(metavar="ID", help="left.raise, right.raise, undo; raise is left.raise.")],
    as_json: Json = False,
) -> None:
    """One gesture in words and numbers: conditions, steps, hold, and what it asks for besides.

    \b
    Examples:
      airdeck gestures show raise
      airdeck gestures show right.drop --json
    """
    from .gestures import words

    described = words.describe(_find(_library(), gesture))
    if as_json:
        show_json(described)
    else:
        say("\n".join(words.lines(described)))


@gestures_app.command("check")
def gestures_check(
    file: Annotated[Path | None, typer.Argument(help="A library file; none: the one in use.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Read a library and list every problem and clash in it. Exit 1 when there is one.

    \b
    Examples:
      airdeck gestures check
      airdeck gestures check mine.toml
    """
    from .gestures.library import Library, LibraryError, load_library

    path = _readable(file)
    library, problems = Library(), list[str]()
    try:
        library = load_library(path)
    except LibraryError as error:
        problems = error.problems
    rows, unproven = _rows_and_unproven(library)
    if as_json:
        show_json({"ok": not problems, "file": str(path), "rows": rows, "problems": problems, "without_performer": unproven})
    elif problems:
        say("\n".join([*problems, f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"]))
    else:
        say(f"{path}: {rows} rows, {len(library.gestures)} gestures, no problem and no clash")
        for name in unproven:
            say(f"note: no synthetic performer knows {name}: self-play cannot prove it")
    raise typer.Exit(ExitCode.NO if problems else ExitCode.DONE)


@gestures_app.command("diff")
def gestures_diff(
    first: Annotated[Path, typer.Argument(metavar="[OLD]", help="A library file; not given: the one in use.")],
    second: Annotated[Path | None, typer.Argument(metavar="NEW", help="Another.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """What changed from one library to another: rows, their numbers, and the promotions that fall because of it.

    \b
    Examples:
      airdeck gestures diff mine.toml
      airdeck gestures diff before.toml after.toml --json
    """
    from .assembly import read_promotions
    from .gestures import difference

    old, new = (None, first) if second is None else (first, second)
    found = difference.difference(_library(old), _library(new), read_promotions())
    if as_json:
        show_json({"old": str(_readable(old)), "new": str(new), **found})
    else:
        say("\n".join(difference.lines(found)))


@gestures_app.command("adopt")
def gestures_adopt(file: Annotated[Path, typer.Argument(help="A library file.")], as_json: Json = False) -> None:
    """Use a library of your own from now on. It is checked first; the one before is kept for `undo`.

    \b
    Example:
      airdeck gestures adopt mine.toml
    """
    from . import library_file
    from .gestures.library import LibraryError

    before, path = _library_or_none(), _readable(file)
    try:
        library_file.adopt(path)
    except LibraryError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    _show_change(before, as_json)


@gestures_app.command("undo")
def gestures_undo(as_json: Json = False) -> None:
    """Go back to the library before the last `adopt`, in the end to the one that came with AirDeck.

    \b
    Example:
      airdeck gestures undo
    """
    from . import library_file

    before = _library_or_none()
    try:
        library_file.undo()
    except FileNotFoundError:
        raise RefusedError("nothing to undo: the library that came with AirDeck is in use") from None
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    _show_change(before, as_json)


@gestures_app.command("draw")
def gestures_draw(
    out: Annotated[
        Path | None, typer.Option("--out", help="FILE.svg or FILE.pdf; none: an SVG to stdout.", show_default=False)
    ] = None,
    tier: Annotated[int | None, typer.Option(min=1, help="Tiers 1 to this; none: all.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """The library as a sheet to print, A4: each gesture as a synthetic performer makes it.

    \b
    Examples:
      airdeck gestures draw --out sheet.svg
      airdeck gestures draw --tier 2 --out sheet.pdf
    """
    from .gestures import draw, marks

    if out is not None and out.suffix not in marks.FORMATS:
        raise UsageError(f"{out}: the name has to end in {' or '.join(marks.FORMATS)}")
    library = _library() if tier is None else _library().tier(tier)
    if not library.gestures:
        raise UsageError(f"no gesture is in tier 1 to {tier}")
    pages = draw.sheet(library)
    if out is not None:
        try:
            marks.write(pages, draw.TITLE, out)
        except OSError as error:
            raise UsageError(f"{out}: {error.strerror}") from error
    rows, without = draw.rows_of(library), draw.without_figure(library)
    if as_json:
        told = {"file": str(out or ""), "pages": len(pages), "rows": [row.name for row in rows], "without_figure": without}
        show_json({**told, **({"svg": marks.svg(pages, draw.TITLE)} if out is None else {})})
    elif out is None:
        sys.stdout.write(marks.svg(pages, draw.TITLE))
    else:
        missing = f", {len(without)} without a figure: {', '.join(without)}" if without else ""
        say(f"{out}: {len(rows)} gestures on {len(pages)} pages{missing}")


def _show_change(before: "Library | None", as_json: bool) -> None:
    """What is in use now, and how it differs from what was. A library that no longer loads has nothing to compare."""
    from . import library_file
    from .assembly import read_promotions
    from .gestures import difference

    found = difference.difference(before, _library(), read_promotions()) if before is not None else None
    if as_json:
        show_json({"ok": True, "file": str(library_file.in_use()), "difference": found})
    else:
        say("\n".join([f"in use: {library_file.in_use()}", *(difference.lines(found) if found else ())]))


def _library_or_none() -> "Library | None":
    try:
        return _library()
    except UsageError:
        return None


def _library(file: Path | None = None) -> "Library":
    from .gestures.library import LibraryError, load_library

    try:
        return load_library(_readable(file))
    except LibraryError as error:
        raise UsageError(str(error)) from error


def _readable(file: Path | None) -> Path:
    """The file that is meant; UsageError when there is none."""
    from .library_file import in_use

    if file is not None and not file.is_file():
        raise UsageError(f"{file}: no such file")
    return file or in_use()


def _find(library: "Library", name: str) -> "Gesture":
    found = library.by_id.get(name) or library.by_id.get(f"left.{name}")
    if found is not None:
        return found
    import difflib

    known = dict.fromkeys([*library.by_id, *(g.name for g in library.gestures)])
    close = difflib.get_close_matches(name, known, n=3, cutoff=CLOSE_ENOUGH)
    hint = f"did you mean {' or '.join(close)}?" if close else "`airdeck gestures list` shows them"
    raise UsageError(f"no gesture {name!r}: {hint}")


def _rows_and_unproven(library: "Library") -> tuple[int, list[str]]:
    from .gestures import draw

    return len(draw.rows_of(library)), draw.without_figure(library)
