"""Logs: one JSON object a line on stderr, written by a thread of its own so that a slow terminal never holds the loop."""

import atexit
import queue
import sys
import threading
from collections import deque
from typing import IO, Any

import msgspec
import structlog

from .clock import NS_PER_S, Clock, monotonic

QUEUE_LINES = 4096
"""Lines that may wait for the terminal; more are dropped and counted."""
JOIN_LIMIT_S = 2.0
NOTES_KEPT = 4

_encode = msgspec.json.Encoder(enc_hook=str).encode


class LogThread:
    """Takes encoded lines and writes them. Dropped lines are counted, never waited for."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lines: queue.Queue[bytes | None] = queue.Queue(QUEUE_LINES)
        self.dropped = 0
        self._thread = threading.Thread(target=self._write, name="logs", daemon=True)
        self._thread.start()

    def msg(self, line: bytes) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    debug = info = warning = error = critical = exception = fatal = msg

    def close(self) -> None:
        """Write what waits, then end."""
        try:
            self._lines.put(None, timeout=JOIN_LIMIT_S)
        except queue.Full:
            return
        self._thread.join(JOIN_LIMIT_S)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(line + b"\n")
                self._stream.flush()
            except (OSError, ValueError):
                self.dropped += 1


class Notes:
    """Where log lines go while the table is shown: the newest few warnings, as text."""

    def __init__(self) -> None:
        self.newest: deque[str] = deque(maxlen=NOTES_KEPT)

    def warning(self, line: str) -> None:
        self.newest.append(line)

    error = critical = exception = fatal = warning

    def debug(self, line: str) -> None:
        """Not worth a line of the table."""

    msg = info = debug


def to_stderr(clock: Clock = monotonic) -> LogThread:
    """From now on structlog writes JSON lines to stderr. Close the answer at the end."""
    thread = LogThread(sys.stderr.buffer)
    atexit.register(thread.close)
    _configure(thread, [structlog.processors.add_log_level, structlog.processors.format_exc_info, _Stamp(clock), _json])
    return thread


def to_notes() -> Notes:
    """From now on warnings become notes for the table."""
    notes = Notes()
    _configure(notes, [_sentence])
    return notes


def _configure(logger: Any, processors: list[Any]) -> None:
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=lambda *_: logger,
        cache_logger_on_first_use=False,
    )


class _Stamp:
    """Seconds since the start, on the monotonic clock: the UTC of the start stands in the manifest."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start_ns = clock()

    def __call__(self, _logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
        event["t_s"] = round((self._clock() - self._start_ns) / NS_PER_S, 6)
        return event


def _json(_logger: Any, _name: str, event: dict[str, Any]) -> bytes:
    return _encode(event)


def _sentence(_logger: Any, _name: str, event: dict[str, Any]) -> str:
    """The event first, then its fields; of an exception its name and text."""
    if isinstance(error := event.get("exc_info"), BaseException):
        event["exc_info"] = repr(error)
    fields = ", ".join(f"{key} {value}" for key, value in event.items() if key != "event")
    return f"{event.get('event', '')}: {fields}" if fields else str(event.get("event", ""))
