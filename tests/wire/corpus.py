"""Valid and hostile packets of every wire format, and how to damage them.

A format that is not here yet adds a file `corpus_NAME.py` beside this one that calls `register(NAME, Codec(...))`: the
suite's mutation test and `bench/fuzz.py` find it.
"""

import importlib
import json
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bridges.wire import lumm, mocopi, osc, pose_json, vmc
from dynamics.frames import MocapFrame, PoseFrame
from dynamics.skeleton import MOCOPI_REST_M
from tests.wire import packets as p

STEP_NS = 16_666_667
HEADLESS = b"#bundle\0" + bytes(8)


@dataclass(frozen=True)
class Codec:
    """One format on one port. `make` gives a decoder; `feed(decoder, packet, recv_ns)` answers the frames it made."""

    make: Callable[[], Any]
    feed: Callable[[Any, bytes, int], list[Any]]
    max_bytes: int
    """The port's cap: larger packets are refused before decoding."""
    valid: tuple[bytes, ...]
    hostile: tuple[bytes, ...] = ()
    """Made to cost much or to break something."""
    sane: Callable[[Any], bool] = lambda frame: True
    """False when a number that is not finite came out where none may."""
    repeats: bool = True
    """A packet may come twice; False where its number makes it an old one."""


CORPUS: dict[str, Codec] = {}


def register(name: str, codec: Codec) -> None:
    """Add a format; a name twice is a mistake."""
    assert name not in CORPUS, name
    CORPUS[name] = codec


_BITS = (0, 1, 4, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0x7149F2CA, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFC, 1 << 31)
SPECIAL_WORDS = tuple(struct.pack(">I", bits) for bits in _BITS)
"""Sizes, infinities, quiet and signalling NaN, 1e30."""


def mutate(rng: random.Random, packet: bytes, others: tuple[bytes, ...] = ()) -> bytes:
    """The packet with one to four kinds of damage."""
    data = bytearray(packet)
    for _ in range(rng.randrange(1, 5)):
        rng.choice(_DAMAGES)(rng, data, others)
    return bytes(data)


def _flip(rng: random.Random, data: bytearray, others: tuple[bytes, ...]) -> None:
    for _ in range(rng.randrange(1, 9)):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _special(rng: random.Random, data: bytearray, others: tuple[bytes, ...]) -> None:
    word = rng.choice(SPECIAL_WORDS)
    at = rng.randrange(len(data) + 1)
    at -= at % 4 if rng.random() < 0.7 else 0
    data[at : at + 4] = word if rng.random() < 0.5 else word[::-1]


def _cut(rng: random.Random, data: bytearray, others: tuple[bytes, ...]) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _drop(rng: random.Random, data: bytearray, others: tuple[bytes, ...]) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.choice((1, 2, 4, 8, 36, 54, 80))]


def _repeat(rng: random.Random, data: bytearray, others: tuple[bytes, ...]) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = data[at : at + rng.choice((1, 4, 8, 54, 84, 200))] * rng.randrange(1, 6)


def _noise(rng: random.Random, data: bytearray, others: tuple[bytes, ...]) -> None:
    at = rng.randrange(len(data) + 1)
    data[at : at + rng.randrange(40)] = rng.randbytes(rng.randrange(40))


def _splice(rng: random.Random, data: bytearray, others: tuple[bytes, ...]) -> None:
    other = rng.choice(others) if others else bytes(data)
    at, cut = rng.randrange(len(data) + 1), rng.randrange(len(other) + 1)
    data[at:] = other[cut:]


_DAMAGES = (_flip, _flip, _special, _special, _cut, _drop, _repeat, _noise, _splice)


def _feed(decoder: Any, packet: bytes, recv_ns: int) -> list[Any]:
    out: list[Any] = []
    decoder.feed(packet, recv_ns, out)
    return out


