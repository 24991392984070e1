"""The demo performer as a source: a real driver, registered like a camera, in real time on the event loop."""

import asyncio
import time

import numpy as np

from dynamics.frames import SourceKind

from .base import Source, SourceError
from .performer import DEMO, MOVES, NS_PER_S, Body, Performance

FPS = 30.0


class SyntheticSource(Source):
    """`synthetic` plays the demo over and over; `synthetic:MOVE[,MOVE…]` plays those moves once and ends."""

    stream = "camera"
    kind = SourceKind.SYNTHETIC

    def __init__(self, moves: str = "", seed: int = 0) -> None:
        super().__init__()
        names = tuple(name.strip() for name in moves.split(",")) if moves else DEMO
        if unknown := [name for name in names if name not in MOVES]:
            raise SourceError(f"synthetic: no move {', '.join(map(repr, unknown))}; there are {', '.join(MOVES)}")
        self.finite = bool(moves)
        self._performance = Performance(names, Body())
        self._rng = np.random.default_rng(seed)
        self._timer: asyncio.TimerHandle | None = None
        self._start_ns = 0
        self._seq = 0
        self._playing = False

    def start_playback(self) -> None:
        """A finite performance waits at rest until now, so that none of it is lost before arming."""
        if not self._playing:
            self._playing = True
            self._start_ns = time.monotonic_ns()

    async def _open(self) -> None:
        self._start_ns = time.monotonic_ns()
        self._playing = not self.finite
        self._next()

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _next(self) -> None:
        now_ns = time.monotonic_ns()
        t_s = (now_ns - self._start_ns) / NS_PER_S if self._playing else 0.0
        if self.finite and t_s > self._performance.duration_s:
            self.finished = True
            return
        self.stats.received += 1
        self.deliver(self._performance.frame(t_s % self._performance.duration_s, now_ns, self._seq, self._rng))
        self._seq += 1
        self._timer = asyncio.get_running_loop().call_later(1.0 / FPS, self._next)
