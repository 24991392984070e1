"""Slow twins of the kernels: the same answers by another road (matrices, complex numbers, `lstsq`, plain lists).

Each twin has its kernel's name. Twins take what they need and return what they find; only the tests know how a kernel
is called. Numbers that are facts of the design (windows, thresholds) come from the kernels' own constants.
"""

import itertools
import math

import numpy as np

from dynamics import kernels as k
from dynamics.filters import low_pass_alpha
from dynamics.schema import COORDINATES, HIGH, INDEX, IS_ANGLE, LOW, RATE_LIMIT, REST, SCALE, TABLE
from dynamics.skeleton import MOCOPI_JOINTS, MOCOPI_NAMES, MOCOPI_PARENT, Joint, Lm

COMPOSED = frozenset({"build_body", "run_body", "build_camera", "read_mocap", "build_from_mocap", "run_library"})
"""Kernels that only call others: proven by whole performances, with and without the JIT."""


def put(slot, value, ok):
    """(value, valid) of a slot."""
    if not ok or not np.isfinite(value):
        return REST[slot], 0
    return float(np.clip(value, LOW[slot], HIGH[slot])), 1


def blend(old, new, dt, tau):
    keep = math.exp(-dt / tau)
    return new if math.isnan(old) else keep * old + (1.0 - keep) * new


def within(x, bound):
    return float(x) if -bound < x < bound else math.nan


def landmark_seen(image, index):
    x, y, _, v = (float(n) for n in image[index])
    edge = k.INSIDE_MARGIN
    inside = all(math.isfinite(n) for n in (x, y, v)) and -edge <= x <= 1 + edge and -edge <= y <= 1 + edge
    return float(np.clip(v, 0.0, 1.0)) if inside else 0.0


def _flat(image, aspect):
    """(33, 2) float64 in picture heights, y down."""
    return image[:, :2].astype(np.float64) * (aspect, 1.0)


def person_place(image, aspect):
    """(x, y, size) or None."""
    at = _flat(image, aspect)
    neck, hip = at[[11, 12]].mean(axis=0), at[[23, 24]].mean(axis=0)
    torso, width = np.linalg.norm(hip - neck), np.linalg.norm(at[11] - at[12])
    size = torso if torso > width else width
    if not np.isfinite([*neck, size]).all():
        return None
    ok = abs(neck[0]) < k.FAR * aspect and abs(neck[1]) < k.FAR and 0.01 < size < k.FAR
    return (neck[0], neck[1], size) if ok else None


def choose_person(people, aspect, t, lock):
    """Index of the performer or -1. `lock` is (x, y, size, t) of the last one, or None."""
    fresh = lock is not None and t - lock[3] < k.LOCK_LOST_S

    def distance(place):
        x, y, size = place
        if fresh:
            return math.hypot(x - lock[0], y - lock[1]) / lock[2] + abs(math.log(size / lock[2]))
        return abs(x - 0.5 * aspect) / size - 4.0 * size

    places = {p: place for p, image in enumerate(people) if (place := person_place(image, aspect)) is not None}
    if not places:
        return -1
    best = min(places, key=lambda p: (distance(places[p]), p))
    return -1 if fresh and len(people) > 1 and distance(places[best]) > k.LOCK_GATE else best


def picture_scale(image, world, aspect):
    rows = [
        (image[p, 0] * aspect, image[p, 1], world[p, 0], world[p, 1])
        for p in k.SCALE_POINTS
        if landmark_seen(image, p) >= k.MIN_SEEN and np.all(np.abs(world[p, :2]) < k.FAR_M)
    ]
    if len(rows) < 4:
        return math.nan
    spread = np.array(rows, dtype=np.float64).var(axis=0)
    flat, metres = spread[:2].sum(), spread[2:].sum() * len(rows)
    return math.sqrt(flat * len(rows) / metres) if flat > 0.0 and metres > 1e-4 else math.nan


def readable(people, worlds, aspect):
    return any(
        min(landmark_seen(image, 11), landmark_seen(image, 12)) >= k.MIN_SEEN
        and person_place(image, aspect) is not None
        and picture_scale(image, world, aspect) > 0.0
        for image, world in zip(people, worlds, strict=True)
    )


