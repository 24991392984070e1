"""The control socket: one JSON line asks, one JSON line answers. Unix socket, mode 0600; loopback TCP with a token on Windows.

The token file of the TCP form lies where the socket would, mode 0600: `{"port": N, "token": "..."}`.
"""

import asyncio
import contextlib
import hmac
import json
import os
import secrets
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import paths

SOCKET_NAME = "control.sock"
MAX_LINE_BYTES = 4096
"""A request is a few words; more is not one of ours."""
REPLY_LIMIT_BYTES = 1 << 20
TIMEOUT_S = 2.0
"""Client side: a deck that does not answer in this time is not well. Server side: a line that does not end."""
MAX_CLIENTS = 16

Reply = dict[str, Any]
Handler = Callable[[dict[str, Any]], Reply]
"""Request -> reply. Called on the loop; must not block."""

HAS_UNIX_SOCKETS = sys.platform != "win32"
UNIX_PATH_BYTES = 100
"""Longest path of a unix socket that every system takes (Linux 107, macOS 103): a longer one holds the token file."""


class ControlError(Exception):
    """The control socket cannot be had; the message says why and what to do."""


class NoDeckError(ControlError):
    """No daemon answers there."""


def default_path() -> Path:
    """Where the daemon of this login listens."""
    return paths.runtime_dir() / SOCKET_NAME


class ControlServer:
    """Listens until closed. `unix=False` takes the TCP form on any platform; so does a path too long for a unix socket."""

    def __init__(self, path: Path, handler: Handler, unix: bool = HAS_UNIX_SOCKETS) -> None:
        self.path = path
        self.handler = handler
        self._unix = unix and len(os.fsencode(path)) <= UNIX_PATH_BYTES
        self._token = ""
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Raises ControlError when another daemon listens there, or the folder is not to be had."""
        try:
            await asyncio.to_thread(_claim, self.path)
            await (self._open_unix() if self._unix else self._open_tcp())
        except OSError as error:
            raise ControlError(
                f"control socket {self.path}: {error.strerror or error}; give another with --control PATH"
            ) from error

    async def close(self) -> None:
        """Stop listening, end open conversations and take the socket away."""
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._clients):
            writer.close()
        await self._server.wait_closed()
        self._server = None
        await asyncio.to_thread(self.path.unlink, missing_ok=True)

    async def _open_unix(self) -> None:
        listener = await asyncio.to_thread(_bind_private, self.path)
        if sys.platform != "win32":
            self._server = await asyncio.start_unix_server(self._talk, sock=listener, limit=MAX_LINE_BYTES)

    async def _open_tcp(self) -> None:
        self._token = secrets.token_hex(32)
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=MAX_LINE_BYTES)
        port = self._server.sockets[0].getsockname()[1]
        await asyncio.to_thread(_write_private, self.path, json.dumps({"port": port, "token": self._token}))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MAX_CLIENTS:
            writer.close()
            return
        self._clients.add(writer)
        try:
            while line := await asyncio.wait_for(reader.readline(), TIMEOUT_S):
                writer.write(json.dumps(self._answer(line)).encode() + b"\n")
                await asyncio.wait_for(writer.drain(), TIMEOUT_S)
        except (TimeoutError, OSError):
            pass
        except ValueError:  # longer than MAX_LINE_BYTES
            with contextlib.suppress(OSError):
                writer.write(json.dumps(refusal(f"a request is at most {MAX_LINE_BYTES} bytes")).encode() + b"\n")
        finally:
            self._clients.discard(writer)
            writer.close()

    def _answer(self, line: bytes) -> Reply:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            return refusal("not a JSON object")
        if not isinstance(request, dict) or not isinstance(request.get("do"), str):
            return refusal('not a request: {"do": "status"}')
        token = request.pop("token", "")
        if not self._unix and not (isinstance(token, str) and hmac.compare_digest(token.encode(), self._token.encode())):
            return refusal("wrong token")
        return self.handler(request)


def refusal(why: str) -> Reply:
    """The reply that says no."""
    return {"ok": False, "error": why}


def ask(request: dict[str, Any], path: Path, timeout_s: float = TIMEOUT_S) -> Reply:
    """Send one request to the daemon at `path`. Raises NoDeckError when none listens, ControlError when it does not answer."""
    try:
        with _connect(path, request, timeout_s) as link, link.makefile("rwb") as stream:
            stream.write(json.dumps(request).encode() + b"\n")
            stream.flush()
            line = stream.readline(REPLY_LIMIT_BYTES)
    except (ConnectionRefusedError, FileNotFoundError) as error:
        raise NoDeckError(f"no deck is running at {path}: start one with `airdeck run`") from error
    except OSError as error:
        raise ControlError(f"the deck at {path} does not answer: {error}") from error
    try:
        reply: Reply = json.loads(line)
    except ValueError as error:
        raise ControlError(f"the deck at {path} closed without an answer") from error
    return reply


def _connect(path: Path, request: dict[str, Any], timeout_s: float) -> socket.socket:
    """Connected to what is at `path`: the socket itself, or the port that the token file names."""
    if not stat.S_ISREG(path.stat().st_mode):
        return _connect_unix(path, timeout_s)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        request["token"], port = str(found["token"]), int(found["port"])
    except (ValueError, KeyError, TypeError) as error:
        raise ControlError(f"{path} is not a control file of airdeck: remove it") from error
    return socket.create_connection(("127.0.0.1", port), timeout_s)


def _connect_unix(path: Path, timeout_s: float) -> socket.socket:
    if sys.platform == "win32":
        raise FileNotFoundError(path)
    else:  # noqa: RET506 (the type checker of each platform reads one branch only)
        link = socket.socket(socket.AF_UNIX)
        try:
            link.settimeout(timeout_s)
            link.connect(str(path))
        except OSError:
            link.close()
            raise
        return link


def refuse_second(path: Path) -> None:
    """Raises ControlError when a daemon listens at `path` already."""
    request: dict[str, Any] = {}
    try:
        _connect(path, request, TIMEOUT_S).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return
    except OSError as error:
        raise ControlError(f"control socket {path}: {error.strerror or error}; give another with --control PATH") from error
    raise ControlError(
        f"a deck is already running at {path}: see `airdeck status`, end it with Ctrl-C, or start another with --control PATH"
    )


def _claim(path: Path) -> None:
    """Make room for the socket: a stale one is removed, one where a daemon listens is refused."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() and not path.is_symlink():
        return
    refuse_second(path)
    if not _is_ours(path):
        raise ControlError(f"{path} exists and is not a control socket: give another with --control PATH")
    path.unlink(missing_ok=True)


def _is_ours(path: Path) -> bool:
    mode = path.lstat().st_mode
    return stat.S_ISSOCK(mode) or stat.S_ISREG(mode)


def _bind_private(path: Path) -> socket.socket:
    """Bound, and nobody else's from the first moment: the mode is set before it listens."""
    if sys.platform == "win32":
        raise OSError("no unix sockets here")
    else:  # noqa: RET506 (the type checker of each platform reads one branch only)
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.bind(str(path))
            path.chmod(0o600)
            listener.listen(MAX_CLIENTS)
        except OSError:
            listener.close()
            raise
        return listener


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
