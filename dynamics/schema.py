"""The 128 slots of Dynamics128, layout `airdeck.dynamics128/1`: one table, the source of every slice, unit, range,
index, document and fingerprint.

Body frame: origin at mid-shoulder, y up against gravity, x to the performer's left, z to the audience at the calibrated
facing; hands and elbows are given in the trunk-yaw frame. Lengths in torso lengths (neck to hip), angles in radians,
time in seconds, values float32. A slot without a value holds its `rest` and is marked invalid in the mask.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

LAYOUT = "airdeck.dynamics128/1"
SLOTS = 128
COORDINATES = 32
"""How many body coordinates there are: slots 0:32, their rates in 32:64."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One number: what it is, in which unit, between which bounds, by whom, and how it is scaled for geometry."""

    name: str
    unit: str
    low: float
    high: float
    producer: str
    scale: float = 1.0
    """Divides the value before norms and speeds are taken, so radians and lengths never mix raw."""
    noise: float = 0.0
    """Noise floor of the value, in its unit (camera at 2 m, indoor light): a guess until `bench` measures it."""
    rest: float = 0.0
    note: str = ""


_BODY = "body"
_T = "torso"
# name, unit, low, high, scale, noise, rest, note. Order is the layout.
_Z: tuple[tuple[str, str, float, float, float, float, float, str], ...] = (
    ("l_wrist_x", _T, -2.5, 2.5, 0.5, 0.010, 0.4, "left wrist from mid-shoulder, towards the performer's left"),
    ("l_wrist_y", _T, -2.5, 2.5, 0.5, 0.010, -1.0, "left wrist over mid-shoulder"),
    ("l_wrist_z", _T, -2.5, 2.5, 1.0, 0.040, 0.0, "left wrist towards the audience (the noisy axis)"),
    ("r_wrist_x", _T, -2.5, 2.5, 0.5, 0.010, -0.4, "right wrist from mid-shoulder, towards the performer's left"),
    ("r_wrist_y", _T, -2.5, 2.5, 0.5, 0.010, -1.0, "right wrist over mid-shoulder"),
    ("r_wrist_z", _T, -2.5, 2.5, 1.0, 0.040, 0.0, "right wrist towards the audience (the noisy axis)"),
    ("l_elbow_x", _T, -2.0, 2.0, 0.5, 0.010, 0.4, "left elbow, as the wrist"),
    ("l_elbow_y", _T, -2.0, 2.0, 0.5, 0.010, -0.5, ""),
    ("r_elbow_x", _T, -2.0, 2.0, 0.5, 0.010, -0.4, "right elbow, as the wrist"),
    ("r_elbow_y", _T, -2.0, 2.0, 0.5, 0.010, -0.5, ""),
    ("head_x", _T, -1.5, 1.5, 0.5, 0.008, 0.0, "head from mid-shoulder"),
    ("head_y", _T, -1.5, 1.5, 0.5, 0.008, 0.4, "head over mid-shoulder"),
    ("trunk_shift_x", _T, -8.0, 8.0, 1.0, 0.010, 0.0, "mid-shoulder from where calibration (or the lock) found it"),
    ("trunk_shift_y", _T, -8.0, 8.0, 0.5, 0.010, 0.0, "the same, upwards: crouch is negative, a jump positive"),
    ("trunk_yaw", "rad", -50.0, 50.0, 1.0, 0.060, 0.0, "turn of the shoulders against the calibrated facing, unwrapped"),
    ("trunk_pitch", "rad", -3.2, 3.2, 1.0, 0.060, 0.0, "lean to the audience is positive"),
    ("trunk_roll", "rad", -3.2, 3.2, 1.0, 0.020, 0.0, "lean to the performer's left is positive"),
    ("shoulder_line", "rad", -3.2, 3.2, 1.0, 0.020, 0.0, "left shoulder higher is positive"),
    ("l_elbow_flexion", "rad", 0.0, 3.2, 1.5, 0.080, 0.3, "0 is a straight arm"),
    ("r_elbow_flexion", "rad", 0.0, 3.2, 1.5, 0.080, 0.3, ""),
    ("l_shoulder_elevation", "rad", 0.0, 3.2, 1.5, 0.060, 0.2, "upper arm from hanging (0) to straight up (pi)"),
    ("r_shoulder_elevation", "rad", 0.0, 3.2, 1.5, 0.060, 0.2, ""),
    ("hand_distance", _T, 0.0, 5.0, 1.0, 0.015, 0.8, "between the wrists, in the frontal plane"),
    ("hand_height", _T, -2.5, 2.5, 0.5, 0.008, -1.0, "mean height of the wrists"),
    ("hip_shift_x", _T, -2.0, 2.0, 1.0, 0.015, 0.0, "mid-hip from mid-shoulder, masked when the hips are not seen"),
    ("hip_height", _T, -2.0, 2.0, 1.0, 0.015, -1.0, ""),
    ("l_knee_flexion", "rad", 0.0, 3.2, 1.5, 0.080, 0.0, "0 is a straight leg"),
    ("r_knee_flexion", "rad", 0.0, 3.2, 1.5, 0.080, 0.0, ""),
    ("l_foot_height", _T, -4.0, 4.0, 1.0, 0.020, -1.7, "ankle over mid-hip"),
    ("r_foot_height", _T, -4.0, 4.0, 1.0, 0.020, -1.7, ""),
    ("stance_width", _T, -4.0, 4.0, 1.0, 0.020, 0.4, "left ankle from right ankle, sideways"),
    ("hip_yaw", "rad", -50.0, 50.0, 1.0, 0.080, 0.0, "turn of the hips against the calibrated facing, unwrapped"),
)

