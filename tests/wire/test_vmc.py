"""VMC bones in every packing, and the mocopi OSC names: frames, their times, what is refused."""

import math
import random
import struct

import numpy as np
import pytest

from bridges.wire.bone_cache import GAP_NS
from bridges.wire.bones import BoneError
from bridges.wire.osc import OscError
from bridges.wire.vmc import VmcDecoder
from bridges.wire.vmc_walk import VmcError
from dynamics.skeleton import MOCOPI_REST_M, VMC_TO_MOCOPI
from tests.wire import packets as p

MS = 1_000_000
FRAME_NS = 1_000_000_000 // 60
L_UP_ARM, R_UP_ARM = VMC_TO_MOCOPI["LeftUpperArm"], VMC_TO_MOCOPI["RightUpperArm"]


def turn_z(angle):
    return (0.0, 0.0, math.sin(angle / 2), math.cos(angle / 2))


def random_pose(rng, names=p.ALL_NAMES):
    quats = [np.array([rng.gauss(0, 1) for _ in range(4)]) for _ in names]
    return {
        name: (tuple(q / np.linalg.norm(q)), tuple(rng.uniform(-1, 1) for _ in range(3)))
        for name, q in zip(names, quats, strict=True)
    }


def play(decoder, frames, start_ns=1_000_000_000, step_ns=FRAME_NS, spread_ns=50_000):
    """Feed lists of datagrams, one list per frame, with pauses between; returns (frames out, errors)."""
    out, errors = [], []
    for n, datagrams in enumerate(frames):
        for k, datagram in enumerate(datagrams):
            error = decoder.feed(datagram, start_ns + n * step_ns + k * spread_ns, out)
            if error is not None:
                errors.append(error)
    decoder.flush(start_ns + len(frames) * step_ns, out)
    return out, errors


def ours(quat):
    """A Unity rotation in our frame, w positive."""
    x, y, z, w = quat
    turned = np.array([x, -y, -z, w])
    return turned * np.sign(turned[3])


def canonical(quat):
    return quat * np.sign(quat[3])


@pytest.mark.parametrize("packing", p.PACKINGS.values(), ids=p.PACKINGS.keys())
def test_every_packing_gives_the_pose_of_each_frame(packing):
    rng = random.Random(1)
    poses = [random_pose(rng) for _ in range(12)]
    out, errors = play(VmcDecoder(), [packing(pose, 5 + n / 60) for n, pose in enumerate(poses)])
    assert errors == []
    assert len(out) == len(poses)
    for frame, pose in zip(out, poses, strict=True):
        for name, bone in VMC_TO_MOCOPI.items():
            np.testing.assert_allclose(canonical(frame.quat_xyzw[bone]), ours(pose[name][0]), atol=1e-5)


@pytest.mark.parametrize("packing", p.PACKINGS.values(), ids=p.PACKINGS.keys())
def test_from_the_third_frame_on_nothing_waits(packing):
    """A frame is handed on while its own datagrams arrive."""
    decoder, out = VmcDecoder(), []
    for n in range(8):
        for datagram in packing({}, 5 + n / 60):
            decoder.feed(datagram, n * FRAME_NS, out)
        if n >= 2:
            assert out[-1].recv_ns == n * FRAME_NS


@pytest.mark.parametrize("packing", p.PACKINGS.values(), ids=p.PACKINGS.keys())
def test_the_frames_of_all_packings_are_the_same(packing):
    rng = random.Random(2)
    poses = [random_pose(rng, p.VMC_NAMES) for _ in range(6)]
    reference, _ = play(VmcDecoder(), [p.slimevr(pose, n / 60) for n, pose in enumerate(poses)])
    out, _ = play(VmcDecoder(), [packing(pose, n / 60) for n, pose in enumerate(poses)])
    for frame, twin in zip(out[1:], reference[1:], strict=True):
        assert frame.quat_xyzw.tobytes() == twin.quat_xyzw.tobytes()
        assert frame.offset_m.tobytes() == twin.offset_m.tobytes()
        assert frame.root_m.tobytes() == twin.root_m.tobytes()


