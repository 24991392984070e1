"""Makes the phrase of a completed gesture from three vectors: from before it, from its onset, and from its end.

What a row fixes is worked out once, when the library is compiled. Nothing here raises, whatever the numbers are.
"""

import math
from dataclasses import dataclass

import numpy as np

from dynamics.frames import Modality
from dynamics.schema import INDEX

from .features import CHEST, OTHER, SPEED_NOISE, plain_name, resolve
from .library import INF, SIDES, Gesture, Kind
from .phrase import (
    Body,
    Carrier,
    Effect,
    Evidence,
    Hand,
    Height,
    Intent,
    Phrase,
    Policy,
    Shape,
    Side,
    Stand,
    Timing,
    Witness,
    Zone,
)
from .propose import MOCOPI_FRESH_S

NS_PER_MS = 1e6
TURN_RAD = 2.0 * math.pi

HEIGHTS = ((0.55, Height.OVERHEAD), (0.20, Height.HEAD), (-0.17, Height.SHOULDER), (CHEST, Height.CHEST), (-INF, Height.HIP))
"""From which wrist height over mid-shoulder on, in torso lengths. A raise begins at 0.55; the head's middle is at 0.4.
Rows have hands on a shoulder at -0.22 to 0.22, and before the chest at -0.42 to -0.11."""
PLACES = ((0.75, Side.OUTSIDE), (-0.05, Side.FRONT), (-INF, Side.INSIDE))
"""From how far outwards of the body's middle on, in torso lengths. A hand laid on its own shoulder is at 0.31 to 0.54,
one raised over the head was at up to 0.65 in real pictures, one that points out is at 0.84 and more."""

AIRBORNE_RISE = 0.20
AIRBORNE_RATE = 0.8
"""Higher than usual is no jump while nothing moves: somebody who was locked sitting stood up. Torso lengths per second."""
TRAVEL_RATE = 1.2
"""The 0.6 torso lengths in half a second at which a performer is no longer planted."""
TURNED_RAD = 0.80
"""As the rows' qualifier "facing"."""
CROUCH = 0.30
"""How much lower than usual, less what a lean explains, in torso lengths."""
KNEE_STRAIGHT_RAD = 0.4
"""A knee that is seen this straight is no crouch: the camera moved. Synthetic performers who stand have at most 0.1."""
KNEE_SEATED_RAD = 1.0
"""Both knees bent this far under a trunk at its usual height: seated. Synthetic performers who sit have 1.5 and more."""
LEAN_ROLL_RAD = 0.30
LEAN_PITCH_RAD = (-0.45, 0.60)
"""Back and forward. A real camera reads 0.21 to 0.39 of people who raise a hand and stand straight; the way back is a guess."""

MOVED = 0.20
"""A hand or a trunk that came less far, in torso lengths, did not come from anywhere: bodies sway by this much."""
CLAPPING = 2.0 * SPEED_NOISE
"""Hands that closed or parted this quickly, in torso lengths per second, did so although they are where they were before."""
MOVES: dict[str, tuple[float, Shape, Shape]] = {
    "wrist_turns": (0.6, Shape.BACK_CIRCLE, Shape.CIRCLE),
    "wrist_reversals": (3.5, Shape.OSCILLATION, Shape.OSCILLATION),
    "hands_parting": (0.25, Shape.APART, Shape.TOGETHER),
    "wrist_shift_x": (0.45, Shape.OUT, Shape.IN),
    "wrist_shift_y": (0.45, Shape.UP, Shape.DOWN),
    "trunk_rising": (0.10, Shape.UP, Shape.DOWN),
}
"""Features that tell a shape, the most telling first: from which size on, and which way above and below zero. The sizes are
those at which the shipped rows ask for such a movement or rule it out."""

MOCOPI_WITHIN = 0.65
"""How far the wrist heights of two streams may differ, in torso lengths: a raise begins so far over mocopi's veto."""

_I = INDEX
_TRUNK = tuple(_I[f"trunk_{name}"] for name in ("shift_x", "shift_y", "yaw", "pitch", "roll"))
_RISE, _D_RISE, _D_ACROSS = _I["trunk_shift_y"], _I["d_trunk_shift_y"], _I["d_trunk_shift_x"]
_YAW, _PITCH, _ROLL = _I["trunk_yaw"], _I["trunk_pitch"], _I["trunk_roll"]
_KNEES = (_I["l_knee_flexion"], _I["r_knee_flexion"])
_LEGS = (*_KNEES, _I["l_foot_height"], _I["r_foot_height"])
_HIP_HEIGHT, _D_APART, _MASK = _I["hip_height"], _I["d_hand_distance"], _I["modality_mask"]
_HANDS = {"left": (Hand.LEFT,), "right": (Hand.RIGHT,), "both": (Hand.LEFT, Hand.RIGHT)}
_WITNESSES = tuple((stream, Modality[stream.name].value, _I[f"age_{stream}"]) for stream in Witness)
_SAYS = {
    Witness.POCKET: (("pitch", _I["pocket_pitch"]), ("roll", _I["pocket_roll"])),
    Witness.WATCH: (("wrist_energy", _I["wrist_energy"]), ("heart_rate", _I["heart_rate"])),
}
"""Numbers of the streams that have no say: kept as they were."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The vector of a completion as plain numbers."""

    slots: list[float]
    valid: list[int]
    driver: str


