"""Dynamics128Builder: frames in, one vector of 128 numbers out, with a validity mask and ages.

One body feeds slots 0:64 at a time: the camera while it is good, else mocopi; a hand-over cross-fades. Nothing here
asks the time, logs, or raises on data.
"""

import math

import numpy as np

from . import kernels as k
from .calibration import LEVEL, Calibration
from .frames import MAX_PERSONS, DeckSample, ImuSample, MocapFrame, Modality, PoseFrame, WatchSample
from .intake import Intake
from .schema import COORDINATES, INDEX, LAYOUT, REST, SLOTS

NS = 1e-9
AGE_MAX_S = 10.0
CAMERA_GOOD_S = 0.5
"""The camera has the body until it has shown nobody for this long."""
CAMERA_BACK_S = 0.3
"""Mocopi keeps the body until the camera has shown somebody for this long: a flicker is no hand-over."""
POCKET_STALE_S = 2.0
DECK_STALE_S = 2.0
WATCH_STALE_S = 15.0
"""Heart rates arrive every 1-9 s."""
WRIST_ENERGY_S = 1.0
GRAVITY_MPS2 = 9.80665
_ZERO_AT_START = (
    k.S_HAS_REF, k.S_LOCKED, k.S_LOCK_CONF, k.S_SECOND, k.S_TEMPO_E, k.S_CURVE_RATE, k.S_HEAD, k.S_FRAMING,
    k.S_PLACE, k.S_PLACE + 1, k.S_PLACE + 2, k.S_LL, k.S_RR, k.S_LR, k.S_UP, k.S_LOW, k.S_ENERGY, k.S_VAR_Y, k.S_CORE, k.S_LEGS,
)  # fmt: skip
_AGES = ("camera", "mocopi", "pocket", "watch")
_AGE_MAX_NS, _CAMERA_GOOD_NS, _POCKET_STALE_NS, _WATCH_STALE_NS, _DECK_STALE_NS = (
    round(seconds / NS) for seconds in (AGE_MAX_S, CAMERA_GOOD_S, POCKET_STALE_S, WATCH_STALE_S, DECK_STALE_S)
)
_CAMERA_BIT, _MOCOPI_BIT, _POCKET_BIT = Modality.CAMERA.value, Modality.MOCOPI.value, Modality.POCKET.value
_WATCH_BIT, _DECK_BIT = Modality.WATCH.value, Modality.DECK.value
_NEVER = -(10**18)

I_MASK = INDEX["modality_mask"]
I_AGE = INDEX["age_camera"]
I_POCKET = INDEX["pocket_pitch"]
I_WATCH = INDEX["heart_rate"]
I_HANDS = INDEX["hand_open_left"]
I_DECK_PHASE = INDEX["deck_beat_phase"]
I_CONF_MOCOPI = INDEX["conf_mocopi"]


def tempo_bank() -> np.ndarray:
    """(4, TEMPI) float64: angular frequency, real and imaginary state, and prior of each resonator."""
    bpm = np.geomspace(k.TEMPO_LOW_BPM, k.TEMPO_HIGH_BPM, k.TEMPI)
    bank = np.zeros((4, k.TEMPI))
    bank[0] = bpm * k.TWO_PI / 60.0
    k.prefer_tempo(bank, k.TEMPO_PRIOR_BPM, k.TEMPO_PRIOR_OCTAVES)
    return bank


