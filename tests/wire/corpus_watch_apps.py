"""Valid and hostile messages of the heart-rate apps over HTTP and of ZIG SIM's JSON mode."""

import json
import math
from collections.abc import Callable
from typing import Any

from bridges.wire.heart_http import HEART_RANGE_BPM, MAX_BODY_BYTES, MAX_QUERY_BYTES, HeartDecoder
from bridges.wire.zigsim_json import MAX_BYTES, ZigsimJsonDecoder
from dynamics.frames import ImuSample, WatchSample
from tests.wire.corpus import Codec, register

XYZ = {"x": 0.0123456789012345, "y": -0.512345678901234, "z": 0.8612345678901234}


def zigsim(os: str = "ios", **sensors: Any) -> bytes:
    device = {"name": "phone", "uuid": "a1B2c3", "os": os, "osversion": "17.1", "displaywidth": 1170, "displayheight": 2532}
    return json.dumps({"device": device, "timestamp": "2026_11_24_12:00:00.123", "sensordata": sensors}).encode()


def everything() -> bytes:
    touch = [{"x": 0.1234567 * n, "y": -0.7654321, "radius": 20.5, "force": 0.25} for n in range(10)]
    return zigsim(
        accel=XYZ,
        gravity=XYZ,
        gyro=XYZ,
        quaternion={**XYZ, "w": 0.1},
        touch=touch,
        compass={"compass": 181.5, "faceup": True},
        gps={"latitude": 35.123456789, "longitude": 139.123456789},
        pressure={"pressure": 1013.25, "altitude": 0.5},
        miclevel={"max": -20.1, "average": -40.5},
        beacon=[{"uuid": "B9407F30-F5F8-466E-AFF9-25556B57FE6D", "major": 1, "minor": n, "rssi": -60} for n in range(8)],
        proximitymonitor={"proximitymonitor": False},
        battery={"battery": 0.85},
    )


def _by(method: str) -> Callable[[HeartDecoder, bytes, int], list[WatchSample]]:
    def feed(decoder: HeartDecoder, packet: bytes, recv_ns: int) -> list[WatchSample]:
        out: list[WatchSample] = []
        getattr(decoder, method)(packet.decode("utf-8", "replace") if method == "text" else packet, recv_ns, out)
        return out

    return feed


def _feed_zigsim(decoder: ZigsimJsonDecoder, packet: bytes, recv_ns: int) -> list[ImuSample]:
    out: list[ImuSample] = []
    decoder.feed(packet, recv_ns, out)
    return out


def sane_heart(frame: WatchSample) -> bool:
    bpm = frame.heart_rate_bpm
    return math.isnan(bpm) or HEART_RANGE_BPM[0] <= bpm <= HEART_RANGE_BPM[1]


def sane_imu(frame: ImuSample) -> bool:
    """Vectors are whole or missing as a whole, and of a size that a phone reports."""
    vecs = (frame.accel_mps2, frame.gravity_mps2, frame.gyro_radps, frame.quat_xyzw)
    whole = all(all(map(math.isfinite, vec)) or all(map(math.isnan, vec)) for vec in vecs)
    return whole and not any(abs(part) > 1000 for vec in vecs for part in vec)


LONG_NUMBER = b"1" * 4000
_HEART_TEXTS = (
    b"heartRate:72",
    b"heartRate:0",
    b"heartRate:71.5",
    b"calories:12",
    b"motion:[0.1,0.2,0.3]",
    b"clientName:watch",
)
_HEART_TEXTS_HOSTILE = (
    b"heartRate:" + LONG_NUMBER,
    b"heartRate:1e999",
    b"heartRate:nan",
    b":" * MAX_BODY_BYTES,
    b"heartRate:-1",
)
_BODIES = tuple(json.dumps({"data": text.decode()}).encode() for text in _HEART_TEXTS)
_BODIES_HOSTILE = (
    b"[" * MAX_BODY_BYTES,
    b'{"a":' * 800,
    b'{"data":' + LONG_NUMBER + b"}",
    b'{"data":"' + b"\\u0041" * 600 + b'"}',
    b'{"data":"heartRate:' + LONG_NUMBER + b'"}',
)
_PHONE = (everything(), zigsim(accel=XYZ), zigsim("android", gravity=XYZ, quaternion={**XYZ, "w": 0.0}), zigsim(gyro=XYZ))
_PHONE_HOSTILE = (
    b"[" * MAX_BYTES,
    b'{"sensordata":' * 580,
    b'{"sensordata":{"accel":{"x":' + LONG_NUMBER + b"}}}",
    b'{"sensordata":{"accel":{"x":1e308,"y":-1e308,"z":1e308},"quaternion":{"x":1e308,"y":0,"z":0,"w":1}}}',
    b'{"sensordata":{"gravity":{"x":1e-308,"y":0,"z":0},"gyro":{"x":1e300,"y":0,"z":0}}}',
    b'{"sensordata":{' + b'"accel":{},' * 700 + b'"gyro":{}}}',
    b'{"sensordata":{"accel":' + b"[" * 8000,
    b'{"sensordata":{' + b'"touch":[0.1234567],' * 400 + b'"gyro":{"x":1,"y":1,"z":1}}}',
    zigsim(accel={**XYZ, "x": None}, gravity=[1, 2, 3], gyro="fast", quaternion=None),
    b" " * MAX_BYTES,
)

register(
    "heart_query", Codec(HeartDecoder, _by("query"), MAX_QUERY_BYTES, (b"bpm=72", b"bpm=0", b"a=1&bpm=88.5"), (), sane_heart)
)
register("heart_body", Codec(HeartDecoder, _by("body"), MAX_BODY_BYTES, _BODIES, _BODIES_HOSTILE, sane_heart))
register("heart_text", Codec(HeartDecoder, _by("text"), MAX_BODY_BYTES, _HEART_TEXTS, _HEART_TEXTS_HOSTILE, sane_heart))
register("zigsim_json", Codec(ZigsimJsonDecoder, _feed_zigsim, MAX_BYTES, _PHONE, _PHONE_HOSTILE, sane_imu))
