"""One world in which everything is well: each test spoils one thing of it."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import settings

from safety.commands import CommandClass, CommandRow, DeckRule
from safety.gate import K11Gate
from safety.limits import Burst, Cooldown, LimitRow
from safety.promotion import Basis, Promotion
from safety.types import (
    DeckState,
    Health,
    Profile,
    Proposal,
    Reason,
    Sink,
    SinkClass,
    SinkHealth,
    StreamHealth,
    Transition,
    Verdict,
)

settings.register_profile("safety", derandomize=True, deadline=None, database=None, max_examples=200)
settings.load_profile("safety")

MS = 1_000_000
S = 1_000_000_000
START_NS = 100 * S
HASH = "a1" * 32

ALL_SENDING = frozenset({Profile.DRY_RUN, Profile.REHEARSE, Profile.LIVE})

COMMANDS = {
    row.id: row
    for row in (
        CommandRow("deck1.play_pause", 1, CommandClass.PRESS, DeckRule.NONE, press_ms=60),
        CommandRow("deck2.play_pause", 2, CommandClass.PRESS, DeckRule.NONE, press_ms=60),
        CommandRow("deck1.sync", 1, CommandClass.PRESS, DeckRule.NONE, press_ms=60),
        CommandRow("deck1.play", 1, CommandClass.PRESS, DeckRule.NEEDS_STATE, press_ms=60),
        CommandRow("deck1.cue", 1, CommandClass.PRESS, DeckRule.CONFIRM, press_ms=60),
        CommandRow("deck1.load", 1, CommandClass.PRESS, DeckRule.IDLE_ONLY, press_ms=60),
        CommandRow("deck1.bend", 1, CommandClass.HOLD, DeckRule.NONE),
        CommandRow("deck2.bend", 2, CommandClass.HOLD, DeckRule.NONE),
        CommandRow("deck1.filter", 1, CommandClass.CONTINUOUS, DeckRule.NONE, neutral=0.5),
        CommandRow("deck1.unlisted", 1, CommandClass.PRESS, DeckRule.NONE, press_ms=60),
        CommandRow("deck1.rehearsed", 1, CommandClass.PRESS, DeckRule.NONE, press_ms=60),
    )
}
"""Every class, every deck rule; one command without limits, one that live does not hold."""

PRESS_LIMITS = LimitRow(
    profiles=ALL_SENDING,
    gesture=Cooldown(400, 0.0),
    command=Cooldown(600, 0.0),
    deck=Cooldown(300, 0.0),
    everything=Cooldown(100, 0.0),
    burst=Burst(3, 10_000),
)

LIMITS = {
    **{name: PRESS_LIMITS for name in COMMANDS if name not in ("deck1.filter", "deck1.unlisted", "deck1.rehearsed")},
    "deck1.rehearsed": replace(PRESS_LIMITS, profiles=frozenset({Profile.DRY_RUN, Profile.REHEARSE})),
    "deck1.filter": LimitRow(profiles=ALL_SENDING, burst=Burst(1_000, 1_000), slew_per_s=2.0),
}

PROMOTIONS = {
    row.gesture: row
    for row in (
        Promotion("left.raise", "deck1.play_pause", Basis.BASELINE, HASH),
        Promotion("right.raise", "deck2.play_pause", Basis.BASELINE, HASH),
    )
}

MIDI = Sink("midi", SinkClass.MIDI, rehearsal=True)
KEYS = Sink("keys", SinkClass.KEYS, rehearsal=True)
RECORDING = Sink("recording", SinkClass.RECORDING)
DRY_RUN = Sink("dry-run", SinkClass.DRY_RUN)
SINKS = (MIDI, KEYS, RECORDING, DRY_RUN)


def good_health() -> Health:
    return Health(
        streams={"camera": StreamHealth(alive=True, rate_ok=True), "mocopi": StreamHealth()},
        sinks={sink.name: SinkHealth(connected=True) for sink in SINKS},
        decks={1: DeckState(playing=False), 2: DeckState(playing=False)},
        performer_seen=True,
        warm=True,
    )


@dataclass
class World:
    """A gate, its health and its time. Armed and well unless a test says otherwise."""

    profile: Profile = Profile.REHEARSE
    now_ns: int = START_NS
    seq: int = 0
    health: Health = field(default_factory=good_health)
    gate: K11Gate = field(init=False)
    transitions: list[Transition] = field(default_factory=list)

    MIDI = MIDI
    KEYS = KEYS
    RECORDING = RECORDING
    DRY_RUN = DRY_RUN
    COMMANDS = COMMANDS
    LIMITS = LIMITS
    PROMOTIONS = PROMOTIONS
    HASH = HASH
    MS = MS
    S = S

    def __post_init__(self) -> None:
        self.make_gate()
        self.observe()
        self.arm()

    def make_gate(self, **tables: object) -> None:
        """A fresh gate over the world's tables, or those named."""
        default = {"commands": COMMANDS, "limits": LIMITS, "promotions": PROMOTIONS, "selfplay_current": True}
        self.gate = K11Gate(self.profile, **(default | tables))

    def rearm(self, **tables: object) -> None:
        self.make_gate(**tables)
        self.observe()
        self.arm()

    def arm(self) -> None:
        self.gate.arm(self.now_ns, "test")

    def observe(self, after_ns: int = 0) -> Transition | None:
        """Move on and look once."""
        self.now_ns += after_ns
        change = self.gate.observe(self.health, self.now_ns)
        if change is not None:
            self.transitions.append(change)
        return change

    def run(self, for_ns: int, step_ns: int = 50 * MS) -> list[Transition]:
        """Observe at a steady pace; the changes of state on the way."""
        before = len(self.transitions)
        for _ in range(for_ns // step_ns):
            self.observe(step_ns)
        if for_ns % step_ns:
            self.observe(for_ns % step_ns)
        return self.transitions[before:]

    def proposal(self, command: str = "deck1.play_pause", **changes: object) -> Proposal:
        """A sound proposal of a new step for this command."""
        self.seq += 1
        row = COMMANDS.get(command)
        deck = row.deck if row else 1
        default = Proposal(
            seq=self.seq,
            t_ns=self.now_ns,
            gesture="right.raise" if deck == 2 else "left.raise",
            gesture_hash=HASH,
            deck=deck,
            command=command,
            value=0.55 if command == "deck1.filter" else 1.0,
            confidence=0.9,
            source_kinds=("camera",),
        )
        return replace(default, **changes)

    def decide(self, proposal: Proposal | None = None, sink: Sink = MIDI, **changes: object) -> Verdict:
        return self.gate.decide(proposal or self.proposal(**changes), sink, self.health, self.now_ns)

    def reasons(self, proposal: Proposal | None = None, sink: Sink = MIDI, **changes: object) -> tuple[Reason, ...]:
        return self.decide(proposal, sink, **changes).reasons


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def live() -> World:
    return World(Profile.LIVE)


@pytest.fixture(scope="session")
def make_world() -> type[World]:
    return World
