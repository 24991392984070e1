"""The same motion as mocopi and a watch would tell it, in step with the camera."""

from collections.abc import Iterator

import numpy as np

from dynamics.body import mocopi_of
from dynamics.frames import MOCOPI_BONES, MocapFrame, SourceKind, WatchSample
from dynamics.skeleton import Joint

from .clip import Clip

MOCOPI_HZ, WATCH_HZ = 60.0, 100.0
JITTER_M = 0.001
"""What a mocopi joint trembles."""
GRAVITY_MPS2 = 9.80665
WATCH_NOISE_MPS2 = 0.08
STEP_S = 0.01
NS_PER_S = 1_000_000_000
WRIST = {"left": Joint.L_WRIST, "right": Joint.R_WRIST}


def mocopi_frames(clip: Clip, fps: float = MOCOPI_HZ) -> Iterator[MocapFrame]:
    """What the six sensors would send of a clip, frame by frame."""
    t_s = np.arange(0.0, clip.duration_s, 1.0 / fps)
    joints = clip.felt.joints(t_s, clip.performer.proportions, clip.performer.style.seated)
    joints += np.random.default_rng((*clip.performer.seed, 60)).normal(0.0, JITTER_M, joints.shape)
    seen = np.ones(MOCOPI_BONES, dtype=np.bool_)
    for seq, (t, body) in enumerate(zip(t_s.tolist(), joints, strict=True)):
        t_ns = clip.start_ns + round(t * NS_PER_S)
        yield MocapFrame(t_ns, t_ns, seq, *mocopi_of(body), seen=seen, kind=SourceKind.SYNTHETIC)


def wrist_acceleration(clip: Clip, side: str, t_s: np.ndarray) -> np.ndarray:
    """(N, 3) m/s2 of a wrist in the room, without gravity."""
    who = clip.performer
    places = [
        clip.felt.joints(t_s + shift, who.proportions, who.style.seated)[:, WRIST[side]] for shift in (-STEP_S, 0.0, STEP_S)
    ]
    return np.asarray((places[0] - 2.0 * places[1] + places[2]) / STEP_S**2)


def watch_samples(clip: Clip, side: str = "right", hz: float = WATCH_HZ) -> Iterator[WatchSample]:
    """What a watch on that wrist would send: acceleration in the room's axes, and where gravity is."""
    t_s = np.arange(0.0, clip.duration_s, 1.0 / hz)
    rng = np.random.default_rng((*clip.performer.seed, 100))
    accel = wrist_acceleration(clip, side, t_s) + rng.normal(0.0, WATCH_NOISE_MPS2, (len(t_s), 3))
    for seq, (t, (x, y, z)) in enumerate(zip(t_s.tolist(), accel.tolist(), strict=True)):
        t_ns = clip.start_ns + round(t * NS_PER_S)
        yield WatchSample(
            t_ns, t_ns, seq, accel_mps2=(x, y, z), gravity_mps2=(0.0, -GRAVITY_MPS2, 0.0), side=side, kind=SourceKind.SYNTHETIC
        )
