"""One datagram of OSC motion, message by message: which numbers it holds and where they stand.

A bone is recognised by its whole head: address, type tags and name, as every sender writes them. Integers and doubles
instead of floats are a table too; what is odder goes through the general OSC decoder. A message of another address costs
one look at its first bytes and is ignored, whatever it holds. Every way is bounded by a count per datagram, so that no
datagram costs much more than the largest that senders make.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import product
from struct import Struct, calcsize, unpack_from
from struct import error as StructError  # noqa: N812

from dynamics.frames import MOCOPI_BONES
from dynamics.skeleton import VMC_TO_MOCOPI

from .bones import BoneError
from .osc import BUNDLE, BUNDLE_HEAD, OscError, OscLimits

LIMITS = OscLimits(messages=160)
"""Messages and nested bundles of a datagram: 55 bones, 70 blend shapes and a dozen others are the most that was heard of."""
MAX_PARTS = 4
"""Time marks, roots and runs of different bones per datagram; senders have at most three."""
MAX_ODD = 56
"""Messages per datagram that begin like one that matters and are none with the usual floats: a humanoid in doubles."""
MAX_GENERAL = 8
"""Those of them that need the general decoder: a root of another name, a time in double."""
WORK = 830
"""What reading one datagram may cost, in tenths of a microsecond of the machine that the weights were taken on."""
WORK_OF_MESSAGE, WORK_OF_NUMBERS, WORK_OF_ODD, WORK_OF_GENERAL, WORK_OF_BODY = 2, 2, 5, 40, 380
"""All bones, 70 blend shapes and ten others come to 710, a humanoid in doubles to 820."""
WORK_TO_MEND = 280
"""A datagram with so much left over may have bones whose numbers must be looked at one by one. All bones of a humanoid
leave it; with blend shapes beside them such bones are read from the moment on that the layout is known."""
WORK_TO_PICK = 390
"""A datagram with so much left over may have the good bones picked from among bad ones: a dozen, or all of a known layout."""
WORK_TO_LEARN = 120
"""A datagram with so much work left over may add a step of learning its layout."""
MAX_ERRORS = 2
"""Bad messages per datagram that leave the others standing; with one more, none of them is worth reading."""

Parts = list[tuple[int, int]]

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
    TOO_MUCH = "vmc: more in a datagram than any sender puts there"
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
}
"""Everything of a bone's message before its seven floats -> its code."""
ROOT_HEAD, ROOT_V21_HEAD = (_head(ROOT_ADDRESS, "s" + "f" * count, "root") for count in (7, 13))
SKEL_HEAD = _head(SKEL_ADDRESS, "f" * 189)
TIME_HEAD = _head(TIME_ADDRESS, "f")
BONE_START, BONE_TAGS_END = _pad(BONE_ADDRESS), len(_head(BONE_ADDRESS, "sfffffff"))
NAMES = {_pad(name.encode()): code for name, code in (*VMC_TO_MOCOPI.items(), *((name, SKIP) for name in OTHER_BONES))}
NUMBERS: dict[bytes, tuple[int, Callable[[bytes, int], tuple[float, ...]]]] = {
    _pad(b",s" + bytes(form)): (Struct(">" + bytes(form).decode()).size, Struct(">" + bytes(form).decode()).unpack_from)
    for form in (*product(b"fi", repeat=7), (ord("d"),) * 7)
}
"""Type tags of a bone -> bytes of its numbers and how to read them: scripts send a whole number as an integer."""
OF_OTHER_FORM = {
    BONE_ADDRESS: SKIP,
    ROOT_ADDRESS: ROOT,
    TIME_ADDRESS: TIME,
    SKEL_ADDRESS: SKEL,
    **{JOINT_ADDRESS + b"%d" % bone: NATIVE + bone for bone in range(MOCOPI_BONES)},
}
"""Addresses that matter, for messages that do not have exactly the usual numbers."""
START_BYTES = 12
STARTS = frozenset(_pad(address)[:START_BYTES] for address in (*OF_OTHER_FORM, POSITION_ADDRESS))
"""A message that begins otherwise is ignored."""
CONVERTED = -1
"""Place of numbers that do not stand in the packet as they are needed."""
_HASH, COMMA, NAME_TAG, NUMBER_TAGS = BUNDLE[0], ord(","), ord("s"), b"fidh"
_U32 = Struct(">I").unpack_from
_PACK7 = Struct(">7f").pack
_SEVEN = (7, _PACK7)
_PACKS = {TIME: (1, Struct(">f").pack), SKEL: (7 * MOCOPI_BONES, Struct(f">{7 * MOCOPI_BONES}f").pack)}


