"""The state machine of a calibration: takes pictures with their own times, says what to do now, keeps what was held still.

No clock, no camera, no terminal: `see` for each picture, `wait` when none comes, `now` for whoever shows it.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from dynamics.frames import PoseFrame

from .faults import WORDS, Fault
from .look import Look, Reader
from .steps import RAISED, STEPS, Step, StepId, facing

NS_PER_S = 1_000_000_000
STILL = 0.10
"""Torso lengths that a held pose may wander. A real man's photographs do 0.02 to 0.07."""
PARTS = 5
"""A hold is cut into so many parts at most, of three pictures or more: their medians are free of a far camera's noise."""
TREMBLE, TAIL = 0.4, 0.05
"""What of the tremble within a hold counts, and the share at each end that does not: waving is faster than the parts."""
GAP_NS = 300_000_000
"""A posture may be lost this long without beginning anew: flickering landmarks, a passer-by, strobe."""
SILENT_NS = NS_PER_S
"""So long without a picture is worth a word."""
MIN_LOOKS = 5
SAME_SIDE = 0.9
"""Share of the pictures that have to agree on which hand is up."""
TRIES = 3
WHY_WINDOW_NS = 3 * NS_PER_S
"""The reason for a time-out is what was most often wrong in its last seconds."""


@dataclass(frozen=True, slots=True)
class Held:
    """A step that was done: its pictures, how still it was (torso lengths), when it was asked and done."""

    step: Step
    looks: tuple[Look, ...]
    spread: float
    asked_ns: int
    done_ns: int
    tries: int

    @property
    def quality(self) -> float:
        """0..1: still and seen."""
        seen = float(np.mean([look.seen * min(1.0, look.head) for look in self.looks]))
        return max(0.0, 1.0 - 0.5 * self.spread / STILL) * seen


@dataclass(frozen=True, slots=True)
class Now:
    """What to show. `done` 0..1 of the hold; `fault` is what keeps it from counting."""

    step: Step
    number: int
    tries: int = 1
    done: float = 0.0
    fault: Fault | None = None
    repeated: Fault | None = None
    """Why the step is asked again."""
    over: bool = False


@dataclass(slots=True)
class Guide:
    """`over` when every step was held, or one was given up: then `failed` says why."""

    held: list[Held] = field(default_factory=list)
    over: bool = False
    failed: str = ""
    repeats: list[tuple[StepId, Fault]] = field(default_factory=list)
    reader: Reader = field(default_factory=Reader)
    _at: int = 0
    _tries: int = 1
    _first_ns: int = -1
    _asked_ns: int = -1
    _begun_ns: int = -1
    _last_ns: int = -1
    _good_ns: int = -1
    _fault: Fault | None = None
    _repeated: Fault | None = None
    _window: deque[Look] = field(default_factory=deque)
    _wrong: deque[tuple[int, Fault]] = field(default_factory=deque)

    @property
    def step(self) -> Step:
        return STEPS[min(self._at, len(STEPS) - 1)]

    @property
    def seconds(self) -> float:
        """From the first picture to the last."""
        return max(0.0, (self._last_ns - self._first_ns) / NS_PER_S)

    def now(self) -> Now:
        """For whoever shows it."""
        span_ns = self._window[-1].t_ns - self._window[0].t_ns if self._window and self._fault is None else 0
        done = min(1.0, span_ns / (self.step.hold_s * NS_PER_S))
        return Now(self.step, min(self._at, len(STEPS) - 1) + 1, self._tries, done, self._fault, self._repeated, self.over)

    def see(self, frame: PoseFrame) -> None:
        """One picture. One that is not newer than the last says nothing."""
        if self.over or frame.capture_ns <= self._last_ns:
            return
        self._pass_to(frame.capture_ns)
        if frame.capture_ns - self._begun_ns >= self.step.lead_s * NS_PER_S:
            look = self.reader.read(frame)
            self._judge(look, facing(look) or self.step.pose(look))
        self._time_out(frame.capture_ns)

    def wait(self, now_ns: int) -> None:
        """Nothing came up to now."""
        if self.over or (self._last_ns >= 0 and now_ns - self._last_ns < SILENT_NS):
            return
        if self._begun_ns < 0:
            self._pass_to(now_ns)
            return
        self._blame(Fault.NO_PICTURES, now_ns)
        self._window.clear()
        self._time_out(now_ns)

    def give_up(self, why: str) -> None:
        """It ends here, unfinished."""
        if not self.over:
            self.over, self.failed = True, f"Step {self._at + 1}, {self.step.big.lower()}: {why}"

    def _pass_to(self, t_ns: int) -> None:
        if self._first_ns < 0:
            self._first_ns = t_ns
        if self._begun_ns < 0:
            self._asked_ns = self._begun_ns = t_ns
        self._last_ns = t_ns

    def _judge(self, look: Look, fault: Fault | None) -> None:
        """Keep a look of the posture; a fault that lasts begins the hold anew."""
        if fault is not None:
            if look.t_ns - self._good_ns > GAP_NS:
                self._window.clear()
                self._blame(fault, look.t_ns)
            return
        self._good_ns = look.t_ns
        self._window.append(look)
        hold_ns = self.step.hold_s * NS_PER_S
        while len(self._window) > 2 and self._window[-1].t_ns - self._window[1].t_ns >= hold_ns:
            self._window.popleft()
        spread = spread_of(self._window)
        if spread > STILL:
            self._blame(self._restless(), look.t_ns)
            return
        self._fault = None
        if self._window[-1].t_ns - self._window[0].t_ns >= hold_ns and len(self._window) >= MIN_LOOKS:
            self._complete(spread)

    def _restless(self) -> Fault:
        """The body moves; or it stands still, and is called by the other side's names now and then."""
        share = left_share(self._window) if self.step.id is StepId.RIGHT_HAND else 0.0
        return Fault.SIDES_CHANGE if 1.0 - SAME_SIDE < share < SAME_SIDE else Fault.MOVING

    def _complete(self, spread: float) -> None:
        looks = tuple(self._window)
        self.held.append(Held(self.step, looks, spread, self._asked_ns, looks[-1].t_ns, self._tries))
        if self.step.id is StepId.NEUTRAL:
            self.reader.torso_image = median(looks, "torso_image")
            self.reader.roll_rad = roll_of(looks)
        self._at, self._tries, self._repeated = self._at + 1, 1, None
        self._asked_ns = looks[-1].t_ns
        self._begin(looks[-1].t_ns)
        self.over = self._at == len(STEPS)

    def _begin(self, t_ns: int) -> None:
        self._begun_ns, self._fault = t_ns, None
        self._window.clear()
        self._wrong.clear()

    def _blame(self, fault: Fault, t_ns: int) -> None:
        self._fault = fault
        self._wrong.append((t_ns, fault))
        while self._wrong[0][0] < t_ns - WHY_WINDOW_NS:
            self._wrong.popleft()

    def _time_out(self, t_ns: int) -> None:
        """The step took too long: ask again, or give up after the last try."""
        if self.over or t_ns - self._begun_ns < self.step.timeout_s * NS_PER_S:
            return
        why = Counter(fault for _, fault in self._wrong).most_common(1)[0][0] if self._wrong else Fault.MOVING
        self.repeats.append((self.step.id, why))
        if self._tries == TRIES:
            self.give_up(f"{WORDS[why]} ({TRIES} tries)")
            return
        self._tries, self._repeated = self._tries + 1, why
        self._begin(t_ns)