def test_a_packet_of_a_known_layout_reads_byte_for_byte_like_one_never_seen():
    rng = random.Random(3)
    seen = VmcDecoder()
    fresh = VmcDecoder()
    fresh._layouts.worth_adding = lambda packet: False
    frames = [p.slimevr(random_pose(rng, p.VMC_NAMES), n / 60) for n in range(20)]
    fast, _ = play(seen, frames)
    slow, _ = play(fresh, frames)
    assert seen._layouts.find(frames[0][0]) is not None
    assert len(fast) == 20
    for a, b in zip(fast, slow, strict=True):
        for field in ("quat_xyzw", "offset_m", "root_m", "seen"):
            assert getattr(a, field).tobytes() == getattr(b, field).tobytes()
        assert (a.capture_ns, a.recv_ns, a.seq) == (b.capture_ns, b.recv_ns, b.seq)


@pytest.mark.parametrize("change", ["sfffffii", "sddddddd"])
def test_integers_and_doubles_read_like_floats(change):
    args = ("LeftUpperArm", 0.25, 0.5, 0.125, 0.0, 0.0, *((0, 1) if change.endswith("ii") else (0.0, 1.0)))
    tolerant, exact = VmcDecoder(), VmcDecoder()
    a, _ = play(tolerant, [[p.osc("/VMC/Ext/Bone/Pos", change, *args)]])
    b, _ = play(exact, [[p.osc("/VMC/Ext/Bone/Pos", "sfffffff", *args)]])
    assert a[0].quat_xyzw.tobytes() == b[0].quat_xyzw.tobytes()
    assert a[0].offset_m.tobytes() == b[0].offset_m.tobytes()


def test_extra_arguments_are_ignored():
    message = p.osc("/VMC/Ext/Bone/Pos", "sffffffffi", "Head", 0, 0, 0, *turn_z(0.4), 9.0, 9)
    out, errors = play(VmcDecoder(), [[message]])
    assert errors == []
    np.testing.assert_allclose(canonical(out[0].quat_xyzw[10]), ours(turn_z(0.4)), atol=1e-6)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (p.osc("/VMC/Ext/Bone/Pos", "sffffff", "Head", *range(6)), VmcError.ARGUMENTS),
        (p.osc("/VMC/Ext/Bone/Pos", "ffffffff", *range(8)), VmcError.ARGUMENTS),
        (p.osc("/VMC/Ext/Bone/Pos", ""), VmcError.ARGUMENTS),
        (p.osc("/VMC/Ext/Bone/Pos", "sffffffs", "Head", *range(6), "x"), VmcError.ARGUMENTS),
        (p.osc("/VMC/Ext/T", "s", "now"), VmcError.ARGUMENTS),
        (p.osc("/VMC/Ext/T", "f", float("nan")), BoneError.NUMBER),
        (p.osc("/VMC/Ext/T", "d", 1e300), BoneError.NUMBER),
        (p.root(pos=(float("inf"), 0, 0)), BoneError.NUMBER),
        (p.root(quat=(0, 0, 0, 0)), BoneError.QUATERNION),
        (p.osc("/mcp/BonePos/head", "fff", 0, 1, 0), VmcError.POSITION_ONLY),
        (p.bundle(*[p.time(n) for n in range(5)]), VmcError.TOO_MANY_PARTS),
        (p.bundle(*[p.bone("Head")] * 5), VmcError.TOO_MANY_PARTS),
        (b"/VMC/Ext/T\0", OscError.SIZE),
    ],
)
def test_a_bad_message_is_refused_with_its_reason(message, error):
    out, errors = play(VmcDecoder(), [[message]])
    assert (out, errors) == ([], [error])


@pytest.mark.parametrize(
    ("quat", "pos", "error"),
    [
        ((math.nan, 0, 0, 1), (0, 0, 0), BoneError.NUMBER),
        ((0, 0, 0, math.inf), (0, 0, 0), BoneError.NUMBER),
        ((1e30, 0, 0, 1), (0, 0, 0), BoneError.NUMBER),
        ((0, 0, 0, 0), (0, 0, 0), BoneError.QUATERNION),
        ((0, 0, 0, 0.4), (0, 0, 0), BoneError.QUATERNION),
        ((1.9, 0, 0, 1.9), (0, 0, 0), BoneError.QUATERNION),
        (p.NO_TURN, (math.nan, 0, 0), BoneError.NUMBER),
        (p.NO_TURN, (0, 1e30, 0), BoneError.NUMBER),
        (p.NO_TURN, (0, 0, 10.5), BoneError.NUMBER),
    ],
)
@pytest.mark.parametrize("name", ["LeftUpperArm", "Hips"])
def test_one_bad_bone_is_left_out_and_the_others_are_taken(quat, pos, error, name):
    if name == "Hips" and pos == (0, 0, 10.5):
        pos = (0, 0, 1001.0)
    packet = p.bundle(p.bone("RightUpperArm", turn_z(0.3)), p.bone(name, quat, pos), p.bone("Head", turn_z(0.1)))
    out, errors = play(VmcDecoder(), [[packet]])
    assert errors == [error]
    assert set(np.flatnonzero(out[0].seen)) == {10, R_UP_ARM}
    assert np.isfinite(out[0].quat_xyzw).all()