class Walk:
    """One packet read message by message: its numbers gathered, and what they are."""

    __slots__ = ("at", "chunks", "codes", "error", "errors", "general", "ignored", "odd", "others", "singles", "unneeded")

    def __init__(self) -> None:
        self.codes: list[int] = []
        self.chunks: list[bytes] = []
        """Per code: its numbers, as big-endian floats."""
        self.at: list[int] = []
        """Per code: the byte of the packet where they begin."""
        self.singles: list[int] = []
        """Which of the codes are no bones."""
        self.ignored: list[int] = []
        """Where the messages begin that may hold anything behind their first `START_BYTES`."""
        self.others: list[int] = []
        """Where the bones end that are not needed."""
        self.unneeded: list[tuple[int, int]] = []
        """Other bytes that may hold anything."""
        self.odd = self.general = self.errors = 0
        """Messages with unusual numbers; those of them that needed the general decoder; those that are wrong."""
        self.error: WireError | None = None

    def fault(self, error: WireError) -> WireError | None:
        """One message is wrong: why the datagram is refused, when there were too many of them."""
        self.error = self.error or error
        self.errors += 1
        return self.error if self.errors > MAX_ERRORS else None

    def work(self, bodies: int) -> int:
        """What it costs to read this datagram: see WORK."""
        messages = len(self.ignored) + len(self.others) + len(self.unneeded) + len(self.codes)
        numbers = WORK_OF_NUMBERS * len(self.codes) + WORK_OF_ODD * self.odd + WORK_OF_GENERAL * self.general
        return WORK_OF_MESSAGE * messages + numbers + WORK_OF_BODY * bodies

    def is_plain(self) -> bool:
        """All of its numbers stand in the packet as they are needed."""
        return not self.general and CONVERTED not in self.at

    def add(self, code: int, numbers: bytes, at: int) -> None:
        """One message's numbers."""
        if code >= ROOT:
            self.singles.append(len(self.codes))
        self.codes.append(code)
        self.chunks.append(numbers)
        self.at.append(at)


class Sighting:
    """What makes packets of one layout alike, but for the bytes outside their numbers."""

    __slots__ = ("_codes", "_places", "_size")

    def __init__(self, packet: bytes, walk: Walk) -> None:
        self._size, self._codes, self._places = len(packet), walk.codes, _places(walk)

    def is_like(self, packet: bytes, walk: Walk) -> bool:
        return len(packet) == self._size and walk.codes == self._codes and _places(walk) == self._places


def _places(walk: Walk) -> tuple[list[int], list[int], list[int], list[tuple[int, int]]]:
    return walk.at, walk.ignored, walk.others, walk.unneeded


def walk_packet(packet: bytes, walk: Walk) -> WireError | None:
    """Fill `walk`; returns why the datagram is refused as a whole. What is wrong with one message is in `walk.error`."""
    size = len(packet)
    if size == 0 or size & 3:
        return OscError.SIZE
    if packet.startswith(BUNDLE):
        return _walk_bundle(packet, walk) if size >= BUNDLE_HEAD else OscError.ELEMENT
    code = HEADS.get(packet[: max(0, size - BONE_BYTES)])
    if code is not None and code >= 0:
        walk.add(code, packet[size - BONE_BYTES :], size - BONE_BYTES)
    elif code is None and packet[:START_BYTES] in STARTS:
        return _message(packet, 0, size, walk)
    return None


