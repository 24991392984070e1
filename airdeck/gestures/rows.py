"""Rows of `config/gestures.toml` to gestures: each field checked, mirrored, hashed.

Whatever is wrong is reported at once, each problem with the file and the row it is in.
"""

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

from dynamics import kernels
from dynamics.schema import INDEX, LAYOUT, TABLE
from safety.commands import COMMANDS

from .clashes import contradictions
from .features import FEATURES, HANDS, plain_name, resolve, sided
from .library import DECK_OF_SIDE, SIDES, ZONES, Condition, Gesture, Kind, Qualifier, Step

KERNELS_DIGEST = hashlib.sha256(Path(kernels.__file__).read_bytes().replace(b"\r\n", b"\n")).hexdigest()
"""Part of each gesture's hash: whoever changes what the kernels answer proves the gestures anew."""

EACH = "each."
"""In a row for both hands: a condition for the left one and a condition for the right one."""
_BOUNDS = ("enter_above", "enter_below", "exit_below", "exit_above")
_DOCUMENT_KEYS = {"default_qualifiers", "qualifiers", "gesture"}
_CONDITION_KEYS = {"feature", *_BOUNDS, "at"}
_AT = ("always", "start", "finish")
_STEP_KEYS = {"when", "hold_ms", "within_ms"}
_ROW_NEEDED = ("id", "kind", "tier", "risk", "when", "hold_ms", "release_ms", "window_ms")
_ROW_KEYS = {*_ROW_NEEDED, "command", "act", "hands", "before", "hint", "qualifiers", "zone", "drawing"}
_LEAST = {"tier": 1, "hold_ms": 0, "release_ms": 0, "window_ms": 0}
_HANDS = ("one", "both")
_ACTS = ("disarm",)
"""What a gesture may do that is no command: it needs no arming and no promotion, for it only ends things."""

Qualifiers = dict[str, tuple[Condition, ...]]
Row = dict[str, object]


def read_rows(document: Row, source: str, problems: list[str]) -> list[Gesture]:
    """Every gesture of the document that is sound; what is wrong with the others is added to `problems`."""
    problems.extend(f"{source}: unknown key {key!r}" for key in sorted(document.keys() - _DOCUMENT_KEYS))
    named = document.get("qualifiers", {})
    if not isinstance(named, dict):
        problems.append(f"{source}: qualifiers must be a table of names, not {named!r}")
    qualifiers = {name: _conditions(rows, f"{source}: qualifiers.{name}", problems) for name, rows in _table(named).items()}
    usual = document.get("default_qualifiers", list(qualifiers))
    rows = document.get("gesture", [])
    if not isinstance(rows, list):
        problems.append(f"{source}: gesture must be a list of rows, [[gesture]], not {rows!r}")
        return []
    gestures: list[Gesture] = []
    for number, row in enumerate(rows, start=1):
        where = f"{source}: gesture {_table(row).get('id', f'number {number}')!r}"
        gestures.extend(_row({"qualifiers": usual, **_table(row)}, where, qualifiers, problems))
    return gestures


def _table(value: object) -> Row:
    return value if isinstance(value, dict) else {}


def _row(row: Row, where: str, qualifiers: Qualifiers, problems: list[str]) -> list[Gesture]:
    before = len(problems)
    problems.extend(_row_problems(row, where))
    own = _conditions(row.get("when"), f"{where}: when", problems)
    named = _qualifying(row, where, qualifiers, problems)
    conditions = [*own, *(c for qualifier in named for c in qualifier.conditions)]
    steps = _steps(row.get("before", []), f"{where}: before", problems)
    both = row.get("hands", "one") == "both"
    every = [*conditions, *(c for step in steps for c in step.conditions)]
    problems.extend(f"{where}: {problem}" for c in every if (problem := _hand_problem(c.feature, both)))
    problems.extend(contradictions(conditions, row, where))
    if len(problems) > before:
        return []
    sides = ("both",) if both else tuple(DECK_OF_SIDE)
    return [_gesture(row, side, tuple(conditions), steps, named) for side in sides]


def _qualifying(row: Row, where: str, qualifiers: Qualifiers, problems: list[str]) -> list[Qualifier]:
    """The row's qualifiers with their conditions."""
    names = row["qualifiers"]
    if not isinstance(names, list):
        problems.append(f"{where}: qualifiers must be a list of names, not {names!r}")
        return []
    found: list[Qualifier] = []
    for name in names:
        if not isinstance(name, str) or name not in qualifiers:
            problems.append(f"{where}: unknown qualifier {name!r}; there are {', '.join(qualifiers)}")
        else:
            found.append(Qualifier(name, qualifiers[name]))
    return found


def _row_problems(row: Row, where: str) -> list[str]:
    """What is wrong with the fields of one row, each taken alone."""
    problems = [f"{where}: unknown key {key!r}" for key in sorted(row.keys() - _ROW_KEYS)]
    problems.extend(f"{where}: {key} is missing" for key in _ROW_NEEDED if key not in row)
    if "kind" in row and row["kind"] not in [*Kind]:
        problems.append(f"{where}: kind must be one of {', '.join(Kind)}, not {row['kind']!r}")
    if row.get("hands", "one") not in _HANDS:
        problems.append(f"{where}: hands must be one of {', '.join(_HANDS)}, not {row['hands']!r}")
    if row.get("act", _ACTS[0]) not in _ACTS:
        problems.append(f"{where}: act must be one of {', '.join(_ACTS)}, not {row['act']!r}")
    if "act" in row and "command" in row:
        problems.append(f"{where}: a gesture has a command or an act, not both")
    if row.get("zone", ZONES[0]) not in ZONES:
        problems.append(f"{where}: zone must be one of {', '.join(ZONES)}, not {row['zone']!r}")
    problems.extend(
        f"{where}: {key} must be a name of letters, digits and _, not {row[key]!r}"
        for key in ("id", "risk", "drawing")
        if key in row and not (isinstance(row[key], str) and str(row[key]).isidentifier())
    )
    problems.extend(
        f"{where}: {key} must be a whole number of at least {least}, not {row[key]!r}"
        for key, least in _LEAST.items()
        if key in row and not _whole(row[key], least)
    )
    wanted = [_command(row, side) for side in (("both",) if row.get("hands") == "both" else tuple(DECK_OF_SIDE))]
    problems.extend(
        f"{where}: no command {command!r}; there are {', '.join(COMMANDS)}"
        for command in wanted
        if "command" in row and command not in COMMANDS
    )
    return problems


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _command(row: Row, side: str) -> str:
    if "command" not in row:
        return ""
    return str(row["command"]) if side == "both" else f"deck{DECK_OF_SIDE[side]}.{row['command']}"


