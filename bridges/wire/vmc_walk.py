"""One datagram of OSC motion, message by message: which numbers it holds and where they stand.

A bone is recognised by its whole head: address, type tags and name, as every sender writes them. What does not have
exactly those goes through the general OSC decoder. Other addresses are ignored, whatever they hold.
"""

from collections.abc import Sequence
from enum import StrEnum
from struct import Struct
from struct import error as StructError  # noqa: N812

from dynamics.frames import MOCOPI_BONES
from dynamics.skeleton import VMC_TO_MOCOPI

from .bones import BoneError
from .osc import BUNDLE, BUNDLE_HEAD, OscArg, OscError, OscLimits, OscMessage, decode, split

LIMITS = OscLimits(messages=160, arguments=1024)
MAX_PARTS = 4
"""Time marks, roots and runs of different bones per datagram; senders have at most three."""
MAX_GENERAL = 64
"""Messages per datagram that may need the general decoder: a whole humanoid in doubles."""

BONE_ADDRESS, ROOT_ADDRESS, TIME_ADDRESS = b"/VMC/Ext/Bone/Pos", b"/VMC/Ext/Root/Pos", b"/VMC/Ext/T"
SKEL_ADDRESS, JOINT_ADDRESS, POSITION_ADDRESS = b"/mocopi/skel", b"/mcp/sklt/joint/", b"/mcp/BonePos/"
OTHER_BONES = (
    "LeftEye", "RightEye", "Jaw",
    *(f"{side}{finger}{part}" for side in ("Left", "Right") for finger in ("Thumb", "Index", "Middle", "Ring", "Little")
      for part in ("Proximal", "Intermediate", "Distal")),
)  # fmt: skip
"""Bones of the humanoid that are not needed here."""


class VmcError(StrEnum):
    """Why a message with a known address was ignored."""

    ARGUMENTS = "vmc: too few arguments, or of the wrong type"
    TOO_MANY_GENERAL = "vmc: too many messages of unusual form in a datagram"
    TOO_MANY_PARTS = "vmc: more than one body or time in a datagram"
    POSITION_ONLY = "vmc: a bone position without a rotation gives no frame"


WireError = OscError | VmcError | BoneError


def _pad(text: bytes) -> bytes:
    return text + bytes(4 - len(text) % 4)


def _head(address: bytes, tags: str, name: str = "") -> bytes:
    return _pad(address) + _pad(b"," + tags.encode()) + (_pad(name.encode()) if name else b"")


NATIVE, ROOT, SKEL, TIME, SKIP = 32, 64, 65, 66, -1
"""Codes of messages; 0..26 is a bone in Unity's frame, 32..58 one in mocopi's."""
BONE_BYTES, ROOT_V21_BYTES, SKEL_BYTES = 28, 52, 28 * MOCOPI_BONES
HEADS = {
    **{_head(BONE_ADDRESS, "sfffffff", name): bone for name, bone in VMC_TO_MOCOPI.items()},
    **{_head(BONE_ADDRESS, "sfffffff", name): SKIP for name in OTHER_BONES},
    **{_head(JOINT_ADDRESS + b"%d" % bone, "f" * 7): NATIVE + bone for bone in range(MOCOPI_BONES)},
    _head(ROOT_ADDRESS, "sfffffff", "root"): ROOT,
}
"""Everything of a message before its seven floats -> its code."""
ROOT_V21_HEAD = _head(ROOT_ADDRESS, "s" + "f" * 13, "root")
SKEL_HEAD = _head(SKEL_ADDRESS, "f" * 189)
TIME_HEAD = _head(TIME_ADDRESS, "f")
OF_OTHER_FORM = {
    BONE_ADDRESS: SKIP,
    ROOT_ADDRESS: ROOT,
    TIME_ADDRESS: TIME,
    SKEL_ADDRESS: SKEL,
    **{JOINT_ADDRESS + b"%d" % bone: NATIVE + bone for bone in range(MOCOPI_BONES)},
}
"""Addresses that matter, for messages that do not have exactly the floats of `HEADS`."""
_SEVEN = (7, Struct(">7f").pack)
_PACKS = {TIME: (1, Struct(">f").pack), SKEL: (7 * MOCOPI_BONES, Struct(f">{7 * MOCOPI_BONES}f").pack)}
_NUMERIC = frozenset((int, float))


