"""The library: rows of `config/gestures.toml`, mirrored, checked and hashed.

Whatever is wrong is reported at once, each problem with the file and the row it is in.
"""

import hashlib
import json
import math
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from pathlib import Path

from dynamics import kernels
from dynamics.schema import INDEX, LAYOUT, TABLE
from safety.commands import COMMANDS

from .features import FEATURES, resolve

INF = math.inf
HOLD_MAX_MS = 600
"""People do not hold a pose longer than this."""
SIDES = {"left": "l", "right": "r"}
DECK_OF_SIDE = {"left": 1, "right": 2}
KERNELS_DIGEST = hashlib.sha256(Path(kernels.__file__).read_bytes().replace(b"\r\n", b"\n")).hexdigest()
"""Part of each gesture's hash: whoever changes what the kernels answer proves the gestures anew."""


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
class Gesture:
    """One gesture of one side, ready to be compiled."""

    id: str
    side: str
    deck: int
    kind: Kind
    tier: int
    risk: str
    command: str
    conditions: tuple[Condition, ...]
    hold_ms: int
    release_ms: int
    window_ms: int
    """From onset to completion at the longest; later the gesture is spent until it is let go."""
    hint: str = ""
    content_hash: str = ""


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


_CONDITION_KEYS = {"feature", "enter_above", "enter_below", "exit_below", "exit_above", "at"}
_AT = ("always", "start", "finish")
_ROW_KEYS = {
    "id",
    "kind",
    "tier",
    "risk",
    "command",
    "when",
    "hold_ms",
    "release_ms",
    "window_ms",
    "hint",
    "qualifiers",
    "drawing",
}
_LEAST = {"tier": 1, "hold_ms": 0, "release_ms": 0, "window_ms": 0}
_ROW_NEEDED = ("id", "kind", "tier", "risk", "command", "when", "hold_ms", "release_ms", "window_ms")


def load_library(path: Path) -> Library:
    """Read, mirror and check a library file. Raises LibraryError that lists every problem."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LibraryError([f"{path}: {error}"]) from error
    return parse_library(document, str(path))


def parse_library(document: dict[str, object], source: str) -> Library:
    """The same from a parsed document."""
    problems: list[str] = []
    problems.extend(f"{source}: unknown key {key!r}" for key in sorted(document.keys() - {"qualifiers", "gesture"}))
    qualifiers: dict[str, tuple[Condition, ...]] = {}
    named = document.get("qualifiers", {})
    if not isinstance(named, dict):
        problems.append(f"{source}: qualifiers must be a table of names, not {named!r}")
    for name, conditions in _table(named).items():
        qualifiers[name] = _conditions(conditions, f"{source}: qualifiers.{name}", problems)
    gestures: list[Gesture] = []
    rows = document.get("gesture", [])
    if not isinstance(rows, list):
        problems.append(f"{source}: gesture must be a list of rows, [[gesture]], not {rows!r}")
    for number, row in enumerate(rows if isinstance(rows, list) else [], start=1):
        gestures.extend(_row(_table(row), number, qualifiers, source, problems))
    problems.extend(_clashes(gestures, source))
    if not gestures and not problems:
        problems.append(f"{source}: no gesture in it")
    if problems:
        raise LibraryError(problems)
    return library_of(tuple(gestures), source)


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _row(
    row: dict[str, object], number: int, qualifiers: dict[str, tuple[Condition, ...]], source: str, problems: list[str]
) -> list[Gesture]:
    where = f"{source}: gesture {row.get('id', f'number {number}')!r}"
    before = len(problems)
    problems.extend(_row_problems(row, where))
    conditions = list(_conditions(row.get("when"), f"{where}: when", problems))
    names = row.get("qualifiers", list(qualifiers))
    if not isinstance(names, list):
        problems.append(f"{where}: qualifiers must be a list of names, not {names!r}")
    for name in names if isinstance(names, list) else []:
        if not isinstance(name, str) or name not in qualifiers:
            problems.append(f"{where}: unknown qualifier {name!r}; there are {', '.join(qualifiers)}")
        else:
            conditions.extend(qualifiers[name])
    problems.extend(_contradictions(conditions, row, where))
    if len(problems) > before:
        return []
    return [_gesture(row, side, tuple(conditions)) for side in SIDES]


def _row_problems(row: dict[str, object], where: str) -> list[str]:
    """What is wrong with the fields of one row, each taken alone."""
    problems = [f"{where}: unknown key {key!r}" for key in sorted(row.keys() - _ROW_KEYS)]
    problems.extend(f"{where}: {key} is missing" for key in _ROW_NEEDED if key not in row)
    if "kind" in row and row["kind"] not in [*Kind]:
        problems.append(f"{where}: kind must be one of {', '.join(Kind)}, not {row['kind']!r}")
    problems.extend(
        f"{where}: {key} must be a name of letters, digits and _, not {row[key]!r}"
        for key in ("id", "risk")
        if key in row and not (isinstance(row[key], str) and str(row[key]).isidentifier())
    )
    problems.extend(
        f"{where}: {key} must be a whole number of at least {least}, not {row[key]!r}"
        for key, least in _LEAST.items()
        if key in row and (not isinstance(row[key], int) or isinstance(row[key], bool) or int(str(row[key])) < least)
    )
    wanted = [f"deck{deck}.{row.get('command')}" for deck in DECK_OF_SIDE.values()]
    problems.extend(
        f"{where}: no command {command!r}; there are {', '.join(COMMANDS)}"
        for command in wanted
        if "command" in row and command not in COMMANDS
    )
    return problems


def _gesture(row: dict[str, object], side: str, conditions: tuple[Condition, ...]) -> Gesture:
    deck = DECK_OF_SIDE[side]
    command = f"deck{deck}.{row['command']}"
    body = {
        "conditions": [(c.feature, c.enter_above, c.enter_below, c.exit_below, c.exit_above, c.at) for c in conditions],
        "hold_ms": row["hold_ms"], "release_ms": row["release_ms"], "window_ms": row["window_ms"],
        "kind": row["kind"], "command": command, "risk": row["risk"],
    }  # fmt: skip
    return Gesture(
        id=f"{side}.{row['id']}",
        side=side,
        deck=deck,
        kind=Kind(str(row["kind"])),
        tier=int(str(row["tier"])),
        risk=str(row["risk"]),
        command=command,
        conditions=conditions,
        hold_ms=int(str(row["hold_ms"])),
        release_ms=int(str(row["release_ms"])),
        window_ms=int(str(row["window_ms"])),
        hint=str(row.get("hint", "")),
        content_hash=_hash(body, conditions, side),
    )


def _hash(body: dict[str, object], conditions: tuple[Condition, ...], side: str) -> str:
    """Over the row, the slots and features it reads and the kernels' digest: not over hint or drawing."""
    read = []
    for condition in conditions:
        feature, slots = resolve(condition.feature, SIDES[side])
        read.append(repr(feature))
        read.extend(repr(TABLE[INDEX[slot]]) for slot in slots)
    text = json.dumps(body, sort_keys=True) + "\n".join(read) + f"\nkernels {KERNELS_DIGEST} layout {LAYOUT}"
    return hashlib.sha256(text.encode()).hexdigest()


