"""`airdeck run`: opens everything in order, lets the deck run, and closes everything in the opposite order."""

import asyncio
import contextlib
import math
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import structlog

from bridges.sinks.base import Sink, SinkError
from bridges.sources.base import Source, SourceError
from safety.types import Profile

from . import doctor, logs
from .assembly import build_pipeline, open_recorder
from .control import ControlError, ControlServer, refusal, refuse_second
from .daemon import RELEASE_GRACE_S, Deck, Show
from .drivers import make_sink, make_source, read_mapping
from .events import Act
from .exits import MissingError, UsageError
from .pipeline import Pipeline
from .plan import Plan
from .registry import Spec, section
from .settle import settle
from .streams import STREAMS
from .table import TableFeed
from .wording import ARM_STATES, PRIVACY, PROFILES

log = structlog.get_logger()
Summary = dict[str, Any]

STARTING = "starting; the first start of a version compiles its kernels, which can take a minute"


@dataclass(frozen=True, slots=True)
class _Parts:
    """What can be made before the loop runs: nothing of it is open yet."""

    sinks: list[Sink]
    sources: list[Source]
    pipeline: Pipeline


def run_deck(plan: Plan, as_json: bool, notes: Sequence[str] = ()) -> Summary:
    """Run until it ends; the summary of the run. Raises ExitError when something cannot be opened."""
    table = plan.settings.run.table and not as_json and sys.stdout.isatty()
    kept = logs.to_notes() if table else None
    thread = None if table else logs.to_stderr()
    notes = [*notes, *plan.calibrated.notes]
    try:
        parts = _make_parts(plan, table)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_run(plan, parts, kept, as_json, notes))
    finally:
        if thread is not None:
            thread.close()


def _make_parts(plan: Plan, table: bool) -> _Parts:
    """Before the loop, so that Ctrl-C ends a long compilation at once. A running deck is noticed before that."""
    try:
        refuse_second(plan.control)
    except ControlError as error:
        raise UsageError(str(error)) from error
    log.info("starting", about=STARTING)
    if table:
        sys.stderr.write(f"airdeck: {STARTING}\n")
    mapping = read_mapping()
    sources = [make_source(spec, plan.settings) for spec in plan.sources]
    sinks = [make_sink(spec, plan.settings, mapping) for spec in plan.sinks]
    return _Parts(sinks, sources, build_pipeline(plan, sinks))


async def _run(plan: Plan, parts: _Parts, kept: logs.Notes | None, as_json: bool, notes: Sequence[str]) -> Summary:
    feed = None if kept is None else TableFeed()
    async with AsyncExitStack() as stack:
        deck = await _open(plan, parts, stack, None if feed is None else _shower(feed, kept, notes))
        if feed is not None:
            await feed.open()
            stack.push_async_callback(feed.close)
        stack.enter_context(_signals(deck))
        _tell_start(plan, deck, notes)
        try:
            await _until_ended(plan, deck)
        finally:
            deck.close()
            summary = summarise(deck)
    if not as_json:
        sys.stdout.write(in_words(summary))
    log.info("ended", **summary)
    return summary


async def _open(plan: Plan, parts: _Parts, stack: AsyncExitStack, show: Show | None) -> Deck:
    """Control socket, session, sinks, sources: what opens later closes earlier."""
    server = ControlServer(plan.control, lambda _: refusal("the deck is still starting"))
    try:
        await server.open()
    except ControlError as error:
        raise UsageError(str(error)) from error
    stack.push_async_callback(server.close)
    recorder = await open_recorder(plan, parts.pipeline, parts.sources, parts.sinks)
    stack.push_async_callback(asyncio.to_thread, recorder.close)
    labels = [str(spec) for spec in plan.sources]
    deck = Deck(parts.pipeline, parts.sources, parts.sinks, recorder, plan.profile, labels=labels, show=show)
    deck.calibration = plan.calibrated.status()
    try:
        await _open_devices(parts, deck, stack)
    except BaseException:
        await asyncio.to_thread(recorder.discard)
        raise
    settle()
    asyncio.get_running_loop().set_exception_handler(_fault_handler(deck))
    deck.start()
    server.handler = deck.answer
    return deck


async def _open_devices(parts: _Parts, deck: Deck, stack: AsyncExitStack) -> None:
    for sink in parts.sinks:
        await _open_sink(sink, deck, stack)
    for source in parts.sources:
        await _open_source(source, deck, stack)


async def _open_sink(sink: Sink, deck: Deck, stack: AsyncExitStack) -> None:
    try:
        await sink.open(deck.sent)
    except SinkError as error:
        raise MissingError(str(error)) from error
    stack.push_async_callback(sink.close)


async def _open_source(source: Source, deck: Deck, stack: AsyncExitStack) -> None:
    try:
        await source.open(deck.deliver)
    except SourceError as error:
        raise MissingError(str(error)) from error
    stack.push_async_callback(source.close)


