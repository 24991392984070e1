"""Screening: recorded movement through the whole pipeline and gate, everything armed and promoted, in virtual time.

The gate is that of a rehearsal with open tables: each command of the library is allowed and no deck is in the way, so that
what holds a command back is health, confidence or a cooldown. Safety postures are counted and disarm nothing; what does
disarm the gate (a performer long out of the picture) is counted, and it is armed again at once.
"""

import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from dynamics.calibration import LEVEL, Calibration
from dynamics.frames import Frame, PoseFrame, SourceKind
from safety.commands import COMMANDS, CommandRow, DeckRule
from safety.gate import K11Gate
from safety.limits import LIMITS, TRANSPORT, LimitRow
from safety.types import ArmState, Permit, Profile, Sink, SinkClass, SinkHealth

from ..events import Act, Event, EventKind, GestureEvent
from ..events import Outcome as StepOutcome
from ..gestures.library import Kind, Library, library_of
from ..pipeline import Pipeline
from .motion import Clip
from .placement import FPS, YAWS_DEG, camera_for, faced, seen, turned, with_whole_head
from .screen_labels import Group, Held, group_of, held_postures

NS_PER_S = 1_000_000_000
DELAY_NS = 20_000_000
"""From capture to arrival: what a pose worker needs on two cores."""
LEAD_FRAMES = 37
"""Its first picture held for this many frames: the gate wants a second of good data, and before it a rate to judge by."""
ORIGIN_NS = 3 * NS_PER_S
"""When a clip begins in virtual time: after the lead-in, which is not part of it."""
TICK_NS = 50_000_000
TICK_AFTER_NS = 100_000_000
TICK_FOR_NS = 11 * NS_PER_S
"""Where nothing arrives for long, the deck ticks on: until then all that silence can do is done."""
SAME_EVENT_S = 0.5
"""One gesture seen in several yaws within this is one event."""
SAFETY_RISK = "safety"
SINK = Sink("screen", SinkClass.RECORDING, rehearsal=True)
_NO_HANDS = np.zeros((0, 2), dtype=np.float32)


class Verdict(StrEnum):
    """What became of a gesture, from the worst to the least."""

    PERMITTED = "permitted"
    COOLDOWN = "cooldown"
    """Held back by a cooldown or a burst limit and by nothing else."""
    NO_COMMAND = "no_command"
    """The row names no command: nothing was decided."""
    REFUSED = "refused"


SEVERITY = {verdict: place for place, verdict in enumerate(Verdict)}
TRIGGERS = frozenset({Verdict.PERMITTED, Verdict.COOLDOWN, Verdict.NO_COMMAND})
"""What counts as a trigger: all but what the gate would refuse however long it had been quiet."""


@dataclass(slots=True)
class Found:
    """A gesture that the recogniser completed, in one clip, merged over the yaws in which it was seen."""

    t_s: float
    gesture: str
    deck: int
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    yaws_deg: tuple[float, ...] = ()
    posture: str = ""
    """The posture of ours that the performer truly holds here; empty when there is none."""


@dataclass(slots=True)
class ClipResult:
    """One clip: what was found in any yaw, and in which yaws each."""

    clip: Clip
    group: Group
    events: list[Found] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    yaws_deg: tuple[float, ...] = (0.0,)
    steps: int = 0
    seen: int = 0
    """Steps in which the performer was seen."""
    armed: int = 0
    disarmed: int = 0
    """How often the gate had to be armed again."""


