"""Packets of watch and phone apps over OSC."""

from typing import Any

from bridges.wire import osc_apps
from dynamics.frames import ImuSample, WatchSample
from tests.wire import packets as p
from tests.wire.corpus import Codec, register

UUID = "A1B2C3D4-0000-4444-8888-ABCDEF012345"


def _sane(frame: ImuSample | WatchSample) -> bool:
    """Every number finite, or missing as a whole."""
    vectors = [frame.accel_mps2, frame.gyro_radps]
    if isinstance(frame, ImuSample):
        vectors += [frame.gravity_mps2, frame.quat_xyzw]  # type: ignore[list-item]  # a quaternion has four
    return all(abs(part) < 1e4 or vector[0] != vector[0] for vector in vectors for part in vector)


def zig_sim(*touches: int) -> bytes:
    """Everything that the app sends in one bundle, with these fingers on the screen."""
    sensors: list[tuple[str, tuple[float, ...]]] = [
        ("accel", (0.1, 0.2, 0.3)), ("gravity", (0.0, 0.0, -1.0)), ("gyro", (0.1, 0.2, 0.3)),
        ("quaternion", (0.0, 0.0, 0.6, 0.8)), ("compass", (180.0,)), ("pressure", (1013.0, 12.0)), ("gps", (35.6, 139.7)),
        ("miclevel", (-20.0, -10.0)),
    ]  # fmt: skip
    for finger in touches:
        sensors += [(f"touch{finger:02}", (0.1, 0.2)), (f"touchradius{finger:02}", (0.3,))]
    info = p.osc(f"/ZIGSIM/{UUID}/deviceinfo", "sssii", "stage phone", UUID, "iOS", 1170, 2532)
    return p.bundle(info, *(p.osc(f"/ZIGSIM/{UUID}/{name}", "f" * len(args), *args) for name, args in sensors))


def _valid() -> tuple[bytes, ...]:
    three, xyz = (0.1, 0.2, 0.3), "xyz"
    parts = [
        p.osc(f"/tdlidar/motion/{part}/{axis}", "f", 0.1)
        for part in ("accel", "gravity", "rotation", "watch/accel", "watch/rotation")
        for axis in xyz
    ]
    names = ("accelerometer", "gyroscope", "gravity", "linearacceleration")
    sensors = [*(p.osc(f"/{name}", "fff", *three) for name in names), p.osc("/rotationvector", "ffff", 0, 0, 0.6, 0.8)]
    gyrosc = [p.osc(f"/gyrosc/{name}", "fff", *three) for name in ("gyro", "rrate", "grav", "accel")]
    beats = [p.osc("/heartrate", "i", 72), p.osc("/avatar/parameters/hr_percent", "f", 0.4), p.osc("/bpm", "f", 99.0)]
    connected = p.pad(b"/avatar/parameters/hr_connected") + p.pad(b",T")
    return (zig_sim(0, 1), zig_sim(), *parts, p.bundle(*parts), *sensors, p.bundle(*sensors), *gyrosc, *beats, connected)


def _hostile() -> tuple[bytes, ...]:
    beats = [p.osc("/heartrate", "i", 72)] * 63
    zig = p.osc(f"/{'a' * 64}/quaternion", "ffff", 0, 0, 0.6, 0.8)
    return (
        p.bundle(*[b"/a\0\0"] * 64),
        p.bundle(*[b"/a\0\0"] * 200),
        p.bundle(*beats),
        p.bundle(*[p.osc("/bpm", "f", 72.0)] * 64),
        p.bundle(*[p.osc("/gravity", "fff", 0.1, 0.2, 9.8)] * 60),
        p.bundle(*[p.osc("/gravity", "ddd", 0.1, 0.2, 9.8)] * 40),
        p.bundle(*[p.osc("/gravity", "fff", float("nan"), 0.2, 9.8)] * 60),
        p.bundle(*[p.osc("/rotationvector", "fff", 0.1, 0.2, 0.3)] * 46),
        p.bundle(*[zig] * 15),
        p.bundle(*[p.osc("/a/gravity", "fff", 0.0, 0.0, 1.0), p.osc("/a/quaternion", "ffff", 0, 0, 0.6, 0.8)] * 23),
        p.bundle(*[p.osc(f"/{'ab' * 16}/{n}", "") for n in range(36)]),
        p.osc("/gravity", "f" * 128, *[0.1] * 128),
        p.pad(b"/gravity") + p.pad(b"," + b"fi" * 64) + bytes(1000),
        p.pad(b"/gravity") + p.pad(b"," + b"T" * 2000),
        p.pad(b"/" + b"a" * 2040),
        p.pad(b"/gravity") + p.pad(b"," + b"s" * 128) + bytes(1000),
        p.pad(b"/gravity") + p.pad(b"," + b"[]" * 64) + bytes(1000),
        p.pad(b"/bpm") + p.pad(b",b") + b"\x7f\xff\xff\xff" + bytes(1000),
    )


def _feed(decoder: osc_apps.OscAppsDecoder, packet: bytes, recv_ns: int) -> list[Any]:
    out: list[Any] = []
    decoder.feed(packet, recv_ns, out)
    return out


register("osc_apps", Codec(osc_apps.OscAppsDecoder, _feed, osc_apps.MAX_BYTES, _valid(), _hostile(), _sane))
