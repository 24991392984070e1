"""A sink accepts a Permit and nothing else, and reports what was really sent."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from safety.types import Permit, SinkClass, SinkHealth


class SendStatus(StrEnum):
    SENT = "sent"
    """Handed to the driver."""
    SHOWN = "shown"
    """Dry run: what would have been sent."""
    EXPIRED = "expired"
    """The permit's time was over; nothing was sent."""
    REFUSED = "refused"
    """Not a permit for this sink, or a command it has no form for."""
    TARGET = "target"
    """The allowed window was not in front; nothing was sent."""
    FAILED = "failed"
    """The driver or its process said no, or died with the command in its hands: nobody can say it was sent."""
    RELEASED = "released"
    """The release (Note On velocity 0, key up) of an earlier press."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sink did. `t_ns` is when the driver's call returned, on the monotonic clock."""

    decision_seq: int = 0
    sink: str = ""
    command: str = ""
    status: SendStatus = SendStatus.SENT
    what: str = ""
    """The bytes or keys, readable: "90 0b 7f", "key z down"."""
    t_ns: int = 0
    recv_ns: int = 0
    """When the writer process had read the permit, on the same clock; 0 for sinks without a process of their own."""


class SinkError(Exception):
    """The sink cannot be opened; the message names the port or window and says what to do."""


class Sink:
    """Base of all sinks: the public methods check, the driver's `_open`, `_send`, `_close` act.

    `report` is called with a `Sent` for everything that was really done, also later (releases, replies from the
    writer process). `send` never blocks and never raises.
    """

    sink_class: SinkClass = SinkClass.DRY_RUN

    def __init__(self, name: str) -> None:
        self.name = name
        self._report: Callable[[Sent], None] | None = None

    async def open(self, report: Callable[[Sent], None]) -> None:
        """Connect. Raises SinkError when the port or window is not to be had."""
        self._report = report
        await self._open()

    async def close(self) -> None:
        """Release everything held, then disconnect."""
        if self._report is not None:
            await self._close()
            self._report = None

    def send(self, permit: Permit, now_ns: int) -> None:
        """Send what the permit allows; a wrong, late or foreign permit is reported and not sent."""
        if type(permit) is not Permit or permit.sink != self.name or permit.sink_class is not self.sink_class:
            self.report(Sent(sink=self.name, status=SendStatus.REFUSED, what="not a permit for this sink", t_ns=now_ns))
        elif now_ns > permit.expires_ns:
            self.report(Sent(permit.decision_seq, self.name, permit.command, SendStatus.EXPIRED, "", now_ns))
        else:
            self._send(permit, now_ns)

    def report(self, sent: Sent) -> None:
        if self._report is not None:
            self._report(sent)

    def health(self) -> SinkHealth:
        """Connected, and its target in front: read by the gate at each decision, so it must not block."""
        raise NotImplementedError

    def heartbeat(self, now_ns: int) -> None:
        """The deck is alive: called by the housekeeping tick. Only sinks with a process of their own need it."""

    async def _open(self) -> None:
        raise NotImplementedError

    def _send(self, permit: Permit, now_ns: int) -> None:
        raise NotImplementedError

    async def _close(self) -> None:
        raise NotImplementedError
