"""Moments that the tests of the step look for, and tables with a command that is held."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from airdeck.gestures.library import Condition, Gesture, Library, library_of
from dynamics.frames import MocapFrame, PoseFrame
from safety.commands import CommandClass, CommandRow, DeckRule
from safety.gate import K11Gate
from safety.limits import TRANSPORT
from safety.types import Profile
from tests.support.virtual_deck import DELAY_NS, LIBRARY, START_NS, Deck

Frames = Iterable[PoseFrame | MocapFrame]
LEFT, RIGHT = "deck1.play_pause", "deck2.play_pause"
BEND = "deck1.bend"
COMMANDS = {
    BEND: CommandRow(BEND, 1, CommandClass.HOLD, DeckRule.NONE),
    RIGHT: CommandRow(RIGHT, 2, CommandClass.PRESS, DeckRule.NONE, press_ms=60),
}
LIMITS = dict.fromkeys(COMMANDS, TRANSPORT)


def changed(gesture: str, **changes: object) -> Library:
    """The library with one gesture changed."""
    return library_of(tuple(replace(g, **changes) if g.id == gesture else g for g in LIBRARY.gestures))  # type: ignore[arg-type]


def only(*conditions: Condition) -> Library:
    """A library of one gesture of the left side, which asks for nothing but these."""
    left: Gesture = replace(LIBRARY.by_id["left.raise"], conditions=conditions, hold_ms=0, window_ms=600_000)
    return library_of((left,))


def holding_gate(profile: Profile = Profile.REHEARSE) -> K11Gate:
    """A gate that knows a command which is held down."""
    return K11Gate(profile, commands=COMMANDS, limits=LIMITS)


HOLDING = changed("left.raise", command=BEND)
"""The left raise holds `BEND` down."""


def until_in_flight(deck: Deck, frames: Iterator[PoseFrame | MocapFrame], share: float = 0.3) -> int:
    """Take frames until this share of a gesture's hold is done; the time of the last one's arrival."""
    for frame in frames:
        deck.take(frame)
        if any(gesture["done"] >= share for gesture in deck.pipeline.status()["in_flight"]):
            return frame.capture_ns + DELAY_NS
    raise AssertionError("no gesture ever was in flight")


def until_permitted(deck: Deck, frames: Iterator[PoseFrame | MocapFrame]) -> int:
    """Take frames until something is sent; the time of the last one's arrival."""
    for frame in frames:
        deck.take(frame)
        if deck.sent:
            return frame.capture_ns + DELAY_NS
    raise AssertionError("nothing was ever permitted")


def frozen(frame: PoseFrame, seconds: float, tremble: float = 0.0, fps: int = 30) -> list[PoseFrame]:
    """The same landmarks in new pictures; `tremble` is how far each moves, as a part of the picture."""
    rng, frames = np.random.default_rng(5), []
    for n in range(1, round(seconds * fps) + 1):
        image = frame.image.copy()
        image[:, :, :2] += (tremble * rng.normal(size=image[:, :, :2].shape)).astype(np.float32)
        t_ns = frame.capture_ns + n * 1_000_000_000 // fps
        frames.append(replace(frame, capture_ns=t_ns, recv_ns=t_ns, seq=frame.seq + n, image=image))
    return frames


def stuck(frame: MocapFrame, seconds: float, fps: int = 60) -> list[MocapFrame]:
    """The same numbers in new mocap frames."""
    times = [frame.capture_ns + n * 1_000_000_000 // fps for n in range(1, round(seconds * fps) + 1)]
    return [replace(frame, capture_ns=t_ns, recv_ns=t_ns, seq=frame.seq + n) for n, t_ns in enumerate(times, start=1)]


def later(frames: Iterable[PoseFrame], by_ns: int) -> list[PoseFrame]:
    """The same pictures at another time."""
    return [replace(f, capture_ns=f.capture_ns + by_ns, recv_ns=f.recv_ns + by_ns) for f in frames]


def seconds(t_ns: int) -> float:
    """Since the first frame was captured."""
    return (t_ns - START_NS) / 1e9
