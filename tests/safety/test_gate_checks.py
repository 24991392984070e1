"""K1 to K11, each alone: what refuses, what passes, on both sides of every edge."""

from dataclasses import replace
from math import inf, nan, nextafter

import pytest

from safety.gate import K11Gate
from safety.limits import PERMIT_LIFE_NS, PROPOSAL_LIFE_NS, RELEASE_LIFE_NS
from safety.promotion import EVIDENCES, Basis, Promotion
from safety.types import ArmState, DeckState, Profile, Reason, Sink, SinkClass, SinkHealth, StreamHealth

MS = 1_000_000


def test_a_sound_proposal_is_permitted_once_to_the_sink_it_names(world):
    verdict = world.decide()
    permit = verdict.permit
    assert verdict.reasons == ()
    assert verdict.permitted
    assert (permit.command, permit.value, permit.sink, permit.sink_class) == ("deck1.play_pause", 1.0, "midi", SinkClass.MIDI)
    assert (permit.not_before_ns, permit.expires_ns) == (world.now_ns, world.now_ns + PERMIT_LIFE_NS)


def test_a_verdict_carries_the_state_it_saw(world):
    proposal = world.proposal()
    verdict = world.decide(proposal)
    assert (verdict.t_ns, verdict.proposal, verdict.sink) == (world.now_ns, proposal, "midi")
    assert (verdict.profile, verdict.arm_state) == (Profile.REHEARSE, ArmState.ARMED)


def test_decisions_are_numbered_from_one_without_gaps_refused_ones_too(world):
    numbers = [world.decide(confidence=confidence).seq for confidence in (0.0, 0.9, 0.0)]
    numbers.append(world.gate.neutral("deck1.play_pause", world.MIDI, world.now_ns).seq)
    numbers.append(world.gate.neutral("nothing", world.MIDI, world.now_ns).seq)
    assert numbers == [1, 2, 3, 4, 5]
    assert world.gate.decisions == 5


def test_a_permit_has_the_number_of_its_decision(world):
    world.decide(confidence=0.0)
    verdict = world.decide()
    assert verdict.permit.decision_seq == verdict.seq == 2


def test_every_reason_is_given_and_in_the_order_of_the_checks(make_world):
    world = make_world(Profile.LIVE)
    world.gate.stop(world.now_ns)
    world.health.streams["camera"] = StreamHealth()
    world.health.vector_finite = False
    world.health.vector_flat = True
    world.health.second_person = True
    world.health.performer_seen = False
    world.health.sinks["midi"] = SinkHealth(connected=False, target_ok=False)
    world.health.lagging = True
    world.health.warm = False
    world.health.decisions_written = False
    proposal = world.proposal(
        "deck1.rehearsed",
        source_kinds=("camera", "file"),
        confidence=0.1,
        vetoes=("watch",),
        ambiguous=True,
        value=nan,
        t_ns=world.now_ns - PROPOSAL_LIFE_NS - 1,
    )
    reasons = world.reasons(proposal)
    assert reasons == (
        Reason.SOURCE_NOT_LIVE,
        Reason.STOPPED,
        Reason.COMMAND_NOT_ALLOWED,
        Reason.NOT_PROMOTED,
        Reason.STREAM_STALE,
        Reason.PROPOSAL_LATE,
        Reason.LOW_CONFIDENCE,
        Reason.SENSOR_VETO,
        Reason.VECTOR_NOT_FINITE,
        Reason.VECTOR_FLAT,
        Reason.DECK_AMBIGUOUS,
        Reason.SECOND_PERSON,
        Reason.PERFORMER_LOST,
        Reason.VALUE_OUT_OF_RANGE,
        Reason.SINK_NOT_CONNECTED,
        Reason.TARGET_NOT_IN_FRONT,
        Reason.LAGGING,
        Reason.NOT_WARM,
        Reason.DECISIONS_NOT_WRITTEN,
    )


# K1


@pytest.mark.parametrize("sink_class", SinkClass)
@pytest.mark.parametrize("rehearsal", [False, True])
@pytest.mark.parametrize("profile", Profile)
def test_k1_each_profile_has_permits_for_its_own_sinks_only(make_world, profile, sink_class, rehearsal):
    world = make_world(profile)
    sink = Sink("midi", sink_class, rehearsal)
    harmless = sink_class in (SinkClass.DRY_RUN, SinkClass.RECORDING)
    allowed = {
        Profile.OBSERVE: False,
        Profile.DRY_RUN: harmless,
        Profile.REHEARSE: harmless or rehearsal,
        Profile.LIVE: True,
    }[profile]
    assert (Reason.MODE_NO_PERMIT not in world.reasons(sink=sink)) is allowed
    assert world.gate.neutral("deck1.play_pause", sink, world.now_ns).permitted is allowed


