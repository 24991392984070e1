"""Plain sentences for people: why the gate refused, and what each state means. Display only; records keep the enums."""

from collections.abc import Iterator

from safety.types import ArmState, Health, Profile, Reason

from .gestures.phrase import Body, Carrier, Height, Phrase, Shape, Side, Stand

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

BODIES: dict[Body, str] = {
    Body.UNKNOWN: "",
    Body.AIRBORNE: "in the air",
    Body.TRAVELLING: "on the move",
    Body.TURNED: "turned away",
    Body.CROUCHED: "crouched",
    Body.LEANING: "leaning",
    Body.SEATED: "seated",
    Body.STANDING: "standing",
    Body.UPRIGHT: "upright",
}

SHAPES: dict[Shape, str] = {
    Shape.HELD: "",
    Shape.UP: "up",
    Shape.DOWN: "down",
    Shape.OUT: "out",
    Shape.IN: "in",
    Shape.CIRCLE: "in a circle",
    Shape.BACK_CIRCLE: "in a backward circle",
    Shape.OSCILLATION: "back and forth",
    Shape.APART: "apart",
    Shape.TOGETHER: "together",
}

HEIGHTS: dict[Height, str] = {
    Height.UNKNOWN: "out of sight",
    Height.OVERHEAD: "over the head",
    Height.HEAD: "at head height",
    Height.SHOULDER: "at shoulder height",
    Height.CHEST: "at chest height",
    Height.HIP: "at the hip",
}

SIDES: dict[Side, str] = {
    Side.UNKNOWN: "",
    Side.INSIDE: "across the body",
    Side.FRONT: "",
    Side.OUTSIDE: "to the side",
}

CARRIERS: dict[Carrier, str] = {
    Carrier.POSITION: "",
    Carrier.MOVEMENT: "",
    Carrier.CLUTCH: "with the other hand as a clutch",
    Carrier.SEQUENCE: "after its first part",
}

STANDS: dict[Stand, str] = {
    Stand.DROVE: "{stream} {delay_ms:.0f} ms behind",
    Stand.AGREES: "{stream} agrees",
    Stand.OBJECTS: "{stream} objects",
    Stand.HEARD: "",
}

HELD_MS = 100.0
"""A shorter hold is not worth a word."""

PRIVACY = (
    "Pictures stay in the pose process and are not kept; body points and decisions are written to the session folder here."
)


def refusal(reasons: tuple[Reason, ...]) -> str:
    """All reasons in one line."""
    return "; ".join(REASONS.get(reason, str(reason)) for reason in reasons)


def phrase_text(phrase: Phrase) -> str:
    """What was done, in one sentence."""
    held_ms, repeats = phrase.timing.held_ms, phrase.intent.repeats
    parts = [
        _hands(phrase),
        f"held {held_ms / 1e3:.1f} s" if held_ms >= HELD_MS else "",
        *(CARRIERS[carrier] for carrier in phrase.intent.carriers),
        "again" if repeats == 1 else f"{repeats + 1} times in a row" if repeats else "",
        BODIES[phrase.body],
        *(STANDS[e.stand].format(stream=e.stream, delay_ms=phrase.timing.delay_ms) for e in phrase.evidence),
    ]
    return ", ".join(part for part in parts if part)


def _hands(phrase: Phrase) -> str:
    """Which hands went which way, and where to."""
    places = [" ".join(word for word in (HEIGHTS[zone.height], SIDES[zone.side]) if word) for zone in phrase.zones]
    who = [f"{zone.hand} hand" for zone in phrase.zones]
    if len(places) > 1 and len(set(places)) == 1:
        who, places = ["both hands"], places[:1]
    said = [(hand, SHAPES[phrase.shape], place) for hand, place in zip(who, places, strict=True)]
    return ", ".join(" ".join(word for word in words if word) for words in said)


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