class Screen:
    """The rig that plays clips. One library, one seed; every clip gets a pipeline of its own."""

    def __init__(self, library: Library, seed: int = 1, yaws_deg: Sequence[float] = YAWS_DEG) -> None:
        self.library = library
        self.seed = seed
        self.yaws_deg = tuple(yaws_deg)
        self._played = library_of(tuple(replace(gesture, act="") for gesture in library.gestures), library.source)
        """The same without acts of their own: a safety posture is counted, and does not disarm the run."""
        self._commands, self._limits = open_tables(library)
        self._pipeline(LEVEL).warm_up()

    def clip(self, clip: Clip) -> ClipResult:
        """Play one clip in every yaw."""
        result = ClipResult(clip, group_of(clip.label))
        hits: list[Found] = []
        if clip.arrivals is not None:
            result.held = held_postures(clip.t_s, clip.joints)
            led = with_lead(clip.arrivals, self._rng(clip, 0.0)) if clip.lead_in else clip.arrivals
            hits = self._play(shifted(led), clip, result)
        else:
            result.yaws_deg = self.yaws_deg
            facing = faced(with_whole_head(clip.joints))
            result.held = held_postures(clip.t_s, facing)
            for yaw_deg in self.yaws_deg:
                found = self._play(self._view(clip, facing, yaw_deg), clip, result)
                hits += [replace(hit, yaws_deg=(yaw_deg,)) for hit in found]
        result.events = merged(hits)
        for event in result.events:
            event.posture = next((h.posture.name for h in result.held if h.explains(event.gesture, event.t_s)), "")
        return result

    def _rng(self, clip: Clip, yaw_deg: float) -> np.random.Generator:
        return np.random.default_rng((self.seed, zlib.crc32(f"{clip.name} {yaw_deg}".encode())))

    def _view(self, clip: Clip, facing: np.ndarray, yaw_deg: float) -> Iterator[tuple[str, Frame]]:
        joints = turned(facing, math.radians(yaw_deg))
        camera = camera_for(joints)
        led = np.concatenate([np.repeat(joints[:1], LEAD_FRAMES, axis=0), joints])
        width, height = camera.width_px, camera.height_px
        for i, (image, world) in enumerate(seen(led, camera, self._rng(clip, yaw_deg))):
            t_ns = ORIGIN_NS + round((i - LEAD_FRAMES) / FPS * NS_PER_S)
            yield "camera", PoseFrame(t_ns, t_ns, i, width, height, image, world, _NO_HANDS, kind=SourceKind.FILE)

    def _pipeline(self, calibration: Calibration) -> Pipeline:
        gate = K11Gate(Profile.REHEARSE, commands=self._commands, limits=self._limits)
        return Pipeline(gate, self._played, (SINK,), _kept_nowhere, calibration)

    def _play(self, arrivals: Iterable[tuple[str, Frame]], clip: Clip, result: ClipResult) -> list[Found]:
        """Every gesture that was found and did not begin in the lead-in."""
        pipeline = self._pipeline(clip.calibration)
        opened, now_ns, found = False, 0, []
        for seq, (stream, frame) in enumerate(arrivals, start=1):
            if not opened:
                now_ns, opened = frame.capture_ns, True
                _open(pipeline, now_ns)
            now_ns = _tick_until(pipeline, result, now_ns, max(frame.recv_ns, frame.capture_ns + DELAY_NS))
            outcome = pipeline.step(Event(seq, now_ns, EventKind.ARRIVAL, stream, frame))
            if outcome.transitions:
                result.disarmed += _armed_again(pipeline, now_ns)
            if frame.capture_ns >= ORIGIN_NS:
                result.steps += 1
                result.seen += pipeline.health.performer_seen
                result.armed += pipeline.gate.state is ArmState.ARMED
                if outcome.gestures:
                    found += _found(outcome)
        return found


def open_tables(
    library: Library, commands: Mapping[str, CommandRow] = COMMANDS, limits: Mapping[str, LimitRow] = LIMITS
) -> tuple[dict[str, CommandRow], dict[str, LimitRow]]:
    """Commands and limits of a gate that treats the whole library as promoted: all allowed, no deck in the way."""
    opened = dict(limits)
    for name in {gesture.command for gesture in library.gestures} & commands.keys():
        row = opened.get(name, TRANSPORT)
        opened[name] = replace(row, profiles=row.profiles | {Profile.REHEARSE})
    return {name: replace(row, deck_rule=DeckRule.NONE) for name, row in commands.items()}, opened


def with_lead(arrivals: Sequence[tuple[str, Frame]], rng: np.random.Generator) -> Iterator[tuple[str, Frame]]:
    """The first picture held for a while before it, trembling as landmarks do, then what arrived."""
    from bridges.sources.performer import LANDMARK_NOISE

    stream, first = arrivals[0]
    if isinstance(first, PoseFrame):
        for i in range(-LEAD_FRAMES, 0):
            t_ns = first.capture_ns + round(i / FPS * NS_PER_S)
            image = first.image.copy()
            image[:, :, :2] += np.float32(LANDMARK_NOISE) * rng.standard_normal((*image.shape[:2], 2), dtype=np.float32)
            yield stream, replace(first, capture_ns=t_ns, recv_ns=t_ns, image=image)
    yield from arrivals


