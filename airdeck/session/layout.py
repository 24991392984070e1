"""The session folder `airdeck.session/1`: its name, and one table of its streams."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import records

FORMAT = "airdeck.session"
VERSION = 1
OLDEST_VERSION = 1
"""The oldest version that this code reads."""
MANIFEST = "manifest.json"
PREFIX = "session-"
LABEL_LENGTH = 40

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One stream file."""

    name: str
    record: Any
    droppable: bool
    """May lose records, counted, when the disk falls behind. What is not droppable disarms the gate instead."""
    what: str

    @property
    def file(self) -> str:
        return f"{self.name}.jsonl"


STREAMS: dict[str, StreamSpec] = {
    spec.name: spec
    for spec in (
        StreamSpec("gate", records.GATE.struct, False, "every decision, chained by hash"),
        StreamSpec("sent", records.SENT.struct, False, "what the sinks really did"),
        StreamSpec("arming", records.ARMING.struct, False, "every change of the arm state, with its cause"),
        # Arrivals and ticks may be dropped; human acts and every other change of state may not.
        StreamSpec("events", records.EventRecord, True, "every input of the step, in order"),
        StreamSpec("pose", records.PoseRecord, True, "people in pictures"),
        StreamSpec("mocopi", records.MocapRecord, True, "mocap frames"),
        StreamSpec("watch", records.WatchRecord, True, "wrist motion and heart rate"),
        StreamSpec("pocket", records.PocketRecord, True, "the phone in the pocket"),
        StreamSpec("deck", records.DeckRecord, True, "what is known of the decks"),
        StreamSpec("dynamics", records.DynamicsRecord, True, "the vectors"),
        StreamSpec("gestures", records.GESTURE.struct, True, "gestures completed, released, cancelled"),
    )
}

FRAME_STREAMS = ("pose", "mocopi", "watch", "pocket", "deck")
"""Raw streams: their lines belong to an arrival in events.jsonl."""


def clean_label(label: str) -> str:
    """Letters, digits and dashes only, bounded; "session" when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:LABEL_LENGTH].strip("-") or "session"


def folder_name(utc_ns: int, label: str) -> str:
    """session-YYYYMMDD-HHMMSS-<label>, in UTC."""
    return f"{PREFIX}{datetime.fromtimestamp(utc_ns // NS_PER_S, UTC):%Y%m%d-%H%M%S}-{clean_label(label)}"


def make_folder(directory: Path, utc_ns: int, label: str) -> Path:
    """Create the folder (and its parents); a number is added when that second has one of that label already."""
    name = folder_name(utc_ns, label)
    for attempt in range(1, 1000):
        folder = directory / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(f"{directory / name}: too many sessions of this second")