NOT_LIVE = [
    (),
    ("synthetic",),
    ("file",),
    ("replay",),
    ("network_pose",),
    ("camera", "network_pose"),
    ("camera", "file"),
    ("x",),
]


@pytest.mark.parametrize("kinds", NOT_LIVE)
@pytest.mark.parametrize("sink", ["MIDI", "KEYS", "RECORDING", "DRY_RUN"])
def test_k1_live_refuses_evidence_that_is_not_live_at_every_sink(live, kinds, sink):
    assert Reason.SOURCE_NOT_LIVE in live.reasons(sink=getattr(live, sink), source_kinds=kinds)


def test_k1_live_takes_every_live_kind_beside_the_camera(live):
    assert live.reasons(source_kinds=("camera", "mocopi", "watch", "pocket", "san", "deck")) == ()


@pytest.mark.parametrize("kind", ["synthetic", "file", "replay", "network_pose"])
@pytest.mark.parametrize("profile", [Profile.DRY_RUN, Profile.REHEARSE])
def test_k1_outside_live_any_source_will_do(make_world, profile, kind):
    world = make_world(profile)
    assert world.reasons(sink=world.RECORDING, source_kinds=(kind,)) == ()


# K2


def test_k2_disarmed_refuses(world):
    world.gate.disarm(world.now_ns)
    assert world.reasons() == (Reason.NOT_ARMED,)


def test_k2_suspended_refuses(world):
    world.health.lagging = True
    world.observe()
    world.health.lagging = False
    assert world.gate.state is ArmState.SUSPENDED
    assert world.reasons() == (Reason.SUSPENDED,)


def test_k2_stopped_refuses(world):
    world.gate.stop(world.now_ns)
    assert world.reasons() == (Reason.STOPPED,)


def test_k2_armed_but_never_observed_refuses(world):
    world.make_gate()
    world.arm()
    assert world.reasons() == (Reason.SUSPENDED,)


@pytest.mark.parametrize(("since_ns", "permitted"), [(0, True), (1, True), (250 * MS, True), (250 * MS + 1, False)])
def test_k2_a_state_not_looked_at_lately_means_nothing(world, since_ns, permitted):
    world.now_ns += since_ns
    assert world.reasons() == (() if permitted else (Reason.SUSPENDED,))


# K3


@pytest.mark.parametrize(
    "command", ["", "deck1", "deck1.", "deck3.play_pause", "deck1.PLAY_PAUSE", "deck1.play_pause ", "panic"]
)
@pytest.mark.parametrize("profile", Profile)
def test_k3_what_is_no_command_is_blocked(make_world, profile, command):
    world = make_world(profile)
    verdict = world.decide(command=command)
    assert Reason.COMMAND_UNKNOWN in verdict.reasons
    assert verdict.permit is None


def test_k3_an_unknown_command_with_value_zero_is_no_release(world):
    assert world.reasons(command="deck9.play_pause", value=0.0) == (Reason.COMMAND_UNKNOWN,)


@pytest.mark.parametrize("profile", Profile)
def test_k3_a_command_without_limits_is_blocked(make_world, profile):
    assert Reason.COMMAND_NOT_ALLOWED in make_world(profile).reasons(command="deck1.unlisted")


@pytest.mark.parametrize(
    ("profile", "allowed"),
    [(Profile.OBSERVE, False), (Profile.DRY_RUN, True), (Profile.REHEARSE, True), (Profile.LIVE, False)],
)
def test_k3_a_command_is_allowed_in_the_profiles_of_its_row(make_world, profile, allowed):
    reasons = make_world(profile).reasons(command="deck1.rehearsed")
    assert (Reason.COMMAND_NOT_ALLOWED not in reasons) is allowed


# K4


def test_k4_live_permits_the_promoted_gesture(live):
    assert live.reasons() == ()


def test_k4_live_refuses_a_gesture_without_promotion(live):
    assert live.reasons(gesture="left.wave") == (Reason.NOT_PROMOTED,)


