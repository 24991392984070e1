"""ZIG SIM in JSON mode: in the app, "OTHER APP", "UDP" or "TCP", "JSON", and the address and port of this machine. One source
listens at both, at the same number.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from dynamics.frames import SourceKind

from ..wire import zigsim_json as wire
from ..wire.body_units import Axes
from .base import SourceError
from .udp import UdpSettings, UdpSource

PORT = 50_000
"""What the app's tutorial proposes."""
CONNECTIONS_MAX = 4
"""One phone has one, and a second when it comes back before the first is known to be dead."""
SILENT_S = 10.0
"""A connection without one good line for this long is closed; the app sends at least one a second."""
LINES_AT_ONCE = 16
"""Lines decoded before the loop may do something else: about 0.3 ms."""
BAD_LINES_MAX = 64
"""So many in a row, and the sender is no ZIG SIM."""


class LineError(StrEnum):
    """Why a connection was not taken, or was closed."""

    TOO_MANY = "zigsim: too many TCP connections"
    SENDER = "zigsim: sender not allowed"
    LONG = "zigsim: a line longer than any of ZIG SIM"
    BAD = "zigsim: too many lines in a row that are not ZIG SIM's"
    SILENT = "zigsim: no good line for too long"


@dataclass(frozen=True, slots=True)
class ZigsimJsonSettings(UdpSettings):
    """One phone a port."""

    port: int = PORT
    axes: Axes = Axes.AUTO
    """What sign the phone uses: "auto", "ios", or "standard" (Android)."""


class ZigsimJsonSource(UdpSource):
    """Pocket frames on stream "pocket", from datagrams and from lines."""

    stream = "pocket"
    kind = SourceKind.POCKET
    max_bytes = wire.MAX_BYTES

    def __init__(self, settings: ZigsimJsonSettings | None = None, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        chosen = settings or ZigsimJsonSettings()
        super().__init__(chosen, clock_ns)
        self.decoder = wire.ZigsimJsonDecoder(chosen.axes)
        self.silent_s = SILENT_S
        self.lines: set[Lines] = set()
        """The TCP connections that are open."""
        self._server: asyncio.Server | None = None

    @property
    def tcp_port(self) -> int:
        """The TCP port that is open, 0 when none is."""
        return 0 if self._server is None else int(self._server.sockets[0].getsockname()[1])

    def lets_in(self, sender: str) -> bool:
        """Whether a sender's connection is taken."""
        return not self._allowed or sender in self._allowed

    async def _open(self) -> None:
        await super()._open()
        host, port = self.settings.host, self.settings.port
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Lines(self, self._clock_ns), host, port)
        except OSError as error:
            await super()._close()
            why = error.strerror or str(error)
            raise SourceError(
                f"{self.label or 'zigsim-json'}: cannot listen at TCP port {port} on {host}: {why}."
                " Choose another port (NAME:PORT)"
            ) from error

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            for lines in tuple(self.lines):
                lines.let_go()
            self._server = None
        await super()._close()

    def _packet(self, packet: bytes, sender: str, recv_ns: int, out: list[Any]) -> str | None:
        return self.decoder.feed(packet, recv_ns, out)


class Lines(asyncio.Protocol):
    """One TCP connection: its bytes cut into lines, a few at a time."""

    def __init__(self, source: ZigsimJsonSource, clock_ns: Callable[[], int]) -> None:
        self._source = source
        self._clock_ns = clock_ns
        self._sender = ""
        self._pending = bytearray()
        self._paused = False
        self._bad = 0
        self._good_ns = clock_ns()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Taken, or closed at once."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its class
        self._sender = str((transport.get_extra_info("peername") or ("",))[0])
        if not self._source.lets_in(self._sender):
            self.let_go(LineError.SENDER)
        elif len(self._source.lines) >= CONNECTIONS_MAX:
            self.let_go(LineError.TOO_MANY)
        else:
            self._source.lines.add(self)
            self._watch()

    def data_received(self, data: bytes) -> None:
        """Never called while earlier bytes are still being cut."""
        self._pending += data
        self._cut()

    def connection_lost(self, exc: Exception | None) -> None:
        """The sender has closed, or we have."""
        self._transport = None
        self._source.lines.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def let_go(self, reason: LineError | None = None) -> None:
        """Close at once, for a reason that is counted."""
        if reason is not None:
            self._source.reject(reason)
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def _cut(self) -> None:
        recv_ns, start = self._clock_ns(), 0
        for _ in range(LINES_AT_ONCE):
            end = self._pending.find(b"\n", start)
            if end < 0 or self._transport is None:
                break
            self._line(bytes(self._pending[start:end]), recv_ns)
            start = end + 1
        del self._pending[:start]
        if self._transport is not None:
            self._wait_or_go_on(self._transport)

    def _wait_or_go_on(self, transport: asyncio.Transport) -> None:
        if b"\n" in self._pending:
            if not self._paused:
                self._paused = True
                transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._cut)
        elif len(self._pending) > wire.MAX_BYTES:
            self.let_go(LineError.LONG)
        elif self._paused and not transport.is_closing():
            self._paused = False
            transport.resume_reading()

    def _line(self, line: bytes, recv_ns: int) -> None:
        frames = self._source.stats.frames
        self._source.datagram(line, self._sender, recv_ns)
        if self._source.stats.frames > frames:
            self._bad, self._good_ns = 0, recv_ns
            return
        self._bad += 1
        if self._bad >= BAD_LINES_MAX:
            self.let_go(LineError.BAD)

    def _watch(self) -> None:
        """Come back when the connection would have been silent for too long."""
        left_s = self._source.silent_s - (self._clock_ns() - self._good_ns) / 1e9
        if left_s <= 0:
            self.let_go(LineError.SILENT)
        elif self._transport is not None:
            self._timer = asyncio.get_running_loop().call_later(left_s, self._watch)
