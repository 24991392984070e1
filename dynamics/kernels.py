"""The only compiled module: arrays in, arrays out, no objects, no allocation, no exceptions.

Every function here has a slow twin in `tests/dynamics/naive.py` and runs as plain Python under NUMBA_DISABLE_JIT=1. State lives
in arrays that the builder owns: `state` (named places below), the ring of coordinates, and the resonator bank.
"""

import math

import numpy as np
from numba import njit

from .schema import COORDINATES, HIGH, INDEX, IS_ANGLE, LOW, RATE_LIMIT, REST, SCALE
from .skeleton import MIRROR_33, MOCOPI_JOINTS, MOCOPI_PARENT, Joint, Lm

FLAGS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": False}


def _nothing():
    """Compiled by nobody: asks whether there is a place for compiled code."""


try:
    njit(**FLAGS)(_nothing)
except RuntimeError:  # code, home and NUMBA_CACHE_DIR are all read-only: every start compiles anew
    FLAGS["cache"] = False

HISTORY = 128
"""Rows of the ring: one second at 120 pictures a second."""

FIT_WINDOW_S = 0.134
"""Window of the local quadratic: three samples at 15 pictures a second, the shortest that has a rate there."""
FIT_REACH_S = 0.21
"""Where the window holds fewer than three samples, it reaches back this far for the third (late or lost pictures)."""
FIT_LAG_S = 0.016
"""Where in the window the rate is read. By the transfer function of the fit this gives 16-25 ms of delay and a gain of
1.02-1.14 at 1-3 Hz, the same within 4 % at 15, 30 and 60 pictures a second."""
MIN_CUTOFF_HZ = 6.0
"""One Euro: cut-off of a still coordinate."""
BETA = 6.0
"""One Euro: Hz of cut-off per unit of scaled speed: 0.1 torso lengths at 1 Hz pass with 15 ms of delay."""
GAP_S = 0.30
"""After a longer gap the past says nothing: the fit starts anew."""
BLEND_S = 0.25
"""Cross-fade when another device takes over the body."""
MIN_SPEED = 0.5
"""Scaled speed below which a path has no direction: its curvature is taken as if it were this quick."""
MIN_SEEN = 0.5
"""Visibility from which a landmark counts as seen: MediaPipe's own threshold."""
INSIDE_MARGIN = 0.02
"""How far outside the picture a landmark may be, as a fraction, before it counts as invented."""
FAR = 3.0
"""Picture fractions beyond which a landmark is garbage."""
FAR_M = 10.0
"""Metres beyond which a world landmark or a bone is garbage."""
USUAL_TORSO_M = 0.47
"""Torso in MediaPipe's world metres until it is learned."""
USUAL_SHOULDERS = 0.75
"""Shoulder width over torso: sizes a person whose hips are hidden where there are no world landmarks."""

TEMPI = 64
TEMPO_LOW_BPM = 60.0
TEMPO_HIGH_BPM = 180.0
TEMPO_TAU_S = 3.0
"""Memory of the resonators: about five beats, 6 BPM of bandwidth."""
TEMPO_PRIOR_BPM = 115.0
TEMPO_PRIOR_OCTAVES = 0.6
"""Preference between octaves while no deck tempo is known (a log-normal around danced tempi)."""
DECK_PRIOR_OCTAVES = 0.25
"""The same around a known deck tempo: half and double are 3,000 times less likely, so a beat with power wins its octave."""
ACCELERATION_DELAY_S = 0.5 * FIT_WINDOW_S
"""A fitted acceleration is that of the middle of its window."""
TWO_PI = 2.0 * math.pi

# places in `state`
S_T = 0  # time of the last body sample, s
S_SCALE = 1  # torso length in picture heights
S_TORSO_M = 2  # torso length in MediaPipe's world metres
S_REF_X = 3  # where mid-shoulder was at the lock
S_REF_Y = 4
S_YAW0 = 5  # calibrated facing
S_HAS_REF = 6
S_BLEND_T = 7  # when the last hand-over was
S_ENERGY = 8
S_MEAN_Y = 9
S_VAR_Y = 10
S_CORE = 11
S_LEGS = 12
S_LL = 13
S_RR = 14
S_LR = 15
S_UP = 16
S_LOW = 17
S_LOCK_X = 18  # performer lock: last place of mid-shoulder (picture heights), its size and time
S_LOCK_Y = 19
S_LOCK_SIZE = 20
S_LOCK_T = 21
S_LOCKED = 22
S_LOCK_CONF = 23
S_SECOND = 24  # a second person stands in the performer's place
S_CURVE = 25
S_CURVE_T = 26
S_TEMPO_E = 27
S_FRAMING = 28
S_HEAD = 29
S_PERSON = 30  # which person of the picture is the performer, -1 when none
S_GAIN_T = 31  # when the scale started to settle
S_BONES = 32  # 32..35: usual lengths of the four arm bones in torso lengths
S_ROLL = 36  # the camera's own roll
S_CURVE_RATE = 37
S_PLACE = 38  # 38..40: scratch of the choice of the performer
S_TURN = 41  # yaw of the mocap shoulders that faces the audience
STATE = 42

# rows of `columns` (each COORDINATES wide)
C_RAW, C_Z, C_RATE, C_ACC, C_LAST, C_LAST_T, C_CAND, C_CAND_T, C_OFFSET = range(9)
COLUMNS = 9

RING_WIDTH = COORDINATES + 2
"""Coordinates, then the time, then the scaled speed."""
SITE_COLUMNS = 18
SITE_RING_WIDTH = SITE_COLUMNS + 1

# One flat float64 memory per builder, carved into views inside the entry kernels: a call from Python unboxes six arrays.
M_COLUMNS = STATE
M_RING = M_COLUMNS + COLUMNS * COORDINATES
M_BANK = M_RING + HISTORY * RING_WIDTH
M_WORK = M_BANK + 4 * TEMPI
M_POINTS = M_WORK + 5 * HISTORY
M_CONF = M_POINTS + 2 * 14 * 3
MEMORY = M_CONF + 14
B_RING = 2 * COORDINATES
BITS = B_RING + HISTORY * COORDINATES

# the memory of the mocopi slots
P_POSITION = 0
P_ROTATION = P_POSITION + 27 * 3
P_RING = P_ROTATION + 27 * 4
P_WORK = P_RING + HISTORY * SITE_RING_WIDTH
P_FIT = P_WORK + 5 * HISTORY
P_HEADING = P_FIT + 2 * SITE_COLUMNS
P_FLOOR = P_HEADING + 6
P_T = P_FLOOR + 2
MOCOPI_MEMORY = P_T + 1
MOCOPI_BITS = SITE_COLUMNS * (HISTORY + 1)

NECK = int(Joint.NECK)
HEAD = int(Joint.HEAD)
LSH, RSH = int(Joint.L_SHOULDER), int(Joint.R_SHOULDER)
LEL, REL = int(Joint.L_ELBOW), int(Joint.R_ELBOW)
LWR, RWR = int(Joint.L_WRIST), int(Joint.R_WRIST)
LHI, RHI = int(Joint.L_HIP), int(Joint.R_HIP)
LKN, RKN = int(Joint.L_KNEE), int(Joint.R_KNEE)
LAN, RAN = int(Joint.L_ANKLE), int(Joint.R_ANKLE)
LANDMARK_OF = np.array([Lm.NOSE, -1, *range(Lm.L_SHOULDER, Lm.R_WRIST + 1), *range(Lm.L_HIP, Lm.R_ANKLE + 1)], dtype=np.int64)
"""Canonical joint -> MediaPipe landmark (head and neck are made from several)."""
SCALE_POINTS = np.array([Lm.NOSE, Lm.L_EAR, Lm.R_EAR, Lm.L_SHOULDER, Lm.R_SHOULDER, Lm.L_ELBOW, Lm.R_ELBOW], dtype=np.int64)
HEAD_POINTS = np.array([Lm.NOSE, Lm.L_EYE, Lm.R_EYE, Lm.L_EAR, Lm.R_EAR], dtype=np.int64)
HEAD_OVER = 2.0
"""mocopi's head bone starts under the skull: the ears, which the camera sees, are two neck bones further."""
MOVER = np.array([8, 0, 0, 0, 12, 16, 13, 17, 0, 0, 19, 23, 20, 24], dtype=np.int64)
"""Canonical joint -> the mocopi bone whose turn puts it where it is: a joint is seen when that bone was sent."""
ARM_BONES = np.array([[LSH, LEL], [LEL, LWR], [RSH, REL], [REL, RWR]], dtype=np.int64)

I_L_WRIST = INDEX["l_wrist_x"]
I_R_WRIST = INDEX["r_wrist_x"]
I_HEAD = INDEX["head_x"]
I_SHIFT = INDEX["trunk_shift_x"]
I_YAW = INDEX["trunk_yaw"]
I_PITCH = INDEX["trunk_pitch"]
I_ROLL = INDEX["trunk_roll"]
I_LEGS = INDEX["l_knee_flexion"]
I_NORM = INDEX["norm"]
I_TEMPO = INDEX["tempo"]
I_POSTURE = INDEX["grounding"]
I_MOCOPI = INDEX["mocopi_hip_speed"]
I_STATS = INDEX["energy"]
I_CONF = INDEX["conf_pose"]
I_TEMPO_CONF = INDEX["tempo_confidence"]
I_PHASE = INDEX["phase_sin"]
I_LOCK = INDEX["head_seen"]

