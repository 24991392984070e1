"""The eleven checks: pure functions of a proposal and the state it meets. Each answers with every reason to refuse."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .arming import stream_good
from .commands import CommandClass, CommandRow, DeckRule
from .cooldown import Ledger
from .limits import NS_PER_S, PROPOSAL_LIFE_NS, SLEW_WINDOW_NS, LimitRow
from .promotion import Basis, Promotion
from .types import HARMLESS_SINKS, ArmState, DeckState, Health, Profile, Proposal, Reason, Sink, StreamHealth

LIVE_KINDS = frozenset({"camera", "mocopi", "watch", "pocket", "san", "deck"})
"""Kinds of evidence that may go live (the same as `dynamics.frames.LIVE_KINDS`)."""
STAND_IN_KINDS = frozenset({"synthetic", "file", "replay", "network_pose"})
"""Kinds that stand in for a live one and arrive on its stream."""

Reasons = tuple[Reason, ...]


@dataclass(slots=True)
class Context:
    """The state one proposal meets. The checks only read it (a frozen one takes ten times as long to make)."""

    profile: Profile
    sink: Sink
    health: Health
    now_ns: int
    ledger: Ledger
    clock_back: bool
    """The time passed in is earlier than one the gate has seen."""
    arm_state: ArmState
    observed: bool
    """Health was observed lately."""
    command: CommandRow | None
    """None: no such command."""
    limits: LimitRow
    """For a command without a row: in the table of no profile."""
    promotion: Promotion | None
    selfplay_current: bool
    last_value: float
    """What this sink was last permitted for a continuous command, or its neutral value."""
    last_value_ns: int | None


def k1_mode(proposal: Proposal, context: Context) -> Reasons:
    """The profile has a permit for this sink, and in live for this evidence."""
    found = []
    if not profile_permits(context.profile, context.sink):
        found.append(Reason.MODE_NO_PERMIT)
    kinds = proposal.source_kinds
    if context.profile is Profile.LIVE and not (kinds and LIVE_KINDS.issuperset(kinds)):
        found.append(Reason.SOURCE_NOT_LIVE)
    return tuple(found)


def profile_permits(profile: Profile, sink: Sink) -> bool:
    """Whether the profile has permits for this sink at all."""
    if profile is Profile.OBSERVE:
        return False
    if profile is Profile.LIVE or sink.sink_class in HARMLESS_SINKS:
        return True
    return profile is Profile.REHEARSE and sink.rehearsal


_ARM_REASONS: Mapping[ArmState, Reasons] = {
    ArmState.DISARMED: (Reason.NOT_ARMED,),
    ArmState.SUSPENDED: (Reason.SUSPENDED,),
    ArmState.STOPPED: (Reason.STOPPED,),
}


def k2_armed(_proposal: Proposal, context: Context) -> Reasons:
    """Armed, and health was looked at lately (unobserved, the state means nothing)."""
    if context.arm_state is not ArmState.ARMED:
        return _ARM_REASONS[context.arm_state]
    return () if context.observed else (Reason.SUSPENDED,)


def k3_allowed(_proposal: Proposal, context: Context) -> Reasons:
    """The command exists and stands in the profile's table."""
    if context.command is None:
        return (Reason.COMMAND_UNKNOWN,)
    return () if context.profile in context.limits.profiles else (Reason.COMMAND_NOT_ALLOWED,)


def k4_promoted(proposal: Proposal, context: Context) -> Reasons:
    """In live: the gesture is live-safe for this command, its content is the promoted one, its ground still stands."""
    if context.profile is not Profile.LIVE:
        return ()
    promotion = context.promotion
    if promotion is None or promotion.command != proposal.command:
        return (Reason.NOT_PROMOTED,)
    found = []
    if not promotion.hash or promotion.hash != proposal.gesture_hash:
        found.append(Reason.HASH_MISMATCH)
    if promotion.basis is Basis.BASELINE and not context.selfplay_current:
        found.append(Reason.SELFPLAY_MISSING)
    return tuple(found)


def k5_fresh(proposal: Proposal, context: Context) -> Reasons:
    """A needed stream is alive, fast enough and sound; the proposal is of now."""
    found = _stream_reasons(needed_streams(proposal.source_kinds, context.limits.streams), context.health.streams)
    if context.clock_back or proposal.t_ns > context.now_ns:
        found.append(Reason.CLOCK_WENT_BACK)
    if context.now_ns - proposal.t_ns > PROPOSAL_LIFE_NS:
        found.append(Reason.PROPOSAL_LATE)
    return tuple(dict.fromkeys(found)) if found else ()