def world_from_picture(image, aspect):
    """(33, 3) of one person whose hips are seen and near."""
    at = _flat(image, aspect)
    neck, hip = at[[11, 12]].mean(axis=0), at[[23, 24]].mean(axis=0)
    torso = np.linalg.norm(hip - neck)
    if min(landmark_seen(image, 23), landmark_seen(image, 24)) < k.MIN_SEEN:
        torso = np.linalg.norm(at[11] - at[12]) / k.USUAL_SHOULDERS
        hip = neck + np.array([0.0, torso])
    depth = image[:, 2:3].astype(np.float64) * aspect
    return np.hstack([at - hip, depth]) * (k.USUAL_TORSO_M / torso)


def track_scale(scale, since, obs, dt):
    """The new scale. `since` is the time since it started to settle."""
    if not (np.isfinite(obs) and 0.005 < obs < k.FAR):
        return scale
    if math.isnan(scale):
        return obs
    settling = since < k.SCALE_SETTLE_S
    target = (obs / scale) ** (1.0 - math.exp(-dt / (0.15 if settling else 0.5)))
    most = math.exp(1.0 if settling else k.SCALE_RATE * dt)
    return scale * float(np.clip(target, 1.0 / most, most))


def scale_from(image, world, aspect, body, torso_m, scale, since, dt):
    """(torso in metres, scale) after one picture."""
    torso = np.linalg.norm(body[[Joint.L_HIP, Joint.R_HIP]].mean(axis=0) - body[Joint.NECK])
    if 0.2 < torso < 1.0:
        torso_m = blend(torso_m, torso, dt, 1.0)
    torso_m = k.USUAL_TORSO_M if math.isnan(torso_m) else torso_m
    return torso_m, track_scale(scale, since, k.SCALE_RATIO * picture_scale(image, world, aspect) * torso_m, dt)


_JOINT_LM = {
    Joint.L_SHOULDER: Lm.L_SHOULDER, Joint.R_SHOULDER: Lm.R_SHOULDER, Joint.L_ELBOW: Lm.L_ELBOW, Joint.R_ELBOW: Lm.R_ELBOW,
    Joint.L_WRIST: Lm.L_WRIST, Joint.R_WRIST: Lm.R_WRIST, Joint.L_HIP: Lm.L_HIP, Joint.R_HIP: Lm.R_HIP, Joint.L_KNEE: Lm.L_KNEE,
    Joint.R_KNEE: Lm.R_KNEE, Joint.L_ANKLE: Lm.L_ANKLE, Joint.R_ANKLE: Lm.R_ANKLE,
}  # fmt: skip


def camera_joints(image, world, aspect, roll, scale, torso_m):
    """(joints, body, conf) of an unmirrored person at its reference place (the shift is 0), for a known scale and torso."""
    upright = np.array([[math.cos(roll), math.sin(roll)], [-math.sin(roll), math.cos(roll)]])
    flat = (_flat(image, aspect) - (0.5 * aspect, 0.5)) * (1.0, -1.0) @ upright.T
    metres = world.astype(np.float64) * (1.0, -1.0, -1.0)
    joints, body, conf = np.zeros((14, 3)), np.zeros((14, 3)), np.zeros(14)
    for joint, landmark in _JOINT_LM.items():
        joints[joint], body[joint] = [*flat[landmark], metres[landmark, 2]], metres[landmark]
        conf[joint] = landmark_seen(image, landmark)
    joints[Joint.HEAD] = [*flat[[7, 8]].mean(axis=0), metres[0, 2]]
    body[Joint.HEAD] = metres[0]
    conf[Joint.HEAD] = np.mean([landmark_seen(image, p) for p in k.HEAD_POINTS])
    middle = [Joint.L_SHOULDER, Joint.R_SHOULDER]
    joints, body = joints - joints[middle].mean(axis=0), body - body[middle].mean(axis=0)
    joints[Joint.NECK] = body[Joint.NECK] = 0.0
    joints /= (scale, scale, torso_m)
    conf[Joint.NECK] = min(conf[Joint.L_SHOULDER], conf[Joint.R_SHOULDER])
    return joints, body / torso_m, conf


