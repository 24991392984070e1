"""The inputs of the step, and what it answers.

Everything that can make the pipeline act is one of these, with one global sequence number and its time: replay is the
same events in the same order and needs no timers.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from dynamics.frames import Frame
from safety.types import SinkHealth, Transition, Verdict

from .gestures.phrase import Phrase


class EventKind(StrEnum):
    ARRIVAL = "arrival"
    """A frame arrived on `stream`."""
    TICK = "tick"
    """Housekeeping: staleness, releases, resuming."""
    HUMAN = "human"
    """A person acted: `act` names what."""
    RESTORED = "restored"
    """An earlier run ended stopped and nobody released it: this one begins stopped."""
    SINK = "sink"
    """A sink's health changed: `name` and `sink_health` say how."""
    LAG = "lag"
    """The loop's lag changed: `flag` says whether it lags."""
    RECORDER = "recorder"
    """The recorder can (`flag`) or can no longer write decisions."""
    WARM = "warm"
    """Warm-up is done."""


class Act(StrEnum):
    """What a person can do."""

    ARM = "arm"
    DISARM = "disarm"
    STOP = "stop"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Event:
    """One input of `Pipeline.step`."""

    seq: int = 0
    t_ns: int = 0
    kind: EventKind = EventKind.TICK
    stream: str = ""
    frame: Frame | None = None
    act: Act | None = None
    name: str = ""
    sink_health: SinkHealth | None = None
    flag: bool = False
    by: str = ""
    """Who acted: "cli", "page", "key", "pad", "gesture"."""


@dataclass(frozen=True, slots=True)
class GestureEvent:
    """A gesture completed (or was cancelled), with the numbers it rested on."""

    seq: int = 0
    """Sequence number of the input event."""
    t_ns: int = 0
    gesture: str = ""
    phase: str = ""
    """"completed", "released", "cancelled"."""
    deck: int = 0
    confidence: float = 0.0
    onset_ns: int = 0
    """Capture time of the first frame that satisfied the conditions."""
    capture_ns: int = 0
    """Capture time of the frame that completed it."""
    evidence: tuple[tuple[str, float], ...] = ()
    why: str = ""
    """For a cancelled gesture: the condition that broke."""
    phrase: Phrase | None = None
    """Of a completed gesture: what was done, where, how, when, why it counts, what it may do, and who saw it."""


@dataclass(slots=True)
class Outcome:
    """What one step did. Owned and reused by the pipeline: read it before the next step."""

    built: bool = False
    """A new vector was built."""
    gestures: list[GestureEvent] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    """Changes of the arm state."""
