"""Numbers of bones as they come: raw float bits checked before anything computes with them.

Checks work on the bits, because arithmetic on a signalling NaN or on 1e30 warns or overflows. For IEEE floats the bits
without the sign rise with the absolute value, so one integer comparison covers NaN, infinity and "too large".
"""

import math
import sys
from enum import StrEnum
from struct import Struct
from typing import Final

import numpy as np

from dynamics.frames import MOCOPI_BONES
from dynamics.skeleton import MOCOPI_REST_M

F32: Final = np.dtype(np.float32)
U32: Final = np.dtype(np.uint32)
BE: Final = np.dtype(">u4")
LE: Final = np.dtype("<u4")

ABS_BITS = np.uint32(0x7FFFFFFF)
COMPONENT_MAX = 2.0
"""Largest quaternion component: that of the longest quaternion taken."""
NORM_MIN, NORM_MAX = 0.5, 2.0
"""A quaternion of another length is not a rotation that was rounded; inside, it is normalised."""
POSITION_MAX_M = 1e3
"""Of the root, in the room."""
OFFSET_MAX_M = 10.0
"""Of a bone from its parent; a sender in centimetres is refused rather than turned into a giant."""
UNIT_TOLERANCE = 1e-9
"""Sum over the bones of (|q|² - 1)² below which all are taken as they are: each is within 1.6e-5 of unit length."""

MIRROR_BONES = np.array([*range(11), *range(15, 19), *range(11, 15), *range(23, 27), *range(19, 23)], dtype=np.intp)
"""Bone of the other side."""
FLIP_QUAT = np.tile(np.array([1, -1, -1, 1], dtype=np.float32), (MOCOPI_BONES, 1))
FLIP_POS = np.tile(np.array([-1, 1, 1], dtype=np.float32), (MOCOPI_BONES, 1))
"""Reflection in x: mirrors a body, and turns Unity's left-handed frame into ours."""

IDENTITY = np.tile(np.array([0, 0, 0, 1], dtype=np.float32), (MOCOPI_BONES, 1))


class BoneError(StrEnum):
    """Why the numbers of a bone were refused."""

    NUMBER = "bones: a number is not finite or out of range"
    FULL = "bones: numbers that are not quite right, in a datagram that is full"
    QUATERNION = "bones: a quaternion has length zero or is far from unit length"


def bits_of(value: float) -> int:
    """The bits of a positive float32 limit."""
    return int(np.float32(value).view(np.uint32))


COMPONENT_BITS = bits_of(COMPONENT_MAX)
POSITION_BITS = bits_of(POSITION_MAX_M)
OFFSET_BITS = bits_of(OFFSET_MAX_M)
POSITION_LIMIT_BITS = np.full((MOCOPI_BONES, 1), OFFSET_BITS, dtype=np.uint32)
POSITION_LIMIT_BITS[0] = POSITION_BITS
REST_ROOT_M = tuple(MOCOPI_REST_M[0].tolist())
TOO_LARGE = [int.from_bytes(np.full(4 * n, 0x40000000, dtype="<u4").tobytes(), "little") for n in range(MOCOPI_BONES + 1)]
"""Per number of quaternions: the bit that every component of COMPONENT_MAX and above has, NaN and infinity included."""
_FLOATS = [Struct(f">{4 * n}f").unpack for n in range(MOCOPI_BONES + 1)]
_IDENTITY_BITS = IDENTITY[0].view(U32)
ONES = np.ones(MOCOPI_BONES, dtype=np.float32)


def unit_quats(bits: np.ndarray) -> np.ndarray | None:
    """uint32 (n, 4), contiguous, as float32 (n, 4) when all are unit quaternions already, else None: see `mended_quats`."""
    count = len(bits)
    if int.from_bytes(bits.tobytes(), sys.byteorder) & TOO_LARGE[count]:  # four times as fast as a reduction
        return None
    quats: np.ndarray = bits.view(F32)
    excess = np.vecdot(quats, quats) - ONES[:count]
    return quats if excess.dot(excess) < UNIT_TOLERANCE else None


def mended_quats(bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """uint32 (n, 4) as float32 (n, 4) normalised, and bool (n,): the rows that could be."""
    sane: np.ndarray = np.less_equal(bits & ABS_BITS, COMPONENT_BITS).all(axis=1)
    quats = np.where(sane[:, None], bits, np.uint32(0)).view(F32).astype(np.float64)
    norm = np.sqrt(np.vecdot(quats, quats))
    good: np.ndarray = np.logical_and(norm >= NORM_MIN, norm <= NORM_MAX)
    quats[good] /= norm[good, None]
    return quats.astype(F32), good


def mended(words: np.ndarray) -> tuple[np.ndarray, BoneError | None, list[int]]:
    """Of big-endian float bits (n, 4) the rows that are rotations, as float32 (m, 4) normalised; why the others are none;
    the rows taken."""
    count = len(words)
    floats = _FLOATS[count](words.tobytes())
    part = iter(floats)
    lengths = list(map(math.hypot, part, part, part, part))
    rows = [row for row, length in enumerate(lengths) if NORM_MIN <= length <= NORM_MAX]
    error = None
    if len(rows) < count:
        bad = next(row for row, taken in enumerate([*rows, count]) if row != taken)
        small = all(abs(part) <= COMPONENT_MAX for part in floats[4 * bad : 4 * bad + 4])  # NaN is not
        error = BoneError.QUATERNION if small else BoneError.NUMBER
        words, lengths = words.take(rows, axis=0), [lengths[row] for row in rows]
    quats = words.astype(U32).view(F32).astype(np.float64)
    quats /= np.array(lengths).reshape(len(rows), 1)
    return quats.astype(F32), error, rows


def rotations(bits: np.ndarray) -> np.ndarray | BoneError:
    """uint32 (n, 4) as unit quaternions float32 (n, 4), or why one of them is none."""
    quats = unit_quats(bits)
    if quats is not None:
        return quats
    mended, good = mended_quats(bits)
    if good.all():
        return mended
    return BoneError.NUMBER if (bits & ABS_BITS).max() > COMPONENT_BITS else BoneError.QUATERNION


def positions_are_sane(bits: np.ndarray, limit: np.ndarray) -> bool:
    """uint32 (n, 3) against the limits' bits, uint32 (n, 1)."""
    return not ((bits & ABS_BITS) > limit).any()
