"""A gesture is as old as the picture that completed it, not as its arrival."""

from dataclasses import replace

import pytest

from safety.types import Reason
from tests.pipeline.scenes import RIGHT
from tests.support.virtual_deck import MS, Deck, performed


@pytest.mark.parametrize(("delay_ms", "late"), [(249, False), (251, True)])
def test_a_gesture_seen_a_quarter_of_a_second_ago_is_late(delay_ms: int, late: bool) -> None:
    """At 300 ms the stream itself counts as dead."""
    deck = Deck()
    for frame in performed("right.raise"):
        deck.take(frame, delay_ns=delay_ms * MS)
    (verdict,) = deck.verdicts
    assert (Reason.PROPOSAL_LATE in verdict.reasons) is late
    assert deck.commands == ([] if late else [RIGHT])


def test_a_picture_stamped_in_the_future_is_of_now() -> None:
    """Else the gate would take its gesture for a clock that went back."""
    deck = Deck()
    for frame in performed("right.raise"):
        deck.take(replace(frame, capture_ns=frame.capture_ns + 80 * MS), delay_ns=-60 * MS)
    assert deck.commands == [RIGHT]
    assert all(event.capture_ns <= event.t_ns for event in deck.events)
