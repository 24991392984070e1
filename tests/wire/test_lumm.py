"""LUMM datagrams."""

import math

import numpy as np
import pytest

from bridges.wire.bones import BoneError
from bridges.wire.lumm import LummDecoder, LummError
from dynamics.skeleton import MOCOPI_REST_M
from tests.wire import packets as p

TURN = (0.0, 0.0, math.sin(0.5), math.cos(0.5))


def read(packet, **settings):
    out = []
    return out, LummDecoder(**settings).feed(packet, 7, out)


def body():
    return [(TURN if n == 12 else p.NO_TURN, tuple(float(v) for v in MOCOPI_REST_M[n])) for n in range(27)]


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_datagram_of_either_byte_order_is_a_frame(order):
    (frame,), error = read(p.lumm(body(), order))
    assert error is None
    np.testing.assert_allclose(frame.quat_xyzw[12], TURN, atol=1e-7)
    np.testing.assert_allclose(frame.root_m, MOCOPI_REST_M[0])
    assert (frame.recv_ns, frame.capture_ns) == (7, 7)


def test_the_bytes_behind_the_magic_do_not_matter():
    (frame,), _ = read(p.lumm(body(), header=b"\xff" * 12))
    assert frame.seen.all()


def test_the_mirror_switch_exchanges_left_and_right():
    (frame,), _ = read(p.lumm(body()), mirror=True)
    np.testing.assert_allclose(frame.quat_xyzw[16], [0, 0, -TURN[2], TURN[3]], atol=1e-7)


def test_frames_are_numbered():
    decoder, out = LummDecoder(), []
    decoder.feed(p.lumm(), 1, out)
    decoder.feed(p.lumm(), 2, out)
    assert [frame.seq for frame in out] == [0, 1]


@pytest.mark.parametrize(
    ("packet", "error"),
    [
        (p.lumm()[:-1], LummError.SIZE),
        (p.lumm() + b"\0", LummError.SIZE),
        (b"", LummError.SIZE),
        (b"LUMD" + p.lumm()[4:], LummError.MAGIC),
        (p.lumm([((0, 0, 0, 0), (0, 0, 0))] * 27), BoneError.QUATERNION),
        (p.lumm([(p.NO_TURN, (0, math.nan, 0))] * 27), BoneError.NUMBER),
        (p.lumm([(p.NO_TURN, (0, 1e30, 0))] * 27), BoneError.NUMBER),
    ],
)
def test_a_bad_datagram_is_refused_with_its_reason(packet, error):
    assert read(packet) == ([], error)
