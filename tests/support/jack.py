"""A private JACK server with its dummy driver, and jack_midi_dump as the receiver: both are real programs."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

PROGRAMS = ("jackd", "jack_lsp", "jack_connect", "jack_midi_dump", "stdbuf")
PATIENCE_S = 20.0
"""How long a condition may take on a loaded machine. Nothing waits so long when all is well."""
_numbers = count()


def missing() -> str:
    """Why there can be no JACK here; empty when there can."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


def wait_until(
    condition: Callable[[], object], what: str, patience_s: float = PATIENCE_S, seen: Callable[[], object] = str
) -> None:
    """Ask again and again until it is true; AssertionError when it never is."""
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until, f"after {patience_s:g} s still not: {what} {seen()}"
        time.sleep(0.01)


class JackServer:
    """One jackd; `environment` makes a process talk to it. Its name differs from every client's."""

    def __init__(self) -> None:
        self.name = f"airdeck-test-{os.getpid()}-{next(_numbers)}"
        self.environment = dict(os.environ, JACK_DEFAULT_SERVER=self.name, JACK_NO_START_SERVER="1")
        self.process: subprocess.Popen[bytes] | None = None
        self._dirty = False

    def start(self) -> None:
        command = ["jackd", "-S", "-r", "-n", self.name, "-d", "dummy", "-r", "48000", "-p", "64"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.run("jack_lsp").returncode == 0, "jackd answers")
        self._dirty = False

    def kill(self) -> None:
        """kill -9: leaves one of JACK's eight places for servers taken, until the same name starts again."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self._dirty = True

    def stop(self) -> None:
        """End it in good order, so that its place is free again."""
        if self._dirty:
            self.start()
        assert self.process is not None
        self.process.terminate()
        self.process.wait()
        for left in Path("/dev/shm").glob(f"jack*_{self.name}_*"):
            left.unlink(missing_ok=True)

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S)

    def ports(self) -> list[str]:
        return self.run("jack_lsp").stdout.split("\n")

    def connect(self, source: str, destination: str) -> None:
        wait_until(lambda: {source, destination} <= set(self.ports()), f"{source} and {destination} are there")
        wait_until(lambda: self.run("jack_connect", source, destination).returncode == 0, f"{source} is connected")


class Dump:
    """jack_midi_dump under the name `client`; `messages` are the bytes it printed, as "90 0b 7f", `times_s` when."""

    def __init__(self, server: JackServer, client: str = "dump") -> None:
        self.server, self.client = server, client
        self.port = f"{client}:input"
        self.messages: list[str] = []
        self.times_s: list[float] = []
        self.process = subprocess.Popen(
            ["stdbuf", "-oL", "jack_midi_dump", client],
            env=server.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        wait_until(lambda: self.port in server.ports(), "jack_midi_dump is there")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            fields = line.decode().split(":", 1)[-1].split()
            self.times_s.append(time.monotonic())
            self.messages.append(" ".join(fields[:3]).lower())

    def wait_for(self, *messages: str) -> None:
        """Until these and nothing else have come, in this order."""
        wait_until(
            lambda: len(self.messages) >= len(messages), f"these {len(messages)} messages have come", seen=lambda: self.messages
        )
        assert self.messages == list(messages), f"{self.messages} instead of {list(messages)}"

    def close(self) -> None:
        """End it in good order: after a client that was killed, jackd -S answers nobody for 5 s."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(1.0)
        except subprocess.TimeoutExpired:  # it wakes only with the server's next period, and that may be dead
            self.process.kill()
            self.process.wait()
        self._thread.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