def rotation_matrix(q):
    """(3, 3) of a quaternion x y z w, by its exponential: cos + sin of the half angle about an axis."""
    q = np.asarray(q, dtype=np.float64)
    q = q / np.linalg.norm(q)
    axis, w = q[:3], q[3]
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + 2.0 * w * cross + 2.0 * cross @ cross


def rotate(q, v):
    return rotation_matrix(q) @ v


def forward_kinematics(quat, offset, root):
    """Positions (27, 3) and rotation matrices (27, 3, 3), by 4x4 matrices down the tree."""
    world = []
    for bone, parent in enumerate(MOCOPI_PARENT):
        local = np.eye(4)
        local[:3, :3] = rotation_matrix(quat[bone])
        local[:3, 3] = root if parent < 0 else offset[bone]
        world.append(local if parent < 0 else world[parent] @ local)
    return np.array([m[:3, 3] for m in world]), np.array([m[:3, :3] for m in world])


def mocap_joints(position, facing):
    """Canonical joints (14, 3) from mid-shoulder in torso lengths, turned to the audience."""
    c, s = math.cos(facing), math.sin(facing)
    at = position[MOCOPI_JOINTS].copy()
    at[Joint.HEAD] += k.HEAD_OVER * (position[10] - position[9])
    turned = at @ np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]]).T
    neck = turned[[Joint.L_SHOULDER, Joint.R_SHOULDER]].mean(axis=0)
    hips = turned[[Joint.L_HIP, Joint.R_HIP]].mean(axis=0)
    return (turned - neck) / np.linalg.norm(neck - hips)


def angle_between(a, b):
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if not np.linalg.norm(a) * np.linalg.norm(b) > 1e-9:
        return math.nan
    return math.atan2(float(np.linalg.norm(np.cross(a, b))), float(a @ b))


def bend(p, a, b, c):
    return angle_between(p[b] - p[a], p[c] - p[b])


def coordinates(joints, body, conf, yaw0):
    """The 32 coordinates by name, and which are seen, for a body whose numbers are all near."""
    seen, j, out, ok = conf >= k.MIN_SEEN, Joint, {}, {}
    across = body[j.L_SHOULDER] - body[j.R_SHOULDER]
    yaw = math.atan2(-across[2], across[0])
    trunk = np.array([[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0], [math.sin(yaw), 0, math.cos(yaw)]])
    hip, hips_seen = body[[j.L_HIP, j.R_HIP]].mean(axis=0), seen[j.L_HIP] and seen[j.R_HIP]
    flat_hip = joints[[j.L_HIP, j.R_HIP]].mean(axis=0)
    for side, wrist, elbow, shoulder, hip_joint, knee, ankle in (
        ("l", j.L_WRIST, j.L_ELBOW, j.L_SHOULDER, j.L_HIP, j.L_KNEE, j.L_ANKLE),
        ("r", j.R_WRIST, j.R_ELBOW, j.R_SHOULDER, j.R_HIP, j.R_KNEE, j.R_ANKLE),
    ):
        for axis, value in zip("xyz", trunk @ joints[wrist], strict=True):
            out[f"{side}_wrist_{axis}"], ok[f"{side}_wrist_{axis}"] = value, seen[wrist]
        for axis, value in zip("xy", (trunk @ joints[elbow])[:2], strict=True):
            out[f"{side}_elbow_{axis}"], ok[f"{side}_elbow_{axis}"] = value, seen[elbow]
        out[f"{side}_elbow_flexion"], ok[f"{side}_elbow_flexion"] = (
            bend(body, shoulder, elbow, wrist),
            seen[elbow] and seen[wrist],
        )
        out[f"{side}_shoulder_elevation"] = angle_between(body[elbow] - body[shoulder], (0, -1, 0))
        ok[f"{side}_shoulder_elevation"] = seen[elbow]
        out[f"{side}_knee_flexion"] = bend(body, hip_joint, knee, ankle)
        ok[f"{side}_knee_flexion"] = seen[hip_joint] and seen[knee] and seen[ankle]
        out[f"{side}_foot_height"], ok[f"{side}_foot_height"] = joints[ankle, 1] - flat_hip[1], seen[ankle] and hips_seen
    local_hip = trunk @ hip
    roll = math.atan2(-flat_hip[0], -flat_hip[1]) if hips_seen else math.atan2(-local_hip[0], -hip[1])
    hip_across = body[j.L_HIP] - body[j.R_HIP]
    both = seen[j.L_WRIST] and seen[j.R_WRIST]
    rest = {
        "head_x": (joints[j.HEAD, 0], seen[j.HEAD]), "head_y": (joints[j.HEAD, 1], seen[j.HEAD]),
        "trunk_shift_x": (joints[j.NECK, 0], True), "trunk_shift_y": (joints[j.NECK, 1], True), "trunk_yaw": (yaw - yaw0, True),
        "trunk_pitch": (math.atan2(-local_hip[2], -hip[1]), True), "trunk_roll": (roll, True),
        "shoulder_line": (math.asin(across[1] / np.linalg.norm(across)), True),
        "hand_distance": (np.linalg.norm([out[f"l_wrist_{a}"] - out[f"r_wrist_{a}"] for a in "xy"]), both),
        "hand_height": (np.mean([out["l_wrist_y"], out["r_wrist_y"]]), both),
        "hip_shift_x": (flat_hip[0], hips_seen), "hip_height": (flat_hip[1], hips_seen),
        "stance_width": (joints[j.L_ANKLE, 0] - joints[j.R_ANKLE, 0], seen[j.L_ANKLE] and seen[j.R_ANKLE]),
        "hip_yaw": (math.atan2(-hip_across[2], hip_across[0]) - yaw0, hips_seen),
    }  # fmt: skip
    for name, (value, is_seen) in rest.items():
        out[name], ok[name] = value, is_seen
    names = [slot.name for slot in TABLE[:COORDINATES]]
    return np.array([out[n] for n in names]), np.array([bool(ok[n]) for n in names])


