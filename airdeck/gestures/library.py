"""The library: gestures ready to be compiled, and where they are read from. Rows are parsed in `rows.py`, compared with
each other in `clashes.py`."""

import hashlib
import math
import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

INF = math.inf
HOLD_MAX_MS = 600
"""People do not hold a pose longer than this."""
SIDES = {"left": "l", "right": "r", "both": "b"}
DECK_OF_SIDE = {"left": 1, "right": 2}
ZONES = ("overhead", "head", "shoulder", "chest", "hip", "side", "body")
"""Where around the body a gesture takes place. body: it is the trunk that moves."""


class Kind(StrEnum):
    POSTURE = "posture"
    MOVEMENT = "movement"
    CONTINUOUS = "continuous"


class LibraryError(ValueError):
    """The library cannot be used: `problems` lists every reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Condition:
    """One feature between hysteresis bounds.

    `at` says when it counts: "always", only at the "start", or only at the "finish" (it delays completion, breaks nothing).
    """

    feature: str = ""
    enter_above: float = -INF
    enter_below: float = INF
    exit_below: float = -INF
    exit_above: float = INF
    at: str = "always"


@dataclass(frozen=True, slots=True)
class Step:
    """What has to come before a gesture: conditions for `hold_ms`, the next thing within `within_ms` after they last held."""

    conditions: tuple[Condition, ...]
    hold_ms: int
    within_ms: int


@dataclass(frozen=True, slots=True)
class Qualifier:
    """Conditions that a row asks for by a name."""

    name: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Gesture:
    """One gesture of one side, or of both hands, ready to be compiled."""

    id: str
    side: str
    """"left", "right" or "both"."""
    deck: int
    """0: it belongs to no deck."""
    kind: Kind
    tier: int
    risk: str
    command: str
    """Empty: it is only observed, and proposes nothing."""
    conditions: tuple[Condition, ...]
    hold_ms: int
    release_ms: int
    window_ms: int
    """From onset to completion at the longest; later the gesture is spent until it is let go."""
    act: str = ""
    """"disarm": what it does itself, armed or not promoted; empty: nothing."""
    before: tuple[Step, ...] = ()
    hint: str = ""
    zone: str = ""
    """One of ZONES; empty: not said."""
    drawing: str = ""
    """The move of the synthetic performers that shows it."""
    qualifiers: tuple[Qualifier, ...] = ()
    """Those of `conditions` that it asks for by name: they stand last in there."""
    content_hash: str = ""

    @property
    def name(self) -> str:
        """The id of its row: without the side."""
        return self.id.rpartition(".")[2]

    @property
    def own(self) -> tuple[Condition, ...]:
        """Its conditions without those of its qualifiers."""
        return self.conditions[: len(self.conditions) - sum(len(q.conditions) for q in self.qualifiers)]


@dataclass(frozen=True, slots=True)
class Library:
    """All gestures, in file order, left before right."""

    gestures: tuple[Gesture, ...] = ()
    source: str = ""
    by_id: dict[str, Gesture] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """Hash over every gesture's hash: changes when any of them does."""
        return hashlib.sha256("\n".join(f"{g.id} {g.content_hash}" for g in self.gestures).encode()).hexdigest()

    def tier(self, highest: int) -> "Library":
        """Only the gestures of tiers 1..highest."""
        return library_of(tuple(g for g in self.gestures if g.tier <= highest), self.source)


def library_of(gestures: tuple[Gesture, ...], source: str = "") -> Library:
    """A library of these gestures."""
    return Library(gestures, source, {g.id: g for g in gestures})


def load_library(path: Path) -> Library:
    """Read, mirror and check a library file. Raises LibraryError that lists every problem."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LibraryError([f"{path}: {error}"]) from error
    return parse_library(document, str(path))


def parse_library(document: dict[str, object], source: str) -> Library:
    """The same from a parsed document."""
    from .clashes import clashes
    from .rows import read_rows

    problems: list[str] = []
    gestures = read_rows(document, source, problems)
    problems.extend(clashes(gestures, source))
    if not gestures and not problems:
        problems.append(f"{source}: no gesture in it")
    if problems:
        raise LibraryError(problems)
    return library_of(tuple(gestures), source)
