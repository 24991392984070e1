"""A small HTTP door for devices that push: who may knock, how much they may bring, and how long they may take.

Everything is refused with a short text that a person reading it on a phone can act on. The door opens on the running
loop; aiohttp is imported then.
"""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .base import SourceError

if TYPE_CHECKING:
    from aiohttp import web

BODY_TIMEOUT_S = 5.0
"""A body of the largest size over a slow stage network takes less; a sender that trickles is let go."""
MAX_AT_ONCE = 4
"""Bodies worked on at a time: one phone sends one, and a second while the first is still under way."""
KEEPALIVE_S = 30.0
"""A phone pushes once a second; a connection silent this long is closed."""
_TOO_LARGE = "at most {} bytes; leave pictures out, or send more often"

Answer = tuple[int, str]
"""HTTP status and text. A refusal whose text is of an enum is counted under it, others under their status."""
Handler = Callable[[bytes, str, int], Awaitable[Answer]]
"""(body, or the query of a GET, sender's address, receive time in ns) → answer."""


@dataclass(frozen=True, slots=True)
class Door:
    """One path that takes one method."""

    path: str
    content_types: tuple[str, ...]
    """Empty: any."""
    max_bytes: int
    handler: Handler
    method: str = "POST"


class Senders:
    """Which addresses are let in: those listed (addresses or networks), or, with none listed, this machine and private
    networks. Raises SourceError for an entry that is neither."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        try:
            self._networks = [ipaddress.ip_network(entry, strict=False) for entry in allowed]
        except ValueError as error:
            raise SourceError(f"allowed: {error}. Write addresses or networks, as in 192.168.1.20 or 192.168.1.0/24") from None

    def lets_in(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            return self._known(ip.ipv4_mapped)
        return self._known(ip)

    def _known(self, ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        if not self._networks:
            return ip.is_private or ip.is_loopback or ip.is_link_local
        return any(ip in network for network in self._networks if network.version == ip.version)


class HttpIntake:
    """Listens at one address for the given doors. `refused` is told the reason of every request that was turned away."""

    def __init__(
        self,
        name: str,
        doors: tuple[Door, ...],
        allowed: tuple[str, ...],
        refused: Callable[[str], None],
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._name = name
        self._doors = doors
        self._senders = Senders(allowed)
        self._refused = refused
        self._clock_ns = clock_ns
        self._runner: web.AppRunner | None = None
        self._busy = 0

    @property
    def port(self) -> int:
        """The port that is open, 0 when none is."""
        addresses: list[Any] = [] if self._runner is None else self._runner.addresses
        return int(addresses[0][1]) if addresses else 0

    async def open(self, host: str, port: int) -> None:
        """Listen. Raises SourceError."""
        from aiohttp import web

        app = web.Application(client_max_size=max(door.max_bytes for door in self._doors))
        self._add_routes(app)
        runner = web.AppRunner(app, access_log=None, keepalive_timeout=KEEPALIVE_S, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            why = error.strerror or str(error)
            raise SourceError(
                f"{self._name}: cannot listen at TCP port {port} on {host}: {why}. Choose another port (NAME:PORT)"
            ) from error
        self._runner = runner

    async def close(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    def _add_routes(self, app: "web.Application") -> None:
        for door in self._doors:
            app.router.add_route(door.method, door.path, self._guard(door))

    def _guard(self, door: Door) -> "Callable[[web.Request], Awaitable[web.StreamResponse]]":
        async def answer(request: "web.Request") -> "web.StreamResponse":
            from aiohttp import web

            status, text = await self._answer(door, request)
            if status >= 400:
                self._refused(text if isinstance(text, StrEnum) else f"http: {status}")
            return web.Response(status=status, text=text + "\n")

        return answer

    async def _answer(self, door: Door, request: "web.Request") -> Answer:
        sender = request.remote or ""
        if not self._senders.lets_in(sender):
            return 403, f"{sender} is not among the allowed senders of {self._name}"
        if door.content_types and request.content_type not in door.content_types:
            return 415, f"send {' or '.join(door.content_types)}, not {request.content_type[:80]}"
        if (request.content_length or 0) > door.max_bytes:
            return 413, _TOO_LARGE.format(door.max_bytes)
        if self._busy >= MAX_AT_ONCE:
            return 429, "earlier bodies are still being read"
        self._busy += 1
        try:
            return await self._take(door, request, sender)
        finally:
            self._busy -= 1

    async def _take(self, door: Door, request: "web.Request", sender: str) -> Answer:
        from aiohttp import web

        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                body = await request.read()
        except TimeoutError:
            return 408, f"the body took longer than {BODY_TIMEOUT_S:g} s"
        except web.HTTPRequestEntityTooLarge:
            return 413, _TOO_LARGE.format(door.max_bytes)
        if request.method == "GET":
            body = request.rel_url.raw_query_string.encode("utf-8", "replace")
        return await door.handler(body, sender, self._clock_ns())
