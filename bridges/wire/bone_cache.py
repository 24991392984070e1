"""Bones that arrive in pieces, put together to frames, for senders that never say where a frame ends.

A frame is closed by whatever comes first: all bones that this sender usually sends are there (no waiting at all); the
sender's time mark; a bone that is here already; a pause of `gap_ns` (frames are sent in bursts with pauses between).
Bones that were not sent again keep their last value for a while, so a lost datagram costs a few bones one frame.
A time mark behind a frame that is complete already counts for the next one: the mapping by minimum delay takes that out.
"""

import math
from collections.abc import Sequence
from struct import Struct

import numpy as np

from dynamics.frames import MOCOPI_BONES, MocapFrame, SourceKind
from dynamics.skeleton import MOCOPI_PARENT, MOCOPI_REST_M

from .bones import (
    ABS_BITS,
    COMPONENT_MAX,
    F32,
    FLIP_POS,
    FLIP_QUAT,
    IDENTITY,
    MIRROR_BONES,
    NORM_MAX,
    NORM_MIN,
    POSITION_LIMIT_BITS,
    POSITION_MAX_M,
    REST_ROOT_M,
    U32,
    BoneError,
    mended,
    positions_are_sane,
    unit_quats,
)
from .device_clock import DEVICE_MAX_S, DeviceClock

GAP_NS = 8_000_000
"""A pause this long ends a frame: bursts last 1-3 ms, frames come every 16.7 ms. To be measured with a real sender."""
HABIT_NS = 1_000_000_000
"""What a sender sent in this time is what it usually sends."""
MAX_POSITION_SETS = 32
NAN = float("nan")
ROOT = 0
PARENTS: tuple[int, ...] = tuple(MOCOPI_PARENT.tolist())
ABOVE: list[int] = [0] * MOCOPI_BONES
"""Bit per bone between this one and the root."""
for _bone, _parent in enumerate(PARENTS):
    ABOVE[_bone] = ABOVE[_parent] | 1 << _parent if _parent > ROOT else 0
_THREE, _SEVEN = Struct(">3f").unpack_from, Struct(">7f").unpack_from
_WORDS = np.arange(7)
_Vec = tuple[float, float, float]
_Quat = tuple[float, float, float, float]


class Run:
    """Where the numbers of some different bones stand in an array of 4-byte words."""

    __slots__ = ("bones", "ids", "mask", "pos", "pos_ids", "pos_limit", "quat", "root")

    def __init__(self, ids: Sequence[int], starts: Sequence[int], quat_first: bool = False) -> None:
        """`starts`: word where each bone's seven numbers begin; px py pz qx qy qz qw unless `quat_first`."""
        at = np.asarray(starts, dtype=np.intp)[:, None]
        quat_at, pos_at = (_WORDS[:4], _WORDS[4:]) if quat_first else (_WORDS[3:], _WORDS[:3])
        quat, pos = at + quat_at, at + pos_at
        self.bones = tuple(ids)
        self.ids = np.asarray(ids, dtype=np.intp)
        self.mask = sum([1 << bone for bone in ids])
        self.quat = quat
        limbs = [place for place, bone in enumerate(self.bones) if bone != ROOT]
        self.pos, self.pos_ids = pos.take(limbs, axis=0), self.ids.take(limbs)
        self.pos_limit = POSITION_LIMIT_BITS.take(self.pos_ids, axis=0)
        self.root = None if len(limbs) == len(self.bones) else 4 * int(pos[self.bones.index(ROOT), 0])

    def only(self, places: Sequence[int]) -> "Run":
        """The same numbers for some of the bones."""
        part = object.__new__(Run)
        part.bones = tuple([self.bones[place] for place in places])
        part.ids, part.quat = self.ids.take(places), self.quat.take(places, axis=0)
        part.mask = sum([1 << bone for bone in part.bones])
        root = self.bones.index(ROOT) if ROOT in self.bones else len(self.bones)
        limbs = [place - (place > root) for place in places if place != root]
        part.pos, part.pos_ids = self.pos.take(limbs, axis=0), self.pos_ids.take(limbs)
        part.pos_limit = self.pos_limit.take(limbs, axis=0)
        part.root = self.root if part.mask & 1 else None
        return part


