"""The recogniser, number by number: hysteresis, hold, release, window, gaps, and nothing that one row does to another."""

import gc
import math
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from airdeck.gestures.library import Library, library_of, load_library
from airdeck.gestures.recognizer import Recognizer
from dynamics.schema import INDEX
from tests.gestures.scenes import START_NS, Scene, hold, library, recognise, row, told, vectors

UP, EDGE, BELOW = {"l_wrist_y": 0.6}, {"l_wrist_y": 0.45}, {"l_wrist_y": 0.39}
DOWN = {"l_wrist_y": -0.8}
"""`row()`: entered above 0.5, left below 0.4, held 300 ms, released after 150 ms, spent after 1000 ms."""


@pytest.fixture
def up() -> Library:
    return library(row())


def test_a_held_gesture_completes_once_when_its_hold_is_over(up: Library) -> None:
    assert told(recognise(up, hold(0, 900, UP))) == [("left.up", "completed", 300)]


def test_one_frame_less_than_the_hold_is_nothing(up: Library) -> None:
    """Cancelled when the arm has been down for longer than one bad picture."""
    events = recognise(up, [*hold(0, 300, UP), *hold(300, 600, DOWN)])
    assert told(events) == [("left.up", "cancelled", 360)]


def test_the_event_names_when_it_began_and_on_what_it_rests(up: Library) -> None:
    (event,) = recognise(up, [*hold(0, 50, DOWN), *hold(50, 400, UP)])
    assert event.onset_ns == START_NS + 50_000_000
    assert event.capture_ns == START_NS + 350_000_000
    assert (event.deck, event.evidence, event.why) == (1, (("wrist_y", pytest.approx(0.6)),), "")


@pytest.mark.parametrize(("height", "enters"), [(0.499, False), (0.5, False), (0.501, True)])
def test_the_entry_bound_is_met_from_one_side_only(height: float, enters: bool, up: Library) -> None:
    assert bool(recognise(up, hold(0, 500, {"l_wrist_y": height}))) is enters


@pytest.mark.parametrize(("height", "phase"), [(0.401, "completed"), (0.399, "cancelled")])
def test_between_the_bounds_a_hold_goes_on_and_beyond_them_it_ends(height: float, phase: str, up: Library) -> None:
    (event,) = recognise(up, [*hold(0, 100, UP), *hold(100, 500, {"l_wrist_y": height})])
    assert event.phase == phase


def test_between_the_bounds_nothing_begins(up: Library) -> None:
    assert recognise(up, hold(0, 1000, EDGE)) == []


@pytest.mark.parametrize(("height", "enters"), [(0.9, True), (1.0, False), (1.1, False)])
def test_an_upper_bound_is_met_from_below(height: float, enters: bool) -> None:
    band = library(row(when=[{"feature": "wrist_y", "enter_above": 0.5, "enter_below": 1.0, "exit_above": 1.2}]))
    assert bool(recognise(band, hold(0, 500, {"l_wrist_y": height}))) is enters


@pytest.mark.parametrize(("height", "phase"), [(1.19, "completed"), (1.21, "cancelled")])
def test_an_upper_bound_has_its_own_way_out(height: float, phase: str) -> None:
    band = library(row(when=[{"feature": "wrist_y", "enter_above": 0.5, "enter_below": 1.0, "exit_above": 1.2}]))
    (event,) = recognise(band, [*hold(0, 100, UP), *hold(100, 500, {"l_wrist_y": height})])
    assert event.phase == phase


def test_a_completed_gesture_is_released_when_it_was_left_for_its_release_time(up: Library) -> None:
    events = recognise(up, [*hold(0, 400, UP), *hold(400, 700, DOWN)])
    assert told(events) == [("left.up", "completed", 300), ("left.up", "released", 540)]


def test_a_dip_shorter_than_the_release_time_releases_nothing_and_fires_no_second_time(up: Library) -> None:
    events = recognise(up, [*hold(0, 400, UP), *hold(400, 530, DOWN), *hold(530, 1500, UP)])
    assert told(events) == [("left.up", "completed", 300)]


def test_after_its_release_a_gesture_can_be_made_again(up: Library) -> None:
    again = recognise(up, [*hold(0, 400, UP), *hold(400, 700, DOWN), *hold(700, 1100, UP)])
    assert [(e.phase) for e in again] == ["completed", "released", "completed"]


# ---- the window, and conditions that count only at the start or the finish ----

CALM = {"feature": "head_seen", "enter_above": 0.5, "at": "finish"}


@pytest.fixture
def waits() -> Library:
    return library(row(when=[*row()["when"], CALM]))


