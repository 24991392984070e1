"""mocopi's native UDP datagrams: boxes in boxes, looked up by name, never by order or size.

A box is a little-endian length of its value, four letters, and the value. Unknown boxes are skipped by length. The
skeleton datagram gives the wearer's own offsets; frames before it stand on the default skeleton.
"""

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from struct import Struct
from typing import NamedTuple

import numpy as np

from dynamics.frames import MOCOPI_BONES, MocapFrame, SourceKind
from dynamics.skeleton import MOCOPI_PARENT, MOCOPI_REST_M

from .bones import LE, POSITION_LIMIT_BITS, U32, BoneError, positions_are_sane
from .device_clock import DeviceClock
from .frame_order import FrameOrder, OrderError
from .mocap_body import ALL_SEEN, Body, read_body
from .mocopi_usual import TRAN_BYTES, UsualFrame

PORT = 12351
MAX_BYTES = 3072
"""A skeleton has 1,821 bytes, a frame 1,591; boxes not known yet may come on top."""
MAX_BOXES = 64
"""Side by side; today's have 27."""
FTYP = b"sony motion format"
VERSION = 1

_BOX = Struct("<I4s").unpack_from
_U16, _U32 = Struct("<H").unpack_from, Struct("<I").unpack_from
_F32, _F64 = Struct("<f").unpack_from, Struct("<d").unpack_from
_USUAL_BONE = Struct("<I4sHI4s").unpack_from
LEARN_NS = 1_000_000_000
"""A sender of ever new forms is not followed more often."""
BOX_HEAD = 8
USUAL_BONE_BYTES = 46
NAN = float("nan")


class MocopiError(StrEnum):
    """Why a datagram was refused."""

    BOX = "mocopi: a box is cut off or longer than what holds it"
    BOXES = "mocopi: too many boxes"
    FORMAT = "mocopi: not sony motion format, version 1"
    CONTENT = "mocopi: neither a frame nor a skeleton"
    FIELD = "mocopi: a field is missing or has a wrong length"
    BONES = "mocopi: no known bone, or one bone twice"


WireError = MocopiError | BoneError | OrderError
Boxes = dict[bytes, tuple[int, int]]
"""Name -> (start, end) of the value; the last of a name wins."""


class Fields(NamedTuple):
    """Where the numbers of a frame datagram stand, in bytes; -1 is not there."""

    number: int
    time: int
    unix: int
    ids: tuple[int, ...]
    trans: tuple[int, ...]
    """Per bone: its qx qy qz qw px py pz."""

    def holes(self) -> list[tuple[int, int]]:
        sizes = [(self.number, 4), (self.time, 4), (self.unix, 8), *((at, TRAN_BYTES) for at in self.trans)]
        return sorted((at, at + size) for at, size in sizes if at >= 0)


