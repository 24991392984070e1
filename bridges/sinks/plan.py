"""What a writer is told when it starts: which driver, where to, and the table of commands it may send."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bridges.rekordbox.mapping import KeyForm, MidiForm
from safety.commands import COMMANDS, CommandRow


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One command as the driver sends it."""

    command: str
    command_class: str
    press_ms: int
    neutral: float
    form: str
    """MIDI: the code, "900B". Keys: "z", "shift+z"."""


@dataclass(frozen=True, slots=True)
class WriterPlan:
    """A driver, its options and its table; the place of a row in the table is its number on the wire."""

    driver: str
    options: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[PlanRow, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def midi_rows(forms: Mapping[str, MidiForm], commands: Mapping[str, CommandRow] = COMMANDS) -> tuple[PlanRow, ...]:
    """The table of a MIDI writer, in order of command."""
    return tuple(_row(commands[name], form.code) for name, form in sorted(forms.items()))


def key_rows(forms: Mapping[str, KeyForm], commands: Mapping[str, CommandRow] = COMMANDS) -> tuple[PlanRow, ...]:
    """The table of a key writer, in order of command."""
    return tuple(_row(commands[name], form.text) for name, form in sorted(forms.items()))


def _row(command: CommandRow, form: str) -> PlanRow:
    return PlanRow(command.id, command.command_class.value, command.press_ms, command.neutral, form)