def test_a_finish_condition_delays_completion_and_breaks_nothing(waits: Library) -> None:
    events = recognise(waits, [*hold(0, 700, {**UP, "head_seen": 0.0}), *hold(700, 800, {**UP, "head_seen": 1.0})])
    assert told(events) == [("left.up", "completed", 700)]


def test_past_its_window_a_gesture_is_spent_and_says_what_it_waited_for(waits: Library) -> None:
    (event,) = recognise(waits, hold(0, 2000, {**UP, "head_seen": 0.0}))
    assert (event.phase, event.why) == ("cancelled", "head_seen")
    assert told([event]) == [("left.up", "cancelled", 1010)]


def test_a_spent_gesture_fires_only_after_it_was_let_go(waits: Library) -> None:
    late = [*hold(0, 1100, {**UP, "head_seen": 0.0}), *hold(1100, 2000, {**UP, "head_seen": 1.0})]
    assert [e.phase for e in recognise(waits, late)] == ["cancelled"]
    again = [*late, *hold(2000, 2200, {**DOWN, "head_seen": 1.0}), *hold(2200, 2600, {**UP, "head_seen": 1.0})]
    assert [e.phase for e in recognise(waits, again)] == ["cancelled", "completed"]


def test_a_finish_condition_that_is_not_seen_is_not_met(waits: Library) -> None:
    assert [e.phase for e in recognise(waits, hold(0, 900, {**UP, "head_seen": math.nan}))] == []


def test_a_start_condition_counts_where_the_gesture_begins_and_no_longer() -> None:
    start = library(row(when=[*row()["when"], {"feature": "head_seen", "enter_above": 0.5, "at": "start"}]))
    begun = [*hold(0, 50, {**UP, "head_seen": 1.0}), *hold(50, 500, {**UP, "head_seen": 0.0})]
    assert told(recognise(start, begun)) == [("left.up", "completed", 300)]
    assert recognise(start, hold(0, 900, {**UP, "head_seen": 0.0})) == []


def test_a_raise_counts_only_from_an_arm_that_was_down_lately() -> None:
    fresh = library(row(when=[*row()["when"], {"feature": "arm_was_down", "enter_below": 1.0, "at": "start"}]))
    half = {"l_wrist_y": 0.0}
    assert [e.phase for e in recognise(fresh, [*hold(0, 100, DOWN), *hold(100, 1000, half), *hold(1000, 1500, UP)])] == [
        "completed"
    ]
    assert recognise(fresh, [*hold(0, 100, DOWN), *hold(100, 1200, half), *hold(1200, 1700, UP)]) == []
    assert recognise(fresh, hold(0, 900, UP)) == []


# ---- bad pictures and missing ones ----

GAPS = [("nobody", None), ("wrist unseen", {"l_wrist_y": math.nan})]


@pytest.mark.parametrize("slots", [slots for _, slots in GAPS], ids=[name for name, _ in GAPS])
@pytest.mark.parametrize(("gap_ms", "phase"), [(150, "completed"), (160, "cancelled")])
def test_a_hold_bridges_what_is_missing_for_150_ms_and_no_longer(gap_ms: int, phase: str, slots: Any, up: Library) -> None:
    """The last good frame is at 100 ms, the next one 150 or 160 ms later."""
    events = recognise(up, [*hold(0, 101, UP), *hold(110, 100 + gap_ms, slots), *hold(100 + gap_ms, 460, UP)])
    assert events[0].phase == phase


@pytest.mark.parametrize(("gap_ms", "phases"), [(150, ["completed"]), (160, ["cancelled"])])
def test_a_hold_bridges_pictures_that_never_came_just_as_long(gap_ms: int, phases: list[str], up: Library) -> None:
    """A strobe's dark pictures are dropped before anyone looks for people in them."""
    events = recognise(up, [*hold(0, 101, UP), *hold(100 + gap_ms, 460, UP)])
    assert [e.phase for e in events] == phases


def test_no_hold_is_completed_by_a_picture_without_the_hand(up: Library) -> None:
    """What is missing is bridged, not believed: the hold completes on the next picture that shows it."""
    events = recognise(up, [*hold(0, 260, UP), *hold(260, 390, None), *hold(390, 500, UP)])
    assert told(events) == [("left.up", "completed", 390)]


@pytest.mark.parametrize("step_ms", [17, 33, 50])
def test_one_bad_picture_ends_no_hold(step_ms: int, up: Library) -> None:
    """60, 30 and 20 frames a second: the arm seems down in one of them."""
    scene = [(t, DOWN if t == 4 * step_ms else UP) for t in range(0, 600, step_ms)]
    assert [e.phase for e in recognise(up, scene)] == ["completed"]


