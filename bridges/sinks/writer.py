"""The writer process: reads permits, sends them, times and sends every release. One process per sink.

It lives apart because a MIDI driver can block for ever with the interpreter's lock held. It lets go of everything when
the deck closes the stream or dies, when the deck's heartbeat stops, and on SIGTERM.
"""

import contextlib
import gc
import importlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence

from .driver import Driver, DriverError, Row, table_hash
from .frames import CONNECTED, SIZE, TARGET_OK, Ack, Frame, FrameError, FrameReader, Kind, pack, pack_text
from .link import open_parent

HEARTBEAT_TIMEOUT_NS = 500_000_000
"""Without a word from the deck for so long, everything is let go (DESIGN section 2)."""
SAY_TIMEOUT_S = 0.05
"""A deck that does not read its replies for so long is stalled: the reply is dropped, the releases are not."""
RECEIVE_BYTES = 64 * SIZE

DRIVERS = {"midi": ("bridges.sinks.midi_driver", "MidiDriver"), "keys": ("bridges.sinks.key_driver", "KeyDriver")}


class Writer:
    """The loop around one driver. `clock` is `time.monotonic_ns`."""

    def __init__(self, link: socket.socket, driver: Driver, rows: Sequence[Row], clock: Callable[[], int]) -> None:
        self.link = link
        self.driver = driver
        self.rows = rows
        self.clock = clock
        self.held: dict[int, tuple[int, int]] = {}
        """Row → decision_seq, time of its release (0: until its neutral value comes)."""
        self.waiting: list[Frame] = []
        """Permits whose time has not come."""
        self.heard_ns = clock()
        self.silent = False
        self._reader = FrameReader()
        self._parent = os.getppid()

    def run(self) -> None:
        """Serve until the deck says BYE, closes or dies. Raises DriverError when the device is lost."""
        self._say_status(table_hash(self.rows))
        try:
            while self._serve():
                pass
        finally:
            with contextlib.suppress(Exception):  # a device that is gone takes no release
                self.release_all()

    def _serve(self) -> bool:
        """One turn: wait for bytes or for the next deadline, handle both. False when it is over."""
        self.link.settimeout(max(self._deadline_ns() - self.clock(), 1) / 1e9)
        try:
            data = self.link.recv(RECEIVE_BYTES)
        except TimeoutError:
            return self._advance(self.clock())
        except ConnectionError:
            return False
        recv_ns = self.clock()
        if not data:
            return False
        self.heard_ns, self.silent = recv_ns, False
        going = all(self._handle(frame, recv_ns) for frame in self._reader.feed(data))
        return self._advance(self.clock()) and going

    def _deadline_ns(self) -> int:
        """When something must be done even if the deck says nothing."""
        due = [release_ns for _, release_ns in self.held.values() if release_ns]
        due += [frame.not_before_ns for frame in self.waiting]
        due.append(self.heard_ns + HEARTBEAT_TIMEOUT_NS * (2 if self.silent else 1))
        return min(due)

    def _advance(self, now_ns: int) -> bool:
        """What is due by time. False when the deck is gone for good."""
        for index, (_, release_ns) in list(self.held.items()):
            if release_ns and release_ns <= now_ns:
                self.release(index)
        for frame in [frame for frame in self.waiting if frame.not_before_ns <= now_ns]:
            self.waiting.remove(frame)
            self._press(frame, frame.recv_ns)
        if now_ns - self.heard_ns >= HEARTBEAT_TIMEOUT_NS:
            self.release_all()
            self.heard_ns, self.silent = now_ns, True
            return os.getppid() == self._parent
        return True

    def _handle(self, frame: Frame, recv_ns: int) -> bool:
        """False for the deck's last word."""
        if frame.kind == Kind.SEND:
            self._on_send(frame, recv_ns)
        elif frame.kind == Kind.HEARTBEAT:
            self.driver.check(recv_ns)
            self._say_status(0)
        elif frame.kind in (Kind.RELEASE_ALL, Kind.BYE):
            self.release_all()
        return frame.kind != Kind.BYE

    def _on_send(self, frame: Frame, recv_ns: int) -> None:
        if not 0 <= frame.row < len(self.rows):
            self._acknowledge(frame, Ack.REFUSED, recv_ns)
        elif frame.value == self.rows[frame.row]["neutral"]:
            self.held.setdefault(frame.row, (frame.seq, 0))
            self.release(frame.row, frame.seq, recv_ns)
        elif frame.not_before_ns > recv_ns:
            self.waiting.append(frame._replace(recv_ns=recv_ns))
        else:
            self._press(frame, recv_ns)

    def _press(self, frame: Frame, recv_ns: int) -> None:
        """Press once, inside the permit's time; what is still down is let go first, so that it is a new press."""
        now_ns = self.clock()
        if now_ns > frame.expires_ns:
            self._acknowledge(frame, Ack.EXPIRED, recv_ns)
            return
        if frame.row in self.held:
            self.release(frame.row)
        row = self.rows[frame.row]
        if row["command_class"] != "continuous":
            release_ns = now_ns + row["press_ms"] * 1_000_000 if row["command_class"] == "press" else 0
            self.held[frame.row] = (frame.seq, release_ns)
        sent = self._drive(frame, recv_ns)
        if not sent:
            self.held.pop(frame.row, None)
        self._acknowledge(frame, Ack.SENT if sent else Ack.TARGET, recv_ns)

    def _drive(self, frame: Frame, recv_ns: int) -> bool:
        try:
            self.driver.check(recv_ns)
            return self.driver.press(frame.row, frame.value)
        except Exception:
            self._acknowledge(frame, Ack.FAILED, recv_ns)
            raise

    def release(self, index: int, seq: int = -1, recv_ns: int = 0) -> None:
        """Let go of one row, and say so for the decision that pressed it, or for the one that asks."""
        held_seq, _ = self.held[index]
        self.driver.release(index)
        del self.held[index]
        self._acknowledge(Frame(Kind.SEND, row=index, seq=held_seq if seq < 0 else seq), Ack.RELEASED, recv_ns)

    def release_all(self) -> None:
        """Let go of everything; permits that still wait are over too."""
        for frame in self.waiting:
            self._acknowledge(frame, Ack.REFUSED, frame.recv_ns)
        self.waiting.clear()
        for index in list(self.held):
            self.release(index)

    def _acknowledge(self, frame: Frame, ack: Ack, recv_ns: int) -> None:
        self._say(Frame(Kind.ACK, ack, frame.row, frame.seq, frame.value, recv_ns=recv_ns, t_ns=self.clock()))

    def _say_status(self, tag: int) -> None:
        bits = CONNECTED | (TARGET_OK if self.driver.target_ok() else 0)
        self._say(Frame(Kind.STATUS, bits, seq=tag, t_ns=self.clock()))

    def _say(self, frame: Frame) -> None:
        self.link.settimeout(SAY_TIMEOUT_S)
        with contextlib.suppress(OSError):  # stalled or gone: what is held matters, not the reply
            self.link.sendall(pack(frame))


def main(argument: str) -> int:
    """Open the driver of the plan and serve; the reason of a failure goes to the deck as text."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the deck's terminal: the deck says when to end
    link, plan = open_parent(argument, sys.stdin.buffer)
    gc.disable()
    # End of stream is the one way out: a signal handler must not cut a send in two.
    signal.signal(signal.SIGTERM, lambda *_: link.shutdown(socket.SHUT_RD))
    module, name = DRIVERS[plan["driver"]]
    driver: Driver | None = None
    try:
        driver = getattr(importlib.import_module(module), name)(plan["options"], plan["rows"])
        gc.freeze()
        Writer(link, driver, plan["rows"], time.monotonic_ns).run()
    except Exception as error:  # noqa: BLE001 - a driver may raise anything, and the deck must hear it
        expected = isinstance(error, DriverError | FrameError)
        link.settimeout(SAY_TIMEOUT_S)
        with contextlib.suppress(OSError):
            link.sendall(pack_text(str(error) if expected else f"{type(error).__name__}: {error}"))
        return 1
    finally:
        if driver is not None:
            driver.close()
    return 0


if __name__ == "__main__":
    # os._exit: a MIDI library whose server died can hang in its own exit handlers.
    os._exit(main(sys.argv[1]))
