/* The C twin of `dynamics.kernels.build_camera` and of all that it calls: the same work on the same memory, function by
 * function. Constants, places and tables come from the Python modules (build_tables.h is written when it is compiled). */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "build_tables.h"

enum { POINTS = 14 * 3, LANDMARK = 4, WORLD = 3 };

typedef const float (*Image)[LANDMARK];
typedef const float (*World)[WORLD];
typedef double (*Joints)[3];

static inline double clamp(double x, double low, double high) {
    x = x > low ? x : low;
    return x < high ? x : high;
}

static inline double larger(double a, double b) { return a > b ? a : b; }
static inline double smaller(double a, double b) { return a < b ? a : b; }
static inline double square(double x) { return x * x; }
static inline int back_in_ring(int newest, int back) { return (newest - back + HISTORY) % HISTORY; }

static void put(float *vector, uint8_t *valid, int slot, double value, bool ok) {
    if (ok && isfinite(value)) {
        vector[slot] = (float)clamp(value, LOW[slot], HIGH[slot]);
        valid[slot] = 1;
    } else {
        vector[slot] = (float)REST[slot];
        valid[slot] = 0;
    }
}

static double blend(double old, double new, double dt, double tau) {
    return isfinite(old) ? old + (new - old) * (1.0 - exp(-dt / tau)) : new;
}

static inline double within(double x, double bound) { return fabs(x) < bound ? x : NAN; }

static double landmark_seen(Image image, int k) {
    float x = image[k][0], y = image[k][1], v = image[k][3];
    if (!(isfinite(x) && isfinite(y) && isfinite(v))) return 0.0;
    if (x < -INSIDE_MARGIN || x > 1.0 + INSIDE_MARGIN || y < -INSIDE_MARGIN || y > 1.0 + INSIDE_MARGIN) return 0.0;
    return clamp(v, 0.0, 1.0);
}

static bool person_place(Image image, double aspect, double *place) {
    float lx = image[11][0], ly = image[11][1], rx = image[12][0], ry = image[12][1];
    double hx = 0.5 * (image[23][0] + image[24][0]), hy = 0.5 * (image[23][1] + image[24][1]);
    double x = 0.5 * (lx + rx) * aspect, y = 0.5 * (ly + ry);
    double torso = hypot(hx * aspect - x, hy - y), width = hypot((lx - rx) * aspect, ly - ry);
    place[0] = x, place[1] = y, place[2] = larger(torso, width);
    bool ok = isfinite(x) && isfinite(y) && isfinite(place[2]);
    return ok && fabs(x) < FAR * aspect && fabs(y) < FAR && 0.01 < place[2] && place[2] < FAR;
}

static int choose_person(const float *image, int persons, double aspect, double t, double *state) {
    double *place = state + S_PLACE, best_d = 1e9, best_size = 0.0, others_near = 0.0;
    int best = -1;
    bool fresh = state[S_LOCKED] > 0.0 && t - state[S_LOCK_T] < LOCK_LOST_S;
    for (int p = 0; p < persons; p++) {
        if (!person_place((Image)(image + p * 33 * LANDMARK), aspect, place)) continue;
        double d;
        if (fresh) {
            double size = larger(state[S_LOCK_SIZE], 1e-3);
            d = hypot(place[0] - state[S_LOCK_X], place[1] - state[S_LOCK_Y]) / size + fabs(log(place[2] / size));
        } else {
            d = hypot(place[0] - 0.5 * aspect, 0.0) / place[2] - 4.0 * place[2];
        }
        if (d < best_d) best = p, best_d = d, best_size = place[2];
    }
    state[S_SECOND] = 0.0, state[S_PERSON] = -1.0;
    if (best < 0 || (fresh && best_d > LOCK_GATE && persons > 1)) {
        state[S_LOCK_CONF] = 0.0;
        return -1;
    }
    person_place((Image)(image + best * 33 * LANDMARK), aspect, place);
    double x = place[0], y = place[1];
    for (int p = 0; p < persons; p++) {
        if (p != best && person_place((Image)(image + p * 33 * LANDMARK), aspect, place)) {
            double d = hypot(place[0] - x, place[1] - y) / best_size, like = fabs(log(place[2] / best_size));
            if (d > SAME_PERSON || like > 0.4) others_near = larger(others_near, d < SECOND_NEAR ? 1.0 : 0.0);
        }
    }
    state[S_SECOND] = others_near;
    bool jumped = fresh && best_d > LOCK_JUMP;
    if (!fresh) state[S_GAIN_T] = t, state[S_HAS_REF] = 0.0;
    double target = jumped ? 0.0 : others_near > 0.0 ? 0.5 : 1.0, dt = t - state[S_LOCK_T];
    bool take = !fresh || target < state[S_LOCK_CONF];
    state[S_LOCK_CONF] = take ? target : blend(state[S_LOCK_CONF], target, dt, 0.2);
    state[S_LOCK_X] = x, state[S_LOCK_Y] = y, state[S_LOCK_SIZE] = best_size;
    state[S_LOCK_T] = t, state[S_LOCKED] = 1.0, state[S_PERSON] = best;
    return best;
}