def test_k4_live_refuses_a_promoted_gesture_with_another_command(live):
    assert live.reasons(command="deck1.sync") == (Reason.NOT_PROMOTED,)


@pytest.mark.parametrize("gesture_hash", ["", "a1", "A1" * 32, "a1" * 32 + " "])
def test_k4_live_refuses_content_that_is_not_the_promoted_one(live, gesture_hash):
    assert live.reasons(gesture_hash=gesture_hash) == (Reason.HASH_MISMATCH,)


def test_k4_an_unbound_promotion_matches_nothing_not_even_an_empty_hash(live):
    live.rearm(promotions={"left.raise": replace(live.PROMOTIONS["left.raise"], hash="")})
    assert live.reasons(gesture_hash="") == (Reason.HASH_MISMATCH,)


def test_k4_the_baseline_needs_a_current_selfplay_report(live):
    live.rearm(selfplay_current=False)
    assert live.reasons() == (Reason.SELFPLAY_MISSING,)
    assert live.reasons(gesture_hash="b2") == (Reason.HASH_MISMATCH, Reason.SELFPLAY_MISSING)


def test_k4_a_gate_that_is_not_told_of_a_selfplay_report_knows_of_none(live):
    live.gate = K11Gate(Profile.LIVE, commands=live.COMMANDS, limits=live.LIMITS, promotions=live.PROMOTIONS)
    live.observe()
    live.arm()
    assert live.reasons() == (Reason.SELFPLAY_MISSING,)


def test_k4_eight_evidences_need_no_selfplay_report(live):
    evidence = tuple((name, f"evidence/{name}.json", "0f" * 32) for name in EVIDENCES)
    live.rearm(
        promotions={"left.wave": Promotion("left.wave", "deck1.sync", Basis.EVIDENCE, live.HASH, evidence)},
        selfplay_current=False,
    )
    assert live.reasons(command="deck1.sync", gesture="left.wave") == ()


def test_k4_without_promotions_nothing_goes_live(live):
    live.rearm(promotions=None)
    assert live.reasons() == (Reason.NOT_PROMOTED,)


@pytest.mark.parametrize("profile", [Profile.DRY_RUN, Profile.REHEARSE])
def test_k4_outside_live_nothing_has_to_be_promoted(make_world, profile):
    world = make_world(profile)
    world.rearm(promotions={}, selfplay_current=False)
    assert world.reasons(sink=world.RECORDING, gesture="left.wave", gesture_hash="") == ()


# K5

GOOD = StreamHealth(alive=True, rate_ok=True, clock_ok=True)
STALE = StreamHealth(alive=False, rate_ok=True, clock_ok=True)
SLOW = StreamHealth(alive=True, rate_ok=False, clock_ok=True)
BACK = StreamHealth(alive=True, rate_ok=True, clock_ok=False)
DEAD = StreamHealth()


@pytest.mark.parametrize(
    ("stream", "reasons"),
    [
        (GOOD, ()),
        (STALE, (Reason.STREAM_STALE,)),
        (SLOW, (Reason.STREAM_SLOW,)),
        (BACK, (Reason.CLOCK_WENT_BACK,)),
        (DEAD, (Reason.STREAM_STALE,)),
        (StreamHealth(True, False, False), (Reason.STREAM_SLOW, Reason.CLOCK_WENT_BACK)),
        (StreamHealth(False, False, False), (Reason.STREAM_STALE, Reason.CLOCK_WENT_BACK)),
    ],
)
@pytest.mark.parametrize("name", ["camera", "mocopi"])
def test_k5_the_stream_of_the_evidence_has_to_be_good(world, name, stream, reasons):
    world.health.streams = {"camera": DEAD, "mocopi": DEAD} | {name: stream}
    assert world.reasons(source_kinds=(name,)) == reasons


@pytest.mark.parametrize("named", ["camera", "mocopi"])
def test_k5_another_good_stream_does_not_help_evidence_of_a_bad_one(world, named):
    world.health.streams = {"camera": GOOD, "mocopi": GOOD} | {named: DEAD}
    assert world.reasons(source_kinds=(named, "watch")) == (Reason.STREAM_STALE,)


def test_k5_one_good_stream_carries_evidence_of_two(world):
    world.health.streams = {"camera": BACK, "mocopi": GOOD}
    assert world.reasons(source_kinds=("camera", "mocopi")) == ()


