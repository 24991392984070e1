"""K10: what cools, for how long, in milliseconds and in beats; bursts; several sinks for one proposal."""

from dataclasses import replace
from math import inf, nan

import pytest

from safety.cooldown import Mark, cooling
from safety.limits import Burst, Cooldown
from safety.types import Reason

MS = 1_000_000
S = 1_000_000_000

GESTURE, COMMAND, DECK, ALL = (
    Reason.COOLDOWN_GESTURE,
    Reason.COOLDOWN_COMMAND,
    Reason.COOLDOWN_DECK,
    Reason.COOLDOWN_ALL,
)


def mark(ms=0, beats=0.0, start_beats=nan):
    return Mark((1, "g", "c"), 10 * S, start_beats, Cooldown(ms, beats))


@pytest.mark.parametrize(
    ("elapsed_ns", "still"), [(-S, True), (-1, True), (0, True), (500 * MS - 1, True), (500 * MS, False), (600 * MS, False)]
)
def test_milliseconds_alone(elapsed_ns, still):
    assert cooling(mark(ms=500), 10 * S + elapsed_ns, nan) is still


@pytest.mark.parametrize(("elapsed_ns", "still"), [(-1, True), (0, False), (1, False)])
def test_no_cooldown_still_holds_against_time_that_went_back(elapsed_ns, still):
    assert cooling(mark(), 10 * S + elapsed_ns, nan) is still


@pytest.mark.parametrize(
    ("elapsed_ns", "start", "now", "still"),
    [
        # Two beats passed on the clock: over, unless no music beats that fast.
        (1_000 * MS, 8.0, 9.99, True),
        (1_000 * MS, 8.0, 10.0, False),
        (400 * MS, 8.0, 10.0, False),
        (400 * MS - 1, 8.0, 10.0, True),
        (400 * MS - 1, 8.0, 800.0, True),
        (400 * MS, 8.0, inf, False),
        # The beat clock stands still or crawls: a beat lasts one second at most.
        (2_000 * MS - 1, 8.0, 8.0, True),
        (2_000 * MS, 8.0, 8.0, False),
        # It vanished, was never there, came later, or jumped back: a beat lasts half a second.
        (1_000 * MS - 1, 8.0, nan, True),
        (1_000 * MS, 8.0, nan, False),
        (1_000 * MS - 1, nan, nan, True),
        (1_000 * MS, nan, nan, False),
        (1_000 * MS - 1, nan, 8.0, True),
        (1_000 * MS, nan, 8.0, False),
        (1_000 * MS - 1, 8.0, 7.99, True),
        (1_000 * MS, 8.0, 7.99, False),
    ],
)
def test_beats_alone(elapsed_ns, start, now, still):
    assert cooling(mark(beats=2.0, start_beats=start), 10 * S + elapsed_ns, now) is still


@pytest.mark.parametrize(
    ("elapsed_ms", "beats", "still"),
    [(499, 2.0, True), (500, 1.9, True), (500, 2.0, False), (700, 1.9, True), (700, 2.1, False)],
)
def test_a_cooldown_is_over_when_both_have_passed(elapsed_ms, beats, still):
    assert cooling(mark(ms=500, beats=2.0, start_beats=0.0), 10 * S + elapsed_ms * MS, beats) is still


def test_no_beat_clock_of_any_kind_holds_a_cooldown_for_ever():
    for beats in (nan, inf, -inf, 0.0, 1e300, -1e300):
        for start in (nan, inf, -inf, 0.0, 1e300):
            assert not cooling(mark(ms=500, beats=2.0, start_beats=start), 12 * S, beats)


def with_limits(world, **changes):
    world.rearm(
        limits=world.LIMITS | {name: replace(world.LIMITS[name], **changes) for name in ("deck1.play_pause", "deck1.sync")}
    )


def after(world, ms):
    world.run(ms * MS)


# The world's press: gesture 400 ms, command 600 ms, deck 300 ms, everything 100 ms, 3 per 10 s.


@pytest.mark.parametrize(
    ("ms", "reasons"),
    [
        (0, (GESTURE, COMMAND, DECK, ALL)),
        (99, (GESTURE, COMMAND, DECK, ALL)),
        (100, (GESTURE, COMMAND, DECK)),
        (299, (GESTURE, COMMAND, DECK)),
        (300, (GESTURE, COMMAND)),
        (399, (GESTURE, COMMAND)),
        (400, (COMMAND,)),
        (599, (COMMAND,)),
        (600, ()),
    ],
)
def test_one_press_cools_its_gesture_its_command_its_deck_and_everything(world, ms, reasons):
    assert world.reasons() == ()
    after(world, ms)
    assert world.reasons() == reasons


@pytest.mark.parametrize(("ms", "reasons"), [(99, (GESTURE, DECK, ALL)), (299, (GESTURE, DECK)), (399, (GESTURE,)), (400, ())])
def test_the_same_gesture_cools_for_another_command(world, ms, reasons):
    world.decide()
    after(world, ms)
    assert world.reasons(command="deck1.sync") == reasons


@pytest.mark.parametrize(("ms", "reasons"), [(299, (COMMAND, DECK)), (599, (COMMAND,)), (600, ())])
def test_the_same_command_cools_for_another_gesture(world, ms, reasons):
    world.decide()
    after(world, ms)
    assert world.reasons(gesture="left.wave") == reasons


@pytest.mark.parametrize(("ms", "reasons"), [(99, (DECK, ALL)), (299, (DECK,)), (300, ())])
def test_the_same_deck_cools_for_another_command_and_gesture(world, ms, reasons):
    world.decide()
    after(world, ms)
    assert world.reasons(command="deck1.sync", gesture="left.wave") == reasons


@pytest.mark.parametrize(("ms", "reasons"), [(0, (ALL,)), (99, (ALL,)), (100, ())])
def test_the_other_deck_waits_for_the_common_pause_only(world, ms, reasons):
    world.decide()
    after(world, ms)
    assert world.reasons(command="deck2.play_pause") == reasons


def test_beats_of_the_health_are_counted(world):
    with_limits(world, command=Cooldown(600, 4.0))
    world.health.beats = 100.0
    world.decide()
    after(world, 1_000)
    world.health.beats = 103.9
    assert world.reasons() == (COMMAND,)
    world.health.beats = 104.0
    assert world.reasons() == ()


def test_a_refused_proposal_starts_no_cooldown(world):
    assert world.reasons(confidence=0.1) == (Reason.LOW_CONFIDENCE,)
    assert world.reasons() == ()


def test_a_proposal_refused_for_cooling_does_not_prolong_it(world):
    world.decide()
    for _ in range(5):
        after(world, 100)
        assert COMMAND in world.reasons()
    after(world, 100)
    assert world.reasons() == ()


def test_time_that_went_back_is_never_a_fresh_cooldown(world):
    after(world, 20_000)
    world.decide()
    world.now_ns -= 15 * S
    reasons = world.reasons()
    assert {Reason.CLOCK_WENT_BACK, GESTURE, COMMAND, DECK, ALL} <= set(reasons)


# One proposal, several sinks


@pytest.mark.parametrize("first", ["MIDI", "KEYS", "RECORDING", "DRY_RUN"])
@pytest.mark.parametrize("later_ms", [0, 100])
def test_the_permit_of_one_sink_does_not_refuse_another_for_the_same_proposal(world, first, later_ms):
    proposal = world.proposal()
    assert world.reasons(proposal, getattr(world, first)) == ()
    after(world, later_ms)
    for name in ("MIDI", "KEYS", "RECORDING", "DRY_RUN"):
        if name != first:
            assert world.reasons(proposal, getattr(world, name)) == ()


@pytest.mark.parametrize("sink", ["MIDI", "RECORDING"])
def test_the_same_proposal_gets_no_second_permit_for_the_same_sink(world, sink):
    with_limits(world, gesture=Cooldown(), command=Cooldown(1), deck=Cooldown(), everything=Cooldown())
    proposal = world.proposal()
    assert world.reasons(proposal, getattr(world, sink)) == ()
    after(world, 200)
    assert world.reasons(proposal, getattr(world, sink)) == (Reason.ALREADY_PERMITTED,)


def test_an_older_proposal_of_the_same_gesture_is_refused_after_a_newer_one(world):
    with_limits(world, gesture=Cooldown(), command=Cooldown(1), deck=Cooldown(), everything=Cooldown())
    older, newer = world.proposal(), world.proposal()
    assert world.reasons(newer) == ()
    after(world, 10)
    assert world.reasons(older) == (Reason.ALREADY_PERMITTED,)


def test_a_proposal_refused_for_one_sink_may_still_be_permitted_for_it_later(world):
    proposal = world.proposal()
    world.health.lagging = True
    assert world.reasons(proposal) == (Reason.LAGGING,)
    world.health.lagging = False
    assert world.reasons(proposal) == ()


