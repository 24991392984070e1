"""What one phone (and the watch paired to it) has taught so far, and its readings turned into frames. No I/O.

Readings of several sensors are joined by time; units, sign and clock are brought to ours. The work is cut into slices, so
that a long body never holds up anything else on the loop.
"""

from bisect import bisect_left
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from dynamics.frames import ImuSample, WatchSample

from . import body_units as units
from .body_units import NAN, NO_VEC3, Axes, Quat, Vec3
from .device_clock import DeviceClock

NS_PER_S = 1_000_000_000
SLICE = 25
"""Readings or frames worked on at a time, about 0.2 ms: a second of five sensors at 100 Hz takes 4 ms in all, which no
other sender may be made to wait."""
STALE_NS = 60 * NS_PER_S
"""A reading this much older than the newest of its body is a left-over (iOS sends a first row days old)."""
CLOCK_RESET_NS = 5 * NS_PER_S
"""A later message this much older than an earlier one means that the phone's clock was set back."""
JOIN_NS = 50_000_000
"""Readings of two sensors this close belong together: half a period of 10 Hz, the slowest useful rate."""
HEART_HELD_NS = 15 * NS_PER_S
"""Heart rates come every 1-9 s: one counts as current for this long."""
WRIST_QUIET_NS = 2 * NS_PER_S
"""A heart rate gets a frame of its own only when no wrist motion came for this long."""
HEART_RANGE_BPM = (25.0, 250.0)
"""Outside it, 0 included, the watch has not found a pulse."""

_T = TypeVar("_T")
Steps = Generator[None, None, _T]
"""Work cut into slices, with its result at the end."""
Row = tuple[int, dict[str, Any]]
"""Device time in ns, and values under folded keys."""


class Part(StrEnum):
    """What a reading can be to us."""

    ACCEL = "accelerometer"
    GRAVITY = "gravity"
    GYRO = "gyroscope"
    ORIENTATION = "orientation"
    WRIST = "wristmotion"
    HEART = "heartrate"


PARTS: dict[str, Part] = {part.value: part for part in Part}
"""Folded reading name → part. Every other name, pictures and uncalibrated sensors among them, is skipped unread."""
PHONE_PARTS = (Part.ACCEL, Part.GYRO, Part.GRAVITY, Part.ORIENTATION)
"""The first of these in a body sets the times of its pocket frames; the others are joined to it."""


@dataclass(slots=True)
class Batch:
    """What one body gave. `frames` are in order of device time within each of the two streams."""

    message_id: int = -1
    device: str = ""
    frames: list[ImuSample | WatchSample] = field(default_factory=list)
    skipped: int = 0
    """Readings of other sensors."""
    bad: int = 0
    """Readings that are not in the form."""
    late: int = 0
    """Readings not newer than what was already handed on: another message overtook theirs, or it came twice."""
    stale: int = 0
    cut: int = 0
    """Readings beyond `MAX_READINGS`."""
    is_test: bool = False
    """JSON, but not a recording: the app's test message."""


