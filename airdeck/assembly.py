"""Puts a pipeline and a recorder together from a plan: the one place that knows what each of them wants."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import msgspec

from bridges.sinks.base import Sink
from bridges.sources.base import Source
from dynamics.calibration import Calibration
from dynamics.schema import FINGERPRINT
from safety.gate import K11Gate
from safety.promotion import Promotion, PromotionError, parse_promotions
from safety.types import Permit, Profile
from safety.types import Sink as GateSink

from . import library_file
from .exits import MissingError, RefusedError, UsageError
from .gestures.library import Library, LibraryError, load_library
from .pipeline import Emit, Pipeline
from .plan import Plan
from .session.manifest import Manifest, SessionInfo, SinkEntry, SourceEntry
from .session.recorder import Recorder
from .settings import PROMOTIONS_FILE, config_file

GESTURES_FILE = library_file.NAME


def read_library(tier: int) -> Library:
    """The gestures of tiers 1 to `tier`. Raises UsageError with every problem of the file."""
    try:
        return load_library(library_file.in_use()).tier(tier)
    except (LibraryError, FileNotFoundError) as error:
        raise UsageError(str(error)) from error


def read_promotions() -> Mapping[str, Promotion]:
    """Which gestures are live-safe. Raises UsageError with every problem of the file."""
    file = config_file(PROMOTIONS_FILE)
    try:
        return parse_promotions(file.read_text(encoding="utf-8"), str(file))
    except PromotionError as error:
        raise UsageError(str(error)) from error


def require_selfplay(library: Library) -> None:
    """Raises RefusedError unless a quick self-play of this library has passed on this machine."""
    from .selfplay import report

    if why := report.why_not_current(library):
        raise RefusedError(f"live needs a self-play of this machine that passed, and {why}: run `airdeck selfplay --quick`")


@dataclass(frozen=True, slots=True)
class Setup:
    """What the decisions of a run rest on besides its inputs and the code: made from a plan, or from a session's manifest."""

    profile: Profile
    tier: int
    calibration: Calibration
    sinks: tuple[GateSink, ...]
    selfplay_current: bool

    @classmethod
    def of_plan(cls, plan: Plan, sinks: Sequence[Sink]) -> "Setup":
        """Of a run that is to begin. In live, `build` asks for the self-play before anything is made."""
        gate_sinks = tuple(plan.gate_sink(sink.name, sink.sink_class) for sink in sinks)
        live = plan.profile is Profile.LIVE
        tier, calibration = plan.settings.performer.tier, plan.calibrated.calibration
        return cls(plan.profile, tier, calibration, gate_sinks, selfplay_current=live)

    @classmethod
    def of_manifest(cls, manifest: Manifest) -> "Setup":
        """Of a run that was recorded. Gestures and promotions are today's: the manifest holds the hashes of its own."""
        calibration = Calibration(**manifest.calibration)  # type: ignore[arg-type]
        sinks = tuple(GateSink(sink.name, sink.sink_class, sink.rehearsal) for sink in manifest.sinks)
        tier = int(manifest.settings["performer"]["tier"])
        return cls(Profile(manifest.profile), tier, calibration, sinks, manifest.selfplay_current)

    def build(self, emit: Emit) -> Pipeline:
        """Gate, gestures and builder, compiled and warm. Takes a second or two."""
        gate = K11Gate(self.profile, promotions=read_promotions(), selfplay_current=self.selfplay_current)
        pipeline = Pipeline(gate, read_library(self.tier), self.sinks, emit, self.calibration)
        pipeline.warm_up()
        return pipeline


def build_pipeline(plan: Plan, sinks: Sequence[Sink]) -> Pipeline:
    """The pipeline of a run; its permits go straight to `sinks`. In live raises RefusedError without a current self-play."""
    setup = Setup.of_plan(plan, sinks)
    if plan.profile is Profile.LIVE:
        require_selfplay(read_library(setup.tier))
    by_name = {sink.name: sink for sink in sinks}

    def emit(name: str, permit: Permit, now_ns: int) -> None:
        by_name[name].send(permit, now_ns)

    return setup.build(emit)


async def open_recorder(plan: Plan, pipeline: Pipeline, sources: Sequence[Source], sinks: Sequence[Sink]) -> Recorder:
    """Make the session folder and start its writer. Raises MissingError when the folder cannot be made."""
    info = session_info(plan, pipeline, sources, sinks)
    try:
        return await asyncio.to_thread(Recorder, plan.session_dir, plan.label, info)
    except OSError as error:
        raise MissingError(f"no session can be written in {plan.session_dir}: {error.strerror or error}") from error


def session_info(plan: Plan, pipeline: Pipeline, sources: Sequence[Source], sinks: Sequence[Sink]) -> SessionInfo:
    """What the manifest holds of a run: enough to build its pipeline again."""
    setup = Setup.of_plan(plan, sinks)
    known = {name: value for name, value in asdict(setup.calibration).items() if value == value}  # noqa: PLR0124 (NaN)
    return SessionInfo(
        layout_fingerprint=FINGERPRINT,
        producers=tuple(dict.fromkeys(source.kind.value for source in sources)),
        config_hash=config_hash(plan),
        gesture_hash=pipeline.library.content_hash,
        calibration=known,
        performer=plan.settings.performer.name,
        profile=plan.profile.value,
        settings={name: msgspec.to_builtins(section) for name, section in sorted(plan.settings.sections.items())},
        sources=tuple(
            SourceEntry(str(spec), source.stream, source.kind.value) for spec, source in zip(plan.sources, sources, strict=True)
        ),
        sinks=tuple(SinkEntry(sink.name, sink.sink_class, sink.rehearsal) for sink in setup.sinks),
        promotions_hash=hashlib.sha256(config_file(PROMOTIONS_FILE).read_bytes().replace(b"\r\n", b"\n")).hexdigest(),
        selfplay_current=setup.selfplay_current,
    )


def config_hash(plan: Plan) -> str:
    """SHA-256 over every setting of the run."""
    sections = {name: repr(section) for name, section in sorted(plan.settings.sections.items())}
    return hashlib.sha256(json.dumps(sections).encode()).hexdigest()
