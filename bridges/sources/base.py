"""A source: opens a device or a socket, decodes, hands frames on. The public methods check and count; a driver
overrides `_open` and `_close` and calls `self.deliver(frame)` from the event loop's thread."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dynamics.frames import Frame, SourceKind


@dataclass(slots=True)
class SourceStats:
    """Counts since the source was opened."""

    received: int = 0
    """Packets or pictures that arrived."""
    frames: int = 0
    """Frames handed on."""
    rejected: int = 0
    """Packets that were not what this source takes."""
    dropped: int = 0
    """Good frames that a newer one replaced before it was read."""
    restarts: int = 0
    last_error: str = ""
    errors: dict[str, int] = field(default_factory=dict)
    """Rejections by their reason (a closed set per codec, so it stays small)."""


class SourceError(Exception):
    """The source cannot be opened; the message names the device, file or port and says what to do."""


class Source:
    """Base of all sources. `stream` is a name of the stream table; `kind` says what evidence its frames are."""

    stream: str = ""
    kind: SourceKind = SourceKind.FILE
    finite: bool = False
    """True when the source ends by itself: `finished` turns true after its last frame."""

    def __init__(self) -> None:
        self.label = ""
        """What a person named it by, for messages: "mocopi:12351"."""
        self.stats = SourceStats()
        self.finished = False
        self._deliver: Callable[[str, Frame], None] | None = None

    @property
    def is_open(self) -> bool:
        return self._deliver is not None

    @property
    def sender(self) -> str:
        """Address of the device that is being heard; empty for what is no network source, or while nobody sends."""
        return ""

    @property
    def caution(self) -> str:
        """What a person should know while this is open; empty when there is nothing."""
        return ""

    @property
    def hears_anyone(self) -> bool:
        """Nobody named the devices that may send: whoever sends first is heard."""
        return False

    async def open(self, deliver: Callable[[str, Frame], None]) -> None:
        """Start delivering `(stream, frame)`. Raises SourceError when the device is not to be had."""
        if self._deliver is not None:
            raise SourceError(f"{self.stream}: already open")
        self._deliver = deliver
        try:
            await self._open()
        except BaseException:
            self._deliver = None
            raise

    async def close(self) -> None:
        """Stop. A closed source delivers nothing more and may be opened again."""
        if self._deliver is None:
            return
        self._deliver = None
        await self._close()

    def start_playback(self) -> None:
        """A source that plays a recording begins now (a live device has nothing to do here)."""

    def deliver(self, frame: Frame, stream: str = "") -> None:
        """Hand one frame on, under this source's stream or the named one."""
        if self._deliver is not None:
            self.stats.frames += 1
            self._deliver(stream or self.stream, frame)

    def reject(self, reason: str) -> None:
        """Count a packet that was not taken."""
        self.stats.rejected += 1
        self.stats.last_error = reason
        self.stats.errors[reason] = self.stats.errors.get(reason, 0) + 1

    async def _open(self) -> None:
        raise NotImplementedError

    async def _close(self) -> None:
        raise NotImplementedError
