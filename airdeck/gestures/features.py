"""What a gesture's conditions may speak of: one table, a feature per row.

A name is relative to the row's side: `wrist_y` is the left wrist of the left gesture, `other.wrist_y` the other one's. In a
gesture of both hands it is `left.wrist_y`, `right.wrist_y`, or `each.wrist_y` for both.
Each is a slot of Dynamics128, or a named function of slots and a window (the kinds are `kernels.FEATURE_KINDS`).
"""

from dataclasses import dataclass

from dynamics.schema import INDEX


@dataclass(frozen=True, slots=True)
class Feature:
    """`slots` may contain `{side}`, filled with l or r; `level` and `window_s` belong to the kind."""

    kind: str
    slots: tuple[str, ...]
    unit: str
    level: float = 0.0
    window_s: float = 0.0
    outward: bool = False
    """An x towards the performer's left: the right side takes the negative, so outwards is positive for both."""
    note: str = ""


ARM_DOWN = -0.25
"""Wrist height, torso lengths over mid-shoulder, under which an arm is down (a hand on a fader is at -0.3 and below)."""
CHEST = -0.78
"""Wrist height just over the hip: a hand that swings beside the body is under it."""
HIGH = 0.5
"""Wrist height of a hand beside the head."""
REST_LEVEL = 0.1
"""Wrist height under which the other arm is at rest: its hand is not over the shoulders."""

SPEED_NOISE = 0.4
"""Speed that landmark noise alone shows of a still wrist, torso lengths per second, on the shared recordings."""

FEATURES: dict[str, Feature] = {
    "wrist_x": Feature("slot", ("{side}_wrist_x",), "torso", outward=True, note="outwards from mid-shoulder"),
    "wrist_y": Feature("slot", ("{side}_wrist_y",), "torso", note="over mid-shoulder"),
    "elbow_y": Feature("slot", ("{side}_elbow_y",), "torso"),
    "wrist_speed": Feature("hypot", ("d_{side}_wrist_x", "d_{side}_wrist_y"), "torso/s", note="in the frontal plane"),
    "wrist_settle": Feature(
        "settle",
        ("d_{side}_wrist_x", "d_{side}_wrist_y"),
        "1",
        level=SPEED_NOISE,
        window_s=0.25,
        note="0 when the stroke has stopped",
    ),
    "elbow_flexion": Feature("slot", ("{side}_elbow_flexion",), "rad"),
    "shoulder_elevation": Feature("slot", ("{side}_shoulder_elevation",), "rad"),
    "wrist_seen": Feature("slot", ("conf_{side}_wrist",), "1"),
    "arm_was_down": Feature(
        "since_below", ("{side}_wrist_y", "{side}_elbow_y"), "s", level=ARM_DOWN, note="time since this arm was down"
    ),
    "arm_at_rest": Feature(
        "below_for", ("{side}_wrist_y", "{side}_elbow_y"), "s", level=REST_LEVEL, note="how long this arm has been at rest"
    ),
    "trunk_travel": Feature("travel", ("trunk_shift_x", "trunk_shift_y"), "torso", window_s=0.5, note="moved in half a second"),
    "trunk_roll": Feature("abs", ("trunk_roll",), "rad"),
    "trunk_pitch": Feature("slot", ("trunk_pitch",), "rad"),
    "trunk_yaw": Feature("turned", ("trunk_yaw",), "rad", note="away from the facing, whole turns not counted"),
    "wrist_vx": Feature("slot", ("d_{side}_wrist_x",), "torso/s", outward=True, note="speed outwards"),
    "wrist_vy": Feature("slot", ("d_{side}_wrist_y",), "torso/s", note="speed upwards"),
    "wrist_shift_x": Feature(
        "shift", ("{side}_wrist_x",), "torso", window_s=0.5, outward=True, note="outwards in half a second"
    ),
    "wrist_shift_y": Feature("shift", ("{side}_wrist_y",), "torso", window_s=0.5, note="upwards in half a second"),
    "wrist_reach": Feature("travel", ("{side}_wrist_x", "{side}_wrist_y"), "torso", window_s=1.2, note="moved in 1.2 s"),
    "wrist_drift": Feature("travel", ("{side}_wrist_x", "{side}_wrist_y"), "torso", window_s=0.3, note="moved in 0.3 s"),
    "wrist_turns": Feature(
        "turns",
        ("d_{side}_wrist_x", "d_{side}_wrist_y"),
        "turns",
        level=0.7,
        outward=True,
        note="circles drawn without a pause: out, up, in, down is positive",
    ),
    "wrist_reversals": Feature(
        "reversals", ("{side}_wrist_x",), "1", level=0.15, window_s=1.2, note="ways back from side to side in 1.2 s"
    ),
    "wrist_over_head": Feature("diff", ("{side}_wrist_y", "head_y"), "torso", note="above the head's middle"),
    "wrist_beside_head": Feature(
        "diff", ("{side}_wrist_x", "head_x"), "torso", outward=True, note="outwards of the head's middle"
    ),
    "wrist_kept_up": Feature(
        "since_below", ("{side}_wrist_y",), "s", level=CHEST, note="how long the hand has not been under the chest"
    ),
    "wrist_kept_low": Feature(
        "since_above", ("{side}_wrist_y",), "s", level=HIGH, note="how long the hand has not been over the shoulder"
    ),
    "hands_apart": Feature("slot", ("hand_distance",), "torso"),
    "hands_parting": Feature("shift", ("hand_distance",), "torso", window_s=0.6, note="further apart in 0.6 s"),
    "trunk_lean": Feature("slot", ("trunk_roll",), "rad", outward=True, note="towards this side"),
    "trunk_rise": Feature("slot", ("trunk_shift_y",), "torso"),
    "trunk_rising": Feature("shift", ("trunk_shift_y",), "torso", window_s=0.4, note="up in 0.4 s"),
    "knee_flexion": Feature("slot", ("{side}_knee_flexion",), "rad"),
    "head_seen": Feature("slot", ("head_seen",), "1"),
    "performer_lock": Feature("slot", ("performer_lock",), "1"),
}


HANDS = ("left.", "right.", "each.")
"""What a gesture of both hands puts before a feature of one hand."""
OTHER = "other."
_OTHER_HAND = {"l": "r", "r": "l"}


def plain_name(name: str) -> str:
    """The row of the table that a condition's name means: without the hand."""
    for prefix in (OTHER, *HANDS):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def sided(name: str) -> bool:
    """Whether the feature is one hand's. KeyError names an unknown feature."""
    return any("{side}" in slot for slot in FEATURES[plain_name(name)].slots)


def resolve(name: str, side: str) -> tuple[Feature, tuple[str, ...], str]:
    """The row of a feature, its slot names, and the hand it is of, in a gesture of "l", "r" or "b" (both hands).

    KeyError names an unknown feature.
    """
    base = plain_name(name)
    if base not in FEATURES:
        raise KeyError(name)
    at = side
    if name.startswith(OTHER):
        at = _OTHER_HAND[side]
    elif name.startswith(HANDS):
        at = name[0]
    feature = FEATURES[base]
    slots = tuple(slot.format(side=at) for slot in feature.slots)
    for slot in slots:
        if slot not in INDEX:
            raise KeyError(f"{name}: no slot {slot}")
    return feature, slots, at
