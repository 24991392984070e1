"""A private X server without a window manager, and a real X client that prints what reaches it."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from .jack import wait_until


def missing() -> str:
    """Why there can be no X server here; empty when there can."""
    return "" if shutil.which("Xvfb") else "not installed: Xvfb"


class Xvfb:
    """One Xvfb on a display number that it chooses itself; `environment` makes a process talk to it."""

    def __init__(self) -> None:
        command = ["Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout is not None
        self.display = f":{int(self.process.stdout.readline())}"
        self.environment = dict(os.environ, DISPLAY=self.display)
        self.environment.pop("XAUTHORITY", None)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


class Window:
    """A window of class `wm_class` in a process of its own; `events` are "press z", "release z", "focus in" …"""

    def __init__(self, server: Xvfb, wm_class: str) -> None:
        self.events: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("x_window.py")), wm_class],
            env=server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        wait_until(lambda: "ready" in self.events, f"the window {wm_class!r} is there")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(line.strip())

    @property
    def keys(self) -> list[str]:
        return [event for event in self.events if event.startswith(("press", "release"))]

    def focus(self) -> None:
        """Take the input focus."""
        seen = self.events.count("focus in")
        self._say("focus")
        wait_until(lambda: self.events.count("focus in") > seen, "the window has the focus")

    def wait_for(self, *keys: str) -> None:
        """Until these key events and no others have come, in this order."""
        wait_until(lambda: len(self.keys) >= len(keys), f"these {len(keys)} messages have come", seen=lambda: self.keys)
        assert self.keys == list(keys)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._thread.join()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()

    def _say(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