def test_the_first_proposal_of_a_run_may_have_the_number_zero(world):
    assert world.reasons(seq=0) == ()


def test_a_proposal_that_no_input_led_to_is_refused(world):
    assert world.reasons(seq=-1) == (Reason.ALREADY_PERMITTED,)


def test_a_second_sink_does_not_restart_the_cooldown(world):
    proposal = world.proposal()
    world.decide(proposal, world.MIDI)
    after(world, 200)
    assert world.decide(proposal, world.KEYS).permitted
    after(world, 400)
    assert world.reasons() == ()


@pytest.mark.parametrize("sink", ["RECORDING", "DRY_RUN"])
def test_what_was_only_shown_does_not_cool_what_can_reach_a_deck(world, sink):
    assert world.reasons(sink=getattr(world, sink)) == ()
    assert world.reasons(sink=world.MIDI) == ()


def test_what_went_to_a_port_cools_the_keys_too(world):
    world.decide(sink=world.MIDI)
    assert world.reasons(sink=world.KEYS) == (GESTURE, COMMAND, DECK, ALL)


def test_two_gestures_of_one_step_are_two_proposals(world):
    world.decide(world.proposal(seq=7))
    assert world.reasons(seq=7, command="deck2.play_pause") == (ALL,)
    assert world.reasons(seq=7, gesture="left.wave") == (COMMAND, DECK, ALL)
    assert world.reasons(seq=7, command="deck1.sync") == (GESTURE, DECK, ALL)


# Bursts


@pytest.mark.parametrize(("wait_ms", "reasons"), [(0, (Reason.BURST,)), (7_999, (Reason.BURST,)), (8_000, ()), (8_001, ())])
def test_a_burst_is_used_up_until_its_oldest_leaves_the_window(world, wait_ms, reasons):
    for _ in range(3):
        assert world.reasons() == ()
        after(world, 1_000)
    world.run(wait_ms * MS - 1 * S)
    world.observe(0)
    assert world.reasons() == reasons


def test_the_bursts_of_two_commands_are_counted_apart(world):
    for _ in range(3):
        world.decide()
        after(world, 1_000)
    assert world.reasons(command="deck2.play_pause") == ()


def test_several_sinks_use_a_burst_once(world):
    for _ in range(3):
        proposal = world.proposal()
        assert world.reasons(proposal, world.MIDI) == ()
        assert world.reasons(proposal, world.KEYS) == ()
        after(world, 1_000)
    assert world.reasons() == (Reason.BURST,)


def test_the_second_sink_of_the_last_proposal_of_a_burst_is_not_refused(world):
    world.rearm(burst_all=Burst(3, 10_000))
    for _ in range(2):
        world.decide()
        after(world, 1_000)
    last = world.proposal()
    assert world.reasons(last, world.MIDI) == ()
    assert world.reasons(last, world.KEYS) == ()


@pytest.mark.parametrize(("burst", "reasons"), [(Burst(4, 60_000), (Reason.BURST_ALL,)), (Burst(5, 60_000), ())])
def test_all_discrete_commands_together_have_a_cap(world, burst, reasons):
    world.rearm(burst_all=burst)
    for command in ("deck1.play_pause", "deck2.play_pause", "deck1.bend", "deck2.play_pause"):
        assert world.reasons(command=command) == ()
        after(world, 1_000)
    assert world.reasons(command="deck1.sync") == reasons


def test_continuous_values_neither_use_nor_obey_the_common_cap(world):
    world.rearm(burst_all=Burst(1, 60_000))
    for _ in range(5):
        assert world.reasons(command="deck1.filter", value=0.55) == ()
        after(world, 1_000)
    assert world.reasons() == ()
    after(world, 1_000)
    assert world.reasons(command="deck1.filter", value=0.55) == ()
    assert world.reasons(command="deck1.sync", gesture="left.wave") == (Reason.BURST_ALL,)


def test_continuous_values_have_a_burst_of_their_own(world):
    world.rearm(limits=world.LIMITS | {"deck1.filter": replace(world.LIMITS["deck1.filter"], burst=Burst(2, 1_000))})
    for reasons in ((), (), (Reason.BURST,)):
        assert world.reasons(command="deck1.filter", value=0.55) == reasons
        after(world, 10)


def test_a_burst_does_not_empty_when_time_goes_back(world):
    for _ in range(3):
        world.decide()
        after(world, 1_000)
    world.now_ns -= 60 * S
    assert Reason.BURST in world.reasons()
