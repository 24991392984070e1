"""Names of sources and sinks -> "module:Class". A name may point anywhere; its module is imported when it is used."""

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One driver. `config` is its settings dataclass, read from the section `[name]` (dashes become underscores)."""

    name: str
    target: str
    about: str
    arg: str = ""
    """What may follow the colon, for people; empty: nothing may."""
    config: str = ""
    extra: str = ""
    """The extra of airdeck that brings its packages; empty: they come with airdeck itself."""
    live: bool = True
    """False: a source that the live profile does not take at all."""
    drives: str = ""
    """The driving stream that a source feeds; empty: none."""
    if_paired: bool = False
    """It drives only by senders that the settings pair."""


ADDRESS = "PORT|HOST:PORT"


def _table(*rows: Row) -> dict[str, Row]:
    return {row.name: row for row in rows}


_IN = "bridges.sources"

SOURCES: dict[str, Row] = _table(
    Row(
        "camera",
        f"{_IN}.camera:CameraSource",
        "a camera, or a video file played as one",
        "0|NAME|FILE",
        f"{_IN}.capture_settings:CameraSettings",
        drives="camera",
    ),
    Row(
        "mocopi",
        f"{_IN}.mocopi:MocopiSource",
        "Sony mocopi, its own UDP format",
        ADDRESS,
        f"{_IN}.mocopi:MocopiSettings",
        drives="mocopi",
    ),
    Row("vmc", f"{_IN}.vmc:VmcSource", "motion over VMC (OSC)", ADDRESS, f"{_IN}.vmc:VmcSettings", drives="mocopi"),
    Row(
        "pose-json",
        f"{_IN}.pose_json:PoseJsonSource",
        "pose over UDP: advice",
        ADDRESS,
        f"{_IN}.pose_json:PoseJsonSettings",
        drives="camera",
        if_paired=True,
    ),
    Row(
        "lumm",
        f"{_IN}.lumm:LummSource",
        "LUMM frames over UDP",
        ADDRESS,
        f"{_IN}.lumm:LummSettings",
        drives="mocopi",
        if_paired=True,
    ),
    Row(
        "sensor-logger",
        f"{_IN}.sensor_logger:SensorLoggerSource",
        "Sensor Logger pushing over HTTP",
        ADDRESS,
        f"{_IN}.sensor_logger:SensorLoggerSettings",
    ),
    Row(
        "heart-http",
        f"{_IN}.heart_http:HeartHttpSource",
        "heart rates over HTTP: HeartIO, Health Data Server",
        ADDRESS,
        f"{_IN}.heart_http:HeartHttpSettings",
    ),
    Row(
        "zigsim-json",
        f"{_IN}.zigsim_json:ZigsimJsonSource",
        "ZIG SIM's JSON mode, over UDP or TCP",
        ADDRESS,
        f"{_IN}.zigsim_json:ZigsimJsonSettings",
    ),
    Row("osc", f"{_IN}.osc_apps:OscAppsSource", "watch and phone apps over OSC", ADDRESS, f"{_IN}.osc_apps:OscAppsSettings"),
    Row("synthetic", f"{_IN}.synthetic:SyntheticSource", "the demo performer", "MOVE[,MOVE...]", live=False, drives="camera"),
)

SINKS: dict[str, Row] = _table(
    Row("dry-run", "bridges.sinks.dry_run:DryRunSink", "shows what would be sent"),
    Row("recording", "bridges.sinks.recording:RecordingSink", "keeps what would be sent, for tests and self-play"),
    Row(
        "midi",
        "bridges.sinks.midi:MidiSink",
        "a MIDI port",
        "PORT|virtual[:NAME]",
        "bridges.sinks.midi:MidiSettings",
    ),
    Row("keys", "bridges.sinks.keys:KeysSink", "key presses, while an allowed program is in front"),
    Row("osc", "bridges.sinks.osc:OscSink", "OSC messages", "HOST:PORT"),
)


class RegistryError(Exception):
    """No such driver, or it cannot be loaded; the message says what to write or install instead."""


@dataclass(frozen=True, slots=True)
class Spec:
    """`NAME[:ARG]` of the command line, looked up."""

    row: Row
    arg: str = ""

    def __str__(self) -> str:
        return f"{self.row.name}:{self.arg}" if self.arg else self.row.name


def parse(spec: str, rows: dict[str, Row], noun: str) -> Spec:
    """`NAME[:ARG]` -> Spec. Raises RegistryError, naming what is known."""
    name, _, arg = spec.partition(":")
    row = rows.get(name)
    if row is None:
        raise RegistryError(f"unknown {noun} {name!r}; known: {', '.join(rows)}")
    if arg and not row.arg and arg != "?":
        raise RegistryError(f"{noun} {name} takes nothing after the colon, got {arg!r}")
    return Spec(row, arg)


def source(spec: str) -> Spec:
    """A source by its spec. Raises RegistryError."""
    return parse(spec, SOURCES, "source")


def sink(spec: str) -> Spec:
    """A sink by its spec. Raises RegistryError."""
    return parse(spec, SINKS, "sink")


def load(row: Row) -> Any:
    """The class behind the row. Raises RegistryError when one of its packages is missing, with how to install it."""
    module, _, name = row.target.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("bridges", "airdeck"):
            raise RegistryError(f"{row.name} is not part of this version of airdeck ({error.name} is missing)") from error
        raise RegistryError(f"{row.name} needs the package {error.name}: {_remedy(row)}") from error


def section(row: Row) -> str:
    """The section of the settings that the row's `config` is read from."""
    return row.name.replace("-", "_")


def sections() -> dict[str, str]:
    """Settings section -> dataclass, of every driver that has one."""
    rows = [*SOURCES.values(), *SINKS.values()]
    return {section(row): row.config for row in rows if row.config}


def _remedy(row: Row) -> str:
    return f"pip install 'airdeck[{row.extra}]'" if row.extra else "it comes with airdeck, so install airdeck again"