static void track_scale(double obs, double t, double dt, double *state) {
    if (!(isfinite(obs) && 0.005 < obs && obs < FAR)) return;
    if (!isfinite(state[S_SCALE])) {
        state[S_SCALE] = obs, state[S_GAIN_T] = t;
        return;
    }
    bool settling = t - state[S_GAIN_T] < SCALE_SETTLE_S;
    double step = log(obs / state[S_SCALE]) * (1.0 - exp(-dt / (settling ? 0.15 : 0.5)));
    double limit = settling ? 1.0 : SCALE_RATE * dt;
    state[S_SCALE] *= exp(clamp(step, -limit, limit));
}

static double picture_scale(Image image, World world, double aspect) {
    double n = 0.0, mx = 0.0, my = 0.0, ux = 0.0, uy = 0.0, xx = 0.0, uu = 0.0;
    for (int i = 0; i < SCALE_POINTS_SIZE; i++) {
        int k = SCALE_POINTS[i];
        double wx = within(world[k][0], FAR_M), wy = within(world[k][1], FAR_M);
        if (!(landmark_seen(image, k) >= MIN_SEEN && isfinite(wx) && isfinite(wy))) continue;
        double x = image[k][0] * aspect;
        float y = image[k][1]; /* squared in float32, as numba does it */
        n += 1.0, mx += x, my += y, ux += wx, uy += wy;
        xx = xx + x * x + y * y, uu = uu + wx * wx + wy * wy;
    }
    if (n < 4.0) return NAN;
    double spread = xx - (mx * mx + my * my) / n, spread_m = uu - (ux * ux + uy * uy) / n;
    return spread > 0.0 && spread_m > 1e-4 ? sqrt(spread / spread_m) : NAN;
}

static double scale_from(Image image, World world, double aspect, Joints body, double t, double dt, double *state) {
    double h[3], torso = 0.0;
    for (int c = 0; c < 3; c++) {
        h[c] = 0.5 * (body[LHI][c] + body[RHI][c]) - body[NECK][c];
        torso += h[c] * h[c];
    }
    torso = sqrt(torso);
    if (isfinite(torso) && 0.2 < torso && torso < 1.0) state[S_TORSO_M] = blend(state[S_TORSO_M], torso, dt, 1.0);
    double torso_m = isfinite(state[S_TORSO_M]) ? state[S_TORSO_M] : USUAL_TORSO_M;
    track_scale(SCALE_RATIO * picture_scale(image, world, aspect) * torso_m, t, dt, state);
    return torso_m;
}