def median(looks: tuple[Look, ...], name: str) -> float:
    """Over the pictures that have it; NaN when none has."""
    values = np.array([getattr(look, name) for look in looks], dtype=np.float64)
    return float(np.median(values[np.isfinite(values)])) if np.isfinite(values).any() else float("nan")


def left_share(looks: Iterable[Look]) -> float:
    """In how much of the pictures the raised hand is what the model calls the left one."""
    return float(np.mean([look.left.wrist_up > RAISED for look in looks]))


def roll_of(looks: tuple[Look, ...]) -> float:
    """The camera's roll, in the model's sides: the trunk stands upright; where hips are hidden the shoulders are level."""
    return median(looks, "trunk_roll_rad" if hips_seen(looks) else "shoulder_roll_rad")


def hips_seen(looks: tuple[Look, ...]) -> bool:
    """Most of the time."""
    return float(np.mean([look.hips_seen for look in looks])) > 0.5


def spread_of(looks: deque[Look]) -> float:
    """How restless a pose is, torso lengths: the point that wanders most from part to part of the hold, or trembles."""
    values = np.array([look.tracked() for look in looks])
    parts = np.array([_medians(part) for part in np.array_split(values, max(2, min(PARTS, len(values) // 3)))])
    wander = 0.5 * (np.fmax.reduce(parts) - np.fmin.reduce(parts))
    ordered, counts = np.sort(values, axis=0), np.isfinite(values).sum(axis=0)  # NaN sorts last
    cut, column = (TAIL * counts).astype(int), np.arange(values.shape[1])
    tremble = 0.5 * (ordered[np.maximum(counts - 1 - cut, 0), column] - ordered[cut, column])
    return float(max(0.0, np.fmax.reduce(wander), TREMBLE * np.fmax.reduce(tremble)))


def _medians(values: np.ndarray) -> np.ndarray:
    """Of each column without its NaNs; NaN where there is nothing else."""
    ordered, counts = np.sort(values, axis=0), np.isfinite(values).sum(axis=0)
    if not len(values):
        return np.full(values.shape[1], np.nan)
    return np.asarray(ordered[np.maximum(counts - 1, 0) // 2, np.arange(values.shape[1])])
