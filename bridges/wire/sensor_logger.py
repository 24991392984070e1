"""Sensor Logger's HTTP push: one JSON body to watch and pocket frames. No I/O, no exception on any bytes.

A body is `{messageId, sessionId, deviceId, payload: [{name, time, values}]}`. `time` is Unix nanoseconds in 19 digits,
more than a float holds, so it stays an integer. Batches come about once a second and may overtake each other. Names
come in any case and spacing, numbers may be strings, and a camera picture may sit in a reading: it is never decoded.
"""

from collections import OrderedDict
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from .body_units import Axes
from .sensor_device import PARTS, PHONE_PARTS, SLICE, Batch, Device, Part, Row, Steps

MAX_READINGS = 8_000
"""Per body: ten sensors at 100 Hz for 8 s, the longest gap seen in a watch recording. The newest are kept."""
MAX_COMMAS = 150_000
"""Bounds the values of a body before any of it is decoded: eight thousand wrist motion readings have as many."""
MAX_DEVICES = 8
"""Devices remembered at a time; the one heard longest ago is forgotten."""
MAX_VALUES_BYTES = 4_096
"""The `values` of one reading; a wrist motion reading has about 500."""


class SensorError(StrEnum):
    """Why a body was refused as a whole."""

    NOT_JSON = "sensor_logger: the body is not JSON"
    TOO_MANY = "sensor_logger: too many values in one body"


class _Message(msgspec.Struct):
    payload: msgspec.Raw
    messageId: Any = None  # noqa: N815 - the wire's names
    sessionId: Any = None  # noqa: N815
    deviceId: Any = None  # noqa: N815


class _Reading(msgspec.Struct):
    name: str
    time: int | str
    values: msgspec.Raw
    accuracy: Any = None


_MESSAGE = msgspec.json.Decoder(_Message)
_PAYLOAD = msgspec.json.Decoder(list[msgspec.Raw])
_READING = msgspec.json.Decoder(_Reading)
_VALUES = msgspec.json.Decoder(dict[str, Any])
_BAD_JSON = (msgspec.MsgspecError, ValueError, RecursionError)


@lru_cache(maxsize=512)
def fold(name: str) -> str:
    """One spelling for "wrist motion", "wristMotion", "WristMotion", "wrist_motion"."""
    return "".join(letter for letter in name[:64].lower() if letter.isalnum())


class SensorLoggerDecoder:
    """Bodies to frames, with what each device taught so far: its units, its sign, its clock, its last readings."""

    def __init__(self, side: str = "", axes: Axes = Axes.AUTO) -> None:
        self._side = side
        self._axes = axes
        self._devices: OrderedDict[str, Device] = OrderedDict()

    def decode(self, body: bytes, recv_ns: int) -> Batch | SensorError:
        """One HTTP body received at `recv_ns`, in one go."""
        steps = self.decode_in_steps(body, recv_ns)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                result: Batch | SensorError = done.value
                return result

    def decode_in_steps(self, body: bytes, recv_ns: int) -> Steps[Batch | SensorError]:
        """The same a slice at a time: returns what `decode` returns. Only one body may be under way at a time."""
        if body.count(b",") > MAX_COMMAS:
            return SensorError.TOO_MANY
        try:
            message = _MESSAGE.decode(body)
            payload = _PAYLOAD.decode(message.payload)
        except _BAD_JSON:
            return Batch(is_test=True) if _is_json(body) else SensorError.NOT_JSON
        batch = Batch(_message_id(message.messageId), str(message.deviceId)[:64])
        batch.cut = max(0, len(payload) - MAX_READINGS)
        device = self._device(batch.device)
        rows = yield from _rows(payload[batch.cut :], batch, device)
        yield from device.take(rows, str(message.sessionId)[:64], recv_ns, batch)
        return batch

    def _device(self, name: str) -> Device:
        device = self._devices.get(name)
        if device is None:
            device = self._devices[name] = Device(self._side, self._axes)
            while len(self._devices) > MAX_DEVICES:
                self._devices.popitem(last=False)
        self._devices.move_to_end(name)
        return device


def _rows(payload: list[msgspec.Raw], batch: Batch, device: Device) -> Steps[dict[Part, list[Row]]]:
    rows: dict[Part, list[Row]] = {}
    for count, raw in enumerate(payload, 1):
        try:
            _read(raw, rows, batch, device)
        except _BAD_JSON:
            batch.bad += 1
        if count % SLICE == 0:
            yield
    return rows


def _read(raw: msgspec.Raw, rows: dict[Part, list[Row]], batch: Batch, device: Device) -> None:
    """One reading into the rows of its part. Raises one of `_BAD_JSON` when it is not in the form."""
    reading = _READING.decode(raw)
    part = PARTS.get(fold(reading.name))
    if part is None:
        batch.skipped += 1
        return
    time_ns = int(reading.time)
    if not 0 < time_ns < 1 << 63 or memoryview(reading.values).nbytes > MAX_VALUES_BYTES:
        raise ValueError("time or values out of bounds")
    values = {fold(key): value for key, value in _VALUES.decode(reading.values).items()}
    if reading.accuracy is not None and part in PHONE_PARTS:
        device.phone_sign.hint_android()
    rows.setdefault(part, []).append((time_ns, values))


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except _BAD_JSON:
        return False
    return True


def _message_id(value: object) -> int:
    return value if isinstance(value, int) else -1
