"""The budget is a table that can be trusted: every figure is measured somewhere, limits and peers fit each other."""

import importlib.util
import json
from dataclasses import replace

import pytest

from bench.__main__ import chosen, failed, measure, row_of, table
from bench.budget import FIGURES, GROUPS, Figure, Limit, Of, at_least, at_most
from bench.measure import Measured, interleaved, median_ratio, percentile

BARS = {
    "vector.loop": "value / peer <= 1.5",
    "vector.call": "value - peer <= 1.5",
    "vector.call_gain": "peer / value >= 10",
    "vector.loop_gain": "peer / value >= 50",
    "step.gestures_16": "value <= 50",
    "step.objects": "value <= 0",
    "vmc.frame": "peer / value >= 10",
    **dict.fromkeys(
        (f"hostile.{port}" for port in ("vmc", "mocopi", "pose_json", "lumm", "osc_apps", "sensor_logger")),
        "value / peer <= 5",
    ),
    "path.p50": "value <= 0.3",
    "path.p50_gain": "peer / value >= 5",
    "path.p99": "value / peer <= 3",
    "path.p99_bound": "value <= 1",
    "path.events": "value >= 2000",
    "camera.pictures_per_second": "value / peer >= 0.95",
    "camera.landmarks_to_decision_p50": "value <= 1",
    "memory.deck": "value <= 150",
    "start.help_cpu": "value <= 0.4",
    "screen.one": "value >= 300",
    "selfplay.speed": "value >= 300",
    "selfplay.frame": "value <= 100",
}
COST = Figure("x.cost", "us", 1.0, at_most(Of.COST, 1.5), "peer", in_quick=True)
GAIN = Figure("x.gain", "us", 12.0, at_least(Of.GAIN, 10.0), "peer", in_quick=True, gain=True)


def seen(**what):
    return Measured("x", **what).as_dict()


@pytest.mark.parametrize("name", BARS)
def test_a_bar_stands_in_the_table_as_it_was_set(name):
    assert str(FIGURES[name].limit) == BARS[name]


def test_no_limit_stands_in_the_table_that_is_no_bar():
    assert {name for name, figure in FIGURES.items() if figure.limit} == set(BARS)


@pytest.mark.parametrize("figure", FIGURES.values(), ids=str)
def test_the_module_of_a_figure_is_there(figure):
    assert importlib.util.find_spec(GROUPS[figure.group]) is not None


@pytest.mark.parametrize("figure", [f for f in FIGURES.values() if f.limit and f.limit.of is not Of.VALUE], ids=str)
def test_a_limit_on_a_ratio_names_its_peer(figure):
    assert figure.peer


@pytest.mark.parametrize("figure", [f for f in FIGURES.values() if f.limit], ids=str)
def test_what_is_expected_keeps_the_limit(figure):
    limit = figure.limit
    assert limit.at_most is None or figure.expected <= limit.at_most
    assert limit.at_least is None or figure.expected >= limit.at_least


@pytest.mark.parametrize("figure", FIGURES.values(), ids=str)
def test_a_gain_is_the_ratio_of_a_figure_whose_limit_is_a_gain(figure):
    assert figure.limit is None or figure.gain is (figure.limit.of is Of.GAIN)


@pytest.mark.parametrize(("value", "ok"), [(1.5, True), (1.51, False)])
def test_a_cost_is_judged_against_the_peer(value, ok):
    row = row_of(COST, seen(value=value, peer_value=1.0), quick=False)
    assert (row["ratio"], row["ok"], row["judged"]) == (value, ok, True)


@pytest.mark.parametrize(("value", "ok"), [(1.0, True), (1.01, False)])
def test_a_gain_is_judged_the_other_way_round(value, ok):
    assert row_of(GAIN, seen(value=value, peer_value=10.0), quick=False)["ok"] is ok


def test_a_ratio_that_was_measured_counts_before_one_that_is_made():
    assert row_of(COST, seen(value=1.0, peer_value=1.0, ratio=1.6), quick=False)["ok"] is False


@pytest.mark.parametrize(("value", "ok"), [(2.5, True), (2.51, False)])
def test_an_excess_is_judged_as_a_difference(value, ok):
    assert Limit(Of.OVER, at_most=1.5).holds(value, 1.0, value) is ok


def test_a_limit_on_a_peer_that_is_not_there_does_not_hold():
    assert not at_most(Of.OVER, 1.5).holds(1.0, None, None)


def test_quick_judges_only_what_the_table_says():
    slow = replace(COST, in_quick=False)
    row = row_of(slow, seen(value=9.0, peer_value=1.0), quick=True)
    assert (row["ok"], row["judged"]) == (False, False)


def test_quick_has_room_where_the_table_gives_it():
    roomy = replace(COST, quick_limit=at_most(Of.COST, 2.0))
    what = seen(value=1.8, peer_value=1.0)
    assert [row_of(roomy, what, quick=quick)["ok"] for quick in (True, False)] == [True, False]


def test_the_room_of_quick_is_never_stricter_than_the_bar():
    for figure in FIGURES.values():
        loose, bar = figure.limit_of(True), figure.limit
        if loose is not bar:
            assert (loose.at_most or 0) >= (bar.at_most or 0)
            assert (loose.at_least or 0) <= (bar.at_least or 0)


def test_a_skipped_figure_is_not_judged_and_says_why():
    row = row_of(COST, seen(skipped="no compiler"), quick=False)
    assert (row["ok"], row["judged"], row["note"]) == (None, False, "no compiler")


def test_a_module_that_fails_breaks_every_one_of_its_figures():
    missing = measure("bench.no_such_module", ["step.gestures_2"], quick=True)
    row = failed(FIGURES["step.gestures_2"], missing["step.gestures_2"])
    assert row is not None
    assert (row["ok"], row["judged"]) == (False, True)


def test_a_row_has_the_keys_that_scripts_rely_on():
    promised = {"name", "value", "unit", "peer", "peer_value", "ratio", "allowed", "ok"}
    row = row_of(GAIN, seen(value=1.0, peer_value=12.0), quick=False)
    assert promised <= json.loads(json.dumps(row)).keys()


def test_the_table_shows_usage_expected_and_allowed():
    text = table([row_of(GAIN, seen(value=1.0, peer_value=12.0), quick=False)])
    assert text.splitlines()[0].split()[:4] == ["figure", "usage", "expected", "allowed"]
    assert "1 us" in text
    assert "peer / value >= 10" in text


def test_a_group_is_chosen_by_its_name():
    assert chosen(["step"]) == [name for name in FIGURES if name.startswith("step.")]


def test_a_name_that_nobody_has_is_refused():
    with pytest.raises(SystemExit, match="no figure nonsense"):
        chosen(["nonsense"])


def test_blocks_take_turns_to_go_first():
    order = []
    interleaved(2, lambda: order.append("a") or 1.0, lambda: order.append("b") or 1.0)
    assert order == ["a", "b", "b", "a"]


def test_one_disturbed_block_does_not_decide_a_ratio():
    assert median_ratio([2.0, 2.0, 90.0], [1.0, 1.0, 1.0]) == 2.0


@pytest.mark.parametrize(("share", "value"), [(0.5, 51), (0.99, 100), (1.0, 100)])
def test_a_percentile_is_a_value_that_was_seen(share, value):
    assert percentile(range(1, 101), share) == value
