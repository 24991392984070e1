"""`airdeck run` as a process of its own: its log lines as they come, its control socket, its children, its session."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from airdeck import control

from .jack import wait_until

WAIT_S = 180.0
"""The first deck of a machine compiles the kernels. Nothing waits so long when all is well."""
REPO = Path(__file__).resolve().parents[2]
CLI = ("-m", "airdeck")
KINDS = ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "RUNTIME_DIR")
"""Each deck has its own of these; the cache with the models is everybody's."""
POSE, WRITER = "bridges.sources.pose_worker", "bridges.sinks.writer"


class RunningDeck:
    """`run --json WORDS` of the program `cli`. `lines` are the log lines so far, `times_s` when each came."""

    def __init__(self, folder: Path, *words: str, env: Mapping[str, str], cli: tuple[str, ...] = CLI) -> None:
        self.environment = {**env, **_homes(folder)}
        self.socket = folder / "RUNTIME_DIR" / "airdeck" / control.SOCKET_NAME
        self.lines: list[dict[str, Any]] = []
        self.times_s: list[float] = []
        self._read_lines = 0
        self._raw = ""
        self.process = subprocess.Popen(
            [sys.executable, *cli, "run", "--json", *words],
            cwd=REPO,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._raw += line
            if line.startswith("{"):
                self.times_s.append(time.monotonic())
                self.lines.append(json.loads(line))

    def until(self, event: str, **fields: object) -> dict[str, Any]:
        """The next log line of that event with those fields; lines before it are passed over. `at_s` is when it came."""
        deadline_s = time.monotonic() + WAIT_S
        while True:
            alive = self._reader.is_alive()
            while self._read_lines < len(self.lines):
                place, self._read_lines = self._read_lines, self._read_lines + 1
                line = self.lines[place]
                if line["event"] == event and fields.items() <= line.items():
                    return {**line, "at_s": self.times_s[place]}
            assert alive and time.monotonic() < deadline_s, f"{event} {fields} never came:\n{self._raw}"
            time.sleep(0.005)

    def ask(self, do: str) -> dict[str, Any]:
        """Over the control socket."""
        return control.ask({"do": do}, self.socket, WAIT_S)

    def cli(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Another `airdeck` command, as a person gives it beside this deck."""
        command = [sys.executable, *CLI, *words]
        return subprocess.run(
            command, cwd=REPO, env=self.environment, capture_output=True, text=True, timeout=WAIT_S, check=False
        )

    def child(self, module: str) -> int:
        """Process id of the child that runs `module`; 0 when there is none."""
        for pid in _children(self.process.pid):
            if module in _words(pid):
                return pid
        return 0

    def new_child(self, module: str, old: int) -> int:
        """The successor of a child, once there is one."""
        wait_until(lambda: self.child(module) not in (0, old), f"another {module} runs", WAIT_S, lambda: self._raw)
        return self.child(module)

    def end(self) -> dict[str, Any]:
        """Ctrl-C; the summary."""
        self.process.send_signal(signal.SIGINT)
        return self.summary()

    def summary(self) -> dict[str, Any]:
        """Wait for the end."""
        assert self.process.stdout is not None
        text = self.process.stdout.read()
        assert self.process.wait(WAIT_S) == 0, self._raw
        return dict(json.loads(text))

    def close(self) -> None:
        """Whatever it does, it is gone afterwards."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@contextmanager
def running(
    folder: Path, *words: str, env: Mapping[str, str] = os.environ, cli: tuple[str, ...] = CLI
) -> Iterator[RunningDeck]:
    """A deck that is ready."""
    deck = RunningDeck(folder, *words, env=env, cli=cli)
    try:
        deck.until("ready")
        yield deck
    finally:
        deck.close()


def alive(pid: int) -> bool:
    """The process runs (a zombie does not)."""
    return _stat(pid)[:1] not in ([], ["Z"])


def _homes(folder: Path) -> dict[str, str]:
    for kind in KINDS:
        (folder / kind).mkdir(exist_ok=True)
    kernels = os.environ.get("NUMBA_CACHE_DIR", str(REPO / ".pytest_cache" / "numba"))
    return {"NUMBA_CACHE_DIR": kernels, **{f"XDG_{kind}": str(folder / kind) for kind in KINDS}}


def _children(parent: int) -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _stat(pid)[1:2] == [str(parent)]]


def _stat(pid: int) -> list[str]:
    """State, parent, …; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []
