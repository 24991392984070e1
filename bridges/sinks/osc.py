"""The OSC sink, for rehearsal: one datagram per command to `/airdeck/<command>`, its value as a float."""

import asyncio
import socket
from collections.abc import Mapping

from safety.commands import COMMANDS, CommandClass, CommandRow
from safety.types import Permit, SinkClass, SinkHealth

from .base import SendStatus, Sent, Sink, SinkError


class OscSink(Sink):
    """`target`: "HOST:PORT". A press is followed by its neutral value after `press_ms`, and by it at the latest when closed."""

    sink_class = SinkClass.OSC

    def __init__(self, name: str, target: str, *, commands: Mapping[str, CommandRow] = COMMANDS) -> None:
        super().__init__(name)
        self._host, self._port = split_address(target)
        self._commands = commands
        self._socket: socket.socket | None = None
        self._held: dict[str, tuple[int, int]] = {}
        """Command → decision_seq, time of its release (0: until its neutral value comes)."""

    def health(self) -> SinkHealth:
        return SinkHealth(connected=self._socket is not None)

    def heartbeat(self, now_ns: int) -> None:
        """Releases what is due: this sink has no process of its own to time it."""
        for command, (seq, release_ns) in list(self._held.items()):
            if release_ns and release_ns <= now_ns:
                self._release(command, seq, now_ns)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)
            family, kind, protocol, _, address = found[0]
            self._socket = socket.socket(family, kind, protocol)
            self._socket.setblocking(False)
            self._socket.connect(address)
        except OSError as error:
            raise SinkError(f"osc: {self._host}:{self._port}: {error}") from error

    async def _close(self) -> None:
        for command, (seq, due_ns) in list(self._held.items()):
            self._release(command, seq, due_ns)
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, permit: Permit, now_ns: int) -> None:
        row = self._commands.get(permit.command)
        if row is None:
            self.report(Sent(permit.decision_seq, self.name, permit.command, SendStatus.REFUSED, "no such command", now_ns))
        elif permit.value == row.neutral:
            self._release(row.id, permit.decision_seq, now_ns)
        else:
            self._press(permit, row, now_ns)

    def _press(self, permit: Permit, row: CommandRow, now_ns: int) -> None:
        sent = self._say(permit.decision_seq, row.id, permit.value, SendStatus.SENT, now_ns)
        if sent and row.command_class is not CommandClass.CONTINUOUS:
            due_ns = now_ns + row.press_ms * 1_000_000 if row.command_class is CommandClass.PRESS else 0
            self._held[row.id] = (permit.decision_seq, due_ns)

    def _release(self, command: str, seq: int, now_ns: int) -> None:
        self._held.pop(command, None)
        self._say(seq, command, self._commands[command].neutral, SendStatus.RELEASED, now_ns)

    def _say(self, seq: int, command: str, value: float, status: SendStatus, now_ns: int) -> bool:
        from pythonosc.osc_message_builder import OscMessageBuilder

        builder = OscMessageBuilder(f"/airdeck/{command}")
        builder.add_arg(float(value), "f")
        what = f"/airdeck/{command} {value:g}"
        try:
            if self._socket is None:
                raise OSError("not connected")
            self._socket.send(builder.build().dgram)
        except OSError as error:
            status, what = SendStatus.FAILED, str(error)
        self.report(Sent(seq, self.name, command, status, what, now_ns))
        return status is not SendStatus.FAILED


def split_address(target: str) -> tuple[str, int]:
    """The host and the port of "HOST:PORT". Raises SinkError."""
    host, _, port = target.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise SinkError(f"osc: {target!r} is not HOST:PORT, such as 127.0.0.1:9000")
    return host.strip("[]"), int(port)
