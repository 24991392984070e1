"""Gestures that are no command: what only is observed, and what disarms."""

from dataclasses import replace

import pytest

from airdeck.events import Act
from airdeck.gestures.library import library_of
from safety.types import ArmState, Cause
from tests.pipeline.scenes import changed
from tests.support.virtual_deck import LIBRARY, START_NS, Deck, performed


def test_a_gesture_without_a_command_is_told_and_proposes_nothing() -> None:
    deck = Deck(changed("right.raise", command="")).play(performed("right.raise"))
    assert deck.completed == ["right.raise"]
    assert deck.verdicts == []


def test_a_gesture_that_disarms_disarms_at_once_by_its_own_name() -> None:
    deck = Deck(changed("right.raise", command="", act="disarm")).play(performed("right.raise"))
    (change,) = deck.transitions[-1:]
    assert (change.after, change.cause, change.by) == (ArmState.DISARMED, Cause.DISARM, "gesture")


def test_after_it_nothing_is_sent() -> None:
    """The left raise that follows is refused: only a person arms again."""
    deck = Deck(changed("right.raise", command="", act="disarm")).play(performed("right.raise", "left.raise"))
    assert "left.raise" in deck.completed
    assert deck.commands == []


@pytest.mark.parametrize("arm", [False, True])
def test_disarming_a_deck_that_is_not_armed_changes_nothing(arm: bool) -> None:
    deck = Deck(changed("right.raise", command="", act="disarm"), arm=arm)
    if arm:
        deck.act(Act.STOP, START_NS)
    before = deck.pipeline.arm_state
    deck.play(performed("right.raise"))
    assert deck.completed == ["right.raise"]
    assert deck.pipeline.arm_state is before


def test_both_decks_worth_of_gestures_may_act() -> None:
    """An act is no proposal: no promotion, cooldown or sink is asked."""
    quiet = library_of(tuple(replace(g, command="", act="disarm") for g in LIBRARY.gestures))
    deck = Deck(quiet, sinks=()).play(performed("left.raise"))
    assert deck.pipeline.arm_state is ArmState.DISARMED
