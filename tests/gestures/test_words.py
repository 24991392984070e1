"""A row in words: every number of it is said, and nothing else."""

from pathlib import Path

import pytest

from airdeck.gestures import words
from airdeck.gestures.features import FEATURES
from airdeck.gestures.library import Gesture, load_library
from tests.gestures.scenes import library, row

SHIPPED = load_library(Path(__file__).resolve().parents[2] / "config" / "gestures.toml")
HIGH = {"feature": "wrist_y", "enter_above": 0.5, "exit_below": 0.4}


def text(gesture: Gesture) -> str:
    return "\n".join(words.lines(words.describe(gesture)))


def of(*conditions: dict[str, object], side: str = "left", **changes: object) -> str:
    shown = library(row(when=list(conditions), **changes))
    return text(shown.by_id[f"{side}.up" if side != "both" else "up"])


def test_every_feature_has_its_phrase_and_every_unit_its_word() -> None:
    assert set(words.PHRASES) == set(FEATURES)
    assert {feature.unit for feature in FEATURES.values()} <= set(words.UNITS)


@pytest.mark.parametrize("gesture", SHIPPED.gestures, ids=lambda g: g.id)
def test_every_bound_and_time_of_a_row_is_said(gesture: Gesture) -> None:
    said = text(gesture)
    every = [*gesture.conditions, *(c for step in gesture.before for c in step.conditions)]
    for condition in every:
        assert words.phrase(condition, gesture.side) in said
        for bound in words.BOUNDS:
            value = getattr(condition, bound)
            assert abs(value) == float("inf") or f"{value:g}" in said
    for number in (gesture.hold_ms or "no hold", gesture.release_ms, gesture.window_ms, gesture.content_hash, gesture.hint):
        assert str(number) in said


def test_a_condition_reads_as_what_it_enters_and_what_breaks_it() -> None:
    assert "left hand, height over mid-shoulder" in of(HIGH)
    assert "over 0.5 torso lengths; broken under 0.4" in of(HIGH)


def test_a_band_names_both_its_ends() -> None:
    assert "over 0.1 and under 0.3 torso lengths; broken under 0 or over 0.4" in of(
        {"feature": "wrist_y", "enter_above": 0.1, "enter_below": 0.3, "exit_below": 0.0, "exit_above": 0.4}
    )


def test_angles_are_said_in_degrees_too() -> None:
    assert "under 0.5 rad (29°)" in of({"feature": "trunk_roll", "enter_below": 0.5})


def test_the_right_hand_and_the_other_hand_are_named() -> None:
    other = {"feature": "other.wrist_y", "enter_below": 0.0}
    assert "right hand, height" in of(other)
    assert "left hand, height" in of(other, side="right")
    assert "right hand, height" in of(HIGH, side="right")


def test_each_hand_of_a_gesture_of_both_is_named() -> None:
    said = of({**HIGH, "feature": "each.wrist_y"}, side="both", hands="both", command=None)
    assert "left hand, height" in said
    assert "right hand, height" in said


def test_when_a_condition_counts_is_said() -> None:
    said = of(HIGH, {**HIGH, "feature": "elbow_y", "at": "start"}, {**HIGH, "feature": "wrist_x", "at": "finish"})
    order = [
        said.index(part)
        for part in ("from beginning to end", "height over mid", "where it begins", "elbow", "where it completes")
    ]
    assert order == sorted(order)


def test_qualifiers_are_told_apart_from_the_rows_own_conditions() -> None:
    shown = library(row(qualifiers=["seen"]), qualifiers={"seen": [{"feature": "head_seen", "enter_above": 0.5}]})
    described = words.describe(shown.by_id["left.up"])
    assert [c["feature"] for c in described["when"]] == ["wrist_y"]
    assert [(q["name"], [c["feature"] for c in q["when"]]) for q in described["qualifiers"]] == [("seen", ["head_seen"])]
    assert "only while seen" in text(shown.by_id["left.up"])


def test_steps_are_said_with_their_times() -> None:
    said = of(HIGH, before=[{"when": [{"feature": "wrist_y", "enter_below": -0.2}], "hold_ms": 100, "within_ms": 450}])
    assert "step 1, for 100 ms, what comes next within 450 ms" in said
    assert said.index("step 1") < said.index("under -0.2") < said.index("then the gesture itself")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "deck 1: play pause"),
        ({"command": None}, "observed, sends nothing"),
        ({"command": None, "act": "disarm"}, "disarms"),
    ],
)
def test_what_it_does_is_said(changes: dict[str, object], says: str) -> None:
    assert says in of(HIGH, **changes)