SITE_BONES = np.array([0, 10, 14, 18, 21, 25], dtype=np.int64)
"""Bones at mocopi's six sensor sites: hip, head, wrists, ankles."""

SCALE_RATIO = 0.92
"""Picture torso over (weak-perspective scale x world torso): median over 22 real clips, 0.86..0.97."""
SCALE_SETTLE_S = 0.5
SCALE_RATE = 0.15
"""How fast the size of the performer may change afterwards, per second: a step towards the camera, not a raised arm."""
LOCK_GATE = 2.0
"""How many torso lengths the performer may jump between pictures and still be the same person."""
LOCK_JUMP = 0.8
"""A step of more torso lengths than this between pictures takes the confidence of the lock away until it has settled: a
performer at 3 m/s does 0.4 at 15 pictures a second, whoever comes out from behind another does more."""
LOCK_LOST_S = 1.0
SAME_PERSON = 0.35
"""Two bodies closer than this many torso lengths, of like size, are one person reported twice."""
SECOND_NEAR = 1.2
"""A second person closer than this many torso lengths stands in the performer's place."""


# ---- small tools ----


@njit(**FLAGS)
def put(vector, valid, slot, value, ok):
    """Write one slot: clipped to its range, or its rest value and invalid when not ok or not finite."""
    if ok and math.isfinite(value):
        vector[slot] = min(max(value, LOW[slot]), HIGH[slot])
        valid[slot] = 1
    else:
        vector[slot] = REST[slot]
        valid[slot] = 0


@njit(**FLAGS)
def blend(old, new, dt, tau):
    """Exponential average with time constant tau; a first value (NaN before) is taken as it is."""
    if not math.isfinite(old):
        return new
    return old + (new - old) * (1.0 - math.exp(-dt / tau))


@njit(**FLAGS)
def within(x, bound):
    """x as a float64 when it lies within +-bound, else NaN."""
    x = float(x)
    return x if abs(x) < bound else math.nan


@njit(**FLAGS)
def landmark_seen(image, k):
    """Confidence 0..1 of one landmark: its visibility, 0 outside the picture or when not finite."""
    x, y, v = float(image[k, 0]), float(image[k, 1]), float(image[k, 3])
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(v)):
        return 0.0
    if x < -INSIDE_MARGIN or x > 1.0 + INSIDE_MARGIN or y < -INSIDE_MARGIN or y > 1.0 + INSIDE_MARGIN:
        return 0.0
    return min(max(v, 0.0), 1.0)


# ---- the performer: who it is and how large ----


@njit(**FLAGS)
def person_place(image, aspect, place):
    """Mid-shoulder x, y (picture heights) and size of one person into `place`; False when not usable."""
    lx, ly, rx, ry = float(image[11, 0]), float(image[11, 1]), float(image[12, 0]), float(image[12, 1])
    hx, hy = 0.5 * (float(image[23, 0]) + float(image[24, 0])), 0.5 * (float(image[23, 1]) + float(image[24, 1]))
    x, y = 0.5 * (lx + rx) * aspect, 0.5 * (ly + ry)
    torso = math.hypot(hx * aspect - x, hy - y)
    width = math.hypot((lx - rx) * aspect, ly - ry)
    place[0], place[1], place[2] = x, y, torso if torso > width else width
    ok = math.isfinite(x) and math.isfinite(y) and math.isfinite(place[2])
    return ok and abs(x) < FAR * aspect and abs(y) < FAR and 0.01 < place[2] < FAR


@njit(**FLAGS)
def choose_person(image, persons, aspect, t, state):
    """Which person is the performer: -1 when none. Keeps the one nearest to where the performer was."""
    place = state[S_PLACE : S_PLACE + 3]
    best, best_d, best_size, others_near = -1, 1e9, 0.0, 0.0
    fresh = state[S_LOCKED] > 0.0 and t - state[S_LOCK_T] < LOCK_LOST_S
    for p in range(persons):
        if not person_place(image[p], aspect, place):
            continue
        if fresh:
            d = math.hypot(place[0] - state[S_LOCK_X], place[1] - state[S_LOCK_Y]) / max(state[S_LOCK_SIZE], 1e-3)
            d += abs(math.log(place[2] / max(state[S_LOCK_SIZE], 1e-3)))
        else:
            d = math.hypot(place[0] - 0.5 * aspect, 0.0) / place[2] - 4.0 * place[2]
        if d < best_d:
            best, best_d, best_size = p, d, place[2]
    state[S_SECOND], state[S_PERSON] = 0.0, -1.0
    if best < 0 or (fresh and best_d > LOCK_GATE and persons > 1):
        state[S_LOCK_CONF] = 0.0
        return -1
    person_place(image[best], aspect, place)
    x, y = place[0], place[1]
    for p in range(persons):
        if p != best and person_place(image[p], aspect, place):
            d = math.hypot(place[0] - x, place[1] - y) / best_size
            like = abs(math.log(place[2] / best_size))
            if d > SAME_PERSON or like > 0.4:
                others_near = max(others_near, 1.0 if d < SECOND_NEAR else 0.0)
    state[S_SECOND] = others_near
    jumped = fresh and best_d > LOCK_JUMP
    if not fresh:
        state[S_GAIN_T], state[S_HAS_REF] = t, 0.0
    target = 0.0 if jumped else (0.5 if others_near > 0.0 else 1.0)
    dt = t - state[S_LOCK_T]
    state[S_LOCK_CONF] = target if (not fresh or target < state[S_LOCK_CONF]) else blend(state[S_LOCK_CONF], target, dt, 0.2)
    state[S_LOCK_X], state[S_LOCK_Y], state[S_LOCK_SIZE], state[S_LOCK_T], state[S_LOCKED] = x, y, best_size, t, 1.0
    state[S_PERSON] = best
    return best


@njit(**FLAGS)
def readable(image, world, aspect, state):
    """True when somebody in the picture could be read as a body."""
    place = state[S_PLACE : S_PLACE + 3]
    for p in range(image.shape[0]):
        shoulders = min(landmark_seen(image[p], LANDMARK_OF[LSH]), landmark_seen(image[p], LANDMARK_OF[RSH]))
        if shoulders >= MIN_SEEN and person_place(image[p], aspect, place) and picture_scale(image[p], world[p], aspect) > 0.0:
            return True
    return False


@njit(**FLAGS)
def world_from_picture(image, aspect, world):
    """Stand-in world landmarks (P, 33, 3) for a producer that has none: the picture's own x, y, z at a usual body's size."""
    for p in range(image.shape[0]):
        nx, ny = (
            0.5 * (float(image[p, 11, 0]) + float(image[p, 12, 0])),
            0.5 * (float(image[p, 11, 1]) + float(image[p, 12, 1])),
        )
        hx, hy = (
            0.5 * (float(image[p, 23, 0]) + float(image[p, 24, 0])),
            0.5 * (float(image[p, 23, 1]) + float(image[p, 24, 1])),
        )
        width = math.hypot(
            (float(image[p, 11, 0]) - float(image[p, 12, 0])) * aspect, float(image[p, 11, 1]) - float(image[p, 12, 1])
        )
        torso = math.hypot((hx - nx) * aspect, hy - ny)
        if not (min(landmark_seen(image[p], 23), landmark_seen(image[p], 24)) >= MIN_SEEN and math.isfinite(torso)):
            torso = width / USUAL_SHOULDERS
            hx, hy = nx, ny + torso
        metre = USUAL_TORSO_M / torso if torso > 0.01 else math.nan
        for k in range(33):
            x, y, z = float(image[p, k, 0]), float(image[p, k, 1]), float(image[p, k, 2])
            near = abs(x) < FAR and abs(y) < FAR
            world[p, k, 0] = (x - hx) * aspect * metre if near else math.nan
            world[p, k, 1] = (y - hy) * metre if near else math.nan
            world[p, k, 2] = z * aspect * metre if abs(z) < FAR else 0.0


@njit(**FLAGS)
def track_scale(obs, t, dt, state):
    """Follow the torso length in picture heights: an average at first, then rate-limited."""
    if not (math.isfinite(obs) and 0.005 < obs < FAR):
        return
    if not math.isfinite(state[S_SCALE]):
        state[S_SCALE], state[S_GAIN_T] = obs, t
        return
    settling = t - state[S_GAIN_T] < SCALE_SETTLE_S
    step = math.log(obs / state[S_SCALE]) * (1.0 - math.exp(-dt / (0.15 if settling else 0.5)))
    limit = 1.0 if settling else SCALE_RATE * dt
    state[S_SCALE] *= math.exp(min(max(step, -limit), limit))


# ---- a picture to canonical joints ----