def accept(samples, slot):
    """Which of (t, value) are believed, and the unwrapped values, for one coordinate."""
    last = candidate = None
    out = []
    for t, value in samples:
        if last is not None and IS_ANGLE[slot]:
            value -= 2 * math.pi * round((value - last[1]) / (2 * math.pi))  # noqa: PLW2901
        if last is not None and t - last[0] <= k.GAP_S and abs(value - last[1]) > RATE_LIMIT[slot] * (t - last[0]):
            stays = candidate is not None and t - candidate[0] <= k.GAP_S
            if not (stays and abs(value - candidate[1]) <= 0.5 * RATE_LIMIT[slot] * max(t - candidate[0], 1e-3)):
                candidate = (t, value)
                out.append((value, False))
                continue
        candidate, last = None, (t, value)
        out.append((value, True))
    return out


def solve_weights(tau, lag):
    """(3, n): weights of value, rate and acceleration at -lag."""
    x = np.asarray(tau) + lag
    return np.linalg.pinv(np.stack([np.ones_like(x), x, x * x], axis=1)) * np.array([[1.0], [1.0], [2.0]])


def fit_alone(times, values, t):
    """(rate, acceleration) at t - lag of the least-squares parabola through the samples, or None."""
    x = np.asarray(times) - t + k.FIT_LAG_S
    if len(set(x)) < 3:
        return None
    _, b, c = np.linalg.lstsq(np.stack([np.ones_like(x), x, x * x], axis=1), np.asarray(values), rcond=None)[0]
    return b, 2.0 * c


def fit(samples, t):
    """The same of one coordinate's samples (t, value or None), oldest first; None when there is no rate."""
    newest_first = samples[::-1]
    inside = []
    for at, value in newest_first:
        if t - at <= k.FIT_WINDOW_S or (len(inside) < 3 and t - at <= k.FIT_REACH_S):
            inside.append((at, value))
        else:
            break
    known = [s for s in inside if s[1] is not None]
    if len(inside) < 3 or len(known) < 3 or inside[0][1] is None:
        return None
    return fit_alone([s[0] for s in known], [s[1] for s in known], t)


def one_euro_alpha(cutoff_hz, dt):
    return low_pass_alpha(cutoff_hz, dt)


def smooth(z, raw, rate, dt, slot):
    """One coordinate after one seen sample; `rate` may be None."""
    if math.isnan(z):
        return raw
    speed = abs(raw - z) / dt if rate is None else abs(rate)
    share = low_pass_alpha(k.MIN_CUTOFF_HZ + k.BETA * speed / SCALE[slot], dt)
    return (1.0 - share) * z + share * raw


