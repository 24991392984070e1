"""One stream file: appended to by one `os.write` per record, counted and hashed as it grows."""

import errno
import hashlib
import os
from pathlib import Path

from .layout import NS_PER_S, StreamSpec
from .manifest import StreamSummary

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class StreamFile:
    """Open for appending. Used by the writer's thread; the counters may be read from anywhere."""

    def __init__(self, folder: Path, spec: StreamSpec) -> None:
        self.spec = spec
        self.records = 0
        self.bytes = 0
        self.dropped = 0
        self.rejected = 0
        self._first_ns = 0
        self._last_ns = 0
        self._sha256 = hashlib.sha256()
        self._fd = os.open(folder / spec.file, _FLAGS, 0o644)

    def write(self, data: bytes) -> int:
        """One `os.write`; how many bytes it took. Raises OSError."""
        taken = os.write(self._fd, data)
        if taken <= 0:
            raise OSError(errno.EIO, "nothing was written")
        self._sha256.update(data if taken == len(data) else data[:taken])
        self.bytes += taken
        return taken

    def wrote(self, t_ns: int) -> None:
        """The last byte of a record of time `t_ns` was taken."""
        if self.records == 0:
            self._first_ns = t_ns
        self._last_ns = t_ns
        self.records += 1

    def close(self) -> None:
        os.close(self._fd)

    def summary(self, final: bool) -> StreamSummary:
        """How it stands; with its hash when nothing more will be written."""
        span_ns = self._last_ns - self._first_ns
        return StreamSummary(
            file=self.spec.file,
            droppable=self.spec.droppable,
            what=self.spec.what,
            records=self.records,
            bytes=self.bytes,
            dropped=self.dropped,
            rejected=self.rejected,
            first_ns=self._first_ns,
            last_ns=self._last_ns,
            rate_hz=round((self.records - 1) * NS_PER_S / span_ns, 3) if self.records > 1 and span_ns > 0 else 0.0,
            sha256=self._sha256.hexdigest() if final else "",
        )
