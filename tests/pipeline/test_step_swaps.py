"""The pose model takes left for right for a few pictures: no command, and no harm that lasts."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from dynamics.frames import PoseFrame
from tests.pipeline.scenes import RIGHT
from tests.support.virtual_deck import NS_PER_S, START_NS, Deck, performed

OTHER = np.array([0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, *(n + 1 if n % 2 else n - 1 for n in range(11, 33))])
"""Landmark of the other side."""


def swapped(frames: Iterable[PoseFrame], *spans_s: tuple[float, float]) -> Iterator[PoseFrame]:
    for frame in frames:
        t_s = (frame.capture_ns - START_NS) / NS_PER_S
        if any(start <= t_s < end for start, end in spans_s):
            yield replace(frame, image=frame.image[:, OTHER].copy(), world=frame.world[:, OTHER].copy())
        else:
            yield frame


@pytest.mark.parametrize("spans", [[(1.0, 1.1)], [(0.8, 0.9), (1.2, 1.3), (1.6, 1.7)], [(1.0, 1.04)]])
def test_a_swap_while_nothing_is_meant_is_forgotten(spans: list[tuple[float, float]]) -> None:
    deck = Deck().play(swapped(performed("rest", "right.raise"), *spans))
    assert deck.commands == [RIGHT]
    assert deck.transitions[1:] == [] or deck.pipeline.arm_state.value == "armed"


def test_a_swap_in_the_middle_of_a_raise_never_reaches_the_other_deck() -> None:
    """A swap of a tenth of a second at every moment of it."""
    frames = performed("right.raise")
    began_s = 4.0
    for start_ms in range(0, 3000, 150):
        start_s = began_s + start_ms / 1000
        deck = Deck().play(swapped(frames, (start_s, start_s + 0.1)))
        assert set(deck.commands) <= {RIGHT}, start_s