static bool camera_joints(
    Image image, World world, double aspect, bool mirror, double t, double *state, Joints joints, Joints body, double *conf
) {
    double dt = isfinite(state[S_T]) ? clamp(t - state[S_T], 1e-3, GAP_S) : 1.0 / 30.0;
    double sign = mirror ? -1.0 : 1.0, cos_r = cos(state[S_ROLL]), sin_r = sin(state[S_ROLL]);
    for (int j = 0; j < 14; j++) {
        if (j == NECK) continue;
        int k = LANDMARK_OF[j];
        if (mirror) k = MIRROR_33[k];
        double wx = within(world[k][0], FAR_M), wy = within(world[k][1], FAR_M), wz = within(world[k][2], FAR_M);
        double x = sign * (within(image[k][0], FAR) - 0.5) * aspect, y = 0.5 - within(image[k][1], FAR);
        joints[j][0] = cos_r * x + sin_r * y, joints[j][1] = cos_r * y - sin_r * x, joints[j][2] = -wz;
        body[j][0] = sign * wx, body[j][1] = -wy, body[j][2] = -wz;
        conf[j] = landmark_seen(image, k);
    }
    double head = 0.0;
    for (int i = 0; i < HEAD_POINTS_SIZE; i++) head += landmark_seen(image, HEAD_POINTS[i]) / HEAD_POINTS_SIZE;
    conf[HEAD] = head;
    double ex = 0.5 * (within(image[7][0], FAR) + within(image[8][0], FAR));
    double ey = 0.5 * (within(image[7][1], FAR) + within(image[8][1], FAR));
    double x = sign * (ex - 0.5) * aspect, y = 0.5 - ey;
    joints[HEAD][0] = cos_r * x + sin_r * y, joints[HEAD][1] = cos_r * y - sin_r * x;
    for (int c = 0; c < 3; c++) {
        joints[NECK][c] = 0.5 * (joints[LSH][c] + joints[RSH][c]);
        body[NECK][c] = 0.5 * (body[LSH][c] + body[RSH][c]);
    }
    conf[NECK] = smaller(conf[LSH], conf[RSH]);
    double nx = joints[NECK][0], ny = joints[NECK][1];
    if (conf[NECK] < MIN_SEEN || !(isfinite(nx) && isfinite(ny))) return false;
    double torso_m = scale_from(image, world, aspect, body, t, dt, state), scale = state[S_SCALE];
    if (!isfinite(scale)) return false;
    double framed = 0.0, shoulder_z = joints[NECK][2];
    double bx = body[NECK][0], by = body[NECK][1], bz = body[NECK][2];
    for (int j = 0; j < 14; j++) {
        joints[j][0] = (joints[j][0] - nx) / scale;
        joints[j][1] = (joints[j][1] - ny) / scale;
        joints[j][2] = (joints[j][2] - shoulder_z) / torso_m;
        body[j][0] = (body[j][0] - bx) / torso_m;
        body[j][1] = (body[j][1] - by) / torso_m;
        body[j][2] = (body[j][2] - bz) / torso_m;
        if (j <= RWR && conf[j] >= MIN_SEEN) framed += 1.0 / 8.0;
    }
    state[S_FRAMING] = framed;
    double over = joints[HEAD][1];
    state[S_HEAD] = 0.05 < over && over < 1.2 && fabs(joints[HEAD][0]) < 0.9 ? head : 0.0;
    if (state[S_HAS_REF] == 0.0) state[S_REF_X] = nx / scale, state[S_REF_Y] = ny / scale, state[S_HAS_REF] = 1.0;
    joints[NECK][0] = nx / scale - state[S_REF_X];
    joints[NECK][1] = ny / scale - state[S_REF_Y];
    joints[NECK][2] = 0.0;
    return true;
}

static double angle_between(double ax, double ay, double az, double bx, double by, double bz) {
    double n = sqrt((ax * ax + ay * ay + az * az) * (bx * bx + by * by + bz * bz));
    if (!(n > 1e-9)) return NAN;
    return acos(clamp((ax * bx + ay * by + az * bz) / n, -1.0, 1.0));
}

static double bend(Joints p, int a, int b, int c) {
    return angle_between(
        p[b][0] - p[a][0], p[b][1] - p[a][1], p[b][2] - p[a][2], p[c][0] - p[b][0], p[c][1] - p[b][1], p[c][2] - p[b][2]
    );
}

