"""What goes into the gate and what comes out: closed enums and frozen records, no behaviour.

Times are monotonic nanoseconds passed in by the caller. The gate asks no clock.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Profile(StrEnum):
    """How far a command may go."""

    OBSERVE = "observe"
    """Records; earns no permits."""
    DRY_RUN = "dry-run"
    """Permits for the dry-run and recording sinks only."""
    REHEARSE = "rehearse"
    """Permits for the sinks named for rehearsal on the command line; any source, unpromoted gestures too."""
    LIVE = "live"
    """Permits for Rekordbox: live sources and live-safe gestures only."""


class ArmState(StrEnum):
    DISARMED = "disarmed"
    ARMED = "armed"
    SUSPENDED = "suspended"
    """Armed, but health lapsed: resumes by itself after good data."""
    STOPPED = "stopped"
    """Latched: only a reset leads back to disarmed."""


class HumanAct(StrEnum):
    """What a person can do to the gate (the same words as `airdeck.events.Act`)."""

    ARM = "arm"
    DISARM = "disarm"
    STOP = "stop"
    RESET = "reset"


class Cause(StrEnum):
    """Why the arm state changed."""

    ARM = "arm"
    DISARM = "disarm"
    STOP = "stop"
    RESET = "reset"
    RESTORED = "restored"
    """The latched stop of an earlier run was put back."""
    GAP = "gap"
    """Nobody looked for longer than the limit: a stall, or a machine that slept."""
    CLOCK_WENT_BACK = "clock_went_back"
    STREAM_LOST = "stream_lost"
    """No driving stream is alive, fast enough and sound."""
    LAGGING = "lagging"
    EVIDENCE_LOST = "evidence_lost"
    """Nobody seen, or a vector that is flat or not finite, for longer than the grace."""
    GOOD_AGAIN = "good_again"
    SUSPENDED_TOO_LONG = "suspended_too_long"
    PORT_LOST = "port_lost"
    """A sink that was connected while armed is no longer (its port vanished, its writer died)."""
    DECISIONS_NOT_WRITTEN = "decisions_not_written"


class SinkClass(StrEnum):
    DRY_RUN = "dry_run"
    RECORDING = "recording"
    MIDI = "midi"
    KEYS = "keys"
    OSC = "osc"


HARMLESS_SINKS = frozenset({SinkClass.DRY_RUN, SinkClass.RECORDING})
"""Sinks from which nothing can reach a deck."""


class Reason(StrEnum):
    """Why the gate refused. The prefix names the check."""

    MODE_NO_PERMIT = "k1.mode_no_permit"
    SOURCE_NOT_LIVE = "k1.source_not_live"
    NOT_ARMED = "k2.not_armed"
    SUSPENDED = "k2.suspended"
    STOPPED = "k2.stopped"
    COMMAND_UNKNOWN = "k3.command_unknown"
    COMMAND_NOT_ALLOWED = "k3.command_not_allowed"
    NOT_PROMOTED = "k4.not_promoted"
    HASH_MISMATCH = "k4.hash_mismatch"
    SELFPLAY_MISSING = "k4.selfplay_missing"
    """Baseline promotion without a current quick self-play report of this machine."""
    STREAM_STALE = "k5.stream_stale"
    STREAM_SLOW = "k5.stream_slow"
    CLOCK_WENT_BACK = "k5.clock_went_back"
    PROPOSAL_LATE = "k5.proposal_late"
    LOW_CONFIDENCE = "k6.low_confidence"
    SENSOR_VETO = "k6.sensor_veto"
    VECTOR_NOT_FINITE = "k7.vector_not_finite"
    VECTOR_FLAT = "k7.vector_flat"
    DECK_AMBIGUOUS = "k8.deck_ambiguous"
    SECOND_PERSON = "k8.second_person"
    PERFORMER_LOST = "k8.performer_lost"
    DECK_STATE_UNKNOWN = "k9.deck_state_unknown"
    NEEDS_CONFIRMATION = "k9.needs_confirmation"
    DECK_NOT_IDLE = "k9.deck_not_idle"
    VALUE_OUT_OF_RANGE = "k9.value_out_of_range"
    SLEW = "k9.slew"
    NOTHING_TO_RELEASE = "k9.nothing_to_release"
    """The neutral value of a continuous control that this gate never moved would itself be a jump."""
    ALREADY_PERMITTED = "k10.already_permitted"
    """This sink has its permit for this proposal, or for a later one of the same gesture."""
    COOLDOWN_GESTURE = "k10.cooldown_gesture"
    COOLDOWN_COMMAND = "k10.cooldown_command"
    COOLDOWN_DECK = "k10.cooldown_deck"
    COOLDOWN_ALL = "k10.cooldown_all"
    BURST = "k10.burst"
    BURST_ALL = "k10.burst_all"
    SINK_NOT_CONNECTED = "k11.sink_not_connected"
    TARGET_NOT_IN_FRONT = "k11.target_not_in_front"
    LAGGING = "k11.lagging"
    NOT_WARM = "k11.not_warm"
    DECISIONS_NOT_WRITTEN = "k11.decisions_not_written"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A gesture asks for a command. Proposals are not permission."""

    seq: int = 0
    """Sequence number of the input event whose step proposed it."""
    t_ns: int = 0
    """When the gesture completed (monotonic)."""
    gesture: str = ""
    gesture_hash: str = ""
    deck: int = 0
    """1..4; 0 when the command belongs to no deck."""
    command: str = ""
    """A command id of `safety.commands`, e.g. "deck1.play_pause"."""
    value: float = 1.0
    """1 for a press, 0..1 for a continuous control; the command's neutral value releases."""
    confidence: float = 0.0
    """0..1, after sensors boosted it."""
    source_kinds: tuple[str, ...] = ()
    """Kinds of evidence (`dynamics.frames.SourceKind` values) that this rests on."""
    vetoes: tuple[str, ...] = ()
    """Sensors that say no."""
    ambiguous: bool = False
    """Left and right cannot be told apart in this evidence."""
    confirmed: bool = False
    """The performer confirmed this very proposal (needed by commands that would cut an audible deck)."""
    evidence: tuple[tuple[str, float], ...] = ()
    """Named numbers seen when the gesture completed, for the record."""


