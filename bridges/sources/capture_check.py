"""Is this picture worth looking at? Dark ones (strobe) and frozen ones are told from live ones, by pixels alone."""

from enum import Enum

import numpy as np

DARK_LUMA = 0.04
"""Mean brightness below which a picture may be a strobe's dark half. A guess, to be measured in a club."""
BRIGHT_LUMA = 0.20
"""A pixel this bright is lit: a performer in a spot on a black stage is dark on the mean, and is not dark."""
BRIGHT_SHARE = 0.01
"""Share of lit pixels from which a picture is worth looking at; lamps of the gear stay below it. A guess."""
FROZEN_NS = 1_000_000_000
"""Bit-identical for this long is a dead camera: a real sensor's noise never repeats, a paused stream does."""
STEP_PX = 8
"""Every 8th pixel of every 8th row tells brightness, and most changes, at 1/64 of the cost."""
LUMA_BGR = np.array([0.114, 0.587, 0.299])


class Look(Enum):
    LIVE = 0
    DARK = 1
    FROZEN = 2


class PictureCheck:
    """Remembers the last picture and since when it has not changed."""

    def __init__(self) -> None:
        self.luma = float("nan")
        self._last: np.ndarray | None = None
        self._since_ns = 0

    def look(self, pixels: np.ndarray, capture_ns: int) -> Look:
        """`pixels` uint8 (height, width, 3), kept until the next call and not to be written to meanwhile."""
        if self._last is None or not same_pixels(self._last, pixels):
            self._since_ns = capture_ns
        self._last = pixels
        grey = pixels[::STEP_PX, ::STEP_PX] @ LUMA_BGR
        self.luma = float(grey.mean()) / 255.0
        if capture_ns - self._since_ns >= FROZEN_NS:
            return Look.FROZEN
        return Look.DARK if self._is_dark(grey) else Look.LIVE

    def _is_dark(self, grey: np.ndarray) -> bool:
        return self.luma < DARK_LUMA and float((grey > BRIGHT_LUMA * 255.0).mean()) < BRIGHT_SHARE


def same_pixels(a: np.ndarray, b: np.ndarray) -> bool:
    """Bit-identical; live pictures differ in the sample already, so the whole is rarely compared."""
    if a.shape != b.shape or not np.array_equal(a[::STEP_PX, ::STEP_PX], b[::STEP_PX, ::STEP_PX]):
        return False
    return np.array_equal(a, b)
