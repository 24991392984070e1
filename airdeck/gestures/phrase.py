"""The phrase of a gesture: what was done, where, how, when, why it counts, what it may do, and who saw it.

Plain values with closed enums: recorded, shown, and read back. `phrasing` makes them.
"""

from dataclasses import dataclass
from enum import StrEnum


class Body(StrEnum):
    """What the whole body does when the gesture completes; the first that holds, in this order."""

    UNKNOWN = "unknown"
    AIRBORNE = "airborne"
    TRAVELLING = "travelling"
    TURNED = "turned"
    CROUCHED = "crouched"
    LEANING = "leaning"
    SEATED = "seated"
    STANDING = "standing"
    UPRIGHT = "upright"
    """Upright, with the legs out of view: nobody knows whether it stands or sits."""


class Hand(StrEnum):
    LEFT = "left"
    RIGHT = "right"


class Height(StrEnum):
    """How high the wrist is."""

    UNKNOWN = "unknown"
    OVERHEAD = "overhead"
    HEAD = "head"
    SHOULDER = "shoulder"
    CHEST = "chest"
    HIP = "hip"


class Side(StrEnum):
    """Where the wrist is sideways."""

    UNKNOWN = "unknown"
    INSIDE = "inside"
    """On the other hand's side of the body's middle."""
    FRONT = "front"
    OUTSIDE = "outside"


class Shape(StrEnum):
    """The movement that led to the gesture; sideways ways are the hand's own."""

    HELD = "held"
    """It was there, or came too slowly to say from where."""
    UP = "up"
    DOWN = "down"
    OUT = "out"
    IN = "in"
    CIRCLE = "circle"
    BACK_CIRCLE = "back_circle"
    OSCILLATION = "oscillation"
    APART = "apart"
    TOGETHER = "together"


class Carrier(StrEnum):
    """What carries the intent."""

    POSITION = "position"
    MOVEMENT = "movement"
    CLUTCH = "clutch"
    """The other hand was up to say that this one means it."""
    SEQUENCE = "sequence"
    """Something else had to come before."""


class Effect(StrEnum):
    """What the library lets a completed gesture ask for. Whether it gets it is the gate's decision."""

    OBSERVED = "observed"
    COMMAND = "command"
    ACT = "act"


class Witness(StrEnum):
    """The streams that can have seen or felt a gesture."""

    CAMERA = "camera"
    MOCOPI = "mocopi"
    POCKET = "pocket"
    WATCH = "watch"


class Stand(StrEnum):
    """What a live stream says of it."""

    DROVE = "drove"
    """The gesture was found in its numbers."""
    AGREES = "agrees"
    OBJECTS = "objects"
    HEARD = "heard"
    """It is alive, and has nothing to say on this."""


@dataclass(frozen=True, slots=True)
class Zone:
    """Where one acting hand is when the gesture completes."""

    hand: Hand = Hand.LEFT
    height: Height = Height.UNKNOWN
    side: Side = Side.UNKNOWN


@dataclass(frozen=True, slots=True)
class Timing:
    """When it happened, by the capture stamps of the frames; only `delay_ms` knows when they arrived."""

    onset_ns: int = 0
    """The first frame that met it."""
    stroke_ns: int = 0
    """The first frame since then on which the hand had come to rest; `end_ns` where the row does not ask for rest."""
    end_ns: int = 0
    """The frame that completed it."""
    held_ms: float = 0.0
    """From onset to end."""
    delay_ms: float = 0.0
    """From the capture of that frame to the step that read it: how far the driving stream is behind."""


@dataclass(frozen=True, slots=True)
class Intent:
    """Why it is taken for meant."""

    confidence: float = 0.0
    held_over: float = 0.0
    """Share of the row's hold that it was held beyond it; 0 where none is asked for."""
    carriers: tuple[Carrier, ...] = ()
    repeats: int = 0
    """How often the same gesture completed right before."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the library says it may do."""

    risk: str = ""
    tier: int = 0
    effect: Effect = Effect.OBSERVED
    asks: str = ""
    """The command or the act; empty when it is only observed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One live stream: its stand, how old its newest frame was at the step, and the numbers of it that count."""

    stream: Witness = Witness.CAMERA
    stand: Stand = Stand.HEARD
    age_ms: float = 0.0
    values: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Phrase:
    """Everything that is said of one completed gesture."""

    body: Body = Body.UNKNOWN
    zones: tuple[Zone, ...] = ()
    """One per acting hand."""
    shape: Shape = Shape.HELD
    timing: Timing = Timing()
    intent: Intent = Intent()
    policy: Policy = Policy()
    evidence: tuple[Evidence, ...] = ()
    """One per live stream, the one that drove it first."""
