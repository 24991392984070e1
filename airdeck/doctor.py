"""What this machine has and lacks: one finding a line, each with its fix. Looks, changes nothing, opens no camera on Linux."""

import gc
import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from . import control, models, paths, registry, settings
from .clock import NS_PER_MS, NS_PER_S

SESSION_BYTES_PER_HOUR = 520 << 20
"""A camera at 30 Hz with its vectors and events, uncompressed: 4.8 kB a frame in a measured session."""
DISK_HOURS = 4
"""A night. Less room than that is worth a word."""
CLOCK_STEP_LIMIT_NS = NS_PER_MS
"""A coarser clock blurs every age and interval that the gate judges."""
GC_LIMIT_NS = 20 * NS_PER_MS
ASK_TIMEOUT_S = 5.0

SYSTEM: str = sys.platform
"""Typed as any name, so that the type checker reads every branch on every platform."""

OTHER_PORTS: tuple[tuple[str, int, str], ...] = (("udp", 4460, "rkbx_link"), ("tcp", 9471, "san"), ("tcp", 8128, "page"))
"""Beside those of the sources, which the settings name."""
REKORDBOX = ("rekordbox", "rekordbox.exe")


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    """Something that may be wanted is not there."""
    BAD = "bad"
    """AirDeck cannot do its job like this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer."""

    name: str
    level: Level
    text: str
    fix: str = ""


Check = Callable[[], Iterator[Finding]]


def examine() -> list[Finding]:
    """Every check, in order. A check that fails itself is a finding too."""
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        try:
            findings.extend(check())
        except Exception as error:  # noqa: BLE001 - a doctor that falls over one organ sees none of the others
            findings.append(Finding(name, Level.WARN, f"could not be looked at: {error}"))
    return findings


def passed(findings: list[Finding]) -> bool:
    """No finding stands in the way."""
    return all(finding.level is not Level.BAD for finding in findings)


def _settings() -> Iterator[Finding]:
    try:
        found = settings.load()
    except settings.SettingsError as error:
        for problem in error.problems:
            yield Finding("settings", Level.BAD, str(problem), "correct or delete that line")
        return
    where = settings.user_file()
    own = "" if where.is_file() else f"; your own go into {where}"
    yield Finding("settings", Level.OK, f"from {', '.join(found.files)}{own}")


def _gestures() -> Iterator[Finding]:
    from . import library_file
    from .gestures.library import LibraryError, load_library

    path = library_file.in_use()
    try:
        count = len(load_library(path).gestures)
    except LibraryError as error:
        for problem in error.problems:
            yield Finding("gestures", Level.BAD, problem, "correct it, or go back with `airdeck gestures undo`")
        return
    own = "" if path == library_file.user_file() else "; `airdeck gestures adopt FILE` uses one of your own"
    yield Finding("gestures", Level.OK, f"{count} from {path}{own}")


def _camera() -> Iterator[Finding]:
    from bridges.sources.capture_devices import list_cameras

    cameras = list_cameras()
    if not cameras:
        yield Finding("camera", Level.WARN, "none", "plug one in; without one the demo performer plays, and never in live")
    for camera in cameras:
        text = f'{camera.index} "{camera.name}" {camera.path}'.rstrip()
        if camera.readable:
            yield Finding("camera", Level.OK, text)
        else:
            fix = "add yourself to the group video (sudo usermod -aG video $USER) and log in again"
            yield Finding("camera", Level.BAD, f"{text} cannot be read", fix)


def _models() -> Iterator[Finding]:
    for status in models.statuses():
        good = status.state == "ready"
        needed = status.name == "pose"
        level = Level.OK if good else Level.BAD if needed else Level.WARN
        text = f"{status.name}: {status.state}, {status.path}" + (f" ({status.source})" if good else "")
        yield Finding("models", level, text, "" if good else models.FETCH)


def _sandbox() -> Iterator[Finding]:
    if SYSTEM != "linux":
        fix = "block the network for the pose process in the firewall, if that matters to you"
        yield Finding("sandbox", Level.WARN, f"the pose process keeps its network on {SYSTEM}", fix)
        return
    try:
        import pyseccomp  # noqa: F401
    except (ImportError, RuntimeError, OSError) as error:
        yield Finding("sandbox", Level.WARN, f"the pose process cannot be sealed: {error}", "sudo apt install libseccomp2")
    else:
        yield Finding("sandbox", Level.OK, "the pose process is sealed off from the network")