@dataclass(frozen=True, slots=True)
class Onset:
    """What was seen when the gesture began: the vector, that of a moment before, and the values of all features."""

    before: list[float]
    """The body's coordinates only."""
    slots: list[float]
    values: np.ndarray


@dataclass(frozen=True, slots=True)
class _Wrist:
    """Where an acting hand's numbers are; `out` is +1 when x towards the performer's left is outwards."""

    hand: Hand
    out: float
    x: int
    y: int
    mocopi: int


def _wrist(hand: Hand) -> _Wrist:
    s = SIDES[hand]
    out = 1.0 if hand is Hand.LEFT else -1.0
    return _Wrist(hand, out, _I[f"{s}_wrist_x"], _I[f"{s}_wrist_y"], _I[f"mocopi_{s}_wrist_height"])


class Phrasing:
    """One gesture's part that its row fixes. `features` are the names of its conditions with their places among the values."""

    def __init__(self, gesture: Gesture, features: list[tuple[str, int]]) -> None:
        self._wrists = tuple(_wrist(hand) for hand in _HANDS[gesture.side])
        self._moves = _moves(gesture, features)
        self._carriers = _carriers(gesture)
        self._policy = _policy(gesture)
        self._hold_ms = gesture.hold_ms

    def phrase(
        self,
        now: Moment,
        onset: Onset,
        timing: Timing,
        *,
        confidence: float,
        repeats: int,
        values: tuple[tuple[str, float], ...],
    ) -> Phrase:
        """`values` are those of the gesture's features, by name."""
        over = max(timing.held_ms / self._hold_ms - 1.0, 0.0) if self._hold_ms > 0 else 0.0
        return Phrase(
            body=body_state(now, onset),
            zones=tuple([_zone(wrist, now) for wrist in self._wrists]),
            shape=self._shape(now, onset),
            timing=timing,
            intent=Intent(confidence, over, self._carriers, repeats),
            policy=self._policy,
            evidence=self._evidence(now, values),
        )

    def _shape(self, now: Moment, onset: Onset) -> Shape:
        for at_least, above, below, feature, out in self._moves:
            value = onset.values.item(feature) * out
            if abs(value) >= at_least:
                return above if value > 0.0 else below
        return _direction(self._wrists, onset, now.slots)

    def _evidence(self, now: Moment, values: tuple[tuple[str, float], ...]) -> tuple[Evidence, ...]:
        """The live streams, the one that drove it first."""
        mask = now.slots[_MASK]
        bits = int(mask) if now.valid[_MASK] and math.isfinite(mask) else 0
        found: list[Evidence] = []
        for stream, bit, age in _WITNESSES:
            age_ms = now.slots[age] * 1e3
            if stream == now.driver:
                found.insert(0, Evidence(stream, Stand.DROVE, age_ms, values))
            elif bits & bit and stream is Witness.MOCOPI:
                found.append(self._mocopi(now, age_ms))
            elif bits & bit:
                says = tuple([(name, now.slots[slot]) for name, slot in _SAYS.get(stream, ()) if now.valid[slot]])
                found.append(Evidence(stream, Stand.HEARD, age_ms, says))
        return tuple(found)

    def _mocopi(self, now: Moment, age_ms: float) -> Evidence:
        """Whether mocopi has the acting hands where the driver has them."""
        slots, valid = now.slots, now.valid
        seen = [wrist for wrist in self._wrists if valid[wrist.mocopi] and valid[wrist.y]]
        values = tuple([(f"{wrist.hand}.wrist_over_hip", slots[wrist.mocopi]) for wrist in seen])
        if not seen or not age_ms < MOCOPI_FRESH_S * 1e3:
            return Evidence(Witness.MOCOPI, Stand.HEARD, age_ms, values)
        hip = slots[_HIP_HEIGHT]  # a torso length down where the driver does not see it
        agree = all(abs(slots[wrist.mocopi] - slots[wrist.y] + hip) <= MOCOPI_WITHIN for wrist in seen)
        return Evidence(Witness.MOCOPI, Stand.AGREES if agree else Stand.OBJECTS, age_ms, values)


