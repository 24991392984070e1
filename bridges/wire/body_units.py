"""Phone and watch numbers made comparable: m/s² and one sign, whatever the app and the system send.

Axes are the device's own, right-handed: x to the right of the screen, y to its top, z out of it. The sign is Android's
and the app's standardised one: acceleration is positive where the device speeds up, and the gravity vector of a device
lying on its back is +z. iOS sends both negated. Apps send m/s² or g, and say neither; the vectors themselves tell.
"""

import math
from enum import StrEnum

G0_MPS2 = 9.80665
"""Standard gravity."""

ACCEL_LIMIT_MPS2 = 1000.0
"""Beyond 100 g nothing worn by a person reports: such a number counts as missing."""
GYRO_LIMIT_RADPS = 200.0
"""Five times the 2000 °/s full scale of phone and watch gyroscopes."""

_AXES_LIMIT = 1000.0
_G_LENGTHS = (0.5, 2.0)
_MPS2_LENGTHS = (5.0, 20.0)
"""A gravity vector is 1 or 9.81 long; the gap between the two bands is the hysteresis."""
_VOTES_TO_SWITCH = 5
"""Readings in a row that must disagree with what is settled: one stale or broken row changes nothing."""
_SURE = 0.8
"""Share of the gravity's length that must lie along the vertical of the quaternion before the sign is believed."""

Vec3 = tuple[float, float, float]
Quat = tuple[float, float, float, float]

NAN = math.nan
NO_VEC3: Vec3 = (NAN, NAN, NAN)
NO_QUAT: Quat = (NAN, NAN, NAN, NAN)


class Axes(StrEnum):
    """What sign a device uses."""

    AUTO = "auto"
    """Told from quaternion and gravity together; until they tell, iOS, whose default it is."""
    IOS = "ios"
    STANDARD = "standard"
    """Android, or iOS with the app's "Standardise Units & Frames" on."""


def number(value: object, limit: float = _AXES_LIMIT) -> float:
    """A float within ±limit from a number or a numeric string; NaN for anything else."""
    if isinstance(value, str) and len(value) > 40:
        return NAN
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return NAN
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return NAN
    return result if -limit <= result <= limit else NAN


def length(vec: Vec3) -> float:
    """Euclidean length; NaN when a component is missing."""
    return math.sqrt(vec[0] * vec[0] + vec[1] * vec[1] + vec[2] * vec[2])


def is_gravity(vec: Vec3) -> bool:
    """Whether a vector in m/s² is as long as gravity can be."""
    return _MPS2_LENGTHS[0] <= length(vec) <= _MPS2_LENGTHS[1]


def scaled(vec: Vec3, factor: float) -> Vec3:
    """The vector times a number."""
    return (vec[0] * factor, vec[1] * factor, vec[2] * factor)


def unit_quat(quat: Quat) -> Quat:
    """The quaternion (x, y, z, w) at length one; all NaN when it is missing or has no length."""
    norm = math.sqrt(sum(part * part for part in quat))
    if not 0.1 < norm < 10.0:
        return NO_QUAT
    return (quat[0] / norm, quat[1] / norm, quat[2] / norm, quat[3] / norm)


def up_of(quat: Quat) -> Vec3:
    """The world's vertical in device axes, for a unit quaternion device → world with z vertical."""
    x, y, z, w = quat
    return (2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y))


def pitch_roll(up: Vec3) -> tuple[float, float]:
    """(pitch, roll) in rad of a device whose vertical is `up` (any length) in its own axes: turns Z-X'-Y'', so pitch
    lifts the top edge and roll is about the long axis. NaN when `up` is missing or has no length."""
    norm = length(up)
    if not norm > 1e-6:
        return (NAN, NAN)
    return (math.asin(max(-1.0, min(1.0, up[1] / norm))), math.atan2(-up[0], up[2]))


class UnitSense:
    """Tells g from m/s² by the length of the gravity vector. `factor` brings a number of this device to m/s²."""

    __slots__ = ("_votes", "factor")

    def __init__(self, starts_in_g: bool) -> None:
        self.factor = G0_MPS2 if starts_in_g else 1.0
        self._votes = _VOTES_TO_SWITCH - 1

    def look(self, gravity: Vec3) -> None:
        """Take one gravity vector, in the device's unit, into account."""
        size = length(gravity)
        if _G_LENGTHS[0] <= size <= _G_LENGTHS[1]:
            self._vote(G0_MPS2)
        elif _MPS2_LENGTHS[0] <= size <= _MPS2_LENGTHS[1]:
            self._vote(1.0)

    def _vote(self, factor: float) -> None:
        """The first plausible vector of all settles it at once; after that it takes several in a row."""
        self._votes = self._votes + 1 if factor != self.factor else 0
        if self._votes >= _VOTES_TO_SWITCH:
            self.factor = factor
            self._votes = 0


class SignSense:
    """Tells which way a device's gravity points. `sign` brings its acceleration and gravity to the standard sign."""

    __slots__ = ("_fixed", "_votes", "sign")

    def __init__(self, axes: Axes = Axes.AUTO) -> None:
        self.sign = 1.0 if axes is Axes.STANDARD else -1.0
        self._fixed = axes is not Axes.AUTO
        self._votes = _VOTES_TO_SWITCH - 1

    def look(self, gravity: Vec3, quat: Quat) -> None:
        """Take one gravity vector and the unit quaternion of the same moment into account."""
        if self._fixed:
            return
        up, size = up_of(quat), length(gravity)
        along = up[0] * gravity[0] + up[1] * gravity[1] + up[2] * gravity[2]
        if size > _G_LENGTHS[0] and abs(along) >= _SURE * size:
            self._vote(math.copysign(1.0, along))

    def hint_android(self) -> None:
        """A field that only Android sends was seen: settles the sign until quaternions say otherwise."""
        if not self._fixed and self._votes == _VOTES_TO_SWITCH - 1:
            self.sign = 1.0

    def _vote(self, sign: float) -> None:
        self._votes = self._votes + 1 if sign != self.sign else 0
        if self._votes >= _VOTES_TO_SWITCH:
            self.sign = sign
            self._votes = 0
