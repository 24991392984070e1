"""Makes the recordings of this folder: python tests/data/landmarks/make.py VIDEO_FOLDER POSE_MODEL

The pose worker's own model code looks at each picture. Numbers are rounded to 1/8192 of the picture, 1 mm in the world
and 1/255 of visibility, which is less than the landmarks tremble; 0 visibility and all zeros is "no such person".
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from bridges.sources.pose_model import PoseModel
from bridges.sources.pose_wire import PoseBuffer

CLIPS = {"white_raises": ("emc_white_raises.mp4", 708), "wave": ("peekingduck_wave.mp4", 240)}
"""Recording -> clip, and how many of its pictures from the first."""
PICTURE, METRE, SEEN = 8192.0, 1000.0, 255.0


def record(video: Path, model: Path, pictures: int) -> dict[str, np.ndarray]:
    """int16 `image_xyz` and `world_mm` (N, P, 33, 3), uint8 `seen` (N, P, 33), `persons` (N,), `fps`, `size_px`."""
    capture, finder, buffer = cv2.VideoCapture(str(video)), PoseModel(str(model)), PoseBuffer()
    fps = capture.get(cv2.CAP_PROP_FPS)
    image, world, persons = np.zeros((pictures, 2, 33, 4)), np.zeros((pictures, 2, 33, 3)), np.zeros(pictures, np.uint8)
    for n in range(pictures):
        good, picture = capture.read()
        if not good:
            raise SystemExit(f"{video} has only {n} pictures")
        finder.look(picture, round(1000 + n * 1000 / fps), buffer)
        persons[n] = buffer.persons
        image[n, : buffer.persons], world[n, : buffer.persons] = buffer.image[: buffer.persons], buffer.world[: buffer.persons]
    finder.close()
    most = int(persons.max())
    return {
        "fps": np.array(fps),
        "size_px": np.array(picture.shape[1::-1]),
        "persons": persons,
        "image_xyz": np.round(image[:, :most, :, :3] * PICTURE).clip(-32768, 32767).astype(np.int16),
        "seen": np.round(image[:, :most, :, 3] * SEEN).astype(np.uint8),
        "world_mm": np.round(world[:, :most] * METRE).astype(np.int16),
    }


if __name__ == "__main__":
    for name, (clip, pictures) in CLIPS.items():
        made = record(Path(sys.argv[1]) / clip, Path(sys.argv[2]), pictures)
        np.savez_compressed(Path(__file__).with_name(f"{name}.npz"), **made)
