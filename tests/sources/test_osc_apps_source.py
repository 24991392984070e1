"""OSC apps over a real UDP socket: two streams out of one port."""

import asyncio
import socket
from typing import Any

from pythonosc.osc_message_builder import OscMessageBuilder

from bridges.sources.osc_apps import OscAppsSettings, OscAppsSource
from bridges.wire.osc_apps import MAX_BYTES, OscAppError
from dynamics.frames import ImuSample, WatchSample


def packet(address: str, *args: float) -> bytes:
    builder = OscMessageBuilder(address)
    for arg in args:
        builder.add_arg(arg)
    return builder.build().dgram


async def received(*packets: bytes) -> tuple[OscAppsSource, list[tuple[str, Any]]]:
    source, frames = OscAppsSource(OscAppsSettings(host="127.0.0.1", port=0)), []
    await source.open(lambda stream, frame: frames.append((stream, frame)))
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for one in packets:
                sender.sendto(one, ("127.0.0.1", source.port))
        async with asyncio.timeout(5):
            while source.stats.received < len(packets):  # noqa: ASYNC110 - a real socket: nothing to wait on
                await asyncio.sleep(0)
    finally:
        await source.close()
    return source, frames


async def test_phone_and_watch_go_to_their_own_streams() -> None:
    _, frames = await received(packet("/gyrosc/accel", 0.1, 0.2, 0.3), packet("/heartrate", 70))
    assert [(stream, type(frame)) for stream, frame in frames] == [("pocket", ImuSample), ("watch", WatchSample)]


async def test_a_datagram_of_no_known_app_is_counted() -> None:
    source, frames = await received(packet("/mixer/volume", 1.0))
    assert frames == []
    assert source.stats.errors == {OscAppError.UNKNOWN: 1}


async def test_a_datagram_over_the_size_of_the_port_is_not_decoded() -> None:
    source, frames = await received(b"/" * (MAX_BYTES + 4))
    assert (frames, source.stats.rejected) == ([], 1)
