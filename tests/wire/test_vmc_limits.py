"""How much of one VMC datagram is read: what senders send is, whatever else costs more is refused with its reason."""

import random

import numpy as np
import pytest

from bridges.wire.bones import BoneError
from bridges.wire.osc import OscError
from bridges.wire.vmc import PATIENCE, VmcDecoder
from bridges.wire.vmc_walk import LIMITS, MAX_GENERAL, MAX_ODD, VmcError
from dynamics.skeleton import VMC_TO_MOCOPI
from tests.wire import packets as p
from tests.wire.corpus import turned_pose

POSE = turned_pose()
SHAPES = [p.osc("/VMC/Ext/Blend/Val", "sf", f"Shape{n}", 0.1) for n in range(70)]
PLACES = [p.osc(f"/VMC/Ext/{kind}/Pos", "sfffffff", "LHR-1", *range(7)) for kind in ("Hmd", "Con", "Con", "Tra", "Cam")]


def read(*datagrams, decoder=None):
    """Frames and reasons of datagrams that come 16 ms apart."""
    decoder, out, errors = decoder or VmcDecoder(), [], []
    for n, datagram in enumerate(datagrams):
        errors.append(decoder.feed(datagram, n * 16_000_000, out))
    decoder.flush(len(datagrams) * 16_000_000, out)
    return out, errors


def typed(tags, names=p.ALL_NAMES):
    return [p.osc("/VMC/Ext/Bone/Pos", tags, name, 0, 0, 0, 0, 0, 0, 1) for name in names]


def test_all_bones_seventy_shapes_and_five_devices_are_read():
    out, errors = read(p.bundle(p.time(1), p.ok(1), p.root(), *p.bones(POSE, p.ALL_NAMES), *SHAPES, *PLACES))
    assert errors == [None]
    assert out[0].seen.sum() == len(VMC_TO_MOCOPI)


@pytest.mark.parametrize("tags", ["sddddddd", "siiiffff", "siiiiiii"])
def test_a_whole_humanoid_of_doubles_or_integers_is_read(tags):
    out, errors = read(p.bundle(*typed(tags)))
    assert errors == [None]
    assert out[0].seen.sum() == len(VMC_TO_MOCOPI)


def test_strangers_change_nothing_in_the_frame():
    bones = p.bones(POSE)
    plain, _ = read(p.bundle(*bones))
    among, errors = read(p.bundle(*PLACES, *SHAPES[:35], *bones, *SHAPES[35:], b"/a\0\0", p.osc("/VMC/Ext/Bonus", "f", 1)))
    assert errors == [None]
    assert among[0].quat_xyzw.tobytes() == plain[0].quat_xyzw.tobytes()


def test_a_datagram_of_as_many_messages_as_are_read_is_read_and_one_more_is_refused():
    assert read(p.bundle(p.bone("Head"), *[b"/a\0\0"] * (LIMITS.messages - 1)))[1] == [None]
    assert read(p.bundle(p.bone("Head"), *[b"/a\0\0"] * LIMITS.messages)) == ([], [OscError.MESSAGES])


def test_two_whole_bodies_in_a_datagram_are_refused():
    joints = [p.osc(f"/mcp/sklt/joint/{n}", "f" * 7, *p.NO_TURN, 0, 0, 0) for n in range(27)]
    assert read(p.bundle(*p.bones(POSE), *joints)) == ([], [VmcError.TOO_MUCH])


def test_more_unusual_messages_than_a_humanoid_has_are_refused():
    assert read(p.bundle(*typed("sddddddd", ["Jaw"] * (MAX_ODD + 1)))) == ([], [VmcError.TOO_MANY_GENERAL])
    assert read(p.bundle(*typed("sddddddd", ["Jaw"] * MAX_ODD))) == ([], [None])


def test_more_messages_for_the_general_decoder_than_any_sender_has_are_refused():
    extra = [p.osc("/VMC/Ext/Bone/Pos", "sffffffff", name, *range(6), 1, 9) for name in p.VMC_NAMES]
    assert read(p.bundle(*extra[: MAX_GENERAL + 1])) == ([], [VmcError.TOO_MANY_GENERAL])