def test_k5_of_two_bad_streams_each_says_what_is_wrong(world):
    world.health.streams = {"camera": SLOW, "mocopi": BACK}
    assert world.reasons(source_kinds=("camera", "mocopi")) == (Reason.STREAM_SLOW, Reason.CLOCK_WENT_BACK)


def test_k5_a_stale_stream_beside_a_slow_one_is_only_slow(world):
    world.health.streams = {"camera": SLOW, "mocopi": DEAD}
    assert world.reasons(source_kinds=("camera", "mocopi")) == (Reason.STREAM_SLOW,)


@pytest.mark.parametrize("kinds", [(), ("watch",), ("pocket", "san"), ("deck",), ("unheard",)])
def test_k5_evidence_without_a_body_refuses(world, kinds):
    assert world.reasons(source_kinds=kinds) == (Reason.STREAM_STALE,)


@pytest.mark.parametrize("kind", ["synthetic", "file", "replay", "network_pose"])
def test_k5_what_stands_in_for_a_body_needs_a_good_driving_stream_too(world, kind):
    world.health.streams = {"camera": DEAD, "mocopi": DEAD, "watch": GOOD}
    assert world.reasons(source_kinds=(kind,)) == (Reason.STREAM_STALE,)
    world.health.streams["mocopi"] = GOOD
    assert world.reasons(source_kinds=(kind,)) == ()


def test_k5_a_stream_nobody_heard_of_is_stale(world):
    world.health.streams = {}
    assert world.reasons() == (Reason.STREAM_STALE,)


@pytest.mark.parametrize(
    ("age_ns", "reasons"),
    [
        (0, ()),
        (PROPOSAL_LIFE_NS - 1, ()),
        (PROPOSAL_LIFE_NS, ()),
        (PROPOSAL_LIFE_NS + 1, (Reason.PROPOSAL_LATE,)),
        (10**12, (Reason.PROPOSAL_LATE,)),
        (-1, (Reason.CLOCK_WENT_BACK,)),
        (-(10**12), (Reason.CLOCK_WENT_BACK,)),
    ],
)
def test_k5_a_proposal_is_of_now(world, age_ns, reasons):
    assert world.reasons(t_ns=world.now_ns - age_ns) == reasons


def test_k5_a_proposal_lives_a_quarter_of_a_second():
    assert PROPOSAL_LIFE_NS == 250 * MS


@pytest.mark.parametrize("step_ns", [0, 1, 10 * MS])
def test_k5_time_that_stands_or_moves_on_is_no_matter(world, step_ns):
    world.now_ns += step_ns
    assert world.reasons() == ()


@pytest.mark.parametrize("look", ["observe", "decide", "neutral"])
def test_k5_time_earlier_than_any_seen_refuses_until_it_is_caught_up(world, look):
    late_ns = world.now_ns + 20 * MS
    if look == "observe":
        world.gate.observe(world.health, late_ns)
    elif look == "decide":
        world.gate.decide(world.proposal(confidence=0.0), world.MIDI, world.health, late_ns)
    else:
        world.gate.neutral("deck1.play_pause", world.MIDI, late_ns)
    world.now_ns = late_ns - 1
    assert Reason.CLOCK_WENT_BACK in world.reasons()
    assert Reason.CLOCK_WENT_BACK in world.reasons()
    world.now_ns = late_ns
    assert world.reasons() == ()


def test_k5_two_causes_of_a_clock_that_went_back_are_one_reason(world):
    world.health.streams["camera"] = BACK
    assert world.reasons(t_ns=world.now_ns + 1) == (Reason.CLOCK_WENT_BACK,)


# K6


@pytest.mark.parametrize(
    ("confidence", "permitted"),
    [
        (-inf, False),
        (-1.0, False),
        (0.0, False),
        (0.59, False),
        (nextafter(0.6, 0.0), False),
        (0.6, True),
        (nextafter(0.6, 1.0), True),
        (0.61, True),
        (1.0, True),
        (nextafter(1.0, 2.0), False),
        (60.0, False),
        (inf, False),
        (nan, False),
    ],
)
def test_k6_confidence_reaches_the_threshold_and_is_a_share(world, confidence, permitted):
    assert world.reasons(confidence=confidence) == (() if permitted else (Reason.LOW_CONFIDENCE,))


def test_k6_the_threshold_is_that_of_the_command(world):
    limits = world.LIMITS | {"deck1.play_pause": replace(world.LIMITS["deck1.play_pause"], min_confidence=0.95)}
    world.rearm(limits=limits)
    assert world.reasons(confidence=0.9) == (Reason.LOW_CONFIDENCE,)


