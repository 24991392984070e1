"""Watch and phone apps that send OSC: one table from address to what it means here. No I/O, no exception on any bytes.

Addresses are matched exactly. Only ZIG SIM puts an id of its own choice in front; there the last part counts, under a
rule that bounds what the id may be. Nothing carries a time, so a frame was captured when its datagram arrived.

Left out on purpose: `/gyrosc/quat` (senders disagree on the order of its numbers), `/accelerometer` of Sensors2OSC (with
gravity in it) and `/orientation` (degrees, deprecated by its system), TDLiDAR's pitch and roll (zeroed by the app at a
moment of its own). The names under `/tdlidar/motion/watch/` are not published one by one: those below are a guess.
"""

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dynamics.frames import ImuSample, WatchSample

from . import body_units as units
from .body_units import G0_MPS2, NAN, NO_QUAT, NO_VEC3, Axes, Quat, Vec3
from .osc import OscArg, OscError, OscLimits, read_message, split

MAX_BYTES = 2048
"""A ZIG SIM bundle with everything on stays below half of it."""
LIMITS = OscLimits(messages=64, arguments=128, depth=2)
MAX_READINGS = 32
"""Messages with a known address per datagram: TDLiDAR has eighteen addresses, every other app fewer."""
JOIN_NS = 150_000_000
"""Readings of two sensors this close belong together: a little more than a period of 10 Hz, the slowest useful rate."""
LEADER_NS = 500_000_000
"""A sensor that was silent this long no longer sets the times of the frames."""
HEART_HELD_NS = 15_000_000_000
"""Heart rates come every 1-10 s."""
NEVER_NS = -(1 << 62)
HEART_RANGE_BPM = (25.0, 250.0)
"""Outside it, 0 included, no pulse was found."""
HR_PERCENT_BPM = 200.0
"""hr-osc sends beats per minute divided by this."""


class OscAppError(StrEnum):
    """Why a datagram gave nothing."""

    UNKNOWN = "osc apps: no address of a known app"
    ARGUMENTS = "osc apps: too few arguments, or not numbers"
    TOO_MANY = "osc apps: more readings than any app has"


class Target(StrEnum):
    """What a message is about."""

    ACCEL = "accel"
    GYRO = "gyro"
    GRAVITY = "gravity"
    QUAT = "quat"
    ATTITUDE = "attitude"
    """Pitch and roll, rad."""
    WATCH_ACCEL = "watch_accel"
    WATCH_GYRO = "watch_gyro"
    HEART = "heart"
    HEART_CONNECTED = "heart_connected"


POCKET = (Target.ACCEL, Target.GYRO, Target.GRAVITY, Target.QUAT, Target.ATTITUDE)
"""The first of these that is being sent sets the times of the pocket frames; the others are joined to it."""
WATCH = (Target.WATCH_ACCEL, Target.WATCH_GYRO)

IOS, STANDARD, SENSED = -1.0, 1.0, 0.0
"""What brings acceleration and gravity to our sign; SENSED: told from quaternion and gravity."""


@dataclass(frozen=True, slots=True)
class Row:
    """One address. `factor` brings its numbers to SI; `axis` 0..2 says that it carries one component only."""

    target: Target
    factor: float = 1.0
    sign: float = STANDARD
    axis: int = -1


def _xyz(address: str, target: Target, factor: float, sign: float) -> dict[str, Row]:
    """Three addresses with one component each."""
    return {f"{address}/{name}": Row(target, factor, sign, axis) for axis, name in enumerate("xyz")}


Reading = tuple[Row, tuple[OscArg, ...]]