@njit(**FLAGS)
def camera_joints(image, world, aspect, mirror, t, state, joints, body, conf):
    """Landmarks of one person to canonical joints.

    `joints` (14, 3): heights and widths from the picture, depth from the world landmarks; `body` (14, 3): all from the
    world landmarks, for angles; both from mid-shoulder in torso lengths, x to the performer's left, y up, z to the
    camera. `conf` (14,): 0..1. False when the shoulders are not there.
    """
    dt = min(max(t - state[S_T], 1e-3), GAP_S) if math.isfinite(state[S_T]) else 1.0 / 30.0
    sign = -1.0 if mirror else 1.0
    cos_r, sin_r = math.cos(state[S_ROLL]), math.sin(state[S_ROLL])
    for j in range(14):
        k = LANDMARK_OF[j]
        if j == NECK:
            continue
        if mirror:
            k = MIRROR_33[k]
        x, y = within(image[k, 0], FAR), within(image[k, 1], FAR)
        wx, wy, wz = within(world[k, 0], FAR_M), within(world[k, 1], FAR_M), within(world[k, 2], FAR_M)
        x, y = sign * (x - 0.5) * aspect, 0.5 - y
        joints[j, 0], joints[j, 1], joints[j, 2] = cos_r * x + sin_r * y, cos_r * y - sin_r * x, -wz
        body[j, 0], body[j, 1], body[j, 2] = sign * wx, -wy, -wz
        conf[j] = landmark_seen(image, k)
    head = 0.0
    for k in HEAD_POINTS:
        head += landmark_seen(image, k) / HEAD_POINTS.size
    conf[HEAD] = head
    ex = 0.5 * (within(image[7, 0], FAR) + within(image[8, 0], FAR))
    ey = 0.5 * (within(image[7, 1], FAR) + within(image[8, 1], FAR))
    x, y = sign * (ex - 0.5) * aspect, 0.5 - ey
    joints[HEAD, 0], joints[HEAD, 1] = cos_r * x + sin_r * y, cos_r * y - sin_r * x
    for c in range(3):
        joints[NECK, c] = 0.5 * (joints[LSH, c] + joints[RSH, c])
        body[NECK, c] = 0.5 * (body[LSH, c] + body[RSH, c])
    conf[NECK] = min(conf[LSH], conf[RSH])
    nx, ny = joints[NECK, 0], joints[NECK, 1]
    if conf[NECK] < MIN_SEEN or not (math.isfinite(nx) and math.isfinite(ny)):
        return False
    torso_m = scale_from(image, world, aspect, body, conf, t, dt, state)
    scale = state[S_SCALE]
    if not math.isfinite(scale):
        return False
    framed, shoulder_z = 0.0, joints[NECK, 2]
    bx, by, bz = body[NECK, 0], body[NECK, 1], body[NECK, 2]
    for j in range(14):
        joints[j, 0] = (joints[j, 0] - nx) / scale
        joints[j, 1] = (joints[j, 1] - ny) / scale
        joints[j, 2] = (joints[j, 2] - shoulder_z) / torso_m
        body[j, 0] = (body[j, 0] - bx) / torso_m
        body[j, 1] = (body[j, 1] - by) / torso_m
        body[j, 2] = (body[j, 2] - bz) / torso_m
        if j <= RWR and conf[j] >= MIN_SEEN:
            framed += 1.0 / 8.0
    state[S_FRAMING] = framed
    over = joints[HEAD, 1]
    state[S_HEAD] = head if (0.05 < over < 1.2 and abs(joints[HEAD, 0]) < 0.9) else 0.0
    if state[S_HAS_REF] == 0.0:
        state[S_REF_X], state[S_REF_Y], state[S_HAS_REF] = nx / scale, ny / scale, 1.0
    joints[NECK, 0] = nx / scale - state[S_REF_X]
    joints[NECK, 1] = ny / scale - state[S_REF_Y]
    joints[NECK, 2] = 0.0
    return True


@njit(**FLAGS)
def scale_from(image, world, aspect, body, conf, t, dt, state):
    """Follow the performer's size from head, shoulders and elbows (hips may be hidden); answers the torso in metres."""
    hx = 0.5 * (body[LHI, 0] + body[RHI, 0]) - body[NECK, 0]
    hy = 0.5 * (body[LHI, 1] + body[RHI, 1]) - body[NECK, 1]
    hz = 0.5 * (body[LHI, 2] + body[RHI, 2]) - body[NECK, 2]
    torso = math.sqrt(hx * hx + hy * hy + hz * hz)
    if math.isfinite(torso) and 0.2 < torso < 1.0:
        state[S_TORSO_M] = blend(state[S_TORSO_M], torso, dt, 1.0)
    torso_m = state[S_TORSO_M] if math.isfinite(state[S_TORSO_M]) else USUAL_TORSO_M
    track_scale(SCALE_RATIO * picture_scale(image, world, aspect) * torso_m, t, dt, state)
    return torso_m


@njit(**FLAGS)
def picture_scale(image, world, aspect):
    """Picture heights per metre by the spread of head, shoulders and elbows; NaN when fewer than four are seen."""
    n, mx, my, ux, uy, xx, uu = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in SCALE_POINTS:
        wx, wy = within(world[k, 0], FAR_M), within(world[k, 1], FAR_M)
        if landmark_seen(image, k) >= MIN_SEEN and math.isfinite(wx) and math.isfinite(wy):
            x, y = float(image[k, 0]) * aspect, float(image[k, 1])
            n, mx, my, ux, uy = n + 1.0, mx + x, my + y, ux + wx, uy + wy
            xx, uu = xx + x * x + y * y, uu + wx * wx + wy * wy
    if n < 4.0:
        return math.nan
    spread, spread_m = xx - (mx * mx + my * my) / n, uu - (ux * ux + uy * uy) / n
    return math.sqrt(spread / spread_m) if spread > 0.0 and spread_m > 1e-4 else math.nan


# ---- a mocap frame to canonical joints ----


@njit(**FLAGS)
def rotate(q, v, out):
    """Rotate vector v by the unit quaternion q (x, y, z, w) into out."""
    x, y, z, w = q[0], q[1], q[2], q[3]
    tx, ty, tz = 2.0 * (y * v[2] - z * v[1]), 2.0 * (z * v[0] - x * v[2]), 2.0 * (x * v[1] - y * v[0])
    out[0] = v[0] + w * tx + (y * tz - z * ty)
    out[1] = v[1] + w * ty + (z * tx - x * tz)
    out[2] = v[2] + w * tz + (x * ty - y * tx)


@njit(**FLAGS)
def forward_kinematics(quat, offset, root, position, rotation):
    """Bones relative to their parents to world: `position` (27, 3) m, `rotation` (27, 4) x y z w. False when unusable."""
    for b in range(27):
        x, y, z, w = float(quat[b, 0]), float(quat[b, 1]), float(quat[b, 2]), float(quat[b, 3])
        n = math.sqrt(x * x + y * y + z * z + w * w)
        if not (0.5 < n < 2.0):
            return False
        x, y, z, w = x / n, y / n, z / n, w / n
        p = MOCOPI_PARENT[b]
        for c in range(3):
            if not (abs(float(offset[b, c])) < FAR_M and abs(float(root[c])) < 1e3):
                return False
        if p < 0:
            for c in range(3):
                position[b, c] = root[c]
            rotation[b, 0], rotation[b, 1], rotation[b, 2], rotation[b, 3] = x, y, z, w
        else:
            rotate(rotation[p], offset[b], position[b])
            for c in range(3):
                position[b, c] += position[p, c]
            a0, a1, a2, a3 = rotation[p, 0], rotation[p, 1], rotation[p, 2], rotation[p, 3]
            rotation[b, 0] = a3 * x + a0 * w + a1 * z - a2 * y
            rotation[b, 1] = a3 * y - a0 * z + a1 * w + a2 * x
            rotation[b, 2] = a3 * z + a0 * y - a1 * x + a2 * w
            rotation[b, 3] = a3 * w - a0 * x - a1 * y - a2 * z
    return True


@njit(**FLAGS)
def mocap_joints(position, seen, state, joints, body, conf):
    """World bone positions to canonical joints, facing the audience at the calibrated (else the first) facing."""
    lx, lz = position[12, 0] - position[16, 0], position[12, 2] - position[16, 2]
    if not math.isfinite(state[S_TURN]):
        state[S_TURN] = math.atan2(-lz, lx)
    c, s = math.cos(state[S_TURN]), math.sin(state[S_TURN])
    for j in range(14):
        b = MOCOPI_JOINTS[j]
        body[j, 0] = c * position[b, 0] - s * position[b, 2]
        body[j, 1] = position[b, 1]
        body[j, 2] = s * position[b, 0] + c * position[b, 2]
        conf[j] = 1.0 if seen[MOVER[j]] else 0.0
    turn_x, turn_y = position[10, 0] - position[9, 0], position[10, 1] - position[9, 1]
    turn_z = position[10, 2] - position[9, 2]
    body[HEAD, 0] += HEAD_OVER * (c * turn_x - s * turn_z)
    body[HEAD, 1] += HEAD_OVER * turn_y
    body[HEAD, 2] += HEAD_OVER * (s * turn_x + c * turn_z)
    nx, ny, nz = 0.5 * (body[LSH, 0] + body[RSH, 0]), 0.5 * (body[LSH, 1] + body[RSH, 1]), 0.5 * (body[LSH, 2] + body[RSH, 2])
    hx, hy, hz = 0.5 * (body[LHI, 0] + body[RHI, 0]), 0.5 * (body[LHI, 1] + body[RHI, 1]), 0.5 * (body[LHI, 2] + body[RHI, 2])
    torso = math.sqrt((nx - hx) ** 2 + (ny - hy) ** 2 + (nz - hz) ** 2)
    if not (0.1 < torso < 2.0):
        return False
    if not math.isfinite(state[S_SCALE]):
        state[S_SCALE] = torso
    scale = state[S_SCALE]
    for j in range(14):
        body[j, 0], body[j, 1], body[j, 2] = (body[j, 0] - nx) / scale, (body[j, 1] - ny) / scale, (body[j, 2] - nz) / scale
        for k in range(3):
            joints[j, k] = body[j, k]
    if state[S_HAS_REF] == 0.0:
        state[S_REF_X], state[S_REF_Y], state[S_HAS_REF] = nx / scale, ny / scale, 1.0
    joints[NECK, 0], joints[NECK, 1], joints[NECK, 2] = nx / scale - state[S_REF_X], ny / scale - state[S_REF_Y], 0.0
    state[S_HEAD], state[S_FRAMING] = 1.0, 1.0
    return True


