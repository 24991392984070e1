"""Pictures from a device or a file, read by a thread of its own; the newest one waits in a slot.

A file plays as a camera would: picture i is there at start + i / rate, and who is late gets the newest. Runs in the
worker only; the driver (cv2) is loaded when something is opened.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .capture_settings import CameraSettings, WorkerOptions

DEFAULT_FPS = 30.0
"""For files that name no rate, or one that is none."""
MAX_FILE_FPS = 480.0
MAX_STAMP_AGE_NS = 500_000_000
"""A driver's stamp is taken only when it lies this close before now: then it is on our clock (V4L2's is)."""
READ_FAILURES = 5
"""Failed reads in a row that mean the device is gone. A guess: an unplugged V4L2 camera fails every read at once."""
SEEK_S = 5.0
"""Further behind than this, a file is sought instead of decoded (about 1 ms per picture)."""
MANUAL_EXPOSURE = {"V4L2": 1.0, "MSMF": 0.0, "DSHOW": 0.0}
"""What each backend calls auto-exposure off; the others cannot."""


class CaptureError(Exception):
    """The device or file cannot be opened or has gone; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`pixels` uint8 (height, width, 3), blue green red."""

    pixels: np.ndarray
    seq: int = 0
    capture_ns: int = 0
    device_s: float = float("nan")
    driver_stamp: bool = False


class Slot:
    """Holds one picture. `put` replaces it and counts, or with `keep_all` waits until it was taken."""

    def __init__(self, keep_all: bool = False) -> None:
        self.skipped = 0
        self.error = ""
        self._keep_all = keep_all
        self._picture: Picture | None = None
        self._ended = False
        self._changed = threading.Condition()

    def put(self, picture: Picture) -> None:
        with self._changed:
            if self._keep_all:
                self._changed.wait_for(lambda: self._picture is None or self._ended)
            elif self._picture is not None:
                self.skipped += 1
            self._picture = picture
            self._changed.notify_all()

    def skip(self) -> None:
        """A picture was passed over before it was decoded."""
        with self._changed:
            self.skipped += 1

    def end(self, error: str = "") -> None:
        with self._changed:
            self._ended = True
            self.error = error
            self._changed.notify_all()

    def take(self) -> Picture | None:
        """The newest picture, waiting for it; None after the last."""
        with self._changed:
            self._changed.wait_for(lambda: self._picture is not None or self._ended)
            picture, self._picture = self._picture, None
            self._changed.notify_all()
            return picture


class Capture:
    """An open device or file."""

    def __init__(self, options: WorkerOptions) -> None:
        import cv2

        cv2.setNumThreads(1)
        self.cv2 = cv2
        self.is_file = bool(options.file)
        self.grabbed = 0
        self.exposure_fixed = False
        self.device: Any = _open_file(cv2, options.file) if self.is_file else self._open_device(options)
        self.fps = float(self.device.get(cv2.CAP_PROP_FPS))
        if self.is_file and not 0.0 < self.fps <= MAX_FILE_FPS:
            self.fps = DEFAULT_FPS
        self.width_px = int(self.device.get(cv2.CAP_PROP_FRAME_WIDTH))
        self.height_px = int(self.device.get(cv2.CAP_PROP_FRAME_HEIGHT))

    def start(self, slot: Slot, epoch_ns: int, first: int, every_picture: bool) -> None:
        """Begin to fill the slot; a file has its time 0 at `epoch_ns` and begins at picture `first`."""
        if self.is_file:
            work: Callable[[], None] = lambda: self._play(slot, epoch_ns, first, every_picture)  # noqa: E731
        else:
            work = lambda: self._grab(slot)  # noqa: E731
        threading.Thread(target=_run, args=(work, slot), name="grab", daemon=True).start()

    def _open_device(self, options: WorkerOptions) -> Any:
        cv2, settings = self.cv2, options.settings
        device = cv2.VideoCapture(options.index)
        if not device.isOpened():
            raise CaptureError(f"camera {options.index} does not open: close other programs that use it, or unplug it once")
        if settings.fourcc:
            device.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*settings.fourcc))
        for prop, value in (
            (cv2.CAP_PROP_FRAME_WIDTH, settings.width_px),
            (cv2.CAP_PROP_FRAME_HEIGHT, settings.height_px),
            (cv2.CAP_PROP_FPS, settings.fps),
        ):
            if value > 0:
                device.set(prop, value)
        self.exposure_fixed = settings.fixed_exposure and _fix_exposure(cv2, device, settings)
        return device

    def _grab(self, slot: Slot) -> None:
        failures, last_ns = 0, 0
        stamped = self.device.getBackendName() == "V4L2"
        while failures < READ_FAILURES:
            ok, pixels = self.device.read()
            now_ns = time.monotonic_ns()
            if not ok:
                failures += 1
                continue
            failures = 0
            driver_ms = self.device.get(self.cv2.CAP_PROP_POS_MSEC) if stamped else 0.0
            last_ns = capture_ns = max(last_ns + 1, capture_stamp(now_ns, driver_ms))
            self.grabbed += 1
            slot.put(Picture(pixels, self.grabbed - 1, capture_ns, driver_stamp=capture_ns != now_ns))
        slot.end("the camera gives no more pictures: was it unplugged?")

    def _play(self, slot: Slot, epoch_ns: int, first: int, every_picture: bool) -> None:
        index = self._seek(first) if every_picture else self._seek(self._index_due(epoch_ns))
        period_ns = 1e9 / self.fps
        while self.device.grab():
            self.grabbed += 1
            due_ns = epoch_ns + round(index * period_ns)
            if not every_picture and time.monotonic_ns() > due_ns + period_ns:
                slot.skip()
            else:
                ok, pixels = self.device.retrieve()
                if not ok:
                    break
                if not every_picture:
                    _sleep_until(due_ns)
                slot.put(Picture(pixels, index, due_ns, index / self.fps))
            index += 1
        slot.end()

    def _index_due(self, epoch_ns: int) -> int:
        behind_s = (time.monotonic_ns() - epoch_ns) * 1e-9
        return int(behind_s * self.fps) if behind_s > SEEK_S else 0

    def _seek(self, index: int) -> int:
        if index > 0:
            self.device.set(self.cv2.CAP_PROP_POS_FRAMES, index)
        return index


def capture_stamp(now_ns: int, driver_ms: float) -> int:
    """The driver's stamp when it is on our monotonic clock, else the moment after the grab."""
    stamp_ns = round(driver_ms * 1e6) if driver_ms > 0.0 else 0
    return stamp_ns if 0 <= now_ns - stamp_ns <= MAX_STAMP_AGE_NS else now_ns


def _open_file(cv2: Any, path: str) -> Any:
    device = cv2.VideoCapture(path)
    if not device.isOpened():
        raise CaptureError(f"{path} is not a video that can be played here")
    return device


def _fix_exposure(cv2: Any, device: Any, settings: CameraSettings) -> bool:
    manual = MANUAL_EXPOSURE.get(device.getBackendName())
    if manual is None or not device.set(cv2.CAP_PROP_AUTO_EXPOSURE, manual):
        return False
    if settings.exposure > 0.0:
        device.set(cv2.CAP_PROP_EXPOSURE, settings.exposure)
    if settings.gain >= 0.0:
        device.set(cv2.CAP_PROP_GAIN, settings.gain)
    return True


def _run(work: Callable[[], None], slot: Slot) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - the thread's last word has to reach the deck
        slot.end(f"reading pictures failed: {error}")


def _sleep_until(due_ns: int) -> None:
    wait_s = (due_ns - time.monotonic_ns()) * 1e-9
    if wait_s > 0.0:
        time.sleep(wait_s)
