"""What a child process said last on its standard error: read as it comes, so that nobody ever waits for a full pipe."""

import os
import threading
from typing import IO

KEPT_BYTES = 2048
READ_BYTES = 4096
LINE_LENGTH = 200
"""An error message for a person: more than that is not read."""


class LastWords:
    """Takes the stream over and closes it at its end. MIDI libraries can say the same thing for hours: the newest is kept."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._tail = b""
        self._thread = threading.Thread(target=self._read, args=(stream,), name="child-stderr", daemon=True)
        self._thread.start()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            while data := os.read(stream.fileno(), READ_BYTES):
                self._tail = (self._tail + data)[-KEPT_BYTES:]

    def wait(self, timeout_s: float) -> None:
        """Until the child has closed it, or for so long: a child of the child may hold it open."""
        self._thread.join(timeout_s)

    def line(self) -> str:
        """The last line that says something, so far."""
        lines = [line.strip() for line in self._tail.decode(errors="replace").splitlines()]
        return next((line[:LINE_LENGTH] for line in reversed(lines) if line), "")
