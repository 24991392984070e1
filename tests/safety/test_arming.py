"""Disarmed, armed, suspended, stopped: who leads where, when, and with which cause."""

import pytest

from safety.arming import Arming
from safety.types import ArmState, Cause, Health, HumanAct, Profile, Reason, SinkHealth, StreamHealth, Transition

MS = 1_000_000
S = 1_000_000_000

DISARMED, ARMED, SUSPENDED, STOPPED = ArmState.DISARMED, ArmState.ARMED, ArmState.SUSPENDED, ArmState.STOPPED


def lead_to(world, state):
    """Bring the armed, healthy world into a state; its health is good again afterwards."""
    if state is SUSPENDED:
        world.health.lagging = True
        world.observe()
        world.health.lagging = False
    elif state is not ARMED:
        world.gate.act("stop" if state is STOPPED else "disarm", world.now_ns)
    assert world.gate.state is state


@pytest.mark.parametrize("profile", Profile)
def test_every_profile_starts_disarmed_and_health_alone_never_arms(make_world, profile):
    world = make_world(profile)
    world.make_gate()
    assert world.gate.state is DISARMED
    assert world.run(30 * S) == []
    assert world.gate.state is DISARMED


AFTER = {
    (DISARMED, "arm"): ARMED,
    (DISARMED, "disarm"): None,
    (DISARMED, "stop"): STOPPED,
    (DISARMED, "reset"): None,
    (ARMED, "arm"): None,
    (ARMED, "disarm"): DISARMED,
    (ARMED, "stop"): STOPPED,
    (ARMED, "reset"): None,
    (SUSPENDED, "arm"): None,
    (SUSPENDED, "disarm"): DISARMED,
    (SUSPENDED, "stop"): STOPPED,
    (SUSPENDED, "reset"): None,
    (STOPPED, "arm"): None,
    (STOPPED, "disarm"): None,
    (STOPPED, "stop"): None,
    (STOPPED, "reset"): DISARMED,
}


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize(("state", "act"), AFTER)
def test_what_each_human_act_does_in_each_state(world, state, act, by_name):
    lead_to(world, state)
    after = AFTER[state, act]
    change = getattr(world.gate, act)(world.now_ns, "pad") if by_name else world.gate.act(act, world.now_ns, "pad")
    if after is None:
        assert change is None
        assert world.gate.state is state
    else:
        assert change == Transition(world.now_ns, state, after, Cause(act), "pad")
        assert world.gate.state is after


def test_the_table_of_acts_is_whole():
    assert set(AFTER) == {(state, act.value) for state in ArmState for act in HumanAct}


@pytest.mark.parametrize("act", ["", "ARM", "fire", "suspended", "armed"])
def test_a_word_that_is_no_act_does_nothing(world, act):
    world.gate.disarm(world.now_ns)
    assert world.gate.act(act, world.now_ns) is None
    assert world.gate.state is DISARMED


def test_a_latched_stop_holds_against_everything_but_a_reset(world):
    world.gate.stop(world.now_ns)
    assert world.run(30 * S) == []
    for act in ("arm", "disarm", "stop"):
        world.gate.act(act, world.now_ns)
    assert world.gate.state is STOPPED
    assert Reason.STOPPED in world.reasons()


def test_a_reset_leads_to_disarmed_never_to_armed(world):
    world.gate.stop(world.now_ns)
    world.gate.reset(world.now_ns)
    world.run(5 * S)
    assert world.gate.state is DISARMED


@pytest.mark.parametrize("state", ArmState)
def test_a_restored_stop_is_latched_from_any_state(world, state):
    lead_to(world, state)
    assert world.gate.restore_latched(world.now_ns) == Transition(world.now_ns, state, STOPPED, Cause.RESTORED, "")
    assert world.gate.arm(world.now_ns) is None
    assert world.gate.state is STOPPED


@pytest.mark.parametrize("state", ArmState)
def test_gestures_in_flight_are_cancelled_by_every_way_out_of_armed_only(state):
    assert Transition(before=state).cancels is (state is ARMED)


def spoil_stream(field):
    def spoil(health):
        setattr(health.streams["camera"], field, False)

    return spoil


def lagging(health):
    health.lagging = True


def no_streams(health):
    health.streams.clear()