def _conditions(rows: object, where: str, problems: list[str]) -> tuple[Condition, ...]:
    if not isinstance(rows, list) or not rows:
        problems.append(f"{where}: a list of conditions is needed")
        return ()
    found = []
    for number, row in enumerate(rows, start=1):
        condition = _condition(_table(row), f"{where}[{number}]", problems)
        if condition is not None:
            found.append(condition)
    return tuple(found)


def _condition(row: dict[str, object], where: str, problems: list[str]) -> Condition | None:
    before = len(problems)
    problems.extend(f"{where}: unknown key {key!r}" for key in sorted(row.keys() - _CONDITION_KEYS))
    name = row.get("feature")
    if not isinstance(name, str) or name.removeprefix("other.") not in FEATURES:
        problems.append(f"{where}: unknown feature {name!r}; there are {', '.join(FEATURES)}")
    numbers: dict[str, float] = {}
    for key in ("enter_above", "enter_below", "exit_below", "exit_above"):
        value = row.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            problems.append(f"{where}: {key} must be a finite number, not {value!r}")
        else:
            numbers[key] = float(value)
    if not numbers:
        problems.append(f"{where}: no bound given")
    if row.get("at", "always") not in _AT:
        problems.append(f"{where}: at must be one of {', '.join(_AT)}, not {row.get('at')!r}")
    if len(problems) > before:
        return None
    return Condition(str(name), at=str(row.get("at", "always")), **numbers)


def _contradictions(conditions: list[Condition], row: dict[str, object], where: str) -> list[str]:
    """What can never be met, or chatters at its own edge."""
    problems = []
    for c in conditions:
        if not c.enter_above < c.enter_below:
            problems.append(f"{where}: {c.feature} can never be above {c.enter_above} and below {c.enter_below}")
        if c.at == "always" and (c.exit_below > c.enter_above or c.exit_above < c.enter_below):
            problems.append(f"{where}: {c.feature} leaves inside the band it enters: the exit bounds must lie outside")
    by_feature: dict[str, tuple[float, float]] = {}
    for c in conditions:
        low, high = by_feature.get(c.feature, (-INF, INF))
        by_feature[c.feature] = (max(low, c.enter_above), min(high, c.enter_below))
        if not by_feature[c.feature][0] < by_feature[c.feature][1]:
            problems.append(f"{where}: its conditions on {c.feature} exclude each other")
    hold = row.get("hold_ms")
    if isinstance(hold, int) and hold > HOLD_MAX_MS:
        problems.append(f"{where}: hold_ms must be 0..{HOLD_MAX_MS}, not {hold}")
    window = row.get("window_ms")
    if isinstance(window, int) and isinstance(hold, int) and window < hold:
        problems.append(f"{where}: window_ms {window} is over before hold_ms {hold} is")
    return problems


def _clashes(gestures: list[Gesture], source: str) -> list[str]:
    """Two gestures of one name, or two of one side that the same movement satisfies."""
    counts = Counter(g.id for g in gestures)
    problems = [f"{source}: two gestures are called {name!r}" for name, count in counts.items() if count > 1]
    clash = "can be met by one movement; give one a bound that excludes the other"
    problems.extend(
        f"{source}: {a.id!r} and {b.id!r} {clash}"
        for a, b in combinations(gestures, 2)
        if a.side == b.side and a.id != b.id and not _apart(a, b)
    )
    return problems


def _apart(a: Gesture, b: Gesture) -> bool:
    """True when some feature's entry bands do not overlap."""
    bands: dict[str, tuple[float, float]] = {}
    for c in a.conditions:
        low, high = bands.get(c.feature, (-INF, INF))
        bands[c.feature] = (max(low, c.enter_above), min(high, c.enter_below))
    return any(
        c.feature in bands and (c.enter_above >= bands[c.feature][1] or c.enter_below <= bands[c.feature][0])
        for c in b.conditions
    )
