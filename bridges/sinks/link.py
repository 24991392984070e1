"""The stream socket between a deck and a child process: a socket pair, or loopback TCP where there is none to inherit.

What the child must know (its plan) goes through its standard input, so that no secret stands in a command line.
"""

import hmac
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import IO, Any, cast

from ..ipc import module_command, module_environment

HAS_PAIR = sys.platform != "win32"
ACCEPT_TIMEOUT_S = 5.0
"""Guess: a cold Python on a loaded machine needs well under one second to call back."""
TOKEN_BYTES = 16
BACKLOG_BYTES = 65536
"""The deck's send buffer: some hundred frames. A writer that reads no more is found out long before it is full."""


class LinkError(Exception):
    """The child could not be started or did not call back."""


def start_child(module: str, plan: Mapping[str, Any], pair: bool = HAS_PAIR) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start `python -m module` with `plan`; the deck's end of the stream comes back, non-blocking. Blocks for a moment."""
    process, link = _start_pair(module, plan) if pair else _start_tcp(module, plan)
    link.setblocking(False)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BACKLOG_BYTES)
    return process, link


def open_parent(argument: str, stdin: IO[bytes]) -> tuple[socket.socket, Any]:
    """The child's side: its end of the stream, and its plan. `argument` is the one that `start_child` gave."""
    how, _, number = argument.partition("=")
    token, plan = stdin.readline(), json.loads(stdin.readline())
    if how == "--fd":
        return socket.socket(fileno=int(number)), plan
    link = socket.create_connection(("127.0.0.1", int(number)), ACCEPT_TIMEOUT_S)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.sendall(bytes.fromhex(token.decode("ascii")))
    return link, plan


def _start_pair(module: str, plan: Mapping[str, Any]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = _popen(module, f"--fd={theirs.fileno()}", (theirs.fileno(),))
    _write_plan(process, b"", plan)
    return process, ours


def _start_tcp(module: str, plan: Mapping[str, Any]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    token = os.urandom(TOKEN_BYTES)
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = _popen(module, f"--port={server.getsockname()[1]}", ())
        _write_plan(process, token, plan)
        try:
            return process, _accept(server, process, token)
        except BaseException:
            process.kill()
            process.wait()
            raise


def _accept(server: socket.socket, process: subprocess.Popen[bytes], token: bytes) -> socket.socket:
    """The first caller that knows the token: any program of this machine can call."""
    server.settimeout(0.1)
    until = time.monotonic() + ACCEPT_TIMEOUT_S
    while time.monotonic() < until and process.poll() is None:
        try:
            link, _ = server.accept()
        except TimeoutError:
            continue
        link.settimeout(ACCEPT_TIMEOUT_S)
        if hmac.compare_digest(_read_exactly(link, len(token)), token):
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return link
        link.close()
    raise LinkError("the child process did not call back")


def _read_exactly(link: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := link.recv(count - len(data))):
        data += more
    return data


def _popen(module: str, argument: str, fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
    """-P keeps the current folder out of the child's imports; its output would spoil the deck's table.

    Somebody has to read its standard error (`LastWords`): a full pipe would hold the child up.
    """
    return subprocess.Popen(
        module_command(module, argument),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=fds,
        env=module_environment(),
        creationflags=_creation_flags(),
    )


def _creation_flags() -> int:
    """Windows: no console window, and no part in the deck's Ctrl-C."""
    no_window: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    new_group: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return no_window | new_group


def _write_plan(process: subprocess.Popen[bytes], token: bytes, plan: Mapping[str, Any]) -> None:
    with cast(IO[bytes], process.stdin) as stdin:
        try:
            stdin.write(token.hex().encode("ascii") + b"\n" + json.dumps(plan).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            return  # it died at once: whoever waits for its first frame finds out
