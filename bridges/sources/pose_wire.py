"""What the pose worker and the deck say to each other: a fixed little-endian header, and a payload fixed by its kind.

No I/O here. Pictures never cross: only landmarks, counts and sentences do.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum, IntFlag
from typing import NamedTuple

import numpy as np

from dynamics.frames import MAX_PERSONS, POSE_LANDMARKS

MAGIC = b"ADPW"
VERSION = 1


class MessageKind(IntEnum):
    READY = 1
    """The model is loaded and the device open; text: why something was not granted."""
    POSE = 2
    """Landmarks of one picture."""
    DARK = 3
    """A picture too dark to look at: the camera lives, and says nothing about who is there."""
    FROZEN = 4
    """The picture has not changed for a second."""
    END = 5
    """The file is over."""
    ERROR = 6
    """The worker gives up; text: why, and what to do."""
    PLAY = 16
    """Deck to worker: file time 0 is at `capture_ns`; begin at picture `seq`."""


class Flag(IntFlag):
    SEALED = 1
    """New sockets are refused in the worker."""
    LOW_PRIORITY = 2
    EXPOSURE_FIXED = 4
    """The driver took the fixed exposure that was asked for."""
    DRIVER_STAMP = 8
    """`capture_ns` is the driver's own stamp."""


HEADER = struct.Struct("<4sHHIqdffIIIIHHHH")
IMAGE_SHAPE = (MAX_PERSONS, POSE_LANDMARKS, 4)
WORLD_SHAPE = (MAX_PERSONS, POSE_LANDMARKS, 3)
HAND_SHAPE = (MAX_PERSONS, 2)
_IMAGE_N = MAX_PERSONS * POSE_LANDMARKS * 4
_WORLD_N = MAX_PERSONS * POSE_LANDMARKS * 3
_HAND_N = MAX_PERSONS * 2
POSE_FLOATS = _IMAGE_N + _WORLD_N + _HAND_N
TEXT_BYTES = 512
PAYLOAD_BYTES = {
    MessageKind.READY: TEXT_BYTES,
    MessageKind.POSE: 4 * POSE_FLOATS,
    MessageKind.DARK: 0,
    MessageKind.FROZEN: 0,
    MessageKind.END: 0,
    MessageKind.ERROR: TEXT_BYTES,
    MessageKind.PLAY: 0,
}
_FLOATS = np.dtype("<f4")


class Header(NamedTuple):
    """One message's fixed part. The three counts run from the start of the worker."""

    kind: MessageKind = MessageKind.POSE
    seq: int = 0
    """Index of the picture: of the file, or of those grabbed from the device."""
    capture_ns: int = 0
    device_s: float = float("nan")
    """Position in the file; NaN for a device."""
    fps: float = 0.0
    """The rate that the file or the driver names; 0 when unknown."""
    luma: float = float("nan")
    """Mean brightness, 0..1."""
    grabbed: int = 0
    skipped: int = 0
    """Pictures that a newer one replaced before inference took them."""
    dark: int = 0
    infer_us: int = 0
    """Time that the last inference took."""
    width_px: int = 0
    height_px: int = 0
    persons: int = 0
    flags: int = 0


class Message(NamedTuple):
    header: Header
    payload: bytes = b""

    @property
    def text(self) -> str:
        return self.payload.rstrip(b"\0").decode("utf-8", "replace")


class WireError(Exception):
    """The other end does not speak this version."""


def encode(header: Header, payload: bytes = b"") -> bytes:
    """One message as bytes; a text payload is cut and padded to its fixed size."""
    head = HEADER.pack(MAGIC, VERSION, *header)
    return head + payload[: PAYLOAD_BYTES[header.kind]].ljust(PAYLOAD_BYTES[header.kind], b"\0")


def unpack_pose(message: Message) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arrays of the persons seen: float32 image (P, 33, 4), world (P, 33, 3), hand_open (P, 2)."""
    flat = np.frombuffer(message.payload, dtype=_FLOATS)
    persons = min(message.header.persons, MAX_PERSONS)
    image = flat[:_IMAGE_N].reshape(IMAGE_SHAPE)
    world = flat[_IMAGE_N : _IMAGE_N + _WORLD_N].reshape(WORLD_SHAPE)
    hands = flat[_IMAGE_N + _WORLD_N :].reshape(HAND_SHAPE)
    return image[:persons], world[:persons], hands[:persons]


class PoseBuffer:
    """The worker's arrays of one picture, side by side in the order of the wire; all NaN until filled."""

    def __init__(self) -> None:
        self.flat = np.full(POSE_FLOATS, np.nan, dtype=_FLOATS)
        self.image = self.flat[:_IMAGE_N].reshape(IMAGE_SHAPE)
        self.world = self.flat[_IMAGE_N : _IMAGE_N + _WORLD_N].reshape(WORLD_SHAPE)
        self.hands = self.flat[_IMAGE_N + _WORLD_N :].reshape(HAND_SHAPE)
        self.persons = 0

    def clear(self) -> None:
        self.flat.fill(np.nan)
        self.persons = 0


class Decoder:
    """Cuts a byte stream into messages, however it was split on the way."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Messages that are complete now. Raises WireError when the stream is not ours."""
        self._pending += data
        at = 0
        try:
            while len(self._pending) - at >= HEADER.size:
                header = _parse(HEADER.unpack_from(self._pending, at))
                end = at + HEADER.size + PAYLOAD_BYTES[header.kind]
                if len(self._pending) < end:
                    break
                message = Message(header, bytes(self._pending[at + HEADER.size : end]))
                at = end
                yield message
        finally:
            del self._pending[:at]


def _parse(fields: tuple) -> Header:
    magic, version, kind, *rest = fields
    if magic != MAGIC or version != VERSION:
        raise WireError(f"pose worker speaks {magic!r} version {version}, expected {MAGIC!r} version {VERSION}")
    try:
        return Header(MessageKind(kind), *rest)
    except ValueError:
        raise WireError(f"pose worker sent message kind {kind}, which version {VERSION} does not have") from None