@dataclass(slots=True)
class StreamHealth:
    """One stream as judged against the stream table. Filled in place on the step's path."""

    alive: bool = False
    rate_ok: bool = False
    clock_ok: bool = True
    """False while the device clock went backwards."""
    age_ns: int = 0


@dataclass(frozen=True, slots=True)
class SinkHealth:
    connected: bool = False
    target_ok: bool = True
    """Keys: the allowed window has the focus. Always true for sinks without a target window."""


@dataclass(frozen=True, slots=True)
class DeckState:
    """What is known of a deck; None is "not known"."""

    playing: bool | None = None


@dataclass(slots=True)
class Health:
    """The state the gate sees. One object per pipeline, updated in place on the step's path."""

    streams: dict[str, StreamHealth] = field(default_factory=dict)
    sinks: dict[str, SinkHealth] = field(default_factory=dict)
    decks: dict[int, DeckState] = field(default_factory=dict)
    vector_finite: bool = True
    vector_flat: bool = False
    performer_seen: bool = False
    second_person: bool = False
    """A second person stands in the performer's place, or cannot be told from the performer."""
    lagging: bool = False
    warm: bool = False
    decisions_written: bool = True
    beats: float = float("nan")
    """Running position of the master beat clock, in beats; NaN while it is not known."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A sink as the gate knows it."""

    name: str = ""
    sink_class: SinkClass = SinkClass.DRY_RUN
    rehearsal: bool = False
    """Named on the command line for rehearsal."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Permission to send one value to one sink, once, between two times. Made in `safety.gate` only."""

    decision_seq: int
    command: str
    value: float
    sink: str
    sink_class: SinkClass
    not_before_ns: int
    expires_ns: int


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of the arm state, with its cause: a record."""

    t_ns: int = 0
    before: ArmState = ArmState.DISARMED
    after: ArmState = ArmState.DISARMED
    cause: Cause = Cause.DISARM
    by: str = ""
    """Who acted: "cli", "page", "key", "pad", "gesture"; empty when health did."""

    @property
    def cancels(self) -> bool:
        """Gestures in flight are cancelled by this change."""
        return self.before is ArmState.ARMED


@dataclass(frozen=True, slots=True)
class Verdict:
    """One decision, permitted or not, with every reason and the state it saw."""

    seq: int = 0
    """Sequence number of the decision (its own counter)."""
    t_ns: int = 0
    proposal: Proposal = field(default_factory=Proposal)
    sink: str = ""
    profile: Profile = Profile.OBSERVE
    arm_state: ArmState = ArmState.DISARMED
    reasons: tuple[Reason, ...] = ()
    """Empty when permitted."""
    permit: Permit | None = None

    @property
    def permitted(self) -> bool:
        return self.permit is not None
