"""The whole space: every command, state, profile and health flag; and an oracle written another way."""

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from safety.commands import COMMANDS, DeckRule
from safety.gate import K11Gate
from safety.limits import LIMITS
from safety.promotion import BASELINE, Basis, Promotion
from safety.types import (
    ArmState,
    DeckState,
    Health,
    Permit,
    Profile,
    Proposal,
    Reason,
    Sink,
    SinkClass,
    SinkHealth,
    StreamHealth,
)

MS = 1_000_000
S = 1_000_000_000

FLAGS = {
    "camera.alive": (lambda h: setattr(h.streams["camera"], "alive", False), Reason.STREAM_STALE),
    "camera.rate_ok": (lambda h: setattr(h.streams["camera"], "rate_ok", False), Reason.STREAM_SLOW),
    "camera.clock_ok": (lambda h: setattr(h.streams["camera"], "clock_ok", False), Reason.CLOCK_WENT_BACK),
    "sink.connected": (lambda h: h.sinks.update(midi=SinkHealth(connected=False)), Reason.SINK_NOT_CONNECTED),
    "sink.target_ok": (lambda h: h.sinks.update(midi=SinkHealth(True, target_ok=False)), Reason.TARGET_NOT_IN_FRONT),
    "vector_finite": (lambda h: setattr(h, "vector_finite", False), Reason.VECTOR_NOT_FINITE),
    "vector_flat": (lambda h: setattr(h, "vector_flat", True), Reason.VECTOR_FLAT),
    "performer_seen": (lambda h: setattr(h, "performer_seen", False), Reason.PERFORMER_LOST),
    "second_person": (lambda h: setattr(h, "second_person", True), Reason.SECOND_PERSON),
    "lagging": (lambda h: setattr(h, "lagging", True), Reason.LAGGING),
    "warm": (lambda h: setattr(h, "warm", False), Reason.NOT_WARM),
    "decisions_written": (lambda h: setattr(h, "decisions_written", False), Reason.DECISIONS_NOT_WRITTEN),
    "none": (lambda h: None, None),
}
"""Every flag of the health: how to spoil it and what it says then."""

STATE_REASON = {
    ArmState.DISARMED: Reason.NOT_ARMED,
    ArmState.ARMED: None,
    ArmState.SUSPENDED: Reason.SUSPENDED,
    ArmState.STOPPED: Reason.STOPPED,
}


def test_every_flag_of_the_health_is_in_the_table():
    named = {name.split(".")[-1] for name in FLAGS} - {"none"}
    fields = set()
    for record in (Health, StreamHealth, SinkHealth):
        fields |= set(record.__dataclass_fields__)
    assert named == fields - {"streams", "sinks", "decks", "beats", "age_ns"}


def in_state(world, state):
    if state is ArmState.SUSPENDED:
        world.health.lagging = True
        world.observe()
        world.health.lagging = False
    elif state is not ArmState.ARMED:
        world.gate.act("stop" if state is ArmState.STOPPED else "disarm", world.now_ns)
    assert world.gate.state is state


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("state", ArmState)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("profile", [Profile.REHEARSE, Profile.LIVE])
def test_every_real_command_in_every_state_with_each_health_flag(make_world, profile, command, state, flag):
    world = make_world(profile)
    world.rearm(commands=COMMANDS, limits=LIMITS)
    in_state(world, state)
    spoil, reason = FLAGS[flag]
    spoil(world.health)
    verdict = world.decide(command=command)
    expected = [found for found in (STATE_REASON[state], reason) if found is not None]
    assert list(verdict.reasons) == expected
    assert verdict.permitted is (not expected)


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("state", ArmState)
def test_every_command_of_every_kind_in_every_state_with_each_health_flag(make_world, state, flag):
    world = make_world()
    for command in world.COMMANDS:
        world = make_world()
        in_state(world, state)
        spoil, reason = FLAGS[flag]
        spoil(world.health)
        unlisted = Reason.COMMAND_NOT_ALLOWED if command == "deck1.unlisted" else None
        expected = {found for found in (STATE_REASON[state], unlisted, reason) if found is not None}
        assert set(world.reasons(command=command)) == expected


