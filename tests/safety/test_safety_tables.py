"""The tables: what is in them, and that an unsound one is refused when the gate is built."""

from dataclasses import is_dataclass, replace
from math import inf, isnan, nan

import pytest

from airdeck.events import Act
from dynamics import frames
from safety import checks, commands, cooldown, limits, promotion, types
from safety.commands import COMMANDS, CommandClass, CommandRow, DeckRule
from safety.gate import K11Gate
from safety.limits import LIMITS, Burst, Cooldown, LimitRow, table_problems
from safety.promotion import Basis, Promotion
from safety.types import ArmState, HumanAct, Profile, Reason, SinkClass

PRESS = CommandRow("deck1.x", 1, CommandClass.PRESS, DeckRule.NONE, press_ms=60)
FADER = CommandRow("deck1.f", 1, CommandClass.CONTINUOUS, DeckRule.NONE)
ROW = LimitRow(profiles=frozenset(Profile), command=Cooldown(500), burst=Burst(1, 1))
FADER_ROW = LimitRow(profiles=frozenset(Profile), burst=Burst(1, 1), slew_per_s=1.0)


def test_the_commands_are_these():
    assert {
        "deck1.play_pause": CommandRow("deck1.play_pause", 1, CommandClass.PRESS, DeckRule.NONE, 0.0, 60),
        "deck2.play_pause": CommandRow("deck2.play_pause", 2, CommandClass.PRESS, DeckRule.NONE, 0.0, 60),
    } == COMMANDS


def test_the_limits_are_these():
    assert set(LIMITS) == {"deck1.play_pause", "deck2.play_pause"}
    for row in LIMITS.values():
        assert (row.gesture, row.command, row.deck) == (Cooldown(500, 2.0), Cooldown(500, 2.0), Cooldown(500, 1.0))
        assert (row.everything, row.burst) == (Cooldown(150, 0.0), Burst(6, 10_000))
        assert (row.streams, row.min_confidence, row.slew_per_s) == (("camera", "mocopi"), 0.6, 0.0)
    assert Burst(10, 10_000) == limits.GLOBAL_BURST
    assert limits.PERMIT_LIFE_NS == 100_000_000
    assert limits.PROPOSAL_LIFE_NS == 250_000_000
    assert limits.RELEASE_LIFE_NS == 5_000_000_000


def test_the_real_tables_are_sound():
    assert table_problems(COMMANDS, LIMITS) == ()


def test_a_limit_row_allows_nothing_by_default():
    row = LimitRow()
    assert (row.profiles, row.burst, row.slew_per_s) == (frozenset(), Burst(0, 0), 0.0)
    assert row.gesture == row.command == row.deck == row.everything == Cooldown(0, 0.0)


@pytest.mark.parametrize(
    ("command", "row", "problem"),
    [
        (PRESS, replace(ROW, burst=Burst(0, 1)), "has no burst limit"),
        (PRESS, replace(ROW, burst=Burst(1, 0)), "has no burst limit"),
        (PRESS, replace(ROW, min_confidence=0.0), "has a confidence threshold outside 0..1"),
        (PRESS, replace(ROW, min_confidence=-0.1), "has a confidence threshold outside 0..1"),
        (PRESS, replace(ROW, min_confidence=1.01), "has a confidence threshold outside 0..1"),
        (PRESS, replace(ROW, min_confidence=nan), "has a confidence threshold outside 0..1"),
        (PRESS, replace(ROW, streams=()), "needs no stream"),
        (PRESS, replace(ROW, command=Cooldown(0, 4.0)), "goes live without a cooldown"),
        (FADER, replace(FADER_ROW, slew_per_s=0.0), "is continuous and has no slew limit"),
        (FADER, replace(FADER_ROW, slew_per_s=-1.0), "is continuous and has no slew limit"),
        (FADER, replace(FADER_ROW, slew_per_s=inf), "is continuous and has no slew limit"),
        (FADER, replace(FADER_ROW, slew_per_s=nan), "is continuous and has no slew limit"),
    ],
)
def test_an_unsound_row_is_named(command, row, problem):
    assert table_problems({command.id: command}, {command.id: row}) == (f"limits: {command.id} {problem}",)


@pytest.mark.parametrize(
    ("command", "row"),
    [
        (PRESS, ROW),
        (PRESS, replace(ROW, command=Cooldown(1))),
        (PRESS, replace(ROW, min_confidence=1.0)),
        (PRESS, replace(ROW, min_confidence=0.001)),
        (PRESS, replace(ROW, command=Cooldown(0), profiles=frozenset({Profile.REHEARSE}))),
        (FADER, FADER_ROW),
        (FADER, replace(FADER_ROW, slew_per_s=0.001)),
    ],
)
def test_a_sound_row_has_no_problems(command, row):
    assert table_problems({command.id: command}, {command.id: row}) == ()


def test_several_problems_of_one_row_are_all_named():
    row = replace(ROW, streams=(), min_confidence=2.0)
    assert len(table_problems({PRESS.id: PRESS}, {PRESS.id: row})) == 2


def test_a_command_may_be_without_limits_but_no_limit_without_a_command():
    assert table_problems({PRESS.id: PRESS}, {}) == ()
    assert table_problems({}, {"deck1.x": ROW}) == ("limits: deck1.x is no command",)


def test_a_command_stands_under_its_own_id():
    assert table_problems({"deck1.y": PRESS}, {}) == ("commands: row deck1.x stands under deck1.y",)