ADDRESSES: dict[str, Row] = {
    # GyrOSC: iOS, g
    "/gyrosc/accel": Row(Target.ACCEL, G0_MPS2, IOS),
    "/gyrosc/grav": Row(Target.GRAVITY, G0_MPS2, IOS),
    "/gyrosc/rrate": Row(Target.GYRO),
    "/gyrosc/gyro": Row(Target.ATTITUDE),
    # Sensors2OSC: Android, SI
    "/linearacceleration": Row(Target.ACCEL),
    "/gravity": Row(Target.GRAVITY),
    "/gyroscope": Row(Target.GYRO),
    "/rotationvector": Row(Target.QUAT),
    # TDLiDAR: iOS, g, one component a message
    **_xyz("/tdlidar/motion/accel", Target.ACCEL, G0_MPS2, IOS),
    **_xyz("/tdlidar/motion/gravity", Target.GRAVITY, G0_MPS2, IOS),
    **_xyz("/tdlidar/motion/rotation", Target.GYRO, 1.0, STANDARD),
    **_xyz("/tdlidar/motion/watch/accel", Target.WATCH_ACCEL, G0_MPS2, IOS),
    **_xyz("/tdlidar/motion/watch/rotation", Target.WATCH_GYRO, 1.0, STANDARD),
    "/tdlidar/motion/watch/heartrate": Row(Target.HEART),
    "/tdlidar/motion/watch/heart_rate": Row(Target.HEART),
    # heart rates: PolarToOSC and Sensors2OSC, VRChat apps, hr-osc, phoenix
    "/heartrate": Row(Target.HEART),
    "/avatar/parameters/HR": Row(Target.HEART),
    "/avatar/parameters/hr_percent": Row(Target.HEART, HR_PERCENT_BPM),
    "/avatar/parameters/hr_connected": Row(Target.HEART_CONNECTED),
    "/bpm": Row(Target.HEART),
}

ZIG_SIM: dict[str, Row] = {
    "accel": Row(Target.ACCEL, G0_MPS2, SENSED),
    "gravity": Row(Target.GRAVITY, G0_MPS2, SENSED),
    "gyro": Row(Target.GYRO),
    "quaternion": Row(Target.QUAT),
}
"""Last part of the address → meaning. ZIG SIM exists for iOS and Android."""
_ZIG_ADDRESS = re.compile(r"(?:/ZIGSIM)?/[A-Za-z0-9_-]{1,64}/([a-z]{4,10})")
SLASH = 0x2F
MAX_ADDRESS_BYTES = 96
"""ZIG SIM's, with an id of 64 characters in front, has 82."""
_OTHER_APPS = ("/gyrosc/", "/tdlidar/", "/avatar/", "/bt/")


def row_of(address: str) -> Row | None:
    """The table's row for an address, None when no app is known to use it."""
    row = ADDRESSES.get(address)
    if row is not None or address.startswith(_OTHER_APPS):
        return row
    match = _ZIG_ADDRESS.fullmatch(address)
    return None if match is None else ZIG_SIM.get(match[1])


