"""What each command is to Rekordbox: a MIDI code, a key. The table itself is config/rekordbox.toml."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safety.commands import COMMANDS, CommandClass, CommandRow

NOTE_ON = 0x90
CONTROL_CHANGE = 0xB0
MAX_7BIT = 127

CODE = re.compile(r"[9B][0-9A-F][0-7][0-9A-F]")
"""Note On or Control Change, and its number. Never 8x: Rekordbox mixes up the Note Off of devices it does not know,
so a release is Note On with velocity 0."""

ROW_KEYS = {"name", "function", "type", "codes", "keys", "option"}
PLATFORMS = {"linux", "darwin", "win32"}
TYPES = {"Button", "KnobSlider"}
"""Types of control we can play; the other types of a mapping file need values we do not send."""


class MappingError(ValueError):
    """The mapping cannot be used; the message lists every problem with its file and key."""


@dataclass(frozen=True, slots=True)
class MidiForm:
    """One command as MIDI."""

    command: str = ""
    deck: int = 0
    """1..4, 0 for a command that belongs to no deck."""
    function: str = ""
    type: str = "Button"
    code: str = ""
    """Four hex digits: status byte, number."""
    option: str = ""

    def message(self, value: float) -> bytes:
        """The three bytes that say `value` (0..1)."""
        status, number = bytes.fromhex(self.code)
        return bytes((status, number, round(min(max(value, 0.0), 1.0) * MAX_7BIT)))


@dataclass(frozen=True, slots=True)
class KeyForm:
    """One command as a key, its modifiers before it."""

    command: str = ""
    keys: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "+".join(self.keys)


@dataclass(frozen=True, slots=True)
class RekordboxMapping:
    """All forms of all commands."""

    port: str = "AirDeck"
    midi: Mapping[str, MidiForm] = field(default_factory=dict)
    keys: Mapping[str, KeyForm] = field(default_factory=dict)
    targets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By `sys.platform`: the programs a key may go to."""


def load_mapping(path: Path, commands: Mapping[str, CommandRow] = COMMANDS) -> RekordboxMapping:
    """Read the TOML file at `path`. Raises MappingError with every problem found."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{path}: {error}") from error
    return read_mapping(document, commands, path.name)


def read_mapping(
    document: Mapping[str, Any], commands: Mapping[str, CommandRow] = COMMANDS, file: str = "rekordbox.toml"
) -> RekordboxMapping:
    """The mapping of a parsed TOML document. Raises MappingError with every problem found."""
    problems = _shape_problems(document)
    if problems:
        raise MappingError("\n".join(f"{file}: {problem}" for problem in problems))
    rows = document.get("command", [])
    midi: dict[str, MidiForm] = {}
    keys: dict[str, KeyForm] = {}
    for number, row in enumerate(rows, 1):
        problems += [f"command {number}: {problem}" for problem in _read_row(row, commands, midi, keys)]
    targets = document.get("keys", {}).get("targets", {})
    port = document.get("midi", {}).get("port", "")
    problems += _port_problems(port) + _target_problems(targets) + _clashes(midi, keys)
    problems += [f"no row for the command {command}" for command in commands if command not in midi]
    if problems:
        raise MappingError("\n".join(f"{file}: {problem}" for problem in problems))
    return RekordboxMapping(port, midi, keys, {platform: tuple(names) for platform, names in targets.items()})


def _shape_problems(document: Mapping[str, Any]) -> list[str]:
    """Unknown keys, and values that are not tables where tables belong."""
    problems = [f"{key}: not known here" for key in document if key not in {"midi", "keys", "command"}]
    for name, known in (("midi", {"port"}), ("keys", {"targets"})):
        table = document.get(name, {})
        if not isinstance(table, dict):
            problems.append(f"{name}: must be a table")
        else:
            problems += [f"{name}.{key}: not known here" for key in table if key not in known]
    if not isinstance(document.get("keys", {}), dict) or not isinstance(document.get("keys", {}).get("targets", {}), dict):
        problems.append("keys.targets: must be a table")
    rows = document.get("command", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return [*problems, "command: must be written as [[command]]"]
    for number, row in enumerate(rows, 1):
        problems += [
            f"command {number}: {key}: must be a table such as {{ deck1 = ... }}"
            for key in ("codes", "keys")
            if not isinstance(row.get(key, {}), dict)
        ]
    return problems


def _read_row(
    row: Mapping[str, Any], commands: Mapping[str, CommandRow], midi: dict[str, MidiForm], keys: dict[str, KeyForm]
) -> Iterator[str]:
    """Add the forms of one row; yields what is wrong with it."""
    yield from (f"{key}: not known here" for key in row if key not in ROW_KEYS)
    name, kind = row.get("name", ""), row.get("type", "")
    if kind not in TYPES:
        yield f"type: {kind!r} is none of {', '.join(sorted(TYPES))}"
    if not row.get("function"):
        yield "function: missing"
    for deck, code in row.get("codes", {}).items():
        command = command_id(deck, name)
        if command not in commands:
            yield f"codes.{deck}: there is no command {command!r}"
        elif (problem := _code_problem(code, commands[command].command_class)) is not None:
            yield f"codes.{deck}: {problem}"
        else:
            midi[command] = MidiForm(
                command, commands[command].deck, row.get("function", ""), kind, code, row.get("option", "")
            )
    for deck, key in row.get("keys", {}).items():
        command = command_id(deck, name)
        if command not in commands:
            yield f"keys.{deck}: there is no command {command!r}"
        elif not isinstance(key, str) or not all(key.split("+")):
            yield f"keys.{deck}: {key!r} is not a key such as 'z' or 'shift+z'"
        else:
            keys[command] = KeyForm(command, tuple(key.split("+")))


def command_id(deck: str, name: str) -> str:
    """The id of `name` on "deck1".."deck4", or on "all"."""
    return name if deck == "all" else f"{deck}.{name}"


def _code_problem(code: object, command_class: CommandClass) -> str | None:
    if not isinstance(code, str) or CODE.fullmatch(code) is None:
        return f"{code!r} is not a note (9c and two digits) or a control (Bc and two digits), in capitals"
    wanted = CONTROL_CHANGE if command_class is CommandClass.CONTINUOUS else NOTE_ON
    if int(code[:2], 16) & 0xF0 != wanted:
        return f"{code!r} does not fit a command of class {command_class}"
    return None


def _port_problems(port: object) -> list[str]:
    if isinstance(port, str) and port.isascii() and port.isprintable() and port.strip() == port != "" and "," not in port:
        return []
    return [f"midi.port: {port!r} is not a plain name without commas"]


def _target_problems(targets: Mapping[str, Any]) -> list[str]:
    problems = [f"keys.targets.{platform}: not known here" for platform in targets if platform not in PLATFORMS]
    for platform, names in targets.items():
        if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
            problems.append(f"keys.targets.{platform}: must be a list of names")
    return problems


def _clashes(midi: Mapping[str, MidiForm], keys: Mapping[str, KeyForm]) -> list[str]:
    """One code or key for two commands: Rekordbox would do both, or the wrong one."""
    codes = Counter(form.code for form in midi.values())
    texts = Counter(form.text for form in keys.values())
    return [f"{what!r} stands for {count} commands" for counts in (codes, texts) for what, count in counts.items() if count > 1]