AT_ONCE = {
    "stale": (spoil_stream("alive"), Cause.STREAM_LOST),
    "slow": (spoil_stream("rate_ok"), Cause.STREAM_LOST),
    "device clock back": (spoil_stream("clock_ok"), Cause.STREAM_LOST),
    "no streams": (no_streams, Cause.STREAM_LOST),
    "lagging": (lagging, Cause.LAGGING),
}


@pytest.mark.parametrize("lapse", AT_ONCE)
def test_a_lost_device_or_a_lag_suspends_at_once(world, lapse):
    spoil, cause = AT_ONCE[lapse]
    spoil(world.health)
    assert world.observe(33 * MS) == Transition(world.now_ns, ARMED, SUSPENDED, cause, "")
    assert world.gate.state is SUSPENDED


def test_one_good_driving_stream_is_enough(world):
    world.health.streams = {"camera": StreamHealth(), "mocopi": StreamHealth(alive=True, rate_ok=True)}
    assert world.observe(33 * MS) is None


def test_a_stream_that_drives_nothing_is_not_enough(world):
    world.health.streams = {"watch": StreamHealth(alive=True, rate_ok=True)}
    assert world.observe(33 * MS).cause is Cause.STREAM_LOST


@pytest.mark.parametrize(("gap_ns", "suspends"), [(249 * MS, False), (250 * MS, False), (250 * MS + 1, True), (3 * S, True)])
def test_a_gap_of_more_than_a_quarter_of_a_second_suspends(world, gap_ns, suspends):
    change = world.observe(gap_ns)
    assert change == (Transition(world.now_ns, ARMED, SUSPENDED, Cause.GAP, "") if suspends else None)


def test_the_first_look_is_no_gap():
    arming = Arming()
    arming.act(HumanAct.ARM, 0)
    health = Health(streams={"camera": StreamHealth(alive=True, rate_ok=True)}, performer_seen=True)
    assert arming.observe(health, 30 * S) is None


@pytest.mark.parametrize(("gap_ns", "after"), [(10 * S, SUSPENDED), (10 * S + 1, DISARMED), (3_600 * S, DISARMED)])
def test_a_gap_longer_than_any_suspension_disarms(world, gap_ns, after):
    assert world.observe(gap_ns) == Transition(world.now_ns, ARMED, after, Cause.GAP, "")


@pytest.mark.parametrize("by_ns", [1, 50 * MS, 50 * S])
def test_a_clock_that_went_back_suspends(world, by_ns):
    assert world.observe(-by_ns) == Transition(world.now_ns, ARMED, SUSPENDED, Cause.CLOCK_WENT_BACK, "")


@pytest.mark.parametrize(("later_ns", "lately"), [(-1, False), (0, True), (250 * MS, True), (250 * MS + 1, False)])
def test_a_look_counts_for_a_quarter_of_a_second_and_never_for_the_past(later_ns, lately):
    arming = Arming()
    assert not arming.observed_lately(5 * S)
    arming.observe(Health(), 5 * S)
    assert arming.observed_lately(5 * S + later_ns) is lately


def test_time_that_stands_is_no_matter(world):
    assert world.observe(0) is None


def lost(health):
    health.performer_seen = False


def not_finite(health):
    health.vector_finite = False


def flat(health):
    health.vector_flat = True


@pytest.mark.parametrize("spoil", [lost, not_finite, flat])
def test_lost_evidence_suspends_after_a_grace_of_a_second(world, spoil):
    world.run(2 * S)
    spoil(world.health)
    assert world.run(1 * S) == []
    assert world.observe(1) == Transition(world.now_ns, ARMED, SUSPENDED, Cause.EVIDENCE_LOST, "")


def test_evidence_seen_between_keeps_the_grace_fresh(world):
    for _ in range(5):
        world.health.performer_seen = False
        assert world.run(950 * MS) == []
        world.health.performer_seen = True
        assert world.observe(50 * MS) is None


def test_the_grace_begins_with_the_arming(world):
    world.gate.disarm(world.now_ns)
    world.health.performer_seen = False
    world.run(5 * S)
    world.arm()
    assert world.run(1 * S) == []
    assert world.observe(1).cause is Cause.EVIDENCE_LOST


def test_the_grace_begins_again_with_the_resuming(world):
    lead_to(world, SUSPENDED)
    world.run(1 * S + 50 * MS)
    assert world.gate.state is ARMED
    world.health.performer_seen = False
    assert world.run(1 * S) == []
    assert world.observe(1).cause is Cause.EVIDENCE_LOST


