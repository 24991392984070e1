"""ZIG SIM's JSON mode over real UDP and TCP sockets."""

import asyncio
import contextlib
import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from bridges.sources.base import SourceError
from bridges.sources.udp import UdpError
from bridges.sources.zigsim_json import (
    BAD_LINES_MAX,
    CONNECTIONS_MAX,
    LINES_AT_ONCE,
    LineError,
    ZigsimJsonSettings,
    ZigsimJsonSource,
)
from bridges.wire.zigsim_json import MAX_BYTES, ZigsimError
from dynamics.frames import ImuSample

try:
    import uvloop
except ImportError:  # Windows has none
    uvloop = None

LOCAL = ZigsimJsonSettings(host="127.0.0.1", port=0)
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def phone(number: float = 1.0) -> bytes:
    return json.dumps({"device": {"os": "ios"}, "sensordata": {"gyro": {"x": number, "y": 0, "z": 0}}}).encode()


class Opened:
    """An open source, and what it delivered."""

    def __init__(self, settings: ZigsimJsonSettings = LOCAL, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self.source = ZigsimJsonSource(settings, clock_ns)
        self.frames: list[tuple[str, Any]] = []

    async def __aenter__(self) -> "Opened":
        await self.source.open(lambda stream, frame: self.frames.append((stream, frame)))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.source.close()

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[Pair]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.source.tcp_port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    @property
    def turns(self) -> list[float]:
        return [frame.gyro_radps[0] for _, frame in self.frames]


LOOPS = [pytest.param(asyncio.SelectorEventLoop, id="asyncio")]
if uvloop is not None:
    LOOPS.append(pytest.param(uvloop.new_event_loop, id="uvloop"))


def on_every_loop(test: Callable[[Opened], Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """The deck runs on uvloop where there is one, whose transports are of no class of asyncio's."""

    async def body() -> None:
        async with Opened() as opened:
            await test(opened)

    @pytest.mark.parametrize("new_loop", LOOPS)
    def run(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        failures: list[dict[str, Any]] = []
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.get_loop().set_exception_handler(lambda _loop, context: failures.append(context))
            runner.run(body())
        assert failures == []

    return run


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a real socket: nothing to wait on
            await asyncio.sleep(0)


async def ended(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionError):
            return await reader.read() == b""
    return True


@on_every_loop
async def test_a_datagram_gives_a_pocket_frame(opened: Opened) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(phone(2.5), ("127.0.0.1", opened.source.port))
        await until(lambda: bool(opened.frames))
    ((stream, frame),) = opened.frames
    assert (stream, type(frame), frame.gyro_radps) == ("pocket", ImuSample, (2.5, 0.0, 0.0))


@on_every_loop
async def test_a_datagram_that_is_none_of_the_app_is_counted_under_its_reason(opened: Opened) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"#bundle\0", ("127.0.0.1", opened.source.port))
        await until(lambda: opened.source.stats.received == 1)
    assert (opened.frames, opened.source.stats.errors) == ([], {ZigsimError.FORMAT: 1})


@on_every_loop
async def test_lines_over_tcp_give_a_frame_each_in_order(opened: Opened) -> None:
    async with opened.connected() as (_, writer):
        writer.write(b"".join(phone(n) + b"\n" for n in range(5)))
        await until(lambda: len(opened.frames) == 5)
    assert opened.turns == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert {stream for stream, _ in opened.frames} == {"pocket"}


@on_every_loop
async def test_a_line_may_end_as_on_windows(opened: Opened) -> None:
    async with opened.connected() as (_, writer):
        writer.write(phone(3.0) + b"\r\n")
        await until(lambda: bool(opened.frames))
    assert opened.turns == [3.0]


@on_every_loop
async def test_a_line_may_come_in_any_two_pieces(opened: Opened) -> None:
    line = phone(7.0) + b"\n"
    async with opened.connected() as (_, writer):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in range(1, len(line)):
            writer.write(line[:cut])
            await writer.drain()
            await asyncio.sleep(0)
            writer.write(line[cut:])
            await until(lambda count=cut: len(opened.frames) == count)
    assert set(opened.turns) == {7.0}


@on_every_loop
async def test_a_burst_of_lines_is_read_whole_with_the_loop_free_in_between(opened: Opened) -> None:
    turns = 0
    at_frame: list[int] = []
    opened.source._deliver = lambda _stream, _frame: at_frame.append(turns)
    async with opened.connected() as (_, writer):
        writer.write(b"".join(phone(n % 100) + b"\n" for n in range(1_000)))
        async with asyncio.timeout(10):
            while len(at_frame) < 1_000:
                turns += 1
                await asyncio.sleep(0)
    assert max(map(at_frame.count, at_frame)) <= 2 * LINES_AT_ONCE
    assert opened.source.stats.received == 1_000


@on_every_loop
async def test_a_line_without_an_end_closes_its_connection(opened: Opened) -> None:
    async with opened.connected() as (reader, writer):
        writer.write(b" " * (MAX_BYTES + 1))
        assert await ended(reader)
    assert opened.source.stats.errors == {LineError.LONG: 1}


@on_every_loop
async def test_a_long_line_with_an_end_is_refused_undecoded(opened: Opened) -> None:
    async with opened.connected() as (_, writer):
        writer.write(b" " * (MAX_BYTES - 2) + b"\n" + b" " * MAX_BYTES + b"{\n" + phone() + b"\n")
        await until(lambda: bool(opened.frames) or not opened.source.lines)
    assert opened.turns in ([1.0], [])
    assert set(opened.source.stats.errors) <= {ZigsimError.FORMAT, UdpError.SIZE, LineError.LONG}


@on_every_loop
async def test_a_sender_of_too_many_bad_lines_in_a_row_is_let_go(opened: Opened) -> None:
    async with opened.connected() as (reader, writer):
        writer.write(b"{}\n" * (BAD_LINES_MAX - 1) + phone() + b"\n" + b"\n" * (BAD_LINES_MAX + 500))
        assert await ended(reader)
    assert opened.turns == [1.0]
    assert opened.source.stats.errors == {ZigsimError.FORMAT: 2 * BAD_LINES_MAX - 1, LineError.BAD: 1}


@on_every_loop
async def test_a_sender_that_trickles_is_let_go(opened: Opened) -> None:
    opened.source.silent_s = 0.2
    async with opened.connected() as (_, writer):
        async with asyncio.timeout(5):
            while not opened.source.stats.rejected:
                writer.write(b" ")
                await asyncio.sleep(0.005)
    assert opened.source.stats.errors == {LineError.SILENT: 1}


async def test_a_sender_of_good_lines_is_kept_beyond_the_time_of_a_silent_one() -> None:
    now_ns = 0
    async with Opened(LOCAL, lambda: now_ns) as opened, opened.connected() as (_, writer):
        for count in range(1, 4):
            now_ns += 9_000_000_000
            writer.write(phone() + b"\n")
            await until(lambda count=count: len(opened.frames) == count)
            (lines,) = opened.source.lines
            lines._watch()
        assert opened.source.lines == {lines}
        now_ns += 10_000_000_000
        lines._watch()
        await until(lambda: not opened.source.lines)
        assert opened.source.stats.errors == {LineError.SILENT: 1}


@on_every_loop
async def test_no_more_connections_than_the_bound_are_open_at_once(opened: Opened) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(CONNECTIONS_MAX):
            await stack.enter_async_context(opened.connected())
        await until(lambda: len(opened.source.lines) == CONNECTIONS_MAX)
        async with opened.connected() as (reader, _):
            assert await ended(reader)
        assert opened.source.stats.errors == {LineError.TOO_MANY: 1}
    await until(lambda: not opened.source.lines)
    async with opened.connected() as (_, writer):
        writer.write(phone() + b"\n")
        await until(lambda: bool(opened.frames))


async def test_a_sender_that_is_not_listed_is_closed_before_it_is_read() -> None:
    async with Opened(replace(LOCAL, allowed=("192.168.1.20",))) as opened:
        async with opened.connected() as (reader, writer):
            writer.write(phone() + b"\n")
            assert await ended(reader)
        assert (opened.frames, opened.source.stats.errors) == ([], {LineError.SENDER: 1})


@on_every_loop
async def test_a_second_phone_is_not_mixed_with_the_first(opened: Opened) -> None:
    opened.source.datagram(phone(5.0), "10.0.0.9", opened.source._clock_ns())
    async with opened.connected() as (_, writer):
        writer.write(phone(6.0) + b"\n")
        await until(lambda: opened.source.stats.received == 2)
    assert opened.turns == [5.0]
    assert opened.source.stats.errors == {UdpError.SECOND_SENDER: 1}


@on_every_loop
async def test_a_sender_that_resets_in_mid_burst_leaves_the_port_open(opened: Opened) -> None:
    async with opened.connected() as (_, writer):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.write((phone() + b"\n") * 100)
        await until(lambda: bool(opened.frames))
        writer.transport.abort()
    await until(lambda: not opened.source.lines)
    async with opened.connected() as (_, writer):
        seen = len(opened.frames)
        writer.write(phone() + b"\n")
        await until(lambda: len(opened.frames) > seen)


async def test_closing_ends_the_connections_and_frees_both_ports() -> None:
    async with Opened() as opened:
        port = opened.source.tcp_port
        async with opened.connected() as (reader, _):
            await until(lambda: bool(opened.source.lines))
            await opened.source.close()
            assert await ended(reader)
        assert (opened.source.port, opened.source.tcp_port) == (0, 0)
    async with Opened(replace(LOCAL, port=port)) as again:
        assert (again.source.port, again.source.tcp_port) == (port, port)


async def test_a_tcp_port_in_use_is_an_error_that_says_what_to_do_and_leaves_no_udp_port_open() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        source = ZigsimJsonSource(replace(LOCAL, port=port))
        with pytest.raises(SourceError, match=rf"cannot listen at TCP port {port} on 127.0.0.1.*another port"):
            await source.open(lambda *_: None)
    assert (source.is_open, source.port) == (False, 0)
