"""Heart rates over HTTP and WebSocket: HeartIO and Health Data Server. No I/O, no exception on any bytes.

HeartIO asks for `/heart?bpm=72`. Health Data Server puts `{"data":"heartRate:72"}`, older versions send the text
`heartRate:72` over a WebSocket. Both say a type and a value; only the heart rate is read. Left out on purpose: `motion`,
whose units and axes are not published, and what is no motion of a person (calories, steps, the name of the client).
Nothing carries a time, so a frame was captured when its message arrived.
"""

import math
from enum import StrEnum

import msgspec

from dynamics.frames import WatchSample

from .body_units import NAN, number

MAX_QUERY_BYTES = 256
"""After the question mark of HeartIO's address; its own has about 10."""
MAX_BODY_BYTES = 4_096
"""A motion message of Health Data Server, the longest it sends, has about 500."""
HEART_RANGE_BPM = (25.0, 250.0)
"""Outside it, 0 included, no pulse was found."""
BPM_KEY = "bpm="
HEART_TYPE = "heartRate"
_TYPE_LENGTH_MAX = 32
_NUMBER_MAX = 1e9
"""A number, if not of a heart: what is larger is refused as none."""


class HeartError(StrEnum):
    """Why a message was refused."""

    NO_BPM = "heart: no bpm in the address, write /heart?bpm=72"
    NOT_JSON = 'heart: the body is not {"data":"heartRate:72"}'
    NOT_TYPED = "heart: a message is type:value, as in heartRate:72"
    NUMBER = "heart: the heart rate is not a number"


class _Put(msgspec.Struct, gc=False):
    data: str


_PUT = msgspec.json.Decoder(_Put).decode


class HeartDecoder:
    """Each method appends a frame to `out`, or none when the message is of something else, or says why it was refused.

    A heart rate that is 0, empty or outside HEART_RANGE_BPM makes a frame without one.
    """

    def __init__(self, side: str = "") -> None:
        self._side = side
        self._seq = 0

    def query(self, query: bytes, recv_ns: int, out: list[WatchSample]) -> HeartError | None:
        """What stands behind the question mark of HeartIO's address, still encoded."""
        if len(query) > MAX_QUERY_BYTES:
            return HeartError.NO_BPM
        for part in query.decode("ascii", "replace").split("&"):
            if part.startswith(BPM_KEY):
                return self._beat(part[len(BPM_KEY) :], recv_ns, out)
        return HeartError.NO_BPM

    def body(self, body: bytes, recv_ns: int, out: list[WatchSample]) -> HeartError | None:
        """The body of a PUT, of at most MAX_BODY_BYTES."""
        try:
            data = _PUT(body).data
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return HeartError.NOT_JSON
        return self.text(data, recv_ns, out)

    def text(self, message: str, recv_ns: int, out: list[WatchSample]) -> HeartError | None:
        """One `type:value`, of at most MAX_BODY_BYTES."""
        kind, colon, value = message.partition(":")
        if not colon or not kind or len(kind) > _TYPE_LENGTH_MAX:
            return HeartError.NOT_TYPED
        return self._beat(value, recv_ns, out) if kind == HEART_TYPE else None

    def _beat(self, text: str, recv_ns: int, out: list[WatchSample]) -> HeartError | None:
        bpm = number(text, _NUMBER_MAX) if text.strip() else 0.0
        if math.isnan(bpm):
            return HeartError.NUMBER
        self._seq += 1
        out.append(
            WatchSample(
                capture_ns=recv_ns,
                recv_ns=recv_ns,
                seq=self._seq,
                heart_rate_bpm=bpm if HEART_RANGE_BPM[0] <= bpm <= HEART_RANGE_BPM[1] else NAN,
                side=self._side,
            )
        )
        return None
