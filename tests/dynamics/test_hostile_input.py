"""Whatever a device says, the vector stays finite and in range, missing slots rest, and nothing is raised."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamics.builder import Dynamics128Builder
from dynamics.calibration import Calibration
from dynamics.frames import DeckSample, ImuSample, MocapFrame, PoseFrame, WatchSample
from dynamics.schema import HIGH, INDEX, LOW, REST
from tests.dynamics.bodies import NS, START_NS, dance, feed, mocap, picture, pictures, standing, watch

LOW32, HIGH32, REST32 = LOW.astype(np.float32), HIGH.astype(np.float32), REST.astype(np.float32)
POISON = (math.nan, math.inf, -math.inf, 1e30, -1e30, 3e38, 0.0)
poison = st.sampled_from(POISON)
few = settings(max_examples=60, deadline=None)


def check(builder: Dynamics128Builder) -> None:
    vector, valid = builder.vector, builder.valid
    assert np.isfinite(vector).all()
    assert (vector >= LOW32).all()
    assert (vector <= HIGH32).all()
    missing = valid == 0
    assert (vector[missing] == REST32[missing]).all()


@st.composite
def poisoned_pictures(draw):
    """A picture of 0-2 people in which some numbers are poison."""
    frame = picture(*[dance(draw(st.floats(0, 20))) for _ in range(draw(st.integers(0, 2)))])
    image, world = frame.image.copy(), frame.world.copy()
    for array in (image, world):
        for _ in range(draw(st.integers(0, 8)) if array.size else 0):
            flat = array.reshape(-1)
            at = draw(st.integers(0, flat.size - 1))
            flat[at : at + draw(st.integers(1, 40))] = draw(poison)
    capture_ns = START_NS + draw(st.integers(-NS, 3 * NS))
    size = draw(st.sampled_from([(640, 480), (0, 480), (640, 0), (-1, -1), (1, 10**9), (10**9, 1)]))
    hands = draw(st.sampled_from([np.zeros((0, 2)), np.full((1, 2), math.nan), np.full((2, 2), 1e30), np.zeros(3)]))
    return PoseFrame(capture_ns, capture_ns, 0, *size, image, world, hands.astype(np.float32))


@st.composite
def poisoned_mocaps(draw):
    frame = mocap(dance(draw(st.floats(0, 20))))
    arrays = [frame.quat_xyzw.copy(), frame.offset_m.copy(), frame.root_m.copy()]
    for array in arrays:
        for _ in range(draw(st.integers(0, 2))):
            array.reshape(-1)[draw(st.integers(0, array.size - 1))] = draw(poison)
    if draw(st.booleans()):
        arrays[0][draw(st.integers(0, 26))] = 0.0
    capture_ns = START_NS + draw(st.integers(-NS, 3 * NS))
    return MocapFrame(
        capture_ns, capture_ns, 0, *arrays, seen=np.array(draw(st.lists(st.booleans(), min_size=27, max_size=27)))
    )


number = st.one_of(poison, st.floats(-300, 300))
triple = st.tuples(number, number, number)
devices = st.one_of(
    st.builds(ImuSample, capture_ns=st.integers(0, 20 * NS), pitch_rad=number, roll_rad=number),
    st.builds(WatchSample, capture_ns=st.integers(0, 20 * NS), heart_rate_bpm=number, accel_mps2=triple),
    st.builds(DeckSample, capture_ns=st.integers(0, 20 * NS), bpm=number, beat_phase=number),
)


@given(st.lists(st.one_of(poisoned_pictures(), poisoned_mocaps(), devices), min_size=1, max_size=8), st.booleans())
@few
def test_no_sequence_of_frames_gets_a_bad_number_into_the_vector(frames, mirror):
    builder = Dynamics128Builder(Calibration(mirror=mirror))
    for now_ns, frame in enumerate(frames, START_NS):
        handle = {
            ImuSample: builder.on_imu,
            WatchSample: builder.on_watch,
            DeckSample: builder.on_deck,
            PoseFrame: builder.on_pose,
        }
        handle.get(type(frame), builder.on_mocap)(frame, max(now_ns, frame.capture_ns))
        check(builder)


@pytest.mark.parametrize("value", POISON)
@pytest.mark.parametrize("array", ["image", "world"])
def test_a_picture_full_of_one_number_leaves_the_next_picture_as_good(array, value):
    builder = Dynamics128Builder()
    for frame in pictures(standing, 30, 1.0):
        feed(builder, frame)
    clean = builder.vector.copy()
    bad = picture(standing(0), t_s=1.0)
    getattr(bad, array)[:] = value
    feed(builder, bad)
    check(builder)
    for frame in pictures(standing, 30, 0.2, start_s=1.0 + 1 / 30):
        assert feed(builder, frame)
    np.testing.assert_allclose(builder.vector[:64], clean[:64], atol=0.02)


@pytest.mark.parametrize("fill", [0.0, math.nan, 1e30])
def test_mocap_quaternions_of_zeros_build_nothing(fill):
    builder = Dynamics128Builder()
    good = mocap(standing(0))
    assert feed(builder, good)
    before = builder.vector.copy()
    assert not feed(
        builder, MocapFrame(START_NS + NS // 50, 0, 0, np.full((27, 4), fill, dtype=np.float32), good.offset_m, good.root_m)
    )
    assert builder.vector[76:100].tolist() == before[76:100].tolist()
    check(builder)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros(0, dtype=np.float32), np.zeros((33, 4), dtype=np.float32), np.zeros((1, 17, 4), dtype=np.float32),
        np.full((1, 33, 4), "x"), np.zeros((0, 33, 4), dtype=np.float32), np.zeros((5, 33, 3), dtype=np.float64),
    ],
)  # fmt: skip
def test_a_picture_of_an_odd_shape_is_a_picture_of_nobody(image):
    builder = Dynamics128Builder()
    good = picture(standing(0))
    assert not builder.on_pose(PoseFrame(START_NS, START_NS, 0, 640, 480, image, good.world), START_NS)
    check(builder)
    assert not builder.performer_seen


@pytest.mark.parametrize(
    "convert",
    [
        lambda a: a.astype(np.float64), np.asfortranarray, lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
        lambda a: np.concatenate([a] * 3),
        lambda a: (a.setflags(write=False), a)[1],
    ],
    ids=["float64", "columns first", "strided", "three people", "read-only"],
)  # fmt: skip
def test_a_picture_in_another_memory_layout_reads_the_same(convert):
    """The kernels are compiled for one layout: another would compile anew in the middle of a set."""
    plain, odd = Dynamics128Builder(), Dynamics128Builder()
    for t in (0.0, 0.03, 0.06, 0.09):
        frame = picture(dance(t), t_s=t)
        feed(plain, frame)
        feed(odd, PoseFrame(frame.capture_ns, 0, 0, 640, 480, convert(frame.image.copy()), convert(frame.world.copy())))
    np.testing.assert_allclose(odd.vector[:76], plain.vector[:76], atol=1e-6)


@pytest.mark.parametrize("tail", [(26, 4), (27, 3), (28, 4)])
def test_mocap_of_an_odd_shape_builds_nothing(tail):
    builder, good = Dynamics128Builder(), mocap(standing(0))
    assert not feed(builder, MocapFrame(START_NS, 0, 0, np.ones(tail, dtype=np.float32), good.offset_m, good.root_m))
    check(builder)


def test_fewer_world_bodies_than_people_are_not_read_past_their_end():
    builder, frame = Dynamics128Builder(), picture(standing(0), dance(0))
    builder.on_pose(PoseFrame(START_NS, START_NS, 0, 640, 480, frame.image, frame.world[:1]), START_NS)
    check(builder)


@pytest.mark.parametrize("back_ns", [0, 1, NS, 10**15])
def test_a_time_that_stands_still_or_goes_back_changes_nothing(back_ns):
    builder = Dynamics128Builder()
    watch(builder, pictures(dance, 30, 0.5))
    watch(builder, [mocap(standing(0), 0.5)])
    before = builder.vector.copy()
    late = picture(standing(0), t_s=0.5 - 1 / 30)
    now_ns = START_NS + NS // 2
    stamp = late.capture_ns - back_ns
    assert not builder.on_pose(PoseFrame(stamp, stamp, 0, 640, 480, late.image, late.world), now_ns)
    old = mocap(dance(3.0), 0.5 - back_ns / NS)
    assert not builder.on_mocap(old, now_ns)
    assert builder.vector.tolist() == before.tolist()


def test_a_stamp_of_the_future_does_not_shut_out_what_follows():
    builder = Dynamics128Builder()
    watch(builder, pictures(standing, 30, 0.5))
    wild = picture(standing(0), t_s=9e5)
    builder.on_pose(wild, START_NS + NS // 2)
    assert builder.on_pose(picture(standing(0), t_s=0.6), START_NS + 6 * NS // 10)
    check(builder)


def test_a_person_without_world_landmarks_is_still_read():
    """Pose over the network often has the picture's landmarks only."""
    full, flat = Dynamics128Builder(), Dynamics128Builder()
    for frame in pictures(dance, 30, 2.0):
        feed(full, frame)
        assert feed(
            flat, PoseFrame(frame.capture_ns, 0, 0, 640, 480, frame.image, np.full((1, 33, 3), np.nan, dtype=np.float32))
        )
    for name in ("l_wrist_y", "r_wrist_y", "head_y", "l_elbow_y", "hand_height"):
        assert abs(full.vector[INDEX[name]] - flat.vector[INDEX[name]]) < 0.2, name
    check(flat)
