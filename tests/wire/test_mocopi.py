"""mocopi's native datagrams: the two published samples, every variation of the boxes, and what is refused."""

import math
import struct
from pathlib import Path

import numpy as np
import pytest

from bridges.wire.bones import BoneError
from bridges.wire.frame_order import OrderError
from bridges.wire.mocopi import MocopiDecoder, MocopiError, encode_frame, encode_skeleton
from dynamics.skeleton import MOCOPI_REST_M
from tests.wire import packets as p

DATA = Path(__file__).parents[1] / "data" / "wire"
SAMPLE_FRAME = (DATA / "mocopi_frame.bin").read_bytes()
SAMPLE_SKELETON = (DATA / "mocopi_skeleton.bin").read_bytes()
MS = 1_000_000
STEP_NS = 16_666_667
L_UP_ARM, R_UP_ARM = 12, 16


def turn_z(angle):
    return (0.0, 0.0, math.sin(angle / 2), math.cos(angle / 2))


def rows(turns=()):
    """27 bones at rest, some of them turned: bone -> angle about z."""
    turns = dict(turns)
    return [(turn_z(turns.get(n, 0.0)), tuple(float(v) for v in MOCOPI_REST_M[n])) for n in range(27)]


def play(decoder, datagrams, step_ns=STEP_NS):
    out, errors = [], []
    for n, datagram in enumerate(datagrams):
        errors.append(decoder.feed(datagram, 1_000_000_000 + n * step_ns, out))
    return out, errors


def test_both_samples_begin_with_the_published_bytes():
    head = bytes.fromhex("23000000 68656164 12000000 66747970")
    assert SAMPLE_FRAME[:16] == head
    assert SAMPLE_SKELETON[:16] == head


def test_the_sample_frame_is_a_t_pose():
    (frame,), _ = play(MocopiDecoder(), [SAMPLE_FRAME])
    np.testing.assert_allclose(np.abs(frame.quat_xyzw[:, 3]), 1)
    np.testing.assert_allclose(frame.root_m, [0, 0.9329, 0], atol=1e-4)
    assert frame.seen.all()
    assert frame.device_s == pytest.approx(1_703_810_998.551, abs=0.001)


def test_the_sample_skeleton_has_the_published_rest_offsets():
    (frame,), errors = play(MocopiDecoder(), [SAMPLE_SKELETON, SAMPLE_FRAME])
    assert errors == [None, None]
    np.testing.assert_allclose(frame.offset_m, MOCOPI_REST_M, atol=6e-5)


def test_a_frame_before_any_skeleton_stands_on_the_default_one():
    (frame,), _ = play(MocopiDecoder(), [p.mocopi_frame()])
    np.testing.assert_array_equal(frame.offset_m, MOCOPI_REST_M)


def test_the_wearer_s_skeleton_is_taken_over():
    out, _ = play(MocopiDecoder(), [p.mocopi_skeleton(scale=1.2), p.mocopi_frame(1), p.mocopi_skeleton(), p.mocopi_frame(2)])
    np.testing.assert_allclose(out[0].offset_m, MOCOPI_REST_M * np.float32(1.2), rtol=1e-6)
    np.testing.assert_allclose(out[1].offset_m, MOCOPI_REST_M)


def test_rotations_and_root_arrive_as_they_were_sent():
    sent = rows({L_UP_ARM: 1.1, 10: -0.4})
    sent[0] = (turn_z(0.0), (0.3, 1.0, -2.0))
    (frame,), _ = play(MocopiDecoder(), [p.mocopi_frame(rows=sent)])
    np.testing.assert_allclose(frame.quat_xyzw, [quat for quat, _ in sent], atol=1e-6)
    np.testing.assert_allclose(frame.root_m, [0.3, 1.0, -2.0])


@pytest.mark.parametrize(
    "packet",
    [
        p.mocopi_frame(unix_s=None, time_s=7.5),
        p.mocopi_frame(extra=p.box(b"tmcd", bytes([1, 2, 3, 4, 30, 0]))),
        p.mocopi_frame(extra=p.box(b"sndt", p.box(b"snad", bytes(6)) + p.box(b"snvl", bytes(28)))),
        p.mocopi_frame() + p.box(b"newb", bytes(100)),
        p.mocopi_frame(ids=[26, *range(26)], rows=[rows()[26], *rows()[:26]]),
        p.mocopi_frame(ids=[*range(27), 27, 300], rows=[*rows(), *rows()[:2]]),
    ],
    ids=["no uttm", "tmcd", "raw sensors", "unknown box", "other order", "more bones"],
)
def test_variations_of_the_boxes_are_read(packet):
    (frame,), errors = play(MocopiDecoder(), [packet])
    assert errors == [None]
    np.testing.assert_allclose(frame.quat_xyzw, [quat for quat, _ in rows()])
    np.testing.assert_allclose(frame.root_m, MOCOPI_REST_M[0])


