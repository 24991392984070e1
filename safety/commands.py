"""The closed set of commands: one row each; what is not a row cannot be sent."""

from dataclasses import dataclass
from enum import StrEnum


class CommandClass(StrEnum):
    PRESS = "press"
    """On, then off after `press_ms`."""
    HOLD = "hold"
    """On until its neutral value."""
    CONTINUOUS = "continuous"
    """A control value 0..1."""


class DeckRule(StrEnum):
    """What an audible deck demands of a command (check K9)."""

    NONE = "none"
    NEEDS_STATE = "needs_state"
    CONFIRM = "confirm"
    IDLE_ONLY = "idle_only"


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One command. `id` is `deckN.name`, or just `name` for one that belongs to no deck."""

    id: str
    deck: int
    command_class: CommandClass
    deck_rule: DeckRule
    neutral: float = 0.0
    """The value that releases it: always allowed."""
    press_ms: int = 0
    """How long a press is held, timed by the writer."""


PRESS_MS = 60
"""Guess: long enough for a poll at 60 Hz to see, short against the fastest repeat. Rekordbox's own time is not published."""

DECKS = (1, 2)


def _rows() -> tuple[CommandRow, ...]:
    """The plain toggle needs no state, so it works where nothing tells the deck's state."""
    return tuple(
        CommandRow(f"deck{deck}.play_pause", deck, CommandClass.PRESS, DeckRule.NONE, press_ms=PRESS_MS) for deck in DECKS
    )


COMMANDS: dict[str, CommandRow] = {row.id: row for row in _rows()}