# ---- canonical joints to the 32 coordinates ----


@njit(**FLAGS)
def angle_between(ax, ay, az, bx, by, bz):
    """Angle 0..pi between two vectors; NaN when one has no length."""
    n = math.sqrt((ax * ax + ay * ay + az * az) * (bx * bx + by * by + bz * bz))
    if not n > 1e-9:
        return math.nan
    return math.acos(min(max((ax * bx + ay * by + az * bz) / n, -1.0), 1.0))


@njit(**FLAGS)
def bend(p, a, b, c):
    """Flexion at joint b of the chain a-b-c: 0 when straight."""
    return angle_between(
        p[b, 0] - p[a, 0], p[b, 1] - p[a, 1], p[b, 2] - p[a, 2], p[c, 0] - p[b, 0], p[c, 1] - p[b, 1], p[c, 2] - p[b, 2]
    )


@njit(**FLAGS)
def coordinates(joints, body, conf, yaw0, raw, ok):
    """The 32 body coordinates into `raw`, and which of them are seen into `ok`.

    `joints[NECK]` holds the shift of mid-shoulder from its reference; all other joints are relative to mid-shoulder.
    """
    for i in range(COORDINATES):
        ok[i] = 0
        raw[i] = 0.0
    sx, sy, sz = body[LSH, 0] - body[RSH, 0], body[LSH, 1] - body[RSH, 1], body[LSH, 2] - body[RSH, 2]
    yaw = math.atan2(-sz, sx)
    c, s = math.cos(yaw), math.sin(yaw)
    for side in range(2):
        wrist, elbow, shoulder, hip = LWR + side, LEL + side, LSH + side, LHI + side
        at, seen = 3 * side, conf[wrist] >= MIN_SEEN
        raw[at] = c * joints[wrist, 0] - s * joints[wrist, 2]
        raw[at + 1] = joints[wrist, 1]
        raw[at + 2] = s * joints[wrist, 0] + c * joints[wrist, 2]
        ok[at] = ok[at + 1] = ok[at + 2] = seen
        raw[6 + 2 * side] = c * joints[elbow, 0] - s * joints[elbow, 2]
        raw[7 + 2 * side] = joints[elbow, 1]
        ok[6 + 2 * side] = ok[7 + 2 * side] = conf[elbow] >= MIN_SEEN
        raw[18 + side] = bend(body, shoulder, elbow, wrist)
        ok[18 + side] = conf[elbow] >= MIN_SEEN and seen
        ux, uy, uz = body[elbow, 0] - body[shoulder, 0], body[elbow, 1] - body[shoulder, 1], body[elbow, 2] - body[shoulder, 2]
        raw[20 + side] = angle_between(ux, uy, uz, 0.0, -1.0, 0.0)
        ok[20 + side] = conf[elbow] >= MIN_SEEN
        knee, ankle = LKN + side, LAN + side
        raw[26 + side] = bend(body, hip, knee, ankle)
        ok[26 + side] = conf[hip] >= MIN_SEEN and conf[knee] >= MIN_SEEN and conf[ankle] >= MIN_SEEN
        raw[28 + side] = joints[ankle, 1] - 0.5 * (joints[LHI, 1] + joints[RHI, 1])
        ok[28 + side] = conf[ankle] >= MIN_SEEN and min(conf[LHI], conf[RHI]) >= MIN_SEEN
    raw[10], raw[11] = joints[HEAD, 0], joints[HEAD, 1]
    ok[10] = ok[11] = conf[HEAD] >= MIN_SEEN
    raw[12], raw[13] = joints[NECK, 0], joints[NECK, 1]
    hips = min(conf[LHI], conf[RHI]) >= MIN_SEEN
    hx, hy, hz = 0.5 * (body[LHI, 0] + body[RHI, 0]), 0.5 * (body[LHI, 1] + body[RHI, 1]), 0.5 * (body[LHI, 2] + body[RHI, 2])
    raw[14] = yaw - yaw0
    raw[15] = math.atan2(-(c * hz + s * hx), -hy)
    ix, iy = 0.5 * (joints[LHI, 0] + joints[RHI, 0]), 0.5 * (joints[LHI, 1] + joints[RHI, 1])
    raw[16] = math.atan2(-ix, -iy) if hips else math.atan2(-(c * hx - s * hz), -hy)
    raw[17] = math.atan2(sy, math.sqrt(sx * sx + sz * sz))
    ok[12] = ok[13] = ok[14] = ok[15] = ok[16] = ok[17] = 1
    both = conf[LWR] >= MIN_SEEN and conf[RWR] >= MIN_SEEN
    raw[22] = math.hypot(raw[0] - raw[3], raw[1] - raw[4])
    raw[23] = 0.5 * (raw[1] + raw[4])
    ok[22] = ok[23] = both
    raw[24], raw[25] = ix, iy
    ok[24] = ok[25] = hips
    raw[30] = joints[LAN, 0] - joints[RAN, 0]
    ok[30] = min(conf[LAN], conf[RAN]) >= MIN_SEEN
    raw[31] = math.atan2(-(body[LHI, 2] - body[RHI, 2]), body[LHI, 0] - body[RHI, 0]) - yaw0
    ok[31] = hips
    for i in range(COORDINATES):
        if not abs(raw[i]) < 50.0:
            ok[i] = 0
            raw[i] = 0.0


# ---- believing, filtering and differentiating the coordinates ----


@njit(**FLAGS)
def accept(raw, ok, t, last, last_t, cand, cand_t, z, hist_ok):
    """Unwrap turning angles against the last value and mark impossible jumps missing.

    A jump that stays where it landed is believed at its second sample, and what went before is forgotten for that
    coordinate, so no rate is ever fitted across it. After a gap the filter of the coordinate starts anew.
    """
    for i in range(COORDINATES):
        if not ok[i]:
            continue
        known = math.isfinite(last[i])
        if IS_ANGLE[i] and known:
            raw[i] -= TWO_PI * round((raw[i] - last[i]) / TWO_PI)
        if known and t - last_t[i] <= GAP_S and abs(raw[i] - last[i]) > RATE_LIMIT[i] * (t - last_t[i]):
            stayed = math.isfinite(cand[i]) and abs(raw[i] - cand[i]) <= 0.5 * RATE_LIMIT[i] * max(t - cand_t[i], 1e-3)
            if not stayed or t - cand_t[i] > GAP_S:
                cand[i], cand_t[i] = raw[i], t
                ok[i] = 0
                continue
            for r in range(HISTORY):
                hist_ok[r, i] = 0
        if known and t - last_t[i] > GAP_S:
            z[i] = math.nan
        cand[i] = math.nan
        last[i], last_t[i] = raw[i], t


@njit(**FLAGS)
def solve_weights(tau, n, lag, w0, w1, w2):
    """Least-squares weights of `n` times tau <= 0 for the value, rate and acceleration at -lag of a local quadratic."""
    s0, s1, s2, s3, s4 = float(n), 0.0, 0.0, 0.0, 0.0
    for r in range(n):
        x = tau[r] + lag
        s1 += x
        s2 += x * x
        s3 += x * x * x
        s4 += x * x * x * x
    det = s0 * (s2 * s4 - s3 * s3) - s1 * (s1 * s4 - s2 * s3) + s2 * (s1 * s3 - s2 * s2)
    if not abs(det) > 1e-18:
        return False
    a00, a01, a02 = (s2 * s4 - s3 * s3) / det, (s2 * s3 - s1 * s4) / det, (s1 * s3 - s2 * s2) / det
    a11, a12, a22 = (s0 * s4 - s2 * s2) / det, (s1 * s2 - s0 * s3) / det, (s0 * s2 - s1 * s1) / det
    for r in range(n):
        x = tau[r] + lag
        w0[r] = a00 + a01 * x + a02 * x * x
        w1[r] = a01 + a11 * x + a12 * x * x
        w2[r] = 2.0 * (a02 + a12 * x + a22 * x * x)
    return True


@njit(**FLAGS)
def fit(hist_t, hist_z, hist_ok, newest, t, rate, acc, fit_ok, work):
    """Rate and acceleration of each column by a local quadratic over FIT_WINDOW_S of the ring, on capture stamps.

    Columns that were seen in every row share one set of weights; the others are solved alone. `work` is (5, HISTORY).
    """
    tau, w0, w1, w2, own = work[0], work[1], work[2], work[3], work[4]
    rows = 0
    for back in range(HISTORY):
        r = (newest - back) % HISTORY
        age = t - hist_t[r]
        if not (age <= FIT_WINDOW_S or (rows < 3 and age <= FIT_REACH_S)):
            break
        tau[rows] = hist_t[r] - t
        rows += 1
    shared = rows >= 3 and solve_weights(tau, rows, FIT_LAG_S, w0, w1, w2)
    columns = hist_z.shape[1]
    for i in range(columns):
        rate[i], acc[i], fit_ok[i] = 0.0, 0.0, 0
    if not shared:
        return
    for i in range(columns):
        v, a, n = 0.0, 0.0, 0
        for back in range(rows):
            r = (newest - back) % HISTORY
            v += w1[back] * hist_z[r, i]
            a += w2[back] * hist_z[r, i]
            n += hist_ok[r, i]
        if n == rows:
            rate[i], acc[i], fit_ok[i] = v, a, 1
        elif n >= 3 and hist_ok[newest, i]:
            fit_alone(hist_t, hist_z, hist_ok, newest, t, rows, i, rate, acc, fit_ok, own)