def test_the_sizes_are_those_of_the_wire():
    assert (len(p.mocopi_frame()), len(p.mocopi_frame(unix_s=None)), len(p.mocopi_skeleton())) == (1591, 1575, 1821)


def test_without_unix_time_the_sender_s_seconds_serve():
    (frame,), _ = play(MocopiDecoder(), [p.mocopi_frame(unix_s=None, time_s=7.5)])
    assert frame.device_s == 7.5


def test_the_sender_s_time_takes_the_jitter_out():
    decoder, out = MocopiDecoder(), []
    for n in range(60):
        late_ns = 25 * MS if n % 7 == 3 else 0
        decoder.feed(p.mocopi_frame(n, n / 60, 1.7e9 + n / 60), n * STEP_NS + late_ns, out)
    assert max(abs(frame.capture_ns - n * STEP_NS) for n, frame in enumerate(out)) < MS


def test_bones_that_are_missing_hold_the_identity_and_are_not_seen():
    some = [0, 10, 12]
    (frame,), _ = play(MocopiDecoder(), [p.mocopi_frame(ids=some, rows=[rows({12: 1.0})[n] for n in some])])
    assert list(np.flatnonzero(frame.seen)) == some
    np.testing.assert_allclose(frame.quat_xyzw[12], turn_z(1.0), atol=1e-6)
    np.testing.assert_allclose(frame.quat_xyzw[5], [0, 0, 0, 1])


def test_a_frame_of_a_known_form_reads_byte_for_byte_like_one_never_seen():
    rng = np.random.default_rng(5)
    quats = rng.normal(size=(30, 27, 4))
    quats /= np.linalg.norm(quats, axis=2, keepdims=True)
    packets = [
        p.mocopi_frame(n, n / 60, 1.7e9 + n / 60, [(q, tuple(r)) for q, r in zip(frame, MOCOPI_REST_M, strict=True)])
        for n, frame in enumerate(quats)
    ]
    known, _ = play(MocopiDecoder(), packets)
    anew = [play(MocopiDecoder(), [packet])[0][0] for packet in packets]
    assert len(known) == 30
    for one, two in zip(known, anew, strict=True):
        for field in ("quat_xyzw", "offset_m", "root_m", "seen"):
            assert getattr(one, field).tobytes() == getattr(two, field).tobytes()
        assert one.device_s == two.device_s


def test_late_and_duplicate_frames_are_dropped_and_a_restart_is_taken():
    numbers = [100, 101, 101, 99, 102, 1, 2, 3, 4]
    out, errors = play(MocopiDecoder(), [p.mocopi_frame(n) for n in numbers])
    late, again = OrderError.LATE, OrderError.DUPLICATE
    assert errors == [None, None, again, late, None, late, late, None, None]
    assert [frame.seq for frame in out] == list(range(5))


def broken(packet, at, value):
    return packet[:at] + value + packet[at + len(value) :]


FRAM_AT = 77
BTRS_AT = SAMPLE_FRAME.index(b"btrs") - 4


@pytest.mark.parametrize(
    ("packet", "error"),
    [
        (b"", MocopiError.FORMAT),
        (SAMPLE_FRAME[:70], MocopiError.BOX),
        (SAMPLE_FRAME[:77], MocopiError.CONTENT),
        (SAMPLE_FRAME[:-1], MocopiError.BOX),
        (SAMPLE_FRAME + b"abc", MocopiError.BOX),
        (broken(SAMPLE_FRAME, FRAM_AT, struct.pack("<I", 1507)), MocopiError.BOX),
        (broken(SAMPLE_FRAME, FRAM_AT, struct.pack("<I", 0xFFFFFFFF)), MocopiError.BOX),
        (broken(SAMPLE_FRAME, BTRS_AT, struct.pack("<I", 1457)), MocopiError.BOX),
        (broken(SAMPLE_FRAME, 0x10, b"tony"), MocopiError.FORMAT),
        (broken(SAMPLE_FRAME, 0x2A, b"\x02"), MocopiError.FORMAT),
        (SAMPLE_FRAME.replace(b"fnum", b"fnom"), MocopiError.FIELD),
        (SAMPLE_FRAME.replace(b"btrs", b"btrx"), MocopiError.FIELD),
        (SAMPLE_FRAME.replace(b"btdt", b"btdx"), MocopiError.BONES),
        (SAMPLE_FRAME.replace(b"tran", b"trax"), MocopiError.FIELD),
        (SAMPLE_SKELETON.replace(b"bons", b"bonx"), MocopiError.FIELD),
        (p.mocopi_frame(ids=[0, *range(26)]), MocopiError.BONES),
        (p.mocopi_head() + p.box(b"zero", b"") * 65, MocopiError.BOXES),
        (b"GET / HTTP/1.1\r\n\r\n", MocopiError.BOX),
    ],
)
def test_a_bad_datagram_is_refused_with_its_reason(packet, error):
    out, errors = play(MocopiDecoder(), [packet])
    assert (out, errors) == ([], [error])


