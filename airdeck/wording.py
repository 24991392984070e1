"""Plain sentences for people: why the gate refused, and what each state means. Display only; records keep the enums."""

from collections.abc import Iterator

from safety.types import ArmState, Health, Profile, Reason

REASONS: dict[Reason, str] = {
    Reason.MODE_NO_PERMIT: "this profile sends nothing to this sink",
    Reason.SOURCE_NOT_LIVE: "the evidence is not from a live source",
    Reason.NOT_ARMED: "not armed: `airdeck arm`",
    Reason.SUSPENDED: "suspended: it resumes after a second of good data",
    Reason.STOPPED: "stopped: `airdeck stop --release`, then `airdeck arm`",
    Reason.COMMAND_UNKNOWN: "no such command",
    Reason.COMMAND_NOT_ALLOWED: "this profile does not allow the command",
    Reason.NOT_PROMOTED: "the gesture is not live-safe yet",
    Reason.HASH_MISMATCH: "the gesture changed since it was promoted",
    Reason.SELFPLAY_MISSING: "no current self-play report: `airdeck selfplay --quick`",
    Reason.STREAM_STALE: "no fresh picture",
    Reason.STREAM_SLOW: "too few pictures a second",
    Reason.CLOCK_WENT_BACK: "the device's clock went back",
    Reason.PROPOSAL_LATE: "the gesture is too long ago",
    Reason.LOW_CONFIDENCE: "not sure enough of what was seen",
    Reason.SENSOR_VETO: "another sensor says no",
    Reason.VECTOR_NOT_FINITE: "the numbers make no sense",
    Reason.VECTOR_FLAT: "the picture stands still",
    Reason.DECK_AMBIGUOUS: "left and right cannot be told apart",
    Reason.SECOND_PERSON: "somebody else is in the performer's place",
    Reason.PERFORMER_LOST: "nobody in the picture",
    Reason.DECK_STATE_UNKNOWN: "it is not known whether the deck plays",
    Reason.NEEDS_CONFIRMATION: "the deck is audible: confirm",
    Reason.DECK_NOT_IDLE: "the deck is playing",
    Reason.VALUE_OUT_OF_RANGE: "the value is not one of the command's",
    Reason.SLEW: "too fast a move",
    Reason.NOTHING_TO_RELEASE: "there is nothing to release",
    Reason.ALREADY_PERMITTED: "already sent",
    Reason.COOLDOWN_GESTURE: "the gesture is still cooling down",
    Reason.COOLDOWN_COMMAND: "the command is still cooling down",
    Reason.COOLDOWN_DECK: "the deck is still cooling down",
    Reason.COOLDOWN_ALL: "everything is still cooling down",
    Reason.BURST: "too many of this command in a short time",
    Reason.BURST_ALL: "too many commands in a short time",
    Reason.SINK_NOT_CONNECTED: "the sink is not connected",
    Reason.TARGET_NOT_IN_FRONT: "the allowed window is not in front",
    Reason.LAGGING: "this machine cannot keep up",
    Reason.NOT_WARM: "still starting",
    Reason.DECISIONS_NOT_WRITTEN: "decisions cannot be written to disk",
}

ARM_STATES: dict[ArmState, str] = {
    ArmState.DISARMED: "nothing is sent. Arm with `airdeck arm`",
    ArmState.ARMED: "gestures act. `airdeck disarm` to pause, `airdeck stop` to end all output",
    ArmState.SUSPENDED: "armed, and waiting for a second of good data",
    ArmState.STOPPED: "all output ended. `airdeck stop --release`, then `airdeck arm`",
}

PROFILES: dict[Profile, str] = {
    Profile.OBSERVE: "records only",
    Profile.DRY_RUN: "shows what would be sent, sends nothing",
    Profile.REHEARSE: "sends to the sinks named on the command line",
    Profile.LIVE: "sends to Rekordbox",
}

PRIVACY = (
    "Pictures stay in the pose process and are not kept; body points and decisions are written to the session folder here."
)


def refusal(reasons: tuple[Reason, ...]) -> str:
    """All reasons in one line."""
    return "; ".join(REASONS.get(reason, str(reason)) for reason in reasons)


def lapses(health: Health) -> Iterator[str]:
    """What is not well, each in a few words."""
    for name, stream in health.streams.items():
        if stream.age_ns and not (stream.alive and stream.rate_ok and stream.clock_ok):
            yield f"{name} {'gone' if not stream.alive else 'slow' if not stream.rate_ok else 'clock went back'}"
    if not any(stream.alive for stream in health.streams.values()):
        yield "no frames"
    if health.lagging:
        yield "the loop lags"
    if not health.performer_seen:
        yield "nobody seen"
    if health.second_person:
        yield "a second person in the performer's place"
    if health.vector_flat or not health.vector_finite:
        yield "the picture stands still"
    for name, sink in health.sinks.items():
        if not sink.connected:
            yield f"{name} not connected"
    if not health.decisions_written:
        yield "decisions cannot be written"