def needed_streams(kinds: tuple[str, ...], streams: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a command's streams that this evidence came on: named by its kinds, or any for what stands in."""
    if not STAND_IN_KINDS.isdisjoint(kinds):
        return streams
    return tuple(name for name in streams if name in kinds)


def _stream_reasons(needed: tuple[str, ...], streams: Mapping[str, StreamHealth]) -> list[Reason]:
    """One good stream is enough. With none, what is wrong with those that were ever heard of."""
    known = [streams[name] for name in needed if name in streams]
    if any(stream_good(stream) for stream in known):
        return []
    found = []
    if not any(stream.alive for stream in known):
        found.append(Reason.STREAM_STALE)
    if any(stream.alive and not stream.rate_ok for stream in known):
        found.append(Reason.STREAM_SLOW)
    if any(not stream.clock_ok for stream in known):
        found.append(Reason.CLOCK_WENT_BACK)
    return found


def k6_confident(proposal: Proposal, context: Context) -> Reasons:
    """The evidence is strong enough, and no sensor says no. What is no number is no confidence."""
    found = []
    if not context.limits.min_confidence <= proposal.confidence <= 1.0:
        found.append(Reason.LOW_CONFIDENCE)
    if proposal.vetoes:
        found.append(Reason.SENSOR_VETO)
    return tuple(found)


def k7_dynamics(_proposal: Proposal, context: Context) -> Reasons:
    """The vector says something."""
    found = []
    if not context.health.vector_finite:
        found.append(Reason.VECTOR_NOT_FINITE)
    if context.health.vector_flat:
        found.append(Reason.VECTOR_FLAT)
    return tuple(found)


def k8_deck(proposal: Proposal, context: Context) -> Reasons:
    """One performer, one deck: the one that the command belongs to."""
    found = []
    if proposal.ambiguous or (context.command is not None and proposal.deck != context.command.deck):
        found.append(Reason.DECK_AMBIGUOUS)
    if context.health.second_person:
        found.append(Reason.SECOND_PERSON)
    if not context.health.performer_seen:
        found.append(Reason.PERFORMER_LOST)
    return tuple(found)


def k9_deck_rules(proposal: Proposal, context: Context) -> Reasons:
    """Nothing cuts or jumps an audible deck unconfirmed; no value leaves 0..1 or runs faster than its limit."""
    command = context.command
    if command is None:
        return ()
    found = _deck_rule_reasons(command.deck_rule, context.health.decks.get(command.deck), proposal.confirmed)
    if not 0.0 <= proposal.value <= 1.0:
        found.append(Reason.VALUE_OUT_OF_RANGE)
    if command.command_class is CommandClass.CONTINUOUS and not _within_slew(proposal.value, context):
        found.append(Reason.SLEW)
    return tuple(found)


def _deck_rule_reasons(rule: DeckRule, deck: DeckState | None, confirmed: bool) -> list[Reason]:
    """A deck of unknown state counts as audible."""
    playing = None if deck is None else deck.playing
    found = []
    if rule in (DeckRule.NEEDS_STATE, DeckRule.IDLE_ONLY) and playing is None:
        found.append(Reason.DECK_STATE_UNKNOWN)
    if rule is DeckRule.CONFIRM and playing is not False and not confirmed:
        found.append(Reason.NEEDS_CONFIRMATION)
    if rule is DeckRule.IDLE_ONLY and playing:
        found.append(Reason.DECK_NOT_IDLE)
    return found


def _within_slew(value: float, context: Context) -> bool:
    """The first value of a control starts from neutral and may go as far as one window allows."""
    elapsed_ns = SLEW_WINDOW_NS
    if context.last_value_ns is not None:
        elapsed_ns = max(0, min(context.now_ns - context.last_value_ns, SLEW_WINDOW_NS))
    return abs(value - context.last_value) <= context.limits.slew_per_s * elapsed_ns / NS_PER_S


def k10_cooled(proposal: Proposal, context: Context) -> Reasons:
    """Gesture, command and deck have cooled, and no burst is used up."""
    if context.command is None:
        return ()
    return context.ledger.reasons(proposal, context.command, context.sink.name, context.now_ns, context.health.beats)


def k11_target(_proposal: Proposal, context: Context) -> Reasons:
    """The sink is there and in front, and the daemon is warm, in time, and writing down what it decides."""
    health = context.health
    sink = health.sinks.get(context.sink.name)
    found = []
    if sink is None or not sink.connected:
        found.append(Reason.SINK_NOT_CONNECTED)
    if sink is not None and not sink.target_ok:
        found.append(Reason.TARGET_NOT_IN_FRONT)
    if health.lagging:
        found.append(Reason.LAGGING)
    if not health.warm:
        found.append(Reason.NOT_WARM)
    if not health.decisions_written:
        found.append(Reason.DECISIONS_NOT_WRITTEN)
    return tuple(found)


Check = Callable[[Proposal, Context], Reasons]

CHECKS: tuple[Check, ...] = (
    k1_mode,
    k2_armed,
    k3_allowed,
    k4_promoted,
    k5_fresh,
    k6_confident,
    k7_dynamics,
    k8_deck,
    k9_deck_rules,
    k10_cooled,
    k11_target,
)


def all_reasons(proposal: Proposal, context: Context) -> Reasons:
    """Every check is evaluated; every reason is returned, in the order of the checks."""
    found: list[Reason] = []
    for check in CHECKS:
        found += check(proposal, context)
    return tuple(found)