class BoneCache:
    """One sender's body. `begin`, then `put` and `time`, then `end`, for each datagram; `flush` after a pause."""

    def __init__(self, unity: bool, mirror: bool = False, gap_ns: int = GAP_NS) -> None:
        """`unity`: numbers are in Unity's left-handed frame. `mirror`: the sender mixes up left and right."""
        self.clock = DeviceClock()
        self.gap_ns = gap_ns
        self.pending = 0
        """Bit per bone of the frame that is being put together."""
        self.mends = True
        """Bones of this datagram may still be looked at one by one; a second body is not."""
        self.picks = True
        """The good ones among bad bones of this datagram are taken."""
        self._flip = unity != mirror
        self._mirror = mirror
        self._quat = IDENTITY.copy()  # (27, 4), the sender's frame
        self._pos = np.zeros((MOCOPI_BONES, 3), dtype=np.float32)
        self._pos_raw: dict[int, bytes] = {}
        self._hips_m = (0.0, 0.0, 0.0)
        self._room_raw = b""
        self._room: tuple[_Vec, _Quat] | None = None
        self._usual = self._recent = 0
        self._recent_ns = self._now_ns = self._bones_ns = 0
        self._device_s = NAN
        self._seq = 0
        self._offset_m = MOCOPI_REST_M
        self._seen = np.zeros(MOCOPI_BONES, dtype=np.bool_)
        self._skipped = np.zeros(MOCOPI_BONES, dtype=np.bool_)
        self._stale_offsets = False

    def run(self, ids: Sequence[int], starts: Sequence[int], quat_first: bool = False) -> Run:
        """A run of this sender's bones, its left and right put straight."""
        return Run([int(MIRROR_BONES[bone]) for bone in ids] if self._mirror else ids, starts, quat_first)

    def begin(self, recv_ns: int, out: list[MocapFrame]) -> None:
        """A datagram arrived; a frame that was waiting before a pause is appended to `out`."""
        self.flush(recv_ns, out)
        self._now_ns = recv_ns
        self.mends = self.picks = True

    def end(self, out: list[MocapFrame]) -> None:
        """The datagram is read; a frame that is complete is appended to `out`."""
        if self.pending and self._usual and self.pending & self._usual == self._usual:
            self.close(out)

    def flush(self, now_ns: int, out: list[MocapFrame]) -> None:
        """Close a frame that has waited for `gap_ns`."""
        if self.pending and now_ns - self._bones_ns >= self.gap_ns:
            self.close(out)

    def time(self, device_s: float, out: list[MocapFrame]) -> BoneError | None:
        """The sender's time mark: the end of a frame, or the head of the next one."""
        if not math.fabs(device_s) < DEVICE_MAX_S:
            return BoneError.NUMBER
        if not self.pending:
            self._device_s = device_s
        elif math.isnan(self._device_s):
            self._device_s = device_s
            self.close(out)
        else:
            self.close(out)
            self._device_s = device_s
        return None

    def put(self, run: Run, words: np.ndarray, out: list[MocapFrame]) -> BoneError | None:
        """Take bones from `words`, big-endian and 4 bytes each; bad ones are left out and the reason returned."""
        quats = unit_quats(words.take(run.quat).astype(U32))
        hips_m = self._hips_m if run.root is None else _metres(words, run.root)
        if quats is None or hips_m is None:
            return self._put_good(run, words, out)
        raw = words.take(run.pos).tobytes()
        if raw != self._pos_raw.get(run.mask) and not self._positions(run, words, raw):
            return self._put_good(run, words, out)
        self._hips_m = hips_m
        self._take(run, quats, out)
        return None

    def root(self, words: np.ndarray, start: int) -> BoneError | None:
        """Where the body's root stands in the room: px py pz qx qy qz qw from word `start` on."""
        raw = words[start : start + 7].tobytes()
        if raw == self._room_raw:
            return None
        x, y, z, *turn = _SEVEN(raw)
        length = math.hypot(*turn)
        if _metres(words, 4 * start) is None or not NORM_MIN <= length <= NORM_MAX:
            small = all(abs(part) <= COMPONENT_MAX for part in turn)  # NaN is not
            return BoneError.QUATERNION if small and not NORM_MIN <= length <= NORM_MAX else BoneError.NUMBER
        qx, qy, qz, qw = [part / length for part in turn]
        still = x == y == z == 0 and abs(qw) > 1 - 1e-7
        self._room = None if still else ((x, y, z), (qx, qy, qz, qw))
        self._room_raw = raw
        return None

    def close(self, out: list[MocapFrame]) -> None:
        """Append the frame as it stands, whatever is missing."""
        self._learn()
        if self._stale_offsets:
            self._offset_m = self._offsets()
        quat = self._quat * FLIP_QUAT if self._flip else self._quat.copy()
        x, y, z = self._hips_m if any(self._hips_m) else REST_ROOT_M
        root_m = np.array((-x if self._flip else x, y, z), F32)
        if self._room is not None:
            root_m, quat[ROOT] = self._in_room((x, y, z))
        recv_ns = self._bones_ns
        capture_ns = self.clock.capture_ns(self._device_s, recv_ns)
        body = (quat, self._offset_m, root_m, self._seen)
        out.append(MocapFrame(capture_ns, recv_ns, self._seq, *body, SourceKind.MOCOPI, self._device_s))
        self._seq += 1
        self.pending, self._device_s = 0, NAN

    def _in_room(self, hips_m: _Vec) -> tuple[np.ndarray, np.ndarray]:
        """The hips' place and rotation in the room, in our frame."""
        assert self._room is not None
        place, turn = self._room
        x, y, z = [a + b for a, b in zip(place, _turned(turn, hips_m), strict=True)]
        qx, qy, qz, qw = _times(turn, self._quat[ROOT].tolist())
        if self._flip:
            x, qy, qz = -x, -qy, -qz
        return np.array((x, y, z), F32), np.array((qx, qy, qz, qw), F32)

    def _take(self, run: Run, quats: np.ndarray, out: list[MocapFrame]) -> None:
        if self.pending & run.mask:
            self.close(out)
        self._quat[run.ids] = quats
        self.pending |= run.mask
        self._bones_ns = self._now_ns

    def _put_good(self, run: Run, words: np.ndarray, out: list[MocapFrame]) -> BoneError | None:
        """The slow way: bone by bone, for senders that do not normalise and for hostile ones."""
        if not self.mends:
            return BoneError.FULL
        self.mends = False
        quats, error, places = mended(words.take(run.quat))
        wrong = _wrong_places(run, words)
        if wrong:
            error = BoneError.NUMBER
            right = [row for row, place in enumerate(places) if place not in wrong]
            places, quats = [places[row] for row in right], quats.take(right, axis=0)
        if len(places) < len(run.bones):
            if not places or not self.picks:
                return error
            run = run.only(places)
        if run.root is not None:
            self._hips_m = _THREE(words, run.root)  # type: ignore[arg-type]  # an array is a buffer; the stubs know it from 3.12 on
        raw = words.take(run.pos).tobytes()
        if raw != self._pos_raw.get(run.mask):
            self._positions(run, words, raw)
        self._take(run, quats, out)
        return error

    def _positions(self, run: Run, words: np.ndarray, raw: bytes) -> bool:
        bits = words.take(run.pos).astype(U32)
        if not positions_are_sane(bits, run.pos_limit):
            return False
        self._pos[run.pos_ids] = bits.view(F32)
        self._pos_raw = {mask: known for mask, known in self._pos_raw.items() if not mask & run.mask}
        if len(self._pos_raw) < MAX_POSITION_SETS:
            self._pos_raw[run.mask] = raw
        self._stale_offsets = True
        return True

    def _learn(self) -> None:
        """What this sender usually sends: grows at once, shrinks to what came in the last second."""
        self._recent |= self.pending
        usual = self._usual | self.pending
        if self._bones_ns - self._recent_ns >= HABIT_NS:
            usual, self._recent, self._recent_ns = self._recent, self.pending, self._bones_ns
        if usual != self._usual:
            self._usual = usual
            self._seen = _flags(usual)
            self._skipped = _skipped(usual)
            self._quat[~self._seen] = IDENTITY[0]
            self._stale_offsets = True

    def _offsets(self) -> np.ndarray:
        """float32 (27, 3): the sender's where it gives any. Bones that it skips have no length, or its spine would grow."""
        self._stale_offsets = False
        given = self._seen & self._pos.any(axis=1)
        given[ROOT] = False
        offsets = MOCOPI_REST_M.copy()
        if 1 in given.tobytes():  # three times as fast as a reduction
            offsets[self._skipped] = 0
            np.copyto(offsets, self._pos * FLIP_POS if self._flip else self._pos, where=given[:, None])
        offsets.setflags(write=False)
        return offsets