class MocopiDecoder:
    """`feed(packet, recv_ns, out)` appends a frame to `out`, or remembers a skeleton, or says why not."""

    def __init__(self, mirror: bool = False) -> None:
        """`mirror`: the sender mixes up left and right."""
        self.clock = DeviceClock()
        self.order = FrameOrder()
        self.skeletons = 0
        """Skeleton datagrams taken."""
        self._mirror = mirror
        self._offset_m = MOCOPI_REST_M
        self._usual: tuple[UsualFrame, Fields] | None = None
        """What frames with all bones look like, as learnt lately."""
        self._learnt_ns = -LEARN_NS
        self._seq = 0

    def feed(self, packet: bytes, recv_ns: int, out: list[MocapFrame]) -> WireError | None:
        """Read one datagram of at most MAX_BYTES."""
        if self._usual is not None:
            usual, fields = self._usual
            read = usual.body(packet)
            if read is not None:
                return self._frame(packet, fields, (read[0], self._offset_m, read[1], ALL_SEEN), recv_ns, out)
        return self._parse(packet, recv_ns, out)

    def _parse(self, packet: bytes, recv_ns: int, out: list[MocapFrame]) -> WireError | None:
        boxes = _content(packet)
        if isinstance(boxes, MocopiError):
            return boxes
        if b"fram" not in boxes:
            return self._take_skeleton(packet, boxes) if b"skdf" in boxes else MocopiError.CONTENT
        fields = _fields(packet, boxes[b"fram"])
        if isinstance(fields, MocopiError):
            return fields
        bits = _numbers(packet, fields.trans).view(LE).astype(U32).reshape(-1, 7)
        body = read_body(bits, fields.ids, self._offset_m, self._mirror)
        if isinstance(body, BoneError):
            return body
        error = self._frame(packet, fields, body, recv_ns, out)
        if error is None and recv_ns - self._learnt_ns >= LEARN_NS and not self._mirror:
            self._learn(packet, fields, recv_ns)
        return error

    def _learn(self, packet: bytes, fields: Fields, recv_ns: int) -> None:
        if UsualFrame.fits(fields.trans, fields.ids):
            self._usual = UsualFrame(packet, fields.trans, fields.holes()), fields
            self._learnt_ns = recv_ns

    def _frame(self, packet: bytes, fields: Fields, body: Body, recv_ns: int, out: list[MocapFrame]) -> OrderError | None:
        late = self.order.check(_U32(packet, fields.number)[0], recv_ns)
        if late is not None:
            return late
        device_s = _F64(packet, fields.unix)[0] if fields.unix >= 0 else NAN
        if not math.isfinite(device_s):
            device_s = _F32(packet, fields.time)[0] if fields.time >= 0 else NAN
        capture_ns = self.clock.capture_ns(device_s, recv_ns)
        out.append(MocapFrame(capture_ns, recv_ns, self._seq, *body, SourceKind.MOCOPI, device_s))
        self._seq += 1
        return None

    def _take_skeleton(self, packet: bytes, boxes: Boxes) -> WireError | None:
        bones = _skeleton_bones(packet, boxes[b"skdf"])
        if isinstance(bones, MocopiError):
            return bones
        ids = list(bones)
        bits = _numbers(packet, bones.values()).view(LE).astype(U32).reshape(-1, 7)[:, 4:]
        if not positions_are_sane(bits, POSITION_LIMIT_BITS[ids]):
            return BoneError.NUMBER
        offsets = MOCOPI_REST_M.copy()
        offsets[ids] = bits.view(np.float32)
        offsets.setflags(write=False)
        self._offset_m = offsets
        self.skeletons += 1
        return None


def _numbers(packet: bytes, places: Iterable[int]) -> np.ndarray:
    """uint8 (28 n,): the seven floats that begin at each place."""
    return np.frombuffer(b"".join([packet[at : at + TRAN_BYTES] for at in places]), np.uint8)


def _boxes(packet: bytes, start: int, end: int, found: list[tuple[bytes, int, int]]) -> MocopiError | None:
    """Append (name, start, end) of the boxes side by side in this range."""
    pos = start
    while pos < end:
        if end - pos < BOX_HEAD:
            return MocopiError.BOX
        length, name = _BOX(packet, pos)
        pos += BOX_HEAD
        if length > end - pos:
            return MocopiError.BOX
        if len(found) >= MAX_BOXES:
            return MocopiError.BOXES
        found.append((name, pos, pos + length))
        pos += length
    return None


def _named(packet: bytes, start: int, end: int) -> Boxes | MocopiError:
    found: list[tuple[bytes, int, int]] = []
    error = _boxes(packet, start, end, found)
    return {name: (at, stop) for name, at, stop in found} if error is None else error


def _content(packet: bytes) -> Boxes | MocopiError:
    """The outer boxes, when the head says that this is mocopi's format."""
    boxes = _named(packet, 0, len(packet))
    if isinstance(boxes, MocopiError) or b"head" not in boxes:
        return boxes if isinstance(boxes, MocopiError) else MocopiError.FORMAT
    head = _named(packet, *boxes[b"head"])
    if isinstance(head, MocopiError):
        return head
    name, version = (packet[slice(*head.get(key, (0, 0)))] for key in (b"ftyp", b"vrsn"))
    return boxes if name == FTYP and version == bytes([VERSION]) else MocopiError.FORMAT


def _fields(packet: bytes, fram: tuple[int, int]) -> Fields | MocopiError:
    boxes = _named(packet, *fram)
    if isinstance(boxes, MocopiError):
        return boxes
    number, time, unix = (_place(boxes, name, size) for name, size in ((b"fnum", 4), (b"time", 4), (b"uttm", 8)))
    if number < 0 or b"btrs" not in boxes:
        return MocopiError.FIELD
    bones = _bones(packet, boxes[b"btrs"], b"btdt")
    return bones if isinstance(bones, MocopiError) else Fields(number, time, unix, tuple(bones), tuple(bones.values()))


