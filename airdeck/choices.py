"""The pickers: what may be written after --source and --sink on this machine."""

from collections.abc import Iterable, Iterator

from .registry import SINKS, SOURCES, Row, Spec

ASKS = "?"
"""`--source ?`, `--sink midi:?`: list what there is instead of running."""


def asked(specs: Iterable[str]) -> bool:
    """One of the specs asks for the choices."""
    return any(spec == ASKS or spec.endswith(f":{ASKS}") for spec in specs)


def sources() -> Iterator[tuple[str, str]]:
    """(what to write, what it is) for every source, cameras of this machine included."""
    from bridges.sources.capture_devices import list_cameras

    for row in SOURCES.values():
        yield _general(row)
        if row.name == "camera":
            for camera in list_cameras():
                yield (
                    f"camera:{camera.index}",
                    camera.name + ("" if camera.readable else " (not readable: see `airdeck doctor`)"),
                )


def sinks() -> Iterator[tuple[str, str]]:
    """(what to write, what it is) for every sink, MIDI ports of this machine included."""
    for row in SINKS.values():
        yield _general(row)
        if row.name == "midi":
            yield from _midi_ports()


def _midi_ports() -> Iterator[tuple[str, str]]:
    from bridges.sinks.base import SinkError
    from bridges.sinks.midi import list_ports

    try:
        for port in list_ports():
            yield str(Spec(SINKS["midi"], port)), "a port of this machine"
    except SinkError as error:
        yield "", f"no MIDI ports: {error}".splitlines()[0]


def _general(row: Row) -> tuple[str, str]:
    return (f"{row.name}:{row.arg}" if row.arg else row.name), row.about