def test_a_stream_lost_while_nobody_is_seen_is_called_a_stream_lost(world):
    world.health.performer_seen = False
    world.run(1 * S)
    world.health.streams.clear()
    assert world.observe(33 * MS).cause is Cause.STREAM_LOST


def test_a_second_person_refuses_and_does_not_suspend(world):
    world.health.second_person = True
    assert world.run(5 * S) == []


# Resuming


@pytest.mark.parametrize("lapse", AT_ONCE)
def test_good_data_for_a_second_leads_back_and_no_less(world, lapse):
    good = {name: StreamHealth(alive=True, rate_ok=True) for name in world.health.streams}
    AT_ONCE[lapse][0](world.health)
    world.observe(50 * MS)
    world.health.streams, world.health.lagging = good, False
    world.observe(50 * MS)
    good_ns = world.now_ns
    assert world.run(1 * S - 1) == []
    assert world.observe(1) == Transition(good_ns + 1 * S, SUSPENDED, ARMED, Cause.GOOD_AGAIN, "")
    assert world.reasons() == ()


@pytest.mark.parametrize("spoil", [lagging, no_streams, lost, not_finite, flat])
def test_the_second_of_good_data_starts_anew_with_every_lapse(world, spoil):
    lead_to(world, SUSPENDED)
    world.run(1 * S - 50 * MS)
    good = dict(world.health.streams)
    spoil(world.health)
    world.observe(10 * MS)
    world.health.streams = good
    world.health.lagging = world.health.vector_flat = False
    world.health.performer_seen = world.health.vector_finite = True
    world.observe(10 * MS)
    assert world.run(1 * S - 1) == []
    assert world.observe(1).after is ARMED


def test_the_second_starts_anew_with_a_gap(world):
    lead_to(world, SUSPENDED)
    world.observe(50 * MS)
    world.observe(900 * MS)
    world.observe(200 * MS)
    assert world.gate.state is SUSPENDED
    assert [change.after for change in world.run(1 * S)] == [ARMED]


def test_the_second_suspension_takes_its_own_second(world):
    lead_to(world, SUSPENDED)
    world.run(2 * S)
    lead_to(world, SUSPENDED)
    world.observe(50 * MS)
    assert world.run(1 * S - 1) == []
    assert world.observe(1).after is ARMED


def test_nothing_is_permitted_while_the_second_runs(world):
    lead_to(world, SUSPENDED)
    for _ in range(20):
        world.observe(50 * MS)
        assert world.reasons() == (Reason.SUSPENDED,)
    world.observe(50 * MS)
    assert world.reasons() == ()


# Ends


@pytest.mark.parametrize(("last_ns", "after"), [(0, SUSPENDED), (1, DISARMED)])
def test_suspended_for_more_than_ten_seconds_disarms(world, last_ns, after):
    world.health.lagging = True
    world.observe()
    assert world.run(10 * S) == []
    world.observe(last_ns)
    assert world.gate.state is after
    if after is DISARMED:
        assert world.transitions[-1] == Transition(world.now_ns, SUSPENDED, DISARMED, Cause.SUSPENDED_TOO_LONG, "")


def test_good_data_that_comes_too_late_does_not_lead_back(world):
    world.health.lagging = True
    world.observe()
    world.run(9 * S + 500 * MS)
    world.health.lagging = False
    world.run(2 * S)
    assert world.gate.state is DISARMED


def test_a_disarmed_gate_stays_so_when_all_is_good_again(world):
    world.health.lagging = True
    world.run(11 * S)
    world.health.lagging = False
    world.run(30 * S)
    assert world.gate.state is DISARMED


def test_each_suspension_has_its_own_ten_seconds(world):
    for _ in range(4):
        world.health.lagging = True
        world.run(9 * S - 100 * MS)
        world.health.lagging = False
        world.run(1 * S + 100 * MS)
        assert world.gate.state is ARMED


def test_after_the_clock_went_back_a_suspension_lasts_no_longer_than_ten_seconds(world):
    world.health.lagging = True
    world.observe()
    world.observe(-60 * S)
    assert world.run(10 * S) == []
    assert world.observe(1).cause is Cause.SUSPENDED_TOO_LONG