static void coordinates(Joints joints, Joints body, const double *conf, double yaw0, double *raw, uint8_t *ok) {
    for (int i = 0; i < COORDINATES; i++) ok[i] = 0, raw[i] = 0.0;
    double sx = body[LSH][0] - body[RSH][0], sy = body[LSH][1] - body[RSH][1], sz = body[LSH][2] - body[RSH][2];
    double yaw = atan2(-sz, sx), c = cos(yaw), s = sin(yaw);
    bool hips = smaller(conf[LHI], conf[RHI]) >= MIN_SEEN;
    for (int side = 0; side < 2; side++) {
        int wrist = LWR + side, elbow = LEL + side, shoulder = LSH + side, hip = LHI + side, at = 3 * side;
        bool seen = conf[wrist] >= MIN_SEEN, bent = conf[elbow] >= MIN_SEEN;
        raw[at] = c * joints[wrist][0] - s * joints[wrist][2];
        raw[at + 1] = joints[wrist][1];
        raw[at + 2] = s * joints[wrist][0] + c * joints[wrist][2];
        ok[at] = ok[at + 1] = ok[at + 2] = seen;
        raw[6 + 2 * side] = c * joints[elbow][0] - s * joints[elbow][2];
        raw[7 + 2 * side] = joints[elbow][1];
        ok[6 + 2 * side] = ok[7 + 2 * side] = bent;
        raw[18 + side] = bend(body, shoulder, elbow, wrist);
        ok[18 + side] = bent && seen;
        double ux = body[elbow][0] - body[shoulder][0], uy = body[elbow][1] - body[shoulder][1];
        raw[20 + side] = angle_between(ux, uy, body[elbow][2] - body[shoulder][2], 0.0, -1.0, 0.0);
        ok[20 + side] = bent;
        int knee = LKN + side, ankle = LAN + side;
        raw[26 + side] = bend(body, hip, knee, ankle);
        ok[26 + side] = conf[hip] >= MIN_SEEN && conf[knee] >= MIN_SEEN && conf[ankle] >= MIN_SEEN;
        raw[28 + side] = joints[ankle][1] - 0.5 * (joints[LHI][1] + joints[RHI][1]);
        ok[28 + side] = conf[ankle] >= MIN_SEEN && hips;
    }
    raw[10] = joints[HEAD][0], raw[11] = joints[HEAD][1];
    ok[10] = ok[11] = conf[HEAD] >= MIN_SEEN;
    raw[12] = joints[NECK][0], raw[13] = joints[NECK][1];
    double hx = 0.5 * (body[LHI][0] + body[RHI][0]), hy = 0.5 * (body[LHI][1] + body[RHI][1]);
    double hz = 0.5 * (body[LHI][2] + body[RHI][2]);
    raw[14] = yaw - yaw0;
    raw[15] = atan2(-(c * hz + s * hx), -hy);
    double ix = 0.5 * (joints[LHI][0] + joints[RHI][0]), iy = 0.5 * (joints[LHI][1] + joints[RHI][1]);
    raw[16] = hips ? atan2(-ix, -iy) : atan2(-(c * hx - s * hz), -hy);
    raw[17] = atan2(sy, sqrt(sx * sx + sz * sz));
    ok[12] = ok[13] = ok[14] = ok[15] = ok[16] = ok[17] = 1;
    raw[22] = hypot(raw[0] - raw[3], raw[1] - raw[4]);
    raw[23] = 0.5 * (raw[1] + raw[4]);
    ok[22] = ok[23] = conf[LWR] >= MIN_SEEN && conf[RWR] >= MIN_SEEN;
    raw[24] = ix, raw[25] = iy;
    ok[24] = ok[25] = hips;
    raw[30] = joints[LAN][0] - joints[RAN][0];
    ok[30] = smaller(conf[LAN], conf[RAN]) >= MIN_SEEN;
    raw[31] = atan2(-(body[LHI][2] - body[RHI][2]), body[LHI][0] - body[RHI][0]) - yaw0;
    ok[31] = hips;
    for (int i = 0; i < COORDINATES; i++) {
        if (!(fabs(raw[i]) < 50.0)) ok[i] = 0, raw[i] = 0.0;
    }
}

static void accept_values(
    double *raw, uint8_t *ok, double t, double *last, double *last_t, double *cand, double *cand_t, double *z,
    uint8_t *ring_ok
) {
    for (int i = 0; i < COORDINATES; i++) {
        if (!ok[i]) continue;
        bool known = isfinite(last[i]);
        if (IS_ANGLE[i] && known) raw[i] -= TWO_PI * rint((raw[i] - last[i]) / TWO_PI);
        if (known && t - last_t[i] <= GAP_S && fabs(raw[i] - last[i]) > RATE_LIMIT[i] * (t - last_t[i])) {
            bool stayed = isfinite(cand[i])
                && fabs(raw[i] - cand[i]) <= 0.5 * RATE_LIMIT[i] * larger(t - cand_t[i], 1e-3);
            if (!stayed || t - cand_t[i] > GAP_S) {
                cand[i] = raw[i], cand_t[i] = t, ok[i] = 0;
                continue;
            }
            for (int r = 0; r < HISTORY; r++) ring_ok[r * COORDINATES + i] = 0;
        }
        if (known && t - last_t[i] > GAP_S) z[i] = NAN;
        cand[i] = NAN;
        last[i] = raw[i], last_t[i] = t;
    }
}

static bool solve_weights(const double *tau, int n, double lag, double *w0, double *w1, double *w2) {
    double s0 = n, s1 = 0.0, s2 = 0.0, s3 = 0.0, s4 = 0.0;
    for (int r = 0; r < n; r++) {
        double x = tau[r] + lag;
        s1 += x, s2 += x * x, s3 += x * x * x, s4 += x * x * x * x;
    }
    double det = s0 * (s2 * s4 - s3 * s3) - s1 * (s1 * s4 - s2 * s3) + s2 * (s1 * s3 - s2 * s2);
    if (!(fabs(det) > 1e-18)) return false;
    double a00 = (s2 * s4 - s3 * s3) / det, a01 = (s2 * s3 - s1 * s4) / det, a02 = (s1 * s3 - s2 * s2) / det;
    double a11 = (s0 * s4 - s2 * s2) / det, a12 = (s1 * s2 - s0 * s3) / det, a22 = (s0 * s2 - s1 * s1) / det;
    for (int r = 0; r < n; r++) {
        double x = tau[r] + lag;
        w0[r] = a00 + a01 * x + a02 * x * x;
        w1[r] = a01 + a11 * x + a12 * x * x;
        w2[r] = 2.0 * (a02 + a12 * x + a22 * x * x);
    }
    return true;
}

