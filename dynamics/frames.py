"""Frozen inputs of the builder: what one device said once, with the time it happened and the time we got it.

Every frame carries two times on the same monotonic clock, in integer nanoseconds:
`capture_ns` (the driver's stamp, or the device clock mapped by minimum delay, or the moment after the grab) and
`recv_ns` (when our process received it). `device_s` is the device's own clock, unmapped, NaN where there is none.
Missing numbers are NaN, never zero. Arrays are float32 and read-only by agreement.
"""

from dataclasses import dataclass, field
from enum import IntFlag, StrEnum

import numpy as np

POSE_LANDMARKS = 33
"""MediaPipe pose landmarks per person."""
MAX_PERSONS = 2
"""People reported per picture: a second person has to be seen to be ignored."""
MOCOPI_BONES = 27
"""Bones of the mocopi skeleton, the canonical mocap skeleton here."""

NAN = float("nan")


class Modality(IntFlag):
    """The bits of slot 110."""

    CAMERA = 1
    MOCOPI = 2
    POCKET = 4
    WATCH = 8
    SAN = 16
    DECK = 32


class SourceKind(StrEnum):
    """What kind of evidence a frame is: the gate lets only live kinds through in the live profile."""

    CAMERA = "camera"
    MOCOPI = "mocopi"
    WATCH = "watch"
    POCKET = "pocket"
    SAN = "san"
    DECK = "deck"
    NETWORK_POSE = "network_pose"
    """Pose that came over the network from a sender that is not paired: advice, never a driver."""
    SYNTHETIC = "synthetic"
    FILE = "file"
    REPLAY = "replay"


LIVE_KINDS = frozenset(
    {SourceKind.CAMERA, SourceKind.MOCOPI, SourceKind.WATCH, SourceKind.POCKET, SourceKind.SAN, SourceKind.DECK}
)


def _missing(*shape: int) -> np.ndarray:
    return np.full(shape, np.nan, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class PoseFrame:
    """The people found in one picture.

    `image` float32 (P, 33, 4): x and y as a fraction of picture width and height (x right, y down, may leave 0..1),
    z in picture widths towards the scene (MediaPipe's image z), visibility 0..1. `world` float32 (P, 33, 3): metres,
    MediaPipe's world axes (x right in the picture, y down, z away from the camera, origin at mid-hip); NaN where the
    producer has none. P is 0..2; P = 0 is an answer: a picture with nobody in it. `hand_open` float32 (P, 2): openness
    0..1 of the left and right hand, NaN when unknown. `mirrored` is set when the picture was a mirror image.
    """

    capture_ns: int = 0
    recv_ns: int = 0
    seq: int = 0
    width_px: int = 0
    height_px: int = 0
    image: np.ndarray = field(default_factory=lambda: _missing(0, POSE_LANDMARKS, 4))
    world: np.ndarray = field(default_factory=lambda: _missing(0, POSE_LANDMARKS, 3))
    hand_open: np.ndarray = field(default_factory=lambda: _missing(0, 2))
    luma: float = NAN
    """Mean brightness of the picture, 0..1."""
    kind: SourceKind = SourceKind.CAMERA
    device_s: float = NAN


@dataclass(frozen=True, slots=True)
class MocapFrame:
    """One mocap frame on the 27-bone mocopi skeleton (see `dynamics.skeleton`).

    `quat_xyzw` float32 (27, 4): rotation of each bone relative to its parent, right-handed, Y up, +X the performer's
    left, +Z forward. `offset_m` float32 (27, 3): each bone's rest offset from its parent, metres. `root_m` float32 (3,):
    root position. `seen` bool (27,): bones this sender really sent; the others hold the identity.
    """

    capture_ns: int = 0
    recv_ns: int = 0
    seq: int = 0
    quat_xyzw: np.ndarray = field(default_factory=lambda: _missing(MOCOPI_BONES, 4))
    offset_m: np.ndarray = field(default_factory=lambda: _missing(MOCOPI_BONES, 3))
    root_m: np.ndarray = field(default_factory=lambda: _missing(3))
    seen: np.ndarray = field(default_factory=lambda: np.zeros(MOCOPI_BONES, dtype=np.bool_))
    kind: SourceKind = SourceKind.MOCOPI
    device_s: float = NAN


@dataclass(frozen=True, slots=True)
class ImuSample:
    """A phone in the pocket. SI units, right-handed, device axes; acceleration without gravity."""

    capture_ns: int = 0
    recv_ns: int = 0
    seq: int = 0
    accel_mps2: tuple[float, float, float] = (NAN, NAN, NAN)
    gravity_mps2: tuple[float, float, float] = (NAN, NAN, NAN)
    gyro_radps: tuple[float, float, float] = (NAN, NAN, NAN)
    quat_xyzw: tuple[float, float, float, float] = (NAN, NAN, NAN, NAN)
    pitch_rad: float = NAN
    roll_rad: float = NAN
    kind: SourceKind = SourceKind.POCKET
    device_s: float = NAN


@dataclass(frozen=True, slots=True)
class WatchSample:
    """A watch on a wrist: heart rate (0 or absent arrives as NaN) and wrist motion, SI units, without gravity."""

    capture_ns: int = 0
    recv_ns: int = 0
    seq: int = 0
    heart_rate_bpm: float = NAN
    accel_mps2: tuple[float, float, float] = (NAN, NAN, NAN)
    gravity_mps2: tuple[float, float, float] = (NAN, NAN, NAN)
    gyro_radps: tuple[float, float, float] = (NAN, NAN, NAN)
    quat_xyzw: tuple[float, float, float, float] = (NAN, NAN, NAN, NAN)
    side: str = ""
    """"left", "right", or empty when the app does not say."""
    kind: SourceKind = SourceKind.WATCH
    device_s: float = NAN


@dataclass(frozen=True, slots=True)
class DeckSample:
    """What is known of one Rekordbox deck. None and NaN are "not known"."""

    capture_ns: int = 0
    recv_ns: int = 0
    seq: int = 0
    deck: int = 0
    """1..4; 0 is the master."""
    playing: bool | None = None
    bpm: float = NAN
    beat_phase: float = NAN
    """0..1 within the beat."""
    kind: SourceKind = SourceKind.DECK
    device_s: float = NAN


Frame = PoseFrame | MocapFrame | ImuSample | WatchSample | DeckSample
