"""The MIDI sink: a virtual port of our own, or a port by name."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from bridges.rekordbox.mapping import RekordboxMapping
from safety.commands import COMMANDS, CommandRow
from safety.types import SinkClass

from ..ipc import module_environment
from .base import SinkError
from .link import HAS_PAIR
from .plan import PlanRow, WriterPlan, midi_rows
from .process import ProcessSink

APIS = ("alsa", "jack", "coremidi", "winmm")
LIST_TIMEOUT_S = 5.0
"""A MIDI server that died can block whoever asks it for ever."""


@dataclass(frozen=True, slots=True)
class MidiSettings:
    api: str = ""
    """alsa, jack, coremidi or winmm; empty takes the first that works here."""


class MidiSink(ProcessSink):
    """`target`: "virtual" (the mapping's own port name), "virtual:NAME", or NAME of a port that exists."""

    sink_class = SinkClass.MIDI

    def __init__(
        self,
        name: str,
        target: str,
        mapping: RekordboxMapping,
        settings: MidiSettings | None = None,
        *,
        commands: Mapping[str, CommandRow] = COMMANDS,
        pair: bool = HAS_PAIR,
    ) -> None:
        settings = settings or MidiSettings()
        virtual, port = split_target(target, mapping.port)
        if settings.api and settings.api not in APIS:
            raise SinkError(f"midi: api {settings.api!r} is none of {', '.join(APIS)}")
        options = {"port": port, "virtual": virtual, "api": settings.api}
        super().__init__(name, WriterPlan("midi", options, midi_rows(mapping.midi, commands)), pair)
        self.port = port
        self.virtual = virtual

    def shown(self, row: PlanRow, value: float) -> str:
        return f"{bytes.fromhex(row.form).hex(' ')} {round(min(max(value, 0.0), 1.0) * 127):02x}"


def split_target(target: str, default: str) -> tuple[bool, str]:
    """Whether the port is virtual, and its name."""
    head, _, rest = target.partition(":")
    if head == "virtual":
        return True, rest or default
    if not target:
        raise SinkError("midi: say which port: midi:NAME of one that exists, or midi:virtual for one of our own")
    return False, target


def list_ports(api: str = "", timeout_s: float = LIST_TIMEOUT_S) -> list[str]:
    """Names of the MIDI ports that can be opened. Asked in a process of its own; raises SinkError, never hangs."""
    command = [sys.executable, "-P", "-m", "bridges.sinks.midi_ports", api]
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout_s, env=module_environment(), check=False)
    except subprocess.TimeoutExpired:
        raise SinkError(f"the MIDI system did not answer for {timeout_s:g} s: is its server hanging?") from None
    if done.returncode != 0:
        raise SinkError(done.stdout.decode(errors="replace").strip() or "the MIDI ports cannot be listed")
    return [str(name) for name in json.loads(done.stdout)]
