"""Letters to be read from two metres: five by five blocks, as a terminal can show them."""

HEIGHT = 5
_ROWS = {
    " ": "..|..|..|..|..",
    "A": ".###.|#...#|#####|#...#|#...#",
    "B": "####.|#...#|####.|#...#|####.",
    "C": ".####|#....|#....|#....|.####",
    "D": "####.|#...#|#...#|#...#|####.",
    "E": "#####|#....|####.|#....|#####",
    "F": "#####|#....|####.|#....|#....",
    "G": ".####|#....|#..##|#...#|.####",
    "H": "#...#|#...#|#####|#...#|#...#",
    "I": "###|.#.|.#.|.#.|###",
    "K": "#...#|#..#.|###..|#..#.|#...#",
    "L": "#....|#....|#....|#....|#####",
    "M": "#...#|##.##|#.#.#|#...#|#...#",
    "N": "#...#|##..#|#.#.#|#..##|#...#",
    "O": ".###.|#...#|#...#|#...#|.###.",
    "P": "####.|#...#|####.|#....|#....",
    "R": "####.|#...#|####.|#..#.|#...#",
    "S": ".####|#....|.###.|....#|####.",
    "T": "#####|..#..|..#..|..#..|..#..",
    "U": "#...#|#...#|#...#|#...#|.###.",
    "V": "#...#|#...#|#...#|.#.#.|..#..",
    "W": "#...#|#...#|#.#.#|##.##|#...#",
    "Y": "#...#|.#.#.|..#..|..#..|..#..",
}


def big(text: str, width: int) -> str:
    """The text in block letters, broken between words so that no line is wider than `width` cells, if that can be."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n\n".join(_line(line) for line in lines)


def _line(text: str) -> str:
    glyphs = [_ROWS[letter].split("|") for letter in text]
    rows = [" ".join(glyph[row] for glyph in glyphs) for row in range(HEIGHT)]
    return "\n".join(row.replace("#", "█").replace(".", " ").rstrip() for row in rows)


def _width(text: str) -> int:
    return sum(_ROWS[letter].index("|") + 1 for letter in text) - 1
