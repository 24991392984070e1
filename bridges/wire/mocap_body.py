"""A body that comes whole in one datagram, qx qy qz qw px py pz per bone in our frame: its numbers checked."""

from collections.abc import Sequence

import numpy as np

from dynamics.frames import MOCOPI_BONES
from dynamics.skeleton import MOCOPI_REST_M

from .bones import (
    F32,
    FLIP_POS,
    FLIP_QUAT,
    IDENTITY,
    MIRROR_BONES,
    POSITION_LIMIT_BITS,
    BoneError,
    positions_are_sane,
    rotations,
)

ALL_BONES = tuple(range(MOCOPI_BONES))
ALL_SEEN = np.ones(MOCOPI_BONES, dtype=np.bool_)
ALL_SEEN.setflags(write=False)


Body = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""quat_xyzw, offset_m, root_m, seen: as in MocapFrame."""


def read_body(bits: np.ndarray, ids: tuple[int, ...], offset_m: np.ndarray, mirror: bool) -> Body | BoneError:
    """`bits` uint32 (n, 7): the float bits of the bones `ids`; `mirror`: left and right are to be exchanged."""
    limit = POSITION_LIMIT_BITS if ids == ALL_BONES else POSITION_LIMIT_BITS[list(ids)]
    if not positions_are_sane(bits[:, 4:], limit):
        return BoneError.NUMBER
    quats = rotations(np.ascontiguousarray(bits[:, :4]))
    if isinstance(quats, BoneError):
        return quats
    seen, root_m = ALL_SEEN, bits[0, 4:].view(F32)
    if ids != ALL_BONES:
        quats, seen = _spread(quats, ids)
        root_m = bits[ids.index(0), 4:].view(F32) if 0 in ids else MOCOPI_REST_M[0]
    if mirror:
        quats, offset_m, seen = quats[MIRROR_BONES] * FLIP_QUAT, offset_m[MIRROR_BONES] * FLIP_POS, seen[MIRROR_BONES]
        root_m = root_m * FLIP_POS[0]
    return quats, offset_m, root_m, seen


def _spread(quats: np.ndarray, ids: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Some bones in their places among all 27, identity elsewhere; and which ones they are."""
    places = list(ids)
    body, seen = IDENTITY.copy(), np.zeros(MOCOPI_BONES, dtype=np.bool_)
    body[places], seen[places] = quats, True
    return body, seen
