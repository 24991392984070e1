"""The frame that a mocopi app sends over and over, known by its bytes: one comparison of one large integer says that
nothing but its numbers has changed, and that each of them is a sane one. What is in any way odd is left to the parser.
"""

import struct
from itertools import pairwise
from math import hypot

import numpy as np

from dynamics.frames import MOCOPI_BONES

from .bones import F32, POSITION_MAX_M

TRAN_BYTES = 28
QUAT_BYTES = 16
BIT_OF_TWO = 0x40
"""Of a little-endian float's last byte: set in 2.0 and above, in infinity and NaN."""
SHORTEST, LONGEST = 0.99999, 1.00001
"""A quaternion of another length is normalised by the parser."""

_ROOT = struct.Struct("<3f").unpack_from


class UsualFrame:
    """A frame with all bones in their order, one like the other. `body(packet)` reads those that look like it."""

    __slots__ = ("_expected", "_floats", "_mask", "_quats_at", "_root_at", "_size", "_strides")

    def __init__(self, packet: bytes, trans: tuple[int, ...], holes: list[tuple[int, int]]) -> None:
        """`trans`: where the seven floats of each bone begin; `holes`: (start, end) of all bytes that are numbers."""
        stride = trans[1] - trans[0]
        mask = bytearray(b"\xff" * len(packet))
        for start, end in holes:
            mask[start:end] = bytes(end - start)
        self._expected = int.from_bytes(packet, "little") & int.from_bytes(mask, "little")
        for at in trans:
            mask[at + 3 : at + TRAN_BYTES : 4] = bytes([BIT_OF_TWO] * 7)
        self._root_at = trans[0] + QUAT_BYTES
        mask[self._root_at : trans[0] + TRAN_BYTES] = bytes(TRAN_BYTES - QUAT_BYTES)  # a stage is wider than two metres
        self._mask = int.from_bytes(mask, "little")
        self._size, self._quats_at, self._strides = len(packet), trans[0], (stride, 4)
        self._floats = struct.Struct("<" + f"4f{stride - QUAT_BYTES}x" * (MOCOPI_BONES - 1) + "4f").unpack_from

    @staticmethod
    def fits(trans: tuple[int, ...], ids: tuple[int, ...]) -> bool:
        """Whether a frame with these bones can be one: all of them, in order, the same number of bytes apart."""
        return ids == tuple(range(MOCOPI_BONES)) and len({b - a for a, b in pairwise(trans)}) == 1

    def body(self, packet: bytes) -> tuple[np.ndarray, np.ndarray] | None:
        """quat_xyzw float32 (27, 4) and root_m float32 (3,); None when the packet is another, or a number is odd."""
        if len(packet) != self._size or int.from_bytes(packet, "little") & self._mask != self._expected:
            return None
        part = iter(self._floats(packet, self._quats_at))
        lengths = list(map(hypot, part, part, part, part))
        if min(lengths) < SHORTEST or max(lengths) > LONGEST:
            return None
        for metres in _ROOT(packet, self._root_at):
            if not -POSITION_MAX_M < metres < POSITION_MAX_M:
                return None
        quats = np.ndarray((MOCOPI_BONES, 4), "<f4", packet, self._quats_at, self._strides).astype(F32)
        return quats, np.ndarray((3,), "<f4", packet, self._root_at).astype(F32)