def _walk_bundle(packet: bytes, walk: Walk) -> WireError | None:
    code_of, codes, chunks, at = HEADS.get, walk.codes, walk.chunks, walk.at
    ignored, others = walk.ignored, walk.others
    pos, end = BUNDLE_HEAD, len(packet)
    ends: list[int] = []
    for _ in range(LIMITS.messages + 1):
        while pos == end:
            if not ends:
                return None
            end = ends.pop()
        start = pos + 4  # every size is a multiple of 4, so four bytes are there
        pos = start + _U32(packet, pos)[0]
        if pos > end or pos & 3 or pos == start:
            return OscError.ELEMENT
        if packet[start : start + START_BYTES] in STARTS:
            code = code_of(packet[start : pos - BONE_BYTES])
            if code is None or pos < BONE_BYTES:
                error = _message(packet, start, pos, walk)
                if error is not None:
                    return error
            elif code >= 0:
                codes.append(code)
                chunks.append(packet[pos - BONE_BYTES : pos])
                at.append(pos - BONE_BYTES)
            else:
                others.append(pos)
        elif packet[start] == _HASH and packet.startswith(BUNDLE, start, pos):
            ends.append(end)
            if pos - start < BUNDLE_HEAD or len(ends) >= LIMITS.depth:
                return OscError.ELEMENT if pos - start < BUNDLE_HEAD else OscError.DEPTH
            walk.unneeded.append((start + len(BUNDLE), start + BUNDLE_HEAD))
            pos, end = start + BUNDLE_HEAD, pos
        else:
            ignored.append(start)
    return OscError.MESSAGES


def _message(packet: bytes, start: int, end: int, walk: Walk) -> WireError | None:
    """A message that begins like one that matters and is no bone of the usual form; says why the datagram is refused."""
    size = end - start
    if packet.startswith(BONE_START, start):
        return _odd_bone(packet, start, end, walk)
    if packet.startswith(TIME_HEAD, start) and size >= len(TIME_HEAD) + 4:
        at, used = start + len(TIME_HEAD), 4
        walk.add(TIME, packet[at : at + used], at)
    elif packet.startswith(ROOT_HEAD, start) and size == len(ROOT_HEAD) + BONE_BYTES:
        at, used = start + len(ROOT_HEAD), BONE_BYTES
        walk.add(ROOT, packet[at:end], at)
    elif packet.startswith(ROOT_V21_HEAD, start) and size == len(ROOT_V21_HEAD) + ROOT_V21_BYTES:
        at, used = start + len(ROOT_V21_HEAD), BONE_BYTES
        walk.add(ROOT, packet[at : at + used], at)
    elif packet.startswith(SKEL_HEAD, start) and size == len(SKEL_HEAD) + SKEL_BYTES:
        at, used = start + len(SKEL_HEAD), SKEL_BYTES
        walk.add(SKEL, packet[at:end], at)
    else:
        return _other(packet, start, end, walk)
    if at + used < end:
        walk.unneeded.append((at + used, end))
    return None if len(walk.singles) <= MAX_PARTS else VmcError.TOO_MANY_PARTS


def _odd_bone(packet: bytes, start: int, end: int, walk: Walk) -> WireError | None:
    """A bone with a name that nobody needs, or with integers or doubles."""
    walk.odd += 1
    if walk.odd > MAX_ODD:
        return VmcError.TOO_MANY_GENERAL
    name_at = start + BONE_TAGS_END
    size, read = NUMBERS.get(packet[start + len(BONE_START) : name_at], (0, None))
    at = end - size
    if read is None or at <= name_at:
        return _general(packet, start, end, SKIP, walk)
    code = NAMES.get(packet[name_at:at])
    if code is None:
        walk.odd += 1  # nobody has a body of such bones
        nul = packet.find(0, name_at, at)
        if nul < 0 or _pad(packet[name_at:nul]) in NAMES:
            return _general(packet, start, end, SKIP, walk)
    if code is None or code == SKIP:
        walk.unneeded.append((at, end))
        return None
    try:
        walk.add(code, _PACK7(*read(packet, at)), CONVERTED)
    except (OverflowError, StructError):  # larger than a float32 can say
        return walk.fault(BoneError.NUMBER)
    return None


def _other(packet: bytes, start: int, end: int, walk: Walk) -> WireError | None:
    """A message that only begins like one that matters, or one that is no bone and has unusual numbers."""
    walk.odd += 2
    if walk.odd > MAX_ODD:
        return VmcError.TOO_MANY_GENERAL
    nul = packet.find(0, start, end)
    code = OF_OTHER_FORM.get(packet[start:nul]) if nul > start else None
    if code is not None:
        return _general(packet, start, end, code, walk)
    if packet.startswith(POSITION_ADDRESS, start):
        walk.error = walk.error or VmcError.POSITION_ONLY
    if nul > start:
        walk.unneeded.append((nul + 1, end))
    return None


