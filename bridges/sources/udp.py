"""What all UDP sources share: the socket, the checks before decoding, one sender at a time, and the spec `NAME:HOST:PORT`.

A source opens its port only because a person named it. Devices on the stage's network must reach it, so the default host
is every interface; `NAME:127.0.0.1:PORT` keeps it on this machine, and `allowed` lists the only senders that are heard.
"""

import asyncio
import errno
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from dynamics.frames import Frame

from .base import Source, SourceError

ANY_HOST = "0.0.0.0"
RECEIVE_BUFFER_BYTES = 1 << 20
"""Some seconds of frames: a stalled loop finds them late, and their age says so, rather than not at all."""
SENDER_HOLD_NS = 2_000_000_000
"""Two senders at once would make one body of two: the first is kept until it has been silent this long."""


class UdpError(StrEnum):
    """Why a datagram was refused before it was decoded."""

    SIZE = "udp: larger than any datagram of this port"
    SENDER = "udp: sender not allowed"
    SECOND_SENDER = "udp: another sender is being heard"


@dataclass(frozen=True, slots=True)
class UdpSettings:
    """Where to listen, and to whom."""

    host: str = ANY_HOST
    """Address of the interface; 0.0.0.0 is all of them, 127.0.0.1 this machine only."""
    port: int = 0
    """UDP port; 0 lets the system choose."""
    allowed: tuple[str, ...] = ()
    """Addresses of senders that are heard; empty hears any, one at a time."""
    receive_buffer_bytes: int = RECEIVE_BUFFER_BYTES


S = TypeVar("S", bound=UdpSettings)


def with_address(settings: S, address: str) -> S:
    """`settings` with `PORT`, `HOST` or `HOST:PORT` put in; an empty address changes nothing. Raises SourceError."""
    host, _, port = address.rpartition(":")
    if address and not port.isdecimal():
        host, port = address.rstrip(":"), ""
    host = host.removeprefix("[").removesuffix("]")
    if port and not 0 < int(port) < 65536:
        raise SourceError(f"port {port} of address {address!r} is not in 1..65535")
    return replace(settings, host=host or settings.host, port=int(port) if port else settings.port)


class UdpSource(Source):
    """A driver overrides `_packet` (decode one datagram) and, where frames wait for their rest, `_flush`."""

    max_bytes: int = 0
    gap_ns: int = 0
    """When above 0, `_flush` is called this long after a datagram for which `_waiting` is true."""

    def __init__(self, settings: UdpSettings, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        super().__init__()
        self.settings = settings
        self._clock_ns = clock_ns
        self._transport: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._allowed = frozenset(settings.allowed)
        self._sender = ""
        self._sender_ns = 0

    @property
    def port(self) -> int:
        """The port that is open, 0 when none is."""
        return 0 if self._transport is None else int(self._transport.get_extra_info("sockname")[1])

    @property
    def sender(self) -> str:
        return self._sender

    @property
    def hears_anyone(self) -> bool:
        return not self._allowed

    def datagram(self, packet: bytes, sender: str, recv_ns: int) -> None:
        """One datagram from the socket: counted, checked, decoded."""
        self.stats.received += 1
        if len(packet) > self.max_bytes:
            self.reject(UdpError.SIZE)
        elif self._allowed and sender not in self._allowed:
            self.reject(UdpError.SENDER)
        elif sender != self._sender and self._sender and recv_ns - self._sender_ns < SENDER_HOLD_NS:
            self.reject(UdpError.SECOND_SENDER)
        else:
            self._heard(packet, sender, recv_ns)

    def _heard(self, packet: bytes, sender: str, recv_ns: int) -> None:
        frames: list[Any] = []
        reason = self._packet(packet, sender, recv_ns, frames)
        if reason is not None:
            self.reject(reason)
        if reason is None or frames:
            self._sender, self._sender_ns = sender, recv_ns
        self._hand_on(frames)
        if self.gap_ns and self._timer is None and self._waiting():
            self._timer = asyncio.get_running_loop().call_later(self.gap_ns / 1e9, self._pause)

    def _hand_on(self, frames: list[Frame]) -> None:
        for frame in frames:
            self.deliver(frame)

    def _pause(self) -> None:
        self._timer = None
        frames: list[Any] = []
        self._flush(self._clock_ns(), frames)
        self._hand_on(frames)
        if self._waiting() and self.is_open:
            self._timer = asyncio.get_running_loop().call_later(self.gap_ns / 1e9, self._pause)

    async def _open(self) -> None:
        where = f"UDP port {self.settings.port} on {self.settings.host}"
        loop = asyncio.get_running_loop()
        try:
            sock = await self._bound(loop)
            transport, _ = await loop.create_datagram_endpoint(lambda: _Protocol(self, self._clock_ns), sock=sock)
        except OSError as error:
            remedy = _remedy(error, self.label or "NAME", self.settings.host)
            raise SourceError(f"{self.label or self.stream}: cannot listen at {where}: {remedy}") from error
        self._transport = transport

    async def _bound(self, loop: asyncio.AbstractEventLoop) -> socket.socket:
        """Bound by ourselves, because uvloop's own error has no number. Raises OSError."""
        found = await loop.getaddrinfo(self.settings.host, self.settings.port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.settings.receive_buffer_bytes)
            sock.bind(address)
        except OSError:
            sock.close()
            raise
        return sock

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None
            await asyncio.sleep(0)  # the loop closes the socket in its next round, so the port is free afterwards
        self._sender = ""

    def _packet(self, packet: bytes, sender: str, recv_ns: int, out: list[Any]) -> str | None:
        """Decode one datagram: frames are appended to `out`; returns why it, or part of it, was refused."""
        raise NotImplementedError

    def _waiting(self) -> bool:
        return False

    def _flush(self, now_ns: int, out: list[Any]) -> None:
        """Append frames that waited long enough to `out`."""


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, source: UdpSource, clock_ns: Callable[[], int]) -> None:
        self._datagram = source.datagram
        self._clock_ns = clock_ns

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        recv_ns = self._clock_ns()
        self._datagram(data, addr[0], recv_ns)

    def error_received(self, exc: Exception) -> None:
        """An unreachable reply to something sent: nothing is sent from here, and Windows reports some all the same."""


def _remedy(error: OSError, label: str, host: str) -> str:
    if error.errno == errno.EADDRINUSE:
        name = label.partition(":")[0]
        return f"another program has it. Close that program, or choose another port ({name}:{host}:PORT)"
    if error.errno == errno.EACCES:
        return "the system does not allow it. Choose a port above 1023"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return "this machine has no such address. Use 0.0.0.0 for every interface"
    return error.strerror or str(error)