def _midi() -> Iterator[Finding]:
    from bridges.sinks.base import SinkError
    from bridges.sinks.midi import list_ports

    try:
        ports = list_ports()
    except SinkError as error:
        yield Finding("midi", Level.WARN, f"no MIDI system: {error}".splitlines()[0], _midi_fix())
        return
    virtual = "" if SYSTEM == "win32" else "; AirDeck can make one of its own with --sink midi:virtual"
    names = ", ".join(f'"{port}"' for port in ports) or "no ports"
    level = Level.WARN if SYSTEM == "win32" and not ports else Level.OK
    yield Finding("midi", level, names + virtual, _midi_fix() if level is Level.WARN else "")


def _midi_fix() -> str:
    if SYSTEM == "win32":
        return "install loopMIDI and add a port named AirDeck"
    return "start JACK, or load the ALSA sequencer: sudo modprobe snd-seq" if SYSTEM == "linux" else "start Audio MIDI Setup"


def _keys() -> Iterator[Finding]:
    if SYSTEM == "darwin":
        text = "needs leave to control the computer"
        yield Finding("keys", Level.WARN, text, "System Settings > Privacy & Security > Accessibility: allow your terminal")
    elif SYSTEM == "win32":
        yield Finding("keys", Level.OK, "available")
    elif os.environ.get("DISPLAY"):
        wayland = " (Wayland: only X programs are reached)" if os.environ.get("WAYLAND_DISPLAY") else ""
        yield Finding("keys", Level.OK, f"X display {os.environ['DISPLAY']}{wayland}")
    else:
        yield Finding("keys", Level.WARN, "no X display, so no keys", "start it from a desktop session, or use a MIDI sink")


def _selfplay() -> Iterator[Finding]:
    from . import assembly
    from .selfplay import report

    why = report.why_not_current(assembly.read_library(settings.load().performer.tier))
    if why:
        yield Finding("selfplay", Level.WARN, f"live is refused: {why}", "airdeck selfplay --quick")
    else:
        yield Finding("selfplay", Level.OK, f"this machine's report is current: {report.report_path()}")


def _calibration() -> Iterator[Finding]:
    from bridges.sources.capture_devices import is_video_file
    from dynamics.frames import SourceKind

    from .calibration.use import choose

    found = settings.load()
    kind = SourceKind.FILE if is_video_file(found.sections["camera"].device) else SourceKind.CAMERA
    used = choose(found.performer.name, kind, found.performer.mirror)
    level = Level.OK if used.saved is not None and not used.notes else Level.WARN
    text = used.text + "".join(f"; {note}" for note in used.notes if not used.refused)
    yield Finding("calibration", level, text, "" if level is Level.OK else "airdeck calibrate")


def _rekordbox() -> Iterator[Finding]:
    if SYSTEM == "linux":
        text = "does not run on Linux: this machine can be the remote gate over RTP-MIDI"
        yield Finding("rekordbox", Level.OK, text)
    elif any(name in _process_names() for name in REKORDBOX):
        yield Finding("rekordbox", Level.OK, "running")
    else:
        yield Finding("rekordbox", Level.WARN, "not running", "start Rekordbox in PERFORMANCE mode")


def _process_names() -> str:
    command = ["tasklist"] if SYSTEM == "win32" else ["ps", "-axco", "command"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_TIMEOUT_S, check=False)
    return done.stdout.casefold()


def _deck() -> Iterator[Finding]:
    path = control.default_path()
    try:
        reply = control.ask({"do": "status"}, path)
    except control.NoDeckError:
        yield Finding("deck", Level.OK, "not running")
    except control.ControlError as error:
        yield Finding("deck", Level.WARN, str(error), f"if no airdeck runs any more, remove {path}")
    else:
        yield Finding("deck", Level.OK, f"running: {reply.get('arm_state')}, {reply.get('profile')}, at {path}")


