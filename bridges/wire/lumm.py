"""LUMM datagrams: 772 bytes with magic 0x4C554D4D and 27 mocopi bones.

Known are the magic, the size and the number of bones. Unverified, because no sample was found: that 772 is a head of 16
bytes and 27 times seven floats, that the floats are qx qy qz qw px py pz relative to the parent in mocopi's frame, and
that they have the byte order in which the magic reads right. The twelve bytes behind the magic are not read.
"""

from enum import StrEnum

import numpy as np

from dynamics.frames import MOCOPI_BONES, MocapFrame, SourceKind
from dynamics.skeleton import MOCOPI_REST_M

from .bones import BE, LE, U32, BoneError
from .mocap_body import ALL_BONES, read_body

PORT = 9702
HEAD_BYTES = 16
SIZE = HEAD_BYTES + 28 * MOCOPI_BONES
MAX_BYTES = SIZE
MAGIC = 0x4C554D4D
ORDERS = {MAGIC.to_bytes(4, "little"): LE, MAGIC.to_bytes(4, "big"): BE}


class LummError(StrEnum):
    """Why a datagram was refused."""

    SIZE = "lumm: not 772 bytes"
    MAGIC = "lumm: another magic number"


class LummDecoder:
    """`feed(packet, recv_ns, out)` appends a frame to `out` or says why not."""

    def __init__(self, mirror: bool = False) -> None:
        """`mirror`: the sender mixes up left and right."""
        self._mirror = mirror
        self._seq = 0

    def feed(self, packet: bytes, recv_ns: int, out: list[MocapFrame], paired: bool = False) -> LummError | BoneError | None:
        if len(packet) != SIZE:
            return LummError.SIZE
        order = ORDERS.get(packet[:4])
        if order is None:
            return LummError.MAGIC
        bits = np.frombuffer(packet, order, offset=HEAD_BYTES).astype(U32).reshape(-1, 7)
        body = read_body(bits, ALL_BONES, MOCOPI_REST_M, self._mirror)
        if isinstance(body, BoneError):
            return body
        out.append(MocapFrame(recv_ns, recv_ns, self._seq, *body, SourceKind.MOCOPI if paired else SourceKind.NETWORK_POSE))
        self._seq += 1
        return None
