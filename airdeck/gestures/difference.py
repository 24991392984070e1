"""What changed between two libraries: rows, their numbers, and the promotions that fall because of it."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from safety.promotion import Promotion

from .library import Condition, Gesture, Library
from .words import BOUNDS

WORDS_ONLY = ("hint", "zone", "drawing", "tier")
"""What a row may change without becoming another gesture: not part of the hash."""
FIELDS = ("kind", "risk", "command", "act", "hold_ms", "release_ms", "window_ms", *WORDS_ONLY)
ORDER = "order of the conditions"

Flat = dict[str, Any]


def difference(old: Library, new: Library, promotions: Mapping[str, Promotion]) -> dict[str, Any]:
    """`added`, `removed` (row names), `changed` (row, changes, decides) and `promotions` that fall or come to hold."""
    before, after = _rows(old), _rows(new)
    both = [name for name in before if name in after]
    found = [_change(before[name], after[name]) for name in both]
    return {
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
        "changed": [change for change in found if change["changes"]],
        "promotions": list(_promotions(old, new, promotions)),
        "same": old.content_hash == new.content_hash and not any(change["changes"] for change in found),
    }


def _rows(library: Library) -> dict[str, Gesture]:
    """By the name of the row; the left hand's stands for both."""
    return {g.name: g for g in library.gestures if g.side != "right"}


def _change(old: Gesture, new: Gesture) -> dict[str, Any]:
    before, after = _flat(old), _flat(new)
    names = dict.fromkeys([*before, *after])
    changes = [_one(name, before, after) for name in names if before.get(name) != after.get(name)]
    decides = old.content_hash != new.content_hash
    if decides and all(change["what"] in WORDS_ONLY for change in changes):
        changes.append({"what": ORDER, "old": _order(old), "new": _order(new)})
    return {"row": old.name, "decides": decides, "changes": changes}


def _one(name: str, before: Flat, after: Flat) -> dict[str, Any]:
    return {"what": name, "old": before.get(name), "new": after.get(name)}


def _order(gesture: Gesture) -> str:
    steps = [c for step in gesture.before for c in step.conditions]
    return ", ".join(c.feature for c in (*steps, *gesture.conditions))


def _flat(gesture: Gesture) -> Flat:
    """Each number of a row by a name that says where it stands."""
    command = gesture.command.rpartition(".")[2]
    flat: Flat = {name: str(value) if isinstance(value := getattr(gesture, name), str) else value for name in FIELDS}
    flat |= {"command": command, "hands": "both" if gesture.side == "both" else "one"}
    for number, step in enumerate(gesture.before, start=1):
        flat |= {f"before[{number}] hold_ms": step.hold_ms, f"before[{number}] within_ms": step.within_ms}
        flat |= _numbers(step.conditions, f"before[{number}]")
    flat |= _numbers(gesture.own, "when")
    for qualifier in gesture.qualifiers:
        flat |= _numbers(qualifier.conditions, f"qualifier {qualifier.name}")
    return flat


def _numbers(conditions: Iterable[Condition], where: str) -> Flat:
    """A feature that stands there twice is numbered."""
    flat: Flat = {}
    seen: dict[str, int] = {}
    for c in conditions:
        seen[c.feature] = seen.get(c.feature, 0) + 1
        name = f"{where} {c.feature}" + (f"#{seen[c.feature]}" if seen[c.feature] > 1 else "")
        flat |= {f"{name} {bound}": value for bound in BOUNDS if math.isfinite(value := getattr(c, bound))}
        flat[f"{name} at"] = c.at
    return flat


def _promotions(old: Library, new: Library, promotions: Mapping[str, Promotion]) -> Iterator[dict[str, str]]:
    for name, promotion in promotions.items():
        held, holds = _holds(old, promotion), _holds(new, promotion)
        if held and not holds:
            why = "the gesture is gone" if name not in new.by_id else "the gesture is another one now"
            yield {"gesture": name, "command": promotion.command, "now": "falls", "why": why}
        elif holds and not held:
            why = "the gesture is the promoted one again"
            yield {"gesture": name, "command": promotion.command, "now": "holds", "why": why}


def _holds(library: Library, promotion: Promotion) -> bool:
    gesture = library.by_id.get(promotion.gesture)
    return gesture is not None and gesture.content_hash == promotion.hash and gesture.command == promotion.command


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """What `difference` found, for reading."""
    if found["same"]:
        yield "no difference"
    yield from (f"added    {name}" for name in found["added"])
    yield from (f"removed  {name}" for name in found["removed"])
    for change in found["changed"]:
        yield f"changed  {change['row']}{'' if change['decides'] else ' (its hash stays: the same gesture)'}"
        yield from (f"    {_line(one)}" for one in change["changes"])
    for row in found["promotions"]:
        yield f"promotion of {row['gesture']} ({row['command']}) {row['now']}: {row['why']}"


def _line(one: Mapping[str, Any]) -> str:
    if one["old"] is None:
        return f"{one['what']}: {one['new']} (new)"
    if one["new"] is None:
        return f"{one['what']}: {one['old']} (gone)"
    return f"{one['what']}: {one['old']} -> {one['new']}"
