"""Things handed over → lines of the stream files. Runs in the writer's thread."""

from typing import Any

import msgspec
import numpy as np

from airdeck.events import Event, EventKind, GestureEvent
from bridges.sinks.base import Sent
from dynamics.frames import DeckSample, Frame, ImuSample, MocapFrame, PoseFrame, WatchSample
from safety.types import Transition, Verdict

from . import chain, records
from .lanes import Lines
from .streamfile import StreamFile

FRAME_STREAM: dict[type, tuple[str, Any]] = {
    PoseFrame: ("pose", records.PoseRecord.of),
    MocapFrame: ("mocopi", records.MocapRecord.of),
    WatchSample: ("watch", records.WatchRecord.of),
    ImuSample: ("pocket", records.PocketRecord.of),
    DeckSample: ("deck", records.DeckRecord.of),
}
"""Kind of frame → its stream, and what makes a record of (frame, number of the event)."""

DROPPABLE_EVENTS = frozenset({EventKind.ARRIVAL, EventKind.TICK})
"""All others change what the pipeline may do, and are rare."""


class VectorRing:
    """Room for the vectors that wait: the builder's buffers are reused, so they are copied on hand-over.

    A slot is written again only after `size` further vectors, and a lane of `size - 1` holds no more than that.
    """

    def __init__(self, size: int, slots: int) -> None:
        self.vectors = list(np.zeros((size, slots), dtype=np.float32))
        self.masks = list(np.zeros((size, slots), dtype=np.bool_))
        self._next = 0

    def keep(self, vector: np.ndarray, valid: np.ndarray) -> int:
        """Copy both; the slot they are in."""
        slot = self._next
        self.vectors[slot][:] = vector
        self.masks[slot][:] = valid
        self._next = slot + 1 if slot + 1 < len(self.vectors) else 0
        return slot


def _plain(value: Any) -> Any:
    """A number that is still NumPy's. Raises TypeError for anything else that JSON has no form for."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no form in a record")


class Encoders:
    """One method per lane, each giving the lines of one item."""

    def __init__(self, files: dict[str, StreamFile], ring: VectorRing, first_prev: str) -> None:
        self._files = files
        self._ring = ring
        self._json = msgspec.json.Encoder(enc_hook=_plain)
        self.chain_head = first_prev
        self.chain_before = first_prev
        """What the newest decision follows."""

    def event(self, event: Event) -> Lines:
        """The frame goes first, so that what an event refers to is always there."""
        if event.frame is None:
            return [self._line("events", records.EventRecord.of(event), event.t_ns)]
        name, record_of = FRAME_STREAM[type(event.frame)]
        frame: Frame = event.frame
        return [
            self._line(name, record_of(frame, event.seq), frame.recv_ns),
            self._line("events", records.EventRecord.of(event, name), event.t_ns),
        ]

    def dynamics(self, item: tuple[int, int, int, str]) -> Lines:
        slot, t_ns, seq, producer = item
        record = records.DynamicsRecord(
            t_ns=t_ns,
            seq=seq,
            v=records.short_numbers(self._ring.vectors[slot]),
            mask=records.mask_hex(self._ring.masks[slot]),
            producer=producer,
        )
        return [self._line("dynamics", record, t_ns)]

    def gesture(self, event: GestureEvent) -> Lines:
        return [(self._files["gestures"], self._checked(records.GESTURE.of(event)) + b"\n", event.t_ns)]

    def verdict(self, verdict: Verdict) -> Lines:
        record = records.GATE.of(verdict, permitted=verdict.permitted, prev=self.chain_head)
        encoded = self._checked(record)
        self.chain_before = self.chain_head
        line, self.chain_head = chain.seal_line(encoded, self.chain_head)
        return [(self._files["gate"], line + b"\n", verdict.t_ns)]

    def sent(self, sent: Sent) -> Lines:
        return [(self._files["sent"], self._checked(records.SENT.of(sent)) + b"\n", sent.t_ns)]

    def arming(self, change: Transition) -> Lines:
        return [(self._files["arming"], self._checked(records.ARMING.of(change)) + b"\n", change.t_ns)]

    def _checked(self, record: msgspec.Struct) -> bytes:
        """Encoded, and readable again: what is rare and matters most is never written in another form than declared."""
        encoded = self._json.encode(record)
        msgspec.json.decode(encoded, type=type(record))
        return encoded

    def _line(self, stream: str, record: msgspec.Struct, t_ns: int) -> tuple[StreamFile, bytes, int]:
        return (self._files[stream], self._json.encode(record) + b"\n", t_ns)
