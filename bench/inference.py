"""Pose inference at idle priority, without a pause, until standard input ends: what a camera does beside the path.

    python -m bench.inference MODEL [VIDEO]

Prints {} when it has begun, and at the end how many pictures it looked at in how many seconds.
"""

import json
import select
import sys
import time

import numpy as np

from bridges.sources.pose_model import PoseModel
from bridges.sources.pose_wire import PoseBuffer
from bridges.sources.sandbox import yield_to_others

KEPT = 60
"""Pictures kept in memory and shown over and over."""


def main(model: str, video: str = "") -> None:
    pictures = read(video) if video else made()
    task, buffer = PoseModel(model), PoseBuffer()
    yield_to_others()
    print("{}", flush=True)
    started_s, seen = time.monotonic(), 0
    while not select.select([sys.stdin], [], [], 0.0)[0]:
        task.look(pictures[seen % len(pictures)], seen * 33, buffer)
        seen += 1
    print(json.dumps({"pictures": seen, "seconds": time.monotonic() - started_s, "persons": buffer.persons}), flush=True)


def read(video: str) -> list[np.ndarray]:
    import cv2

    capture = cv2.VideoCapture(video)
    return [picture for ok, picture in (capture.read() for _ in range(KEPT)) if ok]


def made() -> list[np.ndarray]:
    """A picture with nobody in it: the detector, the dearer of the two models, runs on every one."""
    rng = np.random.default_rng(1)
    return [rng.integers(0, 255, (480, 640, 3), dtype=np.uint8) for _ in range(2)]


if __name__ == "__main__":
    main(*sys.argv[1:])