def test_a_signalling_nan_warns_nobody():
    packet = bytearray(p.bone("Head"))
    packet[-28:] = struct.pack(">7I", *[0x7F800001] * 7)
    assert play(VmcDecoder(), [[bytes(packet)]]) == ([], [BoneError.NUMBER])


def test_a_quaternion_that_was_rounded_is_normalised():
    out, errors = play(VmcDecoder(), [[p.bone("Head", (0.0, 0.0, 0.9, 1.2))]])
    assert errors == []
    np.testing.assert_allclose(out[0].quat_xyzw[10], [0, 0, -0.6, 0.8], atol=1e-6)


def test_the_left_hand_up_in_unity_is_the_left_hand_up_here():
    """Unity: the left arm points to -x, and turning it by -90 degrees about z lifts it."""
    out, _ = play(VmcDecoder(), [[p.bone("LeftUpperArm", turn_z(-math.pi / 2))]])
    x, y, z, w = out[0].quat_xyzw[L_UP_ARM]
    assert 2 * (x * y + w * z) > 0.99  # where +x, the left arm's direction here, points up


def test_the_mirror_switch_exchanges_left_and_right():
    pose = {"LeftUpperArm": (turn_z(-1.2), (-0.1, 0.2, 0.3))}
    straight, _ = play(VmcDecoder(), [p.slimevr(pose, 1.0)])
    mirrored, _ = play(VmcDecoder(mirror=True), [p.slimevr(pose, 1.0)])
    left, right = straight[0].quat_xyzw[L_UP_ARM], mirrored[0].quat_xyzw[R_UP_ARM]
    np.testing.assert_allclose(right, left * [1, -1, -1, 1], atol=1e-6)
    np.testing.assert_allclose(mirrored[0].offset_m[R_UP_ARM], straight[0].offset_m[L_UP_ARM] * [-1, 1, 1])
    np.testing.assert_allclose(mirrored[0].quat_xyzw[L_UP_ARM], [0, 0, 0, 1])


def test_zero_positions_leave_the_default_skeleton():
    out, _ = play(VmcDecoder(), [p.slimevr({}, 1.0)])
    np.testing.assert_array_equal(out[0].offset_m, MOCOPI_REST_M)
    np.testing.assert_allclose(out[0].root_m, MOCOPI_REST_M[0])


def test_positions_give_the_wearer_s_lengths_and_skipped_bones_have_none():
    pose = {name: (p.NO_TURN, (0.01 * n, 0.1, 0.02)) for n, name in enumerate(p.VMC_NAMES, 1)}
    out, _ = play(VmcDecoder(), [p.slimevr(pose, 1.0)])
    for n, (name, bone) in enumerate(VMC_TO_MOCOPI.items(), 1):
        if name != "Hips":
            np.testing.assert_allclose(out[0].offset_m[bone], [-0.01 * n, 0.1, 0.02], atol=1e-6)
    assert not out[0].offset_m[[1, 3, 5, 7, 9]].any()
    np.testing.assert_allclose(out[0].root_m, [-0.01, 0.1, 0.02], atol=1e-6)


def test_a_new_length_is_taken_over():
    poses = [{"Head": (p.NO_TURN, (0.0, length, 0.0))} for length in (0.1, 0.2, 0.1)]
    out, _ = play(VmcDecoder(), [p.slimevr(pose, n / 60) for n, pose in enumerate(poses)])
    np.testing.assert_allclose([frame.offset_m[10, 1] for frame in out], [0.1, 0.2, 0.1])


