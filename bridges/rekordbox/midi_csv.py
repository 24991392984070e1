"""Rekordbox's MIDI mapping files: write ours, read and check anybody's. Text in, text out; no files here."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from .mapping import MidiForm

COLUMNS = (
    *("name", "function", "type", "input", "deck1", "deck2", "deck3", "deck4"),
    *("output", "out_deck1", "out_deck2", "out_deck3", "out_deck4", "option", "comment"),
)
DECK_COLUMNS = range(4, 8)
OUTPUT_DECK_COLUMNS = range(9, 13)
LINE_END = "\r\n"
"""As Rekordbox itself writes them."""

FULL_CODE = re.compile(r"[89B][0-9A-F]{3}|FFF[0-9A-F]")
OFFSET = re.compile(r"1[0-5]|[0-9]")
"""A number added to the channel of the base code."""

TYPES = frozenset(
    (
        *("Button", "Pad", "DdjSxPad", "DdjSx2Pad", "KnobSlider", "KnobSliderHiRes", "Rotary", "JogRotate", "JogTouch"),
        *("Difference", "Indicator", "IndicatorHiRes", "JogIndicator", "JogIndicatorHiRes", "Value", "Parameter"),
    )
)


class LineKind(StrEnum):
    FILE = "file"
    HEADER = "header"
    COMMENT = "comment"
    BLANK = "blank"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a mapping file; `cells` are the text between its commas."""

    number: int
    kind: LineKind
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    line: int
    what: str


def export_csv(port_name: str, forms: Iterable[MidiForm]) -> str:
    """The file to import for the device `port_name`: one row a function, a code a deck, rows in order of name.

    Output (LED) columns stay empty: a port that echoes its output would press the buttons again.
    """
    if not port_name or not port_name.isascii() or not port_name.isprintable() or "," in port_name:
        raise ValueError(f"port name {port_name!r}: plain ASCII without commas is needed")
    ordered = sorted(forms, key=lambda form: (form.function, form.type, form.option, form.deck))
    rows = [_row(list(group)) for _, group in groupby(ordered, key=lambda form: (form.function, form.type, form.option))]
    return "".join(",".join(cells) + LINE_END for cells in (["@file", "1", port_name], *rows))


def _row(forms: list[MidiForm]) -> list[str]:
    cells = [""] * len(COLUMNS)
    cells[0], cells[2], cells[13] = forms[0].function, forms[0].type, forms[0].option
    for form in forms:
        cells[3 + form.deck] = form.code
    return cells


def parse_csv(text: str) -> list[Line]:
    """Every line of a mapping file, in order; nothing is left out."""
    raws = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    return [_line(number, raw) for number, raw in enumerate(raws, 1)]


def _line(number: int, raw: str) -> Line:
    cells = tuple(raw.split(","))
    if not any(cell.strip() for cell in cells):
        kind = LineKind.BLANK
    elif cells[0] == "@file":
        kind = LineKind.FILE
    elif cells[0] == "#name":
        kind = LineKind.HEADER
    elif cells[0].lstrip().startswith("#"):
        kind = LineKind.COMMENT
    else:
        kind = LineKind.ROW
    return Line(number, kind, cells)


def format_csv(lines: Iterable[Line], line_end: str = LINE_END) -> str:
    """The text of these lines."""
    return "".join(",".join(line.cells) + line_end for line in lines)


def device_name(lines: list[Line]) -> str:
    """The device (MIDI port) that the file is for; empty when it says none."""
    return next((line.cells[2] for line in lines if line.kind is LineKind.FILE and len(line.cells) > 2), "")


def check_csv(text: str, port_name: str = "", forms: Iterable[MidiForm] = ()) -> list[Problem]:
    """What is wrong with a mapping file; with `port_name` and `forms`, also where it differs from what we send."""
    lines = parse_csv(text)
    problems = list(_head_problems(lines, port_name))
    codes: dict[str, Line] = {}
    for line in lines:
        if line.kind is LineKind.ROW:
            problems += [Problem(line.number, what) for what in _row_problems(line.cells)]
            problems += _duplicates(line, codes)
    return problems + list(_form_problems(codes, forms))


def _head_problems(lines: list[Line], port_name: str) -> Iterator[Problem]:
    if not lines or lines[0].kind is not LineKind.FILE or len(lines[0].cells) < 3:
        yield Problem(1, "the first line must be @file,1,<port name>")
    elif port_name and device_name(lines) != port_name:
        yield Problem(1, f"the file is for {device_name(lines)!r}, the port is called {port_name!r}")


def _row_problems(cells: tuple[str, ...]) -> Iterator[str]:
    if len(cells) != len(COLUMNS):
        yield f"{len(cells)} columns instead of {len(COLUMNS)}"
        return
    if cells[2] not in TYPES:
        yield f"type {cells[2]!r} is not known"
    for base, decks in ((3, DECK_COLUMNS), (8, OUTPUT_DECK_COLUMNS)):
        if cells[base] and FULL_CODE.fullmatch(cells[base]) is None:
            yield f"column {COLUMNS[base]}: {cells[base]!r} is not a code"
        wanted = OFFSET if cells[base] else FULL_CODE
        for column in decks:
            if cells[column] and wanted.fullmatch(cells[column]) is None and FULL_CODE.fullmatch(cells[column]) is None:
                yield f"column {COLUMNS[column]}: {cells[column]!r} is neither a code nor an offset to one"


def input_codes(cells: tuple[str, ...]) -> Iterator[str]:
    """The full codes that a row listens to."""
    if len(cells) != len(COLUMNS):
        return
    base = cells[3]
    decks = [cells[column] for column in DECK_COLUMNS if cells[column]]
    if base and not decks:
        yield base
    for cell in decks:
        if FULL_CODE.fullmatch(cell):
            yield cell
        elif FULL_CODE.fullmatch(base) and OFFSET.fullmatch(cell):
            yield f"{(int(base, 16) & 0xF0FF) | ((int(base[1], 16) + int(cell)) % 16) << 8:04X}"


def _duplicates(line: Line, codes: dict[str, Line]) -> Iterator[Problem]:
    for code in input_codes(line.cells):
        if code in codes and code[0] != "F":
            yield Problem(line.number, f"{code} already stands for {codes[code].cells[0]} in line {codes[code].number}")
        codes.setdefault(code, line)


def _form_problems(codes: dict[str, Line], forms: Iterable[MidiForm]) -> Iterator[Problem]:
    for form in forms:
        line = codes.get(form.code)
        if line is None:
            yield Problem(0, f"{form.command} sends {form.code}, which no row listens to")
        elif line.cells[0] != form.function:
            yield Problem(line.number, f"{form.command} sends {form.code}, which is {line.cells[0]} here, not {form.function}")
