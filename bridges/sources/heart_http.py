"""Heart-rate apps over HTTP. HeartIO: the address http://THIS-MACHINE:2333/heart. Health Data Server: the address of this
machine and the port 3476, which `heart-http:3476` opens. The port is opened only because a person named the source.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from dynamics.frames import SourceKind, WatchSample

from ..wire.heart_http import MAX_BODY_BYTES, HeartDecoder, HeartError
from .base import Source
from .http_intake import Answer, Door, Handler, HttpIntake

if TYPE_CHECKING:
    from aiohttp import WSMessage, web

PORT = 2333
"""HeartIO's, which has it built in. Health Data Server's is 3476, and can be set in its app."""
SENDER_HOLD_NS = 15_000_000_000
"""Two watches at once would make one heart of two: the first is kept until it has been silent this long. HeartIO sends
every 1 s to 10 s."""
SOCKETS_MAX = 4
"""One watch has one WebSocket, and a second when it comes back before the first is known to be dead."""
SOCKET_SILENT_S = 60.0
"""A WebSocket that says nothing for this long is closed; the app opens it again."""
PING_S = 15.0
MAX_REASON_BYTES = 123
"""What fits behind the code of a closing frame."""


class SocketError(StrEnum):
    """Why a WebSocket was closed."""

    SILENT = "heart: a WebSocket said nothing for too long"


@dataclass(frozen=True, slots=True)
class HeartHttpSettings:
    """Where to listen, and to whom."""

    host: str = "0.0.0.0"
    """Address of the interface; 0.0.0.0 is all of them, 127.0.0.1 this machine only."""
    port: int = PORT
    """TCP port; 0 lets the system choose."""
    allowed: tuple[str, ...] = ()
    """Addresses or networks that may send; empty: this machine and private networks, one sender at a time."""
    side: str = ""
    """The wrist of the watch: "left", "right", or empty."""


Decode = Callable[[bytes, int, list[WatchSample]], HeartError | None]
"""(body or query, receive time in ns, frames) → why it was refused."""


class HeartHttpSource(Source):
    """Watch frames with a heart rate on stream "watch"."""

    stream = "watch"
    kind = SourceKind.WATCH

    def __init__(
        self,
        settings: HeartHttpSettings | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Raises SourceError for an `allowed` entry that is no address."""
        super().__init__()
        self.settings = settings or HeartHttpSettings()
        self.decoder = HeartDecoder(self.settings.side)
        doors = (
            Door("/heart", (), MAX_BODY_BYTES, self._handler(self.decoder.query), "GET"),
            Door("/", (), MAX_BODY_BYTES, self._handler(self.decoder.body), "PUT"),
        )
        self.clock_ns = clock_ns
        self.silent_s = SOCKET_SILENT_S
        self._intake = _Intake(doors, self)
        self._sender = ""
        self._sender_ns = 0

    @property
    def port(self) -> int:
        """The port that is open, 0 when none is."""
        return self._intake.port

    @property
    def sender(self) -> str:
        return self._sender

    @property
    def hears_anyone(self) -> bool:
        return not self.settings.allowed

    def text(self, message: str, sender: str, recv_ns: int) -> Answer:
        """One message of a WebSocket."""
        return self._take(lambda data, now_ns, out: self.decoder.text(message, now_ns, out), b"", sender, recv_ns)

    async def _open(self) -> None:
        await self._intake.open(self.settings.host, self.settings.port)

    async def _close(self) -> None:
        await self._intake.close()
        self._sender = ""

    def _handler(self, decode: Decode) -> Handler:
        async def handle(body: bytes, sender: str, recv_ns: int) -> Answer:
            return self._take(decode, body, sender, recv_ns)

        return handle

    def _take(self, decode: Decode, body: bytes, sender: str, recv_ns: int) -> Answer:
        self.stats.received += 1
        if self._sender not in ("", sender) and recv_ns - self._sender_ns < SENDER_HOLD_NS:
            return 409, f"another sender is being heard: {self._sender}"
        frames: list[WatchSample] = []
        error = decode(body, recv_ns, frames)
        if error is not None:
            return 400, error
        for frame in frames:
            self._sender, self._sender_ns = sender, recv_ns
            self.deliver(frame)
        return 200, "ok" if frames else "ok, but only the heart rate is read"


class _Intake(HttpIntake):
    """The doors, and a WebSocket at `/` beside them."""

    def __init__(self, doors: tuple[Door, ...], source: HeartHttpSource) -> None:
        super().__init__("heart-http", doors, source.settings.allowed, source.reject, source.clock_ns)
        self._source = source
        self._sockets: set[web.WebSocketResponse] = set()

    async def close(self) -> None:
        """Say goodbye to the sockets first: the server's own closing waits for them."""
        from aiohttp import WSCloseCode

        for socket in tuple(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY, drain=False)
        await super().close()

    def _add_routes(self, app: "web.Application") -> None:
        super()._add_routes(app)
        app.router.add_get("/", self._socket)

    async def _socket(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        socket = web.WebSocketResponse(
            timeout=1.0, autoping=False, heartbeat=PING_S, max_msg_size=MAX_BODY_BYTES, compress=False
        )
        refusal = self._refusal(request, socket.can_prepare(request).ok)
        if refusal is not None:
            self._refused(f"http: {refusal[0]}")
            return web.Response(status=refusal[0], text=refusal[1] + "\n")
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await self._listen(socket, request.remote or "")
        finally:
            self._sockets.discard(socket)
        return socket

    def _refusal(self, request: "web.Request", is_socket: bool) -> Answer | None:
        if not self._senders.lets_in(request.remote or ""):
            return 403, f"{request.remote} is not among the allowed senders of {self._name}"
        if not is_socket:
            return 400, "open a WebSocket here, or PUT to it; HeartIO's address is /heart?bpm=72"
        if len(self._sockets) >= SOCKETS_MAX:
            return 429, "too many WebSockets are open"
        return None

    async def _listen(self, socket: "web.WebSocketResponse", sender: str) -> None:
        """Until the sender closes, is silent too long, or another one is being heard."""
        from aiohttp import WSCloseCode, WSMsgType

        while True:
            try:
                async with asyncio.timeout(self._source.silent_s):
                    message = await _next(socket)
            except TimeoutError:
                self._refused(SocketError.SILENT)
                return
            if message.type is not WSMsgType.TEXT:
                await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
                return
            status, text = self._source.text(message.data, sender, self._clock_ns())
            if status >= 400:
                self._refused(text if isinstance(text, StrEnum) else f"http: {status}")
            if status == 409:
                await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=text.encode()[:MAX_REASON_BYTES])
                return
            await asyncio.sleep(0)


async def _next(socket: "web.WebSocketResponse") -> "WSMessage":
    """The next message that is no ping or pong. The loop goes round between any two."""
    from aiohttp import WSMsgType

    while True:
        message = await socket.receive()
        if message.type not in (WSMsgType.PING, WSMsgType.PONG):
            return message
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)
        await asyncio.sleep(0)
