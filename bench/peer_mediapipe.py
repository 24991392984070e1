"""The peer of the camera bench: a bare MediaPipe loop over a file, nothing else.

    python bench/peer_mediapipe.py VIDEO MODEL SKIP COUNT

Prints the times in seconds at which picture SKIP and each of the COUNT after it were done, as JSON. It runs at the
priority that the pose worker runs at, so that the two differ by what they do and not by what else the machine does.
"""

import json
import os
import sys
import time

import cv2
import mediapipe as mp
from mediapipe.tasks.python import BaseOptions, vision


def main() -> None:
    video, model, skip, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    cv2.setNumThreads(1)
    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=model), running_mode=vision.RunningMode.VIDEO, num_poses=2
    )
    capture = cv2.VideoCapture(video)
    stamps = []
    with vision.PoseLandmarker.create_from_options(options) as task:
        for index in range(skip + count):
            ok, picture = capture.read()
            assert ok, "the video is shorter than the block"
            rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
            task.detect_for_video(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb), index * 33)
            stamps.append(time.perf_counter())
    print(json.dumps(stamps[skip - 1 :]))


if __name__ == "__main__":
    main()
