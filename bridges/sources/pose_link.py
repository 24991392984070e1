"""One running pose worker as the deck sees it: its process, its socket, and the messages that came."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from bridges.ipc import spawn_child

from .capture_settings import WorkerOptions, to_argument
from .pose_wire import Decoder, Header, Message, WireError, encode

READ_BYTES = 1 << 16
EXIT_WAIT_S = 1.0
"""A worker that reads end of file leaves by itself within this, or is killed."""
KILL_WAIT_S = 5.0
"""A killed process that hangs in a driver is left to the system after this."""
POLL_S = 0.01
WORKER_ENV = {
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "GLOG_minloglevel": "3",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
"""Quiet, and no thread pools that the worker has no use for."""


class PoseLink:
    """Started by `start`; `on_messages(messages, recv_ns)` gets everything that was waiting at once.

    `down` becomes done with the reason when the worker is gone or speaks nonsense.
    """

    def __init__(self, options: WorkerOptions, on_messages: Callable[[list[Message], int], None]) -> None:
        self._on_messages = on_messages
        self._decoder = Decoder()
        self._loop = asyncio.get_running_loop()
        self._reader: asyncio.Task[None] | None = None
        self.down: asyncio.Future[str] = self._loop.create_future()
        self._process, self._sock = spawn_child("bridges.sources.pose_worker", ["--options", to_argument(options)], WORKER_ENV)
        self._sock.setblocking(False)
        self._listen()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, header: Header) -> None:
        """Tell the worker; a worker that is gone is noticed by the reader."""
        with contextlib.suppress(OSError):
            self._sock.send(encode(header))

    async def close(self, wait_s: float = EXIT_WAIT_S) -> None:
        """Hang up, give the worker a moment to leave, then kill it; the process is reaped on return."""
        self._stop_listening()
        self._sock.close()
        if not await self._left_within(wait_s):
            self._process.kill()
            await self._left_within(KILL_WAIT_S)

    async def _left_within(self, wait_s: float) -> bool:
        deadline = self._loop.time() + wait_s
        while (running := self._process.poll() is None) and self._loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)
        return not running

    def _listen(self) -> None:
        try:
            self._loop.add_reader(self._sock, self._read_waiting)
        except NotImplementedError:  # the Proactor loop of Windows
            self._reader = self._loop.create_task(self._read_on())

    def _stop_listening(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
        else:
            self._loop.remove_reader(self._sock)

    def _read_waiting(self) -> None:
        """Everything that waits, decoded together, so that the newest is known to be the newest."""
        recv_ns = time.monotonic_ns()
        chunks = bytearray()
        ended = False
        try:
            while not ended:
                data = self._sock.recv(READ_BYTES)
                chunks += data
                ended = not data
        except BlockingIOError:
            pass
        except OSError:
            ended = True
        self._take(bytes(chunks), recv_ns, ended)

    async def _read_on(self) -> None:
        data = b"?"
        while data and not self.down.done():
            try:
                data = await self._loop.sock_recv(self._sock, READ_BYTES)
            except OSError:
                data = b""
            self._take(data, time.monotonic_ns(), not data)

    def _take(self, data: bytes, recv_ns: int, ended: bool) -> None:
        try:
            messages = list(self._decoder.feed(data))
        except WireError as error:
            self._give_up(f"{error}")
            return
        if messages:
            self._on_messages(messages, recv_ns)
        if ended:
            self._give_up("the pose worker is gone")

    def _give_up(self, why: str) -> None:
        if self._reader is None:
            self._loop.remove_reader(self._sock)
        if not self.down.done():
            self.down.set_result(why)
