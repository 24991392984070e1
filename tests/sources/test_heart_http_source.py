"""Heart rates over a real TCP socket: by HTTP and by WebSocket, taken or refused with a text."""

import asyncio
import contextlib
import math
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bridges.sources.base import SourceError
from bridges.sources.heart_http import (
    PORT,
    SENDER_HOLD_NS,
    SOCKETS_MAX,
    HeartHttpSettings,
    HeartHttpSource,
    SocketError,
)
from bridges.wire.heart_http import MAX_BODY_BYTES, HeartError
from dynamics.frames import Frame, WatchSample

LOCAL = HeartHttpSettings(host="127.0.0.1", port=0, side="left")
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: deck\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
PUT_72 = b'{"data":"heartRate:72"}'


class Opened:
    """An open source, a client, and what was delivered."""

    def __init__(self, settings: HeartHttpSettings = LOCAL) -> None:
        self.source = HeartHttpSource(settings)
        self.frames: list[tuple[str, Frame]] = []
        self.client: aiohttp.ClientSession

    async def __aenter__(self) -> "Opened":
        self.client = aiohttp.ClientSession()
        await self.source.open(lambda stream, frame: self.frames.append((stream, frame)))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.source.close()
        await self.client.close()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.source.port}{path}"

    async def get(self, path: str) -> tuple[int, str]:
        async with self.client.get(self.url(path)) as answer:
            return answer.status, await answer.text()

    async def put(self, body: bytes, path: str = "/") -> tuple[int, str]:
        async with self.client.put(self.url(path), data=body) as answer:
            return answer.status, await answer.text()

    @property
    def beats(self) -> list[float]:
        return [frame.heart_rate_bpm for _, frame in self.frames if isinstance(frame, WatchSample)]


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with Opened() as one:
        yield one


async def until(opened: Opened, received: int) -> None:
    async with asyncio.timeout(5):
        while opened.source.stats.received < received:  # noqa: ASYNC110 - a real socket: nothing to wait on
            await asyncio.sleep(0)


async def closed(ws: aiohttp.ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(5):
        assert (await ws.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    return ws.close_code


async def test_heartios_address_gives_a_watch_frame(opened: Opened) -> None:
    assert await opened.get("/heart?bpm=72") == (200, "ok\n")
    ((stream, frame),) = opened.frames
    assert isinstance(frame, WatchSample)
    assert (stream, frame.heart_rate_bpm, frame.side, frame.capture_ns) == ("watch", 72.0, "left", frame.recv_ns)


async def test_health_data_servers_put_gives_a_watch_frame_whatever_its_content_type(opened: Opened) -> None:
    assert await opened.put(PUT_72) == (200, "ok\n")
    assert opened.beats == [72.0]


async def test_a_heart_rate_of_zero_is_taken_as_missing(opened: Opened) -> None:
    assert (await opened.get("/heart?bpm=0"))[0] == 200
    assert len(opened.beats) == 1
    assert math.isnan(opened.beats[0])


async def test_what_is_not_read_is_answered_so_that_the_app_goes_on(opened: Opened) -> None:
    status, text = await opened.put(b'{"data":"motion:[0.1,0.2]"}')
    assert (status, opened.frames, opened.source.stats.rejected) == (200, [], 0)
    assert "only the heart rate" in text


@pytest.mark.parametrize(
    ("path", "reason"), [("/heart", HeartError.NO_BPM), ("/heart?bpm=x", HeartError.NUMBER), ("/heart?bpm=1&", None)]
)
async def test_a_bad_address_is_refused_and_counted_once_under_its_reason(
    opened: Opened, path: str, reason: HeartError | None
) -> None:
    status, text = await opened.get(path)
    errors = {} if reason is None else {reason: 1}
    assert (status, opened.source.stats.errors) == (400 if reason else 200, errors)
    assert (reason or "ok") in text


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/", b"72", 400),
        ("PUT", "/", b" " * (MAX_BODY_BYTES + 1), 413),
        ("PUT", "/heart", PUT_72, 405),
        ("POST", "/", PUT_72, 405),
        ("GET", "/", b"", 400),
        ("GET", "/other?bpm=72", b"", 404),
    ],
)
async def test_what_is_no_request_of_the_apps_gives_nothing(
    opened: Opened, method: str, path: str, body: bytes, status: int
) -> None:
    async with opened.client.request(method, opened.url(path), data=body) as answer:
        assert answer.status == status
    assert opened.frames == []


async def test_a_body_without_a_length_is_cut_off_at_the_cap(opened: Opened) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * MAX_BODY_BYTES

    async with opened.client.put(opened.url(), data=endless()) as answer:
        assert answer.status == 413


async def test_a_sender_that_is_not_listed_is_refused_at_every_door() -> None:
    async with Opened(HeartHttpSettings("127.0.0.1", 0, allowed=("192.168.1.20",))) as opened:
        assert (await opened.get("/heart?bpm=72"))[0] == 403
        assert (await opened.put(PUT_72))[0] == 403
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await opened.client.ws_connect(opened.url())
        assert (opened.frames, opened.source.stats.errors) == ([], {"http: 403": 3})
        assert not opened.source.hears_anyone


