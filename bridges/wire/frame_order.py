"""Which frame numbers are news: late and duplicate datagrams are dropped, a counter that started again is accepted."""

from enum import StrEnum

WRAP = 1 << 32
SILENCE_NS = 500_000_000
"""After this much silence a smaller number is a new start: no network holds a datagram back that long and delivers it."""
RESTART_RUN = 3
"""So many smaller numbers that rise one after the other are a new start, not stragglers."""


class OrderError(StrEnum):
    DUPLICATE = "frame: this number was here already"
    LATE = "frame: a later number was here already"


class FrameOrder:
    """`check(number, recv_ns)` is None for a new frame, else why it is not one. Numbers wrap at 32 bits."""

    def __init__(self) -> None:
        self.restarts = 0
        """New starts that were accepted."""
        self._last = -1
        self._recv_ns = 0
        self._back = -1
        self._run = 0

    def check(self, number: int, recv_ns: int) -> OrderError | None:
        ahead = (number - self._last) % WRAP
        if self._last < 0 or 0 < ahead < WRAP // 2:
            self._accept(number, recv_ns)
            return None
        if ahead == 0 and recv_ns - self._recv_ns < SILENCE_NS:
            return OrderError.DUPLICATE
        self._run = self._run + 1 if 0 < (number - self._back) % WRAP < WRAP // 2 else 1
        self._back = number
        if self._run >= RESTART_RUN or recv_ns - self._recv_ns >= SILENCE_NS:
            self.restarts += 1
            self._accept(number, recv_ns)
            return None
        return OrderError.LATE

    def _accept(self, number: int, recv_ns: int) -> None:
        self._last, self._recv_ns = number, recv_ns
        self._back, self._run = -1, 0
