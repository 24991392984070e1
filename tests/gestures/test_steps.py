"""Gestures that something has to come before, gestures of both hands, and those that ask for nothing."""

from typing import Any

import pytest

from airdeck.gestures.library import LibraryError, parse_library
from airdeck.gestures.recognizer import Recognizer
from tests.gestures.scenes import Scene, hold, library, recognise, row, told

IN, OUT, BETWEEN = {"l_wrist_x": 0.0}, {"l_wrist_x": 1.0}, {"l_wrist_x": 0.5}
STEP = {"when": [{"feature": "wrist_x", "enter_below": 0.2}], "hold_ms": 100, "within_ms": 400}
SWIPE = row(
    id="swipe", kind="movement", before=[STEP], when=[{"feature": "wrist_x", "enter_above": 0.9, "exit_below": 0.8}], hold_ms=0
)


def swipes(scene: Scene) -> list[tuple[str, str, int]]:
    return [event for event in told(recognise(library(SWIPE), scene)) if event[1] == "completed"]


def test_a_step_and_then_the_gesture_complete_it() -> None:
    assert swipes([*hold(0, 200, IN), *hold(200, 400, BETWEEN), *hold(400, 600, OUT)]) == [("left.swipe", "completed", 410)]


def test_without_its_step_a_gesture_does_not_begin() -> None:
    assert swipes([*hold(0, 300, BETWEEN), *hold(300, 900, OUT)]) == []


def test_a_step_that_lasts_too_short_is_none() -> None:
    assert swipes([*hold(0, 100, BETWEEN), *hold(100, 190, IN), *hold(190, 300, BETWEEN), *hold(300, 600, OUT)]) == []


@pytest.mark.parametrize(("gap_ms", "found"), [(390, 1), (420, 0)])
def test_the_gesture_has_to_follow_soon(gap_ms: int, found: int) -> None:
    """Counted from the last vector on which the step held."""
    until = 190 + gap_ms
    assert len(swipes([*hold(0, 200, IN), *hold(200, until, BETWEEN), *hold(until, until + 200, OUT)])) == found


def test_one_step_serves_one_gesture() -> None:
    scene = [*hold(0, 200, IN), *hold(200, 250, OUT), *hold(250, 460, BETWEEN), *hold(460, 600, OUT)]
    assert len(swipes(scene)) == 1


def test_steps_come_in_their_order() -> None:
    high = {"when": [{"feature": "wrist_y", "enter_above": 0.5}], "hold_ms": 0, "within_ms": 300}
    both = library({**SWIPE, "before": [STEP, high]})
    up = {"l_wrist_x": 0.5, "l_wrist_y": 0.8}
    right = [*hold(0, 150, IN), *hold(150, 250, up), *hold(250, 400, OUT)]
    wrong = [*hold(0, 100, up), *hold(100, 250, IN), *hold(250, 400, OUT)]
    assert [e.phase for e in recognise(both, right)] == ["completed"]
    assert recognise(both, wrong) == []


def test_leaving_armed_forgets_the_steps() -> None:
    recognizer = Recognizer(library(SWIPE))
    recognise(recognizer, hold(0, 200, IN))
    recognizer.cancel()
    assert recognise(recognizer, [*hold(200, 250, BETWEEN), *hold(250, 500, OUT)]) == []


BOTH = row(
    id="both_high", hands="both", command=None, when=[{"feature": "each.wrist_y", "enter_above": 0.5, "exit_below": 0.4}]
)  # fmt: skip


def test_a_gesture_of_both_hands_is_one_and_belongs_to_no_deck() -> None:
    (gesture,) = library(BOTH).gestures
    assert (gesture.id, gesture.side, gesture.deck, gesture.command) == ("both_high", "both", 0, "")
    assert [c.feature for c in gesture.conditions] == ["left.wrist_y", "right.wrist_y"]


@pytest.mark.parametrize("high", [("l_wrist_y",), ("r_wrist_y",), ("l_wrist_y", "r_wrist_y")])
def test_it_takes_both_hands(high: tuple[str, ...]) -> None:
    events = recognise(library(BOTH), hold(0, 600, dict.fromkeys(high, 0.8)))
    assert bool(events) is (len(high) == 2)