def geometry(z, ok, rate, acc, fit_ok):
    """(norm, speed, curvature) of the scaled trajectory."""
    scale = SCALE[:COORDINATES]
    place, v, a = (z / scale)[ok], (rate / scale)[fit_ok], (acc / scale)[fit_ok]
    speed = float(np.linalg.norm(v))
    across = a - (a @ v) / (v @ v) * v if speed else a * 0
    return float(np.linalg.norm(place)), speed, math.log1p(float(np.linalg.norm(across)) * speed / max(speed, k.MIN_SPEED) ** 3)


def smoothness(speeds):
    """Mean over peak of the last second's speeds."""
    return float(np.mean(speeds) / np.max(speeds)) if len(speeds) > 2 and max(speeds) > k.MIN_SPEED else 1.0


def rhythm(times, signal):
    """Complex resonators (TEMPI,) after the samples: the sum of all kicks, each turned and faded since it came."""
    omega = tempo_omegas()
    steps = np.minimum(np.diff(times, prepend=times[0] - 1.0 / 30.0), k.GAP_S)
    since = times[-1] - np.asarray(times)
    turned = np.exp((1j * omega[:, None] - 1.0 / k.TEMPO_TAU_S) * since[None, :])
    return turned @ (np.asarray(signal) * steps)


def tempo_omegas():
    step = (k.TEMPO_HIGH_BPM / k.TEMPO_LOW_BPM) ** (1.0 / (k.TEMPI - 1))
    return np.array([k.TEMPO_LOW_BPM * step**i for i in range(k.TEMPI)]) * 2.0 * math.pi / 60.0


def prefer_tempo(bpm, octaves):
    off = np.log2(tempo_omegas() * 60.0 / (2.0 * math.pi) / bpm) / octaves
    return np.exp(-(off**2) / 2.0)


def statistics(z, rate, dt, means):
    """Slots 72:76 and 104:108 of a body that is wholly seen; `means` holds the running means by name and is updated."""
    at = {slot.name: i for i, slot in enumerate(TABLE[:COORDINATES])}
    scaled = (rate / SCALE[:COORDINATES]) ** 2
    lower = [at[n] for n in ("l_knee_flexion", "r_knee_flexion", "l_foot_height", "r_foot_height", "stance_width")]
    left = np.array([rate[at["l_wrist_x"]], rate[at["l_wrist_y"]]])
    right = np.array([-rate[at["r_wrist_x"]], rate[at["r_wrist_y"]]])
    trunk = np.linalg.norm(rate[[at["trunk_shift_x"], at["trunk_shift_y"]]])
    head = np.linalg.norm(rate[[at["head_x"], at["head_y"]]])
    new = {
        "low": scaled[lower].sum(), "up": np.delete(scaled, lower).sum(),
        "ll": left @ left, "rr": right @ right, "lr": left @ right,
        "energy": math.sqrt(scaled.sum()), "core": 0.5 * (trunk + head), "legs": np.abs(rate[lower[:4]]).mean(),
    }  # fmt: skip
    for name, value in new.items():
        means[name] = blend(means[name], value, dt, 1.0)
    height = z[at["trunk_shift_y"]]
    means["mean_y"] = blend(means["mean_y"], height, dt, 2.0)
    means["var_y"] = blend(means["var_y"], (height - means["mean_y"]) ** 2, dt, 2.0)
    return {
        "grounding": means["low"] / (means["low"] + means["up"]),
        "verticality": math.cos(z[at["trunk_pitch"]]) * math.cos(z[at["trunk_roll"]]),
        "rotation": rate[at["trunk_yaw"]],
        "coherence": 2.0 * means["lr"] / (means["ll"] + means["rr"]),
        "energy": means["energy"], "bounce": math.sqrt(means["var_y"]),
        "core_motion": means["core"], "leg_motion": means["legs"],
    }  # fmt: skip


def bones(lengths, usual, dt):
    """(residual, new usual lengths) of the four arm bones."""
    misfits = [abs(now - was) / was for now, was in zip(lengths, usual, strict=True) if was > 0.05]
    return max(misfits, default=0.0), [blend(was, now, dt, 3.0) for now, was in zip(lengths, usual, strict=True)]


