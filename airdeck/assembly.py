"""Puts a pipeline and a recorder together from a plan: the one place that knows what each of them wants."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence

from bridges.sinks.base import Sink
from bridges.sources.base import Source
from dynamics.calibration import Calibration
from dynamics.schema import FINGERPRINT
from safety.gate import K11Gate
from safety.promotion import Promotion, PromotionError, parse_promotions
from safety.types import Permit, Profile

from .exits import MissingError, RefusedError, UsageError
from .gestures.library import Library, LibraryError, load_library
from .pipeline import Pipeline
from .plan import Plan
from .session.manifest import SessionInfo
from .session.recorder import Recorder
from .settings import config_file

GESTURES_FILE = "gestures.toml"
PROMOTIONS_FILE = "promotions.toml"


def read_library(tier: int) -> Library:
    """The gestures of tiers 1 to `tier`. Raises UsageError with every problem of the file."""
    try:
        return load_library(config_file(GESTURES_FILE)).tier(tier)
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


def build_pipeline(plan: Plan, sinks: Sequence[Sink]) -> Pipeline:
    """Gate, gestures and builder, compiled and warm; its permits go straight to `sinks`. Takes a second or two."""
    library = read_library(plan.settings.performer.tier)
    live = plan.profile is Profile.LIVE
    if live:
        require_selfplay(library)
    gate = K11Gate(plan.profile, promotions=read_promotions(), selfplay_current=live)
    by_name = {sink.name: sink for sink in sinks}

    def emit(name: str, permit: Permit, now_ns: int) -> None:
        by_name[name].send(permit, now_ns)

    gate_sinks = [plan.gate_sink(sink.name, sink.sink_class) for sink in sinks]
    pipeline = Pipeline(gate, library, gate_sinks, emit, Calibration(mirror=plan.settings.performer.mirror))
    pipeline.warm_up()
    return pipeline


async def open_recorder(plan: Plan, pipeline: Pipeline, sources: Sequence[Source]) -> Recorder:
    """Make the session folder and start its writer. Raises MissingError when the folder cannot be made."""
    info = SessionInfo(
        layout_fingerprint=FINGERPRINT,
        producers=tuple(dict.fromkeys(source.kind.value for source in sources)),
        config_hash=config_hash(plan),
        gesture_hash=pipeline.library.content_hash,
        profile=plan.profile.value,
    )
    try:
        return await asyncio.to_thread(Recorder, plan.session_dir, plan.label, info)
    except OSError as error:
        raise MissingError(f"no session can be written in {plan.session_dir}: {error.strerror or error}") from error


def config_hash(plan: Plan) -> str:
    """SHA-256 over every setting of the run."""
    sections = {name: repr(section) for name, section in sorted(plan.settings.sections.items())}
    return hashlib.sha256(json.dumps(sections).encode()).hexdigest()