@njit(**FLAGS)
def fit_alone(hist_t, hist_z, hist_ok, newest, t, rows, i, rate, acc, fit_ok, own):
    """The same fit for one column of which some rows are missing. `own` is (HISTORY,)."""
    s0, s1, s2, s3, s4, b0, b1, b2 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    base = hist_z[newest, i]
    for back in range(rows):
        r = (newest - back) % HISTORY
        if hist_ok[r, i]:
            x, y = hist_t[r] - t + FIT_LAG_S, hist_z[r, i] - base
            own[back] = x
            s0, s1, s2, s3, s4 = s0 + 1.0, s1 + x, s2 + x * x, s3 + x * x * x, s4 + x * x * x * x
            b0, b1, b2 = b0 + y, b1 + x * y, b2 + x * x * y
    det = s0 * (s2 * s4 - s3 * s3) - s1 * (s1 * s4 - s2 * s3) + s2 * (s1 * s3 - s2 * s2)
    if not abs(det) > 1e-18:
        return
    rate[i] = ((s2 * s3 - s1 * s4) * b0 + (s0 * s4 - s2 * s2) * b1 + (s1 * s2 - s0 * s3) * b2) / det
    acc[i] = 2.0 * ((s1 * s3 - s2 * s2) * b0 + (s1 * s2 - s0 * s3) * b1 + (s0 * s2 - s1 * s1) * b2) / det
    fit_ok[i] = 1


@njit(**FLAGS)
def one_euro_alpha(cutoff_hz, dt):
    """Share of the new sample in a first-order low-pass."""
    return 1.0 / (1.0 + 1.0 / (TWO_PI * cutoff_hz * dt))


@njit(**FLAGS)
def smooth(raw, ok, rate, fit_ok, dt, z):
    """One Euro per coordinate: `z` (NaN before its first sample) follows `raw`, the faster the quicker."""
    for i in range(COORDINATES):
        if not ok[i]:
            continue
        if not math.isfinite(z[i]):
            z[i] = raw[i]
        else:
            speed = abs(rate[i]) / SCALE[i] if fit_ok[i] else abs(raw[i] - z[i]) / (SCALE[i] * dt)
            z[i] += (raw[i] - z[i]) * one_euro_alpha(MIN_CUTOFF_HZ + BETA * speed, dt)


# ---- numbers of the whole movement ----


@njit(**FLAGS)
def geometry(z, zok, rate, acc, fit_ok, t, dt, state, hist_t, hist_speed, newest, vector, valid):
    """Slots 64:69 of the scaled trajectory."""
    norm, vv, aa, va, n = 0.0, 0.0, 0.0, 0.0, 0
    for i in range(COORDINATES):
        if zok[i]:
            norm += (z[i] / SCALE[i]) ** 2
        if fit_ok[i]:
            v, a = rate[i] / SCALE[i], acc[i] / SCALE[i]
            vv, aa, va, n = vv + v * v, aa + a * a, va + v * a, n + 1
    speed = math.sqrt(vv)
    seen = n >= 8
    curve = math.log1p(math.sqrt(max(vv * aa - va * va, 0.0)) / max(speed, MIN_SPEED) ** 3)
    if math.isfinite(state[S_CURVE]) and 0.0 < t - state[S_CURVE_T] < GAP_S:
        state[S_CURVE_RATE] = blend(state[S_CURVE_RATE], (curve - state[S_CURVE]) / (t - state[S_CURVE_T]), dt, 0.15)
    else:
        state[S_CURVE_RATE] = 0.0
    state[S_CURVE], state[S_CURVE_T] = curve, t
    hist_speed[newest] = speed if seen else math.nan
    total, peak, count = 0.0, 0.0, 0
    for back in range(HISTORY):
        r = (newest - back) % HISTORY
        if not t - hist_t[r] <= 1.0:
            break
        if math.isfinite(hist_speed[r]):
            total, peak, count = total + hist_speed[r], max(peak, hist_speed[r]), count + 1
    put(vector, valid, I_NORM, math.sqrt(norm), n > 0)
    put(vector, valid, I_NORM + 1, speed, seen)
    put(vector, valid, I_NORM + 2, curve, seen)
    put(vector, valid, I_NORM + 3, state[S_CURVE_RATE], seen)
    put(vector, valid, I_NORM + 4, total / count / peak if count > 2 and peak > MIN_SPEED else 1.0, seen)
    return speed


@njit(**FLAGS)
def prefer_tempo(bank, bpm, octaves):
    """Set the resonators' preference: a log-normal around `bpm` of a width in octaves. `bank` is (4, TEMPI)."""
    for k in range(TEMPI):
        off = math.log2(bank[0, k] * 60.0 / TWO_PI / bpm) / octaves
        bank[3, k] = math.exp(-0.5 * off * off)


@njit(**FLAGS)
def rhythm(signal, dt, omega, re, im, prior, state, vector, valid):
    """Resonators on the vertical acceleration: slots 69:72, 119, 123:125. Phase 0 is the lowest point.

    `dt` is the whole time since the last sample: through a gap the resonators ring on and fade.
    """
    decay = math.exp(-dt / TEMPO_TAU_S)
    drive = min(dt, GAP_S)
    x = signal * drive
    state[S_TEMPO_E] = state[S_TEMPO_E] * decay + signal * signal * drive
    best, best_score, total = 0, -1.0, 0.0
    for k in range(TEMPI):
        c, s = math.cos(omega[k] * dt), math.sin(omega[k] * dt)
        a, b = re[k], im[k]
        re[k] = decay * (a * c - b * s) + x
        im[k] = decay * (a * s + b * c)
        power = re[k] * re[k] + im[k] * im[k]
        score = power * prior[k]
        total += score
        if score > best_score:
            best, best_score = k, score
    power = re[best] * re[best] + im[best] * im[best]
    periodicity = min(2.0 * power / (TEMPO_TAU_S * state[S_TEMPO_E]), 1.0) if state[S_TEMPO_E] > 1e-6 else 0.0
    moving = min(state[S_TEMPO_E] / TEMPO_TAU_S / 0.05, 1.0)
    confidence = periodicity * moving
    shift = 0.0
    if 0 < best < TEMPI - 1:
        below = (re[best - 1] ** 2 + im[best - 1] ** 2) * prior[best - 1]
        above = (re[best + 1] ** 2 + im[best + 1] ** 2) * prior[best + 1]
        curve = below - 2.0 * best_score + above
        shift = 0.5 * (below - above) / curve if curve < 0.0 else 0.0
    step = math.log(omega[1] / omega[0])
    beat = omega[best] * math.exp(step * shift)
    bpm = beat * 60.0 / TWO_PI
    # a resonator beside the beat lags or leads by its detuning; the acceleration itself is that of the window's middle
    angle = math.atan2(im[best], re[best]) + math.atan((beat - omega[best]) * TEMPO_TAU_S) + beat * ACCELERATION_DELAY_S
    seen = confidence > 0.1
    put(vector, valid, I_TEMPO, bpm / 200.0, seen)
    put(vector, valid, I_TEMPO + 1, (angle / TWO_PI) % 1.0, seen)
    put(vector, valid, I_TEMPO + 2, periodicity, True)
    put(vector, valid, I_TEMPO_CONF, confidence, True)
    put(vector, valid, I_PHASE, math.sin(angle), seen)
    put(vector, valid, I_PHASE + 1, math.cos(angle), seen)