async def test_a_second_sender_waits_until_the_first_is_silent(opened: Opened) -> None:
    text = opened.source.text
    assert text("heartRate:70", "10.0.0.1", 1_000_000_000)[0] == 200
    assert opened.source.sender == "10.0.0.1"
    assert text("heartRate:71", "10.0.0.2", SENDER_HOLD_NS)[0] == 409
    assert text("heartRate:72", "10.0.0.2", 1_000_000_000 + SENDER_HOLD_NS)[0] == 200
    assert opened.beats == [70.0, 72.0]


async def test_a_web_socket_brings_types_and_values_one_a_message(opened: Opened) -> None:
    async with opened.client.ws_connect(opened.url()) as ws:
        for message in ("clientName:watch", "heartRate:71", "motion:[0,0,1]", "nonsense", "heartRate:0", "heartRate:72"):
            await ws.send_str(message)
        await until(opened, 6)
    assert [bpm for bpm in opened.beats if not math.isnan(bpm)] == [71.0, 72.0]
    assert len(opened.beats) == 3
    assert opened.source.stats.errors == {HeartError.NOT_TYPED: 1}


async def test_a_ping_is_answered(opened: Opened) -> None:
    async with opened.client.ws_connect(opened.url(), autoping=False) as ws, asyncio.timeout(5):
        await ws.ping(b"alive?")
        message = await ws.receive()
        assert (message.type, message.data) == (aiohttp.WSMsgType.PONG, b"alive?")


async def test_a_flood_of_pings_leaves_the_loop_free_in_between(opened: Opened) -> None:
    turns = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", opened.source.port)
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x89\x80\0\0\0\0" * 500 + b"\x81\x8c\0\0\0\0heartRate:72")
    async with asyncio.timeout(5):
        while not opened.frames:
            turns += 1
            await asyncio.sleep(0)
    writer.close()
    assert turns >= 500


async def test_a_web_socket_message_over_the_cap_closes_it(opened: Opened) -> None:
    async with opened.client.ws_connect(opened.url()) as ws:
        await ws.send_str("heartRate:" + "7" * MAX_BODY_BYTES)
        assert await closed(ws) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    assert opened.frames == []


async def test_a_web_socket_that_sends_bytes_is_closed(opened: Opened) -> None:
    async with opened.client.ws_connect(opened.url()) as ws:
        await ws.send_bytes(b"heartRate:72")
        assert await closed(ws) == aiohttp.WSCloseCode.UNSUPPORTED_DATA
    assert opened.frames == []


async def test_a_second_watch_on_a_web_socket_is_told_who_is_being_heard(opened: Opened) -> None:
    opened.source.text("heartRate:70", "10.0.0.1", opened.source.clock_ns())
    async with opened.client.ws_connect(opened.url()) as ws:
        await ws.send_str("heartRate:72")
        assert await closed(ws) == aiohttp.WSCloseCode.POLICY_VIOLATION
    assert opened.beats == [70.0]


async def test_a_silent_web_socket_is_let_go_even_while_it_pings(opened: Opened) -> None:
    opened.source.silent_s = 0.1
    async with opened.client.ws_connect(opened.url(), autoping=False) as ws:
        async with asyncio.timeout(5):
            with contextlib.suppress(aiohttp.ClientError):
                while opened.source.stats.rejected == 0:
                    await ws.ping()
                    await asyncio.sleep(0.001)
    assert opened.source.stats.errors == {SocketError.SILENT: 1}


async def test_no_more_web_sockets_than_the_bound_are_open_at_once(opened: Opened) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(SOCKETS_MAX):
            await stack.enter_async_context(opened.client.ws_connect(opened.url()))
        with pytest.raises(aiohttp.WSServerHandshakeError, match="429"):
            await opened.client.ws_connect(opened.url())
    async with asyncio.timeout(5), opened.client.ws_connect(opened.url()) as ws:
        await ws.send_str("heartRate:72")
        await until(opened, 1)


async def test_closing_says_goodbye_to_open_web_sockets_and_frees_the_port() -> None:
    opened = Opened()
    async with opened:
        port = opened.source.port
        ws = await opened.client.ws_connect(opened.url())
        async with asyncio.timeout(5):
            await opened.source.close()
        assert await closed(ws) == aiohttp.WSCloseCode.GOING_AWAY
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


async def test_a_port_in_use_is_an_error_that_says_what_to_do(opened: Opened) -> None:
    other = HeartHttpSource(HeartHttpSettings("127.0.0.1", opened.source.port))
    with pytest.raises(SourceError, match=r"heart-http: cannot listen at TCP port \d+ on 127.0.0.1.*another port"):
        await other.open(lambda *_: None)
    assert not other.is_open


def test_the_port_is_the_one_that_heartio_has_built_in() -> None:
    assert HeartHttpSettings().port == PORT == 2333