def test_after_the_clock_went_back_good_data_leads_back_but_nothing_leaves_before_its_time(world):
    world.observe(-5 * S)
    assert [change.after for change in world.run(1 * S + 50 * MS)] == [ARMED]
    assert Reason.CLOCK_WENT_BACK in world.reasons()
    world.run(5 * S)
    assert world.reasons() == ()


@pytest.mark.parametrize("state", [ARMED, SUSPENDED])
def test_decisions_that_are_not_written_disarm(world, state):
    lead_to(world, state)
    world.health.decisions_written = False
    assert world.observe(33 * MS) == Transition(world.now_ns, state, DISARMED, Cause.DECISIONS_NOT_WRITTEN, "")


@pytest.mark.parametrize("state", [ARMED, SUSPENDED])
def test_of_two_ends_the_one_a_person_has_to_put_right_is_named(world, state):
    lead_to(world, state)
    world.health.decisions_written = False
    assert world.observe(60 * S).cause is Cause.DECISIONS_NOT_WRITTEN


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("state", [ARMED, SUSPENDED])
def test_a_port_that_was_there_and_is_lost_disarms(world, state, gone):
    world.observe()
    lead_to(world, state)
    if gone:
        del world.health.sinks["midi"]
    else:
        world.health.sinks["midi"] = SinkHealth(connected=False)
    assert world.observe(33 * MS) == Transition(world.now_ns, state, DISARMED, Cause.PORT_LOST, "")


def test_a_port_that_never_was_there_is_not_lost(world):
    world.gate.disarm(world.now_ns)
    world.health.sinks["midi"] = SinkHealth(connected=False)
    world.arm()
    assert world.run(2 * S) == []


def test_a_port_that_came_while_armed_can_be_lost(world):
    world.health.sinks["late"] = SinkHealth(connected=False)
    world.run(1 * S)
    world.health.sinks["late"] = SinkHealth(connected=True)
    world.run(1 * S)
    world.health.sinks["late"] = SinkHealth(connected=False)
    assert world.observe(33 * MS).cause is Cause.PORT_LOST


def test_a_port_that_came_while_suspended_can_be_lost(world):
    world.observe()
    world.health.lagging = True
    world.health.sinks["late"] = SinkHealth(connected=True)
    world.run(1 * S)
    world.health.sinks["late"] = SinkHealth(connected=False)
    assert world.observe(33 * MS).cause is Cause.PORT_LOST


def test_a_port_lost_in_an_earlier_arming_is_forgotten(world):
    world.observe()
    world.health.sinks["midi"] = SinkHealth(connected=False)
    world.observe(33 * MS)
    world.arm()
    assert world.gate.state is ARMED
    assert world.run(2 * S) == []


def test_the_wrong_window_in_front_is_no_lost_port(world):
    world.observe()
    world.health.sinks["keys"] = SinkHealth(connected=True, target_ok=False)
    assert world.run(2 * S) == []


@pytest.mark.parametrize("spoil", [lagging, no_streams])
def test_what_a_person_has_to_put_right_comes_before_what_comes_right_by_itself(world, spoil):
    spoil(world.health)
    world.health.decisions_written = False
    assert world.observe(33 * MS).cause is Cause.DECISIONS_NOT_WRITTEN


def test_disarmed_and_stopped_take_no_notice_of_health(world):
    for state in (DISARMED, STOPPED):
        world.gate.reset(world.now_ns)
        world.gate.act("stop" if state is STOPPED else "disarm", world.now_ns)
        world.health.lagging = True
        world.health.decisions_written = False
        world.health.sinks.clear()
        assert world.observe(60 * S) is None
        assert world.gate.state is state


def test_arming_in_bad_health_is_suspended_at_the_next_look(world):
    world.gate.disarm(world.now_ns)
    world.health.streams.clear()
    world.arm()
    assert world.gate.state is ARMED
    assert world.observe().after is SUSPENDED


def test_the_streams_watched_are_those_of_the_limits(world):
    from dataclasses import replace

    world.rearm(limits={"deck1.play_pause": replace(world.LIMITS["deck1.play_pause"], streams=("bench",))})
    assert world.observe(1 * MS).cause is Cause.STREAM_LOST
    world.rearm(limits={"deck1.play_pause": replace(world.LIMITS["deck1.play_pause"], streams=("bench", "camera"))})
    assert world.observe(1 * MS) is None