@njit(**FLAGS)
def statistics(z, zok, rate, fit_ok, conf, speed, dt, state, vector, valid):
    """Slots 72:76 and 104:110."""
    wrists = fit_ok[I_L_WRIST] and fit_ok[I_R_WRIST]
    if wrists:
        lx, ly = rate[I_L_WRIST], rate[I_L_WRIST + 1]
        rx, ry = -rate[I_R_WRIST], rate[I_R_WRIST + 1]
        state[S_LL] = blend(state[S_LL], lx * lx + ly * ly, dt, 1.0)
        state[S_RR] = blend(state[S_RR], rx * rx + ry * ry, dt, 1.0)
        state[S_LR] = blend(state[S_LR], lx * rx + ly * ry, dt, 1.0)
    legs_seen = fit_ok[I_LEGS] and fit_ok[I_LEGS + 1] and fit_ok[I_LEGS + 2] and fit_ok[I_LEGS + 3]
    up, low, legs = 0.0, 0.0, 0.0
    for i in range(COORDINATES):
        if fit_ok[i]:
            part = (rate[i] / SCALE[i]) ** 2
            if I_LEGS <= i <= I_LEGS + 4:
                low += part
            else:
                up += part
    if legs_seen:
        for i in range(I_LEGS, I_LEGS + 4):
            legs += abs(rate[i]) / 4.0
        state[S_LOW] = blend(state[S_LOW], low, dt, 1.0)
        state[S_LEGS] = blend(state[S_LEGS], legs, dt, 1.0)
    state[S_UP] = blend(state[S_UP], up, dt, 1.0)
    state[S_ENERGY] = blend(state[S_ENERGY], speed, dt, 1.0)
    y = z[I_SHIFT + 1]
    state[S_MEAN_Y] = blend(state[S_MEAN_Y], y, dt, 2.0)
    state[S_VAR_Y] = blend(state[S_VAR_Y], (y - state[S_MEAN_Y]) ** 2, dt, 2.0)
    trunk = math.hypot(rate[I_SHIFT], rate[I_SHIFT + 1])
    head = math.hypot(rate[I_HEAD], rate[I_HEAD + 1]) if fit_ok[I_HEAD] else trunk
    state[S_CORE] = blend(state[S_CORE], 0.5 * (trunk + head), dt, 1.0)
    moving = state[S_LOW] + state[S_UP]
    put(vector, valid, I_POSTURE, state[S_LOW] / moving if moving > 1e-6 else 0.5, legs_seen)
    tilt = math.cos(z[I_PITCH]) * math.cos(z[I_ROLL])
    put(vector, valid, I_POSTURE + 1, tilt, zok[I_PITCH] and zok[I_ROLL])
    put(vector, valid, I_POSTURE + 2, rate[I_YAW], fit_ok[I_YAW])
    both = state[S_LL] + state[S_RR]
    put(vector, valid, I_POSTURE + 3, 2.0 * state[S_LR] / both if both > 1e-4 else 0.0, wrists)
    covered = 0.0
    for j in range(14):
        covered += 1.0 / 14.0 if conf[j] >= MIN_SEEN else 0.0
    put(vector, valid, I_STATS, state[S_ENERGY], True)
    put(vector, valid, I_STATS + 1, math.sqrt(max(state[S_VAR_Y], 0.0)), True)
    put(vector, valid, I_STATS + 2, state[S_CORE], True)
    put(vector, valid, I_STATS + 3, state[S_LEGS], legs_seen)
    put(vector, valid, I_STATS + 4, state[S_FRAMING], True)
    put(vector, valid, I_STATS + 5, covered, True)


@njit(**FLAGS)
def bones(body, conf, dt, state):
    """Largest relative misfit of the four arm bones against their usual lengths, which are learned slowly."""
    worst = 0.0
    for b in range(4):
        p, q = ARM_BONES[b, 0], ARM_BONES[b, 1]
        if min(conf[p], conf[q]) < MIN_SEEN:
            continue
        x, y, z = body[p, 0] - body[q, 0], body[p, 1] - body[q, 1], body[p, 2] - body[q, 2]
        length = math.sqrt(x * x + y * y + z * z)
        if not (math.isfinite(length) and length < 5.0):
            continue
        usual = state[S_BONES + b]
        if math.isfinite(usual) and usual > 0.05:
            worst = max(worst, abs(length - usual) / usual)
        state[S_BONES + b] = blend(usual, length, dt, 3.0)
    return worst


# ---- entry points: one frame to the vector ----


@njit(**FLAGS)
def build_body(points, conf, t, newest, state, columns, flags, ring, ring_ok, bank, work, vector, valid):
    """Canonical joints to slots 0:76, 104:110 and the body's part of 115:128, at capture time t in seconds."""
    joints, body = points[0], points[1]
    raw, z, rate, acc = columns[C_RAW], columns[C_Z], columns[C_RATE], columns[C_ACC]
    last, last_t, cand, cand_t = columns[C_LAST], columns[C_LAST_T], columns[C_CAND], columns[C_CAND_T]
    offset, ok, fit_ok = columns[C_OFFSET], flags[0], flags[1]
    hist_t, hist_speed, hist_z = ring[:, COORDINATES], ring[:, COORDINATES + 1], ring[:, :COORDINATES]
    omega, re, im, prior = bank[0], bank[1], bank[2], bank[3]
    since = max(t - state[S_T], 1e-3) if math.isfinite(state[S_T]) else 1.0 / 30.0
    dt = min(since, GAP_S)
    coordinates(joints, body, conf, state[S_YAW0] if math.isfinite(state[S_YAW0]) else 0.0, raw, ok)
    accept(raw, ok, t, last, last_t, cand, cand_t, z, ring_ok)
    hist_t[newest] = t
    for i in range(COORDINATES):
        hist_z[newest, i], ring_ok[newest, i] = raw[i], ok[i]
    fit(hist_t, hist_z, ring_ok, newest, t, rate, acc, fit_ok, work)
    if t - state[S_BLEND_T] < BLEND_S:
        keep = 1.0 - (t - state[S_BLEND_T]) / BLEND_S
        for i in range(COORDINATES):
            fit_ok[i] = 0
            if ok[i]:
                start = offset[i] if math.isfinite(offset[i]) else raw[i]
                z[i] = raw[i] + (start - raw[i]) * keep
    else:
        smooth(raw, ok, rate, fit_ok, dt, z)
    state[S_T] = t
    for i in range(COORDINATES):
        put(vector, valid, i, z[i], ok[i])
        put(vector, valid, COORDINATES + i, rate[i], fit_ok[i] and ok[i])
    speed = geometry(z, ok, rate, acc, fit_ok, t, dt, state, hist_t, hist_speed, newest, vector, valid)
    signal = acc[I_SHIFT + 1] + (acc[I_HEAD + 1] if fit_ok[I_HEAD + 1] else 0.0) if fit_ok[I_SHIFT + 1] else 0.0
    rhythm(min(max(signal, -40.0), 40.0), since, omega, re, im, prior, state, vector, valid)
    statistics(z, ok, rate, fit_ok, conf, speed, dt, state, vector, valid)
    put(vector, valid, I_CONF + 1, conf[LWR], True)
    put(vector, valid, I_CONF + 2, conf[RWR], True)
    put(vector, valid, I_LOCK, state[S_HEAD], True)
    put(vector, valid, I_LOCK + 2, bones(body, conf, dt, state), True)


@njit(**FLAGS)
def run_body(t, newest, mem, bits, vector, valid):
    """`build_body` on the flat memory."""
    build_body(
        mem[M_POINTS:M_CONF].reshape(2, 14, 3),
        mem[M_CONF:MEMORY],
        t,
        newest,
        mem[:STATE],
        mem[M_COLUMNS:M_RING].reshape(COLUMNS, COORDINATES),
        bits[:B_RING].reshape(2, COORDINATES),
        mem[M_RING:M_BANK].reshape(HISTORY, RING_WIDTH),
        bits[B_RING:BITS].reshape(HISTORY, COORDINATES),
        mem[M_BANK:M_WORK].reshape(4, TEMPI),
        mem[M_WORK:M_POINTS].reshape(5, HISTORY),
        vector,
        valid,
    )


@njit(**FLAGS)
def build_camera(image, world, aspect, mirror, t, newest, mem, bits, vector, valid):
    """One picture to the vector: choose the performer, read the joints, build. False when nobody could be read.

    `image` float32 (P, 33, 4), `world` float32 (P, 33, 3); `newest` is the row of the ring to write.
    """
    state = mem[:STATE]
    points, conf = mem[M_POINTS:M_CONF].reshape(2, 14, 3), mem[M_CONF:MEMORY]
    person = choose_person(image, image.shape[0], aspect, t, state)
    put(vector, valid, I_LOCK + 1, state[S_LOCK_CONF], True)
    if person < 0 or not camera_joints(image[person], world[person], aspect, mirror, t, state, points[0], points[1], conf):
        lose_body(vector, valid)
        return False
    seen = 0.25 * (conf[LSH] + conf[RSH] + conf[LEL] + conf[REL])
    put(vector, valid, I_CONF, seen, True)
    run_body(t, newest, mem, bits, vector, valid)
    return True


@njit(**FLAGS)
def read_mocap(quat, offset, root, t, newest, own, own_bits, vector, valid):
    """One mocap frame to the 24 mocopi slots, and its bone positions into `own`. False when unusable or not newer."""
    if t <= own[P_T]:
        return False
    position, rotation = own[P_POSITION:P_ROTATION].reshape(27, 3), own[P_ROTATION:P_RING].reshape(27, 4)
    if not forward_kinematics(quat, offset, root, position, rotation):
        return False
    own[P_T] = t
    ring, fits = own[P_RING:P_WORK].reshape(HISTORY, SITE_RING_WIDTH), own[P_FIT:P_HEADING].reshape(2, SITE_COLUMNS)
    build_mocopi(
        position,
        rotation,
        t,
        ring[:, SITE_COLUMNS],
        ring[:, :SITE_COLUMNS],
        own_bits[SITE_COLUMNS:].reshape(HISTORY, SITE_COLUMNS),
        newest,
        own[P_WORK:P_FIT].reshape(5, HISTORY),
        fits[0],
        fits[1],
        own_bits[:SITE_COLUMNS],
        own[P_HEADING:P_FLOOR],
        own[P_FLOOR:P_T],
        vector,
        valid,
    )
    return True


@njit(**FLAGS)
def build_from_mocap(own, seen, t, newest, mem, bits, vector, valid):
    """The last read mocap frame drives the body. `seen` bool (27,). False when its bones make no body."""
    state, points = mem[:STATE], mem[M_POINTS:M_CONF].reshape(2, 14, 3)
    if not mocap_joints(own[P_POSITION:P_ROTATION].reshape(27, 3), seen, state, points[0], points[1], mem[M_CONF:MEMORY]):
        lose_body(vector, valid)
        return False
    put(vector, valid, I_LOCK + 1, 1.0, True)
    put(vector, valid, I_CONF, 0.0, True)
    run_body(t, newest, mem, bits, vector, valid)
    return True


