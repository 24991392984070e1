"""Plays a fixed performance into a builder and writes every vector: run once with the JIT and once without.

Usage: python -m tests.dynamics.play OUT.npz
"""

import sys

import numpy as np

from bridges.sources.performer import Body, Performance
from dynamics.builder import Dynamics128Builder
from dynamics.frames import DeckSample, ImuSample, WatchSample
from tests.dynamics.bodies import at_ns, feed, mocap, picture, times

MOVES = ("left.wave", "right.raise", "turn", "crouch")
CAMERA_GONE_S = (3.0, 5.0)


def main(out: str) -> None:
    show = Performance(MOVES, Body(dance_m=0.05, bpm=110.0))
    rng, builder = np.random.default_rng(5), Dynamics128Builder()
    vectors, masks = [], []
    for step, t in enumerate(times(60, 8.0)):
        pose = show.pose(t)
        if step % 2 == 0 and not CAMERA_GONE_S[0] <= t < CAMERA_GONE_S[1]:
            people = (pose, show.pose(0.0)) if step % 40 == 0 else (pose,)
            feed(builder, picture(*people, t_s=t, noise=rng))
        if step % 2 == 1:
            feed(builder, mocap(pose, t))
        if step % 30 == 0:
            builder.on_imu(ImuSample(at_ns(t), pitch_rad=0.1 * t, roll_rad=-0.2), at_ns(t))
            builder.on_watch(WatchSample(at_ns(t), heart_rate_bpm=100 + t, accel_mps2=(t, 1.0, 0.0)), at_ns(t))
            builder.on_deck(DeckSample(at_ns(t), bpm=110.0, beat_phase=(t * 110 / 60) % 1), at_ns(t))
        vectors.append(builder.vector.copy())
        masks.append(builder.valid.copy())
    assert builder.hand_overs == 2
    np.savez(out, vectors=np.array(vectors), masks=np.array(masks))


if __name__ == "__main__":
    main(sys.argv[1])
