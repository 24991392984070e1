"""The vector as one writes it with NumPy: frame by frame, whole arrays at a time, one performer, no lock and no mask of ages.

It gives the numbers of the kernels (`tests/bench` compares them), so that the comparison is one of speed alone.
"""

import math
from collections import deque

import numpy as np

from dynamics import kernels as k
from dynamics.schema import COORDINATES, HIGH, IS_ANGLE, LOW, RATE_LIMIT, REST, SCALE
from dynamics.skeleton import MOCOPI_JOINTS, MOCOPI_PARENT

LANDMARKS = k.LANDMARK_OF.copy()
LANDMARKS[k.NECK] = 0
PAIRS = ((k.LSH, k.LEL, k.LWR, k.LHI, k.LKN, k.LAN), (k.RSH, k.REL, k.RWR, k.RHI, k.RKN, k.RAN))


def angle(a, b):
    """Angle between two vectors."""
    n = np.sqrt(a.dot(a) * b.dot(b))
    return math.acos(np.clip(a.dot(b) / n, -1.0, 1.0)) if n > 1e-9 else math.nan


def rotate(q, v):
    """Vector `v` turned by the unit quaternion `q` (x y z w)."""
    t = 2.0 * np.cross(q[:3], v)
    return v + q[3] * t + np.cross(q[:3], t)


def multiply(a, b):
    """Product of two quaternions (x y z w)."""
    xyz = a[3] * b[:3] + b[3] * a[:3] + np.cross(a[:3], b[:3])
    return np.append(xyz, a[3] * b[3] - a[:3].dot(b[:3]))