def _skipped(usual: int) -> np.ndarray:
    """bool (27,): bones that are not sent and have a descendant that is."""
    skipped = 0
    for bone, above in enumerate(ABOVE):
        if usual >> bone & 1:
            skipped |= above
    return _flags(skipped & ~usual)


def _flags(bits: int) -> np.ndarray:
    """bool (27,) of the bits, the lowest first."""
    raw = np.frombuffer(bits.to_bytes(4, "little"), np.uint8)
    return np.unpackbits(raw, count=MOCOPI_BONES, bitorder="little").view(np.bool_)


def _wrong_places(run: Run, words: np.ndarray) -> set[int]:
    """Which bones of the run have a position that is not finite or out of range."""
    root = run.bones.index(ROOT) if run.root is not None else len(run.bones)
    wrong: set[int] = set()
    if run.root is not None and _metres(words, run.root) is None:
        wrong.add(root)
    bits = words.take(run.pos).astype(U32)
    if not positions_are_sane(bits, run.pos_limit):
        limbs: list[int] = np.flatnonzero(((bits & ABS_BITS) > run.pos_limit).any(axis=1)).tolist()
        wrong.update(limb + (limb >= root) for limb in limbs)
    return wrong


def _metres(words: np.ndarray, at: int) -> tuple[float, float, float] | None:
    """Three floats from byte `at` on."""
    x, y, z = _THREE(words, at)  # type: ignore[arg-type]  # an array is a buffer; the stubs know it from 3.12 on
    sane = abs(x) <= POSITION_MAX_M and abs(y) <= POSITION_MAX_M and abs(z) <= POSITION_MAX_M  # NaN is not
    return (x, y, z) if sane else None


def _times(a: Sequence[float], b: Sequence[float]) -> _Quat:
    """Quaternion product, xyzw."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + bw * ax + ay * bz - az * by,
        aw * by + bw * ay + az * bx - ax * bz,
        aw * bz + bw * az + ax * by - ay * bx,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def _turned(quat: _Quat, vector: _Vec) -> _Vec:
    x, y, z, _ = _times(_times(quat, (*vector, 0.0)), (-quat[0], -quat[1], -quat[2], quat[3]))
    return x, y, z
