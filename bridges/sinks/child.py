"""One running writer as its deck sees it: the process, the stream, the frames that come back."""

import asyncio
import contextlib
import select
import subprocess
import threading
from collections.abc import Callable
from typing import IO, cast

from .base import SinkError
from .driver import table_hash
from .frames import Frame, FrameError, FrameReader, Kind, pack
from .last_words import LastWords
from .link import HAS_PAIR, LinkError, start_child
from .plan import WriterPlan

START_TIMEOUT_S = 15.0
"""From start to first word. Seen: 0.1 s, and 5 s after a JACK client was killed, when jackd -S answers nobody."""
BYE_TIMEOUT_S = 1.0
"""How long a writer may take to let go and end before it is killed."""
STDERR_TIMEOUT_S = 0.5
"""After its end: only a child of the writer can still hold its standard error."""
RECEIVE_BYTES = 65536
THREAD_POLL_S = 0.2


class Child:
    """Made by `start`. `on_frame` is called on the loop for every frame after the first, `on_end(why)` once."""

    def __init__(self, on_frame: Callable[[Frame], None], on_end: Callable[[str], None]) -> None:
        self._on_frame, self._on_end = on_frame, on_end
        self._loop = asyncio.get_running_loop()
        self._hello: asyncio.Future[Frame] = self._loop.create_future()
        self._reader = FrameReader()
        self._words = b""
        self._stderr: LastWords | None = None
        self._unsent = b""
        self._ended = False

    async def start(self, plan: WriterPlan, pair: bool = HAS_PAIR) -> Frame:
        """Start the process; its first STATUS comes back. Raises SinkError with the writer's own reason."""
        document = plan.as_dict()
        spawn = asyncio.ensure_future(asyncio.to_thread(start_child, "bridges.sinks.writer", document, pair))
        try:
            self.process, self.link = await asyncio.shield(spawn)
        except (OSError, LinkError, subprocess.SubprocessError) as error:
            raise SinkError(f"the writer process does not start: {error}") from error
        except asyncio.CancelledError:
            self.process, self.link = await spawn
            await self.end()
            raise
        self._stderr = LastWords(cast(IO[bytes], self.process.stderr))
        self._watch()
        try:
            hello = await asyncio.wait_for(self._hello, START_TIMEOUT_S)
            if hello.seq != table_hash(document["rows"]):
                raise SinkError("the writer process has another table of commands: is another AirDeck installed?")
        except EOFError:
            await self.end()
            raise SinkError(self._why()) from None
        except TimeoutError:
            await self.end()
            raise SinkError(f"the writer process said nothing for {START_TIMEOUT_S:g} s") from None
        except BaseException:
            await self.end()
            raise
        return hello

    def send(self, frame: Frame) -> bool:
        """Hand one frame over; False when it was dropped because the stream is full or gone. Never blocks."""
        data = pack(frame)
        try:
            if self._unsent:
                self._unsent = self._unsent[self.link.send(self._unsent) :]
            if self._unsent:
                return False
            self._unsent = data[self.link.send(data) :]
        except OSError:
            return False
        return True

    async def bye(self) -> None:
        """Let it release everything and end by itself; kill it when it does not."""
        self.send(Frame(Kind.BYE))
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self.process.wait, BYE_TIMEOUT_S)
        if not self._ended:
            self._take()  # its last releases
        await self.end()

    async def end(self) -> None:
        """Kill it, whatever it does, and free the stream. May be called again."""
        self._unwatch()
        self.link.close()
        self.process.kill()
        await asyncio.shield(asyncio.to_thread(self._bury))

    def _bury(self) -> None:
        self.process.wait()
        if self._stderr is not None:
            self._stderr.wait(STDERR_TIMEOUT_S)
        elif self.process.stderr is not None:
            self.process.stderr.close()

    def _watch(self) -> None:
        """Windows' own loop watches no sockets of others: a thread does it there."""
        try:
            self._loop.add_reader(self.link, self._take)
        except NotImplementedError:
            threading.Thread(target=self._watch_thread, name="writer-replies", daemon=True).start()

    def _unwatch(self) -> None:
        self._ended = True
        if self.link.fileno() >= 0:
            with contextlib.suppress(NotImplementedError):
                self._loop.remove_reader(self.link)

    def _watch_thread(self) -> None:
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # closed meanwhile: this ends, or the loop
            while not self._ended:
                if select.select([self.link], [], [], THREAD_POLL_S)[0]:
                    taken = threading.Event()
                    self._loop.call_soon_threadsafe(self._take_for, taken)
                    taken.wait(THREAD_POLL_S)

    def _take_for(self, taken: threading.Event) -> None:
        self._take()
        taken.set()

    def _take(self) -> None:
        """Read what is there and act on it."""
        try:
            data = self.link.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        try:
            for frame in self._reader.feed(data):
                self._frame(frame)
        except FrameError as error:
            self._words = str(error).encode()
            data = b""
        if not data:
            self._over()

    def _frame(self, frame: Frame) -> None:
        if frame.kind == Kind.TEXT:
            self._words += frame.text
        elif not self._hello.done():
            self._hello.set_result(frame)
        else:
            self._on_frame(frame)

    def _over(self) -> None:
        if self._ended:
            return
        self._unwatch()
        if not self._hello.done():
            self._hello.set_exception(EOFError())
        else:
            self._on_end(self._why())

    def _why(self) -> str:
        """Its own reason, else the last that it, or a library in it, said to nobody."""
        if self._words:
            return self._words.decode(errors="replace")
        said = "" if self._stderr is None else self._stderr.line()
        return f"the writer process ended: {said}" if said else "the writer process ended"
