"""The OSC decoder: what it reads, what it refuses, and that no bytes make it raise."""

import random
import struct

import pytest
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from bridges.wire.osc import OscError, OscLimits, OscMessage, decode


def message(address, *args):
    builder = OscMessageBuilder(address)
    for arg in args:
        builder.add_arg(*arg) if isinstance(arg, tuple) else builder.add_arg(arg)
    return builder.build()


def bundle(*contents, timetag=0):
    builder = OscBundleBuilder(timetag)
    for content in contents:
        builder.add_content(content)
    return builder.build()


def read(packet, limits=None):
    out = []
    error = decode(packet, out, *([limits] if limits else []))
    return error if error is not None else out


def raw(address, tags, body=b""):
    def pad(text):
        return text + b"\0" * (4 - len(text) % 4)

    return pad(address) + pad(b"," + tags) + body


def wrap(*elements):
    return b"#bundle\0" + bytes(8) + b"".join(struct.pack(">I", len(e)) + e for e in elements)


def test_a_plain_message_gives_its_address_tags_and_arguments():
    assert read(message("/a/b", 7, 0.5, "hö").dgram) == [OscMessage("/a/b", "ifs", (7, 0.5, "hö"))]


@pytest.mark.parametrize(
    ("tags", "body", "args"),
    [
        (b"i", struct.pack(">i", -3), (-3,)),
        (b"f", struct.pack(">f", 1.5), (1.5,)),
        (b"h", struct.pack(">q", -(2**40)), (-(2**40),)),
        (b"d", struct.pack(">d", 0.1), (0.1,)),
        (b"t", struct.pack(">Q", 2**63), (2**63,)),
        (b"s", b"abcd\0\0\0\0", ("abcd",)),
        (b"S", b"abc\0", ("abc",)),
        (b"b", struct.pack(">I", 3) + b"xyz\0", (b"xyz",)),
        (b"TFNI", b"", (True, False, None, float("inf"))),
        (b"c", struct.pack(">i", 65), (65,)),
        (b"r", struct.pack(">I", 0x01020304), (0x01020304,)),
        (b"m", struct.pack(">I", 0x00903C7F), (0x00903C7F,)),
        (b"f" * 20, struct.pack(">20f", *range(20)), tuple(float(n) for n in range(20))),
        (b"", b"", ()),
    ],
)
def test_every_type_tag_is_read(tags, body, args):
    assert read(raw(b"/x", tags, body)) == [OscMessage("/x", tags.decode(), args)]


def test_a_nan_passes_through_to_the_codec():
    (only,) = read(raw(b"/x", b"f", struct.pack(">f", float("nan"))))
    assert only.args[0] != only.args[0]


def test_an_array_is_skipped_and_the_arguments_behind_it_are_read():
    body = struct.pack(">iiif", 1, 2, 3, 4.0)
    assert read(raw(b"/x", b"i[i[i]]f", body))[0].args == (1, 4.0)


def test_a_message_without_tag_string_has_no_arguments():
    assert read(b"/ok\0") == [OscMessage("/ok", "", ())]


def test_bundles_in_bundles_are_read_in_order():
    inner = bundle(message("/b", 2), message("/c", 3))
    outer = bundle(message("/a", 1), inner, message("/d", 4), timetag=0)
    assert [m.address for m in read(outer.dgram)] == ["/a", "/b", "/c", "/d"]


def test_an_empty_bundle_gives_no_messages():
    assert read(wrap()) == []


def test_a_time_tag_far_in_the_future_changes_nothing():
    packet = b"#bundle\0" + b"\xff" * 8 + struct.pack(">I", 4) + b"/a\0\0"
    assert read(packet) == [OscMessage("/a", "", ())]


def test_a_memoryview_reads_like_bytes():
    packet = bundle(message("/a", 1)).dgram
    assert read(memoryview(packet)) == read(packet)


def test_messages_are_appended_after_what_is_there():
    out = [OscMessage("/old", "", ())]
    decode(b"/new", out)
    assert decode(b"/ok\0", out) is None
    assert [m.address for m in out] == ["/old", "/ok"]


def nested(depth):
    packet = b"/a\0\0"
    for _ in range(depth):
        packet = wrap(packet)
    return packet


@pytest.mark.parametrize(
    ("packet", "error"),
    [
        (b"", OscError.SIZE),
        (b"/a\0", OscError.SIZE),
        (b"#bundle\0", OscError.ELEMENT),
        (b"#bundle\0" + bytes(8) + struct.pack(">I", 8) + b"/a\0\0", OscError.ELEMENT),
        (b"#bundle\0" + bytes(8) + struct.pack(">I", 0), OscError.ELEMENT),
        (b"#bundle\0" + bytes(8) + struct.pack(">I", 0xFFFFFFFC) + b"/a\0\0", OscError.ELEMENT),
        (wrap(b"#bundle\0"), OscError.ELEMENT),
        (nested(5), OscError.DEPTH),
        (nested(900), OscError.DEPTH),
        (wrap(*[b"/a\0\0"] * 129), OscError.MESSAGES),
        (wrap(*[wrap()] * 129), OscError.MESSAGES),
        (b"abc\0", OscError.ADDRESS),
        (b"/abc", OscError.ADDRESS),
        (b"/a\0\0abc\0", OscError.TAGS),
        (b"/a\0\0,abc", OscError.TAGS),
        (raw(b"/a", b"?"), OscError.TAGS),
        (raw(b"/a", b"i[i", bytes(8)), OscError.TAGS),
        (raw(b"/a", b"]"), OscError.TAGS),
        (raw(b"/a", b"i"), OscError.ARGUMENTS),
        (raw(b"/a", b"ff", bytes(4)), OscError.ARGUMENTS),
        (raw(b"/a", b"h", bytes(4)), OscError.ARGUMENTS),
        (raw(b"/a", b"s", b"abcd"), OscError.ARGUMENTS),
        (raw(b"/a", b"b"), OscError.ARGUMENTS),
        (raw(b"/a", b"b", struct.pack(">I", 2**31)), OscError.ARGUMENTS),
        (raw(b"/a", b"T" * 1025), OscError.TOO_MANY_ARGUMENTS),
        (wrap(*[raw(b"/a", b"T" * 100)] * 11), OscError.TOO_MANY_ARGUMENTS),
    ],
)
def test_a_bad_datagram_is_refused_with_its_reason(packet, error):
    assert read(packet) is error


def test_a_broken_message_leaves_nothing_of_its_bundle_behind():
    out = []
    assert decode(wrap(b"/a\0\0", raw(b"/b", b"i")), out) is OscError.ARGUMENTS
    assert out == []


def test_the_limits_can_be_set_by_the_port():
    assert read(wrap(b"/a\0\0", b"/b\0\0"), OscLimits(messages=1)) is OscError.MESSAGES
    assert len(read(nested(5), OscLimits(depth=5))) == 1
    assert read(raw(b"/a", b"TT"), OscLimits(arguments=1)) is OscError.TOO_MANY_ARGUMENTS


def test_no_bytes_make_it_raise():
    rng = random.Random(20240)
    pieces = [b"#bundle\0", bytes(8), b"/a\0\0", b",ffs", b",f\0\0", b"\0\0\0\4", b"\0\0\0\x14", b"\xff\xff\xff\xfc", b"[b]s"]
    for _ in range(5000):
        packet = b"".join(rng.choice(pieces) if rng.random() < 0.9 else rng.randbytes(4) for _ in range(rng.randrange(20)))
        answer = read(packet)
        assert isinstance(answer, (OscError, list))