MAX_RATE: dict[str, float] = {_T: 30.0, "rad": 25.0}
"""Fastest possible change of a coordinate per second. A 0.5 m torso makes 30 torso lengths 15 m/s, above a thrown
punch; 25 rad/s is four turns a second. Faster is a tracking jump: the value is marked missing until it settles."""


def _body_slots() -> list[Slot]:
    values = [Slot(n, u, lo, hi, _BODY, scale, noise, rest, note) for n, u, lo, hi, scale, noise, rest, note in _Z]
    rates = [
        Slot(f"d_{s.name}", f"{s.unit}/s", -MAX_RATE[s.unit], MAX_RATE[s.unit], _BODY, s.scale, s.noise * 20, 0.0, "")
        for s in values
    ]
    return values + rates


_GEOMETRY = [
    Slot("norm", "1", 0.0, 60.0, _BODY, note="length of the scaled coordinates that are seen"),
    Slot("speed", "1/s", 0.0, 200.0, _BODY, note="length of their rate"),
    Slot("curvature", "log", 0.0, 12.0, _BODY, note="log(1 + |v x a| / |v|^3), |v| at least 0.5"),
    Slot("curvature_rate", "log/s", -100.0, 100.0, _BODY, note="change of the above"),
    Slot(
        "jerk", "1", 0.0, 1.0, _BODY, rest=1.0, note="smoothness: mean speed over peak speed in 1 s (speed metric, Rohrer 2002)"
    ),
]
_RHYTHM = [
    Slot("tempo", "200 BPM", 0.0, 1.0, _BODY, note="the body's own tempo, from vertical trunk and head acceleration"),
    Slot("phase", "cycle", 0.0, 1.0, _BODY, note="phase within the body's beat"),
    Slot("periodicity", "1", 0.0, 1.0, _BODY, note="share of the movement's power at that tempo"),
    Slot(
        "grounding", "1", 0.0, 1.0, _BODY, rest=0.5, note="share of the lower body in the speed; masked when legs are not seen"
    ),
    Slot("verticality", "1", -1.0, 1.0, _BODY, rest=1.0, note="cosine between trunk and gravity"),
    Slot("rotation", "rad/s", -25.0, 25.0, _BODY, note="yaw rate of the trunk"),
    Slot("coherence", "1", -1.0, 1.0, _BODY, note="synchrony of the two hands: 1 mirror image, -1 opposite"),
]
SITES = ("hip", "head", "l_wrist", "r_wrist", "l_ankle", "r_ankle")
"""mocopi's six sensor sites, in slot order."""
_PER_SITE = (
    ("speed", "torso/s", 0.0, 60.0, 0.0, "relative to the room for the hip, to the hip for the others"),
    ("height", _T, -4.0, 4.0, 0.0, "over the hip; of the hip: over the floor it started on"),
    ("tilt", "rad", 0.0, 3.2, 0.0, "of the sensor's up axis against gravity"),
    ("heading", "rad", -50.0, 50.0, 0.0, "relative to the hip, unwrapped; of the hip: against its first"),
)
_MOCOPI = [
    Slot(f"mocopi_{site}_{name}", unit, lo, hi, "mocopi", rest=rest, note=note)
    for site in SITES
    for name, unit, lo, hi, rest, note in _PER_SITE
]
_DEVICES = [
    Slot("pocket_pitch", "rad", -3.2, 3.2, "pocket"),
    Slot("pocket_roll", "rad", -3.2, 3.2, "pocket"),
    Slot("heart_rate", "200 BPM", 0.0, 1.5, "watch"),
    Slot("wrist_energy", "g", 0.0, 20.0, "watch", note="root mean square of the wrist's acceleration over 1 s"),
]
_STATS = [
    Slot("energy", "1/s", 0.0, 200.0, "pose", note="mean speed over 1 s"),
    Slot("bounce", _T, 0.0, 4.0, "pose", note="spread of the trunk's height over 2 s"),
    Slot("core_motion", "torso/s", 0.0, 60.0, "pose", note="mean speed of trunk and head over 1 s"),
    Slot("leg_motion", "torso/s", 0.0, 60.0, "pose", note="mean speed of knees and feet over 1 s; masked when not seen"),
    Slot("framing", "1", 0.0, 1.0, "camera", note="share of the upper body inside the picture"),
    Slot("coverage", "1", 0.0, 1.0, "pose", note="share of the canonical joints that are seen"),
]
_STATUS = [
    Slot("modality_mask", "bits", 0.0, 63.0, "builder", note="camera 1, mocopi 2, pocket 4, watch 8, SAN 16, deck 32"),
    *(Slot(f"age_{name}", "s", 0.0, 10.0, "builder", rest=10.0) for name in ("camera", "mocopi", "pocket", "watch")),
    Slot("conf_pose", "1", 0.0, 1.0, "camera"),
    Slot("conf_l_wrist", "1", 0.0, 1.0, _BODY),
    Slot("conf_r_wrist", "1", 0.0, 1.0, _BODY),
    Slot("conf_mocopi", "1", 0.0, 1.0, "mocopi"),
    Slot("tempo_confidence", "1", 0.0, 1.0, _BODY),
    Slot("deck_beat_phase", "cycle", 0.0, 1.0, "deck"),
    Slot("hand_open_left", "1", 0.0, 1.0, "camera", rest=0.5),
    Slot("hand_open_right", "1", 0.0, 1.0, "camera", rest=0.5),
    Slot("phase_sin", "1", -1.0, 1.0, _BODY),
    Slot("phase_cos", "1", -1.0, 1.0, _BODY, rest=1.0),
    Slot("head_seen", "1", 0.0, 1.0, _BODY, note="the head is really in the picture and over the shoulders"),
    Slot("performer_lock", "1", 0.0, 1.0, "builder", note="confidence that this is the performer"),
    Slot("bone_residual", "1", 0.0, 4.0, _BODY, note="largest relative misfit of the arm bones against their usual lengths"),
]