static void fit_alone(
    const double *ring, const uint8_t *ring_ok, int newest, double t, int rows, int i, double *rate, double *acc,
    uint8_t *fit_ok, double *own
) {
    double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0, s4 = 0.0, b0 = 0.0, b1 = 0.0, b2 = 0.0;
    double base = ring[newest * RING_WIDTH + i];
    for (int back = 0; back < rows; back++) {
        int r = back_in_ring(newest, back);
        if (!ring_ok[r * COORDINATES + i]) continue;
        double x = ring[r * RING_WIDTH + COORDINATES] - t + FIT_LAG_S, y = ring[r * RING_WIDTH + i] - base;
        own[back] = x;
        s0 += 1.0, s1 += x, s2 += x * x, s3 += x * x * x, s4 += x * x * x * x;
        b0 += y, b1 += x * y, b2 += x * x * y;
    }
    double det = s0 * (s2 * s4 - s3 * s3) - s1 * (s1 * s4 - s2 * s3) + s2 * (s1 * s3 - s2 * s2);
    if (!(fabs(det) > 1e-18)) return;
    rate[i] = ((s2 * s3 - s1 * s4) * b0 + (s0 * s4 - s2 * s2) * b1 + (s1 * s2 - s0 * s3) * b2) / det;
    acc[i] = 2.0 * ((s1 * s3 - s2 * s2) * b0 + (s1 * s2 - s0 * s3) * b1 + (s0 * s2 - s1 * s1) * b2) / det;
    fit_ok[i] = 1;
}

static void fit(
    const double *ring, const uint8_t *ring_ok, int newest, double t, double *rate, double *acc, uint8_t *fit_ok, double *work
) {
    double *tau = work, *w0 = work + HISTORY, *w1 = w0 + HISTORY, *w2 = w1 + HISTORY, *own = w2 + HISTORY;
    int rows = 0;
    for (int back = 0; back < HISTORY; back++) {
        double at = ring[back_in_ring(newest, back) * RING_WIDTH + COORDINATES], age = t - at;
        if (!(age <= FIT_WINDOW_S || (rows < 3 && age <= FIT_REACH_S))) break;
        tau[rows++] = at - t;
    }
    bool shared = rows >= 3 && solve_weights(tau, rows, FIT_LAG_S, w0, w1, w2);
    for (int i = 0; i < COORDINATES; i++) rate[i] = acc[i] = 0.0, fit_ok[i] = 0;
    if (!shared) return;
    for (int i = 0; i < COORDINATES; i++) {
        double v = 0.0, a = 0.0;
        int n = 0;
        for (int back = 0; back < rows; back++) {
            int r = back_in_ring(newest, back);
            v += w1[back] * ring[r * RING_WIDTH + i];
            a += w2[back] * ring[r * RING_WIDTH + i];
            n += ring_ok[r * COORDINATES + i];
        }
        if (n == rows) {
            rate[i] = v, acc[i] = a, fit_ok[i] = 1;
        } else if (n >= 3 && ring_ok[newest * COORDINATES + i]) {
            fit_alone(ring, ring_ok, newest, t, rows, i, rate, acc, fit_ok, own);
        }
    }
}

static double one_euro_alpha(double cutoff_hz, double dt) { return 1.0 / (1.0 + 1.0 / (TWO_PI * cutoff_hz * dt)); }

static void smooth(
    const double *raw, const uint8_t *ok, const double *rate, const uint8_t *fit_ok, double dt, double *z
) {
    for (int i = 0; i < COORDINATES; i++) {
        if (!ok[i]) continue;
        if (!isfinite(z[i])) {
            z[i] = raw[i];
        } else {
            double speed = fit_ok[i] ? fabs(rate[i]) / SCALE[i] : fabs(raw[i] - z[i]) / (SCALE[i] * dt);
            z[i] += (raw[i] - z[i]) * one_euro_alpha(MIN_CUTOFF_HZ + BETA * speed, dt);
        }
    }
}