@pytest.mark.parametrize("root", [p.root, p.root_v21])
def test_a_root_that_stands_in_the_room_moves_and_turns_the_hips(root):
    quarter = (0.0, math.sin(math.pi / 4), 0.0, math.cos(math.pi / 4))  # Unity: to the performer's right
    pose = [p.bone("Hips", p.NO_TURN, (0.0, 1.0, 0.5))]
    out, errors = play(VmcDecoder(), [[p.bundle(root((2.0, 0.0, 3.0), quarter), *pose)]])
    assert errors == []
    np.testing.assert_allclose(out[0].root_m, [-2.5, 1.0, 3.0], atol=1e-6)
    np.testing.assert_allclose(canonical(out[0].quat_xyzw[0]), ours(quarter), atol=1e-6)


def test_the_sender_s_time_is_mapped_to_the_capture_time():
    frames = [p.slimevr({}, 5 + n / 60) for n in range(10)]
    decoder, out = VmcDecoder(), []
    for n, (datagram,) in enumerate(frames):
        decoder.feed(datagram, n * FRAME_NS + (30 * MS if n == 7 else 0), out)
    late = next(frame for frame in out if frame.device_s == pytest.approx(5 + 7 / 60, abs=1e-5))
    assert late.recv_ns == 7 * FRAME_NS + 30 * MS
    assert abs(late.capture_ns - 7 * FRAME_NS) < MS


def test_a_time_mark_behind_the_bones_belongs_to_them():
    out, _ = play(VmcDecoder(), [p.virtual_motion_capture({}, 5 + n / 60) for n in range(4)])
    assert [frame.device_s for frame in out] == pytest.approx([5 + n / 60 for n in range(4)], abs=1e-6)


def test_a_lost_bundle_costs_its_bones_one_frame():
    rng = random.Random(4)
    poses = [random_pose(rng) for _ in range(6)]
    frames = [p.virtual_motion_capture(pose, n / 60) for n, pose in enumerate(poses)]
    del frames[3][0]
    out, _ = play(VmcDecoder(), frames)
    assert len(out) == 6
    np.testing.assert_allclose(canonical(out[3].quat_xyzw[0]), ours(poses[2]["Hips"][0]), atol=1e-5)
    np.testing.assert_allclose(canonical(out[5].quat_xyzw[0]), ours(poses[5]["Hips"][0]), atol=1e-5)


def test_without_any_mark_a_pause_closes_the_first_frame():
    decoder, out = VmcDecoder(), []
    for datagram in p.plain_bones({}, 0.0):
        decoder.feed(datagram, 0, out)
    assert out == []
    assert decoder.waiting
    decoder.flush(GAP_NS - 1, out)
    assert out == []
    decoder.flush(GAP_NS, out)
    assert len(out) == 1
    assert not decoder.waiting


def test_a_bone_that_is_no_longer_sent_is_no_longer_seen():
    frames = [[p.bundle(*p.bones({}, p.VMC_NAMES if n < 30 else p.VMC_NAMES[:10]))] for n in range(180)]
    out, _ = play(VmcDecoder(), frames)
    assert out[29].seen.sum() == 22
    assert out[-1].seen.sum() == 10
    assert len(out) == 180


def test_a_bone_that_joins_later_is_seen_at_once():
    frames = [[p.bundle(*p.bones({}, p.VMC_NAMES[: 10 if n < 5 else 11]))] for n in range(10)]
    out, _ = play(VmcDecoder(), frames)
    assert [int(frame.seen.sum()) for frame in out] == [10] * 5 + [11] * 5


def test_the_rest_of_the_protocol_and_strangers_are_ignored():
    strangers = [
        p.ok(1, 3, 0, 1),
        p.osc("/VMC/Ext/Blend/Val", "sf", "Joy", 0.5),
        p.osc("/VMC/Ext/VRM", "ss", "avatar.vrm", "名前"),
        p.osc("/VMC/Ext/Set/Period", "iiiiii", *range(6)),
        p.osc("/tracking/trackers/head/position", "fff", 0, 1, 0),
        p.osc("/VMC/Ext/Bone/Pos", "sfffffff", "Tail", *range(7)),
        p.bone("LeftThumbDistal"),
    ]
    out, errors = play(VmcDecoder(), [strangers, [p.bundle(*strangers)]])
    assert (out, errors) == ([], [])


def test_blend_values_that_change_do_not_leave_the_fast_way():
    def frame(value, seconds):
        return p.bundle(p.time(seconds), *p.bones({}), p.osc("/VMC/Ext/Blend/Val", "sf", "Joy", value), timetag=seconds)

    decoder = VmcDecoder()
    play(decoder, [[frame(0.1 * n, n)] for n in range(12)])
    assert decoder._layouts.find(frame(0.77, 9)) is not None