@pytest.mark.parametrize(
    ("quat", "pos", "error"),
    [
        ((math.nan, 0, 0, 1), (0, 0, 0), BoneError.NUMBER),
        ((0, math.inf, 0, 1), (0, 0, 0), BoneError.NUMBER),
        ((0, 0, 0, 0), (0, 0, 0), BoneError.QUATERNION),
        ((0, 0, 0, 0.3), (0, 0, 0), BoneError.QUATERNION),
        (p.NO_TURN, (0, math.nan, 0), BoneError.NUMBER),
        (p.NO_TURN, (0, 1e30, 0), BoneError.NUMBER),
    ],
)
@pytest.mark.parametrize("bone", [0, 12])
def test_one_bad_number_refuses_the_frame(quat, pos, error, bone):
    sent = rows()
    sent[bone] = (quat, pos)
    out, errors = play(MocopiDecoder(), [p.mocopi_frame(rows=sent)])
    assert (out, errors) == ([], [error])


def test_a_refused_frame_does_not_move_the_counter():
    bad = rows()
    bad[3] = ((0, 0, 0, 0), (0, 0, 0))
    out, errors = play(MocopiDecoder(), [p.mocopi_frame(5), p.mocopi_frame(900, rows=bad), p.mocopi_frame(6)])
    assert errors == [None, BoneError.QUATERNION, None]
    assert len(out) == 2


def test_a_skeleton_with_a_giant_s_bone_is_refused_and_the_old_one_kept():
    giant = MOCOPI_REST_M.copy()
    giant[20, 1] = -80.0
    out, errors = play(MocopiDecoder(), [p.mocopi_skeleton(giant), p.mocopi_frame()])
    assert errors == [BoneError.NUMBER, None]
    np.testing.assert_array_equal(out[0].offset_m, MOCOPI_REST_M)


def test_a_signalling_nan_warns_nobody():
    at = SAMPLE_FRAME.index(b"tran") + 4
    packet = broken(SAMPLE_FRAME, at, struct.pack("<I", 0x7F800001))
    assert play(MocopiDecoder(), [packet]) == ([], [BoneError.NUMBER])


def test_the_mirror_switch_exchanges_left_and_right():
    decoder = MocopiDecoder(mirror=True)
    (frame,), _ = play(decoder, [p.mocopi_frame(rows=rows({L_UP_ARM: 0.8}))])
    np.testing.assert_allclose(frame.quat_xyzw[R_UP_ARM], turn_z(-0.8), atol=1e-6)
    np.testing.assert_allclose(frame.quat_xyzw[L_UP_ARM], p.NO_TURN)
    np.testing.assert_allclose(frame.offset_m, MOCOPI_REST_M, atol=1e-6)


def test_our_encoder_writes_what_the_format_says():
    sent = rows({12: 0.5})
    ours = encode_frame(3, 1.5, 1.7e9, [(*quat, *pos) for quat, pos in sent])
    theirs = p.mocopi_frame(3, 1.5, 1.7e9, sent)
    address = slice(0x3B, 0x43)
    assert ours[: address.start] + ours[address.stop :] == theirs[: address.start] + theirs[address.stop :]
    assert encode_skeleton()[77:] == p.mocopi_skeleton()[77:]


def test_the_mirror_switch_turns_the_way_across_the_stage_round():
    sent = rows()
    sent[0] = (p.NO_TURN, (0.4, 1.0, 2.0))
    (frame,), _ = play(MocopiDecoder(mirror=True), [p.mocopi_frame(rows=sent)])
    np.testing.assert_allclose(frame.root_m, [-0.4, 1.0, 2.0])