class NumpyBuilder:
    """`on_pose` and `on_mocap` fill `vector` (128,) float32 and `valid` (128,)."""

    def __init__(self):
        self.vector, self.valid = REST.astype(np.float32), np.zeros(len(REST), dtype=bool)
        self.t, self.scale, self.torso_m, self.gain_t, self.yaw0 = math.nan, math.nan, math.nan, math.nan, 0.0
        self.place, self.place_t = None, 0.0
        self.lock = 0.0
        self.reference = None
        self.head = self.framing = 1.0
        self.history: deque = deque(maxlen=k.HISTORY)
        self.speeds: deque = deque(maxlen=k.HISTORY)
        self.last, self.last_t = np.full(COORDINATES, np.nan), np.full(COORDINATES, np.nan)
        self.z = np.full(COORDINATES, np.nan)
        bpm = np.geomspace(k.TEMPO_LOW_BPM, k.TEMPO_HIGH_BPM, k.TEMPI)
        self.omega = bpm * 2.0 * np.pi / 60.0
        self.prior = np.exp(-0.5 * (np.log2(bpm / k.TEMPO_PRIOR_BPM) / k.TEMPO_PRIOR_OCTAVES) ** 2)
        self.resonators = np.zeros(k.TEMPI, dtype=complex)
        self.signal_power = self.curve_rate = 0.0
        self.curve = self.curve_t = math.nan
        self.means: dict[str, float] = {}
        self.bones = np.full(4, np.nan)
        self.site_history: deque = deque(maxlen=k.HISTORY)
        self.headings = np.zeros(6)
        self.hip_heading0 = self.floor = math.nan

    def on_pose(self, image, world, aspect, t):
        """`image` (33, 4), `world` (33, 3)."""
        self.follow_performer(image, aspect, t)
        joints, body, conf = self.camera_joints(image, world, aspect, t)
        self.put(k.I_LOCK + 1, self.lock)
        self.put(k.I_CONF, conf[[k.LSH, k.RSH, k.LEL, k.REL]].mean())
        self.build(joints, body, conf, t)

    def on_mocap(self, quat, offset, root, t):
        """`quat` (27, 4), `offset` (27, 3), `root` (3,)."""
        position, rotation = np.zeros((27, 3)), np.zeros((27, 4))
        quat = quat / np.linalg.norm(quat, axis=1, keepdims=True)
        for bone, parent in enumerate(MOCOPI_PARENT):
            if parent < 0:
                position[bone], rotation[bone] = root, quat[bone]
            else:
                position[bone] = position[parent] + rotate(rotation[parent], offset[bone])
                rotation[bone] = multiply(rotation[parent], quat[bone])
        self.sites(position, rotation, t)
        if math.isnan(self.scale):
            across = position[12] - position[16]
            self.yaw0 = math.atan2(-across[2], across[0])
        c, s = math.cos(self.yaw0), math.sin(self.yaw0)
        body = position[MOCOPI_JOINTS] @ np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
        nod = position[10] - position[9]
        body[k.HEAD] += k.HEAD_OVER * np.array([c * nod[0] - s * nod[2], nod[1], s * nod[0] + c * nod[2]])
        neck, hips = body[[k.LSH, k.RSH]].mean(0), body[[k.LHI, k.RHI]].mean(0)
        self.scale = np.linalg.norm(neck - hips) if math.isnan(self.scale) else self.scale
        body = (body - neck) / self.scale
        joints = body.copy()
        joints[k.NECK] = self.shift(neck / self.scale)
        self.put(k.I_LOCK + 1, 1.0)
        self.put(k.I_CONF, 0.0)
        self.build(joints, body, np.ones(14), t)

    def put(self, slot, value, ok=True):
        good = bool(ok) and math.isfinite(value)
        self.vector[slot] = min(max(value, LOW[slot]), HIGH[slot]) if good else REST[slot]
        self.valid[slot] = good

    def mean(self, name, value, dt, tau):
        """Exponential average under a name; a first value is taken as it is."""
        old = self.means.get(name, math.nan)
        self.means[name] = value if math.isnan(old) else old + (value - old) * (1.0 - math.exp(-dt / tau))
        return self.means[name]

    def shift(self, neck):
        self.reference = neck.copy() if self.reference is None else self.reference
        return np.array([neck[0] - self.reference[0], neck[1] - self.reference[1], 0.0])

    def follow_performer(self, image, aspect, t):
        at = image[:, :2] * (aspect, 1.0)
        middle, hips = at[11:13].mean(0), at[23:25].mean(0)
        size = max(np.linalg.norm(hips - middle), np.linalg.norm(at[11] - at[12]))
        lost = True
        if self.place is not None and t - self.place_t < k.LOCK_LOST_S:
            moved = np.linalg.norm(middle - self.place[0]) / self.place[1] + abs(math.log(size / self.place[1]))
            lost = moved > k.LOCK_JUMP
        gain = 1.0 - math.exp(-(t - self.place_t) / 0.2)
        self.lock = 1.0 if lost or self.place is None else self.lock + (1.0 - self.lock) * gain
        self.place, self.place_t = (middle, size), t

    def camera_joints(self, image, world, aspect, t):
        dt = min(max(t - self.t, 1e-3), k.GAP_S) if math.isfinite(self.t) else 1.0 / 30.0
        m = k.INSIDE_MARGIN
        inside = np.all((image[:, :2] >= -m) & (image[:, :2] <= 1.0 + m), axis=1) & np.isfinite(image[:, 3])
        seen = np.where(inside, np.clip(image[:, 3], 0.0, 1.0), 0.0)
        flat = (image[:, :2].astype(float) - 0.5) * (aspect, -1.0)
        space = world * (1.0, -1.0, -1.0)
        joints = np.column_stack([flat[LANDMARKS], space[LANDMARKS, 2]])
        body, conf = space[LANDMARKS].astype(float), seen[LANDMARKS]
        joints[k.HEAD, :2] = flat[7:9].mean(0)
        joints[k.NECK], body[k.NECK] = joints[[k.LSH, k.RSH]].mean(0), body[[k.LSH, k.RSH]].mean(0)
        conf[k.HEAD], conf[k.NECK] = seen[k.HEAD_POINTS].mean(), min(conf[k.LSH], conf[k.RSH])
        torso_m = self.follow_scale(flat, space, body, seen, t, dt)
        neck = joints[k.NECK].copy()
        joints[:, :2] = (joints[:, :2] - neck[:2]) / self.scale
        joints[:, 2] = (joints[:, 2] - neck[2]) / torso_m
        body = (body - body[k.NECK]) / torso_m
        x, over = joints[k.HEAD, :2]
        self.head = conf[k.HEAD] if 0.05 < over < 1.2 and abs(x) < 0.9 else 0.0
        self.framing = np.count_nonzero(np.delete(conf[: k.RWR + 1], k.NECK) >= k.MIN_SEEN) / 8.0
        self.framing += 1.0 / 8.0 if conf[k.NECK] >= k.MIN_SEEN else 0.0
        joints[k.NECK] = self.shift(neck / self.scale)
        return joints, body, conf

    def follow_scale(self, flat, space, body, seen, t, dt):
        torso = np.linalg.norm(body[[k.LHI, k.RHI]].mean(0) - body[k.NECK])
        if 0.2 < torso < 1.0:
            gain = 1.0 - math.exp(-dt / 1.0)
            self.torso_m = torso if math.isnan(self.torso_m) else self.torso_m + (torso - self.torso_m) * gain
        points = k.SCALE_POINTS[seen[k.SCALE_POINTS] >= k.MIN_SEEN]
        if len(points) >= 4:
            spread = np.sum((flat[points] - flat[points].mean(0)) ** 2)
            spread_m = np.sum((space[points, :2] - space[points, :2].mean(0)) ** 2)
            self.track_scale(k.SCALE_RATIO * math.sqrt(spread / spread_m) * self.torso_m, t, dt)
        return self.torso_m

    def track_scale(self, seen, t, dt):
        if math.isnan(self.scale):
            self.scale, self.gain_t = seen, t
            return
        settling = t - self.gain_t < k.SCALE_SETTLE_S
        step = math.log(seen / self.scale) * (1.0 - math.exp(-dt / (0.15 if settling else 0.5)))
        limit = 1.0 if settling else k.SCALE_RATE * dt
        self.scale *= math.exp(min(max(step, -limit), limit))

    def build(self, joints, body, conf, t):
        dt = min(max(t - self.t, 1e-3), k.GAP_S) if math.isfinite(self.t) else 1.0 / 30.0
        raw, ok = self.coordinates(joints, body, conf)
        ok = self.accept(raw, ok, t)
        self.history.append((t, raw, ok))
        rate, acc, fit_ok = fit(self.history, t)
        self.smooth(raw, ok, rate, fit_ok, dt)
        self.t = t
        good = np.concatenate([ok, fit_ok & ok])
        values = np.concatenate([self.z, rate])
        width = 2 * COORDINATES
        self.vector[:width] = np.where(good, np.clip(values, LOW[:width], HIGH[:width]), REST[:width])
        self.valid[:width] = good
        speed = self.geometry(ok, rate, acc, fit_ok, t, dt)
        shift, head = k.I_SHIFT + 1, k.I_HEAD + 1
        signal = acc[shift] + (acc[head] if fit_ok[head] else 0.0) if fit_ok[shift] else 0.0
        self.rhythm(min(max(signal, -40.0), 40.0), dt)
        self.statistics(ok, rate, fit_ok, conf, speed, dt)
        self.put(k.I_CONF + 1, conf[k.LWR])
        self.put(k.I_CONF + 2, conf[k.RWR])
        self.put(k.I_LOCK, self.head)
        self.put(k.I_LOCK + 2, self.bone_misfit(body, conf, dt))

    def coordinates(self, joints, body, conf):
        raw, ok = np.zeros(COORDINATES), np.zeros(COORDINATES, dtype=bool)
        seen = conf >= k.MIN_SEEN
        across = body[k.LSH] - body[k.RSH]
        yaw = math.atan2(-across[2], across[0])
        c, s = math.cos(yaw), math.sin(yaw)
        turned = joints @ np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
        hips = seen[k.LHI] and seen[k.RHI]
        hip_y = joints[[k.LHI, k.RHI], 1].mean()
        for side, (shoulder, elbow, wrist, hip, knee, ankle) in enumerate(PAIRS):
            raw[3 * side : 3 * side + 3], ok[3 * side : 3 * side + 3] = turned[wrist], seen[wrist]
            raw[6 + 2 * side : 8 + 2 * side], ok[6 + 2 * side : 8 + 2 * side] = turned[elbow, :2], seen[elbow]
            raw[18 + side] = angle(body[elbow] - body[shoulder], body[wrist] - body[elbow])
            raw[20 + side] = angle(body[elbow] - body[shoulder], np.array([0.0, -1.0, 0.0]))
            raw[26 + side] = angle(body[knee] - body[hip], body[ankle] - body[knee])
            raw[28 + side] = joints[ankle, 1] - hip_y
            ok[18 + side], ok[20 + side] = seen[elbow] and seen[wrist], seen[elbow]
            ok[26 + side], ok[28 + side] = seen[hip] and seen[knee] and seen[ankle], seen[ankle] and hips
        raw[10:12], ok[10:12] = joints[k.HEAD, :2], seen[k.HEAD]
        raw[12:14], ok[12:18] = joints[k.NECK, :2], True
        h = body[[k.LHI, k.RHI]].mean(0)
        x, y = joints[[k.LHI, k.RHI], :2].mean(0)
        raw[14], raw[15] = yaw - self.yaw0, math.atan2(-(c * h[2] + s * h[0]), -h[1])
        raw[16] = math.atan2(-x, -y) if hips else math.atan2(-(c * h[0] - s * h[2]), -h[1])
        raw[17] = math.atan2(across[1], math.hypot(across[0], across[2]))
        raw[22], raw[23] = np.linalg.norm(raw[0:2] - raw[3:5]), 0.5 * (raw[1] + raw[4])
        ok[22:24] = seen[k.LWR] and seen[k.RWR]
        raw[24:26], ok[24:26] = (x, y), hips
        raw[30], ok[30] = joints[k.LAN, 0] - joints[k.RAN, 0], seen[k.LAN] and seen[k.RAN]
        between = body[k.LHI] - body[k.RHI]
        raw[31], ok[31] = math.atan2(-between[2], between[0]) - self.yaw0, hips
        bad = ~(np.abs(raw) < 50.0)
        raw[bad], ok[bad] = 0.0, False
        return raw, ok

    def accept(self, raw, ok, t):
        """Unwrap angles; a jump faster than a body can move is marked missing."""
        known = np.isfinite(self.last)
        turning = IS_ANGLE & known & ok
        raw[turning] -= 2.0 * np.pi * np.round((raw[turning] - self.last[turning]) / (2.0 * np.pi))
        with np.errstate(invalid="ignore"):
            recent = known & (t - self.last_t <= k.GAP_S)
            ok = ok & ~(recent & (np.abs(raw - self.last) > RATE_LIMIT * (t - self.last_t)))
        self.last[ok], self.last_t[ok] = raw[ok], t
        return ok

    def smooth(self, raw, ok, rate, fit_ok, dt):
        first = ok & np.isnan(self.z)
        self.z[first] = raw[first]
        speed = np.where(fit_ok, np.abs(rate), np.abs(raw - self.z) / dt) / SCALE[:COORDINATES]
        alpha = 1.0 / (1.0 + 1.0 / (2.0 * np.pi * (k.MIN_CUTOFF_HZ + k.BETA * speed) * dt))
        self.z = np.where(ok & ~first, self.z + (raw - self.z) * alpha, self.z)

    def geometry(self, ok, rate, acc, fit_ok, t, dt):
        scale = SCALE[:COORDINATES]
        v, a = (rate / scale)[fit_ok], (acc / scale)[fit_ok]
        norm, vv, aa, va = np.linalg.norm((self.z / scale)[ok]), v.dot(v), a.dot(a), v.dot(a)
        speed, seen = math.sqrt(vv), len(v) >= 8
        curve = math.log1p(math.sqrt(max(vv * aa - va * va, 0.0)) / max(speed, k.MIN_SPEED) ** 3)
        if 0.0 < t - self.curve_t < k.GAP_S:
            change = (curve - self.curve) / (t - self.curve_t)
            self.curve_rate += (change - self.curve_rate) * (1.0 - math.exp(-dt / 0.15))
        else:
            self.curve_rate = 0.0
        self.curve, self.curve_t = curve, t
        self.speeds.append((t, speed if seen else math.nan))
        second = np.array([s for when, s in self.speeds if t - when <= 1.0 and s == s])
        peak = second.max() if len(second) else 0.0
        self.put(k.I_NORM, norm, len(v) > 0)
        self.put(k.I_NORM + 1, speed, seen)
        self.put(k.I_NORM + 2, curve, seen)
        self.put(k.I_NORM + 3, self.curve_rate, seen)
        self.put(k.I_NORM + 4, second.mean() / peak if len(second) > 2 and peak > k.MIN_SPEED else 1.0, seen)
        return speed

    def rhythm(self, signal, dt):
        decay = math.exp(-dt / k.TEMPO_TAU_S)
        self.signal_power = self.signal_power * decay + signal * signal * dt
        self.resonators = decay * self.resonators * np.exp(1j * self.omega * dt) + signal * dt
        power = np.abs(self.resonators) ** 2
        score = power * self.prior
        best = int(score.argmax())
        energy = self.signal_power
        periodicity = min(2.0 * power[best] / (k.TEMPO_TAU_S * energy), 1.0) if energy > 1e-6 else 0.0
        confidence = periodicity * min(energy / k.TEMPO_TAU_S / 0.05, 1.0)
        shift = 0.0
        if 0 < best < k.TEMPI - 1:
            below, middle, above = score[best - 1 : best + 2]
            curve = below - 2.0 * middle + above
            shift = 0.5 * (below - above) / curve if curve < 0.0 else 0.0
        beat = self.omega[best] * math.exp(math.log(self.omega[1] / self.omega[0]) * shift)
        bpm = beat * 60.0 / (2.0 * math.pi)
        phase = float(np.angle(self.resonators[best])) + math.atan((beat - self.omega[best]) * k.TEMPO_TAU_S)
        phase += beat * k.ACCELERATION_DELAY_S
        seen = confidence > 0.1
        self.put(k.I_TEMPO, bpm / 200.0, seen)
        self.put(k.I_TEMPO + 1, phase / (2.0 * math.pi) % 1.0, seen)
        self.put(k.I_TEMPO + 2, periodicity)
        self.put(k.I_TEMPO_CONF, confidence)
        self.put(k.I_PHASE, math.sin(phase), seen)
        self.put(k.I_PHASE + 1, math.cos(phase), seen)

    def statistics(self, ok, rate, fit_ok, conf, speed, dt):
        scaled = np.where(fit_ok, (rate / SCALE[:COORDINATES]) ** 2, 0.0)
        low = scaled[k.I_LEGS : k.I_LEGS + 5].sum()
        up, wrists = scaled.sum() - low, fit_ok[k.I_L_WRIST] and fit_ok[k.I_R_WRIST]
        legs_seen = fit_ok[k.I_LEGS : k.I_LEGS + 4].all()
        if wrists:
            left, right = rate[k.I_L_WRIST : k.I_L_WRIST + 2], rate[k.I_R_WRIST : k.I_R_WRIST + 2] * (-1.0, 1.0)
            self.means.setdefault("ll", 0.0), self.means.setdefault("rr", 0.0), self.means.setdefault("lr", 0.0)
            self.mean("ll", left.dot(left), dt, 1.0)
            self.mean("rr", right.dot(right), dt, 1.0)
            self.mean("lr", left.dot(right), dt, 1.0)
        for name in ("low", "legs", "up", "energy", "bounce", "core"):
            self.means.setdefault(name, 0.0)
        if legs_seen:
            self.mean("low", low, dt, 1.0)
            self.mean("legs", np.abs(rate[k.I_LEGS : k.I_LEGS + 4]).mean(), dt, 1.0)
        self.mean("up", up, dt, 1.0)
        self.mean("energy", speed, dt, 1.0)
        y = self.z[k.I_SHIFT + 1]
        self.mean("bounce", (y - self.mean("y", y, dt, 2.0)) ** 2, dt, 2.0)
        trunk = np.linalg.norm(rate[k.I_SHIFT : k.I_SHIFT + 2])
        head = np.linalg.norm(rate[k.I_HEAD : k.I_HEAD + 2]) if fit_ok[k.I_HEAD] else trunk
        self.mean("core", 0.5 * (trunk + head), dt, 1.0)
        m = self.means
        moving, both = m["low"] + m["up"], m.get("ll", 0.0) + m.get("rr", 0.0)
        self.put(k.I_POSTURE, m["low"] / moving if moving > 1e-6 else 0.5, legs_seen)
        upright = math.cos(self.z[k.I_PITCH]) * math.cos(self.z[k.I_ROLL])
        self.put(k.I_POSTURE + 1, upright, ok[k.I_PITCH] and ok[k.I_ROLL])
        self.put(k.I_POSTURE + 2, rate[k.I_YAW], fit_ok[k.I_YAW])
        self.put(k.I_POSTURE + 3, 2.0 * m.get("lr", 0.0) / both if both > 1e-4 else 0.0, wrists)
        covered = np.count_nonzero(conf >= k.MIN_SEEN) / 14.0
        bounce = math.sqrt(max(m["bounce"], 0.0))
        for place, value in enumerate((m["energy"], bounce, m["core"], m["legs"], self.framing, covered)):
            self.put(k.I_STATS + place, value, legs_seen if place == 3 else True)

    def bone_misfit(self, body, conf, dt):
        lengths = np.linalg.norm(body[k.ARM_BONES[:, 0]] - body[k.ARM_BONES[:, 1]], axis=1)
        seen = np.minimum(conf[k.ARM_BONES[:, 0]], conf[k.ARM_BONES[:, 1]]) >= k.MIN_SEEN
        known = seen & (self.bones > 0.05)
        worst = (np.abs(lengths - self.bones)[known] / self.bones[known]).max() if known.any() else 0.0
        fresh = seen & np.isnan(self.bones)
        self.bones[fresh] = lengths[fresh]
        old = seen & ~fresh
        self.bones[old] += (lengths - self.bones)[old] * (1.0 - math.exp(-dt / 3.0))
        return worst

    def sites(self, position, rotation, t):
        """The 24 mocopi slots."""
        torso = max(np.linalg.norm(position[8] - position[0]), 0.1)
        at = position[k.SITE_BONES] - np.vstack([np.zeros(3), np.repeat(position[:1], 5, axis=0)])
        self.site_history.append((t, (at / torso).ravel(), np.ones(18, dtype=bool)))
        rate, _, fit_ok = fit(self.site_history, t)
        self.floor = position[0, 1] if math.isnan(self.floor) else self.floor
        hip = 0.0
        for site, bone in enumerate(k.SITE_BONES):
            up, forward = rotate(rotation[bone], np.array([0.0, 1.0, 0.0])), rotate(rotation[bone], np.array([0.0, 0.0, 1.0]))
            turn = math.atan2(forward[0], forward[2])
            if site == 0:
                self.hip_heading0 = turn if math.isnan(self.hip_heading0) else self.hip_heading0
                hip, turn = turn, turn - self.hip_heading0
            else:
                turn -= hip
            turn -= 2.0 * math.pi * round((turn - self.headings[site]) / (2.0 * math.pi))
            self.headings[site] = turn
            height = at[site, 1] / torso - (self.floor / torso if site == 0 else 0.0)
            place = k.I_MOCOPI + 4 * site
            self.put(place, np.linalg.norm(rate[3 * site : 3 * site + 3]), fit_ok[3 * site])
            self.put(place + 1, height)
            self.put(place + 2, math.acos(min(max(up[1], -1.0), 1.0)))
            self.put(place + 3, turn)


def fit(history, t):
    """Rate and acceleration of every column by a quadratic over the newest rows; False where a row is missing."""
    rows = []
    for row in reversed(history):
        age = t - row[0]
        if not (age <= k.FIT_WINDOW_S or (len(rows) < 3 and age <= k.FIT_REACH_S)):
            break
        rows.append(row)
    if len(rows) < 3:
        width = len(rows[0][1])
        return np.zeros(width), np.zeros(width), np.zeros(width, dtype=bool)
    times = np.array([row[0] for row in rows]) - t + k.FIT_LAG_S
    a, b, _ = np.polyfit(times, np.array([row[1] for row in rows]), 2)
    ok = np.array([row[2] for row in rows]).all(axis=0)
    return np.where(ok, b, 0.0), np.where(ok, 2.0 * a, 0.0), ok
