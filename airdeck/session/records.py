"""One msgspec Struct per kind of line. What is missing is null on disk and NaN in memory; a JSON Schema of any of them
comes from `msgspec.json.schema`.

An arrival in events.jsonl refers to its frame instead of repeating it: `ref` names the stream, and the frame's line there
has the same `event_seq`. Numbers survive exactly: float32 arrays are written with digits enough to give the same float32.
An infinite number is no measurement and comes back as NaN.
"""

from typing import Any

import msgspec
import numpy as np

from airdeck.events import Act, Event, EventKind, GestureEvent
from airdeck.gestures.phrase import Evidence, Intent, Phrase, Policy, Timing, Zone
from bridges.sinks.base import Sent
from dynamics.frames import DeckSample, Frame, ImuSample, MocapFrame, PoseFrame, SourceKind, WatchSample
from safety.types import Permit, Proposal, SinkHealth, Transition, Verdict

from .mirror import NAN, mirror

Numbers = list[float | None]
_DECIMALS = 1e8
"""Digits after the point that give most float32 of body size back exactly; where they do not, all digits are written."""


def short_numbers(array: np.ndarray) -> list[Any]:
    """Nested lists of the array's float32 numbers in as few digits as give the same float32 again."""
    wide = array.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        short = np.rint(wide * _DECIMALS) / _DECIMALS
        result: list[Any] = np.where(short.astype(np.float32) == array, short, wide).tolist()
    return result


def array_of(numbers: list[Any], *shape: int) -> np.ndarray:
    """float32 array of `shape` (-1 allowed) from nested lists, null as NaN. Raises ValueError when it does not fit."""
    return np.array(numbers, dtype=np.float32).reshape(shape)


def _nan(value: float | None) -> float:
    return NAN if value is None else value


def _nans(values: tuple[float | None, ...]) -> Any:
    return tuple(NAN if value is None else value for value in values)


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What every line has in common: fields at their default are left out, unknown ones refused."""


class SinkHealthRecord(msgspec.Struct, frozen=True):
    connected: bool
    target_ok: bool


class EventRecord(_Line, frozen=True, kw_only=True):
    """One input of the step."""

    seq: int
    t_ns: int
    kind: EventKind
    stream: str = ""
    ref: str = ""
    """The stream file that holds the frame of an arrival."""
    act: Act | None = None
    name: str = ""
    sink_health: SinkHealthRecord | None = None
    flag: bool = False
    by: str = ""

    @classmethod
    def of(cls, event: Event, ref: str = "") -> "EventRecord":
        health = event.sink_health
        return cls(
            seq=event.seq,
            t_ns=event.t_ns,
            kind=event.kind,
            stream=event.stream,
            ref=ref,
            act=event.act,
            name=event.name,
            sink_health=None if health is None else SinkHealthRecord(health.connected, health.target_ok),
            flag=event.flag,
            by=event.by,
        )

    def event(self, frame: Frame | None = None) -> Event:
        health = self.sink_health
        return Event(
            seq=self.seq,
            t_ns=self.t_ns,
            kind=self.kind,
            stream=self.stream,
            frame=frame,
            act=self.act,
            name=self.name,
            sink_health=None if health is None else SinkHealth(health.connected, health.target_ok),
            flag=self.flag,
            by=self.by,
        )


class _FrameLine(_Line, frozen=True, kw_only=True):
    """A frame: when it was captured and received (monotonic), the source's own number, the event it came in."""

    event_seq: int
    seq: int
    capture_ns: int
    recv_ns: int
    kind: SourceKind
    device_s: float | None = None


def _head(frame: Frame, event_seq: int) -> dict[str, Any]:
    return {
        "event_seq": event_seq,
        "seq": frame.seq,
        "capture_ns": frame.capture_ns,
        "recv_ns": frame.recv_ns,
        "kind": frame.kind,
        "device_s": frame.device_s if frame.device_s == frame.device_s else None,
    }


def _head_back(record: _FrameLine) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "capture_ns": record.capture_ns,
        "recv_ns": record.recv_ns,
        "kind": record.kind,
        "device_s": _nan(record.device_s),
    }


class PoseRecord(_FrameLine, frozen=True, kw_only=True):
    """`image` (P, 33, 4) and `world` (P, 33, 3) as nested lists, `hand_open` (P, 2); see `dynamics.frames.PoseFrame`."""

    width_px: int
    height_px: int
    image: list[list[Numbers]]
    world: list[list[Numbers]]
    hand_open: list[Numbers]
    luma: float | None = None

    @classmethod
    def of(cls, frame: PoseFrame, event_seq: int) -> "PoseRecord":
        return cls(
            **_head(frame, event_seq),
            width_px=frame.width_px,
            height_px=frame.height_px,
            image=short_numbers(frame.image),
            world=short_numbers(frame.world),
            hand_open=short_numbers(frame.hand_open),
            luma=frame.luma if frame.luma == frame.luma else None,
        )

    def frame(self) -> PoseFrame:
        return PoseFrame(
            **_head_back(self),
            width_px=self.width_px,
            height_px=self.height_px,
            image=array_of(self.image, len(self.image), 33, 4),
            world=array_of(self.world, len(self.world), 33, 3),
            hand_open=array_of(self.hand_open, len(self.hand_open), 2),
            luma=_nan(self.luma),
        )