def hand_over(z, t):
    """What a hand-over keeps of the body: where it was, and the turns of its angles."""
    return {"offset": z.copy(), "last": np.where(IS_ANGLE, z, np.nan), "since": t}


def lose_body():
    """(value, valid) by slot of what a lost body leaves."""
    gone = range(76), range(104, 110), (INDEX["phase_sin"], INDEX["phase_cos"], INDEX["bone_residual"])
    zero = [INDEX[n] for n in ("conf_pose", "conf_l_wrist", "conf_r_wrist", "head_seen", "tempo_confidence")]
    return {i: (REST[i], 0) for group in gone for i in group} | dict.fromkeys(zero, (0.0, 1))


def build_mocopi(position, matrices):
    """{slot name: value} of height and tilt of each site, and the wrapped turn of each, of one frame."""
    at = {name: i for i, name in enumerate(MOCOPI_NAMES)}
    site_bone = {
        "hip": "root",
        "head": "head",
        "l_wrist": "l_hand",
        "r_wrist": "r_hand",
        "l_ankle": "l_foot",
        "r_ankle": "r_foot",
    }
    torso = np.linalg.norm(position[at["neck_1"]] - position[0])
    out, turns = {}, {}
    for site, bone in site_bone.items():
        up, forward = matrices[at[bone]][:, 1], matrices[at[bone]][:, 2]
        base = 0.0 if site == "hip" else position[0, 1]
        out[f"mocopi_{site}_height"] = (position[at[bone], 1] - base) / torso
        out[f"mocopi_{site}_tilt"] = angle_between(up, (0, 1, 0))
        turns[site] = math.atan2(forward[0], forward[2])
    return out, turns


def all_finite(vector):
    return bool(np.isfinite(vector).all())


def same_and_keep(vector, last, within):
    return bool((np.abs(vector[:COORDINATES] - last) <= within).all())


def travel(past, t, window):
    """Farthest of past (t, x, y), newest last, from the newest, within the window."""
    now = past[-1]
    near = (p for p in past[-k.TRAVEL_RING :] if t - p[0] <= window + 1e-9)
    return max((math.dist(now[1:], p[1:]) for p in near), default=0.0)


def settle(past, t, floor, window):
    """Mean of the newest speeds over the quickest of the stroke; past is (t, speed)."""
    stroke = [p for p in past[-k.TRAVEL_RING :] if t - p[0] <= k.STROKE_S]
    recent = [speed for at, speed in stroke if t - at < window]
    if len(recent) < 3 or t - stroke[0][0] < window:
        return 1.0
    return max(np.mean(recent) - floor, 0.0) / max(*(p[1] for p in stroke), floor)


def arm_low(vector, valid, wrist, elbow, level):
    if valid[wrist]:
        return int(vector[wrist] < level)
    if elbow == wrist or not valid[elbow]:
        return -1
    return int(vector[elbow] < k.ELBOW_LOW)


def read_features(vectors, kind, a, b, level, window):
    """Values of one feature over (t, vector, valid)."""
    out, past, below_since, last_below, last_above = [], [], None, None, None
    for t, vector, valid in vectors:
        x, y, ok = float(vector[a]), float(vector[b]), bool(valid[a] and valid[b])
        if kind == "travel" and ok:
            past.append((t, x, y if a != b else 0.0))
        if kind == "settle" and ok:
            past.append((t, math.hypot(x, y)))
        if kind in ("shift", "reversals") and ok:
            past.append((t, x))
        if kind == "turns" and ok and math.hypot(x, y) >= level:
            past.append((t, math.atan2(y, x)))
        last_above = t if ok and x > level else last_above
        low = arm_low(vector, valid, a, b, level)
        if low == 1:
            last_below, below_since = t, t if below_since is None else below_since
        elif low == 0:
            below_since = None
        answers = {
            "slot": x,
            "abs": abs(x),
            "turned": abs(math.remainder(x, 2.0 * math.pi)),
            "hypot": math.hypot(x, y),
            "travel": travel(past, t, window) if kind == "travel" and past else 0.0,
            "settle": settle(past, t, level, window) if kind == "settle" else 0.0,
            "since_below": k.NEVER_S if last_below is None else t - last_below,
            "below_for": 0.0 if below_since is None else t - below_since,
            "diff": x - y,
            "since_above": k.NEVER_S if last_above is None else t - last_above,
            "shift": shift(past, x, t, window) if kind == "shift" else 0.0,
            "turns": turns(past, t) if kind == "turns" else 0.0,
            "reversals": reversals(past, t, level, window) if kind == "reversals" else 0.0,
        }
        out.append(answers[kind])
    return out


