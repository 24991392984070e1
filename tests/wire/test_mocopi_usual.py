"""A mocopi frame known by its bytes: what is read without parsing, and what is left to the parser."""

import struct

import numpy as np
import pytest

from bridges.wire.mocopi_usual import UsualFrame
from dynamics.skeleton import MOCOPI_REST_M
from tests.wire import packets as p

BONES = tuple(range(27))
STANDING = [((0.0, 0.0, 0.0, 1.0), tuple(float(v) for v in row)) for row in MOCOPI_REST_M]
PACKET = p.mocopi_frame(1, 0.1, 1.7e9, STANDING)
TRANS = tuple(at + 4 for at in range(len(PACKET)) if PACKET.startswith(b"tran", at))
NUMBER, TIME, UNIX = (PACKET.index(name) + 4 for name in (b"fnum", b"time", b"uttm"))
HOLES = sorted([(NUMBER, NUMBER + 4), (TIME, TIME + 4), (UNIX, UNIX + 8), *((at, at + 28) for at in TRANS)])
KNOWN = UsualFrame(PACKET, TRANS, HOLES)


def with_float(at, value):
    return PACKET[:at] + struct.pack("<f", value) + PACKET[at + 4 :]


def test_another_frame_of_the_same_form_is_read():
    turned = [((0.0, 0.6, 0.0, 0.8), place) for _, place in STANDING]
    turned[0] = ((0.0, 0.6, 0.0, 0.8), (30.0, 1.0, -40.0))
    quats, root_m = KNOWN.body(p.mocopi_frame(77, 9.5, 1.8e9, turned))
    np.testing.assert_array_equal(quats, np.tile(np.float32([0.0, 0.6, 0.0, 0.8]), (27, 1)))
    np.testing.assert_array_equal(root_m, np.float32([30.0, 1.0, -40.0]))


def test_its_arrays_are_its_own():
    quats, root_m = KNOWN.body(PACKET)
    assert quats.flags.carray and root_m.flags.carray
    assert not np.shares_memory(quats, KNOWN.body(PACKET)[0])


@pytest.mark.parametrize("at", range(0, len(PACKET), 7))
def test_a_changed_byte_that_is_no_number_is_left_to_the_parser(at):
    if any(start <= at < end for start, end in HOLES):
        at = HOLES[-1][0] - 1
    assert KNOWN.body(PACKET[:at] + bytes([PACKET[at] ^ 1]) + PACKET[at + 1 :]) is None


@pytest.mark.parametrize("value", [2.0, -2.0, 1e30, float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("bone", [0, 13, 26])
def test_a_number_that_is_no_quaternion_s_is_left_to_the_parser(bone, value):
    assert KNOWN.body(with_float(TRANS[bone] + 4, value)) is None


@pytest.mark.parametrize("value", [2.0, -3.0, 1e30, float("nan")])
def test_a_bone_too_long_is_left_to_the_parser(value):
    assert KNOWN.body(with_float(TRANS[5] + 20, value)) is None


@pytest.mark.parametrize("value", [1001.0, -1e30, float("nan"), float("inf")])
def test_a_root_out_of_the_room_is_left_to_the_parser(value):
    assert KNOWN.body(with_float(TRANS[0] + 16, value)) is None


@pytest.mark.parametrize("value", [0.0, 0.9, 1.1])
def test_a_quaternion_of_another_length_is_left_to_the_parser(value):
    assert KNOWN.body(with_float(TRANS[26] + 12, value)) is None


@pytest.mark.parametrize("packet", [PACKET[:-1], PACKET + b"\0", b""])
def test_a_packet_of_another_size_is_left_to_the_parser(packet):
    assert KNOWN.body(packet) is None


def test_bones_missing_or_out_of_order_make_no_usual_frame():
    assert UsualFrame.fits(TRANS, BONES)
    assert not UsualFrame.fits(TRANS[:-1], BONES[:-1])
    assert not UsualFrame.fits(TRANS, (1, 0, *BONES[2:]))
    assert not UsualFrame.fits((*TRANS[:-1], TRANS[-1] + 1), BONES)