def test_every_real_command_has_limits_that_hold_it_in_every_sending_profile():
    assert set(LIMITS) == set(COMMANDS)
    for row in LIMITS.values():
        assert row.profiles == {Profile.DRY_RUN, Profile.REHEARSE, Profile.LIVE}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_real_press_cools_for_at_least_half_a_second_on_its_command(make_world, command):
    world = make_world()
    world.rearm(commands=COMMANDS, limits=LIMITS)
    assert world.reasons(command=command) == ()
    for _ in range(50):
        assert Reason.COOLDOWN_COMMAND in world.reasons(command=command)
        world.observe(10 * MS)


@given(name=st.text(max_size=30))
@settings(max_examples=300)
def test_whatever_is_not_listed_is_blocked(name):
    if name in COMMANDS:
        return
    gate = K11Gate(Profile.REHEARSE)
    verdict = gate.decide(Proposal(command=name), Sink("x", SinkClass.RECORDING), Health(), 0)
    assert Reason.COMMAND_UNKNOWN in verdict.reasons
    assert verdict.permit is None


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("sink_class", SinkClass)
def test_the_default_of_everything_is_refused(profile, sink_class):
    gate = K11Gate(profile)
    for command in (*COMMANDS, ""):
        assert gate.decide(Proposal(command=command), Sink("x", sink_class, True), Health(), 0).permit is None


# The oracle: one condition after another, in plain words, written without the gate's helpers.

NUMBERS = st.one_of(st.sampled_from([0.0, 0.5, 0.59, 0.6, 0.61, 0.9, 1.0, 1.01, -0.1]), st.floats())
KINDS = ("camera", "mocopi", "watch", "pocket", "san", "deck", "synthetic", "file", "replay", "network_pose")
COMMAND_IDS = ["deck1.play_pause", "deck2.play_pause", "deck1.play", "deck1.cue", "deck1.load", "deck1.unlisted", "nothing"]

mostly = st.sampled_from([True] * 9 + [False])
seldom = st.sampled_from([False] * 9 + [True])
streams = st.builds(StreamHealth, alive=mostly, rate_ok=mostly, clock_ok=mostly)
healths = st.builds(
    Health,
    streams=st.fixed_dictionaries({"camera": streams}, optional={"mocopi": streams}),
    sinks=st.fixed_dictionaries({}, optional={"out": st.builds(SinkHealth, connected=mostly, target_ok=mostly)}),
    decks=st.dictionaries(st.sampled_from([1, 2]), st.builds(DeckState, playing=st.sampled_from([None, True, False]))),
    vector_finite=mostly,
    vector_flat=seldom,
    performer_seen=mostly,
    second_person=seldom,
    lagging=seldom,
    warm=mostly,
    decisions_written=mostly,
)
proposals = st.builds(
    Proposal,
    seq=st.integers(0, 9),
    t_ns=st.sampled_from([20 * S, 20 * S - 250 * MS, 20 * S - 250 * MS - 1, 20 * S + 1, 0]),
    gesture=st.sampled_from(["left.raise", "right.raise", "left.wave"]),
    gesture_hash=st.sampled_from(["good", "good", "good", "", "other"]),
    deck=st.sampled_from([1, 1, 1, 2, 0]),
    command=st.sampled_from(COMMAND_IDS),
    value=st.one_of(st.sampled_from([1.0, 1.0, 1.0, 0.5]), NUMBERS),
    confidence=st.one_of(st.sampled_from([0.6, 0.9, 1.0]), NUMBERS),
    source_kinds=st.one_of(st.just(("camera",)), st.lists(st.sampled_from(KINDS), max_size=3).map(tuple)),
    vetoes=st.sampled_from([(), (), (), ("watch",)]),
    ambiguous=seldom,
    confirmed=st.booleans(),
)
sinks = st.builds(Sink, name=st.just("out"), sink_class=st.sampled_from(SinkClass), rehearsal=mostly)


