"""ZIG SIM's JSON mode: one object a message, in a datagram or on a line. No I/O, no exception on any bytes.

`{"device": {"os", ...}, "timestamp", "sensordata": {"accel": {x, y, z}, "gravity": {...}, "gyro": {...},
"quaternion": {x, y, z, w}, ...}}`, with those sensors that are switched on in the app. Its units are those of its OSC mode:
acceleration (without gravity) and gravity in g, gyro in rad/s. `timestamp` is a local time without a zone and is not read:
a frame was captured when its message arrived. The other sensors are skipped.
"""

from enum import StrEnum

import msgspec

from dynamics.frames import ImuSample

from . import body_units as units
from .body_units import NO_QUAT, NO_VEC3, Axes, Quat, Vec3

MAX_BYTES = 8_192
"""A message with every sensor of the phone on and ten fingers on the glass has about 2,000."""
_AXES_MAX = 1e9
"""Beyond it a component is no number; what a sensor can report is judged after the units."""


class ZigsimError(StrEnum):
    """Why a message was refused."""

    FORMAT = "zigsim: not JSON of ZIG SIM"
    NO_MOTION = "zigsim: no acceleration, gravity, gyro or quaternion in it, switch them on in the app"
    NUMBERS = "zigsim: its sensors are not x, y, z (and w) in numbers"


_NOT_SENT = msgspec.Raw()


class _Sensors(msgspec.Struct, gc=False):
    accel: msgspec.Raw = _NOT_SENT
    gravity: msgspec.Raw = _NOT_SENT
    gyro: msgspec.Raw = _NOT_SENT
    quaternion: msgspec.Raw = _NOT_SENT


class _Message(msgspec.Struct, gc=False):
    sensordata: _Sensors
    device: msgspec.Raw = _NOT_SENT


class _Device(msgspec.Struct, gc=False):
    os: str = ""


class _Xyz(msgspec.Struct, gc=False):
    """Floats only: an integer of 5,000 digits would be converted at quadratic cost before it is refused."""

    x: float
    y: float
    z: float


class _Xyzw(msgspec.Struct, gc=False):
    x: float
    y: float
    z: float
    w: float


_MESSAGE = msgspec.json.Decoder(_Message).decode
_DEVICE = msgspec.json.Decoder(_Device).decode
_XYZ = msgspec.json.Decoder(_Xyz).decode
_XYZW = msgspec.json.Decoder(_Xyzw).decode
_BAD_JSON = (msgspec.MsgspecError, ValueError, RecursionError)


class ZigsimJsonDecoder:
    """`feed(message, recv_ns, out)` appends a frame to `out` or says why not."""

    def __init__(self, axes: Axes = Axes.AUTO) -> None:
        self._unit = units.UnitSense(starts_in_g=True)
        self._sign = units.SignSense(axes)
        self._seq = 0

    def feed(self, message: bytes, recv_ns: int, out: list[ImuSample]) -> ZigsimError | None:
        """Read one object of at most MAX_BYTES."""
        try:
            read = _MESSAGE(message)
        except _BAD_JSON:
            return ZigsimError.FORMAT
        sent = read.sensordata
        if all(raw is _NOT_SENT for raw in (sent.accel, sent.gravity, sent.gyro, sent.quaternion)):
            return ZigsimError.NO_MOTION
        gravity, quat = _vec(sent.gravity), units.unit_quat(_quat(sent.quaternion))
        accel, gyro = _vec(sent.accel), _bounded(_vec(sent.gyro), units.GYRO_LIMIT_RADPS)
        if all(part[0] != part[0] for part in (accel, gravity, gyro, quat)):
            return ZigsimError.NUMBERS
        if _is_android(read.device):
            self._sign.hint_android()
        out.append(self._frame(accel, gravity, gyro, quat, recv_ns))
        return None

    def _frame(self, accel: Vec3, gravity: Vec3, gyro: Vec3, quat: Quat, recv_ns: int) -> ImuSample:
        self._unit.look(gravity)
        self._sign.look(gravity, quat)
        factor = self._unit.factor * self._sign.sign
        gravity = units.scaled(gravity, factor)
        if not units.is_gravity(gravity):
            gravity = NO_VEC3
        pitch, roll = units.pitch_roll(gravity if gravity is not NO_VEC3 else units.up_of(quat))
        self._seq += 1
        return ImuSample(
            capture_ns=recv_ns,
            recv_ns=recv_ns,
            seq=self._seq,
            accel_mps2=_bounded(units.scaled(accel, factor), units.ACCEL_LIMIT_MPS2),
            gravity_mps2=gravity,
            gyro_radps=gyro,
            quat_xyzw=quat,
            pitch_rad=pitch,
            roll_rad=roll,
        )


def _vec(raw: msgspec.Raw) -> Vec3:
    """Missing as a whole when it was not sent or a component is no number."""
    try:
        read = _XYZ(raw)
    except _BAD_JSON:
        return NO_VEC3
    return _bounded((read.x, read.y, read.z), _AXES_MAX)


def _quat(raw: msgspec.Raw) -> Quat:
    try:
        read = _XYZW(raw)
    except _BAD_JSON:
        return NO_QUAT
    return (read.x, read.y, read.z, read.w)


def _bounded(vec: Vec3, limit: float) -> Vec3:
    return vec if max(abs(part) for part in vec) <= limit else NO_VEC3


def _is_android(raw: msgspec.Raw) -> bool:
    try:
        return _DEVICE(raw).os.lower() == "android"
    except _BAD_JSON:
        return False