def test_k6_one_sensor_saying_no_is_enough(world):
    assert world.reasons(confidence=1.0, vetoes=("watch",)) == (Reason.SENSOR_VETO,)


# K7


def test_k7_a_vector_that_is_not_finite_refuses(world):
    world.health.vector_finite = False
    assert world.reasons() == (Reason.VECTOR_NOT_FINITE,)


def test_k7_a_flat_vector_refuses(world):
    world.health.vector_flat = True
    assert world.reasons() == (Reason.VECTOR_FLAT,)


# K8


def test_k8_left_and_right_told_apart_or_refused(world):
    assert world.reasons(ambiguous=True) == (Reason.DECK_AMBIGUOUS,)


@pytest.mark.parametrize("deck", [-1, 0, 2, 3])
def test_k8_the_deck_of_the_evidence_is_the_deck_of_the_command(world, deck):
    assert world.reasons(deck=deck) == (Reason.DECK_AMBIGUOUS,)


def test_k8_an_unknown_command_has_no_deck_to_disagree_with(world):
    assert world.reasons(command="deck1.nothing", deck=4) == (Reason.COMMAND_UNKNOWN,)


def test_k8_a_second_person_refuses(world):
    world.health.second_person = True
    assert world.reasons() == (Reason.SECOND_PERSON,)


def test_k8_a_lost_performer_refuses_at_once(world):
    world.health.performer_seen = False
    assert world.reasons() == (Reason.PERFORMER_LOST,)


# K9

UNKNOWN = (Reason.DECK_STATE_UNKNOWN,)
CONFIRM = (Reason.NEEDS_CONFIRMATION,)
NOT_IDLE = (Reason.DECK_NOT_IDLE,)


@pytest.mark.parametrize(
    ("command", "unknown", "idle", "playing"),
    [
        ("deck1.play_pause", (), (), ()),
        ("deck1.play", UNKNOWN, (), ()),
        ("deck1.cue", CONFIRM, (), CONFIRM),
        ("deck1.load", UNKNOWN, (), NOT_IDLE),
    ],
)
def test_k9_what_an_audible_deck_demands(make_world, command, unknown, idle, playing):
    for state, reasons in ((None, unknown), (False, idle), (True, playing)):
        world = make_world()
        world.health.decks = {1: DeckState(playing=state), 2: DeckState(playing=False)}
        assert world.reasons(command=command) == reasons
    world = make_world()
    world.health.decks = {}
    assert world.reasons(command=command) == unknown


@pytest.mark.parametrize("state", [None, True, False])
def test_k9_a_confirmation_opens_what_asks_for_one(world, state):
    world.health.decks = {1: DeckState(playing=state)}
    assert world.reasons(command="deck1.cue", confirmed=True) == ()


def test_k9_a_confirmation_opens_nothing_else(world):
    world.health.decks = {1: DeckState(playing=True)}
    assert world.reasons(command="deck1.load", confirmed=True) == NOT_IDLE
    world.health.decks = {}
    assert world.reasons(command="deck1.load", confirmed=True) == UNKNOWN
    assert world.reasons(command="deck1.play", confirmed=True) == UNKNOWN


@pytest.mark.parametrize(
    ("value", "permitted"),
    [(nextafter(0.0, -1.0), False), (nextafter(0.0, 1.0), True), (0.3, True), (1.0, True), (nextafter(1.0, 2.0), False)],
)
def test_k9_a_value_stays_within_0_and_1(world, value, permitted):
    assert world.reasons(value=value) == (() if permitted else (Reason.VALUE_OUT_OF_RANGE,))


@pytest.mark.parametrize("value", [nan, inf, -inf])
@pytest.mark.parametrize("command", ["deck1.play_pause", "deck1.bend", "deck1.filter"])
def test_k9_what_is_no_number_is_no_value(world, value, command):
    assert Reason.VALUE_OUT_OF_RANGE in world.reasons(command=command, value=value)


@pytest.mark.parametrize(
    ("value", "permitted"),
    [(0.29, False), (0.301, True), (0.49, True), (0.51, True), (0.699, True), (0.71, False), (1.0, False)],
)
def test_k9_the_first_value_starts_from_neutral_and_goes_one_window_far(world, value, permitted):
    assert world.reasons(command="deck1.filter", value=value) == (() if permitted else (Reason.SLEW,))