def body_state(now: Moment, onset: Onset) -> Body:
    """What the whole body does."""
    slots, valid = now.slots, now.valid
    for i in _TRUNK:
        if not valid[i] or not math.isfinite(slots[i]):
            return Body.UNKNOWN
    rise, across, before = slots[_RISE], slots[_D_ACROSS], onset.slots[_D_ACROSS]
    if rise > AIRBORNE_RISE and abs(slots[_D_RISE]) > AIRBORNE_RATE:
        return Body.AIRBORNE
    if min(abs(across), abs(before)) > TRAVEL_RATE and across * before > 0.0:  # a sway has turned back in the meantime
        return Body.TRAVELLING
    if abs(math.remainder(slots[_YAW], TURN_RAD)) > TURNED_RAD:
        return Body.TURNED
    knees = [slots[i] for i in _KNEES if valid[i]]
    pitch, roll = slots[_PITCH], slots[_ROLL]
    sunk = math.cos(pitch) * math.cos(roll) - 1.0 - rise
    if sunk > CROUCH and (not knees or max(knees) > KNEE_STRAIGHT_RAD):
        return Body.CROUCHED
    if abs(roll) > LEAN_ROLL_RAD or not LEAN_PITCH_RAD[0] < pitch < LEAN_PITCH_RAD[1]:
        return Body.LEANING
    if len(knees) == len(_KNEES) and min(knees) > KNEE_SEATED_RAD:
        return Body.SEATED
    return Body.STANDING if any(valid[i] for i in _LEGS) else Body.UPRIGHT


def _zone(wrist: _Wrist, now: Moment) -> Zone:
    slots, valid = now.slots, now.valid
    x, y = slots[wrist.x] * wrist.out, slots[wrist.y]
    if not (valid[wrist.x] and valid[wrist.y] and math.isfinite(x) and math.isfinite(y)):
        return Zone(wrist.hand)
    height = next(name for least, name in HEIGHTS if y >= least)
    return Zone(wrist.hand, height, next(name for least, name in PLACES if x >= least))


def _direction(wrists: tuple[_Wrist, ...], onset: Onset, now: list[float]) -> Shape:
    """Which way the hands came; where the trunk came further, or they did not, which way the trunk came."""
    before = onset.before
    up = sum([now[wrist.y] - before[wrist.y] for wrist in wrists]) / len(wrists)
    out = sum([(now[wrist.x] - before[wrist.x]) * wrist.out for wrist in wrists]) / len(wrists)
    by, above, below = up, Shape.UP, Shape.DOWN
    if abs(out) > abs(up):  # not the distance between the wrists: it grows again when they have crossed
        by, above, below = (out, Shape.OUT, Shape.IN) if len(wrists) == 1 else (out, Shape.APART, Shape.TOGETHER)
    rise = now[_RISE] - before[_RISE]
    if abs(rise) > abs(by):
        by, above, below = rise, Shape.UP, Shape.DOWN
    if not abs(by) >= MOVED and len(wrists) > 1 and abs(onset.slots[_D_APART]) >= CLAPPING:
        return Shape.APART if onset.slots[_D_APART] > 0.0 else Shape.TOGETHER
    return Shape.HELD if not abs(by) >= MOVED else above if by > 0.0 else below


def _moves(gesture: Gesture, features: list[tuple[str, int]]) -> tuple[tuple[float, Shape, Shape, int, float], ...]:
    """The row's features that tell a shape, the most telling first: (size, above, below, place, +1 when plus is outwards)."""
    found = []
    for told, (at_least, above, below) in MOVES.items():
        for name, place in features:
            if plain_name(name) != told or name.startswith(OTHER):
                continue
            feature, _, hand = resolve(name, SIDES[gesture.side])
            found.append((at_least, above, below, place, -1.0 if feature.outward and hand == "r" else 1.0))
    return tuple(found)


def _carriers(gesture: Gesture) -> tuple[Carrier, ...]:
    carriers = [Carrier.MOVEMENT if gesture.kind is Kind.MOVEMENT else Carrier.POSITION]
    if any(c.feature == f"{OTHER}wrist_y" and c.enter_above > -INF for c in gesture.conditions):
        carriers.append(Carrier.CLUTCH)
    if gesture.before:
        carriers.append(Carrier.SEQUENCE)
    return tuple(carriers)


def _policy(gesture: Gesture) -> Policy:
    effect = Effect.COMMAND if gesture.command else Effect.ACT if gesture.act else Effect.OBSERVED
    return Policy(gesture.risk, gesture.tier, effect, gesture.command or gesture.act)
