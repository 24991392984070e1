"""What a deck and its writer process say to each other: frames of one fixed size over a stream socket.

Loaded by the writer, so it imports little. Times are `time.monotonic_ns()`, which all processes of one machine share
(CLOCK_MONOTONIC on Linux, mach_absolute_time on macOS, the performance counter on Windows).
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

MAGIC = 0xAD
VERSION = 1
_LAYOUT = struct.Struct("<BBBBiQdqqqq")
_TEXT = struct.Struct("<BBBB52s")
SIZE = _LAYOUT.size
TEXT_BYTES = 52
assert _TEXT.size == SIZE == 56


class Kind(IntEnum):
    SEND = 1
    """Deck: a permit. `row` is its command's place in the plan's table."""
    HEARTBEAT = 2
    """Deck: still here."""
    ACK = 3
    """Writer: what became of a permit, or a release. `code` is an `Ack`."""
    STATUS = 4
    """Writer: the answer to a heartbeat, `code` of `Status` bits. The first one has the table's hash in `seq`."""
    RELEASE_ALL = 5
    """Deck: let go of everything."""
    BYE = 6
    """Deck: let go of everything and end."""
    TEXT = 7
    """Writer: a piece of the sentence that says why it ends."""


class Ack(IntEnum):
    SENT = 0
    EXPIRED = 1
    REFUSED = 2
    TARGET = 3
    FAILED = 4
    RELEASED = 5


CONNECTED = 1
TARGET_OK = 2
"""Bits of a STATUS frame's `code`."""


class FrameError(Exception):
    """The bytes are not ours; the stream cannot be trusted any more."""


class Frame(NamedTuple):
    kind: int
    code: int = 0
    row: int = -1
    """SEND, ACK: the place of the command in the plan's table."""
    seq: int = 0
    value: float = 0.0
    not_before_ns: int = 0
    expires_ns: int = 0
    recv_ns: int = 0
    """ACK: when the writer had read the permit."""
    t_ns: int = 0
    """ACK: when the driver's call had returned. HEARTBEAT: when it was sent."""
    text: bytes = b""
    """TEXT only."""


def pack(frame: Frame) -> bytes:
    """The bytes of one frame."""
    if frame.kind == Kind.TEXT:
        return _TEXT.pack(MAGIC, VERSION, frame.kind, len(frame.text), frame.text)
    return _LAYOUT.pack(MAGIC, VERSION, *frame[:9])


def pack_text(text: str) -> bytes:
    """The frames that carry `text`."""
    raw = text.encode()
    return b"".join(pack(Frame(Kind.TEXT, text=raw[at : at + TEXT_BYTES])) for at in range(0, len(raw), TEXT_BYTES))


def unpack(buffer: bytes | bytearray, at: int = 0) -> Frame:
    """The frame at offset `at`. Raises FrameError on foreign bytes."""
    magic, version, kind, code, *rest = _LAYOUT.unpack_from(buffer, at)
    if magic != MAGIC or version != VERSION or not Kind.SEND <= kind <= Kind.TEXT:
        raise FrameError(f"not a frame: {bytes(buffer[at : at + 4]).hex(' ')}")
    if kind == Kind.TEXT:
        return Frame(kind, text=_TEXT.unpack_from(buffer, at)[4][:code])
    return Frame(kind, code, *rest)


class FrameReader:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete now. Raises FrameError on foreign bytes."""
        self._rest += data
        whole = len(self._rest) - len(self._rest) % SIZE
        buffer, self._rest = self._rest, self._rest[whole:]
        for at in range(0, whole, SIZE):
            yield unpack(buffer, at)