def source_ports() -> Iterator[tuple[str, int, str]]:
    """(udp or tcp, port, source) of every source that listens, as the settings have it."""
    from bridges.sources.udp import UdpSettings

    sections = settings.load().sections
    for row in registry.SOURCES.values():
        section = sections.get(registry.section(row))
        if port := getattr(section, "port", 0):
            yield "udp" if isinstance(section, UdpSettings) else "tcp", port, row.name


def _ports() -> Iterator[Finding]:
    ports = (*source_ports(), *OTHER_PORTS)
    busy = [f"{kind} {port} ({name})" for kind, port, name in ports if not _free(kind, port)]
    if busy:
        fix = "another program, or a running deck, has them: end it, or give another port, e.g. --source mocopi:12352"
        yield Finding("ports", Level.WARN, f"taken: {', '.join(busy)}", fix)
    else:
        yield Finding("ports", Level.OK, "free: " + ", ".join(str(port) for _, port, _ in ports))


def _free(kind: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as probe:
        if kind == "tcp" and SYSTEM != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _clock() -> Iterator[Finding]:
    stamps = [time.monotonic_ns() for _ in range(2000)]
    step_ns = min((after - before for before, after in itertools.pairwise(stamps) if after > before), default=NS_PER_S)
    good = step_ns <= CLOCK_STEP_LIMIT_NS
    fix = "" if good else "use Python 3.13 or newer, whose clock is finer on Windows"
    yield Finding("clock", Level.OK if good else Level.WARN, f"monotonic, steps of {step_ns / 1000:.3g} µs", fix)


def _gc() -> Iterator[Finding]:
    before_ns = time.monotonic_ns()
    gc.collect()
    took_ns = time.monotonic_ns() - before_ns
    level = Level.OK if took_ns < GC_LIMIT_NS else Level.WARN
    yield Finding(
        "gc", level, f"a full collection takes {took_ns / NS_PER_MS:.1f} ms here; a running deck freezes what it holds"
    )


def _governor() -> Iterator[Finding]:
    found = {path.read_text().strip() for path in Path("/sys/devices/system/cpu").glob("cpu*/cpufreq/scaling_governor")}
    if not found:
        yield Finding("cpu", Level.OK, f"{os.cpu_count()} cores; the system tells no governor")
    elif found <= {"performance", "schedutil", "ondemand"}:
        yield Finding("cpu", Level.OK, f"{os.cpu_count()} cores, governor {', '.join(sorted(found))}")
    else:
        fix = "sudo cpupower frequency-set -g performance"
        yield Finding("cpu", Level.WARN, f"governor {', '.join(sorted(found))}: wakes up late", fix)


def _disk() -> Iterator[Finding]:
    folder = session_dir()
    hours = room_hours(folder)
    text = f"room for about {hours:.0f} hours ({SESSION_BYTES_PER_HOUR >> 20} MB each at 30 Hz) in {folder}"
    good = hours >= DISK_HOURS
    yield Finding("disk", Level.OK if good else Level.WARN, text, "" if good else "make room, or give another --session-dir")


def session_dir() -> Path:
    """Where sessions go when nothing else is said."""
    return paths.data_dir() / "sessions"


def room_hours(folder: Path) -> float:
    """Hours of recording that fit where `folder` is or will be."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    return shutil.disk_usage(there).free / SESSION_BYTES_PER_HOUR


def _folders() -> Iterator[Finding]:
    for kind in ("data", "state", "cache"):
        folder = paths.folder(kind)
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not os.access(there, os.W_OK):
            variable = f"XDG_{kind.upper()}_HOME"
            yield Finding("folders", Level.BAD, f"{folder} cannot be written", f"make it yours, or set {variable}")


# The last one loads the whole pipeline: before it, the collector's time is that of a small process.
CHECKS: dict[str, Check] = {
    "settings": _settings,
    "gestures": _gestures,
    "camera": _camera,
    "calibration": _calibration,
    "models": _models,
    "sandbox": _sandbox,
    "midi": _midi,
    "keys": _keys,
    "rekordbox": _rekordbox,
    "deck": _deck,
    "ports": _ports,
    "clock": _clock,
    "gc": _gc,
    "cpu": _governor,
    "folders": _folders,
    "disk": _disk,
    "selfplay": _selfplay,
}
