"""Real people from their landmarks on: vector, gesture, gate, sink. Runs in every checkout; see data/landmarks/SOURCES.md."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dynamics.calibration import Calibration
from dynamics.frames import PoseFrame
from tests.support.virtual_deck import NS_PER_S, START_NS, Deck

FOLDER = Path(__file__).resolve().parents[1] / "data" / "landmarks"
LEFT, RIGHT = "deck1.play_pause", "deck2.play_pause"
UP_S = ((2.4, 4.0), (6.8, 8.4), (11.2, 12.8), (15.6, 17.2))
"""When one hand is above the head, read from the clip's cut list; at 19.6 s both go up."""


def recording(name: str) -> Iterator[PoseFrame]:
    """The frames of a recording, at their own times."""
    pack = np.load(FOLDER / f"{name}.npz")
    width, height = (int(n) for n in pack["size_px"])
    image = np.concatenate([pack["image_xyz"] / np.float32(8192.0), pack["seen"][..., None] / np.float32(255.0)], axis=-1)
    world = pack["world_mm"] / np.float32(1000.0)
    for n, persons in enumerate(pack["persons"]):
        t_ns = START_NS + round(n / float(pack["fps"]) * NS_PER_S)
        yield PoseFrame(t_ns, t_ns, n, width, height, image[n, :persons], world[n, :persons])


def flipped(frames: Iterator[PoseFrame]) -> Iterator[PoseFrame]:
    """What MediaPipe says of a mirrored picture: x turned round, and each side called by the other's name."""
    from dynamics.skeleton import MIRROR_33

    for frame in frames:
        image, world = frame.image[:, MIRROR_33].copy(), frame.world[:, MIRROR_33].copy()
        image[:, :, 0], world[:, :, 0] = 1.0 - image[:, :, 0], -world[:, :, 0]
        yield replace(frame, image=image, world=world)


def test_right_left_right_left_give_decks_2_1_2_1_and_both_arms_give_nothing() -> None:
    """A real man's photographs: each raise once, while the hand is up, and nothing else in 23 seconds."""
    deck = Deck().play(recording("white_raises"))
    assert deck.commands == [RIGHT, LEFT, RIGHT, LEFT]
    for (_, _, t_ns), (start_s, end_s) in zip(deck.sent, UP_S, strict=True):
        assert start_s < (t_ns - START_NS) / NS_PER_S < end_s


def test_a_waving_man_gives_nothing() -> None:
    """His right hand is beside his head for six seconds, and never still."""
    deck = Deck().play(recording("wave"))
    assert deck.pipeline.health.performer_seen
    assert deck.commands == []


@pytest.mark.parametrize(("mirror", "commands"), [(False, [LEFT, RIGHT, LEFT, RIGHT]), (True, [RIGHT, LEFT, RIGHT, LEFT])])
def test_a_mirrored_picture_is_put_right_by_the_mirror_setting(mirror: bool, commands: list[str]) -> None:
    """The same man in a mirror: without the setting his sides change, with it they are his own."""
    deck = Deck(calibration=Calibration(mirror=mirror)).play(flipped(recording("white_raises")))
    assert deck.commands == commands


@pytest.mark.parametrize("every", [2, 3])
def test_the_raises_are_found_at_fewer_frames_a_second(every: int) -> None:
    """15 and 10 frames a second: what slow machines manage."""
    frames = list(recording("white_raises"))[::every]
    assert Deck().play(frames).commands == [RIGHT, LEFT, RIGHT, LEFT]


def test_an_unarmed_deck_says_of_each_raise_why_it_did_not_send() -> None:
    deck = Deck(arm=False).play(recording("white_raises"))
    assert deck.commands == []
    assert [verdict.proposal.command for verdict in deck.verdicts] == [RIGHT, LEFT, RIGHT, LEFT]
    assert all("k2.not_armed" in verdict.reasons for verdict in deck.verdicts)