def shifted(arrivals: Iterable[tuple[str, Frame]]) -> Iterator[tuple[str, Frame]]:
    """The same, in the virtual time of a clip."""
    for stream, frame in arrivals:
        yield stream, replace(frame, capture_ns=frame.capture_ns + ORIGIN_NS, recv_ns=frame.recv_ns + ORIGIN_NS)


def merged(hits: Iterable[Found]) -> list[Found]:
    """One event for each gesture, however many yaws saw it; the worst verdict of them."""
    events: list[Found] = []
    for hit in sorted(hits, key=lambda hit: (hit.t_s, hit.yaws_deg)):
        known = next(
            (
                e
                for e in reversed(events)
                if e.gesture == hit.gesture and hit.t_s - e.t_s <= SAME_EVENT_S and not set(e.yaws_deg) & set(hit.yaws_deg)
            ),
            None,
        )
        if known is None or not hit.yaws_deg:
            events.append(replace(hit))
            continue
        known.yaws_deg += hit.yaws_deg
        if SEVERITY[hit.verdict] < SEVERITY[known.verdict]:
            known.verdict, known.reasons = hit.verdict, hit.reasons
    return events


def is_discrete(library: Library, gesture: str) -> bool:
    """Whether it acts once, at a moment; a gesture that the library does not know does."""
    row = library.by_id.get(gesture)
    return row is None or row.kind is not Kind.CONTINUOUS


def is_safety(library: Library, gesture: str) -> bool:
    """A safety posture: it acts on the gate by itself."""
    row = library.by_id.get(gesture)
    return row is not None and bool(row.act or row.risk == SAFETY_RISK)


def _open(pipeline: Pipeline, now_ns: int) -> None:
    for event in (
        Event(0, now_ns, EventKind.WARM, flag=True),
        Event(0, now_ns, EventKind.SINK, name=SINK.name, sink_health=SinkHealth(connected=True)),
        Event(0, now_ns, EventKind.HUMAN, act=Act.ARM, by="screen"),
    ):
        pipeline.step(event)


def _tick_until(pipeline: Pipeline, result: ClipResult, now_ns: int, until_ns: int) -> int:
    """Let the deck tick through a silence; the time of the next arrival, which is never before the last."""
    if until_ns - now_ns > TICK_AFTER_NS:
        last_ns = min(until_ns, now_ns + TICK_FOR_NS)
        for t_ns in range(now_ns + TICK_NS, last_ns, TICK_NS):
            pipeline.step(Event(0, t_ns, EventKind.TICK))
            result.disarmed += _armed_again(pipeline, t_ns)
    return max(now_ns, until_ns)


def _armed_again(pipeline: Pipeline, now_ns: int) -> int:
    """Arm what was disarmed or stopped; 1 when it had to be."""
    state = pipeline.arm_state
    if state not in (ArmState.DISARMED, ArmState.STOPPED):
        return 0
    if state is ArmState.STOPPED:
        pipeline.gate.reset(now_ns, "screen")
    pipeline.gate.arm(now_ns, "screen")
    return 1


def _found(outcome: StepOutcome) -> list[Found]:
    """Completed gestures with what the gate said of each; one that began in the held first picture is ours, not theirs."""
    found = []
    for event in outcome.gestures:
        if event.phase == "completed" and event.onset_ns >= ORIGIN_NS:
            verdict, reasons = judged(event, outcome)
            found.append(Found((event.capture_ns - ORIGIN_NS) / NS_PER_S, event.gesture, event.deck, verdict, reasons))
    return found


def judged(event: GestureEvent, outcome: StepOutcome) -> tuple[Verdict, tuple[str, ...]]:
    """What the gate said of a completed gesture, and why."""
    verdict = next((v for v in outcome.verdicts if v.proposal.gesture == event.gesture), None)
    if verdict is None or not verdict.proposal.command:
        return Verdict.NO_COMMAND, ()
    reasons = tuple(reason.value for reason in verdict.reasons)
    if verdict.permitted:
        return Verdict.PERMITTED, ()
    held_back = all(reason.startswith("k10.") for reason in reasons)
    return (Verdict.COOLDOWN if held_back else Verdict.REFUSED), reasons


def _kept_nowhere(_name: str, _permit: Permit, _now_ns: int) -> None:
    """The verdicts say it all."""
