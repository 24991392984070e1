"""One calibration before a source: opens it, lets the guide see its pictures, closes it."""

import asyncio
from collections.abc import Callable

from bridges.sources.base import Source, SourceError
from dynamics.frames import Frame, PoseFrame

from ..clock import Clock, monotonic
from ..exits import MissingError
from .guide import Guide, Now
from .look import warm_up

POLL_S = 0.05
"""Between two looks at what to show: calm for the eye, and soon enough for who holds a pose."""
CAMERA = "camera"


async def perform(source: Source, show: Callable[[Now], None], clock: Clock = monotonic) -> Guide:
    """Until the guide is over, or the source has ended. Raises MissingError when the source cannot be opened."""
    warm_up()
    guide = Guide()

    def take(stream: str, frame: Frame) -> None:
        if stream == CAMERA and isinstance(frame, PoseFrame):
            guide.see(frame)

    try:
        await source.open(take)
    except SourceError as error:
        raise MissingError(str(error)) from error
    try:
        source.start_playback()
        while not guide.over:
            show(guide.now())
            await asyncio.sleep(POLL_S)
            _look_at(source, guide, clock())
        show(guide.now())
    finally:
        await source.close()
    return guide


def _look_at(source: Source, guide: Guide, now_ns: int) -> None:
    """A recording has times of its own and an end; a device may fall silent."""
    if not source.finite:
        guide.wait(now_ns)
    elif source.finished:
        guide.give_up("the recording ended before this was held")
