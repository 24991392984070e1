"""Pictures with nobody in them, and waiting for a real process."""

import asyncio
from collections.abc import Callable

import numpy as np

from bridges.sources.base import Source
from dynamics.frames import PoseFrame

SHAPE = (120, 160, 3)
PATIENCE_S = 30.0
"""How long a real process may take on a loaded machine. Nothing waits so long when all is well."""


def noise(count: int, seed: int = 7, mean: float = 110.0) -> list[np.ndarray]:
    """Pictures of a live sensor: grey, each with its own noise."""
    rng = np.random.default_rng(seed)
    return [np.clip(rng.normal(mean, 6.0, SHAPE), 0, 255).astype(np.uint8) for _ in range(count)]


def black(count: int) -> list[np.ndarray]:
    """A strobe's dark half: black but for the sensor's own noise."""
    return noise(count, seed=8, mean=2.0)


async def until(condition: Callable[[], object], what: str) -> None:
    """Look again and again until it is true; AssertionError when it never is."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"after {PATIENCE_S:g} s still not: {what}"
        await asyncio.sleep(0.01)


async def play_to_the_end(source: Source) -> list[PoseFrame]:
    """Open, play, close; the frames that came."""
    frames: list[PoseFrame] = []
    await source.open(lambda _stream, frame: frames.append(frame))  # type: ignore[arg-type]
    try:
        source.start_playback()
        await until(lambda: source.finished, "the file ended")
    finally:
        await source.close()
    return frames
