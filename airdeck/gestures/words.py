"""A gesture in words and numbers, for people: every condition, step, hold and qualifier."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

from .features import resolve
from .library import SIDES, Condition, Gesture

PHRASES: dict[str, str] = {
    "wrist_x": "{hand} hand, outwards from mid-shoulder",
    "wrist_y": "{hand} hand, height over mid-shoulder",
    "elbow_y": "{hand} elbow, height over mid-shoulder",
    "wrist_speed": "{hand} hand, speed",
    "wrist_settle": "{hand} hand, speed as a share of its stroke's",
    "elbow_flexion": "{hand} elbow, bend",
    "shoulder_elevation": "{hand} upper arm, angle from hanging",
    "wrist_seen": "{hand} hand, how well it is seen",
    "arm_was_down": "{hand} arm, time since it was down",
    "arm_at_rest": "{hand} arm, time at rest",
    "trunk_travel": "trunk, moved in {window}",
    "trunk_roll": "trunk, lean to either side",
    "trunk_pitch": "trunk, lean forwards",
    "trunk_yaw": "trunk, turn away from the facing",
    "wrist_vx": "{hand} hand, speed outwards",
    "wrist_vy": "{hand} hand, speed upwards",
    "wrist_shift_x": "{hand} hand, way outwards in {window}",
    "wrist_shift_y": "{hand} hand, way upwards in {window}",
    "wrist_reach": "{hand} hand, moved in {window}",
    "wrist_drift": "{hand} hand, moved in {window}",
    "wrist_turns": "{hand} hand, circles (out, up, in, down is +)",
    "wrist_reversals": "{hand} hand, ways back from side to side in {window}",
    "wrist_over_head": "{hand} hand, height over the head's middle",
    "wrist_beside_head": "{hand} hand, outwards from the head's middle",
    "wrist_kept_up": "{hand} hand, time it has stayed over the hip",
    "wrist_kept_low": "{hand} hand, time it has stayed under the head",
    "hands_apart": "hands, how far apart",
    "hands_parting": "hands, further apart in {window}",
    "trunk_lean": "trunk, lean to the {hand}",
    "trunk_rise": "trunk, height over standing",
    "trunk_rising": "trunk, way up in {window}",
    "knee_flexion": "{hand} knee, bend",
    "head_seen": "head, how well it is seen",
    "performer_lock": "performer, how sure it is the same one",
}
"""What each feature is to a person."""
HANDS = {"l": "left", "r": "right", "b": "left"}
UNITS = {"torso": " torso lengths", "torso/s": " torso lengths/s", "rad": " rad", "s": " s", "turns": " turns", "1": ""}
WHEN = {"always": "from beginning to end", "start": "where it begins", "finish": "where it completes"}
BOUNDS = ("enter_above", "enter_below", "exit_below", "exit_above")


def does(gesture: Gesture) -> str:
    """What it does, in a few words."""
    if gesture.act:
        return f"{gesture.act}s"
    if not gesture.command:
        return "observed, sends nothing"
    deck, _, command = gesture.command.rpartition(".")
    return f"{deck.replace('deck', 'deck ')}: {command.replace('_', ' ')}" if deck else command.replace("_", " ")


def phrase(condition: Condition, side: str) -> str:
    """What a condition of a gesture of "left", "right" or "both" speaks of."""
    feature, _, hand = resolve(condition.feature, SIDES[side])
    plain = condition.feature.rpartition(".")[2]
    return PHRASES[plain].format(hand=HANDS[hand], window=f"{feature.window_s:g} s")


def bounds(condition: Condition, side: str) -> str:
    """Its numbers: what is entered, and beyond what it is left."""
    unit = resolve(condition.feature, SIDES[side])[0].unit
    name = "" if unit == "rad" else UNITS[unit]
    c = condition
    entered = [f"over {_number(c.enter_above, unit)}"] if c.enter_above > -math.inf else []
    entered += [f"under {_number(c.enter_below, unit)}"] if c.enter_below < math.inf else []
    left = [f"under {_number(c.exit_below, unit)}"] if c.exit_below > -math.inf else []
    left += [f"over {_number(c.exit_above, unit)}"] if c.exit_above < math.inf else []
    until = f"; broken {' or '.join(left)}" if left else ""
    return f"{' and '.join(entered) or 'any'}{name}{until}"


def _number(value: float, unit: str) -> str:
    return f"{value:g} rad ({math.degrees(value):.0f}°)" if unit == "rad" else f"{value:g}"


def describe(gesture: Gesture) -> dict[str, Any]:
    """All of it as plain values: the object of `gestures show --json`."""
    names = ("id", "side", "deck", "kind", "tier", "risk", "zone", "command", "act", "hint", "drawing")
    times = ("hold_ms", "release_ms", "window_ms", "content_hash")
    return {
        **{name: getattr(gesture, name) for name in names},
        "does": does(gesture),
        **{name: getattr(gesture, name) for name in times},
        "before": [
            {"when": _conditions(step.conditions, gesture), "hold_ms": step.hold_ms, "within_ms": step.within_ms}
            for step in gesture.before
        ],
        "when": _conditions(gesture.own, gesture),
        "qualifiers": [{"name": q.name, "when": _conditions(q.conditions, gesture)} for q in gesture.qualifiers],
    }


def _conditions(conditions: Iterable[Condition], gesture: Gesture) -> list[dict[str, Any]]:
    return [
        {
            "feature": c.feature,
            "at": c.at,
            **{name: value for name in BOUNDS if math.isfinite(value := getattr(c, name))},
            "what": phrase(c, gesture.side),
            "words": bounds(c, gesture.side),
        }
        for c in conditions
    ]


def lines(described: dict[str, Any]) -> Iterator[str]:
    """What `describe` says, for reading."""
    deck = f", deck {described['deck']}" if described["deck"] else ""
    yield f"{described['id']}: {described['hint']}"
    zone = described["zone"] or "not said"
    yield f"  {described['kind']}, tier {described['tier']}, risk {described['risk']}, zone {zone}{deck}"
    yield f"  {described['does']}"
    for number, step in enumerate(described["before"], start=1):
        held = f"for {step['hold_ms']} ms" if step["hold_ms"] else "for a moment"
        yield f"  step {number}, {held}, what comes next within {step['within_ms']} ms"
        yield from _rows(step["when"])
    if described["before"]:
        yield "  then the gesture itself"
    for at, words in WHEN.items():
        if rows := [row for row in described["when"] if row["at"] == at]:
            yield f"  {words}"
            yield from _rows(rows)
    yield f"  {_timing(described)}"
    for qualifier in described["qualifiers"]:
        yield f"  only while {qualifier['name']}"
        yield from _rows(qualifier["when"], qualifying=True)
    yield f"  hash {described['content_hash']}"


def _timing(described: dict[str, Any]) -> str:
    held = f"held for {described['hold_ms']} ms" if described["hold_ms"] else "no hold"
    window, release = described["window_ms"], described["release_ms"]
    return f"{held}; complete within {window} ms or not at all; over {release} ms after it is let go"


def _rows(rows: Iterable[dict[str, Any]], *, qualifying: bool = False) -> Iterator[str]:
    for row in rows:
        at = f" ({WHEN[row['at']]})" if qualifying and row["at"] != "always" else ""
        yield f"    {row['what']:54} {row['words']}{at}"
