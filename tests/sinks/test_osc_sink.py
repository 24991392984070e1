"""The OSC sink sends real datagrams."""

import socket

import pytest
from pythonosc.osc_message import OscMessage

from bridges.sinks.base import SendStatus, SinkError
from bridges.sinks.osc import OscSink, split_address
from safety.types import Permit, SinkClass
from tests.sinks.helpers import COMMANDS_WITH_HOLD, HOLD

MS = 1_000_000


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.2)
        yield receiver


@pytest.fixture
async def sink(receiver):
    sink = OscSink("osc", f"127.0.0.1:{receiver.getsockname()[1]}", commands=COMMANDS_WITH_HOLD)
    sink.reports = []
    await sink.open(sink.reports.append)
    yield sink
    await sink.close()


def said(receiver):
    """All messages that have come: (address, value)."""
    messages = []
    while True:
        try:
            message = OscMessage(receiver.recv(2048))
        except TimeoutError:
            return messages
        messages.append((message.address, *message.params))


def press(command, value=1.0, seq=1):
    return Permit(seq, command, value, "osc", SinkClass.OSC, 0, 10**12)


@pytest.mark.parametrize(("after_ms", "released"), [(59, False), (60, True)])
async def test_a_press_is_its_value_and_later_its_neutral_value(sink, receiver, after_ms, released):
    sink.send(press("deck1.play_pause"), 0)
    sink.heartbeat(after_ms * MS)
    assert said(receiver) == [("/airdeck/deck1.play_pause", 1.0)] + [("/airdeck/deck1.play_pause", 0.0)] * released


async def test_closing_lets_go_of_what_is_held(sink, receiver):
    sink.send(press(HOLD), 0)
    sink.heartbeat(10**11)
    await sink.close()
    assert said(receiver) == [(f"/airdeck/{HOLD}", 1.0), (f"/airdeck/{HOLD}", 0.0)]
    assert [sent.status for sent in sink.reports] == [SendStatus.SENT, SendStatus.RELEASED]


async def test_an_unknown_command_is_refused(sink, receiver):
    sink.send(press("deck9.explode"), 0)
    assert said(receiver) == []
    assert [sent.status for sent in sink.reports] == [SendStatus.REFUSED]


@pytest.mark.parametrize("target", ["", "localhost", "localhost:", ":9000", "localhost:0", "localhost:65536", "localhost:x"])
def test_what_is_no_address_is_refused(target):
    with pytest.raises(SinkError, match=r"is not HOST:PORT"):
        split_address(target)
