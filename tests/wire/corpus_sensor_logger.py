"""HTTP bodies of Sensor Logger: a second of a phone and its watch, and what was made to cost much."""

import json
from typing import Any

from bridges.sources.sensor_logger import MAX_BODY_BYTES
from bridges.wire.sensor_logger import SensorError, SensorLoggerDecoder
from tests.wire.corpus import Codec, register

T0_NS = 1_746_650_740_041_851_601
MS = 1_000_000
VECTOR = {"x": 0.123456789, "y": -0.2345678, "z": 9.8123456}
TURN = {"qx": 0.0, "qy": 0.0, "qz": 0.6, "qw": 0.8, "roll": 0.1, "pitch": 0.2, "yaw": 0.3}
WRIST = {
    f"{name}{axis}": 0.123456789
    for name, axes in (("acceleration", "XYZ"), ("gravity", "XYZ"), ("rotationRate", "XYZ"), ("quaternion", "WXYZ"))
    for axis in axes
}


def body(payload: list[dict[str, Any]], number: int = 1) -> bytes:
    head = {"messageId": number, "sessionId": "s", "deviceId": "d"}
    return json.dumps(head | {"payload": payload}, separators=(",", ":")).encode()


def readings(milliseconds: int, wrist: bool = True) -> list[dict[str, Any]]:
    """A phone's four sensors at 100 Hz, its watch at 50 Hz, a heart rate every five seconds."""
    found: list[dict[str, Any]] = []
    for at in range(0, milliseconds, 10):
        time_ns = T0_NS + at * MS
        found += [{"name": name, "time": time_ns, "values": VECTOR} for name in ("accelerometer", "gravity", "gyroscope")]
        found.append({"name": "orientation", "time": time_ns, "values": TURN})
        if wrist and at % 20 == 0:
            found.append({"name": "wrist motion", "time": time_ns, "values": WRIST})
        if at % 5000 == 0:
            found.append({"name": "heart rate", "time": time_ns, "values": {"bpm": 72}})
    return found


def _hostile() -> tuple[bytes, ...]:
    one = readings(10)
    return (
        b"[" * 4000,
        b'{"a":' * 800,
        b'{"payload":' + b"[" * 4000,
        body([{"name": "gravity", "time": T0_NS, "values": {str(n): n for n in range(400)}}]),
        body([{"name": "gravity", "time": "9" * 4000, "values": VECTOR}]),
        body([{"name": "a" * 4000, "time": T0_NS, "values": VECTOR}]),
        body([{"name": f"n{n}", "time": T0_NS, "values": {}} for n in range(200)]),
        body([{"name": "gravity", "time": T0_NS - n, "values": {f"k{n}": n}} for n in range(100)]),
        body([*one, {"name": "wrist motion", "time": T0_NS - 10**18, "values": WRIST}]),
        b" " * 8000,
    )


def large() -> tuple[bytes, tuple[bytes, ...]]:
    """The largest valid body, and hostile ones of the largest size that is taken."""
    room = MAX_BODY_BYTES
    reading = b'{"name":"gravity","time":1746650740041851601,"values":{"x":1}},'
    odd = b'{"name":"n%07d","time":1,"values":{}},'
    keys = b'{"name":"gravity","time":17466507400418516,"values":{"a%07d":1,"b%07d":1,"c%07d":1}},'
    head, tail = b'{"payload":[', b"1]}"
    return body(readings(17_700)), (
        head + reading * (room // len(reading) - 2) + tail,
        head + b"".join(odd % n for n in range(49_000)) + tail,
        head + b"".join(keys % (n, n, n) for n in range(20_000)) + tail,
        head + b"1," * 149_000 + tail,
        head + b"{}," * 149_000 + tail,
        b"[" * room,
        b'{"payload":' + b" " * (room - 20) + b"[]}",
        head + b'"' + b"\\u0041" * (room // 6 - 10) + b'",' + tail,
    )


def _feed(decoder: SensorLoggerDecoder, packet: bytes, recv_ns: int) -> list[Any]:
    batch = decoder.decode(packet, recv_ns)
    return [] if isinstance(batch, SensorError) else batch.frames


def _sane(frame: Any) -> bool:
    return bool(frame.capture_ns <= frame.recv_ns and all(abs(part) < 1e4 or part != part for part in frame.accel_mps2))


register(
    "sensor_logger",
    Codec(
        SensorLoggerDecoder, _feed, MAX_BODY_BYTES,
        (body(readings(50)), body(readings(20, wrist=False), 2), body([])), _hostile(), _sane,
    ),
)  # fmt: skip
