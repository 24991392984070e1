"""Every kernel against its slow twin, on random inputs with holes in them."""

import inspect
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from dynamics import builder as builder_module
from dynamics import kernels as k
from dynamics.body import joints_of, mocopi_of, see
from dynamics.builder import tempo_bank
from dynamics.schema import COORDINATES, INDEX, SCALE, SLOTS, TABLE
from dynamics.skeleton import MIRROR_33, Joint
from tests.dynamics import naive
from tests.dynamics.bodies import CAMERA, dance

ASPECT = CAMERA.width_px / CAMERA.height_px
SEEDS = pytest.mark.parametrize("seed", range(6))
finite = st.floats(-1e3, 1e3)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(1000 + seed)


def blank() -> tuple[np.ndarray, np.ndarray]:
    return np.full(SLOTS, 7.0, dtype=np.float32), np.ones(SLOTS, dtype=np.uint8)


def person(seed: int, x_m: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A dancer in the picture, with noise and a few landmarks hidden."""
    r = rng(seed)
    image, world = see(joints_of(dance(r.uniform(0, 20))) + np.array([x_m, 0.0, 0.0]), CAMERA)
    image[:, :2] += r.normal(0, 0.004, (33, 2)).astype(np.float32)
    world += r.normal(0, 0.02, (33, 3)).astype(np.float32)
    image[13:33, 3] = r.uniform(0.3, 1.0, 20)
    return image, world


def test_every_kernel_has_a_twin():
    plain = {name: getattr(f, "py_func", f) for name, f in vars(k).items() if not name.startswith("_")}
    kernels = {name for name, f in plain.items() if inspect.isfunction(f) and f.__module__ == k.__name__}
    assert len(kernels) > 35
    assert kernels - naive.COMPOSED - set(vars(naive)) == set()


@given(st.sampled_from(range(SLOTS)), st.floats(allow_nan=True, allow_infinity=True), st.booleans())
@settings(max_examples=200, deadline=None)
def test_put_clips_or_rests(slot, value, ok):
    vector, valid = blank()
    k.put(vector, valid, slot, value, ok)
    want, want_valid = naive.put(slot, value, ok)
    assert (vector[slot], valid[slot]) == (np.float32(want), want_valid)
    assert np.delete(vector, slot).tolist() == [7.0] * (SLOTS - 1)


@given(st.one_of(finite, st.just(math.nan)), finite, st.floats(1e-4, 1.0), st.floats(0.05, 5.0))
@settings(deadline=None)
def test_blend(old, new, dt, tau):
    assert_allclose(k.blend(old, new, dt, tau), naive.blend(old, new, dt, tau), rtol=1e-9, atol=1e-9)


@given(st.floats(width=32), st.floats(0.1, 100.0))
@settings(deadline=None)
def test_within(x, bound):
    assert_allclose(k.within(np.float32(x), bound), naive.within(x, bound))


@given(
    st.lists(st.one_of(st.floats(-0.25, 1.25, width=32), st.sampled_from([math.nan, math.inf, 1e30])), min_size=4, max_size=4)
)
@settings(max_examples=200, deadline=None)
def test_landmark_seen(row):
    image = np.zeros((33, 4), dtype=np.float32)
    image[5] = row
    assert_allclose(k.landmark_seen(image, 5), naive.landmark_seen(image, 5))


@SEEDS
def test_person_place(seed):
    image, _ = person(seed)
    place = np.zeros(3)
    assert k.person_place(image, ASPECT, place)
    assert_allclose(place, naive.person_place(image, ASPECT), rtol=1e-6)


def test_person_place_refuses_who_is_too_far_out_or_has_no_shoulders():
    image, _ = person(0)
    for where, value in (((11, 0), np.nan), ((11, 0), 40.0), ((12, 1), 1e30)):
        broken = image.copy()
        broken[where] = value
        assert not k.person_place(broken, ASPECT, np.zeros(3))
        assert naive.person_place(broken, ASPECT) is None


@SEEDS
@pytest.mark.parametrize("age_s", [0.1, 5.0])
def test_choose_person(seed, age_s):
    r = rng(seed)
    places = r.permutation([-1.0, 0.0, 1.1])[: r.integers(1, 4)]
    people = np.stack([person(seed + 10 * i, x)[0] for i, x in enumerate(places)])
    lock = (r.uniform(0.3, 1.0), 0.35, 0.18, 100.0 - age_s)
    state = np.zeros(k.STATE)
    state[[k.S_LOCK_X, k.S_LOCK_Y, k.S_LOCK_SIZE, k.S_LOCK_T]], state[k.S_LOCKED] = lock, 1.0
    chosen = k.choose_person(people, len(people), ASPECT, 100.0, state)
    assert chosen == naive.choose_person(people, ASPECT, 100.0, lock) == state[k.S_PERSON]


@SEEDS
def test_picture_scale(seed):
    image, world = person(seed)
    assert_allclose(k.picture_scale(image, world, ASPECT), naive.picture_scale(image, world, ASPECT), rtol=1e-5)


def test_picture_scale_needs_four_points():
    image, world = person(1)
    image[[0, 7, 8, 13], 3] = 0.0
    assert math.isnan(k.picture_scale(image, world, ASPECT))
    assert math.isnan(naive.picture_scale(image, world, ASPECT))


@SEEDS
def test_readable(seed):
    people = [person(seed), person(seed + 1, 1.0)]
    image, world = (np.stack([p[i] for p in people]) for i in range(2))
    if seed % 2:
        image[:, 11, 3] = 0.2
    state = np.zeros(k.STATE)
    assert k.readable(image, world, ASPECT, state) == naive.readable(image, world, ASPECT) == (seed % 2 == 0)


@SEEDS
@pytest.mark.parametrize("hips", [0.9, 0.1])
def test_world_from_picture(seed, hips):
    image, _ = person(seed)
    image[23:25, 3] = hips
    world = np.zeros((1, 33, 3), dtype=np.float32)
    k.world_from_picture(image[None], ASPECT, world)
    assert_allclose(world[0], naive.world_from_picture(image, ASPECT), rtol=1e-4, atol=1e-5)


@SEEDS
def test_track_scale(seed):
    r, state = rng(seed), np.full(k.STATE, np.nan)
    scale, t0 = math.nan, None
    for i in range(60):
        t, obs = i / 30, r.choice([r.uniform(0.1, 0.5), np.nan, 1e30])
        k.track_scale(obs, t, 1 / 30, state)
        t0 = t if t0 is None and np.isfinite(obs) and obs < k.FAR else t0
        scale = naive.track_scale(scale, t - (t0 or 0.0), obs, 1 / 30)
        assert_allclose(state[k.S_SCALE], scale, rtol=1e-9)


@SEEDS
def test_scale_from_and_camera_joints(seed):
    image, world = person(seed)
    image[11:13, 3] = 0.9
    state = np.full(k.STATE, np.nan)
    state[[k.S_ROLL, k.S_HAS_REF]] = 0.1, 0.0
    joints, body, conf = np.zeros((14, 3)), np.zeros((14, 3)), np.zeros(14)
    assert k.camera_joints(image, world, ASPECT, False, 1.0, state, joints, body, conf)
    raw = naive.camera_joints(image, world, ASPECT, 0.1, 1.0, 1.0)
    torso_m, scale = naive.scale_from(image, world, ASPECT, raw[1], math.nan, math.nan, 0.0, 1 / 30)
    assert_allclose([state[k.S_TORSO_M], state[k.S_SCALE]], [torso_m, scale], rtol=1e-5)
    want = naive.camera_joints(image, world, ASPECT, 0.1, scale, torso_m)
    for got, twin in zip((joints, body, conf), want, strict=True):
        assert_allclose(got, twin, atol=1e-5)


@SEEDS
def test_camera_joints_of_a_mirrored_picture_are_those_of_the_picture(seed):
    image, world = person(seed)
    image[11:13, 3] = 0.9
    flipped, flipped_world = image[MIRROR_33].copy(), world[MIRROR_33] * np.float32([-1, 1, 1])
    flipped[:, 0] = 1.0 - flipped[:, 0]
    out = []
    for mirror, (picture, metres) in ((False, (image, world)), (True, (flipped, flipped_world))):
        state = np.full(k.STATE, np.nan)
        state[[k.S_ROLL, k.S_HAS_REF]] = 0.0, 0.0
        joints, body, conf = np.zeros((14, 3)), np.zeros((14, 3)), np.zeros(14)
        k.camera_joints(picture, metres, ASPECT, mirror, 1.0, state, joints, body, conf)
        out.append((joints, body, conf))
    for straight, mirrored in zip(*out, strict=True):
        assert_allclose(mirrored, straight, atol=1e-5)


@SEEDS
def test_rotate(seed):
    r = rng(seed)
    q, v, out = r.normal(size=4), r.normal(size=3), np.zeros(3)
    q /= np.linalg.norm(q)
    k.rotate(q, v, out)
    assert_allclose(out, naive.rotate(q, v), atol=1e-12)


@SEEDS
def test_forward_kinematics(seed):
    r = rng(seed)
    quat = r.normal(size=(27, 4)).astype(np.float32)
    quat /= np.linalg.norm(quat, axis=1, keepdims=True) * r.uniform(0.8, 1.2, (27, 1)).astype(np.float32)
    offset, root = r.normal(0, 0.2, (27, 3)).astype(np.float32), r.normal(size=3).astype(np.float32)
    position, rotation = np.zeros((27, 3)), np.zeros((27, 4))
    assert k.forward_kinematics(quat, offset, root, position, rotation)
    want, matrices = naive.forward_kinematics(quat, offset, root)
    assert_allclose(position, want, atol=1e-5)
    assert_allclose([naive.rotation_matrix(q) for q in rotation], matrices, atol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize("where", ["quat", "offset", "root"])
def test_forward_kinematics_refuses_what_is_not_finite(value, where):
    quat, offset, root = (a.copy() for a in mocopi_of(joints_of(dance(1.0))))
    {"quat": quat[5], "offset": offset[5], "root": root}[where][1] = value
    assert not k.forward_kinematics(quat, offset, root, np.zeros((27, 3)), np.zeros((27, 4)))


def test_forward_kinematics_refuses_a_quaternion_of_zeros():
    quat, offset, root = (a.copy() for a in mocopi_of(joints_of(dance(1.0))))
    quat[13] = 0.0
    assert not k.forward_kinematics(quat, offset, root, np.zeros((27, 3)), np.zeros((27, 4)))


@SEEDS
def test_mocap_joints(seed):
    position, _ = naive.forward_kinematics(*mocopi_of(joints_of(dance(rng(seed).uniform(0, 20)))))
    state, seen = np.full(k.STATE, np.nan), np.ones(27, dtype=np.bool_)
    state[[k.S_TURN, k.S_HAS_REF]] = 0.3, 0.0
    joints, body, conf = np.zeros((14, 3)), np.zeros((14, 3)), np.zeros(14)
    assert k.mocap_joints(position, seen, state, joints, body, conf)
    want = naive.mocap_joints(position, 0.3)
    assert_allclose(body, want, atol=1e-9)
    assert_allclose(np.delete(joints, Joint.NECK, axis=0), np.delete(want, Joint.NECK, axis=0), atol=1e-9)


@SEEDS
def test_angle_between_and_bend(seed):
    p = rng(seed).normal(size=(3, 3))
    assert_allclose(k.angle_between(*p[0], *p[1]), naive.angle_between(p[0], p[1]), atol=1e-7)
    assert_allclose(k.bend(p, 0, 1, 2), naive.bend(p, 0, 1, 2), atol=1e-7)
    assert math.isnan(k.angle_between(0.0, 0.0, 0.0, 1.0, 0.0, 0.0))


@SEEDS
def test_coordinates(seed):
    r = rng(seed)
    image, world = person(seed)
    joints, body, _ = naive.camera_joints(image, world, ASPECT, 0.0, 0.2, 0.5)
    joints[Joint.NECK] = r.normal(size=3)
    conf = r.uniform(0.0, 1.0, 14)
    raw, ok = np.zeros(COORDINATES), np.zeros(COORDINATES, dtype=np.uint8)
    k.coordinates(joints, body, conf, 0.2, raw, ok)
    want, want_ok = naive.coordinates(joints, body, conf, 0.2)
    assert ok.astype(bool).tolist() == want_ok.tolist()
    assert_allclose(raw, want, atol=1e-9)


@SEEDS
@pytest.mark.parametrize("slot", ["l_wrist_y", "trunk_yaw"])
def test_accept(seed, slot):
    r, i = rng(seed), INDEX[slot]
    times = np.cumsum(r.choice([0.016, 0.033, 0.05, 0.4], 80))
    values = np.cumsum(r.choice([0.02, -0.03, 0.3, 1.9, -2.5, 6.0], 80, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.05]))
    columns, hist_ok = np.full((5, COORDINATES), np.nan), np.ones((k.HISTORY, COORDINATES), dtype=np.uint8)
    got = []
    for t, value in zip(times, values, strict=True):
        raw, ok = np.zeros(COORDINATES), np.zeros(COORDINATES, dtype=np.uint8)
        raw[i], ok[i] = value, 1
        k.accept(raw, ok, t, *columns, hist_ok)
        got.append((raw[i], bool(ok[i])))
    want = naive.accept(list(zip(times, values, strict=True)), i)
    assert [ok for _, ok in got] == [ok for _, ok in want]
    assert_allclose([v for v, _ in got], [v for v, _ in want], atol=1e-9)


@SEEDS
def test_solve_weights(seed):
    n = 3 + seed * 2
    tau = -np.cumsum(rng(seed).uniform(0.005, 0.04, n))
    w = np.zeros((3, n))
    assert k.solve_weights(tau, n, 0.016, *w)
    assert_allclose(w, naive.solve_weights(tau, 0.016), rtol=1e-6, atol=1e-6)


def test_solve_weights_refuses_three_samples_of_one_moment():
    w = np.zeros((3, 3))
    assert not k.solve_weights(np.full(3, -0.01), 3, 0.016, *w)


@SEEDS
def test_fit_with_missing_samples(seed):
    r = rng(seed)
    hist_t, hist_x = np.full(k.HISTORY, -1e9), np.zeros((k.HISTORY, 5))
    hist_ok, work = np.zeros((k.HISTORY, 5), dtype=np.uint8), np.zeros((5, k.HISTORY))
    samples: list[list[tuple[float, float | None]]] = [[] for _ in range(5)]
    t = 5.0
    for row in range(150):
        t += r.choice([0.016, 0.033, 0.066, 0.25], p=[0.5, 0.3, 0.15, 0.05])
        at = row % k.HISTORY
        hist_t[at], hist_x[at], hist_ok[at] = t, r.normal(size=5), r.random(5) < (1.0, 0.9, 0.7, 0.5, 0.2)
        for i in range(5):
            samples[i].append((t, hist_x[at, i] if hist_ok[at, i] else None))
        rate, acc, fit_ok = np.full(5, 9.0), np.full(5, 9.0), np.full(5, 9, dtype=np.uint8)
        k.fit(hist_t, hist_x, hist_ok, at, t, rate, acc, fit_ok, work)
        for i in range(5):
            want = naive.fit(samples[i], t)
            assert bool(fit_ok[i]) == (want is not None)
            assert_allclose([rate[i], acc[i]], want or (0.0, 0.0), rtol=1e-5, atol=1e-4)


def test_one_euro_alpha():
    assert_allclose(k.one_euro_alpha(6.0, 1 / 30), naive.one_euro_alpha(6.0, 1 / 30), rtol=1e-15)


@SEEDS
def test_smooth(seed):
    r, z = rng(seed), np.full(COORDINATES, np.nan)
    want = z.copy()
    for _ in range(40):
        raw, rate, dt = r.normal(size=COORDINATES), r.normal(size=COORDINATES), r.choice([0.016, 0.033, 0.1])
        ok, fit_ok = (r.random(COORDINATES) < 0.8).astype(np.uint8), (r.random(COORDINATES) < 0.7).astype(np.uint8)
        k.smooth(raw, ok, rate, fit_ok, dt, z)
        for i in np.flatnonzero(ok):
            want[i] = naive.smooth(want[i], raw[i], rate[i] if fit_ok[i] else None, dt, i)
        assert_allclose(z, want, rtol=1e-9)


@SEEDS
def test_geometry(seed):
    r, state = rng(seed), np.full(k.STATE, np.nan)
    state[k.S_CURVE_RATE] = 0.0
    hist_t, hist_speed, speeds, before = np.full(k.HISTORY, -1e9), np.zeros(k.HISTORY), [], None
    change = 0.0
    for row in range(50):
        t = 3.0 + row / 30
        z, rate, acc = (r.normal(size=COORDINATES) * s for s in (1.0, r.choice([0.02, 2.0]), 20.0))
        ok, fit_ok = r.random(COORDINATES) < 0.9, r.random(COORDINATES) < 0.8
        hist_t[row] = t
        vector, valid = blank()
        speed = k.geometry(
            z, ok.astype(np.uint8), rate, acc, fit_ok.astype(np.uint8), t, 1 / 30, state, hist_t, hist_speed, row, vector, valid
        )
        norm, want, curve = naive.geometry(z, ok, rate, acc, fit_ok)
        speeds.append((t, want))
        change = 0.0 if before is None else naive.blend(change, (curve - before) * 30, 1 / 30, 0.15)
        before = curve
        smooth = naive.smoothness([s for at, s in speeds if t - at <= 1.0])
        assert_allclose(speed, want)
        assert_allclose(vector[64:69], [norm, want, curve, np.clip(change, -100, 100), smooth], rtol=1e-5, atol=1e-5)
        assert valid[64:69].all()


@SEEDS
def test_rhythm(seed):
    r, bank, state = rng(seed), tempo_bank(), np.zeros(k.STATE)
    times = np.cumsum(r.choice([0.033, 0.05, 0.6], 120, p=[0.6, 0.38, 0.02])) + 2.0
    signal = 3.0 * np.cos(2 * np.pi * (80 + 15 * seed) / 60 * times) + r.normal(0, 0.5, 120)
    vector, valid = blank()
    last = times[0] - 1.0 / 30.0
    for t, x in zip(times, signal, strict=True):
        k.rhythm(x, t - last, *bank, state, vector, valid)
        last = t
    want = naive.rhythm(times, signal)
    assert_allclose(bank[1] + 1j * bank[2], want, rtol=1e-7, atol=1e-9)
    best = np.argmax(np.abs(want) ** 2 * bank[3])
    assert abs(vector[INDEX["tempo"]] * 200 / (naive.tempo_omegas()[best] * 60 / (2 * np.pi)) - 1) < 0.01
    assert_allclose(vector[INDEX["phase_sin"]], math.sin(2 * math.pi * vector[INDEX["phase"]]), atol=1e-5)


@pytest.mark.parametrize(("bpm", "octaves"), [(115.0, 0.6), (128.0, 0.25), (90.0, 0.25)])
def test_prefer_tempo(bpm, octaves):
    bank = tempo_bank()
    assert_allclose(bank[0], naive.tempo_omegas(), rtol=1e-12)
    k.prefer_tempo(bank, bpm, octaves)
    assert_allclose(bank[3], naive.prefer_tempo(bpm, octaves), rtol=1e-9)


@SEEDS
def test_statistics(seed):
    r, state = rng(seed), np.zeros(k.STATE)
    state[k.S_MEAN_Y] = np.nan
    means = dict.fromkeys(("low", "up", "ll", "rr", "lr", "energy", "core", "legs", "var_y"), 0.0) | {"mean_y": math.nan}
    ok, conf = np.ones(COORDINATES, dtype=np.uint8), np.ones(14)
    conf[[3, 5, 9]] = 0.2
    state[k.S_FRAMING] = 0.75
    vector, valid = blank()
    for _ in range(30):
        z, rate = r.normal(0, 0.3, COORDINATES), r.normal(size=COORDINATES)
        speed = float(np.linalg.norm(rate / SCALE[:COORDINATES]))
        k.statistics(z, ok, rate, ok, conf, speed, 1 / 30, state, vector, valid)
        for name, value in naive.statistics(z, rate, 1 / 30, means).items():
            assert_allclose(vector[INDEX[name]], value, rtol=1e-4, atol=1e-6, err_msg=name)
    assert_allclose(vector[INDEX["framing"] : INDEX["coverage"] + 1], [0.75, 11 / 14], rtol=1e-6)


@SEEDS
def test_bones(seed):
    r, state = rng(seed), np.full(k.STATE, np.nan)
    state[k.S_BONES : k.S_BONES + 4] = usual = r.uniform(0.3, 0.7, 4)
    for _ in range(10):
        body = r.normal(0, 0.4, (14, 3))
        lengths = [float(np.linalg.norm(body[a] - body[b])) for a, b in k.ARM_BONES]
        residual, usual = naive.bones(lengths, usual, 0.1)
        assert_allclose(k.bones(body, np.ones(14), 0.1, state), residual, rtol=1e-9)
        assert_allclose(state[k.S_BONES : k.S_BONES + 4], usual, rtol=1e-9)


def test_hand_over_keeps_the_place_and_the_turns():
    mem, z = np.zeros(k.MEMORY), rng(0).normal(size=COORDINATES)
    columns = mem[k.M_COLUMNS : k.M_RING].reshape(k.COLUMNS, COORDINATES)
    columns[k.C_Z] = z
    k.hand_over(4.0, mem)
    want = naive.hand_over(z, 4.0)
    assert_allclose(columns[k.C_OFFSET], want["offset"])
    assert_allclose(columns[k.C_LAST], want["last"])
    assert mem[k.S_BLEND_T] == want["since"]
    assert np.isnan(columns[k.C_Z]).all()


def test_lose_body():
    vector, valid = blank()
    k.lose_body(vector, valid)
    want = naive.lose_body()
    for slot in range(SLOTS):
        value, is_valid = want.get(slot, (7.0, 1))
        assert (vector[slot], valid[slot]) == (np.float32(value), is_valid), TABLE[slot].name


@SEEDS
def test_build_mocopi(seed):
    r = rng(seed)
    memory, bits = np.full(k.MOCOPI_MEMORY, np.nan), np.zeros(k.MOCOPI_BITS, dtype=np.uint8)
    memory[k.P_RING : k.P_FLOOR], memory[k.P_T] = 0.0, -1e9
    memory[k.P_RING : k.P_WORK].reshape(k.HISTORY, k.SITE_RING_WIDTH)[:, k.SITE_COLUMNS] = -1e9
    vector, valid = blank()
    first = turned = None
    start = r.uniform(0, 20)
    for row in range(12):
        quat, offset, root = mocopi_of(joints_of(dance(start + row / 50)))
        assert k.read_mocap(quat, offset, root, row / 50, row, memory, bits, vector, valid)
        position, matrices = naive.forward_kinematics(quat, offset, root)
        slots, turns = naive.build_mocopi(position, matrices)
        first = first or (position[0, 1], turns["hip"])
        torso = np.linalg.norm(position[8] - position[0])
        slots["mocopi_hip_height"] -= first[0] / torso
        for name, value in slots.items():
            assert_allclose(vector[INDEX[name]], value, atol=2e-4, err_msg=name)
        turned = {site: turn - (first[1] if site == "hip" else turns["hip"]) for site, turn in turns.items()}
        for site, turn in turned.items():
            off = vector[INDEX[f"mocopi_{site}_heading"]] - turn
            assert abs(off - 2 * math.pi * round(off / (2 * math.pi))) < 2e-4, site


@given(st.lists(st.floats(width=32), min_size=1, max_size=20))
@settings(deadline=None)
def test_all_finite(numbers):
    vector = np.array(numbers, dtype=np.float32)
    assert k.all_finite(vector) == naive.all_finite(vector)


@pytest.mark.parametrize("within", [0.0, 0.01])
def test_same_and_keep(within):
    vector, last = np.zeros(SLOTS, dtype=np.float32), np.full(COORDINATES, np.nan)
    for change, by in ((0, 0.0), (0, 0.0), (3, 1.0), (0, 0.0), (60, 1.0), (31, 0.005), (2, -0.02), (0, 0.0)):
        vector[change] += by
        want = naive.same_and_keep(vector, last, within)
        assert k.same_and_keep(vector, last, within) == want
        assert last.tolist() == vector[:COORDINATES].tolist()


ONE_SLOT, TWO_SLOTS = ("slot", "abs", "shift", "reversals", "since_above", "turned"), ("hypot", "settle", "diff", "turns")


@SEEDS
@pytest.mark.parametrize("kind", k.FEATURE_KINDS)
def test_every_kind_of_feature(kind, seed):
    r = rng(seed)
    a, b = 0, 0 if kind in ONE_SLOT or (kind not in TWO_SLOTS and seed % 2) else 1
    level, window = 0.3, 0.25
    table, params = np.array([[k.FEATURE_KINDS.index(kind), a, b]]), np.array([[level, window]])
    memory, ring = np.full((1, k.FEATURE_MEMORY), np.nan), np.zeros((1, k.TRAVEL_RING, 3))
    ring[:, :, 0], memory[:, 1], memory[:, 2] = -1e9, 0.0, -1e9
    values, seen, story, got = np.zeros(1), np.zeros(1, dtype=np.uint8), [], []
    t = 10.0
    for _ in range(160):
        t += r.choice([0.016, 0.033, 0.3], p=[0.6, 0.38, 0.02])
        drawn = np.cos([2.0 * t, 2.0 * t - 1.0]) if kind == "turns" and t % 2.0 < 1.5 else 0.0
        vector, valid = r.normal(0, 0.4, SLOTS).astype(np.float32), (r.random(SLOTS) < 0.9).astype(np.uint8)
        vector[:2] = vector[:2] * 20.0 if kind == "turned" else vector[:2] + drawn
        story.append((t, vector.copy(), valid.copy()))
        k.read_features(vector, valid, t, table, params, memory, ring, values, seen)
        got.append(values[0])
    want = naive.read_features(story, kind, a, b, level, window)
    known = [i for i, (_, _, valid) in enumerate(story) if (valid[a] and valid[b]) or kind in ("since_below", "below_for")]
    assert_allclose(np.array(got)[known], np.array(want)[known], rtol=1e-6, atol=1e-6)


@SEEDS
def test_run_gestures_and_advance(seed):
    r = rng(seed)
    when = ("always", "start", "finish")
    conditions = [(f, when[f % 3], (0.2, 1e9, 0.0, 1e9)) for f in range(3)]
    condition = np.array([[f, when.index(w)] for f, w, _ in conditions])
    bounds, timing = np.array([c[2] for c in conditions]), np.array([[0.2, 0.1, 0.7]])
    phase, clock = np.zeros(1, dtype=np.int64), np.zeros((1, 2))
    events, why, first = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64), np.array([0, 3])
    names, story, got, level = ("", "completed", "released", "cancelled"), [], [], np.full(3, 0.5)
    t = 1.0
    for _ in range(600):
        t += 1 / 30 if r.random() < 0.97 else 0.2  # now and then no picture comes
        if r.random() < 0.15:
            level = r.choice([-0.5, 0.1, 0.5], 3, p=[0.2, 0.2, 0.6])
        values, seen = level + r.normal(0, 0.05, 3), (r.random(3) < 0.93).astype(np.uint8)
        k.run_gestures(values, seen, t, first, condition, bounds, timing, phase, clock, events, why, np.ones(1, dtype=np.uint8))
        story.append((t, *naive.run_gestures(values, seen, conditions)))
        got.append(names[events[0]])
    assert got == naive.advance(story, 0.2, 0.1, 0.7)
    assert {"completed", "released", "cancelled"} <= set(got)


@SEEDS
def test_run_steps(seed):
    """Three steps before a gesture, each its own feature above a half; the gesture itself is idle most of the time."""
    r = rng(seed)
    timing = np.array([[0.1, 0.4], [0.0, 0.3], [0.2, 0.5]])
    step_of, step_first, condition = np.array([0, 3]), np.arange(4), np.array([[f, 0] for f in range(3)])
    bounds = np.tile([0.5, np.inf, -np.inf, np.inf], (3, 1))
    at, ready = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.uint8)
    clock, phase = np.full((3, 2), np.nan), np.zeros(1, dtype=np.int64)
    t, level, story, got = 1.0, np.zeros(3), [], []
    for _ in range(1500):
        t += 1 / 30 if r.random() < 0.97 else 0.2
        if r.random() < 0.2:
            level = r.choice([0.0, 1.0], 3)
        values, seen = level + 0.0, (r.random(3) < 0.95).astype(np.uint8)
        phase[0], over = (k.IDLE, False) if r.random() < 0.95 else (k.HOLDING, r.random() < 0.5)
        k.run_steps(values, seen, t, step_of, step_first, condition, bounds, timing, phase, at, clock, ready)
        story.append((t, phase[0] == k.IDLE, over, [naive.met([(f, (0.5, math.inf))], values, seen) for f in range(3)]))
        got.append(bool(ready[0]))
        if over:
            at[0] = 0
    assert got == naive.run_steps(story, timing.tolist())
    assert 20 < sum(got) < 1400


def test_every_place_of_the_state_is_used_and_no_two_overlap():
    places = {name: value for name, value in vars(k).items() if name.startswith("S_")}
    wide = {"S_BONES": 4, "S_PLACE": 3}
    taken = [at for name, value in places.items() for at in range(value, value + wide.get(name, 1))]
    assert sorted(taken) == list(range(k.STATE))
    source = inspect.getsource(k) + inspect.getsource(builder_module)
    assert [name for name in places if len(re.findall(rf"\b{name}\b", source)) < 2] == []
