"""MediaPipe's Tasks on one picture at a time: two poses, and the hands when asked. Runs in the worker only."""

from typing import Any

import numpy as np

from dynamics.frames import MAX_PERSONS

from .pose_hands import assign, openness
from .pose_wire import PoseBuffer

MAX_HANDS = 4
"""Two persons' hands."""
WARM_UP_PX = (480, 640, 3)
"""Shape of the blank picture that makes the first real one as quick as the next (the first costs about 150 ms)."""


class PoseModel:
    """The pose task in video mode. With two poses MediaPipe does not smooth: its smoothing for one lags about 37 ms."""

    def __init__(self, pose_model: str, hand_model: str = "", hand_every: int = 1) -> None:
        import cv2
        import mediapipe as mp

        self._cv2 = cv2
        self._mp = mp
        self._last_ms = 0
        self._pose = _pose_task(pose_model)
        self._hands = HandWatch(hand_model, hand_every) if hand_model else None
        self._detect(np.zeros(WARM_UP_PX, dtype=np.uint8), 1)

    def look(self, pixels: np.ndarray, t_ms: int, into: PoseBuffer) -> None:
        """Fill `into` with the people in `pixels` (BGR); times that do not rise are pushed on by 1 ms."""
        into.clear()
        t_ms = max(self._last_ms + 1, t_ms)
        image, found = self._detect(self._cv2.cvtColor(pixels, self._cv2.COLOR_BGR2RGB), t_ms)
        into.persons = min(len(found.pose_landmarks), MAX_PERSONS)
        for person in range(into.persons):
            into.image[person] = [(p.x, p.y, p.z, p.visibility) for p in found.pose_landmarks[person]]
            into.world[person] = [(p.x, p.y, p.z) for p in found.pose_world_landmarks[person]]
        if self._hands is not None:
            aspect = pixels.shape[1] / pixels.shape[0]
            into.hands[: into.persons] = self._hands.look(image, t_ms, into.image[: into.persons], aspect)

    def close(self) -> None:
        self._pose.close()
        if self._hands is not None:
            self._hands.close()

    def _detect(self, rgb: np.ndarray, t_ms: int) -> tuple[Any, Any]:
        self._last_ms = t_ms
        image = self._mp.Image(image_format=self._mp.ImageFormat.SRGB, data=rgb)
        return image, self._pose.detect_for_video(image, t_ms)


class HandWatch:
    """Openness of the hands, measured on every n-th picture and carried to the nearest wrists in between."""

    def __init__(self, hand_model: str, every: int) -> None:
        self._task = _hand_task(hand_model)
        self._every = max(1, every)
        self._count = 0
        self._wrists_xy = np.empty((0, 2))
        self._opened = np.empty(0)

    def look(self, image: Any, t_ms: int, persons: np.ndarray, aspect: float) -> np.ndarray:
        """float32 (P, 2) for `persons` (P, 33, 4)."""
        if self._count % self._every == 0:
            self._measure(self._task.detect_for_video(image, t_ms))
        self._count += 1
        return assign(self._wrists_xy, self._opened, persons, aspect)

    def close(self) -> None:
        self._task.close()

    def _measure(self, found: Any) -> None:
        self._wrists_xy = np.array([(hand[0].x, hand[0].y) for hand in found.hand_landmarks]).reshape(-1, 2)
        worlds = [np.array([(p.x, p.y, p.z) for p in hand]) for hand in found.hand_world_landmarks]
        self._opened = np.array([openness(world) for world in worlds])


def _pose_task(model: str) -> Any:
    from mediapipe.tasks.python import BaseOptions, vision

    return vision.PoseLandmarker.create_from_options(
        vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=model),
            running_mode=vision.RunningMode.VIDEO,
            num_poses=MAX_PERSONS,
        )
    )


def _hand_task(model: str) -> Any:
    from mediapipe.tasks.python import BaseOptions, vision

    return vision.HandLandmarker.create_from_options(
        vision.HandLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=model),
            running_mode=vision.RunningMode.VIDEO,
            num_hands=MAX_HANDS,
        )
    )
