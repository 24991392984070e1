"""Sensor Logger bodies over a real TCP socket: taken, or refused with a text."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bridges.sources.base import SourceError
from bridges.sources.http_intake import Senders
from bridges.sources.sensor_logger import FRAMES_AT_ONCE, MAX_BODY_BYTES, PATH, SensorLoggerSettings, SensorLoggerSource
from bridges.wire.sensor_device import SLICE
from bridges.wire.sensor_logger import SensorError
from dynamics.frames import Frame, ImuSample, WatchSample

T0 = 1_746_650_740_041_851_601
LOCAL = SensorLoggerSettings(host="127.0.0.1", port=0)


def payload(count: int = 3) -> bytes:
    rows: list[dict[str, Any]] = []
    for n in range(count):
        rows.append({"name": "gravity", "time": T0 + n * 10_000_000, "values": {"x": 0, "y": 0, "z": -9.81}})
        rows.append(
            {"name": "Wrist Motion", "time": T0 + n * 10_000_000, "values": {"gravityX": 0, "gravityY": 0, "gravityZ": -1}}
        )
    return json.dumps({"messageId": 1, "sessionId": "s", "deviceId": "d", "payload": rows}).encode()


class Opened:
    """An open source and what it delivered."""

    def __init__(self, settings: SensorLoggerSettings = LOCAL) -> None:
        self.source = SensorLoggerSource(settings)
        self.frames: list[tuple[str, Frame]] = []

    async def __aenter__(self) -> "Opened":
        await self.source.open(lambda stream, frame: self.frames.append((stream, frame)))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.source.close()

    async def post(self, data: bytes, kind: str = "application/json", path: str = PATH) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.source.port}{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=io.BytesIO(data), headers={"Content-Type": kind}) as answer,
        ):
            return answer.status, await answer.text()


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with Opened() as one:
        yield one


async def test_a_body_is_answered_200_and_its_frames_go_to_two_streams(opened: Opened) -> None:
    assert await opened.post(payload()) == (200, "ok\n")
    kinds = [(stream, type(frame)) for stream, frame in opened.frames]
    assert kinds == [("pocket", ImuSample)] * 3 + [("watch", WatchSample)] * 3


async def test_capture_times_are_the_devices_steps_on_our_clock(opened: Opened) -> None:
    await opened.post(payload())
    pocket = [frame for stream, frame in opened.frames if stream == "pocket"]
    assert [pocket[2].capture_ns - frame.capture_ns for frame in pocket] == [20_000_000, 10_000_000, 0]
    assert pocket[2].capture_ns == pocket[2].recv_ns


async def test_the_apps_test_message_is_answered_200(opened: Opened) -> None:
    assert (await opened.post(b'{"message": "hello"}'))[0] == 200
    assert opened.frames == []


async def test_a_long_body_leaves_the_loop_free_in_between(opened: Opened) -> None:
    turns = 0
    turns_at_frame: list[int] = []
    opened.source._deliver = lambda _stream, _frame: turns_at_frame.append(turns)

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counter = asyncio.ensure_future(count())
    await opened.source._body(payload(1_000), "127.0.0.1", 1_000_000_000)
    counter.cancel()
    assert len(turns_at_frame) == 2_000
    assert turns_at_frame[0] >= 2_000 / SLICE
    assert turns_at_frame[-1] - turns_at_frame[0] >= 2_000 // FRAMES_AT_ONCE - 1


@pytest.mark.parametrize(
    ("data", "kind", "path", "status", "says"),
    [
        (b"not json", "application/json", PATH, 400, "not JSON"),
        (b"{}", "text/plain", PATH, 415, "application/json"),
        (b"{}", "application/json", "/other", 404, ""),
        (b" " * (MAX_BODY_BYTES + 1), "application/json", PATH, 413, "pictures"),
    ],
)
async def test_what_is_refused_says_why(opened: Opened, data: bytes, kind: str, path: str, status: int, says: str) -> None:
    answer = await opened.post(data, kind, path)
    assert answer[0] == status
    assert says in answer[1]
    assert opened.frames == []


async def test_a_refused_body_is_counted_once_under_its_reason(opened: Opened) -> None:
    await opened.post(b"not json")
    assert (opened.source.stats.rejected, opened.source.stats.errors) == (1, {SensorError.NOT_JSON: 1})


async def test_a_body_without_a_length_is_cut_off_at_the_cap(opened: Opened) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 50_000 + 2):
            yield b" " * 50_000

    url = f"http://127.0.0.1:{opened.source.port}{PATH}"
    async with aiohttp.ClientSession() as session:
        answer = await session.post(url, data=endless(), headers={"Content-Type": "application/json"})
        assert answer.status == 413


async def test_a_get_is_not_taken(opened: Opened) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{opened.source.port}{PATH}") as answer:
        assert answer.status == 405


async def test_a_sender_that_is_not_listed_is_refused_by_its_address() -> None:
    async with Opened(SensorLoggerSettings("127.0.0.1", 0, allowed=("192.168.1.20",))) as opened:
        status, text = await opened.post(payload())
        assert (status, "127.0.0.1" in text, opened.frames) == (403, True, [])
        assert opened.source.stats.errors == {"http: 403": 1}


async def test_a_second_sender_waits_until_the_first_is_silent(opened: Opened) -> None:
    source = opened.source
    assert await source._body(payload(), "10.0.0.1", 1_000_000_000) == (200, "ok")
    assert (await source._body(payload(), "10.0.0.2", 10_000_000_000))[0] == 409
    assert (await source._body(payload(), "10.0.0.2", 12_000_000_000))[0] == 200


async def test_a_port_in_use_is_an_error_that_says_what_to_do(opened: Opened) -> None:
    other = SensorLoggerSource(SensorLoggerSettings("127.0.0.1", opened.source.port))
    with pytest.raises(SourceError, match=r"cannot listen at TCP port \d+ on 127.0.0.1.*another port"):
        await other.open(lambda *_: None)
    assert not other.is_open


async def test_a_closed_source_frees_its_port_and_opens_again() -> None:
    opened = Opened()
    async with opened:
        port = opened.source.port
    opened.source.settings = SensorLoggerSettings("127.0.0.1", port)
    async with opened:
        assert (await opened.post(payload(1)))[0] == 200


@pytest.mark.parametrize(
    ("allowed", "address", "let_in"),
    [
        ((), "192.168.1.5", True),
        ((), "127.0.0.1", True),
        ((), "::1", True),
        ((), "::ffff:10.0.0.4", True),
        ((), "8.8.8.8", False),
        ((), "", False),
        (("192.168.1.0/24",), "192.168.1.77", True),
        (("192.168.1.0/24",), "192.168.2.77", False),
        (("192.168.1.9",), "::ffff:192.168.1.9", True),
        (("192.168.1.9",), "127.0.0.1", False),
    ],
)
def test_who_is_let_in(allowed: tuple[str, ...], address: str, let_in: bool) -> None:
    assert Senders(allowed).lets_in(address) is let_in


def test_an_allowed_entry_that_is_no_address_is_an_error() -> None:
    with pytest.raises(SourceError, match="allowed"):
        SensorLoggerSource(SensorLoggerSettings(allowed=("my-phone",)))