def _general(packet: bytes, start: int, end: int, code: int, walk: Walk) -> WireError | None:
    """A message with numbers of odd kinds, extra arguments, or another root's name."""
    walk.general += 1
    if walk.general > MAX_GENERAL:
        return VmcError.TOO_MANY_GENERAL
    error = _read_general(packet, start, end, code, walk)
    if error is not None:
        return walk.fault(error)
    return None if len(walk.singles) <= MAX_PARTS else VmcError.TOO_MANY_PARTS


def _read_general(packet: bytes, start: int, end: int, code: int, walk: Walk) -> WireError | None:
    """Only the arguments that are needed are looked at."""
    tags_at = (packet.find(0, start, end) + 4) & ~3
    nul = packet.find(0, tags_at, end)
    if nul < 0 or packet[tags_at] != COMMA:
        return VmcError.ARGUMENTS if tags_at >= end else OscError.TAGS
    first, at = tags_at + 1, (nul + 4) & ~3
    if code in (SKIP, ROOT):
        name_end = packet.find(0, at, end)
        if packet[first] != NAME_TAG or name_end < 0:
            return VmcError.ARGUMENTS
        if code == SKIP:
            code = NAMES.get(_pad(packet[at:name_end]), SKIP)
            if code == SKIP:
                return None
        first, at = first + 1, (name_end + 4) & ~3
    count, pack = _PACKS.get(code, _SEVEN)
    form = packet[first : min(nul, first + count)]
    alike = form == form[:1] * count
    if len(form) < count or form.strip(NUMBER_TAGS) or (code == SKEL and not alike):
        return VmcError.ARGUMENTS
    layout = ">" + (f"{count}{chr(form[0])}" if alike else form.decode()).replace("h", "q")
    if at + calcsize(layout) > end:
        return OscError.ARGUMENTS
    try:
        walk.add(code, pack(*unpack_from(layout, packet, at)), CONVERTED)
    except (OverflowError, StructError):  # larger than a float32 can say
        return BoneError.NUMBER
    return None


def parts(walk: Walk) -> Parts | None:
    """(code, its place) of each single message and of the first bone of each run of different ones; None: too many."""
    codes, first = walk.codes, 0
    found: Parts = []
    for stop in (*walk.singles, len(codes)):
        while first < stop:
            if len(found) > MAX_PARTS:
                return None
            found.append((codes[first], first))
            first = _end_of_run(codes, first, stop)
        if stop < len(codes):
            found.append((codes[stop], stop))
            first = stop + 1
    return found if len(found) <= MAX_PARTS else None


def _end_of_run(codes: list[int], first: int, stop: int) -> int:
    """Where a bone comes that was there already, or one of the other kind."""
    run = codes[first:stop]
    if len(set(run)) == len(run) and (max(run) < NATIVE or min(run) >= NATIVE):
        return stop
    seen: set[int] = set()
    for place in range(first, stop):
        code = codes[place]
        if code in seen or (code >= NATIVE) != (codes[first] >= NATIVE):
            return place
        seen.add(code)
    return stop


def holes(packet: bytes, walk: Walk, gaps: list[tuple[int, int]]) -> Iterator[bool]:
    """Fill `gaps`, step by step, with the bytes that do not make the layout, in order: numbers, ignored messages behind
    their beginning, time tags."""
    gaps += [(len(BUNDLE), BUNDLE_HEAD), *walk.unneeded, *[(end - BONE_BYTES, end) for end in walk.others]]
    yield True
    gaps += [(at, at + len(chunk)) for at, chunk in zip(walk.at, walk.chunks, strict=True)]
    yield True
    ends = [start + _U32(packet, start - 4)[0] for start in walk.ignored]
    gaps += [(start + START_BYTES, end) for start, end in zip(walk.ignored, ends, strict=True) if start + START_BYTES < end]
    yield True
    gaps.sort()
    yield True
