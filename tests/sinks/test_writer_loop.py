"""The rules of the writer in virtual time: the driver is a list, the clock a number."""

import socket

import pytest

from bridges.sinks.driver import Driver
from bridges.sinks.frames import Ack, Frame, FrameReader, Kind
from bridges.sinks.writer import HEARTBEAT_TIMEOUT_NS, Writer

MS = 1_000_000
ROWS = (
    {"command": "press", "command_class": "press", "press_ms": 60, "neutral": 0.0, "form": "900B"},
    {"command": "hold", "command_class": "hold", "press_ms": 0, "neutral": 0.0, "form": "900C"},
    {"command": "fader", "command_class": "continuous", "press_ms": 0, "neutral": 0.5, "form": "B00D"},
)
PRESS, HOLD, FADER = range(3)


class ListDriver(Driver):
    """Sends into a list; `front` is whether the allowed window has the focus."""

    def __init__(self):
        self.sent = []
        self.front = True

    def press(self, index, value):
        if self.front:
            self.sent.append((index, value))
        return self.front

    def release(self, index):
        self.sent.append((index, "up"))


class Desk:
    """A writer, the deck's end of its stream, and the time."""

    def __init__(self, link, deck):
        self.now_ns = 10**9
        self.driver = ListDriver()
        self.deck = deck
        self.reader = FrameReader()
        self.writer = Writer(link, self.driver, ROWS, lambda: self.now_ns)

    def send(self, row, value=1.0, seq=1, not_before_ns=0, expires_ns=10**12):
        self.writer._handle(Frame(Kind.SEND, 0, row, seq, value, not_before_ns, expires_ns), self.now_ns)

    def pass_ms(self, milliseconds):
        self.now_ns += round(milliseconds * MS)
        return self.writer._advance(self.now_ns)

    def acks(self):
        """What the writer said: (row, seq, Ack)."""
        try:
            data = self.deck.recv(65536)
        except BlockingIOError:
            return []
        return [(frame.row, frame.seq, Ack(frame.code)) for frame in self.reader.feed(data) if frame.kind == Kind.ACK]


@pytest.fixture
def desk():
    link, deck = socket.socketpair()
    with link, deck:
        deck.setblocking(False)
        yield Desk(link, deck)


@pytest.mark.parametrize(("after_ms", "up"), [(59.9, False), (60.0, True)])
def test_a_press_is_let_go_after_its_time(desk, after_ms, up):
    desk.send(PRESS)
    desk.pass_ms(after_ms)
    assert desk.driver.sent == [(PRESS, 1.0)] + [(PRESS, "up")] * up


def test_a_press_and_its_release_are_both_said(desk):
    desk.send(PRESS, seq=7)
    desk.pass_ms(60)
    assert desk.acks() == [(PRESS, 7, Ack.SENT), (PRESS, 7, Ack.RELEASED)]


@pytest.mark.parametrize(("early_ns", "sent"), [(1, True), (0, True), (-1, False)])
def test_a_permit_is_good_until_its_last_nanosecond(desk, early_ns, sent):
    desk.send(PRESS, expires_ns=desk.now_ns + early_ns)
    assert bool(desk.driver.sent) is sent
    assert desk.acks() == [(PRESS, 1, Ack.SENT if sent else Ack.EXPIRED)]


@pytest.mark.parametrize("row", [-1, 3])
def test_a_row_that_is_not_in_the_table_is_refused(desk, row):
    desk.send(row)
    assert desk.driver.sent == []
    assert desk.acks() == [(row, 1, Ack.REFUSED)]


def test_a_permit_waits_for_its_time(desk):
    desk.send(PRESS, not_before_ns=desk.now_ns + 10 * MS)
    desk.pass_ms(9.9)
    before = list(desk.driver.sent)
    desk.pass_ms(0.1)
    assert (before, desk.driver.sent) == ([], [(PRESS, 1.0)])


