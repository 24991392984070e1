"""Builders of valid packets, one per packing that senders use. Written from the formats, not from our decoders."""

import struct

from dynamics.skeleton import MOCOPI_REST_M, VMC_TO_MOCOPI

VMC_NAMES = tuple(VMC_TO_MOCOPI)
FINGERS = tuple(
    f"{side}{finger}{part}"
    for side in ("Left", "Right")
    for finger in ("Thumb", "Index", "Middle", "Ring", "Little")
    for part in ("Proximal", "Intermediate", "Distal")
)
ALL_NAMES = (*(n for n in VMC_NAMES if n != "UpperChest"), "LeftEye", "RightEye", "Jaw", *FINGERS, "UpperChest")
"""The 55 bones of the humanoid; the upper chest comes last, as in Unity's own order."""
NO_TURN = (0.0, 0.0, 0.0, 1.0)


def pad(text):
    return text + bytes(4 - len(text) % 4)


def osc(address, tags, *args):
    body = b""
    for tag, arg in zip(tags, args, strict=True):
        body += pad(arg.encode()) if tag == "s" else struct.pack({"f": ">f", "i": ">i", "d": ">d"}[tag], arg)
    return pad(address.encode()) + pad(b"," + tags.encode()) + body


def bundle(*elements, timetag=1):
    return b"#bundle\0" + struct.pack(">Q", timetag) + b"".join(struct.pack(">I", len(e)) + e for e in elements)


def bone(name, quat=NO_TURN, pos=(0.0, 0.0, 0.0)):
    return osc("/VMC/Ext/Bone/Pos", "sfffffff", name, *pos, *quat)


def root(pos=(0.0, 0.0, 0.0), quat=NO_TURN):
    return osc("/VMC/Ext/Root/Pos", "sfffffff", "root", *pos, *quat)


def root_v21(pos=(0.0, 0.0, 0.0), quat=NO_TURN):
    return osc("/VMC/Ext/Root/Pos", "s" + "f" * 13, "root", *pos, *quat, 1, 1, 1, 0, 0, 0)


def time(seconds):
    return osc("/VMC/Ext/T", "f", seconds)


def ok(*states):
    return osc("/VMC/Ext/OK", "i" * len(states), *states)


def bones(pose, names=VMC_NAMES):
    """`pose`: name -> (quat, pos)."""
    return [bone(name, *pose.get(name, (NO_TURN, (0.0, 0.0, 0.0)))) for name in names]


def virtual_motion_capture(pose, seconds):
    """Bones in bundles of 13; the rest in a bundle inside the root bundle, with the other messages behind."""
    parts = bones(pose, ALL_NAMES)
    cut = len(parts) - len(parts) % 13
    datagrams = [bundle(*parts[n : n + 13]) for n in range(0, cut, 13)]
    camera = osc("/VMC/Ext/Cam", "sffffffff", "Camera", *range(8))
    tracker = osc("/VMC/Ext/Tra/Pos", "sfffffff", "LHR-1", *range(7))
    last = bundle(root_v21(), bundle(*parts[cut:]), camera, tracker, ok(1, 3, 0, 1), time(seconds))
    return [*datagrams, last]


def official_sample(pose, seconds):
    """Root plain, one bundle of bones with a real time tag, trackers, blend shapes, then OK and T plain."""
    shapes = [osc("/VMC/Ext/Blend/Val", "sf", f"Shape{n}", 0.1) for n in range(8)]
    return [
        root(),
        bundle(*bones(pose, ALL_NAMES), timetag=int((3_900_000_000 + seconds) * 2**32)),
        bundle(osc("/VMC/Ext/Hmd/Pos", "sfffffff", "HMD", *range(7)), timetag=int((3_900_000_000 + seconds) * 2**32)),
        bundle(*shapes, osc("/VMC/Ext/Blend/Apply", "")),
        ok(1),
        time(seconds),
    ]


def slimevr(pose, seconds):
    """One bundle: T, OK, Root, bones."""
    return [bundle(time(seconds), ok(1), root(), *bones(pose))]


def plain_bones(pose, seconds):
    """One plain message per bone per datagram, and nothing else."""
    return bones(pose)


PACKINGS = {f.__name__: f for f in (virtual_motion_capture, official_sample, slimevr, plain_bones)}


def box(name, value):
    return struct.pack("<I", len(value)) + name + value


def mocopi_head():
    ftyp = box(b"head", box(b"ftyp", b"sony motion format") + box(b"vrsn", b"\x01"))
    return ftyp + box(b"sndf", box(b"ipad", struct.pack("<Q", 192168001001)) + box(b"rcvp", struct.pack("<H", 12351)))


def tran(quat, pos):
    return box(b"tran", struct.pack("<7f", *quat, *pos))


def mocopi_frame(number=1, time_s=0.0, unix_s=1_700_000_000.0, rows=None, extra=b"", ids=range(27)):
    """`rows`: 27 x (quat, pos). `unix_s` None leaves uttm away; `extra` is put into fram as it is."""
    rows = rows or [(NO_TURN, tuple(offset)) for offset in MOCOPI_REST_M]
    parts = [box(b"btdt", box(b"bnid", struct.pack("<H", bone)) + tran(*row)) for bone, row in zip(ids, rows, strict=True)]
    fram = box(b"fnum", struct.pack("<I", number)) + box(b"time", struct.pack("<f", time_s))
    if unix_s is not None:
        fram += box(b"uttm", struct.pack("<d", unix_s))
    return mocopi_head() + box(b"fram", fram + extra + box(b"btrs", b"".join(parts)))


def mocopi_skeleton(offsets=MOCOPI_REST_M, scale=1.0):
    from dynamics.skeleton import MOCOPI_PARENT

    parts = [
        box(
            b"bndt",
            box(b"bnid", struct.pack("<H", n))
            + box(b"pbid", struct.pack("<H", MOCOPI_PARENT[n] & 0xFFFF))
            + tran(NO_TURN, [float(v) * scale for v in offsets[n]]),
        )
        for n in range(27)
    ]
    return mocopi_head() + box(b"skdf", box(b"bons", b"".join(parts)))


def lumm(rows=None, order="<", header=bytes(12)):
    rows = rows or [(NO_TURN, tuple(offset)) for offset in MOCOPI_REST_M]
    return struct.pack(order + "I", 0x4C554D4D) + header + b"".join(struct.pack(order + "7f", *q, *p) for q, p in rows)


def skel(rows=None):
    rows = rows or [(NO_TURN, tuple(offset)) for offset in MOCOPI_REST_M]
    return osc("/mocopi/skel", "f" * 189, *[float(v) for q, p in rows for v in (*q, *p)])
