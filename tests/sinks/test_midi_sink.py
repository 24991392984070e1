"""The MIDI sink against a real JACK server, with jack_midi_dump as the receiver."""

import pytest

from bridges.sinks.base import SendStatus, SinkError
from bridges.sinks.midi import MidiSettings, MidiSink, list_ports
from safety.types import SinkHealth
from tests.sinks.helpers import HOLD, opened, until
from tests.support.jack import Dump

pytestmark = pytest.mark.system

AT_START = ("90 0c 00", "90 0b 00", "91 0b 00")
"""A writer that opens a named port lets go of every note of its table first, in order of command."""


@pytest.fixture
def make(mapping, commands):
    def make(target, **more):
        return MidiSink("midi", target, mapping, commands=commands, **more)

    return make


async def test_a_press_on_a_named_port_is_note_on_then_note_on_0(jack, dump, make, permit):
    sink = make("dump:input")
    async with opened(sink) as reports:
        sink.send(permit(sink, "deck2.play_pause", seq=3), 0)
        await until(lambda: len(reports) == 2, "press and release are reported")
    dump.wait_for(*AT_START, "91 0b 7f", "91 0b 00")
    assert [(sent.decision_seq, sent.status, sent.what) for sent in reports] == [
        (3, SendStatus.SENT, "91 0b 7f"),
        (3, SendStatus.RELEASED, "91 0b 00"),
    ]


async def test_the_times_of_an_answer_are_in_order(jack, dump, make, permit):
    sink = make("dump")
    async with opened(sink) as reports:
        sink.send(permit(sink), 0)
        await until(lambda: len(reports) == 2, "press and release are reported")
    press, release = reports
    assert 0 < press.recv_ns <= press.t_ns
    assert release.t_ns - press.recv_ns >= 60_000_000


async def test_a_virtual_port_has_the_name_of_the_mapping(jack, dump, make, permit):
    sink = make("virtual")
    async with opened(sink) as reports:
        jack.connect("AirDeck:AirDeck", dump.port)
        sink.send(permit(sink), 0)
        await until(lambda: len(reports) == 2, "press and release are reported")
    dump.wait_for("90 0b 7f", "90 0b 00")


async def test_a_virtual_port_can_be_named(jack, make):
    async with opened(make("virtual:Booth")):
        assert "Booth:Booth" in jack.ports()


async def test_closing_lets_go_of_what_is_held(jack, dump, make, permit):
    sink = make("dump")
    async with opened(sink) as reports:
        sink.send(permit(sink, HOLD), 0)
        await until(lambda: reports, "the hold is reported")
    dump.wait_for(*AT_START, "90 0c 7f", "90 0c 00")
    assert [sent.status for sent in reports] == [SendStatus.SENT, SendStatus.RELEASED]


async def test_the_deck_can_let_go_of_everything_at_once(jack, dump, make, permit):
    sink = make("dump")
    async with opened(sink) as reports:
        sink.send(permit(sink, HOLD), 0)
        sink.release_all()
        await until(lambda: len(reports) == 2, "hold and release are reported")
        dump.wait_for(*AT_START, "90 0c 7f", "90 0c 00")


async def test_the_writer_sends_no_permit_that_expired_on_its_way(jack, dump, make, permit):
    sink = make("dump")
    async with opened(sink) as reports:
        sink.send(permit(sink, expires_ns=1), 0)
        await until(lambda: reports, "an answer comes")
    dump.wait_for(*AT_START)
    assert [sent.status for sent in reports] == [SendStatus.EXPIRED]


async def test_a_command_without_a_form_is_refused(jack, dump, make, permit):
    sink = make("dump")
    async with opened(sink) as reports:
        sink.send(permit(sink, "deck9.explode"), 0)
    dump.wait_for(*AT_START)
    assert [sent.status for sent in reports] == [SendStatus.REFUSED]


async def test_a_sink_is_connected_only_while_it_is_open(jack, make):
    sink = make("virtual:Booth2")
    before = sink.health()
    async with opened(sink):
        during = sink.health()
    assert (before, during, sink.health()) == (SinkHealth(False), SinkHealth(True, True), SinkHealth(False))


async def test_a_sink_can_be_opened_again(jack, dump, make):
    sink = make("dump")
    for _ in range(2):
        async with opened(sink):
            pass
    dump.wait_for(*AT_START, *AT_START)


async def test_an_absent_port_is_an_error_that_lists_the_ports(jack, dump, make):
    with pytest.raises(SinkError, match=r"no MIDI port matches 'rekordbox'\. Ports: 'dump:input'"):
        await make("rekordbox").open(print)


async def test_a_name_that_fits_two_ports_is_an_error_that_lists_them(jack, dump, make):
    second = Dump(jack, "dump2")
    try:
        with pytest.raises(SinkError, match=r"2 MIDI ports match 'DUMP'.*'dump:input', 'dump2:input'"):
            await make("DUMP").open(print)
        async with opened(make("dump:input")):
            pass
    finally:
        second.close()


async def test_a_virtual_port_called_like_the_jack_server_is_refused(jack, make):
    with pytest.raises(SinkError, match="JACK server is called"):
        await make(f"virtual:{jack.name}").open(print)


async def test_an_interface_that_does_not_work_here_is_named(jack, make):
    with pytest.raises(SinkError, match=r"coremidi \(not in this python-rtmidi\)"):
        await make("virtual", settings=MidiSettings("coremidi")).open(print)


def test_an_interface_that_does_not_exist_is_refused(make):
    with pytest.raises(SinkError, match="'carrier pigeon' is none of alsa, jack"):
        make("virtual", settings=MidiSettings("carrier pigeon"))


def test_no_port_is_guessed(make):
    with pytest.raises(SinkError, match="say which port"):
        make("")


async def test_without_any_server_the_error_says_what_was_tried(monkeypatch, make):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "airdeck-test-nobody")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    with pytest.raises(SinkError, match=r"no MIDI interface works here: jack \("):
        await make("virtual", settings=MidiSettings("jack")).open(print)


def test_the_ports_are_listed(jack, dump):
    assert list_ports("jack") == ["dump:input"]


def test_the_ports_of_a_server_that_is_not_there_are_an_error(monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "airdeck-test-nobody")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    with pytest.raises(SinkError, match="no MIDI interface works here"):
        list_ports("jack")


def test_a_list_that_does_not_come_in_time_is_an_error(jack):
    with pytest.raises(SinkError, match="did not answer for"):
        list_ports("jack", timeout_s=0.001)


async def test_loopback_tcp_does_the_same(jack, dump, make, permit):
    sink = make("dump", pair=False)
    async with opened(sink) as reports:
        sink.send(permit(sink), 0)
        await until(lambda: len(reports) == 2, "press and release are reported")
    dump.wait_for(*AT_START, "90 0b 7f", "90 0b 00")


async def test_a_loop_that_watches_no_sockets_hears_the_answers_too(jack, dump, make, permit, monkeypatch):
    def refuse(*_):
        raise NotImplementedError

    import asyncio

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "add_reader", refuse)
    monkeypatch.setattr(loop, "remove_reader", refuse)
    sink = make("dump", pair=False)
    async with opened(sink) as reports:
        sink.send(permit(sink), 0)
        await until(lambda: len(reports) == 2, "press and release are reported")
    dump.wait_for(*AT_START, "90 0b 7f", "90 0b 00")
