"""The recording sink: keeps the permits it was given, for self-play and tests."""

from collections import deque

from safety.types import Permit, SinkClass, SinkHealth

from .base import SendStatus, Sent, Sink

KEEP = 100_000
"""Permits kept; older ones fall out. A day of self-play stays far below."""


class RecordingSink(Sink):
    """Keeps the newest `keep` permits in `permits`, with their times in `times_ns`."""

    sink_class = SinkClass.RECORDING

    def __init__(self, name: str, keep: int = KEEP) -> None:
        super().__init__(name)
        self.permits: deque[Permit] = deque(maxlen=keep)
        self.times_ns: deque[int] = deque(maxlen=keep)

    def health(self) -> SinkHealth:
        return SinkHealth(connected=self._report is not None)

    async def _open(self) -> None:
        self.permits.clear()
        self.times_ns.clear()

    async def _close(self) -> None:
        pass

    def _send(self, permit: Permit, now_ns: int) -> None:
        self.permits.append(permit)
        self.times_ns.append(now_ns)
        self.report(Sent(permit.decision_seq, self.name, permit.command, SendStatus.SENT, "kept", now_ns))