def test_outwards_is_positive_for_each_hand() -> None:
    crossed = library({**BOTH, "when": [{"feature": "each.wrist_x", "enter_below": -0.1, "exit_above": 0.0}]})
    assert recognise(crossed, hold(0, 600, {"l_wrist_x": -0.3, "r_wrist_x": 0.3}))
    assert not recognise(crossed, hold(0, 600, {"l_wrist_x": 0.3, "r_wrist_x": -0.3}))


def test_both_hands_are_as_sure_as_the_hand_seen_worst() -> None:
    slots = {
        "l_wrist_y": 0.8,
        "r_wrist_y": 0.8,
        "conf_l_wrist": 0.9,
        "conf_r_wrist": 0.7,
        "head_seen": 1.0,
        "performer_lock": 1.0,
    }
    (event,) = recognise(library(BOTH), hold(0, 400, slots))
    assert event.confidence == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({**SWIPE, "before": "in"}, "before: must be a list of steps, not 'in'"),
        ({**SWIPE, "before": [{**STEP, "colour": 1}]}, "before[1]: unknown key 'colour'"),
        ({**SWIPE, "before": [{**STEP, "within_ms": 0}]}, "before[1]: hold_ms and within_ms must be whole numbers"),
        ({**SWIPE, "before": [{**STEP, "when": []}]}, "before[1]: when: a list of conditions is needed"),
        (
            {**SWIPE, "before": [{**STEP, "when": [{"feature": "wrist_x", "enter_below": 0.2, "at": "finish"}]}]},
            "before[1]: wrist_x has no part in a step",
        ),
        ({**BOTH, "hands": "three"}, "hands must be one of one, both, not 'three'"),
        ({**BOTH, "when": [{"feature": "wrist_y", "enter_above": 0.5}]}, "wrist_y: a gesture of both hands says left.wrist_y"),
        (row(when=[{"feature": "left.wrist_y", "enter_above": 0.5}]), "left.wrist_y: a gesture of one hand is"),
        (row(when=[{"feature": "other.trunk_yaw", "enter_above": 0.5}]), "other.trunk_yaw: trunk_yaw belongs to no hand"),
        (row(command=None, act="explode"), "act must be one of disarm, not 'explode'"),
        (row(act="disarm"), "a gesture has a command or an act, not both"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(broken: dict[str, Any], says: str) -> None:
    with pytest.raises(LibraryError) as caught:
        library(broken)
    assert any(says in problem for problem in caught.value.problems), caught.value.problems


def test_a_gesture_of_both_hands_clashes_with_one_of_a_hand_that_it_moves() -> None:
    with pytest.raises(LibraryError, match=r"'left.up' and 'both_high' can be met by one movement"):
        library(row(), BOTH)


def test_the_other_arm_at_rest_keeps_one_hand_and_both_apart() -> None:
    alone = row(when=[*row()["when"], {"feature": "other.arm_at_rest", "enter_above": 0.1}])
    assert len(library(alone, BOTH).gestures) == 3


def test_two_movements_that_begin_apart_do_not_clash() -> None:
    other = {**SWIPE, "id": "push", "before": [{**STEP, "when": [{"feature": "wrist_x", "enter_above": 0.5}]}]}
    assert len(library(SWIPE, other).gestures) == 4


def test_the_steps_are_part_of_the_hash() -> None:
    slower = {**SWIPE, "before": [{**STEP, "within_ms": 401}]}
    assert library(SWIPE).gestures[0].content_hash != library(slower).gestures[0].content_hash


def test_rows_without_qualifiers_of_their_own_have_the_default_ones() -> None:
    named = {
        "calm": [{"feature": "trunk_roll", "enter_below": 0.5}],
        "clutch": [{"feature": "other.wrist_y", "enter_above": 0.0}],
    }
    document = {"default_qualifiers": ["calm"], "qualifiers": named, "gesture": [row()]}
    assert [c.feature for c in parse_library(document, "test.toml").gestures[0].conditions] == ["wrist_y", "trunk_roll"]
