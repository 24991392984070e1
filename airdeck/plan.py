"""What one `airdeck run` is to do: the settings and the command line, checked against each other before anything opens."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from dynamics.frames import SourceKind
from safety.types import HARMLESS_SINKS, Profile, SinkClass
from safety.types import Sink as GateSink

from . import control, doctor, registry
from .calibration.use import Used, choose
from .exits import MissingError, UsageError
from .registry import RegistryError, Spec
from .settings import Settings

DEMO = "synthetic"
CAMERA = "camera"
DRY_RUN = "dry-run"


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What was typed. None and empty: not said."""

    profile: str | None = None
    sources: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()
    arm: bool = False
    for_s: float | None = None
    session_dir: Path | None = None
    label: str | None = None
    control: Path | None = None

    def overrides(self) -> dict[str, dict[str, object]]:
        """As the last layer of the settings."""
        said = {"profile": self.profile, "sources": list(self.sources), "sinks": list(self.sinks), "label": self.label}
        said |= {name: str(path) for name, path in (("session_dir", self.session_dir), ("control", self.control)) if path}
        return {"run": {name: value for name, value in said.items() if value}}


@dataclass(frozen=True, slots=True)
class Plan:
    """Checked. `rehearsal`: names of the sinks that the command line named."""

    settings: Settings
    profile: Profile
    sources: tuple[Spec, ...]
    sinks: tuple[Spec, ...]
    rehearsal: frozenset[str] = frozenset()
    arm: bool = False
    for_s: float = math.inf
    session_dir: Path = field(default_factory=doctor.session_dir)
    label: str = "set"
    control: Path = field(default_factory=control.default_path)
    calibrated: Used = field(default_factory=Used)
    """What the builder is given of the performer and the camera."""

    @property
    def plays_demo(self) -> bool:
        return [spec.row.name for spec in self.sources] == [DEMO]

    def gate_sink(self, name: str, sink_class: SinkClass) -> GateSink:
        """The sink as the gate knows it."""
        return GateSink(name, sink_class, rehearsal=name in self.rehearsal)


def make(settings: Settings, line: CommandLine) -> Plan:
    """Raises UsageError, or MissingError where live finds no camera."""
    run = settings.run
    if line.for_s is not None and not (line.for_s > 0 and math.isfinite(line.for_s)):
        raise UsageError(f"--for takes seconds greater than 0, not {line.for_s:g}")
    if run.profile is Profile.LIVE and line.arm:
        raise UsageError("--arm is not for the live profile: start it, look, then `airdeck arm`")
    try:
        sources = tuple(registry.source(spec) for spec in run.sources)
        sinks = tuple(registry.sink(spec) for spec in run.sinks)
    except RegistryError as error:
        raise UsageError(str(error)) from error
    _check_twice([str(spec) for spec in (*sources, *sinks)])
    sources = _checked_sources(settings, sources or _default_sources(run.profile, sinks))
    performer = settings.performer
    return Plan(
        settings=settings,
        profile=run.profile,
        sources=sources,
        sinks=_checked_sinks(run.profile, sinks, line),
        rehearsal=frozenset(line.sinks),
        arm=line.arm,
        for_s=math.inf if line.for_s is None else line.for_s,
        session_dir=Path(run.session_dir).expanduser() if run.session_dir else doctor.session_dir(),
        label=run.label,
        control=Path(run.control).expanduser() if run.control else control.default_path(),
        calibrated=choose(performer.name, camera_kind(settings, sources), performer.mirror),
    )


def camera_kind(settings: Settings, sources: Iterable[Spec]) -> SourceKind | None:
    """Kind of the source that drives the stream "camera"; None when none does."""
    for spec in sources:
        row = spec.row
        if row.drives != CAMERA or (row.if_paired and not settings.sections[registry.section(row)].paired):
            continue
        if row.name == CAMERA:
            return SourceKind.CAMERA if _is_live(spec, settings) else SourceKind.FILE
        return SourceKind.SYNTHETIC if row.name == DEMO else SourceKind.NETWORK_POSE
    return None


def _default_sources(profile: Profile, sinks: tuple[Spec, ...]) -> tuple[Spec, ...]:
    """The chosen camera if there is one, else the demo performer, but only where nothing can be reached."""
    from bridges.sources.capture_devices import list_cameras

    if list_cameras():
        return (registry.source(CAMERA),)
    if profile is Profile.LIVE:
        raise MissingError("live needs a camera and this machine has none: plug one in, or try --profile dry-run")
    if reaching := [str(spec) for spec in sinks if not _is_harmless(spec)]:
        raise MissingError(
            f"there is nothing to see for {', '.join(reaching)}: this machine has no camera, and the demo performer is for "
            "trying only. Plug one in, or name a source: --source camera:FILE.mp4, mocopi, vmc; --source synthetic for the demo"
        )
    return (registry.source(DEMO),)


def _checked_sources(settings: Settings, sources: tuple[Spec, ...]) -> tuple[Spec, ...]:
    _check_drivers(settings, sources)
    if settings.run.profile is not Profile.LIVE:
        return sources
    if wrong := [str(spec) for spec in sources if not _is_live(spec, settings)]:
        raise UsageError(f"live takes live sources only, not {', '.join(wrong)}: use --profile rehearse for that")
    if not any(spec.row.name == CAMERA for spec in sources):
        raise MissingError("live needs a camera among its sources: add --source camera")
    return sources


def _check_drivers(settings: Settings, sources: tuple[Spec, ...]) -> None:
    """One performer, so one source a driving stream: two would make one body of two."""
    by_stream: dict[str, Spec] = {}
    for spec in sources:
        row = spec.row
        if not row.drives or (row.if_paired and not settings.sections[registry.section(row)].paired):
            continue
        first = by_stream.setdefault(row.drives, spec)
        if first is not spec:
            raise UsageError(
                f"{first} and {spec} both give the stream {row.drives}, and there is one performer: name one of them"
            )


def _is_live(spec: Spec, settings: Settings) -> bool:
    from bridges.sources.capture_devices import is_video_file

    return spec.row.live and not (spec.row.name == CAMERA and is_video_file(spec.arg or settings.sections[CAMERA].device))


def _checked_sinks(profile: Profile, sinks: tuple[Spec, ...], line: CommandLine) -> tuple[Spec, ...]:
    if profile is Profile.REHEARSE and not line.sinks:
        raise UsageError("rehearse sends only to sinks named on the command line: add --sink, e.g. --sink midi:virtual")
    reaching = [str(spec) for spec in sinks if not _is_harmless(spec)]
    if profile is Profile.LIVE and not reaching:
        raise UsageError("live sends to Rekordbox: name its sink, e.g. --sink midi:virtual")
    if profile is Profile.LIVE and len(reaching) > 1:
        raise UsageError(f"live sends each command once, not to {' and '.join(reaching)}: two toggles cancel each other")
    if profile is Profile.DRY_RUN and all(spec.row.name != DRY_RUN for spec in sinks):
        return (registry.sink(DRY_RUN), *sinks)
    return sinks


def _is_harmless(spec: Spec) -> bool:
    return spec.row.name.replace("-", "_") in HARMLESS_SINKS


def _check_twice(specs: list[str]) -> None:
    if twice := sorted({spec for spec in specs if specs.count(spec) > 1}):
        raise UsageError(f"named twice: {', '.join(twice)}")