class Walk:
    """One packet read message by message: its numbers gathered, and what they are."""

    __slots__ = ("at", "bones", "chunks", "error", "general", "marks", "mask", "skipped", "spans")

    def __init__(self) -> None:
        self.spans: list[tuple[int, int]] = []
        self.chunks: list[bytes] = []
        self.at: list[int] = []
        """Per chunk: the byte of the packet where it begins."""
        self.marks: list[tuple[int, int]] = []
        """Per run of bones or single message: its code, and its first chunk."""
        self.mask = 0
        """Bones of the run that is open; 0 when none is."""
        self.bones: list[int] = []
        """Per chunk: the code of its message."""
        self.skipped: list[tuple[int, int]] = []
        """Bytes that may hold anything: the messages that are ignored, behind their address."""
        self.general = 0
        """Messages that needed the general decoder."""
        self.error: WireError | None = None

    def add(self, code: int, numbers: bytes, at: int) -> None:
        """One message's numbers; a bone that is in the open run already begins the next one."""
        bit = 1 << code if code < ROOT else 0
        if not bit or not self.mask or self.mask & bit or (code >= NATIVE) != (self.bones[-1] >= NATIVE):
            self.marks.append((code, len(self.chunks)))
            self.mask = 0
        self.mask |= bit
        self.bones.append(code)
        self.chunks.append(numbers)
        self.at.append(at)


def walk_packet(packet: bytes, walk: Walk) -> WireError | None:
    """Fill `walk`; returns why the datagram is refused as a whole. What is wrong with one message is in `walk.error`."""
    error = split(packet, walk.spans, LIMITS)
    if error is not None:
        return error
    for start, end in walk.spans:
        code = HEADS.get(packet[start : end - BONE_BYTES])
        if code is None:
            _other(packet, start, end, walk)
            if len(walk.marks) > MAX_PARTS:
                break
        elif code >= 0:
            walk.add(code, packet[end - BONE_BYTES : end], end - BONE_BYTES)
        else:
            walk.skipped.append((end - BONE_BYTES, end))
    return None if len(walk.marks) <= MAX_PARTS else VmcError.TOO_MANY_PARTS


def _other(packet: bytes, start: int, end: int, walk: Walk) -> None:
    """A message that is no bone of the usual form."""
    nul = packet.find(0, start, end)
    address = packet[start:nul] if nul > start else b""
    code = OF_OTHER_FORM.get(address)
    if code is None:
        if address.startswith(POSITION_ADDRESS):
            walk.error = walk.error or VmcError.POSITION_ONLY
        if nul < 0:
            walk.general += 1
        else:
            walk.skipped.append(((nul + 4) & ~3, end))
        return
    if address == TIME_ADDRESS and packet.startswith(TIME_HEAD, start) and end - start >= len(TIME_HEAD) + 4:
        at = start + len(TIME_HEAD)
        walk.add(TIME, packet[at : at + 4], at)
        walk.skipped.append((at + 4, end))
    elif address == ROOT_ADDRESS and packet[start : end - ROOT_V21_BYTES] == ROOT_V21_HEAD:
        at = end - ROOT_V21_BYTES
        walk.add(ROOT, packet[at : at + BONE_BYTES], at)
        walk.skipped.append((at + BONE_BYTES, end))
    elif address == SKEL_ADDRESS and packet[start : end - SKEL_BYTES] == SKEL_HEAD:
        walk.add(SKEL, packet[end - SKEL_BYTES : end], end - SKEL_BYTES)
    else:
        walk.general += 1
        fault = VmcError.TOO_MANY_GENERAL if walk.general > MAX_GENERAL else _general(packet[start:end], code, walk)
        walk.error = walk.error or fault


def _general(message: bytes, code: int, walk: Walk) -> WireError | None:
    """A message with integers or doubles, extra arguments, or another root's name."""
    messages: list[OscMessage] = []
    error = decode(message, messages, LIMITS)
    if error is not None:
        return error
    args: Sequence[OscArg] = messages[0].args
    if code in (SKIP, ROOT):
        if not args or not isinstance(args[0], str):
            return VmcError.ARGUMENTS
        if code == SKIP:
            code = VMC_TO_MOCOPI.get(args[0], SKIP)
            if code == SKIP:
                return None
        args = args[1:]
    count, pack = _PACKS.get(code, _SEVEN)
    numbers = args[:count]
    if len(numbers) < count or not _NUMERIC.issuperset(map(type, numbers)):
        return VmcError.ARGUMENTS
    try:
        chunk = pack(*numbers)
    except (OverflowError, StructError):  # larger than a float32 can say
        return BoneError.NUMBER
    walk.add(code, chunk, 0)
    return None


def holes(packet: bytes, walk: Walk) -> list[tuple[int, int]]:
    """Bytes that do not make the layout: numbers, ignored messages behind their address, time tags."""
    gaps = [(at, at + len(chunk)) for at, chunk in zip(walk.at, walk.chunks, strict=True)]
    gaps += [(start, end) for start, end in walk.skipped if start < end]
    pos = 0
    for start, end in [*walk.spans, (len(packet), len(packet))]:
        head = packet.find(BUNDLE, pos, start)
        while head >= 0:
            gaps.append((head + len(BUNDLE), head + BUNDLE_HEAD))
            head = packet.find(BUNDLE, head + BUNDLE_HEAD, start)
        pos = end
    return sorted(gaps)
