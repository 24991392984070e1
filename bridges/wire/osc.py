"""OSC 1.0 datagrams to messages: bounded, exact addresses, no pattern matching, no time tags, no exception on any bytes.

Sending goes through python-osc; nothing that arrives does. A decoder of ours because every datagram from the network is
hostile: the cost of one is bounded by the limits below, nesting is walked with a list (never by recursion), and time tags
are skipped, so nothing ever waits. A float may be NaN or infinite here: the codec that gives it a meaning rejects it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from struct import Struct
from typing import NamedTuple

OscArg = int | float | str | bytes | bool | None


class OscMessage(NamedTuple):
    """One message. `tags` is without its comma; `args` has one entry per tag outside arrays (arrays are skipped)."""

    address: str
    tags: str
    args: tuple[OscArg, ...]


class OscError(StrEnum):
    """Why a datagram was refused as a whole."""

    SIZE = "osc: empty, or not a multiple of 4 bytes"
    ELEMENT = "osc: a bundle element is cut off or has a bad size"
    DEPTH = "osc: bundles nested too deep"
    MESSAGES = "osc: too many messages"
    ADDRESS = "osc: an address does not start with / or does not end"
    TAGS = "osc: a type tag string is missing, does not end, or has an unknown tag"
    ARGUMENTS = "osc: an argument is cut off"
    TOO_MANY_ARGUMENTS = "osc: too many arguments"


@dataclass(frozen=True, slots=True)
class OscLimits:
    """Bounds on one datagram; the size in bytes is capped by the socket's owner before decoding."""

    messages: int = 128
    """Messages and nested bundles together."""
    arguments: int = 1024
    """Arguments of all messages together, those inside arrays included."""
    depth: int = 4
    """A bundle in a bundle is depth 2, the deepest that a real sender was seen to use."""


DEFAULT_LIMITS = OscLimits()

BUNDLE = b"#bundle\0"
BUNDLE_HEAD = 16
"""Bytes of "#bundle" and the time tag."""

_U32 = Struct(">I").unpack_from
MAX_RUN = 16
"""Equal numbers that are unpacked in one go."""
_FORMS = {"f": "f", "i": "i", "d": "d", "h": "q", "t": "Q", "c": "i", "r": "I", "m": "I"}
_NUMBERS: dict[int, tuple[int, tuple[Callable[[bytes, int], tuple[int | float, ...]], ...]]] = {
    ord(tag): (Struct(f">{form}").size, tuple(Struct(f">{n}{form}").unpack_from for n in range(MAX_RUN + 1)))
    for tag, form in _FORMS.items()
}
"""Tag -> bytes of one, and how to unpack 0..16 of them."""
_CONSTANTS: dict[int, tuple[OscArg]] = {ord("T"): (True,), ord("F"): (False,), ord("N"): (None,), ord("I"): (float("inf"),)}
_STRING, _SYMBOL, _BLOB, _OPEN, _CLOSE = b"sSb[]"


def decode(data: bytes | memoryview, out: list[OscMessage], limits: OscLimits = DEFAULT_LIMITS) -> OscError | None:
    """Append the messages of one datagram to `out`, in order; on an error say which and append nothing."""
    packet = bytes(data)
    spans: list[tuple[int, int]] = []
    error = split(packet, spans, limits)
    if error is not None:
        return error
    first, budget = len(out), limits.arguments
    for start, end in spans:
        message = read_message(packet, start, end, budget)
        if isinstance(message, OscError):
            del out[first:]
            return message
        budget -= len(message.tags)
        out.append(message)
    return None


def split(packet: bytes, spans: list[tuple[int, int]], limits: OscLimits = DEFAULT_LIMITS) -> OscError | None:
    """Append (start, end) of every message in the datagram, looking through bundles in bundles; contents unread."""
    size = len(packet)
    if size == 0 or size & 3:
        return OscError.SIZE
    if not packet.startswith(BUNDLE):
        spans.append((0, size))
        return None
    if size < BUNDLE_HEAD:
        return OscError.ELEMENT
    return _split_bundle(packet, spans, limits)


def _split_bundle(packet: bytes, spans: list[tuple[int, int]], limits: OscLimits) -> OscError | None:
    ends = [len(packet)]
    pos, left = BUNDLE_HEAD, limits.messages
    while ends:
        end = ends[-1]
        if pos == end:
            ends.pop()
            continue
        length = _U32(packet, pos)[0]  # every size is a multiple of 4, so four bytes are there
        pos += 4
        stop = pos + length
        if length == 0 or length & 3 or stop > end:
            return OscError.ELEMENT
        left -= 1
        if left < 0:
            return OscError.MESSAGES
        if packet.startswith(BUNDLE, pos, stop):
            if length < BUNDLE_HEAD:
                return OscError.ELEMENT
            if len(ends) >= limits.depth:
                return OscError.DEPTH
            ends.append(stop)
            pos += BUNDLE_HEAD
        else:
            spans.append((pos, stop))
            pos = stop
    return None


def read_message(packet: bytes, start: int, end: int, budget: int) -> OscMessage | OscError:
    """The message in this range, of at most `budget` arguments."""
    nul = packet.find(0, start, end)
    if nul < 0 or packet[start] != 0x2F:
        return OscError.ADDRESS
    address = packet[start:nul].decode("utf-8", "replace")
    pos = (nul + 4) & ~3
    if pos == end:  # some senders leave the tag string away when there is no argument
        return OscMessage(address, "", ())
    nul = packet.find(0, pos, end)
    if nul < 0 or packet[pos] != 0x2C:
        return OscError.TAGS
    tags = packet[pos + 1 : nul]
    if len(tags) > budget:
        return OscError.TOO_MANY_ARGUMENTS
    args = _arguments(packet, tags, (nul + 4) & ~3, end)
    return args if isinstance(args, OscError) else OscMessage(address, tags.decode("latin-1"), args)


def _arguments(packet: bytes, tags: bytes, pos: int, end: int) -> tuple[OscArg, ...] | OscError:
    args: list[OscArg] = []
    arrays = at = 0
    while at < len(tags):
        tag, count = tags[at], 1
        values: tuple[OscArg, ...] = ()
        if tag in _NUMBERS:
            size, unpack = _NUMBERS[tag]
            while count < MAX_RUN and tags[at + count : at + count + 1] == tags[at : at + 1]:
                count += 1
            if pos + count * size > end:
                return OscError.ARGUMENTS
            values = unpack[count](packet, pos)
            pos += count * size
        elif tag in _CONSTANTS:
            values = _CONSTANTS[tag]
        elif tag in (_OPEN, _CLOSE):
            arrays += 1 if tag == _OPEN else -1
            if arrays < 0:
                return OscError.TAGS
        elif tag in (_STRING, _SYMBOL, _BLOB):
            text = _text(packet, pos, end) if tag != _BLOB else _blob(packet, pos, end)
            if text is None:
                return OscError.ARGUMENTS
            values, pos = (text[0],), text[1]
        else:
            return OscError.TAGS
        at += count
        if not arrays:
            args += values
    return tuple(args) if arrays == 0 else OscError.TAGS


def _text(packet: bytes, pos: int, end: int) -> tuple[str, int] | None:
    nul = packet.find(0, pos, end)
    return None if nul < 0 else (packet[pos:nul].decode("utf-8", "replace"), (nul + 4) & ~3)


def _blob(packet: bytes, pos: int, end: int) -> tuple[bytes, int] | None:
    if pos + 4 > end:
        return None
    stop = pos + 4 + _U32(packet, pos)[0]
    return None if stop > end else (packet[pos + 4 : stop], (stop + 3) & ~3)
