"""How open the hands are, and whose they are: pure functions of landmarks."""

import numpy as np

from dynamics.skeleton import Lm

WRIST, MIDDLE_KNUCKLE = 0, 9
FINGERTIPS = (8, 12, 16, 20)
"""Index to little finger: the thumb of a fist sticks out as often as not."""
FIST_RATIO, OPEN_RATIO = 1.0, 1.8
"""Mean fingertip-to-wrist distance in palm lengths of a fist and of a flat hand, by the proportions of a hand; a guess
to be measured on people."""
MAX_WRIST_GAP = 0.15
"""A hand further than this from every wrist (fraction of the picture's width) is nobody's. A guess."""
BODY_WRISTS = (Lm.L_WRIST, Lm.R_WRIST)


def openness(hand: np.ndarray) -> float:
    """0 a fist, 1 a flat hand; `hand` float (21, 3) in any unit. NaN for a hand without size."""
    palm = float(np.linalg.norm(hand[MIDDLE_KNUCKLE] - hand[WRIST]))
    if not palm > 0.0:
        return float("nan")
    reach = float(np.linalg.norm(hand[list(FINGERTIPS)] - hand[WRIST], axis=1).mean()) / palm
    return min(1.0, max(0.0, (reach - FIST_RATIO) / (OPEN_RATIO - FIST_RATIO)))


def assign(hands_xy: np.ndarray, opened: np.ndarray, image: np.ndarray, aspect: float) -> np.ndarray:
    """Openness of each person's left and right hand, float32 (P, 2), NaN where no hand was found.

    `hands_xy` (H, 2) wrists of the found hands and `image` (P, 33, 4) landmarks, both as fractions of the picture;
    `aspect` is width / height. Nearest pairs first; each hand and each wrist is used once.
    """
    persons = len(image)
    result = np.full((persons, 2), np.nan, dtype=np.float32)
    if not persons or not len(hands_xy):
        return result
    wrists = image[:, BODY_WRISTS, :2].reshape(-1, 2)
    gaps = np.linalg.norm((wrists[:, None] - hands_xy[None]) / [1.0, aspect], axis=2)
    flat = result.reshape(-1)
    while True:
        wrist, hand = np.unravel_index(np.argmin(gaps), gaps.shape)
        if not gaps[wrist, hand] <= MAX_WRIST_GAP:
            return result
        flat[wrist] = opened[hand]
        gaps[wrist, :] = np.inf
        gaps[:, hand] = np.inf