async def _until_ended(plan: Plan, deck: Deck) -> None:
    if plan.arm:
        reply = deck.answer({"do": Act.ARM.value})
        if not reply["ok"]:
            log.warning("--arm did not arm", why=reply["error"])
    try:
        async with asyncio.timeout(None if math.isinf(plan.for_s) else plan.for_s):
            await deck.ended.wait()
    except TimeoutError:
        deck.end("the time is over")
        return
    await asyncio.sleep(RELEASE_GRACE_S)


def _fault_handler(deck: Deck) -> Callable[[asyncio.AbstractEventLoop, dict[str, Any]], None]:
    """What nobody caught ends the run disarmed. A connection that broke is somebody else's doing, and only told."""

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error, about = context.get("exception"), str(context.get("message", ""))
        if not isinstance(error, Exception) or (isinstance(error, OSError) and "transport" in context):
            log.error("the loop complains", about=about, error=repr(error))
        else:
            deck.fail(about, error)

    return handle


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it exists (there is none for Windows)."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


@contextlib.contextmanager
def _signals(deck: Deck) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run, SIGUSR1 stops all output; a system without one of them does without."""
    loop = asyncio.get_running_loop()
    acts: dict[str, Callable[[], None]] = {
        "SIGINT": lambda: deck.end("interrupted"),
        "SIGTERM": lambda: deck.end("asked to end"),
        "SIGUSR1": lambda: deck.act(Act.STOP, "signal"),
    }
    by_number = {number: act for name, act in acts.items() if (number := getattr(signal, name, None)) is not None}

    def caught(number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(by_number[number])

    before = {number: signal.signal(number, caught) for number in by_number}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _shower(feed: TableFeed, kept: logs.Notes | None, notes: Sequence[str]) -> Show:
    def show(status: dict[str, Any]) -> None:
        feed.show({**status, "notes": [*notes, *(kept.newest if kept else ())]})

    return show


def _tell_start(plan: Plan, deck: Deck, notes: Sequence[str]) -> None:
    """What a newcomer needs to know, once."""
    log.info(
        "ready",
        profile=plan.profile.value,
        profile_means=PROFILES[plan.profile],
        sources=[str(spec) for spec in plan.sources],
        demo=plan.plays_demo,
        calibration=plan.calibrated.text,
        sinks=[str(spec) for spec in plan.sinks],
        arm_state=deck.pipeline.arm_state.value,
        arm_state_means=ARM_STATES[deck.pipeline.arm_state],
        session=str(deck.recorder.folder),
        disk_hours=round(doctor.room_hours(plan.session_dir)),
        control=str(plan.control),
        privacy=PRIVACY,
    )
    for spec, source in zip(plan.sources, deck.sources, strict=True):
        for about in cautions(plan.profile, spec, source):
            log.warning("caution", source=str(spec), about=about)
    if deck.waiting and not plan.arm:
        log.warning("nothing plays yet: it begins when the deck is armed, `airdeck arm`", sources=deck.waiting)
    for note in notes:
        log.warning(note)


def cautions(profile: Profile, spec: Spec, source: Source) -> Iterator[str]:
    """What a person should know of a source, once, at the start."""
    if source.caution:
        yield source.caution
    row = STREAMS.get(source.stream)
    if profile is Profile.LIVE and source.hears_anyone and row is not None and row.driving:
        yield f'whoever sends first is the performer: name the sender, allowed = ["ADDRESS"] under [{section(spec.row)}]'


def summarise(deck: Deck) -> Summary:
    """The run in numbers."""
    status = deck.status()
    names = ("profile", "arm_state", "up_s", "session", "counts", "latency_ms", "tick_late_ms", "streams", "sources")
    return {"ok": not deck.failed, "why_ended": deck.why_ended, **{name: status[name] for name in names if name in status}}


def in_words(summary: Summary) -> str:
    """The same as a few lines."""
    counts, latency = summary["counts"], summary.get("latency_ms") or {}
    gestures = ", ".join(f"{name} {count}" for name, count in counts["gestures"].items()) or "none"
    refused = ", ".join(f"{reason} {count}" for reason, count in counts["refused"].items())
    sent = ", ".join(f"{status} {count}" for status, count in counts["sent"].items()) or "nothing"
    lines = [
        f"ended after {summary['up_s']:.1f} s: {summary['why_ended'] or 'an error'}",
        f"frames    {counts['frames']}",
        f"gestures  {gestures}",
        f"decisions {counts['decisions']}, permitted {counts['permitted']}" + (f"; refused: {refused}" if refused else ""),
        f"sent      {sent}",
    ]
    if latency.get("p50"):
        lines.append(f"latency   p50 {latency['p50']:.2f} ms, p99 {latency['p99']:.2f} ms")
    return "\n".join([*lines, f"session   {summary['session']}"]) + "\n"