@njit(**FLAGS)
def hand_over(t, mem):
    """Another device takes the body: keep its last place as an offset that fades, forget the past of every rate."""
    columns = mem[M_COLUMNS:M_RING].reshape(COLUMNS, COORDINATES)
    for i in range(COORDINATES):
        columns[C_OFFSET, i] = columns[C_Z, i]
        columns[C_LAST, i] = columns[C_Z, i] if IS_ANGLE[i] else math.nan  # whole turns are kept
        columns[C_LAST_T, i] = -1e9
        for c in (C_CAND, C_CAND_T, C_Z):
            columns[c, i] = math.nan
    ring = mem[M_RING:M_BANK].reshape(HISTORY, RING_WIDTH)
    for r in range(HISTORY):
        ring[r, COORDINATES] = -1e9
    mem[S_BLEND_T] = t
    mem[S_T] = math.nan
    mem[S_SCALE], mem[S_YAW0], mem[S_TURN], mem[S_HAS_REF] = math.nan, 0.0, math.nan, 0.0


@njit(**FLAGS)
def lose_body(vector, valid):
    """Nobody to be seen: the body's slots go to rest and are marked missing."""
    for i in range(76):
        vector[i], valid[i] = REST[i], 0
    for i in range(I_STATS, I_STATS + 6):
        vector[i], valid[i] = REST[i], 0
    for i in range(I_CONF, I_CONF + 3):
        vector[i], valid[i] = 0.0, 1
    vector[I_LOCK], valid[I_LOCK] = 0.0, 1
    vector[I_TEMPO_CONF], valid[I_TEMPO_CONF] = 0.0, 1
    for i in (I_PHASE, I_PHASE + 1, I_LOCK + 2):
        vector[i], valid[i] = REST[i], 0


# ---- mocopi's own slots ----


@njit(**FLAGS)
def build_mocopi(
    position, rotation, t, hist_t, hist_x, hist_ok, newest, work, rate, acc, fit_ok, heading, floor, vector, valid
):
    """The 24 mocopi slots: speed, height, tilt, heading of six sites. `heading` (6,) unwraps, `floor` (2,) is the start."""
    torso = math.sqrt(
        (position[8, 0] - position[0, 0]) ** 2 + (position[8, 1] - position[0, 1]) ** 2 + (position[8, 2] - position[0, 2]) ** 2
    )
    torso = max(torso, 0.1)
    hist_t[newest] = t
    for s in range(6):
        for c in range(3):
            base = 0.0 if s == 0 else position[0, c]
            hist_x[newest, 3 * s + c] = (position[SITE_BONES[s], c] - base) / torso
            hist_ok[newest, 3 * s + c] = 1
    fit(hist_t, hist_x, hist_ok, newest, t, rate, acc, fit_ok, work)
    if not math.isfinite(floor[0]):
        floor[0] = position[0, 1]
    hip_heading = 0.0
    for s in range(6):
        b = SITE_BONES[s]
        x, y, z, w = rotation[b, 0], rotation[b, 1], rotation[b, 2], rotation[b, 3]
        up = 1.0 - 2.0 * (x * x + z * z)
        turn = math.atan2(2.0 * (x * z + w * y), 1.0 - 2.0 * (x * x + y * y))
        if s == 0:
            floor[1] = turn if not math.isfinite(floor[1]) else floor[1]
            hip_heading = turn
            turn -= floor[1]
        else:
            turn -= hip_heading
        turn -= TWO_PI * round((turn - heading[s]) / TWO_PI)
        heading[s] = turn
        at = I_MOCOPI + 4 * s
        vx, vy, vz = rate[3 * s], rate[3 * s + 1], rate[3 * s + 2]
        put(vector, valid, at, math.sqrt(vx * vx + vy * vy + vz * vz), fit_ok[3 * s])
        put(vector, valid, at + 1, hist_x[newest, 3 * s + 1] - (floor[0] / torso if s == 0 else 0.0), True)
        put(vector, valid, at + 2, math.acos(min(max(up, -1.0), 1.0)), True)
        put(vector, valid, at + 3, turn, True)


# ---- checks of the whole vector ----


@njit(**FLAGS)
def all_finite(vector):
    """True when every number is finite."""
    for i in range(vector.shape[0]):
        if not math.isfinite(vector[i]):
            return False
    return True


@njit(**FLAGS)
def same_and_keep(vector, last, within):
    """True when slots 0:32 equal `last` (32,) up to `within`; `last` then holds the new ones."""
    same = True
    for i in range(COORDINATES):
        if not abs(vector[i] - last[i]) <= within:
            same = False
        last[i] = vector[i]
    return same


# ---- rules: features of the vector, conditions on features, one small state machine per gesture ----

(
    F_SLOT,
    F_ABS,
    F_HYPOT,
    F_TRAVEL,
    F_SINCE_BELOW,
    F_BELOW_FOR,
    F_SETTLE,
    F_DIFF,
    F_SHIFT,
    F_TURNS,
    F_REVERSALS,
    F_SINCE_ABOVE,
    F_TURNED,
) = range(13)
FEATURE_KINDS = (
    "slot", "abs", "hypot", "travel", "since_below", "below_for", "settle", "diff", "shift", "turns", "reversals",
    "since_above", "turned",
)  # fmt: skip
FEATURE_MEMORY = 3
TRAVEL_RING = 96
"""Rows of a feature's own past: 1.6 s at 60 vectors a second."""
ELBOW_LOW = -0.25
"""Elbow height, torso lengths over mid-shoulder, under which an arm hangs whose hand is hidden (booth, picture's edge)."""
STROKE_S = 1.2
"""How far back the quickest moment of a stroke may lie."""
TURN_PAUSE_S = 0.25
"""A hand slower than its level for longer than this draws no circle any more."""
TURN_BACK = 0.35
"""A direction that changes more than this part of a turn from one vector to the next went back: that is no circle."""
NEVER_S = 1e6
IDLE, HOLDING, FIRED, SPENT = 0, 1, 2, 3
ALWAYS, AT_START, AT_FINISH = 0, 1, 2
"""When a condition counts: all through, only where the gesture begins, or only where it completes."""
BRIDGE_S = 0.15
"""Missing values and missing pictures inside a hold are bridged this long (a strobe's dark ones)."""
BREAK_S = 0.06
"""A condition must be broken this long to end a hold: one bad picture is no intent."""
E_NONE, E_COMPLETED, E_RELEASED, E_CANCELLED = range(4)


@njit(**FLAGS)
def read_features(vector, valid, t, table, params, memory, ring, values, seen):
    """Every feature of one vector. `table` int64 (F, 3): kind, slot, slot; `params` (F, 2): level, window in s;
    `memory` (F, FEATURE_MEMORY), `ring` (F, TRAVEL_RING, 3) are the features' own; `values` and `seen` are (F,)."""
    for f in range(table.shape[0]):
        kind, a, b = table[f, 0], table[f, 1], table[f, 2]
        ok = valid[a] != 0 and valid[b] != 0
        x = float(vector[a])
        if kind == F_SLOT:
            value = x
        elif kind == F_ABS:
            value = abs(x)
        elif kind == F_TURNED:
            value = abs(x - 2.0 * math.pi * math.floor(x / (2.0 * math.pi) + 0.5))
        elif kind == F_HYPOT:
            value = math.hypot(x, vector[b])
        elif kind == F_TRAVEL:
            value = travel(x, float(vector[b]) if b != a else 0.0, ok, t, params[f, 1], memory[f], ring[f])
        elif kind == F_SETTLE:
            value = settle(math.hypot(x, vector[b]), ok, t, params[f, 0], params[f, 1], memory[f], ring[f])
        elif kind == F_DIFF:
            value = x - float(vector[b])
        elif kind == F_SHIFT:
            value = shift(x, ok, t, params[f, 1], memory[f], ring[f])
        elif kind == F_TURNS:
            value = turns(x, float(vector[b]), ok, t, params[f, 0], memory[f])
        elif kind == F_REVERSALS:
            value = reversals(x, ok, t, params[f, 0], params[f, 1], memory[f], ring[f])
        elif kind == F_SINCE_ABOVE:
            if ok and x > params[f, 0]:
                memory[f, 0] = t
            value = t - memory[f, 0] if math.isfinite(memory[f, 0]) else NEVER_S
        elif kind == F_SINCE_BELOW:
            if arm_low(vector, valid, a, b, params[f, 0]) == 1:
                memory[f, 0] = t
            value = t - memory[f, 0] if math.isfinite(memory[f, 0]) else NEVER_S
            ok = True
        else:
            low = arm_low(vector, valid, a, b, params[f, 0])
            ok = low >= 0
            if low == 0:
                memory[f, 0] = math.nan
            elif low == 1 and not math.isfinite(memory[f, 0]):
                memory[f, 0] = t
            value = t - memory[f, 0] if math.isfinite(memory[f, 0]) else 0.0
        values[f], seen[f] = value, ok


@njit(**FLAGS)
def arm_low(vector, valid, wrist, elbow, level):
    """1 when the wrist is under `level`, 0 when over it; an unseen wrist hangs under a low elbow; -1 when nobody knows."""
    if valid[wrist]:
        return 1 if vector[wrist] < level else 0
    if valid[elbow] and elbow != wrist:
        return 1 if vector[elbow] < ELBOW_LOW else 0
    return -1


