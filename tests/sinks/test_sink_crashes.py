"""Every process of the chain is killed or stopped in turn: nothing stays held, nothing blocks, what can come back does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bridges.sinks.base import SendStatus
from bridges.sinks.keys import KeysSink
from bridges.sinks.midi import MidiSink
from tests.sinks.helpers import HOLD, alive, opened, until
from tests.support.jack import Dump, wait_until
from tests.support.xvfb import Window

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
AT_START = ("90 0c 00", "90 0b 00", "91 0b 00")
KEYS_AT_START = ("release a", "release z", "release n")
DOWN, UP = "90 0c 7f", "90 0c 00"


@pytest.fixture
def deck():
    """Starts a deck that holds a command on a target; gives its process and the pid of its writer."""
    decks = []

    def start(target):
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("deck_process.py")), target],
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
        )
        decks.append(process)
        return process, int(process.stdout.readline())

    yield start
    for process in decks:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def sink(mapping, commands):
    return MidiSink("midi", "dump", mapping, commands=commands)


@pytest.fixture
def keys(mapping, commands):
    return KeysSink("keys", mapping, commands=commands)


@pytest.fixture
def window(x_server):
    window = Window(x_server, "rekordbox")
    window.focus()
    yield window
    window.close()


def test_nothing_is_held_after_the_deck_was_killed(jack, dump, deck):
    process, writer = deck("dump")
    process.kill()
    dump.wait_for(*AT_START, DOWN, UP)
    wait_until(lambda: not alive(writer), "the writer has ended")


def test_nothing_is_held_while_the_deck_stands_still(jack, dump, deck):
    process, writer = deck("dump")
    process.send_signal(signal.SIGSTOP)
    dump.wait_for(*AT_START, DOWN, UP)
    assert alive(writer)
    process.kill()
    wait_until(lambda: not alive(writer), "the writer has ended")


def test_no_key_is_held_after_the_deck_was_killed(window, deck):
    process, writer = deck("keys")
    process.kill()
    window.wait_for(*KEYS_AT_START, "press a", "release a")
    wait_until(lambda: not alive(writer), "the writer has ended")


def test_a_key_that_a_killed_writer_held_goes_up_at_the_next_start(window, deck):
    process, writer = deck("keys")
    os.kill(writer, signal.SIGSTOP)  # or it would let go when its deck dies
    process.kill()
    os.kill(writer, signal.SIGKILL)
    wait_until(lambda: not alive(writer), "the writer is gone")
    assert window.keys == [*KEYS_AT_START, "press a"]
    deck("keys")
    window.wait_for(*KEYS_AT_START, "press a", *KEYS_AT_START, "press a")


async def test_a_writer_that_is_asked_to_end_lets_go_and_is_replaced(jack, dump, sink, permit):
    async with opened(sink) as reports:
        sink.send(permit(sink, HOLD), 0)
        await until(lambda: reports, "the hold is reported")
        first = sink.writer_pid
        os.kill(first, signal.SIGTERM)
        await until(lambda: sink.writer_pid not in (0, first), "another writer is there")
        dump.wait_for(*AT_START, DOWN, UP, *AT_START)
    assert [sent.status for sent in reports][:2] == [SendStatus.SENT, SendStatus.RELEASED]


async def test_a_killed_writer_is_reported_and_replaced_and_its_notes_let_go(own_jack, dump, sink, permit):
    async with opened(sink) as reports:
        sink.send(permit(sink, HOLD, seq=9), 0)
        dump.wait_for(*AT_START, DOWN)  # reported is not yet taken by the server, and a kill would lose it
        await until(lambda: reports, "the hold is reported")
        first = sink.writer_pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: not sink.health().connected, "the loss is known")
        await until(lambda: sink.health().connected, "another writer is there")
        assert sink.writer_pid != first
        dump.wait_for(*AT_START, DOWN, *AT_START)
    failed = [(sent.decision_seq, sent.command) for sent in reports if sent.status is SendStatus.FAILED]
    assert failed == [(0, ""), (9, HOLD)]
    assert sink.stats.restarts == 1


async def test_a_writer_that_hangs_is_killed_and_replaced(window, keys, permit):
    async with opened(keys) as reports:
        first = keys.writer_pid
        os.kill(first, signal.SIGSTOP)
        keys.send(permit(keys, seq=4), 0)
        await until(lambda: not keys.health().connected, "the silence is noticed")
        await until(lambda: not alive(first), "the writer that hangs is killed")
        await until(lambda: keys.health().connected, "another writer is there")
        keys.send(permit(keys, "deck2.play_pause", seq=5), 0)
        await until(lambda: reports[-1].status is SendStatus.RELEASED, "a press went through")
    assert "did not answer" in reports[0].what
    assert [(sent.decision_seq, sent.status) for sent in reports[:2]] == [(0, SendStatus.FAILED), (4, SendStatus.FAILED)]
    window.wait_for(*KEYS_AT_START, *KEYS_AT_START, "press n", "release n")


async def test_a_deck_that_stood_still_itself_does_not_blame_the_writer(window, keys):
    reports = []
    await keys.open(reports.append)
    now_ns = time.monotonic_ns()
    for late_s in (0, 10, 20, 30):
        keys.heartbeat(now_ns + late_s * 10**9)
    assert keys.health().connected
    await keys.close()
    assert reports == []


async def test_a_writer_that_reads_no_more_never_blocks_the_deck(window, keys, permit):
    reports = []
    await keys.open(reports.append)  # no heartbeat: only the stream itself can say that it is full
    os.kill(keys.writer_pid, signal.SIGSTOP)
    one = permit(keys)
    for _ in range(20_000):
        keys.send(one, 0)
        if keys.stats.dropped:
            break
    await keys.close()
    assert [(sent.status, sent.what) for sent in reports] == [(SendStatus.FAILED, "the writer process takes no more")]


async def test_a_killed_midi_server_is_noticed_and_its_successor_used(own_jack, dump, sink, permit):
    async with opened(sink) as reports:
        own_jack.kill()
        await until(lambda: not sink.health().connected, "the loss is known")
        assert "the MIDI server is gone" in reports[0].what
        before_ns = time.monotonic_ns()
        sink.send(permit(sink, seq=5), before_ns)
        assert (reports[-1].decision_seq, reports[-1].status) == (5, SendStatus.FAILED)
        own_jack.start()
        second = Dump(own_jack, "dump2")
        try:
            await until(lambda: sink.health().connected, "the sink is connected to the new server")
            sink.send(permit(sink, seq=6), 0)
            await until(lambda: reports[-1].status is SendStatus.RELEASED, "a press went through")
            second.wait_for(*AT_START, "90 0b 7f", "90 0b 00")
        finally:
            second.close()


async def test_a_server_that_died_between_heartbeats_takes_no_press(own_jack, dump, sink, permit):
    reports = []
    await sink.open(reports.append)
    own_jack.kill()
    sink.send(permit(sink, seq=8), 0)
    await until(lambda: reports, "an answer comes")
    await sink.close()
    assert (reports[0].decision_seq, reports[0].status) == (8, SendStatus.FAILED)


async def test_a_named_port_that_vanishes_is_noticed(jack, mapping, commands):
    receiver = Dump(jack, "vanishing")
    sink = MidiSink("midi", "vanishing", mapping, commands=commands)
    async with opened(sink) as reports:
        receiver.close()
        await until(lambda: not sink.health().connected, "the loss is known")
        assert reports[0].what == "the MIDI port 'vanishing:input' is gone"
        receiver = Dump(jack, "vanishing")
        try:
            await until(lambda: sink.health().connected, "the sink is connected again")
        finally:
            receiver.close()


async def test_a_sink_can_be_closed_while_it_waits_for_a_writer(own_jack, mapping, commands):
    sink = MidiSink("midi", "virtual:Booth", mapping, commands=commands)
    async with opened(sink) as reports:
        own_jack.kill()
        await until(lambda: reports, "the loss is reported")
    assert not sink.health().connected
