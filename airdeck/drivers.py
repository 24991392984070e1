"""A looked-up spec and the settings -> a source or a sink, ready to open. One maker per driver that needs more than a port."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bridges.rekordbox.mapping import MappingError, RekordboxMapping, load_mapping
from bridges.sinks.base import Sink, SinkError
from bridges.sources.base import Source, SourceError
from bridges.sources.udp import with_address

from . import models, registry
from .exits import MissingError, UsageError
from .registry import RegistryError, Spec
from .settings import Settings, config_file

MAPPING_FILE = "rekordbox.toml"

SourceMaker = Callable[[Any, str, Any], Source]
"""(class, what follows the colon, section of the settings) -> source."""
SinkMaker = Callable[[Any, str, str, RekordboxMapping, Any], Sink]
"""(class, name, what follows the colon, mapping, section of the settings) -> sink."""


def make_source(spec: Spec, settings: Settings) -> Source:
    """Raises UsageError or MissingError, whose text says what to do."""
    maker = _SOURCES.get(spec.row.name, _network)
    try:
        source = maker(_load(spec), spec.arg, settings.sections.get(registry.section(spec.row)))
    except SourceError as error:
        raise UsageError(str(error)) from error
    source.label = str(spec)
    return source


def make_sink(spec: Spec, settings: Settings, mapping: RekordboxMapping) -> Sink:
    """Raises UsageError or MissingError, whose text says what to do."""
    maker = _SINKS.get(spec.row.name, _sink_of_mapping)
    try:
        return maker(_load(spec), str(spec), spec.arg, mapping, settings.sections.get(registry.section(spec.row)))
    except SinkError as error:
        raise UsageError(str(error)) from error


def read_mapping() -> RekordboxMapping:
    """What each command is to Rekordbox. Raises UsageError with every problem of the file."""
    try:
        return load_mapping(config_file(MAPPING_FILE))
    except (MappingError, FileNotFoundError) as error:
        raise UsageError(str(error)) from error


def _load(spec: Spec) -> Any:
    try:
        return registry.load(spec.row)
    except RegistryError as error:
        raise MissingError(str(error)) from error


def _camera(cls: Any, arg: str, section: Any) -> Source:
    chosen = replace(section, device=arg) if arg else section
    try:
        pose = models.find("pose")
        hand = models.find("hand") if chosen.hands else None
    except models.ModelMissing as error:
        raise MissingError(str(error)) from error
    source: Source = cls(chosen, pose, hand)
    return source


def _network(cls: Any, arg: str, section: Any) -> Source:
    """`NAME`, `NAME:PORT` or `NAME:HOST:PORT`."""
    source: Source = cls(with_address(section, arg))
    return source


def _synthetic(cls: Any, arg: str, _section: Any) -> Source:
    source: Source = cls(arg)
    return source


def _recording(cls: Any, name: str, _arg: str, _mapping: RekordboxMapping, _section: Any) -> Sink:
    sink: Sink = cls(name)
    return sink


def _dry_run(cls: Any, name: str, _arg: str, mapping: RekordboxMapping, _section: Any) -> Sink:
    sink: Sink = cls(name, mapping)
    return sink


def _keys(cls: Any, name: str, _arg: str, mapping: RekordboxMapping, _section: Any) -> Sink:
    sink: Sink = cls(name, mapping)
    return sink


def _osc(cls: Any, name: str, arg: str, _mapping: RekordboxMapping, _section: Any) -> Sink:
    sink: Sink = cls(name, arg)
    return sink


def _sink_of_mapping(cls: Any, name: str, arg: str, mapping: RekordboxMapping, section: Any) -> Sink:
    sink: Sink = cls(name, arg, mapping, section)
    return sink


_SOURCES: Mapping[str, SourceMaker] = {"camera": _camera, "synthetic": _synthetic}
_SINKS: Mapping[str, SinkMaker] = {"dry-run": _dry_run, "recording": _recording, "keys": _keys, "osc": _osc}
