"""The sheet: every row has its cell, and its figure is what the performer of self-play does."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from airdeck.gestures import draw, figures, marks
from airdeck.gestures.library import Gesture, Library, load_library
from airdeck.gestures.marks import HEIGHT_MM, WIDTH_MM, Dot, Line, Words
from airdeck.selfplay.stage.vocabulary import CLUTCH, UP
from dynamics.skeleton import Joint
from tests.gestures.scenes import library, row

SHIPPED = load_library(Path(__file__).resolve().parents[2] / "config" / "gestures.toml")
ROWS = draw.rows_of(SHIPPED)
PAGES = draw.sheet(SHIPPED)
SVG = "{http://www.w3.org/2000/svg}"


def words(shown: Library) -> list[str]:
    return [mark.text for page in draw.sheet(shown) for mark in page if isinstance(mark, Words)]


def test_each_row_has_one_cell_with_its_name_and_says_what_it_does() -> None:
    said = words(SHIPPED)
    for gesture in ROWS:
        assert said.count(gesture.name.replace("_", " ")) == 1
    assert said.count("observed, sends nothing") == sum(not (g.command or g.act) for g in ROWS)
    assert said.count("deck 1: play pause") == 1
    assert said.count("disarms") == 1


def test_the_sheet_shows_the_left_hand_and_never_the_right() -> None:
    assert {g.side for g in ROWS} == {"left", "both"}


def test_rows_stand_in_the_order_of_their_tiers() -> None:
    assert [g.tier for g in ROWS] == sorted(g.tier for g in ROWS)


def test_every_shipped_row_is_performed_and_drawn() -> None:
    assert draw.without_figure(SHIPPED) == []


def test_a_row_that_nobody_performs_has_a_cell_that_says_so() -> None:
    shown = library(row(id="moonwalk"))
    assert draw.without_figure(shown) == ["moonwalk"]
    assert "no figure: no synthetic" in words(shown)
    assert not [mark for mark in draw.sheet(shown)[0] if isinstance(mark, Dot)]


def test_a_row_may_be_drawn_as_another_move() -> None:
    assert draw.without_figure(library(row(id="moonwalk", drawing="raise"))) == []


def test_a_hint_that_does_not_fit_ends_in_an_ellipsis() -> None:
    shown = library(row(hint="up and " * 40))
    assert [text for text in words(shown) if text.endswith(" …")]


def _places(mark: marks.Mark) -> Iterator[tuple[float, float]]:
    if isinstance(mark, Line):
        yield from mark.points
    elif isinstance(mark, Dot):
        yield from ((mark.at[0] - mark.radius, mark.at[1] - mark.radius), (mark.at[0] + mark.radius, mark.at[1] + mark.radius))
    else:
        yield mark.at


@pytest.mark.parametrize("gesture", ROWS, ids=lambda g: g.name)
def test_a_figure_stays_in_its_cell(gesture: Gesture) -> None:
    corner = (50.0, 60.0)
    width, height = draw.CELL_MM
    for mark in draw._cell(gesture, corner):
        for x, y in _places(mark):
            assert corner[0] <= x <= corner[0] + width, (mark, x)
            assert corner[1] <= y <= corner[1] + height, (mark, y)


def test_all_cells_lie_on_the_paper() -> None:
    places = [place for page in PAGES for mark in page for place in _places(mark)]
    assert min(min(place) for place in places) >= 0.0
    assert max(x for x, _ in places) <= WIDTH_MM
    assert max(y for _, y in places) <= HEIGHT_MM


def test_the_svg_is_well_formed_and_rests_on_nothing_else() -> None:
    """No script, no picture, no link: it can be sent, and opened anywhere."""
    text = marks.svg(PAGES, draw.TITLE)
    root = ET.fromstring(text)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg", "title", "style", "rect", "g", "text", "circle", "polygon", "polyline"
    }  # fmt: skip
    assert "href" not in text
    assert "url(" not in text
    assert text.count("http") == 1


def test_pages_stand_below_each_other() -> None:
    root = ET.fromstring(marks.svg(PAGES, draw.TITLE))
    places = [group.get("transform") for group in root.iter(f"{SVG}g")]
    assert places == [f"translate(0 {number * 297})" for number in range(len(PAGES))]
    assert root.get("viewBox") == f"0 0 210 {297 * len(PAGES)}"


def test_the_same_library_gives_the_same_bytes() -> None:
    assert marks.svg(draw.sheet(SHIPPED), draw.TITLE) == marks.svg(PAGES, draw.TITLE)


def test_what_a_hint_says_cannot_become_markup() -> None:
    shown = library(row(hint="<script>&"))
    root = ET.fromstring(marks.svg(draw.sheet(shown), draw.TITLE))
    assert "<script>&" in [element.text for element in root.iter(f"{SVG}text")]


def _grey(ink: str) -> float:
    """How light an ink is without its colour, 0..1."""
    red, green, blue = (int(ink[at : at + 2], 16) / 255.0 for at in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_in_black_and_white_rest_path_and_body_are_told_apart() -> None:
    """By their greys, and the path besides by its head and its white edge."""
    body, path, rest, paper = (_grey(ink) for ink in (marks.BLACK, figures.PATH, figures.FAINT, marks.WHITE))
    assert paper - rest > 0.2
    assert rest - path > 0.3
    assert path - body > 0.2


def test_the_pdf_has_the_same_pages(tmp_path: Path) -> None:
    file = tmp_path / "sheet.pdf"
    marks.write(PAGES, draw.TITLE, file)
    content = file.read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page ") + content.count(b"/Type /Page\n") == len(PAGES)


# ---- figures ----


def shown(move: str, side: str = "left") -> figures.Figure:
    found = figures.figure(move, side)
    assert found is not None
    return found


def test_nobody_knows_a_move_that_is_not_in_the_vocabulary() -> None:
    assert figures.figure("moonwalk") is None


def test_the_left_hand_is_on_the_left_as_in_a_mirror() -> None:
    left, right = shown("raise"), shown("raise", "right")
    assert left.end[Joint.L_WRIST, 0] < 0.0 < right.end[Joint.R_WRIST, 0]


def test_a_raise_ends_where_the_performer_raises_to_and_begins_with_hanging_hands() -> None:
    figure = shown("raise")
    neck = figure.end[Joint.NECK]
    tilted = (-UP[0], math.cos(figures.TILT_RAD) * UP[1] - math.sin(figures.TILT_RAD) * UP[2])
    assert figure.end[Joint.L_WRIST] - neck == pytest.approx(tilted, abs=0.12)
    assert figure.rest[Joint.L_WRIST, 1] < figure.rest[Joint.L_HIP, 1] + 0.1


def test_the_path_leads_to_the_bold_hand() -> None:
    figure = shown("swipe_out")
    assert len(figure.stroke) == 1
    assert figure.stroke[0].points[-1] == pytest.approx(figure.end[Joint.L_WRIST])


@pytest.mark.parametrize("gesture", ROWS, ids=lambda g: g.name)
def test_no_arrow_head_covers_a_hand(gesture: Gesture) -> None:
    drawn = list(draw._cell(gesture, (0.0, 0.0)))
    heads = [mark.points[0] for mark in drawn if isinstance(mark, Line) and mark.fill == figures.PATH]
    hands = [mark.at for mark in drawn if isinstance(mark, Dot) and mark.fill == marks.BLACK]
    assert heads
    assert min(math.dist(head, hand) for head in heads for hand in hands) >= figures.HAND_MM


def test_the_way_to_the_start_and_the_stroke_meet() -> None:
    figure = shown("swipe_out")
    assert figure.before[0].points[-1] == pytest.approx(figure.stroke[0].points[0])
    assert figure.before[0].points[0] == pytest.approx(figure.rest[Joint.L_WRIST], abs=0.02)


def test_a_clutch_hand_has_a_ring_and_no_path() -> None:
    drop = next(g for g in ROWS if g.name == "drop")
    rings = [
        mark for mark in draw._cell(drop, (0.0, 0.0)) if isinstance(mark, Dot) and not mark.fill and mark.ink == marks.BLACK
    ]
    assert len(rings) == 1
    figure = shown("drop")
    held = figure.end[Joint.R_WRIST] - figure.end[Joint.NECK]
    assert held[0] == pytest.approx(CLUTCH[0], abs=0.1)
    assert len(figure.stroke) == 1


@pytest.mark.parametrize("gesture", ROWS, ids=lambda g: g.name)
def test_only_rows_with_a_clutch_have_a_ring(gesture: Gesture) -> None:
    marked = [mark for mark in draw._cell(gesture, (0.0, 0.0)) if isinstance(mark, Dot) and not mark.fill]
    rings = [mark for mark in marked if mark.ink == marks.BLACK]
    assert len(rings) == (gesture.name in ("drop", "scratch"))


def test_rubbing_to_and_fro_is_one_line_with_two_heads() -> None:
    figure = shown("scratch")
    assert [path.both_ways for path in figure.stroke] == [True]
    assert len(figure.stroke[0].points) == 2


@pytest.mark.parametrize("move", ["raise", "circle", "rewind", "swipe_in", "pull_big", "jump"])
def test_what_goes_one_way_has_one_head(move: str) -> None:
    assert not any(path.both_ways for path in shown(move).stroke)


def test_a_circle_comes_back_to_where_it_began() -> None:
    points = shown("circle").stroke[0].points
    assert np.linalg.norm(points[-1] - points[0]) < 0.25 * np.ptp(points[:, 0])


def test_a_jump_is_shown_off_the_floor() -> None:
    figure = shown("jump")
    assert figure.end[Joint.L_ANKLE, 1] > figure.rest[Joint.L_ANKLE, 1] + 0.2


@pytest.mark.parametrize("move", ["lean", "crouch", "jump"])
def test_where_the_trunk_moves_the_path_is_the_heads(move: str) -> None:
    figure = shown(move)
    assert len(figure.stroke) == 1
    assert figure.stroke[0].points[-1] == pytest.approx(figure.end[Joint.HEAD])


# ---- zones ----

ZONE_PLACES: dict[str, Any] = {
    "overhead": lambda x, y: y > 0.5,
    "head": lambda x, y: abs(x) < 0.8 and 0.15 < y < 0.75,
    "shoulder": lambda x, y: abs(x) < 0.8 and -0.25 < y < 0.3,
    "chest": lambda x, y: abs(x) < 0.6 and -0.75 < y < 0.15,
    "hip": lambda x, y: abs(x) < 0.8 and y < -0.6,
    "side": lambda x, y: x > 0.8 and y > -0.95,
}
"""Where a hand is from mid-shoulder in the zone of that name: outwards, up, torso lengths."""


@pytest.mark.parametrize("gesture", ROWS, ids=lambda g: g.name)
def test_the_zone_of_a_row_is_where_its_performer_makes_it(gesture: Gesture) -> None:
    """Some moment of the stroke is in the zone; the trunk's is that of the rows whose path is the head's."""
    figure = shown(gesture.drawing)
    head = figure.stroke[0].points[-1] == pytest.approx(figure.end[Joint.HEAD])
    assert (gesture.zone == "body") == bool(head)
    if gesture.zone != "body":
        places = figure.stroke[0].points - figure.rest[Joint.NECK]
        assert any(ZONE_PLACES[gesture.zone](-x, y) for x, y in places)