def test_a_permit_that_expires_while_it_waits_is_not_sent(desk):
    desk.send(PRESS, not_before_ns=desk.now_ns + 10 * MS, expires_ns=desk.now_ns + 11 * MS)
    desk.pass_ms(12)
    assert desk.driver.sent == []
    assert desk.acks() == [(PRESS, 1, Ack.EXPIRED)]


def test_a_second_press_lets_go_of_the_first(desk):
    desk.send(PRESS, seq=1)
    desk.pass_ms(20)
    desk.send(PRESS, seq=2)
    desk.pass_ms(59)
    assert desk.driver.sent == [(PRESS, 1.0), (PRESS, "up"), (PRESS, 1.0)]
    assert desk.acks() == [(PRESS, 1, Ack.SENT), (PRESS, 1, Ack.RELEASED), (PRESS, 2, Ack.SENT)]


def test_a_hold_stays_until_its_neutral_value(desk):
    desk.send(HOLD)
    for _ in range(100):
        desk.writer.heard_ns = desk.now_ns
        desk.pass_ms(100)
    before = list(desk.driver.sent)
    desk.send(HOLD, value=0.0, seq=2)
    assert (before, desk.driver.sent) == ([(HOLD, 1.0)], [(HOLD, 1.0), (HOLD, "up")])


def test_the_neutral_value_passes_even_when_it_is_late(desk):
    desk.send(HOLD)
    desk.send(HOLD, value=0.0, seq=2, expires_ns=0)
    assert desk.driver.sent[-1] == (HOLD, "up")


def test_a_fader_is_not_held(desk):
    desk.send(FADER, value=0.8)
    desk.writer.release_all()
    assert desk.driver.sent == [(FADER, 0.8)]


@pytest.mark.parametrize(("after_ns", "released"), [(HEARTBEAT_TIMEOUT_NS - 1, False), (HEARTBEAT_TIMEOUT_NS, True)])
def test_everything_is_let_go_when_the_heartbeat_stops(desk, after_ns, released):
    desk.send(HOLD)
    desk.pass_ms(after_ns / MS)
    assert ((HOLD, "up") in desk.driver.sent) is released


def test_a_permit_that_waits_is_dropped_when_the_heartbeat_stops(desk):
    desk.send(PRESS, not_before_ns=desk.now_ns + 600 * MS)
    desk.pass_ms(500)
    desk.pass_ms(200)
    assert desk.driver.sent == []
    assert desk.acks() == [(PRESS, 1, Ack.REFUSED)]


def test_without_the_focus_nothing_is_pressed_and_so_nothing_let_go(desk):
    desk.driver.front = False
    desk.send(PRESS)
    desk.pass_ms(100)
    assert desk.driver.sent == []
    assert desk.acks() == [(PRESS, 1, Ack.TARGET)]


def test_a_release_comes_even_when_the_focus_is_lost_meanwhile(desk):
    desk.send(PRESS)
    desk.driver.front = False
    desk.pass_ms(60)
    assert desk.driver.sent == [(PRESS, 1.0), (PRESS, "up")]


@pytest.mark.parametrize("kind", [Kind.RELEASE_ALL, Kind.BYE])
def test_the_deck_can_let_go_of_everything(desk, kind):
    desk.send(HOLD)
    going = desk.writer._handle(Frame(kind), desk.now_ns)
    assert desk.driver.sent == [(HOLD, 1.0), (HOLD, "up")]
    assert going is (kind is Kind.RELEASE_ALL)


@pytest.mark.parametrize("how", ["close", "garbage"])
def test_a_stream_that_ends_or_goes_wrong_lets_go_of_everything(desk, how):
    desk.send(HOLD)
    desk.deck.setblocking(True)
    desk.deck.sendall(b"?" * 56 if how == "garbage" else b"")
    desk.deck.shutdown(socket.SHUT_WR)
    with pytest.raises(Exception, match="not a frame") if how == "garbage" else _nothing():
        desk.writer.run()
    assert desk.driver.sent == [(HOLD, 1.0), (HOLD, "up")]


def _nothing():
    from contextlib import nullcontext

    return nullcontext()
