"""The quick self-play: what its report says of a sound library, and of one that fires where it must not, or never."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airdeck.gestures.library import Condition, Gesture, Library, library_of
from airdeck.selfplay import report
from airdeck.selfplay.quick import quick
from airdeck.selfplay.run import bodies, quick_run
from bridges.sources.performer import MOVES
from tests.support.virtual_deck import LIBRARY

SEED = 1
NEAR_MISSES = sorted(move.name for move in MOVES.values() if not move.means)


def made(library: Library, performers: int = 1, seed: int = SEED) -> dict[str, Any]:
    return report.make_report(quick_run(library, seed, performers), library, seed, performers)


def with_conditions(changed: dict[str, Condition | None]) -> Library:
    """The library with conditions of these features put in place of its own, or (None) left out."""

    def conditions(gesture: Gesture) -> tuple[Condition, ...]:
        found = (changed.get(c.feature, c) for c in gesture.conditions)
        return tuple(c for c in found if c is not None)

    return library_of(tuple(replace(g, conditions=conditions(g)) for g in LIBRARY.gestures))


ANY_HEIGHT: dict[str, Condition | None] = {
    "wrist_y": Condition("wrist_y", enter_above=-0.6, exit_below=-0.7),
    "shoulder_elevation": None,
}


def test_the_library_as_it_is_passes(passed: dict[str, Any]) -> None:
    assert passed["passed"] is True
    assert passed["false_moves"] == []


def test_each_gesture_is_tried_found_and_never_on_the_wrong_deck(passed: dict[str, Any]) -> None:
    """Each of eight performers raises each hand twice, quickly and slowly."""
    scores = {name: (s["trials"], s["hits"], s["recall"], s["wrong_deck"]) for name, s in passed["gestures"].items()}
    assert scores == dict.fromkeys(("left.raise", "right.raise"), (16, 16, 1.0, 0))


def test_a_raise_is_decided_after_its_stroke_and_before_a_hold_of_600_ms_is_over(passed: dict[str, Any]) -> None:
    """People do not hold longer. The hand passes the threshold on its way up, so the hold begins before the stroke ends."""
    assert all(0.0 < score["latency_p95_ms"] < 600.0 for score in passed["gestures"].values())


def test_the_report_names_its_library_code_machine_seed_and_how_to_do_it_again(passed: dict[str, Any]) -> None:
    assert passed["library_hash"] == LIBRARY.content_hash
    assert (passed["code"], passed["machine"]) == (report.code_digest(), report.machine_id())
    assert (passed["format"], passed["seed"], passed["reproduce"]) == (report.FORMAT, 1, "airdeck selfplay --quick --seed 1")


def test_the_report_is_json_and_the_same_each_time(passed: dict[str, Any]) -> None:
    assert json.dumps(made(LIBRARY, report.QUICK_PERFORMERS), sort_keys=True) == json.dumps(passed, sort_keys=True)


@pytest.mark.parametrize("seed", [2, 3, 4, 7])
def test_another_seed_is_another_performance_and_passes_too(passed: dict[str, Any], seed: int) -> None:
    other = made(LIBRARY, report.QUICK_PERFORMERS, seed)
    assert other["hours"] != passed["hours"]
    assert (other["passed"], other["false_moves"]) == (True, [])


def test_performers_differ_in_size_pace_camera_and_dance() -> None:
    some = list(bodies(report.QUICK_PERFORMERS, SEED))
    assert len({(b.tempo, b.camera.distance_m, b.camera.height_m, b.proportions.torso) for b in some}) == len(some)
    assert len({body.dance_m for body in some}) > 1


@pytest.mark.parametrize(
    ("changed", "fires_in"),
    [
        pytest.param({"wrist_settle": None}, {"left.wave", "right.wave"}, id="a hand that never comes to rest"),
        pytest.param({"other.arm_at_rest": None}, {"both_up"}, id="both arms at once"),
        pytest.param(ANY_HEIGHT, {"right.fader", "left.fader"}, id="a hand on the fader"),
    ],
)
def test_a_near_miss_that_fires_makes_the_report_fail_and_is_named(
    changed: dict[str, Condition | None], fires_in: set[str]
) -> None:
    """Each time the library lacks the very condition that tells this movement from a raise."""
    found = made(with_conditions(changed))
    assert found["passed"] is False
    assert all(score["recall"] == 1.0 for score in found["gestures"].values())
    assert fires_in <= {line.rpartition(" ")[2] for line in found["false_moves"]}
    assert any(score["false_per_hour"] > 0.0 for score in found["gestures"].values())


def test_a_gesture_that_is_not_found_makes_the_report_fail() -> None:
    """So high that no hand reaches it."""
    found = made(with_conditions({"wrist_y": Condition("wrist_y", enter_above=1.5, exit_below=1.4)}))
    assert found["passed"] is False
    assert {score["hits"] for score in found["gestures"].values()} == {0}


def test_sides_that_are_swapped_make_the_report_fail() -> None:
    """The gesture of the right hand under the name of the left one, and the other way round."""
    left, right = (LIBRARY.by_id[f"{side}.raise"] for side in ("left", "right"))
    found = made(library_of((replace(right, id="left.raise"), replace(left, id="right.raise"))))
    assert found["passed"] is False
    assert {score["wrong_deck"] for score in found["gestures"].values()} == {2}


def test_a_gesture_for_the_other_hands_deck_makes_the_report_fail() -> None:
    """Found, but its command is another deck's: the gate refuses it, and self-play counts what the gate lets through."""
    wrong = {"left.raise": "deck2.play_pause", "right.raise": "deck1.play_pause"}
    found = made(library_of(tuple(replace(g, command=wrong[g.id]) for g in LIBRARY.gestures)))
    assert found["passed"] is False
    assert {score["hits"] for score in found["gestures"].values()} == {0}


