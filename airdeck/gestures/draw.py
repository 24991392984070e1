"""The printable sheet: a cell for each row of the library, with the move that performs it."""

import textwrap
from collections.abc import Iterator

from .figures import Pen, clutch_hand, figure, performed
from .library import Gesture, Library
from .marks import BLACK, HEIGHT_MM, WIDTH_MM, Line, Mark, Page, Point, Words
from .words import does

COLUMNS, ROWS = 4, 4
MARGIN_MM, HEADER_MM, FOOTER_MM = 9.0, 21.0, 8.0
CELL_MM = ((WIDTH_MM - 2.0 * MARGIN_MM) / COLUMNS, (HEIGHT_MM - HEADER_MM - FOOTER_MM - MARGIN_MM) / ROWS)
FLOOR_MM, SCALE_MM = 45.5, 9.0
"""Where a figure stands in its cell, and how large it is: mm a torso length, the same for all."""
INSET_MM = 2.2
SMALL_MM, HINT_MM, NAME_MM, TITLE_MM = 2.3, 2.6, 4.0, 6.5
EM_SHARE = 0.53
"""Guess of a letter's width over its height: wide enough for the widest of the fonts."""
HINT_LINES = 3
GREY, FRAME = "#4d4d4d", "#8c8c8c"
TITLE = "AirDeck gestures"
HOW_TO_READ = (
    "Drawn as in a mirror: your left hand is on the left. The left hand is deck 1; the right hand does the same for deck 2.",
    "Faint: at rest. Bold: where it ends. Arrow: the way of the hand (dashed: how it gets there). Ring: the clutch hand.",
)
NO_FIGURE = ("no figure: no synthetic", "performer knows this move")


def rows_of(library: Library) -> list[Gesture]:
    """One gesture for each row of the file, the left hand's, by tier."""
    return sorted((g for g in library.gestures if g.side != "right"), key=lambda g: g.tier)


def sheet(library: Library) -> tuple[Page, ...]:
    """The pages of a library."""
    rows = rows_of(library)
    size = COLUMNS * ROWS
    parts = [rows[at : at + size] for at in range(0, len(rows), size)]
    return tuple(tuple(_page(part, f"{number} of {len(parts)}", library)) for number, part in enumerate(parts, start=1))


def _page(rows: list[Gesture], number: str, library: Library) -> Iterator[Mark]:
    yield Words((MARGIN_MM, 13.0), TITLE, TITLE_MM, bold=True)
    for line, text in enumerate(HOW_TO_READ):
        yield Words((MARGIN_MM, 16.8 + 3.4 * line), text, HINT_MM, GREY)
    for place, gesture in enumerate(rows):
        down, right = divmod(place, COLUMNS)
        yield from _cell(gesture, (MARGIN_MM + right * CELL_MM[0], HEADER_MM + 2.0 + down * CELL_MM[1]))
    foot = HEIGHT_MM - FOOTER_MM + 2.0
    yield Words((MARGIN_MM, foot), f"library {library.content_hash[:16]}", SMALL_MM, GREY)
    yield Words((WIDTH_MM - MARGIN_MM, foot), number, SMALL_MM, GREY, anchor="end")


def _cell(gesture: Gesture, corner: Point) -> Iterator[Mark]:
    x, y = corner
    width, height = CELL_MM[0] - 1.0, CELL_MM[1] - 1.0
    yield Line(((x, y), (x + width, y), (x + width, y + height), (x, y + height)), 0.25, FRAME, closed=True)
    left, right, middle = x + INSET_MM, x + width - INSET_MM, x + width / 2.0
    yield Words((left, y + 5.2), gesture.name.replace("_", " "), NAME_MM, bold=True)
    yield Words((right, y + 5.2), f"tier {gesture.tier}", SMALL_MM, GREY, anchor="end")
    yield from _picture(gesture, (middle, y + FLOOR_MM))
    for line, text in enumerate(_wrapped(gesture.hint, width - 2.0 * INSET_MM)):
        yield Words((left, y + FLOOR_MM + 3.8 + 3.0 * line), text, HINT_MM)
    foot = y + height - 1.8
    yield Words((left, foot - 3.0), does(gesture), SMALL_MM, BLACK, bold=bool(gesture.command or gesture.act))
    yield Words((left, foot), f"{gesture.risk}, {gesture.zone or 'no zone'}", SMALL_MM, GREY)
    yield Words((right, foot), held(gesture), SMALL_MM, GREY, anchor="end")


def _picture(gesture: Gesture, floor: Point) -> Iterator[Mark]:
    shown = figure(gesture.drawing)
    if shown is None:
        for line, text in enumerate(NO_FIGURE):
            yield Words((floor[0], floor[1] - 20.0 + 3.6 * line), text, HINT_MM, GREY, anchor="middle")
        return
    held_by = any(q.name == "clutch" for q in gesture.qualifiers) and gesture.side != "both"
    yield from Pen(floor, SCALE_MM).figure(shown, clutch_hand(gesture.side) if held_by else None)


def held(gesture: Gesture) -> str:
    """How long it has to be held."""
    return f"hold {gesture.hold_ms} ms" if gesture.hold_ms else "no hold"


def _wrapped(text: str, width_mm: float) -> list[str]:
    """Lines of a hint; what does not fit ends in an ellipsis."""
    return textwrap.wrap(
        text, int(width_mm / (EM_SHARE * HINT_MM)), max_lines=HINT_LINES, placeholder=" …", break_on_hyphens=False
    )


def without_figure(library: Library) -> list[str]:
    """Rows that no synthetic performer knows the move of."""
    return [gesture.name for gesture in rows_of(library) if not performed(gesture.drawing)]