def test_what_broke_a_hold_is_named(up: Library) -> None:
    (event,) = recognise(up, [*hold(0, 100, UP), *hold(100, 300, BELOW)])
    assert (event.phase, event.why) == ("cancelled", "wrist_y")


def test_of_several_conditions_the_broken_one_is_named() -> None:
    two = library(row(when=[*row()["when"], {"feature": "other.wrist_y", "enter_below": 0.2, "exit_above": 0.4}]))
    raised = {**UP, "r_wrist_y": 0.9}
    (event,) = recognise(two, [*hold(0, 100, UP), *hold(100, 300, raised)])
    assert (event.gesture, event.why) == ("left.up", "other.wrist_y")


def test_a_gap_without_pictures_blames_no_condition(waits: Library) -> None:
    """Not even the one that was still being waited for."""
    calm_missing = {**UP, "head_seen": 0.0}
    events = recognise(waits, [*hold(0, 101, calm_missing), *hold(300, 320, calm_missing)])
    assert [(e.phase, e.why) for e in events] == [("cancelled", "")]


# ---- left and right ----


def mirrored(slots: dict[str, float] | None) -> dict[str, float] | None:
    """The same pose in a mirror: sides exchanged, x turned round."""
    if slots is None:
        return None
    swap = {"l": "r", "r": "l"}
    turned = {}
    for name, value in slots.items():
        other = "_".join(swap.get(part, part) for part in name.split("_"))
        turned[other] = -value if name.endswith("_x") else value
    return turned


def test_a_mirrored_scene_gives_the_mirrored_gesture_at_the_same_frames() -> None:
    """Wrist, elbow and outward place of every frame at random: each event has its twin."""
    rows = row(when=[
        {"feature": "wrist_y", "enter_above": 0.3, "exit_below": 0.2},
        {"feature": "wrist_x", "enter_above": -0.3, "enter_below": 0.8, "exit_below": -0.5, "exit_above": 1.0},
        {"feature": "other.wrist_x", "enter_above": -0.6, "exit_below": -0.9},
        {"feature": "other.arm_at_rest", "enter_above": 0.05, "exit_below": 0.001},
    ], hold_ms=60)  # fmt: skip
    rng = np.random.default_rng(5)
    names = ("l_wrist_y", "r_wrist_y", "l_wrist_x", "r_wrist_x", "l_elbow_y", "r_elbow_y")
    scene: Scene = []
    for block in range(400):
        slots = dict(zip(names, rng.uniform(-1.0, 1.0, len(names)).tolist(), strict=True))
        scene += hold(block * 100, block * 100 + 100, slots)
    plain = told(recognise(library(rows), scene))
    turned = told(recognise(library(rows), [(t, mirrored(slots)) for t, slots in scene]))  # type: ignore[arg-type]
    assert {gesture for gesture, _, _ in plain} == {"left.up", "right.up"}
    other = {"left.up": "right.up", "right.up": "left.up"}
    assert sorted(turned, key=str) == sorted([(other[g], phase, t) for g, phase, t in plain], key=str)


# ---- cancelling ----


@pytest.fixture
def fresh() -> Recognizer:
    return Recognizer(library(row(when=[*row()["when"], {"feature": "arm_was_down", "enter_below": 1.0, "at": "start"}])))


def test_a_cancelled_hold_is_not_taken_up_again_until_the_arm_came_down(fresh: Recognizer) -> None:
    recognise(fresh, [*hold(0, 100, DOWN), *hold(100, 300, UP)])
    fresh.cancel()
    assert recognise(fresh, hold(300, 2000, UP)) == []
    assert [e.phase for e in recognise(fresh, [*hold(2000, 2100, DOWN), *hold(2100, 2500, UP)])] == ["completed"]


def test_cancelling_after_completion_releases_nothing_and_fires_nothing(fresh: Recognizer) -> None:
    assert [e.phase for e in recognise(fresh, [*hold(0, 100, DOWN), *hold(100, 500, UP)])] == ["completed"]
    fresh.cancel()
    assert recognise(fresh, hold(500, 1500, UP)) == []


def test_reset_forgets_that_an_arm_was_down(fresh: Recognizer) -> None:
    recognise(fresh, hold(0, 100, DOWN))
    fresh.reset()
    assert recognise(fresh, hold(100, 600, UP)) == []


def test_a_hold_in_flight_shows_how_far_it_is(up: Library) -> None:
    recognizer = Recognizer(up)
    recognise(recognizer, hold(0, 151, UP))
    assert recognizer.progress(START_NS + 150_000_000) == [("left.up", pytest.approx(0.5))]


def test_confidence_is_the_least_of_wrist_head_and_lock(up: Library) -> None:
    seen = {**UP, "conf_l_wrist": 0.9, "head_seen": 0.7, "performer_lock": 0.8, "conf_r_wrist": 0.1}
    (event,) = recognise(up, hold(0, 350, seen))
    assert event.confidence == pytest.approx(0.7)


