"""What each command may do at most: one row per command, data only. Nothing here can be loosened from config."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from .commands import CommandClass, CommandRow
from .types import Profile

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

PERMIT_LIFE_NS = 100 * NS_PER_MS
"""A permit not sent within three camera frames belongs to a moment that is over."""
RELEASE_LIFE_NS = 5 * NS_PER_S
"""A release may arrive late; it may not be lost."""
PROPOSAL_LIFE_NS = 250 * NS_PER_MS
"""A gesture completed longer ago than this is late: the beat it was meant for has passed (half a beat at 120 BPM)."""

DRIVING_STREAMS = ("camera", "mocopi")
"""Evidence of a body; one of them has to be good."""

MIN_CONFIDENCE = 0.6
"""Guess, to be measured by self-play and screening."""

SLEW_WINDOW_NS = 100 * NS_PER_MS
"""A pause longer than this earns no larger step: a control moves on from where it was."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Over when both have passed."""

    ms: int = 0
    beats: float = 0.0


@dataclass(frozen=True, slots=True)
class Burst:
    """At most `count` permits in any window of `window_ms`."""

    count: int = 0
    window_ms: int = 0


@dataclass(frozen=True, slots=True)
class LimitRow:
    """The limits of one command. The four cooldowns start with each permit of it."""

    profiles: frozenset[Profile] = frozenset()
    """Profiles whose table holds this command."""
    gesture: Cooldown = Cooldown()
    """Before the same gesture is heard again."""
    command: Cooldown = Cooldown()
    deck: Cooldown = Cooldown()
    """Before anything else is sent to the same deck."""
    everything: Cooldown = Cooldown()
    """Before anything else is sent at all."""
    burst: Burst = Burst()
    slew_per_s: float = 0.0
    """Continuous commands: the fastest change of the value, per second."""
    streams: tuple[str, ...] = DRIVING_STREAMS
    """One of these has to be alive, fast enough and sound."""
    min_confidence: float = MIN_CONFIDENCE


SENDING_PROFILES = frozenset({Profile.DRY_RUN, Profile.REHEARSE, Profile.LIVE})

TRANSPORT = LimitRow(
    profiles=SENDING_PROFILES,
    # 500 ms and 2 beats: the transport cooldowns published for the older controller.
    gesture=Cooldown(500, 2.0),
    command=Cooldown(500, 2.0),
    deck=Cooldown(500, 1.0),
    # The time a raise waits for the other arm: nearer than this, two commands are one movement.
    everything=Cooldown(150, 0.0),
    # Guess: a raise takes 1.5 s or more, so more toggles than this are noise.
    burst=Burst(6, 10_000),
)

LIMITS: dict[str, LimitRow] = {
    "deck1.play_pause": TRANSPORT,
    "deck2.play_pause": TRANSPORT,
}

GLOBAL_BURST = Burst(10, 10_000)
"""All discrete commands together. Guess: two hands at full pace, and a little less than both bursts."""


def table_problems(
    commands: Mapping[str, CommandRow], limits: Mapping[str, LimitRow], burst_all: Burst = GLOBAL_BURST
) -> tuple[str, ...]:
    """Everything wrong with a set of tables, one sentence each; empty when they are sound."""
    found = [f"limits: {name} is no command" for name in limits if name not in commands]
    if not _bounded(burst_all):
        found.append("limits: the global burst is unbounded or empty")
    for name, command in commands.items():
        if command.id != name:
            found.append(f"commands: row {command.id} stands under {name}")
        if name in limits:
            found.extend(_row_problems(command, limits[name]))
    return tuple(found)


def _bounded(burst: Burst) -> bool:
    return burst.count >= 1 and burst.window_ms >= 1


def _row_problems(command: CommandRow, row: LimitRow) -> list[str]:
    continuous = command.command_class is CommandClass.CONTINUOUS
    live = Profile.LIVE in row.profiles
    checks = (
        (_bounded(row.burst), "has no burst limit"),
        (0.0 < row.min_confidence <= 1.0, "has a confidence threshold outside 0..1"),
        (len(row.streams) > 0, "needs no stream"),
        (not continuous or 0.0 < row.slew_per_s < inf, "is continuous and has no slew limit"),
        (continuous or not live or row.command.ms >= 1, "goes live without a cooldown"),
    )
    return [f"limits: {command.id} {problem}" for sound, problem in checks if not sound]
