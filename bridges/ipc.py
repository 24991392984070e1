"""Start a child process of our own with one socket between us. No fork after threads, nothing else inherited.

POSIX hands the child its end as a file descriptor; Windows duplicates it into the child and sends the handle's
description over standard input. Either way the child calls `child_socket` on the argument it got.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""Where our packages lie: a child finds these, not what the current folder calls by the same names."""
IPC_FLAG = "--ipc"
"""Argument that the child finds its socket by; `spawn_child` adds it last."""
_SHARED_BY_STDIN = "stdin"


def module_command(module: str, *args: str) -> list[str]:
    """The command line of a child; `-P` keeps the current folder out of its imports."""
    return [sys.executable, "-P", "-m", module, *args]


def module_environment() -> dict[str, str]:
    """The environment of this process, from which a child finds the same packages."""
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), known)))}


def spawn_child(
    module: str, args: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> tuple["subprocess.Popen[bytes]", socket.socket]:
    """Run `python -m module args` with a socket pair; `env` adds to ours. Returns the process and our end.

    Call it from the main thread: on Linux a child that asked to die with its parent dies with the thread that made it.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = _start(module_command(module, *args), {**module_environment(), **(env or {})}, theirs)
        except BaseException:
            ours.close()
            raise
    return process, ours


def child_socket(ipc: str) -> socket.socket:
    """The child's end, from the value of its `--ipc` argument."""
    if ipc == _SHARED_BY_STDIN:
        return _from_share(sys.stdin.buffer.read())
    return socket.socket(fileno=int(ipc))


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies; elsewhere the closed socket has to say it."""
    if sys.platform == "linux":
        import ctypes

        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def exit_when_closed(sock: socket.socket) -> threading.Thread:
    """Watch the socket from a thread of its own and end this process at end of file, whatever the rest is doing.

    For children that nothing is sent to any more: the thread reads and drops what comes.
    """
    watcher = threading.Thread(target=_wait_for_eof, args=(sock,), name="parent-watch", daemon=True)
    watcher.start()
    return watcher


_PR_SET_PDEATHSIG = 1


def _wait_for_eof(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while sock.recv(4096):
            pass
    os._exit(0)


if sys.platform == "win32":

    def _start(argv: list[str], env: dict[str, str], theirs: socket.socket) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [*argv, IPC_FLAG, _SHARED_BY_STDIN],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=subprocess.CREATE_NO_WINDOW,
        )
        assert process.stdin is not None
        process.stdin.write(theirs.share(process.pid))
        process.stdin.close()
        return process

    def _from_share(description: bytes) -> socket.socket:
        return socket.fromshare(description)

else:

    def _start(argv: list[str], env: dict[str, str], theirs: socket.socket) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*argv, IPC_FLAG, str(theirs.fileno())],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
        )

    def _from_share(description: bytes) -> socket.socket:
        raise OSError("sockets are shared by description on Windows only")
