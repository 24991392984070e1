"""The key sink against a real X server without a window manager, and real windows in processes of their own."""

import sys
from dataclasses import replace

import pytest

from bridges.sinks.base import SendStatus, SinkError
from bridges.sinks.desktop import PLATFORMS, Desktop
from bridges.sinks.keys import KeysSink
from tests.sinks.helpers import HOLD, opened, until
from tests.support.xvfb import Window

AT_START = ("release a", "release z", "release n")
"""A writer that starts while the allowed window is in front lets go of every key of its table first."""

pytestmark = pytest.mark.system


@pytest.fixture
def window(x_server):
    """Opens windows by their WM_CLASS; all are closed at the end."""
    windows = []

    def make(wm_class):
        windows.append(Window(x_server, wm_class))
        return windows[-1]

    yield make
    for made in windows:
        made.close()


@pytest.fixture
def sink(mapping, commands):
    return KeysSink("keys", mapping, commands=commands)


async def test_a_press_is_key_down_then_key_up_in_the_window(window, sink, permit):
    rekordbox = window("rekordbox")
    rekordbox.focus()
    async with opened(sink) as reports:
        sink.send(permit(sink, "deck1.play_pause", seq=1), 0)
        sink.send(permit(sink, "deck2.play_pause", seq=2), 0)
        await until(lambda: len(reports) == 4, "presses and releases are reported")
    rekordbox.wait_for(*AT_START, "press z", "press n", "release z", "release n")
    assert [(sent.decision_seq, sent.status, sent.what) for sent in reports] == [
        (1, SendStatus.SENT, "key z down"),
        (2, SendStatus.SENT, "key n down"),
        (1, SendStatus.RELEASED, "key z up"),
        (2, SendStatus.RELEASED, "key n up"),
    ]


async def test_another_window_in_front_gets_nothing(window, sink, permit):
    rekordbox, browser = window("rekordbox"), window("browser")
    browser.focus()
    async with opened(sink) as reports:
        sink.send(permit(sink), 0)
        await until(lambda: reports, "an answer comes")
        assert not sink.health().target_ok
        rekordbox.focus()
        sink.send(permit(sink, "deck2.play_pause"), 0)
        rekordbox.wait_for("press n", "release n")
    assert browser.keys == []
    assert reports[0].status is SendStatus.TARGET


async def test_nobody_in_front_is_no_target(x_server, window, sink, permit):
    window("rekordbox")
    async with opened(sink) as reports:
        sink.send(permit(sink), 0)
        await until(lambda: reports, "an answer comes")
    assert [sent.status for sent in reports] == [SendStatus.TARGET]


async def test_the_health_follows_the_focus(window, sink):
    rekordbox, browser = window("Rekordbox.exe"), window("browser")
    rekordbox.focus()
    async with opened(sink):
        assert sink.health().target_ok
        browser.focus()
        await until(lambda: not sink.health().target_ok, "the health has seen the other window")
        rekordbox.focus()
        await until(lambda: sink.health().target_ok, "the health has seen Rekordbox again")


async def test_a_key_goes_up_although_the_focus_was_lost_meanwhile(window, sink, permit):
    rekordbox, browser = window("rekordbox"), window("browser")
    rekordbox.focus()
    async with opened(sink) as reports:
        sink.send(permit(sink, HOLD), 0)
        rekordbox.wait_for(*AT_START, "press a")
        browser.focus()
        sink.send(permit(sink, HOLD, 0.0, seq=2), 0)
        await until(lambda: len(reports) == 2, "the release is reported")
        browser.wait_for("release a")


async def test_a_window_that_goes_away_is_no_target(window, sink):
    rekordbox = window("rekordbox")
    rekordbox.focus()
    async with opened(sink):
        rekordbox.process.kill()
        await until(lambda: not sink.health().target_ok, "the health has seen that it is gone")
        assert sink.health().connected


@pytest.mark.skipif(sys.platform != "linux", reason="only X11 has no display")
async def test_without_a_display_the_error_says_so(monkeypatch, sink):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(SinkError, match=r"keys cannot be sent here: .*display"):
        await sink.open(print)


async def test_a_key_that_does_not_exist_is_named(x_server, mapping, commands):
    keys = dict(mapping.keys) | {HOLD: replace(mapping.keys[HOLD], keys=("hyper", "a"))}
    with pytest.raises(SinkError, match="there is no key called 'hyper'"):
        await KeysSink("keys", replace(mapping, keys=keys), commands=commands).open(print)


def test_without_an_allowed_program_there_is_no_sink(mapping):
    with pytest.raises(SinkError, match="no allowed program"):
        KeysSink("keys", replace(mapping, targets={}))


def test_every_platform_of_the_mapping_has_its_way_to_read_the_focus(mapping):
    assert set(PLATFORMS) == set(mapping.targets)
    assert all(issubclass(desktop, Desktop) for desktop in PLATFORMS.values())
