"""A whole self-play: what its report says of a sound library, and of one that fires where it must not, or never."""

import json
from dataclasses import replace
from typing import Any

import pytest

from airdeck.gestures.library import Condition, Library, library_of
from airdeck.selfplay import full_html, full_report
from airdeck.selfplay.full import Plan, again, clips_of, run
from airdeck.selfplay.screen import Verdict
from airdeck.selfplay.stage.cast import performer
from airdeck.selfplay.stage.clip import clip
from airdeck.selfplay.trial import Completed, Result, Stage, Trial, judge
from tests.support.virtual_deck import LIBRARY

PLAN = Plan(("starter", "booth", "distractors"), performers=2, hours=1.0 / 6.0)


def made(library: Library, plan: Plan = PLAN) -> dict[str, Any]:
    return full_report.make(run(library, plan), library, plan)


@pytest.fixture(scope="module")
def sound() -> dict[str, Any]:
    return made(LIBRARY)


def with_height(height: float) -> Library:
    """The library with hands that must be this high."""
    return library_of(
        tuple(
            replace(
                g,
                conditions=tuple(
                    Condition("wrist_y", enter_above=height, exit_below=height - 0.1) if c.feature == "wrist_y" else c
                    for c in g.conditions
                ),
            )
            for g in LIBRARY.gestures
        )
    )


def test_every_raise_is_tried_found_and_on_its_deck(sound: dict[str, Any]) -> None:
    for name in ("left.raise", "right.raise"):
        row = sound["gestures"][name]
        assert (row["trials"], row["hits"], row["recall"], row["wrong_deck"]) == (11, 11, 1.0, 0)
        assert row["latency_p95_ms"] < 150.0


def test_the_report_has_what_scripts_rely_on(sound: dict[str, Any]) -> None:
    assert {"passed", "seed", "library_hash", "code", "gestures", "hours", "reproduce"} <= sound.keys()
    per_gesture = {"trials", "hits", "recall", "wrong_deck", "latency_p95_ms", "false_per_hour"}
    assert all(per_gesture <= row.keys() for row in sound["gestures"].values())
    assert sound["reproduce"] == (
        "airdeck selfplay --scenario starter --scenario booth --scenario distractors --performers 2 --hours 0.166667 --seed 1"
    )


def test_what_nobody_can_find_is_listed_and_not_scored(sound: dict[str, Any]) -> None:
    assert set(sound["gestures"]) == {"left.raise", "right.raise"}
    assert {"left.circle", "undo", "arms_crossed"} <= set(sound["not_in_the_library"])


def test_the_same_seed_gives_the_same_report_and_page(sound: dict[str, Any]) -> None:
    assert json.dumps(made(LIBRARY), sort_keys=True) == json.dumps(sound, sort_keys=True)
    assert full_html.page(sound) == full_html.page(json.loads(json.dumps(sound)))


def test_another_seed_is_another_performance(sound: dict[str, Any]) -> None:
    assert made(LIBRARY, replace(PLAN, seed=2))["hours"] != sound["hours"]


def test_hands_that_nobody_reaches_so_high_make_the_report_fail_and_name_the_clips() -> None:
    report = made(with_height(1.6), replace(PLAN, scenarios=("starter",)))
    assert report["passed"] is False
    assert {row["hits"] for row in report["gestures"].values()} == {0}
    assert report["worst"][0]["what"] == "missed"
    assert report["confusion"]["left.raise"] == {"nothing": 10}
    missed = again(with_height(1.6), report["worst"][0]["clip"])
    assert not any(trial.found for trial in missed.trials)


def test_hands_that_need_not_be_high_fire_in_distractors_and_make_the_report_fail() -> None:
    report = made(with_height(-0.4), replace(PLAN, scenarios=("distractors",)))
    assert report["passed"] is False
    assert report["distraction"]["commands"] > 10
    assert report["distraction"]["bound95_per_hour"] > report["distraction"]["per_hour"]
    assert set(report["confusion"]) & {"drink", "at_the_gear", "phone", "clapping", "pointing", "headphone", "groove"}


def test_sides_that_are_swapped_are_wrong_decks() -> None:
    left, right = (LIBRARY.by_id[f"{side}.raise"] for side in ("left", "right"))
    swapped = library_of((replace(right, id="left.raise"), replace(left, id="right.raise")))
    report = made(swapped, replace(PLAN, scenarios=("starter",)))
    assert report["passed"] is False
    assert report["wrong_deck"] == 20


def test_the_gate_is_armed_nearly_always(sound: dict[str, Any]) -> None:
    assert all(row["armed_share"] > 0.995 for row in sound["scenarios"].values())


def test_distraction_hours_are_played_in_clips_of_ten_minutes() -> None:
    assert len(list(clips_of(Plan(("distractors",), hours=2.0)))) == 12
    assert len(list(clips_of(Plan(("vocabulary", "booth"), performers=30)))) == 33


