"""A completed gesture becomes a Proposal: which command, how sure, on what evidence, and which sensors object."""

import math

import numpy as np

from dynamics.frames import Modality
from dynamics.schema import INDEX
from safety.types import Proposal

from ..events import GestureEvent
from .library import SIDES, Gesture

I_MASK = INDEX["modality_mask"]
I_AGE_MOCOPI = INDEX["age_mocopi"]
I_YAW = INDEX["trunk_yaw"]

MOCOPI_FRESH_S = 0.2
"""An older mocopi frame says nothing about this raise (its own delay is about 50 ms)."""
WRIST_UP = 0.9
"""Wrist over the hip in torso lengths, as mocopi sees it: below, the hand is under the shoulder."""
AGREEMENT = 0.5
"""Share of the remaining doubt that an agreeing second sensor takes away."""
TURN_RAD = 2.0 * math.pi
AMBIGUOUS_YAW_RAD = 1.3
"""Turned further than this, left and right change sides in the picture."""


def propose(event: GestureEvent, gesture: Gesture, vector: np.ndarray, driver: str, kinds: tuple[str, ...]) -> Proposal:
    """The proposal of a completed gesture.

    `driver` names the stream that drove the step, `kinds` the kinds of the evidence at hand, the driver's first.
    """
    vetoes: tuple[str, ...] = ()
    confidence = event.confidence
    if driver == "camera" and _mocopi_present(vector):
        if _mocopi_wrist_up(vector, gesture.side):
            confidence += (1.0 - confidence) * AGREEMENT
        else:
            vetoes = ("mocopi",)
    return Proposal(
        seq=event.seq,
        t_ns=event.capture_ns,  # what counts is when it happened: a picture that took too long to come is late
        gesture=gesture.id,
        gesture_hash=gesture.content_hash,
        deck=gesture.deck,
        command=gesture.command,
        value=1.0,
        confidence=confidence,
        source_kinds=kinds,
        vetoes=vetoes,
        ambiguous=abs(math.remainder(float(vector[I_YAW]), TURN_RAD)) > AMBIGUOUS_YAW_RAD,
        evidence=event.evidence,
    )


def _mocopi_present(vector: np.ndarray) -> bool:
    return bool(int(vector[I_MASK]) & Modality.MOCOPI.value) and vector[I_AGE_MOCOPI] < MOCOPI_FRESH_S


def _mocopi_wrist_up(vector: np.ndarray, side: str) -> bool:
    return bool(vector[INDEX[f"mocopi_{SIDES[side]}_wrist_height"]] > WRIST_UP)