class MocapRecord(_FrameLine, frozen=True, kw_only=True):
    """`quat` (27, 4) x y z w and `offset_m` (27, 3), `root_m` (3); `seen` lists the bones that were really sent."""

    quat: list[Numbers]
    offset_m: list[Numbers]
    root_m: Numbers
    seen: list[int]

    @classmethod
    def of(cls, frame: MocapFrame, event_seq: int) -> "MocapRecord":
        return cls(
            **_head(frame, event_seq),
            quat=short_numbers(frame.quat_xyzw),
            offset_m=short_numbers(frame.offset_m),
            root_m=short_numbers(frame.root_m),
            seen=np.flatnonzero(frame.seen).tolist(),
        )

    def frame(self) -> MocapFrame:
        seen = np.zeros(len(self.quat), dtype=np.bool_)
        seen[self.seen] = True
        return MocapFrame(
            **_head_back(self),
            quat_xyzw=array_of(self.quat, len(self.quat), 4),
            offset_m=array_of(self.offset_m, len(self.offset_m), 3),
            root_m=array_of(self.root_m, 3),
            seen=seen,
        )


_Vec = tuple[float | None, float | None, float | None]
_Quat = tuple[float | None, float | None, float | None, float | None]


class _MotionLine(_FrameLine, frozen=True, kw_only=True):
    accel_mps2: _Vec
    gravity_mps2: _Vec
    gyro_radps: _Vec
    quat_xyzw: _Quat


def _motion(frame: ImuSample | WatchSample, event_seq: int) -> dict[str, Any]:
    return {
        **_head(frame, event_seq),
        "accel_mps2": frame.accel_mps2,
        "gravity_mps2": frame.gravity_mps2,
        "gyro_radps": frame.gyro_radps,
        "quat_xyzw": frame.quat_xyzw,
    }


def _motion_back(record: _MotionLine) -> dict[str, Any]:
    return {
        **_head_back(record),
        "accel_mps2": _nans(record.accel_mps2),
        "gravity_mps2": _nans(record.gravity_mps2),
        "gyro_radps": _nans(record.gyro_radps),
        "quat_xyzw": _nans(record.quat_xyzw),
    }


class PocketRecord(_MotionLine, frozen=True, kw_only=True):
    pitch_rad: float | None = None
    roll_rad: float | None = None

    @classmethod
    def of(cls, frame: ImuSample, event_seq: int) -> "PocketRecord":
        return cls(**_motion(frame, event_seq), pitch_rad=frame.pitch_rad, roll_rad=frame.roll_rad)

    def frame(self) -> ImuSample:
        return ImuSample(**_motion_back(self), pitch_rad=_nan(self.pitch_rad), roll_rad=_nan(self.roll_rad))


class WatchRecord(_MotionLine, frozen=True, kw_only=True):
    heart_rate_bpm: float | None = None
    side: str = ""

    @classmethod
    def of(cls, frame: WatchSample, event_seq: int) -> "WatchRecord":
        return cls(**_motion(frame, event_seq), heart_rate_bpm=frame.heart_rate_bpm, side=frame.side)

    def frame(self) -> WatchSample:
        return WatchSample(**_motion_back(self), heart_rate_bpm=_nan(self.heart_rate_bpm), side=self.side)


class DeckRecord(_FrameLine, frozen=True, kw_only=True):
    deck: int
    playing: bool | None = None
    bpm: float | None = None
    beat_phase: float | None = None

    @classmethod
    def of(cls, frame: DeckSample, event_seq: int) -> "DeckRecord":
        return cls(
            **_head(frame, event_seq), deck=frame.deck, playing=frame.playing, bpm=frame.bpm, beat_phase=frame.beat_phase
        )

    def frame(self) -> DeckSample:
        return DeckSample(
            **_head_back(self), deck=self.deck, playing=self.playing, bpm=_nan(self.bpm), beat_phase=_nan(self.beat_phase)
        )


class DynamicsRecord(_Line, frozen=True, kw_only=True):
    """One vector. `mask` spells one bit per slot in hex, slot 0 the highest: set when the slot is valid."""

    t_ns: int
    seq: int
    v: Numbers
    mask: str
    producer: str

    def vector(self) -> np.ndarray:
        """float32 (128,)."""
        return array_of(self.v, -1)

    def valid(self) -> np.ndarray:
        """bool, one per slot."""
        return np.unpackbits(np.frombuffer(bytes.fromhex(self.mask), dtype=np.uint8), count=len(self.v)).astype(np.bool_)


def mask_hex(valid: np.ndarray) -> str:
    """The hex spelling of a validity mask (bool or 0/1, one per slot), as `Dynamics128Builder.valid_hex` gives it."""
    return np.packbits(valid).tobytes().hex()


PHRASE = mirror(
    Phrase,
    "PhraseRecord",
    nested={part: mirror(part, f"{part.__name__}Record") for part in (Zone, Timing, Intent, Policy, Evidence)},
)
"""Of a completed gesture. Folders from before there were phrases have none."""
GESTURE = mirror(GestureEvent, "GestureRecord", nested={Phrase: PHRASE})
PROPOSAL = mirror(Proposal, "ProposalRecord")
PERMIT = mirror(Permit, "PermitRecord")
"""What was permitted. It is never restored: only the gate makes a Permit."""
GATE = mirror(
    Verdict,
    "GateRecord",
    ("permitted", bool),
    ("prev", str),
    ("hash", str | msgspec.UnsetType, msgspec.UNSET),
    nested={Proposal: PROPOSAL, Permit: PERMIT},
)
"""One decision. `hash` is the last field of the line and covers every byte before it; see `chain`."""
SENT = mirror(Sent, "SentRecord")
ARMING = mirror(Transition, "ArmingRecord")


FrameRecord = PoseRecord | MocapRecord | PocketRecord | WatchRecord | DeckRecord