def shift(past, x, t, window):
    """From the oldest place in the window to now."""
    return x - next((then for at, then in past if t - at <= window + 1e-9), x)


def turns(past, t):
    """Turns of the directions since the last pause or way back."""
    if not past or t - past[-1][0] > k.TURN_PAUSE_S:
        return 0.0
    total = 0.0
    for (then, a), (now, b) in reversed(list(itertools.pairwise(past))):
        by = (b - a + math.pi) % (2 * math.pi) - math.pi
        if now - then > k.TURN_PAUSE_S or abs(by) / (2 * math.pi) > k.TURN_BACK:
            break
        total += by / (2 * math.pi)
    return total


def reversals(past, t, level, window):
    """How many turning points, each `level` or more from the extreme before it, lie in the window."""
    times, way, furthest = [], 0, past[0][1] if past else 0.0
    for at, x in past[1:]:
        if way == 0:
            if abs(x - furthest) >= level:
                way, furthest = (1 if x > furthest else -1), x
        elif (x - furthest) * way > 0:
            furthest = x
        elif (furthest - x) * way >= level:
            way, furthest = -way, x
            times.append(at)
    return float(sum(t - at <= window + 1e-9 for at in times))


def met(conditions, values, seen):
    """All of (feature, entry bounds) are met."""
    return all(bool(seen[f]) and low < values[f] < high for f, (low, high) in conditions)


def run_steps(story, timing):
    """Whether the gesture may begin, over (t, idle, completed or cancelled, per step: are its conditions met)."""
    done, since, last, out = 0, [None] * len(timing), [0.0] * len(timing), []
    for t, idle, over, met in story:
        if idle:
            if done and t - last[done - 1] > timing[done - 1][1] + 1e-9:
                done = 0
            if done and met[done - 1]:
                last[done - 1] = t
            if done < len(timing):
                step = done
                since[step] = (t if since[step] is None else since[step]) if met[step] else None
                if met[step] and t - since[step] >= timing[step][0] - 1e-9:
                    since[step], last[step], done = None, t, done + 1
        out.append(not idle or done == len(timing))
        if over:
            done = 0
    return out


def advance(story, hold, release, window):
    """Events of one gesture over (t, enters, finishes, broken, missing)."""
    state, onset, good, out = "idle", 0.0, 0.0, []
    for t, enters, finishes, broken, missing in story:
        event = ""
        if state == "idle":
            if enters:
                state, onset, good = "holding", t, t
        elif state == "holding" and t - good > k.BRIDGE_S + 1e-9:
            state, event = "idle", "cancelled"
        else:
            good = t if not (broken or missing) else good
            away = t - good
            if state == "holding" and (broken or missing):
                if broken and away > k.BREAK_S:
                    state, event = "idle", "cancelled"
            elif state == "holding" and t - onset > window:
                state, event = "spent", "cancelled"
            elif state == "holding" and t - onset >= hold and finishes:
                state, event = "fired", "completed"
            elif state in ("fired", "spent") and (broken or missing) and away >= release:
                event, state = ("released" if state == "fired" else ""), "idle"
        out.append(event)
    return out


def run_gestures(values, seen, conditions):
    """(enters, finishes, broken, missing) of one gesture's conditions (feature, when, four bounds) on one frame."""
    enters = finishes = True
    broken = missing = False
    for feature, when, (above, below, out_below, out_above) in conditions:
        inside = bool(seen[feature]) and above < values[feature] < below
        if when == "finish":
            finishes &= inside
            continue
        enters &= inside
        if when == "always":
            missing |= not seen[feature]
            broken |= bool(seen[feature]) and not out_below <= values[feature] <= out_above
    return enters, finishes, broken, missing
