"""Sensor Logger on a phone, with its watch, pushing over HTTP: in the app, "Data Streaming", "HTTP Push", and the address
http://THIS-MACHINE:8000/api/data. The port is opened only because a person named the source.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from dynamics.frames import SourceKind, WatchSample

from ..wire.body_units import Axes
from ..wire.sensor_device import Batch
from ..wire.sensor_logger import SensorError, SensorLoggerDecoder
from .base import Source
from .http_intake import Answer, Door, HttpIntake

PATH = "/api/data"
PORT = 8000
"""Where the app's own examples push to; anything else can be set on both sides."""
MAX_BODY_BYTES = 2_000_000
"""A second of ten sensors at 100 Hz is 0.2 MB; the rest is for what gathered while the network was away."""
SENDER_HOLD_NS = 10_000_000_000
"""Two phones at once would make one pocket of two: the first is kept until it has been silent this long."""
FRAMES_AT_ONCE = 16
"""Frames handed on before the loop may do something else."""


@dataclass(frozen=True, slots=True)
class SensorLoggerSettings:
    """Where to listen, to whom, and what the app cannot say of itself."""

    host: str = "0.0.0.0"
    """Address of the interface; 0.0.0.0 is all of them, 127.0.0.1 this machine only."""
    port: int = PORT
    """TCP port; 0 lets the system choose."""
    allowed: tuple[str, ...] = ()
    """Addresses or networks that may send; empty: this machine and private networks, one sender at a time."""
    side: str = ""
    """The wrist of the watch: "left", "right", or empty."""
    axes: Axes = Axes.AUTO
    """What sign the phone uses: "auto", "ios", or "standard" (Android, or "Standardise Units & Frames" on)."""


class SensorLoggerSource(Source):
    """Pocket frames on stream "pocket" and watch frames on stream "watch"."""

    stream = "pocket"
    kind = SourceKind.POCKET

    def __init__(
        self,
        settings: SensorLoggerSettings | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Raises SourceError for an `allowed` entry that is no address."""
        super().__init__()
        self.settings = settings or SensorLoggerSettings()
        self.decoder = SensorLoggerDecoder(self.settings.side, self.settings.axes)
        door = Door(PATH, ("application/json",), MAX_BODY_BYTES, self._body)
        self._intake = HttpIntake("sensor-logger", (door,), self.settings.allowed, self.reject, clock_ns)
        self._one_at_a_time = asyncio.Lock()
        self._sender = ""
        self._sender_ns = 0

    @property
    def port(self) -> int:
        """The port that is open, 0 when none is."""
        return self._intake.port

    async def _open(self) -> None:
        await self._intake.open(self.settings.host, self.settings.port)

    async def _close(self) -> None:
        await self._intake.close()
        self._sender = ""

    async def _body(self, body: bytes, sender: str, recv_ns: int) -> Answer:
        self.stats.received += 1
        async with self._one_at_a_time:
            if self._sender not in ("", sender) and recv_ns - self._sender_ns < SENDER_HOLD_NS:
                return 409, f"another sender is being heard: {self._sender}"
            batch = await self._decode(body, recv_ns)
            if isinstance(batch, SensorError):
                return 400, batch
            self._sender, self._sender_ns = sender, recv_ns
            await self._hand_on(batch)
        return 200, "ok"

    async def _decode(self, body: bytes, recv_ns: int) -> Batch | SensorError:
        """The decoder's slices, with the loop free in between."""
        steps = self.decoder.decode_in_steps(body, recv_ns)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                result: Batch | SensorError = done.value
                return result
            await asyncio.sleep(0)

    async def _hand_on(self, batch: Batch) -> None:
        for reason, count in (("bad reading", batch.bad), ("late reading", batch.late), ("stale reading", batch.stale)):
            if count:
                self.stats.errors[reason] = self.stats.errors.get(reason, 0) + count
        self.stats.dropped += batch.cut
        for number, frame in enumerate(batch.frames, 1):
            self.deliver(frame, "watch" if isinstance(frame, WatchSample) else "pocket")
            if number % FRAMES_AT_ONCE == 0:
                await asyncio.sleep(0)
