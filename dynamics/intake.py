"""Frames to the arrays that the kernels take: one type, one memory layout, whatever a producer hands over.

The kernels are compiled at warm-up for C-ordered, writable float32; any other kind of array would compile anew in the
middle of a set. What does not fit is copied; what has another shape is nobody.
"""

import math

import numpy as np

from . import kernels as k
from .frames import MAX_PERSONS, MOCOPI_BONES, POSE_LANDMARKS, MocapFrame, PoseFrame

F32 = np.dtype(np.float32)


def fits(array: np.ndarray, *tail: int) -> bool:
    """True when the kernels take this array as it is."""
    return array.dtype == F32 and array.shape[1:] == tail and bool(array.flags.carray)


def copied(array: np.ndarray, into: np.ndarray) -> int:
    """Copy what fits of an odd array; answers how many rows, 0 when it has another shape or no numbers."""
    if array.ndim != into.ndim or array.shape[1:] != into.shape[1:] or array.dtype.kind not in "fiub":
        return 0
    rows = int(min(array.shape[0], into.shape[0]))
    if array.dtype == into.dtype:
        into[:rows] = array[:rows]
        return rows
    with np.errstate(all="ignore"):
        into[:rows] = array[:rows]
    return rows


class Intake:
    """Owns the buffers that odd arrays are copied to; they are overwritten by the next frame."""

    __slots__ = ("_image", "_offset", "_offset_from", "_quat", "_root", "_seen", "_seen_from", "_world")

    def __init__(self) -> None:
        self._image = np.zeros((MAX_PERSONS, POSE_LANDMARKS, 4), dtype=F32)
        self._world = np.zeros((MAX_PERSONS, POSE_LANDMARKS, 3), dtype=F32)
        self._quat = np.zeros((MOCOPI_BONES, 4), dtype=F32)
        self._offset = np.zeros((MOCOPI_BONES, 3), dtype=F32)
        self._offset_from: np.ndarray | None = None
        self._root = np.zeros(3, dtype=F32)
        self._seen = np.ones(MOCOPI_BONES, dtype=np.bool_)
        self._seen_from: np.ndarray | None = None

    def people(self, frame: PoseFrame, aspect: float) -> tuple[np.ndarray, np.ndarray]:
        """image (P, 33, 4) and world (P, 33, 3); a stand-in is made where there are no world landmarks."""
        image, world = frame.image, frame.world
        persons = image.shape[0] if image.ndim else 0
        if not fits(image, POSE_LANDMARKS, 4):
            persons = copied(image, self._image)
            image = self._image[:persons]
        if persons == 0:
            return self._image[:0], self._world[:0]
        image = image[:MAX_PERSONS]
        persons = image.shape[0]
        if fits(world, POSE_LANDMARKS, 3) and world.shape[0] >= persons and math.isfinite(world[0, 11, 0]):
            return image, world
        if copied(world, self._world) < persons or not math.isfinite(self._world[0, 11, 0]):
            k.world_from_picture(image, aspect, self._world)
        return image, self._world

    def bones(self, frame: MocapFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """quat_xyzw (27, 4), offset_m (27, 3), root_m (3,); None when the frame has other shapes."""
        quat, offset, root = frame.quat_xyzw, frame.offset_m, frame.root_m
        shaped = (quat.shape[:1], offset.shape[:1], root.shape) == ((MOCOPI_BONES,), (MOCOPI_BONES,), (3,))
        if not shaped:
            return None
        if offset is not self._offset_from:  # a skeleton comes once and stays the same array
            if not copied(offset, self._offset):
                return None
            self._offset_from = offset
        if not fits(quat, 4):
            if not copied(quat, self._quat):
                return None
            quat = self._quat
        if not fits(root):
            if not copied(root, self._root):
                return None
            root = self._root
        return quat, self._offset, root

    def seen(self, frame: MocapFrame) -> np.ndarray:
        """bool (27,): the bones that were sent; all of them when the sender does not say."""
        if frame.seen is not self._seen_from:  # senders share one array between frames, and frames are never written to
            self._seen_from = frame.seen
            if copied(frame.seen, self._seen) != MOCOPI_BONES or not self._seen.any():
                self._seen[:] = True
        return self._seen