TABLE: tuple[Slot, ...] = (*_body_slots(), *_GEOMETRY, *_RHYTHM, *_MOCOPI, *_DEVICES, *_STATS, *_STATUS)

INDEX: dict[str, int] = {slot.name: i for i, slot in enumerate(TABLE)}

SLICES: dict[str, slice] = {
    "z": slice(0, 32),
    "dz": slice(32, 64),
    "geometry": slice(64, 69),
    "rhythm": slice(69, 72),
    "posture": slice(72, 76),
    "mocopi": slice(76, 100),
    "pocket": slice(100, 102),
    "watch": slice(102, 104),
    "pose_stats": slice(104, 110),
    "modality_mask": slice(110, 111),
    "ages": slice(111, 115),
    "confidences": slice(115, 119),
    "tempo_confidence": slice(119, 120),
    "deck": slice(120, 121),
    "hands": slice(121, 123),
    "phase": slice(123, 125),
    "lock": slice(125, 128),
}
"""Every slot lies in exactly one of these."""


def _column(name: str) -> np.ndarray:
    values = np.array([getattr(slot, name) for slot in TABLE], dtype=np.float64)
    values.setflags(write=False)
    return values


LOW = _column("low")
HIGH = _column("high")
SCALE = _column("scale")
REST = _column("rest")
RATE_LIMIT = np.array([MAX_RATE[slot.unit] for slot in TABLE[:COORDINATES]], dtype=np.float64)
IS_ANGLE = np.array([slot.name in ("trunk_yaw", "hip_yaw") for slot in TABLE[:COORDINATES]], dtype=np.bool_)
"""Coordinates that turn past pi and are unwrapped."""


def fingerprint() -> str:
    """SHA-256 over the layout name and every field of every row: goes into each record, model and report."""
    digest = hashlib.sha256(LAYOUT.encode())
    for index, s in enumerate(TABLE):
        row = (index, s.name, s.unit, s.low, s.high, s.producer, s.scale, s.noise, s.rest)
        digest.update(("|".join(map(repr, row)) + "\n").encode())
    return digest.hexdigest()


FINGERPRINT = fingerprint()


def json_schema() -> dict[str, object]:
    """JSON Schema of one vector, made from the table: an array of 128 numbers, each with its name, unit and bounds."""
    items = [
        {"title": s.name, "description": s.note, "type": "number", "minimum": s.low, "maximum": s.high, "x-unit": s.unit}
        for s in TABLE
    ]
    return {"title": LAYOUT, "type": "array", "prefixItems": items, "items": False, "minItems": SLOTS, "maxItems": SLOTS}


def markdown() -> str:
    """The table as Markdown, for the documents."""
    head = "| slot | name | unit | range | producer | note |\n|---|---|---|---|---|---|\n"
    return head + "".join(
        f"| {i} | {s.name} | {s.unit} | {s.low:g} … {s.high:g} | {s.producer} | {s.note} |\n" for i, s in enumerate(TABLE)
    )
