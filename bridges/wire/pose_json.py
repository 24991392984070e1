"""Pose of one person as a JSON datagram: `{"frame", "t", "w", "h", "landmarks": [33 x {"x", "y", "z", "vis"}]}`.

x and y are fractions of the picture, z is in picture widths as in MediaPipe, `t` seconds of the sender's clock, `w` and
`h` pixels, `source` an optional name. What a sender says is advice; only a paired sender's pose counts as a camera's.
"""

import math
from enum import StrEnum
from typing import Annotated

import msgspec
import numpy as np

from dynamics.frames import POSE_LANDMARKS, PoseFrame, SourceKind

from .device_clock import DeviceClock
from .frame_order import FrameOrder, OrderError

PORT = 9705
MAX_BYTES = 8192
"""33 landmarks with 17 digits a number have about 4,100 bytes."""
COORDINATE_MAX = 10.0
"""In picture widths or heights: landmarks may leave the picture, not by this much."""
MAX_SIDE_PX = 16_384
MAX_SENDERS = 4
"""Values of `source` told apart at a time; the one heard longest ago is forgotten."""
WRAP = 1 << 32

Coordinate = Annotated[float, msgspec.Meta(ge=-COORDINATE_MAX, le=COORDINATE_MAX)]
Side = Annotated[float, msgspec.Meta(ge=1, le=MAX_SIDE_PX, multiple_of=1)]
Number = Annotated[float, msgspec.Meta(ge=0, lt=1 << 53, multiple_of=1)]
"""Whole numbers are read as floats: an integer of 5,000 digits would be converted at quadratic cost before it is refused."""


class PoseJsonError(StrEnum):
    """Why a datagram was refused."""

    FORMAT = "pose_json: not JSON of the pose format, or a number out of range"
    OTHER_SOURCE = "pose_json: another source than the one that was chosen"


class Landmark(msgspec.Struct, gc=False):
    """One of the 33 landmarks of MediaPipe's pose."""

    x: Coordinate
    y: Coordinate
    z: Coordinate
    vis: Annotated[float, msgspec.Meta(ge=0, le=1)]


class Message(msgspec.Struct, gc=False):
    """One datagram. Members that are not named here are skipped."""

    frame: Number
    t: float
    w: Side
    h: Side
    landmarks: Annotated[list[Landmark], msgspec.Meta(min_length=POSE_LANDMARKS, max_length=POSE_LANDMARKS)]
    source: Annotated[str, msgspec.Meta(max_length=64)] = ""


_DECODE = msgspec.json.Decoder(Message).decode
_NO_WORLD = np.full((1, POSE_LANDMARKS, 3), np.nan, dtype=np.float32)
_NO_HANDS = np.full((1, 2), np.nan, dtype=np.float32)
_NO_WORLD.setflags(write=False)
_NO_HANDS.setflags(write=False)


class PoseJsonDecoder:
    """`feed(packet, recv_ns, out, paired)` appends a frame to `out` or says why not."""

    def __init__(self, source: str = "") -> None:
        """`source`: take this sender's pose only; empty takes any."""
        self._source = source
        self._senders: dict[str, tuple[FrameOrder, DeviceClock]] = {}
        self._seq = 0

    def feed(
        self, packet: bytes, recv_ns: int, out: list[PoseFrame], paired: bool = False
    ) -> PoseJsonError | OrderError | None:
        """Read one datagram of at most MAX_BYTES."""
        try:
            message = _DECODE(packet)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return PoseJsonError.FORMAT
        if not math.isfinite(message.t):
            return PoseJsonError.FORMAT
        if self._source and message.source != self._source:
            return PoseJsonError.OTHER_SOURCE
        order, clock = self._sender(message.source)
        late = order.check(int(message.frame) % WRAP, recv_ns)
        if late is not None:
            return late
        out.append(_frame(message, clock.capture_ns(message.t, recv_ns), recv_ns, self._seq, paired))
        self._seq += 1
        return None

    def _sender(self, source: str) -> tuple[FrameOrder, DeviceClock]:
        known = self._senders.pop(source, None) or (FrameOrder(), DeviceClock())
        if len(self._senders) >= MAX_SENDERS:
            self._senders.pop(next(iter(self._senders)))
        self._senders[source] = known
        return known


def _frame(message: Message, capture_ns: int, recv_ns: int, seq: int, paired: bool) -> PoseFrame:
    rows = [(mark.x, mark.y, mark.z, mark.vis) for mark in message.landmarks]
    return PoseFrame(
        capture_ns=capture_ns,
        recv_ns=recv_ns,
        seq=seq,
        width_px=int(message.w),
        height_px=int(message.h),
        image=np.array(rows, dtype=np.float32).reshape(1, POSE_LANDMARKS, 4),
        world=_NO_WORLD,
        hand_open=_NO_HANDS,
        kind=SourceKind.CAMERA if paired else SourceKind.NETWORK_POSE,
        device_s=message.t,
    )
