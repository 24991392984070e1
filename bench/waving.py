"""A performer who swings both arms, as datagrams, and sixteen gestures that complete on the way: on every second frame
one of them does. Ours and the straightforward script meet the same movement, the same levels, the same notes.
"""

import math
import struct
from dataclasses import dataclass, replace

from airdeck.assembly import read_library
from airdeck.gestures.library import Condition, Gesture, Library, library_of
from bridges.rekordbox.mapping import MidiForm, RekordboxMapping
from dynamics.body import ArmPose, BodyPose, joints_of, mocopi_of
from dynamics.skeleton import MOCOPI_NAMES
from tests.wire.packets import bone, bundle, mocopi_frame, mocopi_skeleton, root, time

PERIOD = 32
"""Frames of one swing up and down."""
LOW_RAD, HIGH_RAD = 0.5, 2.3
LEVELS = (-0.45, -0.15, 0.15, 0.45)
"""Heights of a wrist over mid-shoulder, in torso lengths."""
SLACK = 0.05
ARM_FEATURES = ("wrist_x", "shoulder_elevation", "wrist_settle", "arm_was_down", "other.arm_at_rest")
"""Features of the raise that a swinging arm would break: still computed and looked at, with no bounds."""
PRESS_MS = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One gesture for whoever reads no library: a wrist passes a level."""

    name: str
    side: str
    level: float
    above: bool


ROWS = tuple(
    Row(f"{side}.{'above' if above else 'below'}_{place}", side, level, above)
    for side in ("left", "right")
    for above in (True, False)
    for place, level in enumerate(LEVELS)
)
COMMANDS = {row.name: f"bench.{row.name}" for row in ROWS}


def swing(frame: int) -> BodyPose:
    """Both arms, the right one a quarter of a swing behind."""
    return BodyPose(left=ArmPose(elevation=elevation(frame)), right=ArmPose(elevation=elevation(frame - PERIOD // 4)))


def elevation(frame: int) -> float:
    share = 0.5 - 0.5 * math.cos(2.0 * math.pi * frame / PERIOD)
    return LOW_RAD + (HIGH_RAD - LOW_RAD) * share


class MocopiPackets:
    """Native datagrams; the time in them is when they were sent."""

    def __init__(self) -> None:
        poses = [mocopi_of(joints_of(swing(frame))) for frame in range(PERIOD)]
        self.skeleton = mocopi_skeleton(poses[0][1])
        self.frames = [bytearray(mocopi_frame(rows=rows(quat, offset, hips))) for quat, offset, hips in poses]
        self.stamp_at = self.frames[0].index(b"uttm") + 4
        self._number_at = self.frames[0].index(b"fnum") + 4

    def frame(self, number: int, sent_ns: int) -> bytearray:
        packet = self.frames[number % PERIOD]
        struct.pack_into("<I", packet, self._number_at, number)
        struct.pack_into("<d", packet, self.stamp_at, sent_ns / 1e9)
        return packet


def rows(quat, offset, hips):
    """Rotations and places as the datagram has them, the root's place first."""
    places = [tuple(map(float, hips)), *(tuple(map(float, place)) for place in offset[1:])]
    return [(tuple(map(float, q)), place) for q, place in zip(quat, places, strict=True)]


class OscPackets:
    """The same frames as one bundle of bone messages; the number of the frame stands as its time."""

    def __init__(self) -> None:
        poses = [mocopi_of(joints_of(swing(frame))) for frame in range(PERIOD)]
        self.frames = []
        for quat, offset, hips in poses:
            bones = [bone(name, q, p) for name, (q, p) in zip(MOCOPI_NAMES, rows(quat, offset, hips), strict=True)]
            self.frames.append(bytearray(bundle(root(), *bones, time(0.0))))

    def frame(self, number: int) -> bytearray:
        packet = self.frames[number % PERIOD]
        struct.pack_into(">f", packet, len(packet) - 4, number)
        return packet


def swing_library() -> Library:
    """The sixteen gestures, each with all the conditions of the raise; nothing is held and nothing waits."""
    base = {gesture.side: gesture for gesture in read_library(1).gestures}
    return library_of(tuple(passing(base[row.side], row) for row in ROWS), "bench")


def passing(base: Gesture, row: Row) -> Gesture:
    if row.above:
        wrist = Condition("wrist_y", enter_above=row.level, exit_below=row.level - SLACK)
    else:
        wrist = Condition("wrist_y", enter_below=row.level, exit_above=row.level + SLACK)
    kept = [Condition(c.feature) if c.feature in ARM_FEATURES else c for c in base.conditions if c.feature != "wrist_y"]
    return replace(
        base, id=row.name, command=COMMANDS[row.name], conditions=(wrist, *kept), hold_ms=0, release_ms=0, window_ms=10_000
    )


def mapping(port: str) -> RekordboxMapping:
    """A note for each command."""
    forms = {command: MidiForm(command, 1, "", "Button", f"90{0x20 + n:02X}") for n, command in enumerate(COMMANDS.values())}
    return RekordboxMapping(port=port, midi=forms)
