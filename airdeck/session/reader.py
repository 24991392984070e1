"""Reads a session folder, also one whose writer was killed: lazily, line by line, naming what is damaged."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from airdeck.events import Event
from dynamics.frames import Frame

from . import chain, manifest
from .layout import FRAME_STREAMS, STREAMS
from .records import GATE, EventRecord

MAX_LINE_BYTES = 4_000_000
"""Two people with all digits make a pose line of 12 kB; a longer line than this is no record."""


class DamagedRecordError(Exception):
    """A line in the middle of a stream is not a record, or is missing; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Torn:
    """A last line that was cut off by a kill or a full disk: it was never acknowledged."""

    file: str
    line: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ChainReport:
    """Whether gate.jsonl is what was written. `line` is the first that is not (1-based), 0 when all hold."""

    ok: bool
    decisions: int
    line: int = 0
    why: str = ""


class Session:
    """An opened folder. Torn last lines found while reading are listed in `torn`."""

    def __init__(self, folder: Path) -> None:
        """Raises NotASessionError, TooOldError, TooNewError or ManifestError."""
        self.folder = folder
        self.manifest = manifest.load(folder)
        self.torn: dict[str, Torn] = {}

    def records(self, stream: str) -> Iterator[Any]:
        """The records of one stream, one at a time, in the order of writing. Raises DamagedRecordError."""
        decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(STREAMS[stream].record)
        for number, line, is_last in self._lines(stream):
            try:
                record = decoder.decode(line)
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                if is_last:
                    self._tear(stream, number, len(line))
                    return
                raise DamagedRecordError(f"{self.folder / STREAMS[stream].file}:{number}: {error}") from None
            yield record

    def frames(self, stream: str) -> Iterator[Frame]:
        """The frames of a raw stream ("pose", "mocopi", "watch", "pocket", "deck")."""
        for record in self.records(stream):
            yield record.frame()

    def events(self) -> Iterator[Event]:
        """Every input of the step in order, with the frames of its arrivals. Raises DamagedRecordError."""
        raw = {name: self.records(name) for name in FRAME_STREAMS}
        for record in self.records("events"):
            yield record.event(self._frame_of(record, raw) if record.ref else None)

    def missing_events(self) -> int:
        """Events that were numbered and are not there: 0 means that a replay is comparable."""
        missing, expected = 0, None
        for record in self.records("events"):
            missing += record.seq - expected if expected is not None else 0
            expected = record.seq + 1
        return missing

    def verify_gate(self) -> ChainReport:
        """Follow the chain of hashes from the session's id to the last decision."""
        prev, count = chain.first_hash(self.manifest.id), 0
        for number, line, is_last in self._lines("gate"):
            link = chain.check_line(line, prev)
            if not link.ok:
                if is_last and self.manifest.status is manifest.Status.OPEN and not _is_record(line):
                    self._tear("gate", number, len(line))
                    break
                return ChainReport(False, count, number, link.why)
            prev, count = link.digest, number
        ends = self.manifest.gate_chain
        if self.manifest.status is not manifest.Status.OPEN and (prev, count) != (ends.last, ends.decisions):
            return ChainReport(False, count, count + 1, f"the manifest says {ends.decisions} decisions ending in {ends.last}")
        return ChainReport(True, count)

    def _frame_of(self, event: EventRecord, raw: dict[str, Iterator[Any]]) -> Frame:
        for record in raw.get(event.ref, ()):
            if record.event_seq == event.seq:
                frame: Frame = record.frame()
                return frame
            if record.event_seq > event.seq:
                break
        raise DamagedRecordError(f"{self.folder}: event {event.seq} refers to a frame that {event.ref}.jsonl does not hold")

    def _lines(self, stream: str) -> Iterator[tuple[int, bytes, bool]]:
        """(number from 1, line without its newline, whether it is the last); a line without a newline is torn."""
        path = self.folder / STREAMS[stream].file
        try:
            file = path.open("rb")
        except OSError as error:
            raise DamagedRecordError(f"{path}: {error.strerror}") from None
        with file:
            number, line = 1, file.readline(MAX_LINE_BYTES)
            while line:
                following = file.readline(MAX_LINE_BYTES)
                if not line.endswith(b"\n"):
                    if following:
                        raise DamagedRecordError(f"{path}:{number}: longer than {MAX_LINE_BYTES} bytes")
                    self._tear(stream, number, len(line))
                    return
                yield number, line[:-1], not following
                number, line = number + 1, following

    def _tear(self, stream: str, number: int, size: int) -> None:
        self.torn[stream] = Torn(STREAMS[stream].file, number, size)


def _is_record(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=GATE.struct)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return True