# ---- many gestures ----


def many(count: int) -> Library:
    """`count` gestures, both sides, each in a cell of its own of where the wrist can be."""
    side = math.isqrt(count // 2 - 1) + 1
    cells = [(i % side, i // side) for i in range(count // 2)]
    width = 2.0 / side
    return library(
        *(
            row(
                id=f"cell_{n}",
                hold_ms=40 + n % 3 * 10,
                when=[
                    {"feature": "wrist_x", "enter_above": -1 + i * width, "enter_below": -1 + (i + 1) * width},
                    {"feature": "wrist_y", "enter_above": -1 + j * width, "enter_below": -1 + (j + 1) * width},
                    {"feature": "head_seen", "enter_above": 0.3, "exit_below": 0.2},
                ],
            )
            for n, (i, j) in enumerate(cells)
        )
    )


def wandering(frames: int) -> Scene:
    """Both wrists stay 80 ms at each of many places."""
    rng, scene = np.random.default_rng(11), []
    for at in range(0, frames * 20, 80):
        places = rng.uniform(-1, 1, 4)
        slots = dict(zip(("l_wrist_x", "l_wrist_y", "r_wrist_x", "r_wrist_y"), places.tolist(), strict=True))
        scene += hold(at, at + 80, {**slots, "head_seen": 1.0}, step_ms=20)
    return scene


@pytest.mark.parametrize("count", [64, 256])
def test_adding_gestures_changes_no_event_of_those_that_were_there(count: int) -> None:
    """Byte for byte: a few of a large library alone, and among all the others."""
    whole = many(count)
    assert len(whole.gestures) == count
    few = library_of(whole.gestures[:: count // 16])
    scene = wandering(1200)
    alone = recognise(few, scene)
    among = [e for e in recognise(whole, scene) if e.gesture in few.by_id]
    assert len(alone) > 10
    assert repr(among) == repr(alone)


def test_features_that_gestures_share_are_read_once() -> None:
    """What 256 gestures cost is their conditions, not their features: 256 gestures read three slots a side."""
    recognizer = Recognizer(many(256))
    assert len(recognizer.values) == 5


def test_one_feature_of_two_levels_is_two_features(up: Library) -> None:
    """`arm_was_down` and `arm_at_rest` ask the same slots other questions."""
    more = [{"feature": "arm_was_down", "enter_below": 1.0}, {"feature": "arm_at_rest", "enter_below": 9.0}]
    both = library(row(when=[*row()["when"], *more]))
    assert len(Recognizer(both).values) == len(Recognizer(up).values) + 4


# ---- cost ----


def test_ten_thousand_steps_without_a_gesture_leave_nothing_behind() -> None:
    """No object for the garbage collector, no memory that grows: only the scene's own vectors are touched."""
    recognizer = Recognizer(load_library(Path(__file__).resolve().parents[2] / "config" / "gestures.toml"))
    (_, vector, valid) = next(vectors([(0, {**DOWN, "r_wrist_y": -0.8})]))
    rng = np.random.default_rng(3)
    noise = rng.normal(0.0, 0.01, (16, vector.size)).astype(np.float32)
    frames = [vector + n for n in noise]
    for i in range(200):
        recognizer.step(frames[i % 16], valid, START_NS + i)
    gc.collect()
    objects = len(gc.get_objects())
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        events = sum(recognizer.step(frames[i % 16], valid, START_NS + i * 33_000_000) for i in range(10_000))
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert events == 0
    assert len(gc.get_objects()) - objects <= 5
    assert grown < 4096


def test_a_vector_of_nothing_seen_moves_nothing(up: Library) -> None:
    """Missing is not zero, and no number behind a missing slot is read."""
    recognizer = Recognizer(up)
    for i, (capture_ns, vector, valid) in enumerate(vectors(hold(0, 600, UP))):
        valid[INDEX["l_wrist_y"]] = 0
        assert recognizer.step(vector, valid, capture_ns) == 0, i


def test_left_and_right_of_a_library_are_told_apart(up: Library) -> None:
    assert told(recognise(up, hold(0, 350, {"r_wrist_y": 0.6}))) == [("right.up", "completed", 300)]


def test_a_gesture_without_hold_completes_on_the_frame_after_it_began(up: Library) -> None:
    """Nothing completes on the very first frame that meets it: that would be one frame's word."""
    quick = library_of(tuple(replace(g, hold_ms=0) for g in up.gestures))
    assert told(recognise(quick, hold(0, 100, UP))) == [("left.up", "completed", 10)]