class OscAppsDecoder:
    """`feed(packet, recv_ns, out)` appends pocket and watch frames to `out`; returns why something was refused."""

    def __init__(self, side: str = "", axes: Axes = Axes.AUTO) -> None:
        self._side = side
        self._state = _State(units.SignSense(axes))
        self._pocket_seq = 0
        self._watch_seq = 0

    def feed(self, packet: bytes, recv_ns: int, out: list[Any]) -> OscError | OscAppError | None:
        """Read one datagram of at most MAX_BYTES."""
        readings: list[Reading] = []
        error = _readings(packet, readings)
        if error is not None:
            return error
        touched: set[Target] = set()
        reason: OscAppError | None = OscAppError.UNKNOWN
        for row, args in readings:
            reason = self._state.take(row, args, recv_ns, touched)
        if self._state.leads(POCKET, touched, recv_ns):
            out.append(self._pocket(recv_ns))
        if Target.HEART in touched or self._state.leads(WATCH, touched, recv_ns):
            out.append(self._watch(recv_ns))
        return None if touched else reason

    def _pocket(self, recv_ns: int) -> ImuSample:
        state = self._state
        gravity, quat = state.vec(Target.GRAVITY, recv_ns), state.quat(recv_ns)
        if not units.is_gravity(gravity):
            gravity = NO_VEC3
        pitch, roll = units.pitch_roll(gravity if gravity is not NO_VEC3 else units.up_of(quat))
        if math.isnan(pitch):
            pitch, roll, _ = state.vec(Target.ATTITUDE, recv_ns)
        self._pocket_seq += 1
        return ImuSample(
            capture_ns=recv_ns,
            recv_ns=recv_ns,
            seq=self._pocket_seq,
            accel_mps2=state.vec(Target.ACCEL, recv_ns),
            gravity_mps2=gravity,
            gyro_radps=state.vec(Target.GYRO, recv_ns),
            quat_xyzw=quat,
            pitch_rad=pitch,
            roll_rad=roll,
        )

    def _watch(self, recv_ns: int) -> WatchSample:
        self._watch_seq += 1
        return WatchSample(
            capture_ns=recv_ns,
            recv_ns=recv_ns,
            seq=self._watch_seq,
            heart_rate_bpm=self._state.heart(recv_ns),
            accel_mps2=self._state.vec(Target.WATCH_ACCEL, recv_ns),
            gyro_radps=self._state.vec(Target.WATCH_GYRO, recv_ns),
            side=self._side,
        )


def _readings(packet: bytes, readings: list[Reading]) -> OscError | OscAppError | None:
    """The messages whose address is known; of the others nothing but the address is read."""
    spans: list[tuple[int, int]] = []
    error = split(packet, spans, LIMITS)
    if error is not None:
        return error
    budget = LIMITS.arguments
    for start, end in spans:
        nul = packet.find(0, start, end)
        if nul < 0 or packet[start] != SLASH:
            return OscError.ADDRESS
        row = row_of(packet[start:nul].decode("utf-8", "replace")) if nul - start <= MAX_ADDRESS_BYTES else None
        if row is None:
            continue
        if len(readings) >= MAX_READINGS:
            return OscAppError.TOO_MANY
        message = read_message(packet, start, end, budget)
        if isinstance(message, OscError):
            return message
        budget -= len(message.tags)
        readings.append((row, message.args))
    return None