class Dynamics128Builder:
    """Builds `vector` (128,) float32 and `valid` (128,) uint8 in place; both are overwritten by the next frame."""

    __slots__ = (
        "_back_ns",
        "_bank",
        "_bits",
        "_camera_t",
        "_deck_bpm",
        "_epoch_ns",
        "_heart_ns",
        "_intake",
        "_last_ns",
        "_mem",
        "_mocopi",
        "_mocopi_bits",
        "_mocopi_row",
        "_row",
        "_watch_energy",
        "calibration",
        "driver",
        "hand_overs",
        "performer_seen",
        "second_person",
        "valid",
        "vector",
    )  # fmt: skip

    def __init__(self, calibration: Calibration = LEVEL) -> None:
        self.vector = REST.astype(np.float32)
        self.valid = np.zeros(SLOTS, dtype=np.uint8)
        self._intake = Intake()
        self.reset(calibration)

    def reset(self, calibration: Calibration = LEVEL) -> None:
        """Forget the performer; start anew from a calibration."""
        self.calibration = calibration
        self._mem = np.full(k.MEMORY, np.nan)
        self._bank = self._mem[k.M_BANK : k.M_WORK].reshape(4, k.TEMPI)
        self._bits = np.zeros(k.BITS, dtype=np.uint8)
        self._mocopi = np.full(k.MOCOPI_MEMORY, np.nan)
        self._mocopi_bits = np.zeros(k.MOCOPI_BITS, dtype=np.uint8)
        self._clear_rings()
        self._epoch_ns = _NEVER
        self._last_ns = dict.fromkeys((*_AGES, "deck"), _NEVER)
        self._heart_ns = self._back_ns = _NEVER
        self._camera_t = math.nan
        self._watch_energy = self._deck_bpm = math.nan
        self.driver = ""
        self.hand_overs = 0
        self.performer_seen = False
        self.second_person = False
        self.vector[:] = REST
        self.valid[:] = 0

    def _clear_rings(self) -> None:
        m, state = self._mem, self._mem[: k.STATE]
        m[k.M_RING : k.M_BANK] = 0.0
        m[k.M_RING : k.M_BANK].reshape(k.HISTORY, k.RING_WIDTH)[:, COORDINATES] = -1e9
        m[k.M_BANK : k.M_WORK] = tempo_bank().ravel()
        m[k.M_WORK : k.MEMORY] = 0.0
        self._mocopi[k.P_RING : k.P_WORK] = 0.0
        self._mocopi[k.P_RING : k.P_WORK].reshape(k.HISTORY, k.SITE_RING_WIDTH)[:, k.SITE_COLUMNS] = -1e9
        self._mocopi[k.P_HEADING : k.P_FLOOR] = 0.0
        for place in _ZERO_AT_START:
            state[place] = 0.0
        state[k.S_BLEND_T] = state[k.S_LOCK_T] = -1e9
        state[k.S_PERSON] = -1.0
        self._mocopi[k.P_T] = -1e9
        state[k.S_ROLL] = self.calibration.camera_roll_rad
        self._row = self._mocopi_row = 0

    @property
    def producer(self) -> str:
        """Who made this vector: goes into every record."""
        return f"airdeck.builder/{LAYOUT.rsplit('/', 1)[1]}:{self.driver or 'none'}"

    def warm_up(self) -> None:
        """Compile and touch every path, then forget it. Arming waits for this."""
        quat = np.zeros((27, 4), dtype=np.float32)
        quat[:, 3] = 1.0
        image = np.full((MAX_PERSONS, 33, 4), 0.5, dtype=np.float32)
        image[:, 11:13, 0] = (0.45, 0.55)
        world = np.zeros((MAX_PERSONS, 33, 3), dtype=np.float32)
        rest = np.zeros((27, 3), dtype=np.float32)
        rest[1:, 1] = 0.1
        calibration = self.calibration
        for step in range(4):
            t_ns = 1 + step * 33_000_000
            for persons in (0, 1, 2):
                self.on_pose(PoseFrame(t_ns, t_ns, step, 640, 480, image[:persons], world[:persons]), t_ns + persons)
            self._last_ns["camera"] = _NEVER
            self.on_mocap(MocapFrame(t_ns, t_ns, step, quat, rest, rest[0]), t_ns)
        k.world_from_picture(image, 1.0, world)
        k.readable(image, world, 1.0, self._mem[: k.STATE])
        self._lose()
        self.is_finite()
        self.reset(calibration)

    def _seconds(self, t_ns: int) -> float:
        if self._epoch_ns == _NEVER:
            self._epoch_ns = t_ns
        return (t_ns - self._epoch_ns) * NS

    def on_pose(self, frame: PoseFrame, now_ns: int) -> bool:
        """A picture: builds the vector when the camera has the body. True when a new body vector was built."""
        capture_ns = min(frame.capture_ns, now_ns)  # a stamp of the future would shut out all that follow
        t = self._seconds(capture_ns)
        if t <= self._camera_t or frame.height_px <= 0 or frame.width_px <= 0:
            return False
        self._camera_t = t
        aspect = frame.width_px / frame.height_px
        image, world = self._intake.people(frame, aspect)
        if self.driver != "camera":
            if not self._camera_is_back(image, world, aspect, capture_ns):
                self._write_status(now_ns)
                return False
            self._take_over("camera", t)
        self._row = (self._row + 1) % k.HISTORY
        built = k.build_camera(
            image, world, aspect, self.calibration.mirror, t, self._row, self._mem, self._bits, self.vector, self.valid
        )
        self.performer_seen = bool(built)
        self.second_person = bool(self._mem[k.S_SECOND] > 0.0)
        if built:
            self._last_ns["camera"] = capture_ns
        self._write_hands(frame, bool(built))
        self._write_status(now_ns)
        return bool(built)

    def on_mocap(self, frame: MocapFrame, now_ns: int) -> bool:
        """A mocap frame: fills its own slots, and the body when the camera has lost it. True when a body was built."""
        capture_ns = min(frame.capture_ns, now_ns)
        t = self._seconds(capture_ns)
        bones = self._intake.bones(frame)
        if bones is None:
            return False
        self._mocopi_row = (self._mocopi_row + 1) % k.HISTORY
        if not k.read_mocap(*bones, t, self._mocopi_row, self._mocopi, self._mocopi_bits, self.vector, self.valid):
            return False
        self._last_ns["mocopi"] = capture_ns
        built = self._mocopi_leads(capture_ns) and self._drive_by_mocopi(self._intake.seen(frame), t)
        self._write_status(now_ns)
        return built

    def _mocopi_leads(self, capture_ns: int) -> bool:
        return capture_ns - self._last_ns["camera"] > CAMERA_GOOD_S / NS

    def _drive_by_mocopi(self, seen: np.ndarray, t: float) -> bool:
        if self.driver != "mocopi":
            self._take_over("mocopi", t)
        if not self._advances(t):
            return False
        self._row = (self._row + 1) % k.HISTORY
        built = k.build_from_mocap(self._mocopi, seen, t, self._row, self._mem, self._bits, self.vector, self.valid)
        self.performer_seen, self.second_person = bool(built), False
        return bool(built)

    def _camera_is_back(self, image: np.ndarray, world: np.ndarray, aspect: float, t_ns: int) -> bool:
        """Whether the camera takes the body from mocopi (or from nobody)."""
        if self.driver == "" or t_ns - self._last_ns["mocopi"] > CAMERA_GOOD_S / NS:
            return True
        if not k.readable(image, world, aspect, self._mem[: k.STATE]):
            self._back_ns = _NEVER
            return False
        if self._back_ns == _NEVER:
            self._back_ns = t_ns
        return t_ns - self._back_ns >= CAMERA_BACK_S / NS

    def on_imu(self, sample: ImuSample, now_ns: int) -> None:
        """A pocket phone: pitch and roll."""
        self._last_ns["pocket"] = min(sample.capture_ns, now_ns)
        self._put(I_POCKET, sample.pitch_rad)
        self._put(I_POCKET + 1, sample.roll_rad)
        self._write_status(now_ns)

    def on_watch(self, sample: WatchSample, now_ns: int) -> None:
        """A watch: heart rate and wrist energy."""
        capture_ns = min(sample.capture_ns, now_ns)
        dt = min(max((capture_ns - self._last_ns["watch"]) * NS, 0.0), WRIST_ENERGY_S)
        self._last_ns["watch"] = capture_ns
        x, y, z = sample.accel_mps2
        power = (x * x + y * y + z * z) / GRAVITY_MPS2**2
        if power < 1e4:
            known = math.isfinite(self._watch_energy)
            gain = 1.0 - math.exp(-dt / WRIST_ENERGY_S) if known else 1.0
            self._watch_energy = power if not known else self._watch_energy + gain * (power - self._watch_energy)
            self._put(I_WATCH + 1, math.sqrt(self._watch_energy))
        if 20.0 < sample.heart_rate_bpm < 300.0:
            self._put(I_WATCH, sample.heart_rate_bpm / 200.0)
            self._heart_ns = capture_ns
        self._write_status(now_ns)

    def on_deck(self, sample: DeckSample, now_ns: int) -> None:
        """A deck's beat: its phase, and its tempo to settle the octave of the body's."""
        self._last_ns["deck"] = min(sample.capture_ns, now_ns)
        self._put(I_DECK_PHASE, sample.beat_phase)
        self._prefer(sample.bpm)
        self._write_status(now_ns)

    def tick(self, now_ns: int) -> None:
        """Ages and staleness move on although nothing arrived."""
        self._write_status(now_ns)

    def valid_hex(self) -> str:
        """The mask of valid slots, 32 hex digits, slot 0 the highest bit."""
        return np.packbits(self.valid).tobytes().hex()

    def is_finite(self) -> bool:
        """True when all 128 numbers are finite (they always should be)."""
        return bool(k.all_finite(self.vector))

    def _advances(self, t: float) -> bool:
        last = self._mem[k.S_T]
        return not (t <= last)

    def _prefer(self, deck_bpm: float) -> None:
        """Tell the resonators the deck's tempo, or that none is known."""
        known = k.TEMPO_LOW_BPM <= deck_bpm <= k.TEMPO_HIGH_BPM
        bpm = deck_bpm if known else math.nan
        if bpm == self._deck_bpm or (not known and math.isnan(self._deck_bpm)):
            return
        self._deck_bpm = bpm
        k.prefer_tempo(
            self._bank, bpm if known else k.TEMPO_PRIOR_BPM, k.DECK_PRIOR_OCTAVES if known else k.TEMPO_PRIOR_OCTAVES
        )

    def _put(self, slot: int, value: float) -> None:
        k.put(self.vector, self.valid, slot, value, True)

    def _take_over(self, driver: str, t: float) -> None:
        first = self.driver == ""
        self.driver = driver
        k.hand_over(t if not first else -1e9, self._mem)
        cal = self.calibration
        if driver == "camera":
            self._mem[k.S_SCALE], self._mem[k.S_TORSO_M], self._mem[k.S_YAW0] = cal.torso_image, cal.torso_m, cal.facing_rad
            self._mem[k.S_GAIN_T] = t
        else:
            self._mem[k.S_TURN] = cal.mocap_facing_rad
        if not first:
            self.hand_overs += 1

    def _write_hands(self, frame: PoseFrame, built: bool) -> None:
        person, hands = int(self._mem[k.S_PERSON]), frame.hand_open
        if built and hands.ndim == 2 and hands.shape[1] == 2 and person < hands.shape[0]:
            left, right = (1, 0) if self.calibration.mirror else (0, 1)
            self._put(I_HANDS, float(hands[person, left]))
            self._put(I_HANDS + 1, float(hands[person, right]))
        elif self.valid[I_HANDS] or self.valid[I_HANDS + 1]:
            self._drop(I_HANDS, I_HANDS + 2)

    def _write_status(self, now_ns: int) -> None:
        last, vector, valid = self._last_ns, self.vector, self.valid
        place = I_AGE
        for name in _AGES:
            age_ns = now_ns - last[name]
            vector[place] = AGE_MAX_S if age_ns > _AGE_MAX_NS else age_ns * NS if age_ns > 0 else 0.0
            place += 1
        if not valid[I_MASK]:
            valid[I_MASK] = valid[I_AGE : I_AGE + len(_AGES)] = 1
        camera, mocopi = now_ns - last["camera"] < _CAMERA_GOOD_NS, now_ns - last["mocopi"] < _CAMERA_GOOD_NS
        pocket, watch = now_ns - last["pocket"] < _POCKET_STALE_NS, now_ns - last["watch"] < _WATCH_STALE_NS
        deck = now_ns - last["deck"] < _DECK_STALE_NS
        if mocopi:
            vector[I_CONF_MOCOPI] = valid[I_CONF_MOCOPI] = 1
        elif valid[I_CONF_MOCOPI]:
            self._drop(k.I_MOCOPI, k.I_MOCOPI + 24)
            self._drop(I_CONF_MOCOPI, I_CONF_MOCOPI + 1)
        if self.performer_seen and not (camera if self.driver == "camera" else mocopi):
            self._lose()
        if not pocket and (valid[I_POCKET] or valid[I_POCKET + 1]):
            self._drop(I_POCKET, I_POCKET + 2)
        if not watch and valid[I_WATCH + 1]:
            self._drop(I_WATCH + 1, I_WATCH + 2)
            self._watch_energy = math.nan
        if valid[I_WATCH] and now_ns - self._heart_ns >= _WATCH_STALE_NS:
            self._drop(I_WATCH, I_WATCH + 1)
        if not deck and (valid[I_DECK_PHASE] or not math.isnan(self._deck_bpm)):
            self._drop(I_DECK_PHASE, I_DECK_PHASE + 1)
            self._prefer(math.nan)
        vector[I_MASK] = (
            camera * _CAMERA_BIT | mocopi * _MOCOPI_BIT | pocket * _POCKET_BIT | watch * _WATCH_BIT | deck * _DECK_BIT
        )

    def _lose(self) -> None:
        """The device that had the body has fallen silent."""
        k.lose_body(self.vector, self.valid)
        k.put(self.vector, self.valid, k.I_LOCK + 1, 0.0, True)
        self._drop(I_HANDS, I_HANDS + 2)
        self.performer_seen = self.second_person = False

    def _drop(self, start: int, stop: int) -> None:
        self.vector[start:stop] = REST[start:stop]
        self.valid[start:stop] = 0