@pytest.mark.parametrize("burst", [Burst(0, 1_000), Burst(-1, 1_000), Burst(5, 0), Burst(5, -1)])
def test_the_common_cap_is_a_cap(burst):
    assert table_problems({}, {}, burst) == ("limits: the global burst is unbounded or empty",)
    with pytest.raises(ValueError, match="global burst"):
        K11Gate(Profile.REHEARSE, burst_all=burst)


def test_the_smallest_common_cap_is_one_per_millisecond():
    assert table_problems({}, {}, Burst(1, 1)) == ()


def test_a_gate_over_unsound_tables_is_not_built_and_names_every_problem():
    promotions = {
        "left.raise": Promotion("right.raise", "deck2.play_pause", Basis.BASELINE, ""),
        "left.wave": Promotion("left.wave", "deck1.sync", Basis.BASELINE, ""),
    }
    with pytest.raises(ValueError) as error:
        K11Gate(Profile.LIVE, limits={"nothing": ROW}, promotions=promotions)
    assert str(error.value).split("\n") == [
        "limits: nothing is no command",
        "promotions: left.raise stands for right.raise",
        "promotions: left.wave: left.wave -> deck1.sync has no baseline exception",
    ]


def test_a_gate_takes_the_real_tables_when_none_are_handed_in():
    gate = K11Gate(Profile.DRY_RUN)
    assert gate.profile is Profile.DRY_RUN
    assert gate.state is ArmState.DISARMED
    assert gate.decisions == 0


@pytest.mark.parametrize("table", ["commands", "limits", "promotions"])
def test_a_table_changed_after_the_gate_was_built_changes_nothing(live, table):
    tables = {"commands": dict(live.COMMANDS), "limits": dict(live.LIMITS), "promotions": dict(live.PROMOTIONS)}
    live.rearm(**tables)
    tables[table].clear()
    assert live.reasons() == ()


RECORDS = sorted(
    {
        record
        for module in (types, commands, limits, cooldown, checks, promotion)
        for record in vars(module).values()
        if isinstance(record, type) and is_dataclass(record)
    },
    key=lambda record: record.__name__,
)


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_cannot_be_changed_after_it_was_made(record):
    """Health is the state that the pipeline keeps up to date, and a Context lives for one decision; the rest is said once."""
    assert record.__dataclass_params__.frozen is (record not in (types.Health, types.StreamHealth, checks.Context))
    assert "__slots__" in vars(record)


def test_the_records_looked_at_are_the_ones_that_matter():
    assert {"Permit", "Proposal", "Verdict", "Transition", "Mark", "Context"} <= {record.__name__ for record in RECORDS}


def test_what_nobody_says_counts_against_sending():
    """The defaults of the records: nothing seen, nothing connected, nothing sure."""
    assert types.Proposal() == types.Proposal(0, 0, "", "", 0, "", 1.0, 0.0, (), (), False, False, ())
    assert types.StreamHealth() == types.StreamHealth(alive=False, rate_ok=False, clock_ok=True, age_ns=0)
    assert types.SinkHealth() == types.SinkHealth(connected=False, target_ok=True)
    assert types.DeckState() == types.DeckState(playing=None)
    assert types.Sink() == types.Sink("", SinkClass.DRY_RUN, rehearsal=False)
    assert CommandRow("x", 1, CommandClass.HOLD, DeckRule.NONE) == CommandRow("x", 1, CommandClass.HOLD, DeckRule.NONE, 0.0, 0)
    assert types.Transition() == types.Transition(0, ArmState.DISARMED, ArmState.DISARMED, types.Cause.DISARM, "")
    verdict = types.Verdict()
    assert (verdict.seq, verdict.t_ns, verdict.permit, verdict.permitted) == (0, 0, None, False)
    assert (verdict.profile, verdict.arm_state) == (Profile.OBSERVE, ArmState.DISARMED)


def test_health_before_anything_is_known_permits_nothing():
    health = types.Health()
    assert (health.streams, health.sinks, health.decks) == ({}, {}, {})
    assert (health.performer_seen, health.warm) == (False, False)
    assert (health.vector_finite, health.vector_flat, health.second_person) == (True, False, False)
    assert (health.lagging, health.decisions_written) == (False, True)
    assert isnan(health.beats)


# Words shared with packages that safety may not import


def test_live_kinds_are_those_of_the_frames():
    assert {kind.value for kind in frames.LIVE_KINDS} == checks.LIVE_KINDS


def test_every_kind_of_evidence_is_live_or_stands_in():
    assert {kind.value for kind in frames.SourceKind} == checks.LIVE_KINDS | checks.STAND_IN_KINDS
    assert not checks.LIVE_KINDS & checks.STAND_IN_KINDS


def test_the_driving_streams_are_live_kinds():
    assert set(limits.DRIVING_STREAMS) <= checks.LIVE_KINDS


def test_human_acts_are_those_of_the_events():
    assert {act.value for act in Act} == {act.value for act in HumanAct}


def test_the_closed_words_are_these():
    assert [str(profile) for profile in Profile] == ["observe", "dry-run", "rehearse", "live"]
    assert [str(state) for state in ArmState] == ["disarmed", "armed", "suspended", "stopped"]
    assert [str(sink) for sink in SinkClass] == ["dry_run", "recording", "midi", "keys", "osc"]


def test_reasons_stand_in_the_order_of_their_checks():
    numbers = [int(reason.value.split(".")[0].removeprefix("k")) for reason in Reason]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, 12))


def test_there_are_eleven_checks_named_in_order():
    numbers = [int(check.__name__.split("_")[0].removeprefix("k")) for check in checks.CHECKS]
    assert numbers == list(range(1, 12))
