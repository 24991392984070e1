"""The control socket over real sockets: private, bounded, one daemon per path."""

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from airdeck import control
from airdeck.control import ControlError, ControlServer, NoDeckError

FORMS = [
    pytest.param(True, id="unix", marks=pytest.mark.skipif(not control.HAS_UNIX_SOCKETS, reason="no unix sockets")),
    pytest.param(False, id="tcp"),
]


def echo(request: dict[str, Any]) -> dict[str, Any]:
    return {"ok": True, "seen": request}


@pytest.fixture(params=FORMS)
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ControlServer]:
    found = ControlServer(tmp_path / "run" / "control.sock", echo, unix=request.param)
    await found.open()
    yield found
    await found.close()


async def ask(path: Path, **request: object) -> dict[str, Any]:
    return await asyncio.to_thread(control.ask, request, path, 5.0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5.0):
        while not condition():  # noqa: ASYNC110 (the server has no event for this, and needs none)
            await asyncio.sleep(0.001)


async def raw(server: ControlServer, data: bytes) -> bytes:
    """Whatever bytes, over the same kind of socket; returns all that comes back."""
    link = await asyncio.to_thread(control._connect, server.path, {}, 5.0)
    link.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=link)
    writer.write(data)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 5.0)
    writer.close()
    return answer


async def test_one_request_gets_one_reply(server: ControlServer) -> None:
    assert await ask(server.path, do="arm", bars=8) == {"ok": True, "seen": {"do": "arm", "bars": 8}}


async def test_what_lies_at_the_path_is_for_this_user_only(server: ControlServer) -> None:
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o600


async def test_closing_takes_the_socket_away_and_then_no_deck_answers(server: ControlServer) -> None:
    await server.close()
    assert not server.path.exists()
    with pytest.raises(NoDeckError, match=r"no deck is running at .*: start one with `airdeck run`"):
        await ask(server.path, do="status")


async def test_a_second_daemon_at_the_same_path_is_refused_and_the_first_goes_on(server: ControlServer) -> None:
    with pytest.raises(ControlError, match="a deck is already running at"):
        await ControlServer(server.path, echo).open()
    assert (await ask(server.path, do="status"))["ok"]


@pytest.mark.parametrize(
    "line", [b"garbage\n", b"[1]\n", b'{"do": 5}\n', b'"x"\n', b"{}\n", b"[" * 3000 + b"\n", b"\xff\xfe\n"]
)
async def test_a_line_that_is_not_a_request_is_refused_and_the_server_goes_on(server: ControlServer, line: bytes) -> None:
    assert json.loads(await raw(server, line))["ok"] is False
    assert (await ask(server.path, do="status"))["ok"]


async def test_a_line_without_end_is_refused(server: ControlServer) -> None:
    answer = await raw(server, b"x" * (control.MAX_LINE_BYTES * 4))
    assert json.loads(answer) == {"ok": False, "error": f"a request is at most {control.MAX_LINE_BYTES} bytes"}


async def test_several_requests_may_share_a_connection(tmp_path: Path) -> None:
    server = ControlServer(tmp_path / "c.sock", echo)
    await server.open()
    answers = (await raw(server, b'{"do":"arm"}\n{"do":"stop"}\n')).splitlines()
    assert [json.loads(line)["seen"]["do"] for line in answers] == ["arm", "stop"]
    await server.close()


async def test_the_tcp_form_wants_its_token(tmp_path: Path) -> None:
    server = ControlServer(tmp_path / "c.json", echo, unix=False)
    await server.open()
    assert json.loads(await raw(server, b'{"do":"stop"}\n')) == {"ok": False, "error": "wrong token"}
    assert json.loads(await raw(server, b'{"do":"stop","token":7}\n')) == {"ok": False, "error": "wrong token"}
    assert (await ask(server.path, do="stop"))["seen"] == {"do": "stop"}
    await server.close()


async def test_a_stale_socket_where_nobody_listens_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "c.sock"
    left_over = socket.socket(socket.AF_UNIX)
    left_over.bind(str(path))
    left_over.close()
    server = ControlServer(path, echo)
    await server.open()
    assert (await ask(path, do="status"))["ok"]
    await server.close()


async def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    with pytest.raises(ControlError, match="is not a control file of airdeck"):
        await ControlServer(path, echo).open()
    assert path.read_text() == "mine"


async def test_a_folder_at_the_path_is_an_error_that_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="--control PATH"):
        await ControlServer(tmp_path, echo).open()


async def test_a_deck_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "c.sock"
    mute = socket.socket(socket.AF_UNIX)
    mute.bind(str(path))
    mute.listen()
    with pytest.raises(ControlError, match="does not answer"):
        await asyncio.to_thread(control.ask, {"do": "status"}, path, 0.05)
    mute.close()


async def test_clients_beyond_the_limit_are_turned_away_and_room_comes_back(server: ControlServer) -> None:
    links = [await asyncio.to_thread(control._connect, server.path, {}, 5.0) for _ in range(control.MAX_CLIENTS)]
    await until(lambda: len(server._clients) == control.MAX_CLIENTS)
    with pytest.raises(ControlError):
        await ask(server.path, do="status")
    for link in links:
        link.close()
    await until(lambda: not server._clients)
    assert (await ask(server.path, do="status"))["ok"]


async def test_a_path_too_long_for_a_unix_socket_still_takes_requests(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 60) / ("b" * 60) / "control.sock"
    server = ControlServer(path, echo)
    await server.open()
    try:
        assert (await ask(path, do="status"))["ok"]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        await server.close()
