"""Two libraries compared: rows, numbers, and the promotions that a change costs."""

from typing import Any

import pytest

from airdeck.gestures.difference import difference, lines
from airdeck.gestures.library import Library
from safety.promotion import Basis, Promotion
from tests.gestures.scenes import library, row

HIGH = {"feature": "wrist_y", "enter_above": 0.5, "exit_below": 0.4}
LOW = {"feature": "wrist_y", "enter_below": -0.5, "exit_above": -0.4}
SEEN = {"seen": [{"feature": "head_seen", "enter_above": 0.5}]}
BEFORE = library(row())


def promoted(shown: Library) -> dict[str, Promotion]:
    return {g.id: Promotion(g.id, g.command, Basis.BASELINE, g.content_hash) for g in shown.gestures}


def compared(*rows: dict[str, Any], **options: Any) -> dict[str, Any]:
    return difference(BEFORE, library(*rows, **options), promoted(BEFORE))


def changes(found: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(one["what"], one["old"], one["new"]) for change in found["changed"] for one in change["changes"]]


def test_a_library_does_not_differ_from_itself() -> None:
    found = compared(row())
    assert found == {"added": [], "removed": [], "changed": [], "promotions": [], "same": True}
    assert list(lines(found)) == ["no difference"]


def test_added_and_removed_rows_are_named_once_for_both_hands() -> None:
    found = compared(row(id="down", when=[LOW]))
    assert (found["added"], found["removed"]) == (["down"], ["up"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hold_ms": 450}, ("hold_ms", 300, 450)),
        ({"kind": "movement"}, ("kind", "posture", "movement")),
        ({"command": None}, ("command", "play_pause", "")),
        ({"when": [{**HIGH, "enter_above": 0.55}]}, ("when wrist_y enter_above", 0.5, 0.55)),
        ({"when": [{**HIGH, "enter_below": 2.0}]}, ("when wrist_y enter_below", None, 2.0)),
        ({"when": [{"feature": "wrist_y", "enter_above": 0.5}]}, ("when wrist_y exit_below", 0.4, None)),
        ({"when": [{**HIGH, "at": "start"}]}, ("when wrist_y at", "always", "start")),
        ({"when": [HIGH, {**HIGH, "enter_above": 0.6}]}, ("when wrist_y#2 enter_above", None, 0.6)),
        ({"qualifiers": ["seen"]}, ("qualifier seen head_seen enter_above", None, 0.5)),
        ({"before": [{"when": [LOW], "hold_ms": 60, "within_ms": 450}]}, ("before[1] within_ms", None, 450)),
        ({"before": [{"when": [LOW], "hold_ms": 60, "within_ms": 450}]}, ("before[1] wrist_y enter_below", None, -0.5)),
    ],
)
def test_a_changed_number_is_told_with_both_values_and_costs_both_promotions(
    change: dict[str, Any], says: tuple[Any, ...]
) -> None:
    found = compared(row(**{"qualifiers": [], **change}), qualifiers=SEEN)
    assert says in changes(found)
    assert [row["decides"] for row in found["changed"]] == [True]
    assert [(p["gesture"], p["now"]) for p in found["promotions"]] == [("left.up", "falls"), ("right.up", "falls")]
    assert found["same"] is False


@pytest.mark.parametrize("change", [{"hint": "Up!"}, {"zone": "overhead"}, {"drawing": "raise"}, {"tier": 2}])
def test_words_and_tiers_cost_no_promotion(change: dict[str, Any]) -> None:
    found = compared(row(**change))
    assert [what for what, _, _ in changes(found)] == list(change)
    assert [row["decides"] for row in found["changed"]] == [False]
    assert found["promotions"] == []
    assert found["same"] is False


def test_a_removed_row_costs_its_promotions() -> None:
    assert [p["why"] for p in compared(row(id="down", when=[LOW]))["promotions"]] == ["the gesture is gone"] * 2


def test_going_back_gives_the_promotion_back() -> None:
    found = difference(library(row(hold_ms=450)), BEFORE, promoted(BEFORE))
    assert {p["now"] for p in found["promotions"]} == {"holds"}


def test_a_promotion_that_held_neither_before_nor_after_is_not_told() -> None:
    never = {"left.up": Promotion("left.up", "deck1.play_pause", Basis.BASELINE, "")}
    assert difference(BEFORE, library(row(hold_ms=450)), never)["promotions"] == []


def test_conditions_in_another_order_are_another_gesture_and_said_so() -> None:
    elbow = {"feature": "elbow_y", "enter_above": 0.1}
    found = difference(library(row(when=[HIGH, elbow])), library(row(when=[elbow, HIGH])), {})
    assert changes(found) == [("order of the conditions", "wrist_y, elbow_y", "elbow_y, wrist_y")]


def test_what_is_read_has_a_line_for_each_change() -> None:
    said = list(lines(compared(row(hold_ms=450), row(id="down", when=[LOW]))))
    assert said[:3] == ["added    down", "changed  up", "    hold_ms: 300 -> 450"]
    assert said[3] == "promotion of left.up (deck1.play_pause) falls: the gesture is another one now"