@pytest.mark.parametrize(
    ("after_ns", "value", "permitted"),
    [
        (0, 0.601, False),
        (10 * MS, 0.619, True),
        (10 * MS, 0.621, False),
        (10 * MS, 0.581, True),
        (10 * MS, 0.579, False),
        (100 * MS, 0.799, True),
        (100 * MS, 0.801, False),
        (200 * MS, 0.799, True),
        (200 * MS, 0.801, False),
    ],
)
def test_k9_a_control_moves_no_faster_than_its_slew(world, after_ns, value, permitted):
    assert world.reasons(command="deck1.filter", value=0.6) == ()
    world.now_ns += after_ns
    assert world.reasons(command="deck1.filter", value=value) == (() if permitted else (Reason.SLEW,))


@pytest.mark.parametrize(("value", "permitted"), [(0.6875, True), (nextafter(0.6875, 1.0), False)])
def test_k9_the_slew_itself_is_allowed(world, value, permitted):
    """2 per second for 62.5 ms is 0.125, exactly."""
    assert world.reasons(command="deck1.filter", value=0.5625) == ()
    world.now_ns += 62_500_000
    assert world.reasons(command="deck1.filter", value=value) == (() if permitted else (Reason.SLEW,))


def test_k9_a_refused_value_moves_nothing(world):
    world.decide(command="deck1.filter", value=0.6)
    world.decide(command="deck1.filter", value=0.9)
    world.now_ns += 100 * MS
    assert world.reasons(command="deck1.filter", value=0.9) == (Reason.SLEW,)


def test_k9_slew_is_counted_for_each_sink(world):
    proposal = world.proposal("deck1.filter", value=0.6)
    assert world.reasons(proposal, world.MIDI) == ()
    world.now_ns += 50 * MS
    assert world.reasons(proposal, world.KEYS) == ()


def test_k9_zero_is_a_value_like_any_other_where_it_is_not_neutral(world):
    assert world.reasons(command="deck1.filter", value=0.0) == (Reason.SLEW,)


@pytest.mark.parametrize(("value", "slew"), [(0.6, False), (nextafter(0.6, 1.0), True), (nextafter(0.6, 0.0), True)])
def test_k9_time_that_went_back_leaves_a_control_where_it_is(world, value, slew):
    world.decide(command="deck1.filter", value=0.6)
    world.now_ns -= 50 * MS
    assert (Reason.SLEW in world.reasons(command="deck1.filter", value=value)) is slew


def test_k9_time_that_went_back_allows_no_movement(world):
    world.decide(command="deck1.filter", value=0.6)
    world.now_ns -= 50 * MS
    assert {Reason.CLOCK_WENT_BACK, Reason.SLEW} <= set(world.reasons(command="deck1.filter", value=0.6000001))


def test_k9_a_press_knows_no_slew(world):
    assert world.reasons(value=1.0) == ()


# K11


@pytest.mark.parametrize("sink_health", [None, SinkHealth(), SinkHealth(connected=False, target_ok=True)])
def test_k11_a_sink_that_is_not_there_refuses(world, sink_health):
    if sink_health is None:
        del world.health.sinks["midi"]
    else:
        world.health.sinks["midi"] = sink_health
    assert world.reasons() == (Reason.SINK_NOT_CONNECTED,)


def test_k11_another_sink_that_is_not_there_is_no_matter(world):
    world.health.sinks["keys"] = SinkHealth()
    assert world.reasons() == ()


def test_k11_the_wrong_window_in_front_refuses(world):
    world.health.sinks["keys"] = SinkHealth(connected=True, target_ok=False)
    assert world.reasons(sink=world.KEYS) == (Reason.TARGET_NOT_IN_FRONT,)


def test_k11_a_lagging_daemon_refuses(world):
    world.health.lagging = True
    assert world.reasons() == (Reason.LAGGING,)


def test_k11_before_warm_up_nothing_leaves(world):
    world.health.warm = False
    assert world.reasons() == (Reason.NOT_WARM,)


def test_k11_a_decision_that_cannot_be_written_is_no_permission(world):
    world.health.decisions_written = False
    assert world.reasons() == (Reason.DECISIONS_NOT_WRITTEN,)


# The neutral value