def test_the_page_shows_each_gesture_scenario_and_clip(sound: dict[str, Any]) -> None:
    page = full_html.page(sound)
    for name in ("left.raise", "booth", "left.circle", sound["worst"][0]["clip"], sound["reproduce"]):
        assert name in page
    assert page.count("<svg") == len(sound["worst"]) > 0
    assert "http" not in page
    assert "<script" not in page


@pytest.mark.parametrize("sensors", [("mocopi",), ("watch",), ("mocopi", "watch")])
def test_other_sensors_take_no_raise_away(sensors: tuple[str, ...]) -> None:
    result = Stage(LIBRARY, sensors).play(clip("starter", performer(3, 0)))
    assert len(result.trials) == 20
    assert all(trial.hit for trial in result.trials)
    assert result.armed == result.steps > 0


def test_raises_that_only_the_camera_saw_are_vetoed_by_mocopi() -> None:
    """At least four of five; and without mocopi they would have gone through."""
    invented = clip("invented", performer(3, 0))
    alone, beside = (Stage(LIBRARY, sensors).play(invented) for sensors in ((), ("mocopi",)))
    assert [sum(trial.found for trial in result.trials) for result in (alone, beside)] == [20, 20]
    assert sum(trial.hit for trial in alone.trials) == 20
    assert sum(trial.hit for trial in beside.trials) <= 4


def scored(wrong_deck: int = 0, hits: int = 100, late_ms: float = 10.0, false: int = 0) -> bool:
    """Whether a gesture passes with these figures in a hundred trials and ten hours."""
    trials = []
    for n in range(100):
        trial = Trial(replace(FIRST, gesture="left.raise"), "starter/1.0", found=n < hits, hit=n < hits, latency_ms=late_ms)
        trial.wrong_deck = int(n < wrong_deck)
        trials.append(trial)
    stray = [(Completed(5.0, "left.raise", 1, Verdict.PERMITTED), "drink")] * false
    results = [Result("starter/1.0", "starter", 0.1, trials), Result("distractors/1.0", "distractors", 10.0, false=stray)]
    return bool(full_report.make(results, LIBRARY, PLAN)["gestures"]["left.raise"]["passed"])


@pytest.mark.parametrize(
    ("figures", "passes"),
    [
        ({}, True),
        ({"hits": 98, "late_ms": 150.0, "false": 2}, True),
        ({"hits": 97}, False),
        ({"wrong_deck": 1}, False),
        ({"late_ms": 151.0}, False),
        ({"false": 3}, False),
    ],
    ids=str,
)
def test_a_gesture_passes_by_recall_deck_delay_and_false_triggers(figures: dict[str, Any], passes: bool) -> None:
    assert scored(**figures) is passes


# ---- judging ----

PLAYED = clip("starter", performer(3, 0))
FIRST = PLAYED.meant[0]
OTHER_DECK = 2 if FIRST.gesture == "left.raise" else 1
OTHER = "right.raise" if FIRST.gesture == "left.raise" else "left.raise"


def judged(*completed: Completed) -> Result:
    result = Result("a/1.2", "a", 1.0)
    judge(PLAYED, list(completed), LIBRARY, result)
    return result


def at(t_s: float, gesture: str = FIRST.gesture, verdict: Verdict = Verdict.PERMITTED, deck: int = 3 - OTHER_DECK) -> Completed:
    return Completed(t_s, gesture, deck, verdict)


def test_what_comes_in_its_time_is_a_hit_with_its_delay() -> None:
    hold_s = LIBRARY.by_id[FIRST.gesture].hold_ms / 1e3
    trial = judged(at(FIRST.stroke_s + hold_s + 0.04)).trials[0]
    assert (trial.found, trial.hit, trial.wrong_deck) == (True, True, 0)
    assert trial.latency_ms == pytest.approx(40.0)


def test_what_the_gate_refused_was_found_and_is_no_hit() -> None:
    trial = judged(at(FIRST.stroke_s, verdict=Verdict.REFUSED)).trials[0]
    assert (trial.found, trial.hit) == (True, False)


def test_what_comes_too_late_is_missed_and_unmeant() -> None:
    result = judged(at(FIRST.end_s + 0.55))
    assert not result.trials[0].found
    assert [c.gesture for c, _ in result.false] == [FIRST.gesture]


def test_another_deck_meanwhile_is_a_wrong_deck() -> None:
    trial = judged(at(FIRST.stroke_s), at(FIRST.stroke_s + 0.1, OTHER, deck=OTHER_DECK)).trials[0]
    assert (trial.hit, trial.wrong_deck) == (True, 1)
    assert judged(at(FIRST.stroke_s, OTHER, Verdict.REFUSED, OTHER_DECK)).trials[0].wrong_deck == 0


def test_what_is_not_found_at_all_is_missed() -> None:
    assert not any(trial.found for trial in judged().trials)
