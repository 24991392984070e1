"""Libraries written on the spot, and vectors made by hand: what a recogniser is told, number by number."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from airdeck.events import GestureEvent
from airdeck.gestures.library import Library, parse_library
from airdeck.gestures.recognizer import Recognizer
from dynamics.schema import INDEX, REST

MS = 1_000_000
START_NS = 1_000_000_000
STEP_MS = 10
"""Close enough that every time in a row is met exactly."""


def row(**changes: Any) -> dict[str, Any]:
    """A row that can be loaded: wrist high and held, nothing else asked."""
    base: dict[str, Any] = {
        "id": "up",
        "kind": "posture",
        "tier": 1,
        "risk": "transport",
        "command": "play_pause",
        "when": [{"feature": "wrist_y", "enter_above": 0.5, "exit_below": 0.4}],
        "hold_ms": 300,
        "release_ms": 150,
        "window_ms": 1000,
    }
    return {key: value for key, value in {**base, **changes}.items() if value is not None}


def library(*rows: Mapping[str, Any], qualifiers: Mapping[str, Any] | None = None) -> Library:
    """A library of these rows. Raises LibraryError."""
    return parse_library({"qualifiers": dict(qualifiers or {}), "gesture": [dict(r) for r in rows]}, "test.toml")


Slots = Mapping[str, float]
Scene = list[tuple[int, Slots | None]]
"""(time in ms, slots that are set; None: nobody was seen). Slots not named hold their rest and count as seen."""


def hold(from_ms: int, until_ms: int, slots: Slots | None, step_ms: int = STEP_MS) -> Scene:
    """The same slots from one time to just before another."""
    return [(t, slots) for t in range(from_ms, until_ms, step_ms)]


def vectors(scene: Scene) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """(capture_ns, vector, valid); a slot whose value is NaN is not seen."""
    for t_ms, slots in scene:
        vector, valid = REST.astype(np.float32), np.ones(REST.size, dtype=np.uint8)
        if slots is None:
            valid[:] = 0
        for name, value in (slots or {}).items():
            if np.isnan(value):
                valid[INDEX[name]] = 0
            else:
                vector[INDEX[name]] = value
        yield START_NS + t_ms * MS, vector, valid


def recognise(what: Library | Recognizer, scene: Scene) -> list[GestureEvent]:
    """Every event of a scene."""
    recognizer = what if isinstance(what, Recognizer) else Recognizer(what)
    found: list[GestureEvent] = []
    for seq, (capture_ns, vector, valid) in enumerate(vectors(scene)):
        if recognizer.step(vector, valid, capture_ns):
            found += recognizer.events(seq, capture_ns, capture_ns, vector, valid=valid, driver="camera")
    return found


def told(events: list[GestureEvent]) -> list[tuple[str, str, int]]:
    """(gesture, phase, ms) of each event."""
    return [(e.gesture, e.phase, (e.capture_ns - START_NS) // MS) for e in events]