def test_the_memory_of_layouts_is_bounded():
    decoder = VmcDecoder()
    for n in range(200):
        for _ in range(3):
            play(decoder, [[p.bundle(*p.bones({}), p.osc("/x" + "y" * n, ""), p.osc("/z", "i", n))]])
    assert decoder._layouts._count <= 32


def test_the_flat_mocopi_message_is_a_whole_frame():
    rows = [(turn_z(0.01 * n), tuple(float(v) for v in MOCOPI_REST_M[n])) for n in range(27)]
    decoder, out = VmcDecoder(), []
    assert decoder.feed(p.skel(rows), 5, out) is None
    np.testing.assert_allclose(out[0].quat_xyzw, [quat for quat, _ in rows], atol=1e-6)
    np.testing.assert_allclose(out[0].root_m, MOCOPI_REST_M[0])
    assert out[0].seen.all()


def test_joint_messages_make_a_frame():
    frames = [[p.osc(f"/mcp/sklt/joint/{n}", "f" * 7, *turn_z(0.02 * n), 0, 0, 0) for n in range(27)]] * 3
    out, errors = play(VmcDecoder(), frames)
    assert errors == []
    assert len(out) == 3
    np.testing.assert_allclose(out[2].quat_xyzw, [turn_z(0.02 * n) for n in range(27)], atol=1e-6)


def test_the_mirror_switch_serves_the_flat_message_too():
    rows = [(p.NO_TURN, (0.0, 0.0, 0.0))] * 27
    rows[L_UP_ARM] = (turn_z(0.7), (0.0, 0.0, 0.0))
    out = []
    VmcDecoder(mirror=True).feed(p.skel(rows), 5, out)
    np.testing.assert_allclose(out[0].quat_xyzw[R_UP_ARM], turn_z(-0.7), atol=1e-6)


def test_a_known_layout_with_two_names_exchanged_is_another_layout():
    def packet(first, second):
        others = p.bones({}, [name for name in p.VMC_NAMES if name not in (first, second)])
        return p.bundle(p.bone(first, turn_z(0.5)), p.bone(second), *others)

    decoder = VmcDecoder()
    out, _ = play(decoder, [[packet("LeftUpperArm", "LeftLowerArm")]] * 4 + [[packet("LeftLowerArm", "LeftUpperArm")]])
    np.testing.assert_allclose(canonical(out[3].quat_xyzw[L_UP_ARM]), ours(turn_z(0.5)), atol=1e-6)
    np.testing.assert_allclose(canonical(out[4].quat_xyzw[L_UP_ARM]), p.NO_TURN, atol=1e-6)


def test_bones_sent_one_by_one_without_any_pause_are_cut_at_the_first_that_comes_again():
    decoder, out = VmcDecoder(), []
    for n, datagram in enumerate(p.plain_bones({}, 0.0) * 2):
        decoder.feed(datagram, n * MS // 2, out)
    assert [int(frame.seen.sum()) for frame in out] == [22, 22]


def test_lengths_sent_in_different_groups_are_all_taken_over():
    def group(names, length):
        return [p.bundle(*[p.bone(name, p.NO_TURN, (0.0, length, 0.0)) for name in names])]

    frames = [group(["Head", "Neck"], 0.1), group(["Head", "Spine"], 0.2), group(["Head", "Neck"], 0.1)]
    out, _ = play(VmcDecoder(), frames)
    assert out[-1].offset_m[10, 1] == pytest.approx(0.1)


def test_the_length_of_a_bad_bone_is_left_out_and_the_others_are_taken():
    good = p.bone("Neck", p.NO_TURN, (0.0, 0.07, 0.0))
    bad = p.bone("Head", p.NO_TURN, (0.0, math.nan, 0.0))
    out, _ = play(VmcDecoder(), [[p.bundle(good, bad)]])
    assert out[0].offset_m[8, 1] == pytest.approx(0.07)
    assert out[0].offset_m[10, 1] == MOCOPI_REST_M[10, 1]


def test_both_kinds_of_bones_in_one_bundle_are_kept_apart():
    joint = p.osc("/mcp/sklt/joint/10", "f" * 7, *turn_z(0.4), 0, 0, 0)
    out, errors = play(VmcDecoder(), [[p.bundle(p.bone("Neck", turn_z(0.2)), joint)]])
    assert errors == []
    assert [set(np.flatnonzero(frame.seen)) for frame in out] == [{8}, {10}]