def test_a_gesture_that_no_performer_performs_makes_the_report_fail() -> None:
    """Untried is not passed. It asks for a hand higher than any, so it is in nobody's way."""
    never = Condition("wrist_y", enter_above=1.5, exit_below=1.4)
    odd = replace(LIBRARY.by_id["left.raise"], id="left.odd", conditions=(never,))
    found = made(library_of((*LIBRARY.gestures, odd)))
    assert found["passed"] is False
    assert (found["gestures"]["left.odd"]["trials"], found["false_moves"]) == (0, [])


LIFTED = ("brief_raise", "half_raise", "fader", "ear", "drink", "wave")


def test_every_movement_of_an_arm_that_means_nothing_is_performed() -> None:
    """A library that takes any arm that is lifted at all, however briefly, is told of each of them by name."""
    anything: dict[str, Condition | None] = dict.fromkeys(c.feature for c in LIBRARY.gestures[0].conditions)
    lifted = with_conditions(anything | ANY_HEIGHT).gestures
    hasty = library_of(tuple(replace(gesture, hold_ms=100) for gesture in lifted))
    told = {line.rpartition(" ")[2] for line in made(hasty)["false_moves"]}
    wanted = {name for name in NEAR_MISSES if name.partition(".")[2] in LIFTED} | {"both_up", "tee"}
    assert len(wanted) == 14
    assert wanted - told == set()


def test_quick_keeps_its_report_for_this_machine_and_writes_it_where_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real thing: eight performers."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    answer = quick(LIBRARY, out=tmp_path / "copy.json")
    assert answer["performers"] == 8
    assert json.loads(report.report_path().read_text()) == json.loads((tmp_path / "copy.json").read_text()) == answer
    assert report.why_not_current(LIBRARY) == ""


def test_a_report_that_fails_replaces_the_one_that_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passed: dict[str, Any]
) -> None:
    """Yesterday's pass is no ground for today."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    report.keep(passed)
    assert report.why_not_current(LIBRARY) == ""
    report.keep({**passed, "passed": False})
    assert report.why_not_current(LIBRARY) != ""


def test_the_summary_for_a_person_says_what_was_unmeant(passed: dict[str, Any]) -> None:
    assert report.summary(passed).startswith("self-play passed: 8 performers")
    failed = made(with_conditions({"other.arm_at_rest": None}))
    assert report.summary(failed).startswith("self-play did NOT pass")
    assert "in or after both_up" in report.summary(failed)
