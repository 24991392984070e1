"""Who performs: bodies, ways of moving, and the camera each stands before. Named, seeded, the same each time."""

from dataclasses import dataclass, field, replace

import numpy as np

from dynamics.body import Proportions, VirtualCamera

from .actor import Style
from .lens import Lens
from .tracks import Dance

RATES_HZ = (15.0, 30.0, 30.0, 30.0, 60.0)
AGES = {
    "steady": (0.50, 0.50), "slow": (0.05, 0.55), "snappy": (0.95, 0.60), "small": (0.60, 0.08), "large": (0.50, 0.95),
    "old": (0.0, 0.15), "young": (1.0, 0.95),
}  # fmt: skip
"""Ways of moving by name: pace and size, 0..1."""


@dataclass(frozen=True, slots=True)
class Performer:
    """One performer before one camera."""

    name: str
    seed: tuple[int, int]
    style: Style = field(default_factory=Style)
    proportions: Proportions = field(default_factory=Proportions)
    lens: Lens = field(default_factory=Lens)


def performer(seed: int, number: int) -> Performer:
    """Number `number` of the cast of a seed."""
    rng = np.random.default_rng((seed, number, 7))
    age = list(AGES)[int(rng.integers(len(AGES)))]
    pace, size = AGES[age]
    seated = bool(rng.random() < 0.12)
    height = rng.normal(1.0, 0.07)
    dance = Dance(
        bpm=float(rng.uniform(88.0, 140.0)),
        bounce=float(rng.choice((0.0, 0.03, 0.06, 0.09))) * (0.3 if seated else 1.0),
        sway=float(rng.uniform(0.0, 0.06)) * (0.3 if seated else 1.0),
        twist_rad=float(rng.uniform(0.0, 0.06)),
        arms=float(rng.uniform(0.0, 0.04)),
    )
    camera = VirtualCamera(
        distance_m=float(rng.uniform(2.2, 3.4)), height_m=float(rng.uniform(0.95, 1.6)), fov_y_rad=float(rng.uniform(0.85, 1.1))
    )
    lens = Lens(
        camera=camera,
        fps=float(RATES_HZ[int(rng.integers(len(RATES_HZ)))]),
        yaw_rad=float(rng.uniform(-0.35, 0.35)),
        roll_rad=float(rng.normal(0.0, 0.025)),
        booth=bool(rng.random() < 0.4),
        dropouts_per_min=float(rng.choice((0.0, 0.5, 1.0))),
    )
    return Performer(
        name=f"{age}-{'seated-' if seated else ''}{lens.fps:.0f}fps-{seed}.{number}",
        seed=(seed, number),
        style=Style(pace, size, float(rng.uniform(0.01, 0.03)), dance, seated),
        proportions=_proportions(float(np.clip(height, 0.84, 1.18)), rng),
        lens=lens,
    )


def _proportions(height: float, rng: np.random.Generator) -> Proportions:
    """A body of this height whose parts differ from the usual by a few per cent."""
    usual = Proportions().scaled(height)
    arms, shoulders, torso = rng.normal(1.0, 0.03, 3)
    return replace(
        usual,
        upper_arm=usual.upper_arm * arms,
        forearm=usual.forearm * arms,
        shoulder_half=usual.shoulder_half * shoulders,
        torso=usual.torso * torso,
    )


def cast(seed: int, count: int) -> list[Performer]:
    """The first performers of a seed."""
    return [performer(seed, number) for number in range(count)]
