"""OSC motion on one port: VMC bones in every packing that senders use, and the published mocopi OSC names.

Three ways in, one result. A packet laid out like an earlier one needs one comparison and one gather. Any other packet is
walked message by message, a bone recognised by its whole head. What does not have exactly float arguments goes through
the general OSC decoder. All three end in the same 4-byte words, so they cannot disagree. A layout is learnt only when it
comes again and again, a step at each sighting: ever new layouts cost a sender's packets nothing on top.

Unverified, because no sender was found: `/mocopi/skel` (189 floats) and `/mcp/sklt/joint/N` are read as mocopi bone ids
with qx qy qz qw px py pz, local to the parent, in mocopi's own frame. `/mcp/BonePos/NAME` has positions only: it is
counted and gives no frame, as a position says nothing of a limb's rotation.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from struct import Struct

import numpy as np

from dynamics.frames import MOCOPI_BONES, MocapFrame

from .bone_cache import GAP_NS, BoneCache, Run
from .bones import BE
from .layout import Layout, LayoutCache, form_of
from .vmc_walk import (
    NATIVE,
    ROOT,
    SKEL,
    TIME,
    WORK,
    WORK_TO_LEARN,
    WORK_TO_MEND,
    WORK_TO_PICK,
    Parts,
    Sighting,
    VmcError,
    Walk,
    WireError,
    holes,
    parts,
    walk_packet,
)

MAX_BYTES = 8192
"""A bundle of all 55 bones and 52 blend shapes has about 7,300 bytes."""
MIN_BONES_FOR_LAYOUT = 6
"""Fewer bones are read as fast without a layout."""
PATIENCE = 32
"""Packets of other layouts, before one that did not come again is given up: senders cut a frame into five at most."""
MAX_RUNS = 128

_FLOAT = Struct(">f").unpack_from

Op = tuple[int, Run | None, int]
"""What to do: the code of its first message, the bones' run, and the word where its numbers begin (added for a run)."""


