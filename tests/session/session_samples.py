"""One of everything that a session can hold, with missing numbers in it."""

from pathlib import Path

import numpy as np

from airdeck.events import Act, Event, EventKind, GestureEvent
from airdeck.gestures.phrase import (
    Body,
    Carrier,
    Effect,
    Evidence,
    Hand,
    Height,
    Intent,
    Phrase,
    Policy,
    Shape,
    Side,
    Stand,
    Timing,
    Witness,
    Zone,
)
from bridges.sinks.base import SendStatus, Sent
from dynamics.frames import DeckSample, Frame, ImuSample, MocapFrame, PoseFrame, SourceKind, WatchSample
from safety.types import ArmState, Cause, Permit, Profile, Proposal, Reason, SinkClass, SinkHealth, Transition, Verdict

NAN = float("nan")


def pose(seq: int = 7, persons: int = 2) -> PoseFrame:
    random = np.random.default_rng(seq)
    image = random.normal(0.5, 0.3, (persons, 33, 4)).astype(np.float32)
    world = random.normal(0.0, 0.5, (persons, 33, 3)).astype(np.float32)
    world[:, 5] = np.nan
    hands = np.full((persons, 2), np.nan, dtype=np.float32)
    return PoseFrame(1_000 + seq, 2_000 + seq, seq, 640, 480, image, world, hands, luma=0.25, device_s=NAN)


def mocap(seq: int = 3) -> MocapFrame:
    random = np.random.default_rng(seq)
    quat = random.normal(0.0, 1.0, (27, 4)).astype(np.float32)
    offset = random.normal(0.0, 1e-4, (27, 3)).astype(np.float32)
    root = np.array([np.nan, 1e-30, -0.0], dtype=np.float32)
    seen = random.random(27) < 0.5
    return MocapFrame(10, 20, seq, quat, offset, root, seen, SourceKind.FILE, device_s=1.25)


def pocket() -> ImuSample:
    return ImuSample(1, 2, 3, (0.1, -0.2, NAN), (0.0, 0.0, 9.81), (NAN, NAN, NAN), (0.0, 0.0, 0.0, 1.0), 0.3, NAN, device_s=5.5)


def watch() -> WatchSample:
    return WatchSample(1, 2, 3, NAN, (0.1, 0.2, 0.3), (NAN, NAN, NAN), (1.0, 2.0, 3.0), (NAN,) * 4, "left", device_s=6.5)


def deck() -> DeckSample:
    return DeckSample(1, 2, 3, deck=2, playing=None, bpm=127.5, beat_phase=NAN)


FRAMES: dict[str, Frame] = {
    "pose": pose(),
    "pose_nobody": pose(persons=0),
    "mocopi": mocap(),
    "pocket": pocket(),
    "watch": watch(),
    "deck": deck(),
}


def arrival(seq: int, frame: Frame | None = None) -> Event:
    return Event(seq, 10_000 + seq, EventKind.ARRIVAL, stream="camera", frame=frame or pose(seq))


def human(seq: int) -> Event:
    return Event(seq, 10_000 + seq, EventKind.HUMAN, act=Act.ARM, by="cli")


def sink_event(seq: int) -> Event:
    return Event(seq, 10_000 + seq, EventKind.SINK, name="midi", sink_health=SinkHealth(True, False))


def gesture() -> GestureEvent:
    return GestureEvent(4, 40, "left.raise", "completed", 1, 0.9, 30, 38, (("l_wrist_y", 1.1), ("odd", NAN)), "", phrase())


def phrase() -> Phrase:
    """No part of it is at its default."""
    return Phrase(
        body=Body.LEANING,
        zones=(Zone(Hand.RIGHT, Height.CHEST, Side.INSIDE), Zone(Hand.LEFT, Height.HEAD, Side.FRONT)),
        shape=Shape.BACK_CIRCLE,
        timing=Timing(30, 34, 38, 0.1, 44.5),
        intent=Intent(0.9, 0.25, (Carrier.MOVEMENT, Carrier.SEQUENCE), 2),
        policy=Policy("loop", 3, Effect.COMMAND, "loop_4"),
        evidence=(
            Evidence(Witness.MOCOPI, Stand.DROVE, 21.5, (("wrist_y", 1.1),)),
            Evidence(Witness.WATCH, Stand.HEARD, 1e4),
        ),
    )


def verdict(seq: int, permitted: bool = False) -> Verdict:
    proposal = Proposal(
        seq=seq,
        t_ns=100 + seq,
        gesture="left.raise",
        gesture_hash="abc",
        deck=1,
        command="deck1.play_pause",
        confidence=0.9,
        source_kinds=("camera",),
        evidence=(("y", NAN),),
    )
    permit = Permit(seq, "deck1.play_pause", 1.0, "midi", SinkClass.MIDI, 100, 200) if permitted else None
    reasons = () if permitted else (Reason.NOT_ARMED, Reason.LOW_CONFIDENCE)
    return Verdict(seq, 100 + seq, proposal, "midi", Profile.REHEARSE, ArmState.ARMED, reasons, permit)


def transition() -> Transition:
    return Transition(t_ns=5, before=ArmState.DISARMED, after=ArmState.ARMED, cause=Cause.ARM, by="cli")


def sent(seq: int) -> Sent:
    return Sent(seq, "midi", "deck1.play_pause", SendStatus.SENT, "90 0b 7f", 300 + seq)


def lines(folder: Path, stream: str) -> list[bytes]:
    return (folder / f"{stream}.jsonl").read_bytes().splitlines(keepends=True)