def _hand_problem(name: str, both: bool) -> str:
    """Which hand a condition speaks of must be clear, and possible."""
    if not sided(name):
        return "" if plain_name(name) == name else f"{name}: {plain_name(name)} belongs to no hand"
    named = name.startswith(HANDS)
    plain = plain_name(name)
    if both and not named:
        return f"{name}: a gesture of both hands says left.{plain}, right.{plain} or {EACH}{plain}"
    return f"{name}: a gesture of one hand is written for its own and the other.{plain}" if named and not both else ""


def _each(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """`each.` written out."""
    found: list[Condition] = []
    for c in conditions:
        name = c.feature.removeprefix(EACH)
        found.extend([c] if name == c.feature else [replace(c, feature=f"{hand}.{name}") for hand in ("left", "right")])
    return tuple(found)


def _gesture(
    row: Row, side: str, conditions: tuple[Condition, ...], steps: tuple[Step, ...], named: list[Qualifier]
) -> Gesture:
    conditions = _each(conditions)
    steps = tuple(replace(step, conditions=_each(step.conditions)) for step in steps)
    command = _command(row, side)
    body: dict[str, object] = {
        "conditions": [_numbers(c) for c in conditions],
        "hold_ms": row["hold_ms"], "release_ms": row["release_ms"], "window_ms": row["window_ms"],
        "kind": row["kind"], "command": command, "act": row.get("act", ""), "risk": row["risk"],
        "before": [([_numbers(c) for c in step.conditions], step.hold_ms, step.within_ms) for step in steps],
    }  # fmt: skip
    every = (*conditions, *(c for step in steps for c in step.conditions))
    return Gesture(
        id=str(row["id"]) if side == "both" else f"{side}.{row['id']}",
        side=side,
        deck=DECK_OF_SIDE.get(side, 0),
        kind=Kind(str(row["kind"])),
        tier=int(str(row["tier"])),
        risk=str(row["risk"]),
        command=command,
        conditions=conditions,
        hold_ms=int(str(row["hold_ms"])),
        release_ms=int(str(row["release_ms"])),
        window_ms=int(str(row["window_ms"])),
        act=str(row.get("act", "")),
        before=steps,
        hint=str(row.get("hint", "")),
        zone=str(row.get("zone", "")),
        drawing=str(row.get("drawing", row["id"])),
        qualifiers=tuple(replace(q, conditions=_each(q.conditions)) for q in named),
        content_hash=_hash(body, every, side),
    )


def _numbers(c: Condition) -> tuple[str, float, float, float, float, str]:
    return (c.feature, c.enter_above, c.enter_below, c.exit_below, c.exit_above, c.at)


def _hash(body: Row, conditions: tuple[Condition, ...], side: str) -> str:
    """Over the row, the slots and features it reads and the kernels' digest: not over hint, zone or drawing."""
    read = []
    for condition in conditions:
        feature, slots, _ = resolve(condition.feature, SIDES[side])
        read.append(repr(feature))
        read.extend(repr(TABLE[INDEX[slot]]) for slot in slots)
    text = json.dumps(body, sort_keys=True) + "\n".join(read) + f"\nkernels {KERNELS_DIGEST} layout {LAYOUT}"
    return hashlib.sha256(text.encode()).hexdigest()


def _steps(rows: object, where: str, problems: list[str]) -> tuple[Step, ...]:
    if not isinstance(rows, list):
        problems.append(f"{where}: must be a list of steps, not {rows!r}")
        return ()
    found = []
    for number, row in enumerate(rows, start=1):
        step, at = _table(row), f"{where}[{number}]"
        problems.extend(f"{at}: unknown key {key!r}" for key in sorted(step.keys() - _STEP_KEYS))
        conditions = _conditions(step.get("when"), f"{at}: when", problems)
        problems.extend(f"{at}: {c.feature} has no part in a step" for c in conditions if c.at != "always")
        times = [step.get("hold_ms", 0), step.get("within_ms", 0)]
        if not (_whole(times[0], 0) and _whole(times[1], 1)):
            problems.append(f"{at}: hold_ms and within_ms must be whole numbers, within_ms above 0, not {times!r}")
        else:
            found.append(Step(conditions, int(str(times[0])), int(str(times[1]))))
    return tuple(found)


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


def _condition(row: Row, where: str, problems: list[str]) -> Condition | None:
    before = len(problems)
    problems.extend(f"{where}: unknown key {key!r}" for key in sorted(row.keys() - _CONDITION_KEYS))
    name = row.get("feature")
    if not isinstance(name, str) or plain_name(name) not in FEATURES:
        problems.append(f"{where}: unknown feature {name!r}; there are {', '.join(FEATURES)}")
    numbers: dict[str, float] = {}
    for key in _BOUNDS:
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