@njit(**FLAGS)
def travel(x, y, ok, t, window, memory, ring):
    """Largest distance between now and any place within the last `window` seconds."""
    at = int(memory[1])
    if ok:
        at = (at + 1) % TRAVEL_RING
        ring[at, 0], ring[at, 1], ring[at, 2] = t, x, y
        memory[1] = at
    far = 0.0
    for back in range(TRAVEL_RING):
        r = (at - back) % TRAVEL_RING
        if not t - ring[r, 0] <= window + 1e-9:
            break
        far = max(far, math.hypot(x - ring[r, 1], y - ring[r, 2]))
    return far


@njit(**FLAGS)
def settle(speed, ok, t, floor, window, memory, ring):
    """How far a stroke has come to rest: mean speed over `window` (less the noise floor) against its quickest moment.

    1 or more while it moves on or nothing is known, near 0 when it has stopped.
    """
    at = int(memory[1])
    if ok:
        at = (at + 1) % TRAVEL_RING
        ring[at, 0], ring[at, 1] = t, speed
        memory[1] = at
    total, count, peak, oldest = 0.0, 0, 0.0, 0.0
    for back in range(TRAVEL_RING):
        r = (at - back) % TRAVEL_RING
        age = t - ring[r, 0]
        if not age <= STROKE_S:
            break
        peak, oldest = max(peak, ring[r, 1]), age
        if age < window:
            total, count = total + ring[r, 1], count + 1
    if count < 3 or oldest < window:
        return 1.0
    return max(total / count - floor, 0.0) / max(peak, floor)


@njit(**FLAGS)
def shift(x, ok, t, window, memory, ring):
    """How far x has come, with its sign, since the oldest value of the last `window` seconds."""
    at = int(memory[1])
    if ok:
        at = (at + 1) % TRAVEL_RING
        ring[at, 0], ring[at, 1] = t, x
        memory[1] = at
    oldest = x
    for back in range(TRAVEL_RING):
        r = (at - back) % TRAVEL_RING
        if not t - ring[r, 0] <= window + 1e-9:
            break
        oldest = ring[r, 1]
    return x - oldest


@njit(**FLAGS)
def turns(dx, dy, ok, t, level, memory):
    """Turns that the direction of movement has made without a pause: +1 is a circle from x towards y.

    `memory`: the last direction (rad), the sum (turns), when it was last quick enough.
    """
    if t - memory[2] > TURN_PAUSE_S:
        memory[0], memory[1] = math.nan, 0.0
    if ok and math.hypot(dx, dy) >= level:
        direction = math.atan2(dy, dx)
        if math.isfinite(memory[0]):
            by = (direction - memory[0]) / (2.0 * math.pi)
            by -= math.floor(by + 0.5)
            memory[1] = memory[1] + by if abs(by) <= TURN_BACK else 0.0
        memory[0], memory[2] = direction, t
    return memory[1]


@njit(**FLAGS)
def reversals(x, ok, t, level, window, memory, ring):
    """How often x has turned back by `level` or more within the last `window` seconds.

    `memory`: the way it goes (+1, -1), the ring's newest row, the furthest place on this way.
    """
    at = int(memory[1])
    if ok:
        way, furthest = memory[0], memory[2]
        if not math.isfinite(way):
            memory[0], memory[2] = 0.0, x
        elif way == 0.0:
            if abs(x - furthest) >= level:
                memory[0], memory[2] = (1.0 if x > furthest else -1.0), x
        elif (x - furthest) * way > 0.0:
            memory[2] = x
        elif (furthest - x) * way >= level:
            memory[0], memory[2] = -way, x
            at = (at + 1) % TRAVEL_RING
            ring[at, 0] = t
            memory[1] = at
    count = 0
    for back in range(TRAVEL_RING):
        if not t - ring[(at - back) % TRAVEL_RING, 0] <= window + 1e-9:
            break
        count += 1
    return float(count)


@njit(**FLAGS)
def run_library(
    vector, valid, t, table, params, memory, ring, values, seen,
    first, condition, bounds, timing, phase, clock, events, why,
    step_of, step_first, step_timing, step_at, step_clock, ready,
):  # fmt: skip
    """One driving frame for the whole library: `read_features`, `run_steps`, `run_gestures`; answers how many events."""
    read_features(vector, valid, t, table, params, memory, ring, values, seen)
    run_steps(values, seen, t, step_of, step_first, condition, bounds, step_timing, phase, step_at, step_clock, ready)
    count = run_gestures(values, seen, t, first, condition, bounds, timing, phase, clock, events, why, ready)
    for g in range(phase.shape[0]):
        if events[g] == E_COMPLETED or events[g] == E_CANCELLED:
            step_at[g] = 0
    return count


@njit(**FLAGS)
def run_steps(values, seen, t, step_of, step_first, condition, bounds, timing, phase, at, clock, ready):
    """Follow what has to come before each gesture. `ready` uint8 (G,): all of it has, and not too long ago.

    `step_of` int64 (G + 1,): gesture g owns steps step_of[g]:step_of[g + 1]; `step_first` int64 (S + 1,): step s owns
    those conditions; `timing` (S, 2): how long it lasts, how soon the next must follow, in s; `at` int64 (G,): steps
    done; `clock` (S, 2): since when it holds, when it last held.
    """
    for g in range(ready.shape[0]):
        first, stop = step_of[g], step_of[g + 1]
        if first == stop or phase[g] != IDLE:
            ready[g] = 1
            continue
        done = at[g]
        if done > 0 and t - clock[first + done - 1, 1] > timing[first + done - 1, 1] + 1e-9:
            done = 0
        if done > 0 and met(first + done - 1, values, seen, step_first, condition, bounds):
            clock[first + done - 1, 1] = t
        s = first + done
        if s < stop:
            if not met(s, values, seen, step_first, condition, bounds):
                clock[s, 0] = math.nan
            else:
                if not math.isfinite(clock[s, 0]):
                    clock[s, 0] = t
                if t - clock[s, 0] >= timing[s, 0] - 1e-9:
                    clock[s, 1], clock[s, 0] = t, math.nan
                    done += 1
        at[g] = done
        ready[g] = 1 if first + done == stop else 0


@njit(**FLAGS)
def met(s, values, seen, step_first, condition, bounds):
    """Every condition of step s is inside its entry bounds."""
    for c in range(step_first[s], step_first[s + 1]):
        f = condition[c, 0]
        if not (seen[f] and bounds[c, 0] < values[f] < bounds[c, 1]):
            return False
    return True


@njit(**FLAGS)
def run_gestures(values, seen, t, first, condition, bounds, timing, phase, clock, events, why, ready):
    """Advance every gesture by one driving frame; answers how many events there are.

    `first` int64 (G + 1,): gesture g owns conditions first[g]:first[g + 1]; `condition` int64 (C, 2): feature, when it
    counts; `bounds` (C, 4): enter above, enter below, exit below, exit above; `timing` (G, 3): hold, release and window in
    s; `phase` int64 (G,); `clock` (G, 2): onset, last good; `events` int64 (G,); `why` int64 (G,): the condition at fault;
    `ready` uint8 (G,): whether it may begin.
    """
    count = 0
    for g in range(first.shape[0] - 1):
        events[g] = E_NONE
        enters, finishes, broken, missing, culprit, unfinished = True, True, False, False, -1, -1
        for c in range(first[g], first[g + 1]):
            f, when = condition[c, 0], condition[c, 1]
            x = values[f]
            inside = seen[f] and bounds[c, 0] < x < bounds[c, 1]
            if when == AT_FINISH:
                if not inside:
                    finishes, unfinished = False, c
                continue
            enters = enters and inside
            if when == ALWAYS and not seen[f]:
                missing, culprit = True, c
            elif when == ALWAYS and (x < bounds[c, 2] or x > bounds[c, 3]):
                broken, culprit = True, c
        event = advance(g, t, enters and ready[g] != 0, finishes, broken, missing, timing, phase, clock)
        if event != E_NONE:
            late = unfinished if phase[g] == SPENT else -1
            events[g], why[g] = event, culprit if culprit >= 0 else late
            count += 1
    return count


@njit(**FLAGS)
def advance(g, t, enters, finishes, broken, missing, timing, phase, clock):
    """One gesture's state machine: idle, holding, fired or spent."""
    state = phase[g]
    if state == IDLE:
        if enters:
            phase[g], clock[g, 0], clock[g, 1] = HOLDING, t, t
        return E_NONE
    lapsed = broken or missing
    since = t - clock[g, 1]
    if state == HOLDING and since > BRIDGE_S + 1e-9:  # whether it was seen wrong, not at all, or no picture came
        phase[g] = IDLE
        return E_CANCELLED
    if not lapsed:
        clock[g, 1], since = t, 0.0
    if state != HOLDING:
        if lapsed and since >= timing[g, 1]:
            phase[g] = IDLE
            return E_RELEASED if state == FIRED else E_NONE
        return E_NONE
    if lapsed:
        if broken and since > BREAK_S:
            phase[g] = IDLE
            return E_CANCELLED
        return E_NONE
    held = t - clock[g, 0]
    if held > timing[g, 2]:
        phase[g] = SPENT
        return E_CANCELLED
    if held >= timing[g, 0] and finishes:
        phase[g] = FIRED
        return E_COMPLETED
    return E_NONE
