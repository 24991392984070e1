"""Lines, dots and words on A4 pages, millimetres from the top left corner; and the files that hold such pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from ..exits import MissingError

WIDTH_MM, HEIGHT_MM = 210.0, 297.0
BLACK, WHITE = "#000000", "#ffffff"
FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
FORMATS = (".svg", ".pdf")
POINTS_PER_MM = 72.0 / 25.4
MM_PER_INCH = 25.4

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points with round ends; closed, it may be filled."""

    points: tuple[Point, ...]
    width: float = 0.0
    ink: str = BLACK
    dash: tuple[float, ...] = ()
    fill: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A circle."""

    at: Point
    radius: float
    width: float = 0.0
    ink: str = BLACK
    fill: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text on a base line. `anchor`: start, middle or end."""

    at: Point
    text: str
    size: float
    ink: str = BLACK
    bold: bool = False
    anchor: str = "start"


Mark = Line | Dot | Words
Page = tuple[Mark, ...]


def svg(pages: Sequence[Page], title: str) -> str:
    """All pages below each other in one drawing, which needs nothing else. A browser prints a page of it on a page of paper."""
    height = HEIGHT_MM * len(pages)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_MM:g}mm" height="{height:g}mm" '
        f'viewBox="0 0 {WIDTH_MM:g} {height:g}" font-family="{FONTS}" stroke-linecap="round" stroke-linejoin="round">',
        f"<title>{escape(title)}</title>",
        f"<style>@page {{ size: {WIDTH_MM:g}mm {HEIGHT_MM:g}mm; margin: 0 }}</style>",
        f'<rect width="{WIDTH_MM:g}" height="{height:g}" fill="{WHITE}"/>',
    ]
    for number, page in enumerate(pages):
        lines.append(f'<g transform="translate(0 {number * HEIGHT_MM:g})">')
        lines.extend(_element(mark) for mark in page)
        lines.append("</g>")
    return "\n".join([*lines, "</svg>", ""])


def _element(mark: Mark) -> str:
    if isinstance(mark, Words):
        weight = ' font-weight="bold"' if mark.bold else ""
        anchor = f' text-anchor="{mark.anchor}"' if mark.anchor != "start" else ""
        return f'<text {_at(mark.at)} font-size="{mark.size:g}" fill="{mark.ink}"{weight}{anchor}>{escape(mark.text)}</text>'
    stroke = f'stroke="{mark.ink}" stroke-width="{mark.width:g}"' if mark.width else 'stroke="none"'
    if isinstance(mark, Dot):
        return f'<circle {_at(mark.at, "c")} r="{mark.radius:.2f}" fill="{mark.fill or "none"}" {stroke}/>'
    dash = f' stroke-dasharray="{" ".join(f"{x:g}" for x in mark.dash)}"' if mark.dash else ""
    places = " ".join(f"{x:.2f},{y:.2f}" for x, y in mark.points)
    return f'<poly{"gon" if mark.closed else "line"} points="{places}" fill="{mark.fill or "none"}" {stroke}{dash}/>'


def _at(point: Point, prefix: str = "") -> str:
    return f'{prefix}x="{point[0]:.2f}" {prefix}y="{point[1]:.2f}"'


def write(pages: Sequence[Page], title: str, file: Path) -> None:
    """As what its name ends in. Raises OSError when it cannot write, MissingError for a PDF without matplotlib."""
    if file.suffix == ".pdf":
        _write_pdf(pages, title, file)
    else:
        file.write_text(svg(pages, title), encoding="utf-8")


def _write_pdf(pages: Sequence[Page], title: str, file: Path) -> None:
    """With its fonts in it."""
    try:
        import matplotlib
        from matplotlib.backends.backend_pdf import PdfPages
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingError(f"a PDF needs matplotlib ({error}): write an SVG and print that from a browser") from error
    size = (WIDTH_MM / MM_PER_INCH, HEIGHT_MM / MM_PER_INCH)
    about = {"Title": title, "CreationDate": None}
    with matplotlib.rc_context({"pdf.fonttype": 42, "font.family": "DejaVu Sans"}), PdfPages(file, metadata=about) as document:
        for page in pages:
            figure = Figure(figsize=size)
            for order, artist in enumerate(_artists(page)):
                artist.set_zorder(order)
                figure.add_artist(artist)
            document.savefig(figure)


def _artists(page: Page) -> Iterator[Any]:
    """Each mark as matplotlib has it, in shares of the page from the bottom left."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Ellipse, Polygon
    from matplotlib.text import Text

    for mark in page:
        if isinstance(mark, Words):
            align = {"start": "left", "middle": "center", "end": "right"}[mark.anchor]
            font = {"size": mark.size * POINTS_PER_MM, "weight": "bold" if mark.bold else "normal"}
            place: dict[str, Any] = {"ha": align, "va": "baseline", "fontproperties": font}
            yield Text(*_share(mark.at), mark.text, color=mark.ink, parse_math=False, **place)
            continue
        look: dict[str, Any] = {"facecolor": mark.fill or "none", "edgecolor": mark.ink if mark.width else "none"}
        width = mark.width * POINTS_PER_MM
        if isinstance(mark, Dot):
            across = 2.0 * mark.radius
            yield Ellipse(_share(mark.at), across / WIDTH_MM, across / HEIGHT_MM, linewidth=width, **look)
        elif mark.closed:
            yield Polygon([_share(p) for p in mark.points], closed=True, linewidth=width, joinstyle="round", **look)
        else:
            x, y = zip(*map(_share, mark.points), strict=True)
            dashes: Any = (0, tuple(part / mark.width for part in mark.dash)) if mark.dash else "-"
            yield Line2D(x, y, linewidth=width, color=mark.ink, linestyle=dashes, dash_capstyle="round", solid_capstyle="round")


def _share(point: Point) -> Point:
    return point[0] / WIDTH_MM, 1.0 - point[1] / HEIGHT_MM