class Device:
    """One phone, with the watch paired to it (both stamp with one clock)."""

    def __init__(self, side: str, axes: Axes) -> None:
        self.phone_sign = units.SignSense(axes)
        self._side = side
        self._phone_units = units.UnitSense(starts_in_g=False)
        self._watch_units = units.UnitSense(starts_in_g=True)
        self._watch_sign = units.SignSense(axes)
        self._seq = {"pocket": 0, "watch": 0}
        self._session = ""
        self._restart()

    def _restart(self) -> None:
        self._clock = DeviceClock()
        self._message_id = -1
        self._newest_ns: dict[Part, int] = {}
        self._last: dict[Part, Row] = {}
        self._heart: tuple[int, float] = (0, NAN)

    def take(self, rows: dict[Part, list[Row]], session: str, recv_ns: int, batch: Batch) -> Steps[None]:
        """Turn the readings of one body into the frames of `batch`."""
        newest_ns = max((row[0] for part in rows.values() for row in part), default=0)
        if not newest_ns:
            return
        if session != self._session or self._went_back(newest_ns, batch.message_id):
            self._session = session
            self._restart()
        self._message_id = max(self._message_id, batch.message_id)
        if newest_ns > max(self._newest_ns.values(), default=0):  # an overtaken body says nothing about the clock
            self._clock.observe(newest_ns, recv_ns)
        fresh = {part: self._fresh(part, listed, newest_ns, batch) for part, listed in rows.items()}
        yield from self._pocket(fresh, recv_ns, batch)
        yield from self._watch(fresh, recv_ns, batch)

    def _went_back(self, newest_ns: int, message_id: int) -> bool:
        known_ns = max(self._newest_ns.values(), default=0)
        return (message_id > self._message_id or message_id < 0) and newest_ns < known_ns - CLOCK_RESET_NS

    def _fresh(self, part: Part, rows: list[Row], newest_ns: int, batch: Batch) -> list[Row]:
        """Those newer than what was handed on, in order."""
        rows.sort(key=_time)
        stale = bisect_left(rows, newest_ns - STALE_NS, key=_time)
        late = max(stale, bisect_left(rows, self._newest_ns.get(part, 0) + 1, key=_time))
        batch.stale += stale
        batch.late += late - stale
        fresh = rows[late:]
        if fresh:
            self._newest_ns[part] = fresh[-1][0]
        return fresh

    def _pocket(self, rows: dict[Part, list[Row]], recv_ns: int, batch: Batch) -> Steps[None]:
        driver = next((part for part in PHONE_PARTS if rows.get(part)), None)
        if driver is None:
            return
        series = {part: _Series(rows.get(part, []), self._last.get(part)) for part in PHONE_PARTS}
        for count, (time_ns, _) in enumerate(rows[driver], 1):
            joined = {part: series[part].near(time_ns) for part in PHONE_PARTS}
            batch.frames.append(self._imu(time_ns, joined, recv_ns))
            if count % SLICE == 0:
                yield
        self._last.update({part: rows[part][-1] for part in PHONE_PARTS if rows.get(part)})

    def _imu(self, time_ns: int, values: dict[Part, dict[str, Any]], recv_ns: int) -> ImuSample:
        gravity = _vec(values[Part.GRAVITY], "x", "y", "z")
        quat = units.unit_quat(_quat(values[Part.ORIENTATION], "qx", "qy", "qz", "qw"))
        self._phone_units.look(gravity)
        self.phone_sign.look(gravity, quat)
        factor = self._phone_units.factor * self.phone_sign.sign
        gravity = _real_gravity(units.scaled(gravity, factor))
        pitch, roll = units.pitch_roll(gravity if gravity[0] == gravity[0] else units.up_of(quat))
        self._seq["pocket"] += 1
        return ImuSample(
            capture_ns=self._clock.map(time_ns, recv_ns),
            recv_ns=recv_ns,
            seq=self._seq["pocket"],
            accel_mps2=units.scaled(_vec(values[Part.ACCEL], "x", "y", "z"), factor),
            gravity_mps2=gravity,
            gyro_radps=_vec(values[Part.GYRO], "x", "y", "z", limit=units.GYRO_LIMIT_RADPS),
            quat_xyzw=quat,
            pitch_rad=pitch,
            roll_rad=roll,
            device_s=time_ns / NS_PER_S,
        )

    def _watch(self, rows: dict[Part, list[Row]], recv_ns: int, batch: Batch) -> Steps[None]:
        """Wrist motion carries the heart rate of its time; a heart rate alone gets a frame only when the wrist is quiet."""
        beats = [(time_ns, _heart(values)) for time_ns, values in rows.get(Part.HEART, ())]
        wrist_ns = self._last.get(Part.WRIST, (0, {}))[0]
        for count, (time_ns, values) in enumerate(rows.get(Part.WRIST, ()), 1):
            while beats and beats[0][0] <= time_ns:
                self._heart = beats.pop(0)
            batch.frames.append(self._wrist(time_ns, values, recv_ns))
            self._last[Part.WRIST] = (time_ns, values)
            wrist_ns = time_ns
            if count % SLICE == 0:
                yield
        for beat in beats:
            self._heart = beat
            if beat[0] - wrist_ns > WRIST_QUIET_NS:
                batch.frames.append(self._wrist(beat[0], {}, recv_ns))

    def _wrist(self, time_ns: int, values: dict[str, Any], recv_ns: int) -> WatchSample:
        gravity = _vec(values, "gravityx", "gravityy", "gravityz")
        quat = units.unit_quat(_quat(values, "quaternionx", "quaterniony", "quaternionz", "quaternionw"))
        self._watch_units.look(gravity)
        self._watch_sign.look(gravity, quat)
        factor = self._watch_units.factor * self._watch_sign.sign
        self._seq["watch"] += 1
        return WatchSample(
            capture_ns=self._clock.map(time_ns, recv_ns),
            recv_ns=recv_ns,
            seq=self._seq["watch"],
            heart_rate_bpm=self._heart[1] if time_ns - self._heart[0] <= HEART_HELD_NS else NAN,
            accel_mps2=units.scaled(_vec(values, "accelerationx", "accelerationy", "accelerationz"), factor),
            gravity_mps2=_real_gravity(units.scaled(gravity, factor)),
            gyro_radps=_vec(values, "rotationratex", "rotationratey", "rotationratez", limit=units.GYRO_LIMIT_RADPS),
            quat_xyzw=quat,
            side=self._side,
            device_s=time_ns / NS_PER_S,
        )


class _Series:
    """The readings of one sensor in a body, and its last one before, to be looked up by time."""

    __slots__ = ("_rows", "_times")

    def __init__(self, rows: list[Row], last: Row | None) -> None:
        self._rows = rows if last is None else [last, *rows]
        self._times = [row[0] for row in self._rows]

    def near(self, time_ns: int) -> dict[str, Any]:
        """Values of the reading nearest in time; empty when none is within `JOIN_NS`."""
        index = bisect_left(self._times, time_ns)
        beside = [other for other in (index - 1, index) if 0 <= other < len(self._times)]
        best = min(beside, key=lambda other: abs(self._times[other] - time_ns), default=-1)
        if best < 0 or abs(self._times[best] - time_ns) > JOIN_NS:
            return {}
        return self._rows[best][1]


def _time(row: Row) -> int:
    return row[0]


def _vec(values: dict[str, Any], x: str, y: str, z: str, limit: float = units.ACCEL_LIMIT_MPS2) -> Vec3:
    """The three numbers, or all missing when one is."""
    vec = (units.number(values.get(x), limit), units.number(values.get(y), limit), units.number(values.get(z), limit))
    return vec if units.length(vec) >= 0.0 else NO_VEC3


def _quat(values: dict[str, Any], x: str, y: str, z: str, w: str) -> Quat:
    quat = tuple(units.number(values.get(key)) for key in (x, y, z, w))
    return (quat[0], quat[1], quat[2], quat[3])


def _real_gravity(gravity: Vec3) -> Vec3:
    """Missing when its length is not one: a stale row of zeros is no direction."""
    return gravity if units.is_gravity(gravity) else NO_VEC3


def _heart(values: dict[str, Any]) -> float:
    bpm = units.number(values.get("bpm"))
    return bpm if HEART_RANGE_BPM[0] <= bpm <= HEART_RANGE_BPM[1] else NAN