class _State:
    """The newest reading of every target, each with its time."""

    def __init__(self, sense: units.SignSense) -> None:
        self._sense = sense
        self._vecs: dict[Target, tuple[int, Vec3, float]] = {}
        self._parts: dict[Target, list[float]] = {}
        self._quat: tuple[int, Quat] = (NEVER_NS, NO_QUAT)
        self._heart: tuple[int, float] = (NEVER_NS, NAN)

    def take(self, row: Row, args: tuple[OscArg, ...], recv_ns: int, touched: set[Target]) -> OscAppError | None:
        """Take one message; its target is added to `touched` when it is complete."""
        if row.target is Target.HEART_CONNECTED:
            return self._connected(args, recv_ns, touched)
        if row.target is Target.HEART:
            return self._beat(row, args, recv_ns, touched)
        if row.target is Target.QUAT:
            return self._turn(args, recv_ns, touched)
        vec = self._component(row, args) if row.axis >= 0 else _vec(args)
        if vec is None:
            return None
        if vec[0] != vec[0]:
            return OscAppError.ARGUMENTS
        self._vecs[row.target] = (recv_ns, _bounded(units.scaled(vec, row.factor), row.target), row.sign)
        touched.add(row.target)
        self._look(row.target)
        return None

    def leads(self, order: tuple[Target, ...], touched: set[Target], recv_ns: int) -> bool:
        """Whether the first of `order` that is being sent was touched just now."""
        for target in order:
            if target in touched:
                return True
            if recv_ns - self._time(target) <= LEADER_NS:
                return False
        return False

    def vec(self, target: Target, recv_ns: int) -> Vec3:
        """SI, our sign; missing when it is too old to belong to `recv_ns`."""
        time_ns, vec, sign = self._vecs.get(target, (NEVER_NS, NO_VEC3, STANDARD))
        if recv_ns - time_ns > JOIN_NS:
            return NO_VEC3
        return units.scaled(vec, (sign if sign != SENSED else self._sense.sign))

    def quat(self, recv_ns: int) -> Quat:
        return self._quat[1] if recv_ns - self._quat[0] <= JOIN_NS else NO_QUAT

    def heart(self, recv_ns: int) -> float:
        return self._heart[1] if recv_ns - self._heart[0] <= HEART_HELD_NS else NAN

    def _time(self, target: Target) -> int:
        if target is Target.QUAT:
            return self._quat[0]
        return self._vecs[target][0] if target in self._vecs else NEVER_NS

    def _look(self, target: Target) -> None:
        """Let gravity and quaternion of one moment tell the sign."""
        time_ns, gravity, sign = self._vecs.get(Target.GRAVITY, (NEVER_NS, NO_VEC3, STANDARD))
        if target in (Target.GRAVITY, Target.QUAT) and sign == SENSED and abs(time_ns - self._quat[0]) <= JOIN_NS:
            self._sense.look(gravity, self._quat[1])

    def _component(self, row: Row, args: tuple[OscArg, ...]) -> Vec3 | None:
        """The vector with its z, when x and y came just before it; None otherwise. Moments are never mixed."""
        parts = self._parts.setdefault(row.target, [])
        if row.axis == 0:
            parts.clear()
        if row.axis != len(parts):
            parts.clear()
            return None
        parts.append(units.number(args[0]) if args else NAN)
        if len(parts) < 3:
            return None
        vec = (parts[0], parts[1], parts[2])
        return vec if units.length(vec) >= 0.0 else NO_VEC3

    def _turn(self, args: tuple[OscArg, ...], recv_ns: int, touched: set[Target]) -> OscAppError | None:
        quat = units.unit_quat(_quat(args))
        if quat[0] != quat[0]:
            return OscAppError.ARGUMENTS
        self._quat = (recv_ns, quat)
        touched.add(Target.QUAT)
        self._look(Target.QUAT)
        return None

    def _beat(self, row: Row, args: tuple[OscArg, ...], recv_ns: int, touched: set[Target]) -> OscAppError | None:
        value = units.number(args[0]) * row.factor if args else NAN
        if math.isnan(value):
            return OscAppError.ARGUMENTS
        self._heart = (recv_ns, value if HEART_RANGE_BPM[0] <= value <= HEART_RANGE_BPM[1] else NAN)
        touched.add(Target.HEART)
        return None

    def _connected(self, args: tuple[OscArg, ...], recv_ns: int, touched: set[Target]) -> OscAppError | None:
        if not args or args[0] not in (True, False):
            return OscAppError.ARGUMENTS
        touched.add(Target.HEART_CONNECTED)
        if not args[0]:
            self._heart = (recv_ns, NAN)
            touched.add(Target.HEART)
        return None


def _vec(args: tuple[OscArg, ...]) -> Vec3:
    """The first three arguments; all missing when one is no number."""
    if len(args) < 3:
        return NO_VEC3
    vec = (units.number(args[0]), units.number(args[1]), units.number(args[2]))
    return vec if units.length(vec) >= 0.0 else NO_VEC3


def _quat(args: tuple[OscArg, ...]) -> Quat:
    """x y z w; w is what is left of length one where only three are sent."""
    x, y, z = _vec(args)
    w = units.number(args[3]) if len(args) > 3 else math.sqrt(max(0.0, 1.0 - (x * x + y * y + z * z)))
    return (x, y, z, w)


def _bounded(vec: Vec3, target: Target) -> Vec3:
    """Missing beyond what a person's device reports."""
    limit = units.GYRO_LIMIT_RADPS if target in (Target.GYRO, Target.WATCH_GYRO) else units.ACCEL_LIMIT_MPS2
    return vec if max(abs(part) for part in vec) <= limit else NO_VEC3
