"""A sink whose driver lives in a process of its own, so that a driver that hangs or dies hangs nothing else."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

from safety.types import Permit, SinkHealth

from .base import SendStatus, Sent, Sink
from .child import Child
from .frames import CONNECTED, TARGET_OK, Ack, Frame, Kind
from .link import HAS_PAIR
from .plan import PlanRow, WriterPlan

SILENCE_NS = 400_000_000
"""A writer that answers no heartbeat for so long hangs. With heartbeats every 100 ms or faster it is known within 500 ms."""
LONGEST_BEAT_NS = 100_000_000
"""The longest time between two heartbeats that counts as silence: a deck that was stalled itself has not listened."""
BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Waits before restarts, the last one for ever after. Guess: a JACK server that comes back takes about 0.3 s."""
STEADY_S = 5.0
"""A writer that lived so long starts the waits anew."""

STATUSES = {
    Ack.SENT: SendStatus.SENT,
    Ack.EXPIRED: SendStatus.EXPIRED,
    Ack.REFUSED: SendStatus.REFUSED,
    Ack.TARGET: SendStatus.TARGET,
    Ack.FAILED: SendStatus.FAILED,
    Ack.RELEASED: SendStatus.RELEASED,
}


@dataclass(slots=True)
class WriterStats:
    """Counts since the sink was opened."""

    restarts: int = 0
    dropped: int = 0
    """Permits and heartbeats that the full stream did not take."""
    last_error: str = ""


class ProcessSink(Sink):
    """Base of the MIDI and the key sink. Heartbeats must come every 100 ms or faster."""

    def __init__(self, name: str, plan: WriterPlan, pair: bool = HAS_PAIR) -> None:
        super().__init__(name)
        self.plan = plan
        self.stats = WriterStats()
        self._pair = pair
        self._index = {row.command: index for index, row in enumerate(plan.rows)}
        self._child: Child | None = None
        self._dead: Child | None = None
        """A lost one that is still to be buried."""
        self._restart: asyncio.Task[None] | None = None
        self._health = SinkHealth()
        self._open_sends: dict[tuple[int, int], None] = {}
        """(decision_seq, row) that the writer has not answered yet."""
        self._held: dict[int, int] = {}
        """Row → decision_seq that pressed it."""
        self._silent_ns = self._beat_ns = self._failures = 0
        self._born_s = 0.0

    def shown(self, row: PlanRow, value: float) -> str:
        """The bytes or keys of `value`, readable."""
        raise NotImplementedError

    def health(self) -> SinkHealth:
        return self._health

    @property
    def writer_pid(self) -> int:
        """0 while there is no writer."""
        return 0 if self._child is None else self._child.process.pid

    def heartbeat(self, now_ns: int) -> None:
        """Tell the writer that the deck lives, and give up on a writer that does not answer."""
        if self._child is None:
            return
        self._silent_ns += min(max(now_ns - self._beat_ns, 0), LONGEST_BEAT_NS)
        self._beat_ns = now_ns
        if self._silent_ns > SILENCE_NS:
            self._lost(f"the writer process did not answer for {SILENCE_NS // 1_000_000} ms")
        elif not self._child.send(Frame(Kind.HEARTBEAT, t_ns=now_ns)):
            self.stats.dropped += 1

    def release_all(self) -> None:
        """Let go of everything that is held, now."""
        if self._child is not None:
            self._child.send(Frame(Kind.RELEASE_ALL))

    async def _open(self) -> None:
        self.stats = WriterStats()
        await self._start()

    async def _start(self) -> None:
        child = Child(self._on_frame, self._lost)
        hello = await child.start(self.plan, self._pair)
        self._child = child
        self._silent_ns, self._beat_ns = 0, time.monotonic_ns()
        self._born_s = time.monotonic()
        self._on_status(hello)

    async def _close(self) -> None:
        if self._restart is not None:
            self._restart.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._restart
            self._restart = None
        if self._dead is not None:
            await self._dead.end()
            self._dead = None
        child, self._child = self._child, None
        if child is not None:
            await child.bye()
        self._health = SinkHealth()
        self._open_sends.clear()
        self._held.clear()

    def _send(self, permit: Permit, now_ns: int) -> None:
        index = self._index.get(permit.command)
        if index is None:
            self._say(permit, SendStatus.REFUSED, f"{self.name} has no form for this command", now_ns)
        elif self._child is None:
            self._say(permit, SendStatus.FAILED, self.stats.last_error or "not connected", now_ns)
        else:
            frame = Frame(
                Kind.SEND,
                0,
                index,
                permit.decision_seq,
                permit.value,
                permit.not_before_ns,
                permit.expires_ns,
            )
            if self._child.send(frame):
                self._open_sends[permit.decision_seq, index] = None
            else:
                self.stats.dropped += 1
                self._say(permit, SendStatus.FAILED, "the writer process takes no more", now_ns)

    def _say(self, permit: Permit, status: SendStatus, what: str, now_ns: int) -> None:
        self.report(Sent(permit.decision_seq, self.name, permit.command, status, what, now_ns))

    def _on_frame(self, frame: Frame) -> None:
        self._silent_ns = 0
        if frame.kind == Kind.STATUS:
            self._on_status(frame)
        elif frame.kind == Kind.ACK:
            self._on_ack(frame)

    def _on_status(self, frame: Frame) -> None:
        health = SinkHealth(bool(frame.code & CONNECTED), bool(frame.code & TARGET_OK))
        if health != self._health:
            self._health = health

    def _on_ack(self, frame: Frame) -> None:
        self._open_sends.pop((frame.seq, frame.row), None)
        if not 0 <= frame.row < len(self.plan.rows):
            return
        row, status = self.plan.rows[frame.row], STATUSES[Ack(frame.code)]
        what = ""
        if status is SendStatus.SENT:
            self._held[frame.row] = frame.seq
            what = self.shown(row, frame.value)
        elif status is SendStatus.RELEASED:
            self._held.pop(frame.row, None)
            what = self.shown(row, row.neutral)
        self.report(Sent(frame.seq, self.name, row.command, status, what, frame.t_ns, frame.recv_ns))

    def _lost(self, why: str) -> None:
        """The writer is dead or hangs: say so, for everything in its hands too, and start another."""
        child, self._child = self._child, None
        if child is None:
            return
        self.stats.last_error = why
        self._health = SinkHealth()
        now_ns = time.monotonic_ns()
        in_hand = [*self._open_sends, *((seq, index) for index, seq in self._held.items())]
        self._open_sends.clear()
        self._held.clear()
        self.report(Sent(0, self.name, "", SendStatus.FAILED, why, now_ns))
        for seq, index in in_hand:
            self.report(Sent(seq, self.name, self.plan.rows[index].command, SendStatus.FAILED, why, now_ns))
        if time.monotonic() - self._born_s > STEADY_S:
            self._failures = 0
        self._dead = child
        self._restart = asyncio.get_running_loop().create_task(self._revive(child))

    async def _revive(self, dead: Child) -> None:
        """Bury the lost writer and try to start another until one lives."""
        await dead.end()
        self._dead = None
        while self._child is None:
            await asyncio.sleep(BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)])
            self._failures += 1
            try:
                await self._start()
            except Exception as error:  # noqa: BLE001 - whatever it is, the deck goes on and it is tried again
                self.stats.last_error = str(error)
        self.stats.restarts += 1
