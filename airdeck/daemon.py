"""The deck: numbers every input, steps the pipeline, hands its answers on. Wiring only; every decision lives elsewhere."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import structlog

from bridges.sinks.base import Sent, Sink
from bridges.sources.base import Source
from dynamics.frames import Frame
from safety.types import ArmState, Profile, SinkHealth, Transition, Verdict

from . import latch
from .clock import NS_PER_MS, NS_PER_S, Clock, monotonic
from .control import Reply, refusal
from .events import Act, Event, EventKind
from .pipeline import Pipeline
from .session.recorder import Recorder
from .tally import Tally
from .ticker import LagWatch, Ticker, make_ticker
from .wording import ARM_STATES, lapses
from .wording import refusal as refusal_words

RELEASE_GRACE_S = 0.5
"""After the last picture: what is pressed is released, and what is decided is written."""
SHOW_EVERY_NS = 250 * NS_PER_MS
"""Between two redraws of the table."""
MAX_TICK_NS = 20 * NS_PER_MS
"""Sinks want a heartbeat every 100 ms or faster, and losing one has to be seen at once."""

ARMED_BY_HAND = frozenset({ArmState.ARMED, ArmState.SUSPENDED})
"""A person armed. With no picture yet the gate suspends in the same step, and a recording that waits for it must begin."""

log = structlog.get_logger()
Show = Callable[[dict[str, Any]], None]


class Deck:
    """One run: `start` begins the ticking, `ended` is set when it is over, `close` ends it. All on one loop.

    `labels` are the sources' names for people.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        sources: Sequence[Source],
        sinks: Sequence[Sink],
        recorder: Recorder,
        profile: Profile,
        *,
        labels: Sequence[str] = (),
        show: Show | None = None,
        clock: Clock = monotonic,
    ) -> None:
        self.pipeline = pipeline
        self.sources = sources
        self.sinks = {sink.name: sink for sink in sinks}
        self.recorder = recorder
        pipeline.record = recorder.record_verdict
        self.profile = profile
        self.tally = Tally()
        self.lag = LagWatch()
        self.ended = asyncio.Event()
        self.why_ended = ""
        self.calibration: dict[str, Any] = {}
        """Whose calibration the builder was given, for `status`."""
        self.failed = False
        """A fault of our own ended the run."""
        self._labels = labels or [source.stream for source in sources]
        self._show = show
        self._clock = clock
        self._seq = 0
        self._ticker: Ticker | None = None
        self._arm_state = ArmState.DISARMED
        self._known: dict[str, SinkHealth] = {}
        self._conditions: list[tuple[bool, int]] = []
        self._decisions_written = True
        self._playing = False
        self._unkept = ""
        """Why the newest stop, or its release, is not on disk."""
        self._shown_ns = 0
        self._start_ns = clock()

    def sent(self, sent: Sent) -> None:
        """A sink reports what it did."""
        self.recorder.record_sent(sent)
        self.tally.sink(sent)
        log.info("sent", sink=sent.sink, command=sent.command, status=sent.status.value, what=sent.what)

    def deliver(self, stream: str, frame: Frame) -> None:
        """A source hands on one frame: the step runs now."""
        if self.failed:
            return
        try:
            self._enter(EventKind.ARRIVAL, stream=stream, frame=frame)
        except Exception as error:  # noqa: BLE001 - whatever it is, some servers would swallow it with the deck still armed
            self.fail("a step failed", error)
        ticker = self._ticker
        if ticker is not None and ticker.due_ns and self.pipeline.next_deadline_ns() < ticker.due_ns:
            ticker.arm(self.pipeline.next_deadline_ns())

    def act(self, act: Act, by: str) -> None:
        """A person acts."""
        log.info("human act", act=act.value, by=by)
        self._enter(EventKind.HUMAN, act=act, by=by)

    def start(self) -> None:
        """From ready on: restore a latched stop, tick, and in observe begin recordings at once."""
        self._start_ns = self._clock()
        self._enter(EventKind.WARM, flag=True)
        if latch.is_set():
            self._enter(EventKind.RESTORED)
        self._look_at_sinks()
        self._conditions = [_condition(source) for source in self.sources]
        if self.profile is Profile.OBSERVE:
            self._play()
        self._ticker = make_ticker(self._tick, self._clock)
        self._ticker.arm(self._clock())

    @property
    def waiting(self) -> list[str]:
        """Names of the recordings that begin when the deck is armed."""
        return [] if self._playing else [label for label, source in self._named() if source.finite and not source.finished]

    def _named(self) -> Iterator[tuple[str, Source]]:
        return zip(self._labels, self.sources, strict=True)

    def end(self, why: str) -> None:
        """Ask for the end; the first reason counts."""
        self.why_ended = self.why_ended or why
        self.ended.set()

    def fail(self, what: str, error: BaseException) -> None:
        """A fault of our own: never a deck that permits and no longer looks. Disarms and ends the run; the first is told."""
        if self.failed:
            return
        self.failed = True
        log.error(what, exc_info=error)
        try:
            self._enter(EventKind.HUMAN, act=Act.DISARM, by="fault")
        except Exception as worse:  # the run ends all the same, and no frame is taken any more
            log.error("the deck cannot be disarmed", exc_info=worse)
        finally:
            self.end("an internal error: see the log")

    def close(self) -> None:
        """No more ticks."""
        if self._ticker is not None:
            self._ticker.close()
            self._ticker = None

    def _enter(self, kind: EventKind, **what: Any) -> None:
        """One input: numbered, recorded, stepped, and its outcome handed on."""
        self._seq += 1
        event = Event(self._seq, self._clock(), kind, **what)
        self.recorder.record_event(event)
        outcome = self.pipeline.step(event)
        if outcome.built:
            self.recorder.record_dynamics(
                event.t_ns, event.seq, self.pipeline.vector, self.pipeline.valid, self.pipeline.producer
            )
        for gesture in outcome.gestures:
            self.recorder.record_gesture(gesture)
        for transition in outcome.transitions:
            self.recorder.record_transition(transition)
            self._tell_transition(transition)
        for verdict in outcome.verdicts:
            _tell(verdict)
        self.tally.step(event, outcome)
        if self.pipeline.arm_state is not self._arm_state:
            self._arm_state_changed()
        self.recorder.rouse()

    def _tick(self, now_ns: int, due_ns: int) -> None:
        """One tick. A fault in it must never leave a deck that permits and no longer looks: it disarms and ends the run."""
        try:
            self._housekeep(now_ns, due_ns)
        except Exception as error:  # noqa: BLE001 - whatever it is, the deck must not stay armed
            self.fail("housekeeping failed", error)
        finally:
            if self._ticker is not None:
                self._ticker.arm(min(self.pipeline.next_deadline_ns(), self._clock() + MAX_TICK_NS))

    def _housekeep(self, now_ns: int, due_ns: int) -> None:
        """Housekeeping: lag, sinks, sources, the recorder, the end of files; then the step's own tick."""
        if self.lag.update(now_ns, now_ns - due_ns):
            self._enter(EventKind.LAG, flag=self.lag.lagging)
        self._look_at_sinks()
        for sink in self.sinks.values():
            sink.heartbeat(now_ns)
        self._look_at_sources()
        self._look_at_recorder()
        self._enter(EventKind.TICK)
        if self._show is not None and now_ns - self._shown_ns >= SHOW_EVERY_NS:
            self._shown_ns = now_ns
            self._show(self.status())
        self._look_at_ends()

    def _look_at_sinks(self) -> None:
        for name, sink in self.sinks.items():
            health = sink.health()
            known = self._known.get(name)
            if health is not known and health != known:
                self._known[name] = health
                self._enter(EventKind.SINK, name=name, sink_health=health)
                if known is not None:
                    log.warning("sink changed", sink=name, connected=health.connected, target_ok=health.target_ok)

    def _look_at_sources(self) -> None:
        """Say it when one is lost, starts anew or is there again; the gate judges the streams themselves."""
        for place, source in enumerate(self.sources):
            condition = _condition(source)
            if condition != self._conditions[place]:
                self._conditions[place] = condition
                log.warning(
                    "source changed",
                    source=self._labels[place],
                    state=_state(source),
                    restarts=source.stats.restarts,
                    last_error=source.stats.last_error,
                )

    def _look_at_recorder(self) -> None:
        written = self.recorder.decisions_written
        if written is not self._decisions_written:
            self._decisions_written = written
            self._enter(EventKind.RECORDER, flag=written)
            log.warning("recorder changed", decisions_written=written, why=self.recorder.failure)

    def _look_at_ends(self) -> None:
        """The run ends when every finite source has ended."""
        finite = [source for source in self.sources if source.finite]
        if finite and not self.ended.is_set() and all(source.finished for source in finite):
            self.end("every recording has been played")

    def _tell_transition(self, change: Transition) -> None:
        found = list(lapses(self.pipeline.health))
        log.warning("arm state", before=change.before.value, now=change.after.value, cause=change.cause.value, lapses=found)

    def _arm_state_changed(self) -> None:
        before, self._arm_state = self._arm_state, self.pipeline.arm_state
        if ArmState.STOPPED in (before, self._arm_state):
            self._unkept = _keep_latch(
                self._arm_state is ArmState.STOPPED
            )  # at once and in order: rare, and off the pictures' path
        if self._arm_state in ARMED_BY_HAND:
            self._play()

    def _play(self) -> None:
        if not self._playing:
            self._playing = True
            for source in self.sources:
                source.start_playback()

    def answer(self, request: dict[str, Any]) -> Reply:
        """A request of the control socket."""
        do = request["do"]
        if do == "status":
            return {"ok": True, **self.status()}
        if do not in tuple(Act):
            return refusal(f"no such request: {do!r}; known: status, {', '.join(Act)}")
        act = Act(do)
        self.act(act, "cli")
        state = self._arm_state
        if state not in _LEADS_TO[act]:
            return refusal(_WHY_NOT.get(state, f"the deck is {state.value}"))
        text = f"{state.value}: {ARM_STATES[state]}"
        if act not in (Act.STOP, Act.RESET):
            return {"ok": True, "arm_state": state.value, "text": text}
        lost = f". It could not be written to disk, so the next run does not know of it: {self._unkept}" if self._unkept else ""
        return {"ok": True, "arm_state": state.value, "kept": not self._unkept, "text": text + lost}

    def status(self) -> dict[str, Any]:
        """What is seen, decided and sent, as JSON."""
        now_ns = self._clock()
        late_p50_ns, late_p99_ns = self.lag.percentiles_ns()
        return {
            **self.pipeline.status(),
            "profile": self.profile.value,
            "arm_state": self._arm_state.value,
            "up_s": round((now_ns - self._start_ns) / NS_PER_S, 3),
            "session": str(self.recorder.folder),
            "calibration": self.calibration,
            "sources": [_source_status(label, source, label in self.waiting) for label, source in self._named()],
            "sinks": [{"name": name, "connected": health.connected, "target_ok": health.target_ok}
                      for name, health in self._known.items()],
            **self.tally.status(now_ns),
            "lapses": list(lapses(self.pipeline.health)),
            "lagging": self.lag.lagging,
            "tick_late_ms": {"p50": late_p50_ns / NS_PER_MS, "p99": late_p99_ns / NS_PER_MS},
            "decisions_written": self._decisions_written,
        }  # fmt: skip


