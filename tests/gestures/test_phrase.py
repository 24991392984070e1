"""The phrase of a completed gesture, fact by fact: body, zone, shape, timing, intent, policy, evidence, and its sentence."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from airdeck import wording
from airdeck.events import Event as Input
from airdeck.events import EventKind, GestureEvent, Outcome
from airdeck.gestures import phrase as p
from airdeck.gestures.features import FEATURES
from airdeck.gestures.library import Library, load_library
from airdeck.gestures.phrase import Body, Carrier, Effect, Hand, Height, Phrase, Shape, Side, Stand, Witness
from airdeck.gestures.phrasing import HEIGHTS, MOVES, PLACES, Moment, Onset, Phrasing
from airdeck.gestures.recognizer import Recognizer
from airdeck.session import records
from airdeck.tally import Tally
from dynamics.frames import Modality
from dynamics.schema import INDEX, REST, SLOTS
from tests.gestures.scenes import MS, START_NS, Scene, Slots, hold, library, recognise, row, vectors
from tests.support.virtual_deck import Deck, in_time, performed, worn

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = load_library(ROOT / "config" / "gestures.toml")
NAN = math.nan
UP, DOWN = {"l_wrist_y": 0.6}, {"l_wrist_y": -0.8}
LEGS = ("l_knee_flexion", "r_knee_flexion", "l_foot_height", "r_foot_height")
ALWAYS_MET = [{"feature": "wrist_speed", "enter_below": 100.0}]
"""So that a gesture of either hand, wherever it is, completes after its hold."""


@pytest.fixture(scope="module")
def up() -> Library:
    """Wrist above 0.5 for 300 ms."""
    return library(row())


@pytest.fixture(scope="module")
def anywhere() -> Library:
    return library(row(when=ALWAYS_MET))


def completed(what: Library | Recognizer, scene: Scene, gesture: str = "left.up") -> list[Phrase]:
    """The phrases of one gesture."""
    found = [e for e in recognise(what, scene) if e.gesture == gesture and e.phase == "completed"]
    return [e.phrase for e in found if e.phrase is not None]


def only(what: Library | Recognizer, scene: Scene, gesture: str = "left.up") -> Phrase:
    (found,) = completed(what, scene, gesture)
    return found


def bent(rad: float) -> Slots:
    return {"l_knee_flexion": rad, "r_knee_flexion": rad}


# ---- body ----


@pytest.mark.parametrize(
    ("slots", "body"),
    [
        ({}, Body.STANDING),
        (dict.fromkeys(LEGS, NAN), Body.UPRIGHT),
        ({**dict.fromkeys(LEGS, NAN), "r_foot_height": -1.7}, Body.STANDING),
        ({"trunk_yaw": NAN}, Body.UNKNOWN),
        ({"trunk_shift_y": 0.3, "d_trunk_shift_y": 1.0}, Body.AIRBORNE),
        ({"trunk_shift_y": 0.3, "d_trunk_shift_y": -1.0}, Body.AIRBORNE),
        ({"trunk_shift_y": 0.3}, Body.STANDING),
        ({"d_trunk_shift_x": -1.5}, Body.TRAVELLING),
        ({"trunk_yaw": 0.9}, Body.TURNED),
        ({"trunk_yaw": -0.9}, Body.TURNED),
        ({"trunk_yaw": 2 * math.pi + 0.1}, Body.STANDING),
        ({"trunk_shift_y": -0.5, **bent(0.9)}, Body.CROUCHED),
        ({"trunk_shift_y": -0.5, **bent(NAN)}, Body.CROUCHED),
        ({"trunk_shift_y": -0.5, **bent(0.1)}, Body.STANDING),
        ({"trunk_shift_y": -0.4, "trunk_pitch": 0.9, **bent(0.5)}, Body.LEANING),
        ({"trunk_pitch": -0.5}, Body.LEANING),
        ({"trunk_roll": 0.35}, Body.LEANING),
        ({"trunk_roll": -0.35}, Body.LEANING),
        (bent(1.4), Body.SEATED),
        ({"l_knee_flexion": 1.4, "r_knee_flexion": 0.2}, Body.STANDING),
    ],
)
def test_the_body(slots: Slots, body: Body, up: Library) -> None:
    assert only(up, hold(0, 400, {**UP, **slots})).body is body


def test_a_sway_that_has_turned_back_is_no_travelling(up: Library) -> None:
    there, back = {**UP, "d_trunk_shift_x": 1.5}, {**UP, "d_trunk_shift_x": -1.5}
    assert only(up, [*hold(0, 150, there), *hold(150, 400, back)]).body is Body.STANDING


# ---- zone ----


@pytest.mark.parametrize(
    ("height", "zone"),
    [
        (0.55, Height.OVERHEAD), (0.54, Height.HEAD), (0.20, Height.HEAD), (0.19, Height.SHOULDER), (-0.16, Height.SHOULDER),
        (-0.18, Height.CHEST), (-0.78, Height.CHEST), (-0.79, Height.HIP), (-2.0, Height.HIP), (NAN, Height.UNKNOWN),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("side", "hand"), [("left", Hand.LEFT), ("right", Hand.RIGHT)])
def test_how_high_the_hand_is(side: str, hand: Hand, height: float, zone: Height, anywhere: Library) -> None:
    (found,) = only(anywhere, hold(0, 400, {f"{side[0]}_wrist_y": height}), f"{side}.up").zones
    assert (found.hand, found.height) == (hand, zone)


@pytest.mark.parametrize(
    ("out", "place"), [(0.76, Side.OUTSIDE), (0.74, Side.FRONT), (-0.04, Side.FRONT), (-0.06, Side.INSIDE), (NAN, Side.UNKNOWN)]
)
@pytest.mark.parametrize(("side", "sign"), [("left", 1), ("right", -1)])
def test_how_far_out_the_hand_is_seen_from_its_own_side(
    side: str, sign: int, out: float, place: Side, anywhere: Library
) -> None:
    (found,) = only(anywhere, hold(0, 400, {f"{side[0]}_wrist_x": sign * out}), f"{side}.up").zones
    assert found.side is place


def test_a_gesture_of_both_hands_has_both_zones() -> None:
    both = library(row(hands="both", command=None, when=[{"feature": "each.wrist_speed", "enter_below": 100.0}]))
    scene = hold(0, 400, {"l_wrist_y": 0.7, "r_wrist_y": -0.9, "r_wrist_x": 0.3})
    assert [(z.hand, z.height, z.side) for z in only(both, scene, "up").zones] == [
        (Hand.LEFT, Height.OVERHEAD, Side.FRONT),
        (Hand.RIGHT, Height.HIP, Side.INSIDE),
    ]


def test_every_height_and_place_has_its_band() -> None:
    assert {name for _, name in HEIGHTS} == set(Height) - {Height.UNKNOWN}
    assert {name for _, name in PLACES} == set(Side) - {Side.UNKNOWN}


# ---- shape ----


@pytest.mark.parametrize(
    ("out", "rise", "trunk", "shape"),
    [
        (0.0, 0.5, 0.0, Shape.UP), (0.2, -0.5, 0.0, Shape.DOWN), (0.5, 0.3, 0.0, Shape.OUT), (-0.5, 0.3, 0.0, Shape.IN),
        (0.19, 0.19, 0.0, Shape.HELD), (0.0, 0.0, -0.4, Shape.DOWN), (0.0, 0.0, 0.4, Shape.UP), (0.0, -0.5, 0.4, Shape.DOWN),
        (0.3, 0.0, -0.4, Shape.DOWN), (0.4, 0.0, -0.3, Shape.OUT),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("side", "sign"), [("left", 1), ("right", -1)])
def test_the_shape_is_the_way_the_hand_came(
    side: str, sign: int, out: float, rise: float, trunk: float, shape: Shape, anywhere: Library
) -> None:
    x, y = f"{side[0]}_wrist_x", f"{side[0]}_wrist_y"
    there = {x: sign * (0.3 + out), y: rise, "trunk_shift_y": trunk}
    assert only(anywhere, [*hold(0, 20, {x: sign * 0.3, y: 0.0}), *hold(20, 400, there)], f"{side}.up").shape is shape


@pytest.mark.parametrize(
    ("out", "rise", "shape"),
    [(0.5, 0.3, Shape.APART), (-0.7, 0.3, Shape.TOGETHER), (0.2, 0.5, Shape.UP), (0.1, 0.1, Shape.HELD)],
)
def test_two_hands_go_apart_and_together_also_when_they_cross(out: float, rise: float, shape: Shape) -> None:
    both = library(row(hands="both", command=None, when=[{"feature": "each.wrist_speed", "enter_below": 100.0}]))
    here = {"l_wrist_x": 0.3, "r_wrist_x": -0.3, "l_wrist_y": 0.0, "r_wrist_y": 0.0}
    there = {"l_wrist_x": 0.3 + out, "r_wrist_x": -0.3 - out, "l_wrist_y": rise, "r_wrist_y": rise}
    assert only(both, [*hold(0, 20, here), *hold(20, 400, there)], "up").shape is shape


@pytest.mark.parametrize(("rate", "shape"), [(-0.9, Shape.TOGETHER), (0.9, Shape.APART), (-0.7, Shape.HELD)])
def test_a_clap_that_came_back_to_where_it_was_is_told_by_its_speed(rate: float, shape: Shape) -> None:
    both = library(row(hands="both", command=None, when=[{"feature": "each.wrist_speed", "enter_below": 100.0}]))
    assert only(both, [*hold(0, 20, {"d_hand_distance": rate}), *hold(20, 400, {})], "up").shape is shape


@pytest.mark.parametrize(("still_ms", "shape"), [(450, Shape.UP), (550, Shape.HELD)])
def test_the_shape_begins_half_a_second_before_the_onset(still_ms: int, shape: Shape) -> None:
    seen = library(row(when=[{"feature": "head_seen", "enter_above": 0.5}]))
    raised = {"l_wrist_y": 0.9}
    scene = [*hold(0, 100, DOWN), *hold(100, 100 + still_ms, raised), *hold(100 + still_ms, 1000, {**raised, "head_seen": 1.0})]
    assert only(seen, scene).shape is shape


@pytest.mark.parametrize("step_ms", [5, 10, 100])
def test_before_a_gesture_is_as_long_ago_for_any_camera(step_ms: int, up: Library) -> None:
    """Also where more vectors came in that time than are kept."""
    assert only(up, [*hold(0, 700, DOWN, step_ms), *hold(700, 1200, UP, step_ms)]).shape is Shape.UP


def circling(side: str, way: int) -> Scene:
    """A circle in 0.6 s; `way` +1 is out, up, in, down."""
    sign, s = (1 if side == "left" else -1), side[0]
    angles = [2 * math.pi * t / 600 for t in range(0, 600, 10)]
    return [
        (10 * i, {f"d_{s}_wrist_x": sign * 2 * math.cos(a), f"d_{s}_wrist_y": way * 2 * math.sin(a)})
        for i, a in enumerate(angles)
    ]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("bound", "way", "shape"), [("above", 1, Shape.BACK_CIRCLE), ("below", -1, Shape.CIRCLE)])
def test_a_circle_is_told_from_the_other_way_round(side: str, bound: str, way: int, shape: Shape) -> None:
    turned = library(row(kind="movement", hold_ms=0, when=[{"feature": "wrist_turns", f"enter_{bound}": way * 0.75}]))
    assert only(turned, circling(side, way), f"{side}.up").shape is shape


def test_a_circle_of_the_other_hand_is_not_the_shape_of_this_one() -> None:
    turned = library(row(kind="movement", hold_ms=0, when=[{"feature": "other.wrist_turns", "enter_above": 0.75}]))
    assert only(turned, circling("right", 1)).shape is Shape.HELD


def test_a_bend_that_is_no_circle_is_not_said_to_be_one() -> None:
    bowed = library(row(hold_ms=0, when=[{"feature": "wrist_turns", "enter_above": 0.2, "enter_below": 0.6}]))
    assert only(bowed, circling("left", 1)).shape is Shape.HELD


def test_ways_back_from_side_to_side_are_an_oscillation() -> None:
    rubbing = library(row(hold_ms=0, when=[{"feature": "wrist_reversals", "enter_above": 3.5}]))
    scene = [(10 * i, {"l_wrist_x": 0.3 + 0.2 * math.sin(i * 2 * math.pi / 20)}) for i in range(100)]
    assert only(rubbing, scene).shape is Shape.OSCILLATION


@pytest.mark.parametrize(("side", "sign"), [("left", 1), ("right", -1)])
@pytest.mark.parametrize(("to", "bound", "shape"), [(1.0, "above", Shape.OUT), (-0.2, "below", Shape.IN)])
def test_a_shift_that_the_row_asks_for_tells_the_way(side: str, sign: int, to: float, bound: str, shape: Shape) -> None:
    limit = 0.5 if bound == "above" else -0.5
    brushed = library(row(hold_ms=0, when=[{"feature": "wrist_shift_x", f"enter_{bound}": limit}]))
    name = f"{side[0]}_wrist_x"
    scene = [*hold(0, 300, {name: sign * 0.4}), *hold(300, 400, {name: sign * to})]
    assert only(brushed, scene, f"{side}.up").shape is shape


def test_the_features_that_tell_a_shape_exist() -> None:
    assert set(MOVES) <= set(FEATURES)


# ---- timing ----

HELD = {**UP, "head_seen": 0.0}
AT_REST = {**UP, "head_seen": 1.0}


@pytest.fixture(scope="module")
def resting() -> Library:
    """Wrist above 0.5 for 300 ms, and a finish condition that a test can switch."""
    return library(row(when=[*row()["when"], {"feature": "head_seen", "enter_above": 0.5, "at": "finish"}]))


def times(phrase: Phrase) -> tuple[int, int, int]:
    """Onset, stroke and end in ms."""
    timing = phrase.timing
    onset, stroke, end = ((ns - START_NS) // MS for ns in (timing.onset_ns, timing.stroke_ns, timing.end_ns))
    return onset, stroke, end


def test_the_stroke_ends_where_the_hand_came_to_rest(resting: Library) -> None:
    assert times(only(resting, [*hold(0, 50, DOWN), *hold(50, 200, HELD), *hold(200, 500, AT_REST)])) == (50, 200, 350)


def test_a_hand_that_began_at_rest_has_no_stroke(resting: Library) -> None:
    assert times(only(resting, hold(0, 500, AT_REST))) == (0, 0, 300)


def test_a_hand_that_came_to_rest_last_of_all_ends_its_stroke_there(resting: Library) -> None:
    assert times(only(resting, [*hold(0, 420, HELD), *hold(420, 500, AT_REST)])) == (0, 420, 420)


def test_the_first_rest_counts(resting: Library) -> None:
    scene = [*hold(0, 100, HELD), *hold(100, 150, AT_REST), *hold(150, 350, HELD), *hold(350, 400, AT_REST)]
    assert times(only(resting, scene)) == (0, 100, 350)


def test_a_row_that_asks_for_no_rest_ends_its_stroke_with_itself(up: Library) -> None:
    assert times(only(up, [*hold(0, 50, DOWN), *hold(50, 400, UP)])) == (50, 350, 350)


def test_a_rest_that_is_not_seen_is_none() -> None:
    """A slot without a value holds its rest, and would look like one."""
    upright = library(row(when=[*row()["when"], {"feature": "trunk_roll", "enter_below": 0.1, "at": "finish"}]))
    scene = [*hold(0, 200, {**UP, "trunk_roll": NAN}), *hold(200, 400, UP)]
    assert times(only(upright, scene)) == (0, 200, 300)


def test_each_attempt_has_its_own_stroke(resting: Library) -> None:
    scene = [*hold(0, 200, AT_REST), *hold(200, 500, DOWN), *hold(500, 700, HELD), *hold(700, 900, AT_REST)]
    assert times(only(resting, scene)) == (500, 700, 800)


def test_a_gesture_that_begins_right_where_others_were_cancelled_has_its_own_onset(resting: Library) -> None:
    """The phases look the same before and after."""
    recognizer = Recognizer(resting)
    for capture_ns, vector, valid in vectors(hold(0, 100, AT_REST)):
        recognizer.step(vector, valid, capture_ns)
    recognizer.cancel()
    assert times(only(recognizer, [*hold(100, 200, HELD), *hold(200, 500, AT_REST)])) == (100, 200, 400)


def test_the_delay_is_from_capture_to_the_step(up: Library) -> None:
    recognizer, delay_ns = Recognizer(up), 45 * MS
    for capture_ns, vector, valid in vectors(hold(0, 310, UP)):
        count = recognizer.step(vector, valid, capture_ns)
    assert count == 1
    (event,) = recognizer.events(1, capture_ns + delay_ns, capture_ns, vector, valid=valid, driver="camera")
    assert event.phrase is not None
    assert (event.phrase.timing.delay_ms, event.phrase.timing.held_ms) == (45.0, pytest.approx(300.0))


# ---- intent and policy ----


def test_the_hold_beyond_what_was_asked_is_a_share_of_it(resting: Library) -> None:
    late = [*hold(0, 420, HELD), *hold(420, 500, AT_REST)]
    assert only(resting, late).intent.held_over == pytest.approx(0.4)


def test_a_hold_of_just_what_was_asked_is_none_beyond_it(up: Library) -> None:
    assert only(up, hold(0, 400, UP)).intent.held_over == pytest.approx(0.0)


def test_a_row_without_a_hold_is_never_held_beyond_it() -> None:
    assert only(library(row(hold_ms=0)), hold(0, 100, UP)).intent.held_over == 0.0


def test_the_confidence_is_that_of_the_event(up: Library) -> None:
    seen = {**UP, "conf_l_wrist": 0.9, "head_seen": 0.7, "performer_lock": 0.8}
    (event,) = [e for e in recognise(up, hold(0, 400, seen)) if e.phrase is not None]
    assert event.phrase is not None
    assert event.phrase.intent.confidence == event.confidence == pytest.approx(0.7)


@pytest.mark.parametrize(("pause_ms", "repeats"), [(3000, [0, 1, 2]), (3500, [0, 0, 0])])
def test_the_same_again_within_four_seconds_is_a_repetition(pause_ms: int, repeats: list[int], up: Library) -> None:
    scene: Scene = []
    for start in range(0, 3 * (pause_ms + 800), pause_ms + 800):
        scene += [*hold(start, start + 800, UP), *hold(start + 800, start + 800 + pause_ms, DOWN)]
    assert [found.intent.repeats for found in completed(up, scene)] == repeats


POSITION, MOVEMENT, CLUTCH, SEQUENCE = Carrier.POSITION, Carrier.MOVEMENT, Carrier.CLUTCH, Carrier.SEQUENCE


@pytest.mark.parametrize(
    ("gesture", "carriers"),
    [
        ("left.raise", (POSITION,)), ("right.cue_b", (POSITION,)), ("left.swipe_out", (MOVEMENT, SEQUENCE)),
        ("right.drop", (MOVEMENT, CLUTCH, SEQUENCE)), ("left.scratch", (MOVEMENT, CLUTCH)), ("left.circle", (MOVEMENT,)),
        ("arms_crossed", (POSITION,)), ("jump", (MOVEMENT, SEQUENCE)),
    ],
)  # fmt: skip
def test_what_carries_the_intent(gesture: str, carriers: tuple[Carrier, ...]) -> None:
    assert spoken(gesture).intent.carriers == carriers


@pytest.mark.parametrize(
    ("gesture", "policy"),
    [
        ("left.raise", p.Policy("transport", 1, Effect.COMMAND, "deck1.play_pause")),
        ("arms_crossed", p.Policy("safety", 2, Effect.ACT, "disarm")),
        ("right.circle", p.Policy("loop", 3, Effect.OBSERVED, "")),
    ],
)
def test_what_it_may_do(gesture: str, policy: p.Policy) -> None:
    assert spoken(gesture).policy == policy


def spoken(gesture: str, **slots: float) -> Phrase:
    """The phrase of a shipped gesture on a vector of these slots, as if it had completed."""
    return phrase_on(gesture, np.array([slots.get(name, REST[i]) for name, i in INDEX.items()]))


def phrase_on(gesture: str, numbers: np.ndarray, driver: str = "camera") -> Phrase:
    recognizer = Recognizer(SHIPPED)
    g = SHIPPED.gestures.index(SHIPPED.by_id[gesture])
    features = [(c.feature, i) for i, c in enumerate(SHIPPED.gestures[g].conditions)]
    values = np.resize(numbers, len(recognizer.values))
    moment, onset = Moment(numbers.tolist(), [1] * SLOTS, driver), Onset(numbers.tolist(), numbers.tolist(), values)
    evidence = tuple((name, values.item(i)) for name, i in features)
    timing = p.Timing(0, 0, 0, float(numbers[0]), float(numbers[1]))
    return Phrasing(SHIPPED.gestures[g], features).phrase(moment, onset, timing, confidence=0.9, repeats=0, values=evidence)


# ---- evidence ----

CAMERA_ALONE = {**UP, "modality_mask": float(Modality.CAMERA), "age_camera": 0.045}
WITH_MOCOPI = {**CAMERA_ALONE, "modality_mask": float(Modality.CAMERA | Modality.MOCOPI), "age_mocopi": 0.05}


def test_the_stream_that_drove_it_comes_first_with_the_numbers_it_rests_on(up: Library) -> None:
    (found,) = only(up, hold(0, 400, CAMERA_ALONE)).evidence
    assert (found.stream, found.stand, found.age_ms) == (Witness.CAMERA, Stand.DROVE, pytest.approx(45.0))
    assert found.values == (("wrist_y", pytest.approx(0.6)),)


@pytest.mark.parametrize(
    ("mocopi", "stand"),
    [
        ({"mocopi_l_wrist_height": 1.6}, Stand.AGREES),
        ({"mocopi_l_wrist_height": 1.0}, Stand.AGREES),
        ({"mocopi_l_wrist_height": 0.9}, Stand.OBJECTS),
        ({"mocopi_l_wrist_height": 2.3}, Stand.OBJECTS),
        ({"mocopi_l_wrist_height": 0.9, "hip_height": -0.5}, Stand.AGREES),
        ({"mocopi_l_wrist_height": 0.9, "mocopi_r_wrist_height": 1.6}, Stand.OBJECTS),
        ({"mocopi_l_wrist_height": NAN}, Stand.HEARD),
        ({"mocopi_l_wrist_height": 0.2, "age_mocopi": 0.3}, Stand.HEARD),
    ],
)
def test_mocopi_agrees_when_it_has_the_hand_where_the_camera_has_it(mocopi: Slots, stand: Stand, up: Library) -> None:
    _, found = only(up, hold(0, 400, {**WITH_MOCOPI, **mocopi})).evidence
    assert (found.stream, found.stand) == (Witness.MOCOPI, stand)


def test_of_two_acting_hands_mocopi_must_have_both() -> None:
    both = library(row(hands="both", command=None, when=[{"feature": "each.wrist_y", "enter_above": 0.5}]))
    seen = {**WITH_MOCOPI, "r_wrist_y": 0.6, "mocopi_l_wrist_height": 1.6, "mocopi_r_wrist_height": 0.2}
    _, found = only(both, hold(0, 400, seen), "up").evidence
    assert found.stand is Stand.OBJECTS
    assert found.values == (("left.wrist_over_hip", pytest.approx(1.6)), ("right.wrist_over_hip", pytest.approx(0.2)))


def test_a_camera_that_did_not_drive_it_stands_behind_mocopi(up: Library) -> None:
    recognizer = Recognizer(up)
    for capture_ns, vector, valid in vectors(hold(0, 310, WITH_MOCOPI)):
        recognizer.step(vector, valid, capture_ns)
    (event,) = recognizer.events(1, capture_ns, capture_ns, vector, valid=valid, driver="mocopi")
    assert event.phrase is not None
    assert [(e.stream, e.stand) for e in event.phrase.evidence] == [
        (Witness.MOCOPI, Stand.DROVE),
        (Witness.CAMERA, Stand.HEARD),
    ]


def test_a_watch_is_heard_and_has_no_say(up: Library) -> None:
    worn_watch = {
        "modality_mask": float(Modality.CAMERA | Modality.WATCH),
        "age_watch": 2.0,
        "wrist_energy": 0.5,
        "heart_rate": NAN,
    }
    _, found = only(up, hold(0, 400, {**UP, **worn_watch})).evidence
    assert (found.stream, found.stand, found.age_ms) == (Witness.WATCH, Stand.HEARD, pytest.approx(2000.0))
    assert found.values == (("wrist_energy", pytest.approx(0.5)),)


def test_a_stream_that_is_gone_gives_no_evidence(up: Library) -> None:
    gone = {**UP, "modality_mask": float(Modality.CAMERA), "mocopi_l_wrist_height": 1.6, "wrist_energy": 0.5}
    assert [found.stream for found in only(up, hold(0, 400, gone)).evidence] == [Witness.CAMERA]


# ---- the whole ----


def test_only_a_completed_gesture_has_a_phrase(up: Library) -> None:
    events = recognise(up, [*hold(0, 400, UP), *hold(400, 700, DOWN), *hold(700, 800, UP), *hold(800, 1000, DOWN)])
    assert [(e.phase, e.phrase is not None) for e in events] == [("completed", True), ("released", False), ("cancelled", False)]


def test_a_release_in_the_step_of_another_gesture_has_none() -> None:
    low = row(id="low", hold_ms=140, when=[{"feature": "wrist_y", "enter_below": 0.0, "exit_above": 0.1}])
    events = recognise(library(row(), low), [*hold(0, 400, UP), *hold(400, 560, DOWN)])
    at_once = {e.phase: e.phrase is not None for e in events if e.capture_ns == START_NS + 540 * MS}
    assert at_once == {"released": False, "completed": True}


@pytest.mark.parametrize("number", [NAN, math.inf, -math.inf, 1e30, -1e30, 0.0])
@pytest.mark.parametrize("gesture", ["left.raise", "right.swipe_in", "left.circle", "jump", "pull_big"])
def test_no_number_makes_it_raise_or_keeps_it_off_the_disk(gesture: str, number: float) -> None:
    for driver in ("camera", "mocopi", ""):
        found = phrase_on(gesture, np.full(SLOTS, number), driver)
        line = msgspec.json.encode(records.GESTURE.of(GestureEvent(phrase=found)))
        assert msgspec.json.decode(line, type=records.GESTURE.struct).phrase.body is found.body
        assert wording.phrase_text(found)


def test_no_mixture_of_odd_numbers_makes_it_raise() -> None:
    random = np.random.default_rng(11)
    odd = np.array([NAN, math.inf, -math.inf, 1e30, -1e30, 0.0, -1.0, 0.7])
    for gesture in SHIPPED.by_id:
        for _ in range(5):
            wording.phrase_text(phrase_on(gesture, odd[random.integers(0, odd.size, SLOTS)]))


@pytest.fixture(scope="module")
def raised() -> Phrase:
    """A raise of the synthetic performer, seen by the camera and worn on mocopi."""
    deck = Deck().play(in_time(performed("left.raise"), worn("left.raise")))
    (event,) = [e for e in deck.events if e.phase == "completed"]
    assert (event.gesture, event.phrase is not None) == ("left.raise", True)
    assert event.phrase is not None
    return event.phrase


def test_a_performed_raise_goes_up_and_over_the_head(raised: Phrase) -> None:
    (zone,) = raised.zones
    assert (raised.shape, zone.hand, zone.height) == (Shape.UP, Hand.LEFT, Height.OVERHEAD)
    assert raised.body in {Body.STANDING, Body.UPRIGHT}


def test_a_performed_raise_begins_comes_to_rest_and_completes_in_this_order(raised: Phrase) -> None:
    timing = raised.timing
    assert timing.onset_ns < timing.stroke_ns <= timing.end_ns
    assert timing.held_ms >= 450.0
    assert timing.delay_ms == 20.0


def test_camera_and_mocopi_agree_on_a_performed_raise(raised: Phrase) -> None:
    assert [(e.stream, e.stand) for e in raised.evidence] == [(Witness.CAMERA, Stand.DROVE), (Witness.MOCOPI, Stand.AGREES)]


def test_a_raise_that_only_mocopi_saw_was_driven_by_it() -> None:
    deck = Deck().play(worn("left.raise"))
    (found,) = [e.phrase for e in deck.events if e.phrase is not None]
    assert [(e.stream, e.stand) for e in found.evidence] == [(Witness.MOCOPI, Stand.DROVE)]


# ---- in words ----

SAID = Phrase(
    body=Body.STANDING,
    zones=(p.Zone(Hand.LEFT, Height.OVERHEAD, Side.FRONT),),
    shape=Shape.UP,
    timing=p.Timing(held_ms=500.0, delay_ms=45.0),
    evidence=(p.Evidence(Witness.CAMERA, Stand.DROVE),),
)
BOTH = (p.Zone(Hand.LEFT, Height.CHEST, Side.FRONT), p.Zone(Hand.RIGHT, Height.CHEST, Side.FRONT))
APART = (p.Zone(Hand.LEFT, Height.HEAD, Side.OUTSIDE), p.Zone(Hand.RIGHT, Height.HIP, Side.FRONT))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "left hand up over the head, held 0.5 s, standing, camera 45 ms behind"),
        ({"body": Body.UNKNOWN, "evidence": ()}, "left hand up over the head, held 0.5 s"),
        ({"shape": Shape.HELD, "zones": BOTH}, "both hands at chest height, held 0.5 s, standing, camera 45 ms behind"),
        ({"shape": Shape.HELD, "zones": APART, "evidence": ()},
         "left hand at head height to the side, right hand at the hip, held 0.5 s, standing"),
        ({"timing": p.Timing(held_ms=60.0), "evidence": (), "intent": p.Intent(carriers=(MOVEMENT, CLUTCH), repeats=2)},
         "left hand up over the head, with the other hand as a clutch, 3 times in a row, standing"),
        ({"evidence": (*SAID.evidence, p.Evidence(Witness.MOCOPI, Stand.OBJECTS), p.Evidence(Witness.WATCH, Stand.HEARD))},
         "left hand up over the head, held 0.5 s, standing, camera 45 ms behind, mocopi objects"),
    ],
)  # fmt: skip
def test_the_sentence(changes: dict[str, Any], text: str) -> None:
    assert wording.phrase_text(replace(SAID, **changes)) == text


@pytest.mark.parametrize(
    ("words", "enum"),
    [
        (wording.BODIES, Body), (wording.SHAPES, Shape), (wording.HEIGHTS, Height), (wording.SIDES, Side),
        (wording.CARRIERS, Carrier), (wording.STANDS, Stand),
    ],
)  # fmt: skip
def test_everything_that_can_be_said_has_words(words: dict[Any, str], enum: type) -> None:
    assert set(words) == set(enum)  # type: ignore[call-overload]


def test_the_status_says_the_last_gesture_in_one_sentence() -> None:
    tally = Tally()
    event = GestureEvent(1, 5_000_000_000, "left.raise", "completed", 1, phrase=SAID)
    tally.step(Input(1, 5_000_000_000, EventKind.ARRIVAL), Outcome(gestures=[event]))
    said: Any = tally.status(8_000_000_000)["last_gesture"]
    assert said["text"] == ("left.raise: left hand up over the head, held 0.5 s, standing, camera 45 ms behind (3 s ago)")