def oracle(profile, p, sink, h, acts, promotions, selfplay, world):
    """Whether a first proposal at 20 s may pass, after the acts named and one good look at 20 s."""
    command = world.COMMANDS.get(p.command)
    harmless = sink.sink_class.value in ("dry_run", "recording")
    sendable = {"observe": False, "dry-run": harmless, "rehearse": harmless or sink.rehearsal, "live": True}[profile.value]
    if command is None or not sendable:
        return False
    if p.value == 0.0:
        return True
    if acts[-1:] != ["arm"]:
        return False
    if p.command == "deck1.unlisted":
        return False
    if profile is Profile.LIVE:
        if not p.source_kinds or any(kind in ("synthetic", "file", "replay", "network_pose") for kind in p.source_kinds):
            return False
        row = promotions.get(p.gesture)
        if row is None or row.hash != p.gesture_hash or row.hash == "" or row.command != p.command or not selfplay:
            return False
    camera, mocopi = h.streams["camera"], h.streams.get("mocopi")
    camera_good = camera.alive and camera.rate_ok and camera.clock_ok
    mocopi_good = mocopi is not None and mocopi.alive and mocopi.rate_ok and mocopi.clock_ok
    stands_in = any(kind in ("synthetic", "file", "replay", "network_pose") for kind in p.source_kinds)
    by_camera = camera_good and ("camera" in p.source_kinds or stands_in)
    by_mocopi = mocopi_good and ("mocopi" in p.source_kinds or stands_in)
    if not by_camera and not by_mocopi:
        return False
    if not 19_750 * MS <= p.t_ns <= 20 * S:
        return False
    if not (p.confidence >= 0.6 and p.confidence <= 1.0) or len(p.vetoes) > 0:
        return False
    if not h.vector_finite or h.vector_flat or not h.performer_seen or h.second_person:
        return False
    if p.ambiguous or p.deck != command.deck:
        return False
    if not (p.value >= 0.0 and p.value <= 1.0):
        return False
    playing = h.decks[command.deck].playing if command.deck in h.decks else None
    if command.deck_rule is DeckRule.NEEDS_STATE and playing is None:
        return False
    if command.deck_rule is DeckRule.CONFIRM and not p.confirmed and playing in (None, True):
        return False
    if command.deck_rule is DeckRule.IDLE_ONLY and playing in (None, True):
        return False
    if "out" not in h.sinks or not h.sinks["out"].connected or not h.sinks["out"].target_ok:
        return False
    return h.warm and not h.lagging and h.decisions_written


@given(
    profile=st.sampled_from(Profile),
    proposal=proposals,
    sink=sinks,
    health=healths,
    acts=st.sampled_from([["arm"], ["arm"], ["arm"], [], ["arm", "disarm"], ["stop"]]),
    hashes=st.sampled_from(["good", "good", ""]),
    selfplay=mostly,
)
@settings(max_examples=1_000)
def test_a_permit_exists_exactly_when_every_condition_holds(
    make_world, proposal, sink, health, acts, hashes, selfplay, profile
):
    promotions = {g: Promotion(g, c, Basis.BASELINE, hashes) for g, c in BASELINE.items()}
    gate = K11Gate(
        profile, commands=make_world.COMMANDS, limits=make_world.LIMITS, promotions=promotions, selfplay_current=selfplay
    )
    good = Health(streams={"camera": StreamHealth(True, True)}, performer_seen=True, warm=True)
    for act in acts:
        gate.act(act, 20 * S)
    gate.observe(good, 20 * S)
    verdict = gate.decide(proposal, sink, health, 20 * S)
    assert verdict.permitted is oracle(profile, proposal, sink, health, acts, promotions, selfplay, make_world)
    assert verdict.permitted is (verdict.reasons == ())
    assert list(verdict.reasons) == sorted(set(verdict.reasons), key=list(Reason).index)