def test_two_bad_messages_leave_the_others_standing_and_three_do_not():
    bad, good = p.osc("/VMC/Ext/Bone/Pos", "s", "Head"), p.bone("Neck")
    out, errors = read(p.bundle(bad, bad, good))
    assert errors == [VmcError.ARGUMENTS]
    assert list(np.flatnonzero(out[0].seen)) == [VMC_TO_MOCOPI["Neck"]]
    assert read(p.bundle(bad, bad, bad, good)) == ([], [VmcError.ARGUMENTS])


def test_ever_new_layouts_are_not_learnt():
    decoder = VmcDecoder()
    rng = random.Random(1)
    frames = [p.bundle(*p.bones({}, rng.sample(p.VMC_NAMES, len(p.VMC_NAMES)))) for _ in range(200)]
    out, errors = read(*frames, decoder=decoder)
    assert (len(out), set(errors)) == (200, {None})
    assert decoder._layouts._count == 0


def test_a_layout_that_comes_again_and_again_is_learnt_also_among_others():
    decoder = VmcDecoder()
    read(*[d for n in range(60) for d in p.virtual_motion_capture(POSE, n / 60)], decoder=decoder)
    assert decoder._layouts._count == 2  # the others of its bundles have fewer than six bones that matter


def test_a_stranger_whose_address_becomes_a_known_one_is_no_longer_ignored():
    """The address of an ignored message is part of the layout."""
    decoder = VmcDecoder()
    stranger, time = p.osc("/VMC/Ext/Q", "f", 7.0), p.osc("/VMC/Ext/T", "f", 7.0)
    read(*[p.bundle(*p.bones({}), stranger)] * 12, decoder=decoder)
    assert decoder._layouts._count == 1
    out, _ = read(p.bundle(*p.bones({}), time), decoder=decoder)
    assert out[-1].device_s == 7.0


@pytest.mark.parametrize("address", ["/VMC/Ext/Bone/Po", "/VMC/Ext/Root/Posx", "/mocopi/skels"])
def test_an_address_that_only_begins_like_a_known_one_is_ignored(address):
    assert read(p.bundle(p.bone("Head"), p.osc(address, "f", 1.0)))[1] == [None]


def test_a_whole_body_of_rounded_numbers_is_read_at_once_and_beside_blend_shapes_soon():
    def bones():
        return p.bones(dict.fromkeys(p.ALL_NAMES, ((0.0, 0.0, 0.59, 0.79), (0.0, 0.0, 0.0))), p.ALL_NAMES)

    assert read(p.bundle(p.time(1), p.root(), *bones()))[1] == [None]
    _, errors = read(*[p.bundle(p.time(n), p.ok(1), p.root(), *bones(), *SHAPES[:52]) for n in range(16)])
    assert errors[0] is BoneError.FULL
    assert errors[10:] == [None] * 6


def test_a_bad_bone_among_many_costs_the_others_only_until_their_layout_is_known():
    wrong = {"Head": ((float("nan"), 0.0, 0.0, 1.0), (0.0, 0.0, 0.0))}
    frames = [p.bundle(p.time(n), *p.bones(POSE | wrong)) for n in range(16)]
    assert read(frames[0]) == ([], [BoneError.NUMBER])
    out, errors = read(*frames)
    assert set(errors) == {BoneError.NUMBER}
    assert out[-1].seen.sum() == len(VMC_TO_MOCOPI) - 1


def test_a_layout_that_came_twice_does_not_keep_another_from_being_learnt():
    decoder = VmcDecoder()
    read(*[p.bundle(*p.bones({}), *SHAPES[:9])] * 3, *[p.bundle(*p.bones({}))] * (PATIENCE + 12), decoder=decoder)
    assert decoder._layouts.find(p.bundle(*p.bones(POSE))) is not None