static double geometry(
    const double *z, const uint8_t *zok, const double *rate, const double *acc, const uint8_t *fit_ok, double t, double dt,
    double *state, double *ring, int newest, float *vector, uint8_t *valid
) {
    double norm = 0.0, vv = 0.0, aa = 0.0, va = 0.0;
    int n = 0;
    for (int i = 0; i < COORDINATES; i++) {
        if (zok[i]) norm += square(z[i] / SCALE[i]);
        if (fit_ok[i]) {
            double v = rate[i] / SCALE[i], a = acc[i] / SCALE[i];
            vv += v * v, aa += a * a, va += v * a, n++;
        }
    }
    double speed = sqrt(vv);
    bool seen = n >= 8;
    double least = larger(speed, MIN_SPEED);
    double curve = log1p(sqrt(larger(vv * aa - va * va, 0.0)) / (least * least * least));
    double since = t - state[S_CURVE_T];
    if (isfinite(state[S_CURVE]) && 0.0 < since && since < GAP_S) {
        state[S_CURVE_RATE] = blend(state[S_CURVE_RATE], (curve - state[S_CURVE]) / since, dt, 0.15);
    } else {
        state[S_CURVE_RATE] = 0.0;
    }
    state[S_CURVE] = curve, state[S_CURVE_T] = t;
    ring[newest * RING_WIDTH + COORDINATES + 1] = seen ? speed : NAN;
    double total = 0.0, peak = 0.0;
    int count = 0;
    for (int back = 0; back < HISTORY; back++) {
        const double *row = ring + back_in_ring(newest, back) * RING_WIDTH + COORDINATES;
        if (!(t - row[0] <= 1.0)) break;
        if (isfinite(row[1])) total += row[1], peak = larger(peak, row[1]), count++;
    }
    put(vector, valid, I_NORM, sqrt(norm), n > 0);
    put(vector, valid, I_NORM + 1, speed, seen);
    put(vector, valid, I_NORM + 2, curve, seen);
    put(vector, valid, I_NORM + 3, state[S_CURVE_RATE], seen);
    put(vector, valid, I_NORM + 4, count > 2 && peak > MIN_SPEED ? total / count / peak : 1.0, seen);
    return speed;
}

static void rhythm(double signal, double dt, double *bank, double *state, float *vector, uint8_t *valid) {
    double *omega = bank, *re = bank + TEMPI, *im = re + TEMPI, *prior = im + TEMPI;
    double decay = exp(-dt / TEMPO_TAU_S), drive = smaller(dt, GAP_S), x = signal * drive, best_score = -1.0;
    int best = 0;
    state[S_TEMPO_E] = state[S_TEMPO_E] * decay + signal * signal * drive;
    for (int k = 0; k < TEMPI; k++) {
        double c = cos(omega[k] * dt), s = sin(omega[k] * dt), a = re[k], b = im[k];
        re[k] = decay * (a * c - b * s) + x;
        im[k] = decay * (a * s + b * c);
        double score = (re[k] * re[k] + im[k] * im[k]) * prior[k];
        if (score > best_score) best = k, best_score = score;
    }
    double power = re[best] * re[best] + im[best] * im[best], energy = state[S_TEMPO_E], shift = 0.0;
    double periodicity = energy > 1e-6 ? smaller(2.0 * power / (TEMPO_TAU_S * energy), 1.0) : 0.0;
    double confidence = periodicity * smaller(energy / TEMPO_TAU_S / 0.05, 1.0);
    if (0 < best && best < TEMPI - 1) {
        double below = (square(re[best - 1]) + square(im[best - 1])) * prior[best - 1];
        double above = (square(re[best + 1]) + square(im[best + 1])) * prior[best + 1];
        double curve = below - 2.0 * best_score + above;
        shift = curve < 0.0 ? 0.5 * (below - above) / curve : 0.0;
    }
    double beat = omega[best] * exp(log(omega[1] / omega[0]) * shift), bpm = beat * 60.0 / TWO_PI;
    double detuned = atan((beat - omega[best]) * TEMPO_TAU_S);
    double angle = atan2(im[best], re[best]) + detuned + beat * ACCELERATION_DELAY_S, turn = fmod(angle / TWO_PI, 1.0);
    bool seen = confidence > 0.1;
    put(vector, valid, I_TEMPO, bpm / 200.0, seen);
    put(vector, valid, I_TEMPO + 1, turn < 0.0 ? turn + 1.0 : turn, seen);
    put(vector, valid, I_TEMPO + 2, periodicity, true);
    put(vector, valid, I_TEMPO_CONF, confidence, true);
    put(vector, valid, I_PHASE, sin(angle), seen);
    put(vector, valid, I_PHASE + 1, cos(angle), seen);
}