class GateMachine(RuleBasedStateMachine):
    """Any order of acts, health, time and proposals, against what must never happen."""

    @initialize(profile=st.sampled_from([Profile.REHEARSE, Profile.LIVE]))
    def begin(self, profile):
        self.world = self.world_class(profile)
        self.world.make_gate()
        self.asked = False
        self.stopped = False
        self.sent: list[tuple[int, Permit]] = []
        self.numbers = [0]

    @rule(act=st.sampled_from(["arm", "arm", "disarm", "stop", "reset"]))
    def act(self, act):
        change = self.world.gate.act(act, self.world.now_ns)
        if act == "arm" and change is not None:
            self.asked = True
        if act in ("disarm", "stop"):
            self.asked = False
        self.stopped = act == "stop" or (self.stopped and act != "reset")

    @rule(ms=st.sampled_from([0, 10, 50, 50, 50, 200, 250, 300, 2_000, 11_000]))
    def look(self, ms):
        self.note(self.world.observe(ms * MS))

    @rule(s=st.integers(1, 12))
    def run(self, s):
        for change in self.world.run(s * S):
            self.note(change)

    def note(self, change):
        if change is not None and change.after is ArmState.DISARMED:
            self.asked = False
        assert change is None or change.after is not ArmState.ARMED or change.before is ArmState.SUSPENDED

    @rule(flag=st.sampled_from(sorted(FLAGS)))
    def spoil(self, flag):
        FLAGS[flag][0](self.world.health)

    @rule()
    def heal(self):
        self.world.health = self.world_class().health

    @rule(command=st.sampled_from(["deck1.play_pause", "deck2.play_pause"]), back_ms=st.sampled_from([0, 0, 0, 0, 5, 5_000]))
    def propose(self, command, back_ms):
        world = self.world
        now_ns = world.now_ns - back_ms * MS
        proposal = world.proposal(command, t_ns=now_ns)
        for sink in (world.MIDI, world.RECORDING):
            verdict = world.gate.decide(proposal, sink, world.health, now_ns)
            self.numbers.append(verdict.seq)
            if verdict.permit is not None:
                assert self.asked
                assert not self.stopped
                assert back_ms == 0
                assert verdict.arm_state is ArmState.ARMED
                self.sent.append((now_ns, verdict.permit))

    @rule(command=st.sampled_from(["deck1.play_pause", "deck1.bend"]))
    def release(self, command):
        verdict = self.world.gate.neutral(command, self.world.MIDI, self.world.now_ns)
        self.numbers.append(verdict.seq)
        assert verdict.permit.value == 0.0

    @invariant()
    def a_stop_is_latched(self):
        assert not self.stopped or self.world.gate.state is ArmState.STOPPED

    @invariant()
    def nobody_is_armed_who_did_not_ask(self):
        assert self.asked or self.world.gate.state in (ArmState.DISARMED, ArmState.STOPPED)

    @invariant()
    def decisions_are_numbered_without_gaps(self):
        assert self.numbers == list(range(len(self.numbers)))

    def teardown(self):
        """To one sink: one command never twice within 600 ms, nothing twice within 100 ms, never four in 10 s."""
        for sink, command in product(("midi", "recording"), ("deck1.play_pause", "deck2.play_pause")):
            times = [t for t, permit in self.sent if permit.sink == sink and permit.command == command]
            assert all(later - earlier >= 600 * MS for earlier, later in pairwise(times))
            assert all(later - earlier >= 10 * S for earlier, later in zip(times, times[3:], strict=False))
        times = [t for t, permit in self.sent if permit.sink == "midi"]
        assert all(later - earlier >= 100 * MS for earlier, later in pairwise(times))


def test_no_order_of_acts_health_and_time_breaks_the_promises(make_world):
    machine = type("Machine", (GateMachine,), {"world_class": make_world})
    run_state_machine_as_test(machine, settings=settings(max_examples=150, stateful_step_count=40))