def _feed_vmc(decoder: vmc.VmcDecoder, packet: bytes, recv_ns: int) -> list[Any]:
    out: list[Any] = []
    decoder.feed(packet, recv_ns, out)
    decoder.flush(recv_ns + STEP_NS // 2, out)
    return out


def _feed_osc(decoder: Any, packet: bytes, recv_ns: int) -> list[Any]:
    out: list[osc.OscMessage] = []
    osc.decode(packet, out)
    return out


def _sane_body(frame: MocapFrame) -> bool:
    finite = all(np.isfinite(numbers).all() for numbers in (frame.quat_xyzw, frame.offset_m, frame.root_m))
    unit = np.abs(np.linalg.norm(frame.quat_xyzw, axis=1) - 1).max() < 1e-4
    return bool(finite and unit and frame.capture_ns <= frame.recv_ns)


def _sane_pose(frame: PoseFrame) -> bool:
    return bool(np.isfinite(frame.image).all() and frame.capture_ns <= frame.recv_ns)


def turned_pose(names: tuple[str, ...] = p.ALL_NAMES) -> dict[str, Any]:
    rng = np.random.default_rng(11)
    quats = rng.normal(size=(len(names), 4))
    quats /= np.linalg.norm(quats, axis=1, keepdims=True)
    return {name: (tuple(q), tuple(rng.uniform(-0.5, 0.5, 3))) for name, q in zip(names, quats.tolist(), strict=True)}


def _vmc_valid() -> tuple[bytes, ...]:
    pose = turned_pose()
    shapes = [p.osc("/VMC/Ext/Blend/Val", "sf", f"Shape{n}", 0.1) for n in range(52)]
    apply = p.osc("/VMC/Ext/Blend/Apply", "")
    places = [p.osc(f"/VMC/Ext/{kind}/Pos", "sfffffff", "LHR-0001", *range(7)) for kind in ("Hmd", "Con", "Con", "Tra", "Tra")]
    head = (p.time(1), p.ok(1), p.root((1.0, 0.0, 0.5), (0.0, 0.6, 0.0, 0.8)))
    everything = p.bundle(*head, *p.bones(pose, p.ALL_NAMES), *shapes, apply, *places)
    packings = [datagram for packing in p.PACKINGS.values() for datagram in packing(pose, 1.5)]
    joints = [p.osc(f"/mcp/sklt/joint/{n}", "f" * 7, *p.NO_TURN, 0, 0, 0) for n in range(27)]
    odd = p.osc("/VMC/Ext/Bone/Pos", "sddddddd", "Head", 0, 0, 0, *p.NO_TURN)
    return (everything, *packings, p.skel(), *joints[:3], p.bundle(*joints), odd, p.osc("/mcp/BonePos/head", "fff", 0, 1, 0))


def _vmc_hostile() -> tuple[bytes, ...]:
    long_quat, wrong = (0.0, 0.0, 0.0, 1.5), (float("nan"), 0.0, 0.0, 1.0)
    return (
        p.bundle(*[b"/a\0\0"] * 160),
        p.bundle(*[b"/a\0\0"] * 680),
        p.bundle(*[p.osc("/VMC/Ext/Bone/Pos", "sddddddd", "Head", 0, 0, 0, *p.NO_TURN)] * 70),
        p.bundle(*[p.osc("/VMC/Ext/Bone/Pos", "siiiiiii", "Tail", *range(7))] * 90),
        p.bundle(*[p.bone("Head")] * 90),
        p.bundle(*[part for _ in range(40) for part in (p.bone("Head"), p.time(1))]),
        p.bundle(*[p.bone(name, long_quat, (0.1, 0.2, 0.3)) for name in p.VMC_NAMES]),
        p.bundle(*[p.bone(name, wrong if n % 2 else long_quat) for n, name in enumerate(p.VMC_NAMES)]),
        p.bundle(*[p.bone("Head", long_quat), p.bone("Head", wrong)] * 2),
        p.bundle(*[p.skel([(long_quat, (0.1, 0.1, 0.1))] * 27)] * 5),
        p.bundle(*[p.root((1, 2, 3), long_quat), p.root((3, 2, 1), long_quat)] * 2, p.bone("Hips")),
        p.pad(b"/x") + p.pad(b"," + b"T" * 4000),
        p.pad(b"/VMC/Ext/Bone/Pos") + p.pad(b"," + b"T" * 4000),
        p.osc("/VMC/Ext/Bone/Pos", "s" + "f" * 900, "Head", *([1.0] * 900)),
        HEADLESS + b"\0\0\0\x10#bundle\0" * 300,
        _nested(300),
        *_vmc_near_the_limits(),
    )


def _vmc_near_the_limits() -> tuple[bytes, ...]:
    """As many messages of each kind as are read, and mixtures of them."""
    long_quat, wrong = (0.0, 0.0, 0.0, 1.5), (float("nan"), 0.0, 0.0, 1.0)
    shapes = [p.osc("/VMC/Ext/Blend/Val", "sf", f"S{n}", 0.1) for n in range(160)]
    tiny = [b"/a\0\0"] * 160
    doubles = [p.osc("/VMC/Ext/Bone/Pos", "sddddddd", name, 0, 0, 0, *p.NO_TURN) for name in p.ALL_NAMES]
    mixed = [p.osc("/VMC/Ext/Bone/Pos", "siiiffff", name, 0, 0, 0, *p.NO_TURN) for name in p.ALL_NAMES]
    long_mixed = [p.osc("/VMC/Ext/Bone/Pos", "sfififff", name, 0.1, 0, 0.1, 0, 0.0, 0.0, 1.5) for name in p.VMC_NAMES]
    odd = [p.osc("/VMC/Ext/Bone/Pos", "sffffffff", name, 0, 0, 0, *long_quat, 1) for name in p.VMC_NAMES[:8]]
    bones = [p.bone(name, long_quat, (0.1, 0.2, 0.3)) for name in p.VMC_NAMES]
    joints = [p.osc(f"/mcp/sklt/joint/{n}", "f" * 7, *long_quat, 0.1, 0.1, 0.1) for n in range(27)]
    rooms = [p.root((1.0, 2.0, 3.0), long_quat), p.time(3.0)]
    positions = [p.osc(f"/mcp/BonePos/{n}", "fff", 0, 1, 0) for n in range(56)]
    near = [p.osc(address, "f", 1.0) for address in ("/VMC/Ext/Bone/Posture", "/mocopi/skeleton", "/VMC/Ext/Root/Poses")] * 18
    nested = p.bundle(p.bundle(p.bundle(*shapes[:150])))
    fingers = [p.bone(name) for name in p.FINGERS]
    crooked = [p.bone(name, long_quat if n else wrong, (0.1, 0.2, 0.3)) for n, name in enumerate(p.VMC_NAMES)]
    tails = [p.osc("/VMC/Ext/Bone/Pos", "sfffffff", f"Tail{n}", *range(7)) for n in range(5)]
    return (
        p.bundle(p.time(1.0), p.root((1.0, 0.0, 0.5), long_quat), *crooked, *tails, *fingers, *shapes[:60]),
        p.bundle(p.time(1.0), p.root((1.0, 0.0, 0.5), long_quat), *bones, *tails, *fingers, *shapes[:60]),
        p.bundle(*bones[:9], p.time(1.0), *crooked[:7], *odd[:3], *tails),
        p.bundle(*odd[:5], *tails, *fingers[:25], *crooked[:12], p.time(1.0), *shapes[:67]),
        p.bundle(*shapes),
        nested,
        p.bundle(*doubles, *tiny[:100]),
        p.bundle(*mixed, *tiny[:100]),
        p.bundle(*long_mixed, *odd, *positions[:20], *tiny[:100]),
        p.bundle(*rooms, *bones, *joints, *tiny[:100]),
        p.bundle(*joints, *bones, p.time(2.0), *tiny[:100]),
        p.bundle(*bones, *bones, *rooms, *tiny[:100]),
        p.bundle(*[p.bone(name, wrong, (0.1, 0.2, 0.3)) for name in p.VMC_NAMES], *joints, *rooms, *tiny[:90]),
        p.bundle(p.bone("Head", long_quat), p.skel([(long_quat, (0.1, 0.1, 0.1))] * 27), *rooms, *shapes[:150]),
        p.bundle(*positions, *tiny[:100]),
        p.bundle(*near, *tiny[:100]),
        p.bundle(*[p.osc("/VMC/Ext/Bone/Pos", "sfffffff", f"Tail{n}", *range(7)) for n in range(56)], *tiny[:100]),
        p.osc("/mocopi/skel", "fi" * 94 + "f", *[1.0, 1] * 94, 1.0),
    )


def _nested(depth: int) -> bytes:
    packet = b"/a\0\0"
    for _ in range(depth):
        packet = p.bundle(packet)
    return packet


def _mocopi_hostile() -> tuple[bytes, ...]:
    rest = [(p.NO_TURN, tuple(offset)) for offset in MOCOPI_REST_M.tolist()]
    long_quats = [((0.0, 0.0, 0.0, 1.5), pos) for _, pos in rest]
    bone = p.box(b"bnid", struct.pack("<H", 99)) + p.tran(p.NO_TURN, (0, 0, 0))
    fram = p.box(b"fnum", bytes(4))
    many = p.box(b"btrs", p.box(b"btdt", bone + p.box(b"", b"")[:8]) * 42)
    return (
        p.mocopi_frame(rows=long_quats),
        p.mocopi_frame(ids=[*range(26), 0], rows=rest),
        p.mocopi_head() + p.box(b"none", b"") * 340,
        p.mocopi_head() + p.box(b"none", b"") * 60 + p.mocopi_frame()[77:],
        p.mocopi_head() + p.box(b"fram", fram + many),
        p.mocopi_head() + p.box(b"fram", p.box(b"none", b"") * 330),
        p.mocopi_head() + p.box(b"fram", fram + p.box(b"btrs", p.box(b"btdt", p.box(b"none", b"") * 330))),
    )


def _lumm_hostile() -> tuple[bytes, ...]:
    rest = tuple(MOCOPI_REST_M[1].tolist())
    long_quat, wrong, zero = (0.0, 0.0, 0.0, 1.5), (float("nan"), 0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 0.0)
    turns = ([long_quat] * 27, [long_quat, wrong, zero] * 9, [p.NO_TURN] * 26 + [wrong], [p.NO_TURN] * 26 + [long_quat])
    places = ([rest] * 27, [rest] * 26 + [(1e30, 0.0, 0.0)])
    return tuple(p.lumm(list(zip(turn, place, strict=True)), order) for turn in turns for place in places for order in "<>")


def pose_message(**changes: Any) -> bytes:
    mark = {"x": 0.512345678901234, "y": 0.25, "z": -0.1234567890123, "vis": 0.9912345678}
    message = {"frame": 1, "t": 2.5, "w": 1280, "h": 720, "landmarks": [mark] * 33, "source": "stage left"}
    return json.dumps(message | changes).encode()


def _pose_hostile() -> tuple[bytes, ...]:
    return (
        b"[" * 8192,
        b'{"a":' * 1600,
        b'{"source":"' + b"\\u0041" * 1300 + b'"}',
        b'{"frame":' + b"1" * 8000 + b"}",
        pose_message(extra=[0] * 1500),
        pose_message(extra={str(n): n for n in range(400)}),
        b'{"landmarks":[' + b'{"x":1},' * 900,
        b" " * 8192,
    )


_mocopi_packets = (
    p.mocopi_frame(),
    p.mocopi_frame(unix_s=None),
    p.mocopi_frame(extra=p.box(b"tmcd", bytes(6))),
    p.mocopi_frame(ids=[0, 10, 12], rows=[(p.NO_TURN, (0, 0, 0))] * 3),
    p.mocopi_skeleton(),
)

register("osc", Codec(lambda: None, _feed_osc, vmc.MAX_BYTES, _vmc_valid(), _vmc_hostile()))
register("vmc", Codec(vmc.VmcDecoder, _feed_vmc, vmc.MAX_BYTES, _vmc_valid(), _vmc_hostile(), _sane_body))
register(
    "mocopi",
    Codec(mocopi.MocopiDecoder, _feed, mocopi.MAX_BYTES, _mocopi_packets, _mocopi_hostile(), _sane_body, repeats=False),
)
register("lumm", Codec(lumm.LummDecoder, _feed, lumm.MAX_BYTES, (p.lumm(), p.lumm(order=">")), _lumm_hostile(), _sane_body))
register(
    "pose_json",
    Codec(pose_json.PoseJsonDecoder, _feed, pose_json.MAX_BYTES, (pose_message(),), _pose_hostile(), _sane_pose, repeats=False),
)

for _file in sorted(Path(__file__).parent.glob("corpus_*.py")):
    importlib.import_module(f"tests.wire.{_file.stem}")
