"""The MIDI driver of the writer process: python-rtmidi, a virtual port or a named one."""

import os
import select
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import rtmidi

from .driver import Driver, DriverError, Row

CLIENT_NAME = "AirDeck"
PORT_CHECK_NS = 500_000_000
"""How often a named port is looked for: it can vanish without an error. Guess; asking costs about 40 µs with JACK."""

APIS = {
    "alsa": rtmidi.API_LINUX_ALSA,
    "jack": rtmidi.API_UNIX_JACK,
    "coremidi": rtmidi.API_MACOSX_CORE,
    "winmm": rtmidi.API_WINDOWS_MM,
}
DEFAULT_APIS = {"linux": ("alsa", "jack"), "darwin": ("coremidi",), "win32": ("winmm",)}
JACK_SETTLE_S = 0.1
"""After opening a JACK port. Seen on a loaded machine: one new port in eight loses what is sent at once, none after 20 ms."""
JACK_DRAIN_S = 0.1
"""Before closing one: JACK takes what was sent in its next period (at most some 50 ms), else the last release is lost."""

SERVER_GONE = "the MIDI server is gone"
NO_VIRTUAL_HINT = "Windows has no virtual MIDI ports: make one with loopMIDI, then name it (midi:NAME)"


class MidiDriver(Driver):
    """options: `port` (name), `virtual` (bool), `api` (one of APIS, or empty for the platform's own)."""

    def __init__(self, options: Mapping[str, Any], rows: Sequence[Row]) -> None:
        self.port: str = options["port"]
        self.virtual: bool = options["virtual"]
        self._codes = [bytes.fromhex(row["form"]) for row in rows]
        self._neutral = [row["neutral"] for row in rows]
        client = self.port if self.virtual else CLIENT_NAME
        self._server = ServerSockets()
        self._out = open_output(options["api"], client)
        self._server.find()
        self._is_jack = self._out.get_current_api() == rtmidi.API_UNIX_JACK
        self._checked_ns = 0
        try:
            self._open()
        except BaseException:
            self._out.delete()
            raise
        if self._is_jack:
            time.sleep(JACK_SETTLE_S)
        if not self.virtual:  # an earlier run may have died with something down; who listens to a new port heard none of it
            for index in range(len(rows)):
                self.release(index)

    def _open(self) -> None:
        if self.virtual and self._out.get_current_api() == rtmidi.API_WINDOWS_MM:
            raise DriverError(NO_VIRTUAL_HINT)
        if self.virtual:
            self._out.open_virtual_port(self.port)
        else:
            names = self._out.get_ports()
            self._name = pick_port(names, self.port)
            self._out.open_port(names.index(self._name), CLIENT_NAME)

    def check(self, now_ns: int) -> None:
        if self._server.gone():
            raise DriverError(SERVER_GONE)
        if not self.virtual and now_ns - self._checked_ns > PORT_CHECK_NS:
            self._checked_ns = now_ns
            if self._name not in self._out.get_ports():
                raise DriverError(f"the MIDI port {self._name!r} is gone")

    def press(self, index: int, value: float) -> bool:
        self._out.send_message(self._message(index, value))
        return True

    def release(self, index: int) -> None:
        if self._server.gone():
            raise DriverError(SERVER_GONE)
        self._out.send_message(self._message(index, self._neutral[index]))

    def close(self) -> None:
        """Delete the client, too: jackd -S stops answering for 5 s when a client ends without that."""
        if self._server.gone():
            return
        if self._is_jack:
            time.sleep(JACK_DRAIN_S)
        self._out.delete()

    def _message(self, index: int, value: float) -> tuple[int, int, int]:
        status, number = self._codes[index]
        return status, number, round(min(max(value, 0.0), 1.0) * 127)


class ServerSockets:
    """Knows when a MIDI server died: python-rtmidi does not. JACK's sends vanish in a buffer, and once that is full
    they block for ever. What tells are the sockets that its client library opened: they hang up with the server.
    """

    def __init__(self) -> None:
        self._before = open_sockets()
        self._poll: Any = None

    def find(self) -> None:
        """Call when the client is open: its sockets are those that were not there before."""
        new = open_sockets() - self._before
        if new and sys.platform != "win32":
            self._poll = select.poll()
            for fd in new:
                self._poll.register(fd, 0)

    def gone(self) -> bool:
        """A poll without events reports only hang-up, error and closed descriptors."""
        return self._poll is not None and bool(self._poll.poll(0))


def open_sockets() -> set[int]:
    """Descriptors of this process that are sockets; empty where there is no /proc."""
    found = set()
    folder = Path("/proc/self/fd")
    for entry in folder.iterdir() if folder.is_dir() else ():
        try:
            if entry.readlink().name.startswith("socket:"):
                found.add(int(entry.name))
        except OSError:
            continue  # the descriptor of this very listing
    return found


def open_output(api: str, client: str) -> Any:
    """A MIDI client of the first interface that works. Raises DriverError saying what was tried."""
    if client == os.environ.get("JACK_DEFAULT_SERVER", "default"):
        raise DriverError(f"the JACK server is called {client!r} too, and JACK then mixes them up: choose another name")
    tried = []
    for name in (api,) if api else DEFAULT_APIS.get(sys.platform, ("alsa", "jack")):
        if name not in APIS or APIS[name] not in rtmidi.get_compiled_api():
            tried.append(f"{name} (not in this python-rtmidi)")
            continue
        try:
            return rtmidi.MidiOut(rtapi=APIS[name], name=client)
        except rtmidi.RtMidiError as error:
            tried.append(f"{name} ({str(error).strip()})")
    raise DriverError(f"no MIDI interface works here: {', '.join(tried)}")


def pick_port(names: Sequence[str], wanted: str) -> str:
    """The port called `wanted`, or the only one with `wanted` in its name. Never a guess."""
    found = [name for name in names if name == wanted] or [name for name in names if wanted.lower() in name.lower()]
    if len(found) == 1:
        return found[0]
    seen = ", ".join(repr(name) for name in names) or "none"
    if found:
        raise DriverError(f"{len(found)} MIDI ports match {wanted!r}: name one of them whole. Ports: {seen}")
    raise DriverError(f"no MIDI port matches {wanted!r}. Ports: {seen}")
