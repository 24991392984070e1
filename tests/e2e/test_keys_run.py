"""`airdeck run --sink keys`: keys in a real X client, and only while the allowed window has the focus."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import xvfb as xvfb_support
from tests.support.deck import WAIT_S, RunningDeck, running
from tests.support.jack import wait_until
from tests.support.xvfb import Window, Xvfb

pytestmark = pytest.mark.system

REHEARSE = ("--profile", "rehearse", "--arm", "--sink", "keys", "--source")
TWO_RAISES = "synthetic:rest,rest,rest,right.raise,rest,left.raise"
MANY_RAISES = TWO_RAISES + ",rest,right.raise,rest,left.raise" * 30
"""Minutes, for a busy machine; the test ends them."""
AT_START = ["release z", "release n"]
"""A writer that starts while the allowed window is in front lets go of every key of its table first."""
NOT_IN_FRONT = "k11.target_not_in_front"


@pytest.fixture
def x_server() -> Iterator[Xvfb]:
    if missing := xvfb_support.missing():
        pytest.skip(missing)
    server = Xvfb()
    yield server
    server.stop()


@pytest.fixture
def rekordbox(x_server: Xvfb) -> Iterator[Window]:
    window = Window(x_server, "rekordbox")
    yield window
    window.close()


@pytest.fixture
def browser(x_server: Xvfb) -> Iterator[Window]:
    window = Window(x_server, "browser")
    yield window
    window.close()


def refused_for_the_window(deck: RunningDeck) -> None:
    """Until one raise was refused for nothing but the window."""
    while deck.until("refused", sink="keys")["reasons"] != [NOT_IN_FRONT]:
        pass


def test_raises_of_the_right_and_the_left_hand_are_n_and_z_in_the_allowed_window(
    x_server: Xvfb, rekordbox: Window, tmp_path: Path
) -> None:
    rekordbox.focus()
    with running(tmp_path, *REHEARSE, TWO_RAISES, env=x_server.environment) as deck:
        summary = deck.summary()
    rekordbox.wait_for(*AT_START, "press n", "release n", "press z", "release z")
    assert summary["why_ended"] == "every recording has been played"
    assert summary["counts"]["sent"] == {"sent": 2, "released": 2}


def test_while_another_window_is_in_front_raises_are_refused_and_no_key_arrives_anywhere(
    x_server: Xvfb, rekordbox: Window, browser: Window, tmp_path: Path
) -> None:
    browser.focus()
    with running(tmp_path, *REHEARSE, MANY_RAISES, env=x_server.environment) as deck:
        refused_for_the_window(deck)
        assert (rekordbox.keys, browser.keys) == ([], [])
        rekordbox.focus()
        wait_until(lambda: rekordbox.keys[-1:] in (["release n"], ["release z"]), "a key arrives", WAIT_S)
        browser.focus()
        arrived = rekordbox.keys
        refused_for_the_window(deck)
        assert deck.ask("status")["arm_state"] == "armed"
        deck.end()
    assert rekordbox.keys == arrived
    assert browser.keys == []