static void statistics(
    const double *z, const uint8_t *zok, const double *rate, const uint8_t *fit_ok, const double *conf, double speed,
    double dt, double *state, float *vector, uint8_t *valid
) {
    bool wrists = fit_ok[I_L_WRIST] && fit_ok[I_R_WRIST];
    if (wrists) {
        double lx = rate[I_L_WRIST], ly = rate[I_L_WRIST + 1], rx = -rate[I_R_WRIST], ry = rate[I_R_WRIST + 1];
        state[S_LL] = blend(state[S_LL], lx * lx + ly * ly, dt, 1.0);
        state[S_RR] = blend(state[S_RR], rx * rx + ry * ry, dt, 1.0);
        state[S_LR] = blend(state[S_LR], lx * rx + ly * ry, dt, 1.0);
    }
    bool legs_seen = fit_ok[I_LEGS] && fit_ok[I_LEGS + 1] && fit_ok[I_LEGS + 2] && fit_ok[I_LEGS + 3];
    double up = 0.0, low = 0.0, legs = 0.0;
    for (int i = 0; i < COORDINATES; i++) {
        if (!fit_ok[i]) continue;
        double part = square(rate[i] / SCALE[i]);
        if (I_LEGS <= i && i <= I_LEGS + 4) low += part; else up += part;
    }
    if (legs_seen) {
        for (int i = I_LEGS; i < I_LEGS + 4; i++) legs += fabs(rate[i]) / 4.0;
        state[S_LOW] = blend(state[S_LOW], low, dt, 1.0);
        state[S_LEGS] = blend(state[S_LEGS], legs, dt, 1.0);
    }
    state[S_UP] = blend(state[S_UP], up, dt, 1.0);
    state[S_ENERGY] = blend(state[S_ENERGY], speed, dt, 1.0);
    double y = z[I_SHIFT + 1];
    state[S_MEAN_Y] = blend(state[S_MEAN_Y], y, dt, 2.0);
    state[S_VAR_Y] = blend(state[S_VAR_Y], square(y - state[S_MEAN_Y]), dt, 2.0);
    double trunk = hypot(rate[I_SHIFT], rate[I_SHIFT + 1]);
    double head = fit_ok[I_HEAD] ? hypot(rate[I_HEAD], rate[I_HEAD + 1]) : trunk;
    state[S_CORE] = blend(state[S_CORE], 0.5 * (trunk + head), dt, 1.0);
    double moving = state[S_LOW] + state[S_UP], both = state[S_LL] + state[S_RR], covered = 0.0;
    put(vector, valid, I_POSTURE, moving > 1e-6 ? state[S_LOW] / moving : 0.5, legs_seen);
    put(vector, valid, I_POSTURE + 1, cos(z[I_PITCH]) * cos(z[I_ROLL]), zok[I_PITCH] && zok[I_ROLL]);
    put(vector, valid, I_POSTURE + 2, rate[I_YAW], fit_ok[I_YAW]);
    put(vector, valid, I_POSTURE + 3, both > 1e-4 ? 2.0 * state[S_LR] / both : 0.0, wrists);
    for (int j = 0; j < 14; j++) covered += conf[j] >= MIN_SEEN ? 1.0 / 14.0 : 0.0;
    put(vector, valid, I_STATS, state[S_ENERGY], true);
    put(vector, valid, I_STATS + 1, sqrt(larger(state[S_VAR_Y], 0.0)), true);
    put(vector, valid, I_STATS + 2, state[S_CORE], true);
    put(vector, valid, I_STATS + 3, state[S_LEGS], legs_seen);
    put(vector, valid, I_STATS + 4, state[S_FRAMING], true);
    put(vector, valid, I_STATS + 5, covered, true);
}

static double bones(Joints body, const double *conf, double dt, double *state) {
    double worst = 0.0;
    for (int b = 0; b < 4; b++) {
        int p = ARM_BONES[2 * b], q = ARM_BONES[2 * b + 1];
        if (smaller(conf[p], conf[q]) < MIN_SEEN) continue;
        double x = body[p][0] - body[q][0], y = body[p][1] - body[q][1], z = body[p][2] - body[q][2];
        double length = sqrt(x * x + y * y + z * z), usual = state[S_BONES + b];
        if (!(isfinite(length) && length < 5.0)) continue;
        if (isfinite(usual) && usual > 0.05) worst = larger(worst, fabs(length - usual) / usual);
        state[S_BONES + b] = blend(usual, length, dt, 3.0);
    }
    return worst;
}

