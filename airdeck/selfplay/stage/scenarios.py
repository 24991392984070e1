"""What is performed: named scenarios, each a choreography with what it means, and what is done to the camera."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .actor import SIDES, Actor
from .cast import Performer
from .dances import DANCES
from .lens import Lens
from .misses import BODY_MISSES, HAND_MISSES, STANDING_ONLY_MISSES
from .vocabulary import BODY, CONTINUOUS, HANDS, STANDING_ONLY, HandMove

SETTLE_S = 3.0
"""The gate wants good data before it lets anything through."""
GAP_S = 0.9


def vocabulary_names() -> tuple[str, ...]:
    """Ids of all gestures that performers know."""
    return (*(f"{side}.{name}" for name in HANDS for side in SIDES), *BODY)


def everything(a: Actor) -> None:
    """Every gesture once, and every near miss, in an order of its own."""
    names = [*vocabulary_names(), *(f"{side}.{name}" for name in HAND_MISSES for side in SIDES), *BODY_MISSES]
    play(a, [str(name) for name in a.rng.permutation(names)])


def gestures_only(a: Actor) -> None:
    """Every gesture once."""
    play(a, [str(name) for name in a.rng.permutation(vocabulary_names())])


def starter(a: Actor) -> None:
    """The two raises, over and over."""
    play(a, [f"{side}.raise" for _ in range(10) for side in SIDES])


def play(a: Actor, names: list[str]) -> None:
    """Gestures and near misses by name, each from rest and back to rest."""
    a.hold(SETTLE_S)
    for name in names:
        perform(a, name)
        a.hold(GAP_S + a.rng.uniform(0.0, 0.5))


def perform(a: Actor, name: str) -> None:
    """One move by name: `left.circle`, `undo`, `right.circle~half`, `both_up~brief`, or a dance."""
    side, _, rest = name.partition(".")
    known: dict[str, HandMove] = HANDS | HAND_MISSES
    base = rest if rest in known and side in SIDES else name
    if a.style.seated and base in (*STANDING_ONLY, *STANDING_ONLY_MISSES):
        return
    a.begin()
    meant = name if base in HANDS or base in BODY else ""
    if base is rest:
        known[base](a, side)
    elif name in DANCES:
        DANCES[name][0](a)
    else:
        (BODY | BODY_MISSES)[name](a)
    if not meant:
        a.struck()
    a.rest()
    a.end(name, meant)


def distraction(a: Actor, until_s: float = 600.0) -> None:
    """Ten minutes of dancing behind the decks that mean nothing."""
    a.hold(SETTLE_S)
    names = list(DANCES)
    weights = np.array([DANCES[name][1] for name in names])
    weights /= weights.sum()
    while a.t < until_s:
        name = names[int(a.rng.choice(len(names), p=weights))]
        a.begin()
        DANCES[name][0](a)
        if a.rng.random() < 0.35:
            a.rest()
            a.hold(a.rng.uniform(0.2, 1.0))
        a.end(name)
    a.rest()
    a.hold(0.5)


def standing_still(a: Actor) -> None:
    """Ten minutes at rest: the gate has nothing to refuse."""
    a.hold(600.0)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A choreography, and how the performer's lens is changed for it."""

    name: str
    choreography: Callable[[Actor], None]
    lens: Callable[[Lens], Lens] = lambda lens: lens
    meant: bool = True
    """Whether it holds gestures at all."""
    invented: bool = False
    """The camera makes it up: the performer stands at rest, and every other device says so."""


def _clean(lens: Lens) -> Lens:
    return replace(lens, noise=0.3, dropouts_per_min=0.0, booth=False, yaw_rad=0.0, roll_rad=0.0)


SCENARIOS: dict[str, Scenario] = {
    s.name: s
    for s in (
        Scenario("vocabulary", everything),
        Scenario("gestures", gestures_only),
        Scenario("starter", starter),
        Scenario("distractors", distraction, meant=False),
        Scenario("still", standing_still, _clean, meant=False),
        Scenario("clean", gestures_only, _clean),
        Scenario("strobe", gestures_only, lambda lens: replace(lens, fps=30.0, strobe_hz=8.0, dark_share=0.45)),
        Scenario("low_light", gestures_only, lambda lens: replace(lens, fps=30.0, low_light=True)),
        Scenario("bystander", gestures_only, lambda lens: replace(lens, bystander="crossing")),
        Scenario("neighbour", gestures_only, lambda lens: replace(lens, bystander="beside")),
        Scenario("booth", gestures_only, lambda lens: replace(lens, booth=True)),
        Scenario("slow_camera", gestures_only, lambda lens: replace(lens, fps=15.0)),
        Scenario("fast_camera", gestures_only, lambda lens: replace(lens, fps=60.0)),
        Scenario("swaps", everything, lambda lens: replace(lens, swaps_per_min=6.0)),
        Scenario("invented", starter, invented=True),
        Scenario("hidden", gestures_only, lambda lens: replace(lens, occlusions_per_min=3.0, dropouts_per_min=6.0)),
    )
}
DEFAULT = ("vocabulary", "distractors", "strobe", "low_light", "bystander", "booth", "slow_camera", "swaps")


def act(scenario: Scenario, who: Performer) -> Actor:
    """The performance of a scenario by a performer: the same each time."""
    letters = [ord(letter) for letter in scenario.name]
    actor = Actor(who.style, np.random.default_rng((*who.seed, *letters)))
    scenario.choreography(actor)
    return actor


__all__ = ["CONTINUOUS", "DEFAULT", "SCENARIOS", "Scenario", "act", "perform", "vocabulary_names"]