def _skeleton_bones(packet: bytes, skdf: tuple[int, int]) -> dict[int, int] | MocopiError:
    boxes = _named(packet, *skdf)
    if isinstance(boxes, MocopiError):
        return boxes
    return _bones(packet, boxes[b"bons"], b"bndt") if b"bons" in boxes else MocopiError.FIELD


def _bones(packet: bytes, where: tuple[int, int], kind: bytes) -> dict[int, int] | MocopiError:
    """Bone id -> byte where its seven floats begin; ids that the skeleton does not have are skipped."""
    found: list[tuple[bytes, int, int]] = []
    error = _boxes(packet, *where, found)
    if error is not None:
        return error
    bones: dict[int, int] = {}
    for name, start, end in found:
        if name != kind:
            continue
        place = _usual_bone(packet, start, end) or _bone(packet, start, end)
        if isinstance(place, MocopiError):
            return place
        bone, at = place
        if bone in bones:
            return MocopiError.BONES
        if bone < MOCOPI_BONES:
            bones[bone] = at
    return bones or MocopiError.BONES


def _usual_bone(packet: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Id and place of the numbers of a frame's bone, when its boxes are the two that today's senders write."""
    if end - start != USUAL_BONE_BYTES:
        return None
    id_size, id_name, bone, tran_size, tran_name = _USUAL_BONE(packet, start)
    usual = id_size == 2 and id_name == b"bnid" and tran_size == TRAN_BYTES and tran_name == b"tran"
    return (bone, end - TRAN_BYTES) if usual else None


def _bone(packet: bytes, start: int, end: int) -> tuple[int, int] | MocopiError:
    boxes = _named(packet, start, end)
    if isinstance(boxes, MocopiError):
        return boxes
    bone, at = _place(boxes, b"bnid", 2), _place(boxes, b"tran", TRAN_BYTES)
    return MocopiError.FIELD if bone < 0 or at < 0 else (_U16(packet, bone)[0], at)


def _place(boxes: Boxes, name: bytes, size: int) -> int:
    start, end = boxes.get(name, (-1, -1))
    return start if end - start == size else -1


def _box(name: bytes, value: bytes) -> bytes:
    return Struct("<I4s").pack(len(value), name) + value


def _head(port: int) -> bytes:
    head = _box(b"head", _box(b"ftyp", FTYP) + _box(b"vrsn", bytes([VERSION])))
    loopback = 127_000_000_001
    return head + _box(b"sndf", _box(b"ipad", Struct("<Q").pack(loopback)) + _box(b"rcvp", Struct("<H").pack(port)))


def encode_frame(number: int, time_s: float, unix_s: float, rows: Sequence[Sequence[float]], port: int = PORT) -> bytes:
    """A frame datagram, 1,591 bytes. `rows`: 27 times qx qy qz qw px py pz, right-handed, metres."""
    floats = Struct("<7f").pack
    bones = b"".join(
        _box(b"btdt", _box(b"bnid", Struct("<H").pack(bone)) + _box(b"tran", floats(*row))) for bone, row in enumerate(rows)
    )
    numbers = _box(b"fnum", Struct("<I").pack(number)) + _box(b"time", Struct("<f").pack(time_s))
    stamp = _box(b"uttm", Struct("<d").pack(unix_s))
    return _head(port) + _box(b"fram", numbers + stamp + _box(b"btrs", bones))


def encode_skeleton(offset_m: np.ndarray = MOCOPI_REST_M, port: int = PORT) -> bytes:
    """A skeleton datagram, 1,821 bytes. `offset_m`: (27, 3)."""
    bones = b""
    for bone, parent in enumerate(MOCOPI_PARENT.tolist()):
        ids = _box(b"bnid", Struct("<H").pack(bone)) + _box(b"pbid", Struct("<H").pack(parent & 0xFFFF))
        numbers = Struct("<7f").pack(0, 0, 0, 1, *offset_m[bone].tolist())
        bones += _box(b"bndt", ids + _box(b"tran", numbers))
    return _head(port) + _box(b"skdf", _box(b"bons", bones))