static void build_body(double t, int newest, double *mem, uint8_t *bits, float *vector, uint8_t *valid) {
    Joints joints = (Joints)(mem + M_POINTS), body = joints + 14;
    double *conf = mem + M_CONF, *state = mem, *columns = mem + M_COLUMNS, *ring = mem + M_RING;
    double *raw = columns + C_RAW * COORDINATES, *z = columns + C_Z * COORDINATES, *rate = columns + C_RATE * COORDINATES;
    double *acc = columns + C_ACC * COORDINATES, *offset = columns + C_OFFSET * COORDINATES;
    uint8_t *ok = bits, *fit_ok = bits + COORDINATES, *ring_ok = bits + B_RING;
    double since = isfinite(state[S_T]) ? larger(t - state[S_T], 1e-3) : 1.0 / 30.0, dt = smaller(since, GAP_S);
    coordinates(joints, body, conf, isfinite(state[S_YAW0]) ? state[S_YAW0] : 0.0, raw, ok);
    accept_values(
        raw, ok, t, columns + C_LAST * COORDINATES, columns + C_LAST_T * COORDINATES, columns + C_CAND * COORDINATES,
        columns + C_CAND_T * COORDINATES, z, ring_ok
    );
    ring[newest * RING_WIDTH + COORDINATES] = t;
    for (int i = 0; i < COORDINATES; i++) {
        ring[newest * RING_WIDTH + i] = raw[i];
        ring_ok[newest * COORDINATES + i] = ok[i];
    }
    fit(ring, ring_ok, newest, t, rate, acc, fit_ok, mem + M_WORK);
    if (t - state[S_BLEND_T] < BLEND_S) {
        double keep = 1.0 - (t - state[S_BLEND_T]) / BLEND_S;
        for (int i = 0; i < COORDINATES; i++) {
            fit_ok[i] = 0;
            if (ok[i]) z[i] = raw[i] + ((isfinite(offset[i]) ? offset[i] : raw[i]) - raw[i]) * keep;
        }
    } else {
        smooth(raw, ok, rate, fit_ok, dt, z);
    }
    state[S_T] = t;
    for (int i = 0; i < COORDINATES; i++) {
        put(vector, valid, i, z[i], ok[i]);
        put(vector, valid, COORDINATES + i, rate[i], fit_ok[i] && ok[i]);
    }
    double speed = geometry(z, ok, rate, acc, fit_ok, t, dt, state, ring, newest, vector, valid);
    double signal = fit_ok[I_SHIFT + 1] ? acc[I_SHIFT + 1] + (fit_ok[I_HEAD + 1] ? acc[I_HEAD + 1] : 0.0) : 0.0;
    rhythm(clamp(signal, -40.0, 40.0), since, mem + M_BANK, state, vector, valid);
    statistics(z, ok, rate, fit_ok, conf, speed, dt, state, vector, valid);
    put(vector, valid, I_CONF + 1, conf[LWR], true);
    put(vector, valid, I_CONF + 2, conf[RWR], true);
    put(vector, valid, I_LOCK, state[S_HEAD], true);
    put(vector, valid, I_LOCK + 2, bones(body, conf, dt, state), true);
}

static void lose_body(float *vector, uint8_t *valid) {
    for (int i = 0; i < 76; i++) vector[i] = (float)REST[i], valid[i] = 0;
    for (int i = I_STATS; i < I_STATS + 6; i++) vector[i] = (float)REST[i], valid[i] = 0;
    for (int i = I_CONF; i < I_CONF + 3; i++) vector[i] = 0.0f, valid[i] = 1;
    vector[I_LOCK] = 0.0f, valid[I_LOCK] = 1;
    vector[I_TEMPO_CONF] = 0.0f, valid[I_TEMPO_CONF] = 1;
    const int gone[] = {I_PHASE, I_PHASE + 1, I_LOCK + 2};
    for (int i = 0; i < 3; i++) vector[gone[i]] = (float)REST[gone[i]], valid[gone[i]] = 0;
}

int build_camera(
    const float *image, const float *world, int persons, double aspect, int mirror, double t, int newest, double *mem,
    uint8_t *bits, float *vector, uint8_t *valid
) {
    double *conf = mem + M_CONF;
    Joints joints = (Joints)(mem + M_POINTS), body = joints + 14;
    int person = choose_person(image, persons, aspect, t, mem);
    put(vector, valid, I_LOCK + 1, mem[S_LOCK_CONF], true);
    if (person < 0) {
        lose_body(vector, valid);
        return 0;
    }
    Image landmarks = (Image)(image + person * 33 * LANDMARK);
    World places = (World)(world + person * 33 * WORLD);
    if (!camera_joints(landmarks, places, aspect, mirror, t, mem, joints, body, conf)) {
        lose_body(vector, valid);
        return 0;
    }
    put(vector, valid, I_CONF, 0.25 * (conf[LSH] + conf[RSH] + conf[LEL] + conf[REL]), true);
    build_body(t, newest, mem, bits, vector, valid);
    return 1;
}

/* The loop that is timed: `count` pictures of `persons` people each, `dt` apart. How many gave a vector. */
int run(
    int count, const float *images, const float *worlds, int persons, double aspect, double start, double dt, double *mem,
    uint8_t *bits, float *vector, uint8_t *valid
) {
    int built = 0;
    for (int n = 0; n < count; n++) {
        built += build_camera(
            images + n * persons * 33 * LANDMARK, worlds + n * persons * 33 * WORLD, persons, aspect, 0, start + n * dt,
            n % HISTORY, mem, bits, vector, valid
        );
    }
    return built;
}