class VmcDecoder:
    """`feed(packet, recv_ns, out)` appends frames to `out`; `flush(now_ns, out)` closes one that waits for its rest."""

    def __init__(self, mirror: bool = False, gap_ns: int = GAP_NS) -> None:
        """`mirror`: the sender mixes up left and right."""
        self.unity = BoneCache(unity=True, mirror=mirror, gap_ns=gap_ns)
        self.native = BoneCache(unity=False, mirror=mirror, gap_ns=gap_ns)
        self._layouts: LayoutCache[tuple[Op, ...]] = LayoutCache()
        self._learning: Sighting | None = None
        self._steps: Iterator[bool] = iter(())
        self._patience = 0
        self._skel = self.native.run(range(MOCOPI_BONES), range(0, 7 * MOCOPI_BONES, 7), quat_first=True)
        self._runs: dict[tuple[int, ...], Run] = {}

    @property
    def waiting(self) -> bool:
        """A frame is being put together: call `flush` when `GAP_NS` have passed."""
        return bool(self.unity.pending or self.native.pending)

    def feed(self, packet: bytes, recv_ns: int, out: list[MocapFrame]) -> WireError | None:
        """Read one datagram of at most MAX_BYTES; returns why something in it was refused."""
        self.unity.begin(recv_ns, out)
        self.native.begin(recv_ns, out)
        ops = self._layouts.find(packet)
        error = self._walk(packet, out) if ops is None else self._apply(ops, np.frombuffer(packet, BE), out)
        self.unity.end(out)
        self.native.end(out)
        return error

    def flush(self, now_ns: int, out: list[MocapFrame]) -> None:
        """Close frames that have waited long enough."""
        self.unity.flush(now_ns, out)
        self.native.flush(now_ns, out)

    def _walk(self, packet: bytes, out: list[MocapFrame]) -> WireError | None:
        walk = Walk()
        error = walk_packet(packet, walk)
        if error is not None or not walk.codes:
            return error or walk.error
        found = parts(walk)
        if found is None:
            return VmcError.TOO_MANY_PARTS
        work = walk.work(sum(code < ROOT or code == SKEL for code, _ in found))
        if work > WORK:
            return VmcError.TOO_MUCH
        ops = self._ops(walk, found)
        self.unity.mends = self.native.mends = walk.error is None and work + WORK_TO_MEND <= WORK
        self.unity.picks = self.native.picks = work + WORK_TO_PICK <= WORK
        applied = self._apply(ops, np.frombuffer(b"".join(walk.chunks), BE), out)
        worth_it = len(walk.codes) >= MIN_BONES_FOR_LAYOUT and work + WORK_TO_LEARN <= WORK
        if walk.error is None and worth_it and walk.is_plain():
            self._consider(packet, walk, found)
        return walk.error or applied

    def _consider(self, packet: bytes, walk: Walk, found: Parts) -> None:
        """One more sighting of the layout that is being learnt, or the first one of another."""
        if self._learning is not None and self._learning.is_like(packet, walk):
            if next(self._steps, None) is None:
                self._learning = None
            return
        self._patience -= 1
        if (self._learning is None or self._patience < 0) and self._layouts.worth_adding(packet):
            self._learning, self._patience = Sighting(packet, walk), PATIENCE
            self._steps = self._learn(packet, walk, found)

    def _learn(self, packet: bytes, walk: Walk, found: Parts) -> Iterator[bool]:
        """A layout, in steps: each costs less than reading a packet of it."""
        gaps: list[tuple[int, int]] = []
        yield from holes(packet, walk, gaps)
        ops = self._ops(walk, found, in_packet=True)
        yield True
        form = form_of(len(packet), gaps)
        yield True
        self._layouts.put(packet, Layout(packet, (), form), ops)

    def _ops(self, walk: Walk, found: Parts, in_packet: bool = False) -> tuple[Op, ...]:
        """The operations of a walk, on its gathered numbers or on the words of the packet itself."""
        starts = [at // 4 for at in walk.at] if in_packet else [0, *accumulate(len(chunk) // 4 for chunk in walk.chunks)]
        firsts = [first for _, first in found]
        ops: list[Op] = []
        for (code, first), stop in zip(found, [*firsts[1:], len(walk.codes)], strict=True):
            if code == SKEL:
                ops.append((code, self._skel, starts[first]))
            elif code >= ROOT:
                ops.append((code, None, starts[first]))
            elif in_packet:
                ops.append((code, self._new_run(walk.codes[first:stop], starts[first:stop]), 0))
            else:
                ops.append((code, self._known_run(tuple(walk.codes[first:stop])), starts[first]))
        return tuple(ops)

    def _new_run(self, codes: Sequence[int], starts: Sequence[int]) -> Run:
        if codes[0] >= NATIVE:
            return self.native.run([code - NATIVE for code in codes], starts, quat_first=True)
        return self.unity.run(codes, starts)

    def _known_run(self, codes: tuple[int, ...]) -> Run:
        """A run of consecutive chunks, as if it began at word 0."""
        run = self._runs.get(codes)
        if run is None:
            if len(self._runs) >= MAX_RUNS:
                self._runs.clear()
            run = self._runs[codes] = self._new_run(codes, range(0, 7 * len(codes), 7))
        return run

    def _apply(self, ops: tuple[Op, ...], words: np.ndarray, out: list[MocapFrame]) -> WireError | None:
        first: WireError | None = None
        for code, run, start in ops:
            error: WireError | None = None
            if run is not None:
                cache = self.unity if code < NATIVE else self.native
                error = cache.put(run, words[start:] if start else words, out)
                if code == SKEL and cache.pending:
                    cache.close(out)  # a whole body in one message
            elif code == TIME:
                error = self.unity.time(_FLOAT(words, 4 * start)[0], out)  # type: ignore[arg-type]
            else:
                error = self.unity.root(words, start)
            first = first or error
        return first