_LEADS_TO: dict[Act, frozenset[ArmState]] = {
    Act.ARM: frozenset({ArmState.ARMED, ArmState.SUSPENDED}),
    Act.DISARM: frozenset({ArmState.DISARMED}),
    Act.STOP: frozenset({ArmState.STOPPED}),
    Act.RESET: frozenset({ArmState.DISARMED}),
}
"""Act -> the states that mean it was done, or was so already."""

_WHY_NOT = {
    ArmState.STOPPED: "the deck is stopped: `airdeck stop --release` first",
    ArmState.DISARMED: "the deck cannot be armed now: see `airdeck status`",
    ArmState.ARMED: "the deck is not stopped, but armed",
    ArmState.SUSPENDED: "the deck is not stopped, but armed and suspended",
}


def _state(source: Source) -> str:
    return str(getattr(source, "state", "open" if source.is_open else "closed"))


def _condition(source: Source) -> tuple[bool, int]:
    """Whether it gives what it should, and its restarts. A strobe's dark half is no change of it."""
    return bool(getattr(source, "healthy", True)), source.stats.restarts


def _source_status(label: str, source: Source, waits: bool) -> dict[str, Any]:
    stats, state = source.stats, _state(source)
    name = str(getattr(source, "name", ""))
    trouble = f": {stats.last_error}" if stats.last_error else ""
    trouble += f", from {source.sender}" if source.sender else ""
    trouble += ", begins when armed: `airdeck arm`" if waits else ""
    trouble += f" ({source.caution})" if source.caution else ""
    return {
        "spec": label,
        "name": name,
        "stream": source.stream,
        "kind": source.kind.value,
        "state": state,
        "sender": source.sender,
        "caution": source.caution,
        "finished": source.finished,
        "frames": stats.frames,
        "rejected": stats.rejected,
        "dropped": stats.dropped,
        "restarts": stats.restarts,
        "last_error": stats.last_error,
        "text": f"{label}{f' ({name})' if name and name not in label else ''}: {state}{trouble}",
    }


def _tell(verdict: Verdict) -> None:
    proposal = verdict.proposal
    said = {"gesture": proposal.gesture, "command": proposal.command, "sink": verdict.sink}
    if verdict.permitted:
        log.info("permitted", **said)
    else:
        log.info("refused", **said, reasons=[reason.value for reason in verdict.reasons], why=refusal_words(verdict.reasons))


def _keep_latch(stopped: bool) -> str:
    """Empty when it is done, else why not."""
    try:
        latch.keep(stopped)
        log.info("stop kept" if stopped else "stop released")
    except OSError as error:
        log.error("the stop is not kept over a restart", why=str(error), file=str(latch.file()))
        return str(error)
    return ""