def test_a_release_lives_longer_than_a_permit(world):
    permit = world.gate.neutral("deck1.bend", world.MIDI, world.now_ns).permit
    assert permit.not_before_ns == world.now_ns
    assert permit.expires_ns == world.now_ns + RELEASE_LIFE_NS
    assert RELEASE_LIFE_NS > PERMIT_LIFE_NS


def test_the_neutral_value_of_a_command_is_its_own(world):
    world.decide(command="deck1.filter", value=0.6)
    assert world.gate.neutral("deck1.filter", world.MIDI, world.now_ns).permit.value == 0.5
    assert world.gate.neutral("deck1.bend", world.MIDI, world.now_ns).permit.value == 0.0


def test_a_release_names_its_command_deck_and_time(world):
    proposal = world.gate.neutral("deck2.bend", world.MIDI, world.now_ns).proposal
    assert (proposal.command, proposal.deck, proposal.value, proposal.t_ns) == ("deck2.bend", 2, 0.0, world.now_ns)


def test_a_release_of_no_command_is_refused_and_says_of_what_and_when(world):
    verdict = world.gate.neutral("deck9.bend", world.MIDI, world.now_ns)
    assert (verdict.reasons, verdict.permit) == ((Reason.COMMAND_UNKNOWN,), None)
    assert (verdict.proposal.command, verdict.proposal.t_ns, verdict.proposal.value) == ("deck9.bend", world.now_ns, 0.0)


@pytest.mark.parametrize("state", ArmState)
@pytest.mark.parametrize("command", ["deck1.play_pause", "deck1.bend", "deck1.unlisted"])
def test_the_neutral_value_passes_in_every_state_and_any_health(world, state, command):
    if state is ArmState.SUSPENDED:
        world.health.lagging = True
        world.observe()
    elif state is not ArmState.ARMED:
        world.gate.act("stop" if state is ArmState.STOPPED else "disarm", world.now_ns)
    assert world.gate.state is state
    spoil_everything(world.health)
    world.now_ns -= 1
    asked = world.decide(world.proposal(command, value=0.0, confidence=0.0, gesture="", source_kinds=(), t_ns=0))
    assert asked.permit.value == 0.0
    assert world.gate.neutral(command, world.MIDI, world.now_ns).permit.value == 0.0


def spoil_everything(health):
    health.streams.clear()
    health.sinks.clear()
    health.decks.clear()
    health.vector_finite = health.performer_seen = health.warm = health.decisions_written = False
    health.vector_flat = health.second_person = health.lagging = True


def test_a_release_passes_again_and_again_and_starts_no_cooldown(world):
    for _ in range(20):
        assert world.decide(command="deck1.play_pause", value=0.0).permitted
    assert world.reasons() == ()


def test_a_control_that_this_gate_never_moved_is_not_set_to_neutral(world):
    verdict = world.gate.neutral("deck1.filter", world.MIDI, world.now_ns)
    assert (verdict.reasons, verdict.permit) == ((Reason.NOTHING_TO_RELEASE,), None)
    assert world.reasons(command="deck1.filter", value=0.5) == (Reason.NOTHING_TO_RELEASE,)


def test_a_control_that_was_moved_returns_to_neutral_at_any_speed_where_it_was_moved(world):
    for value in (0.69, 0.88, 1.0):
        assert world.reasons(command="deck1.filter", value=value) == ()
        world.now_ns += 100 * MS
    assert world.gate.neutral("deck1.filter", world.MIDI, world.now_ns).permitted
    assert not world.gate.neutral("deck1.filter", world.KEYS, world.now_ns).permitted


def test_after_its_release_a_control_starts_from_neutral(world):
    world.decide(command="deck1.filter", value=0.7)
    world.gate.neutral("deck1.filter", world.MIDI, world.now_ns)
    world.now_ns += 100 * MS
    assert world.reasons(command="deck1.filter", value=0.71) == (Reason.SLEW,)


def test_held_names_what_is_down_and_where_until_it_is_released(world):
    assert world.gate.held() == ()
    for command, value in (("deck1.filter", 0.6), ("deck2.play_pause", 1.0), ("deck1.bend", 1.0)):
        assert world.decide(command=command, value=value).permitted
        world.now_ns += 100 * MS
    assert world.gate.held() == (("deck1.bend", world.MIDI),)
    world.gate.neutral("deck1.bend", world.MIDI, world.now_ns)
    assert world.gate.held() == ()


def test_a_refused_hold_is_not_held(world):
    world.decide(command="deck1.bend", confidence=0.0)
    assert world.gate.held() == ()
