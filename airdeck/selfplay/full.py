"""`airdeck selfplay`: scenarios times performers through pipeline and gate, in virtual time."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..gestures.library import Library
from .stage.cast import performer
from .stage.clip import clip
from .stage.scenarios import DEFAULT, SCENARIOS
from .trial import Result, Stage

PERFORMERS = 200
"""Who perform the whole vocabulary; each of the other scenarios has a tenth of them."""
OTHERS = 0.1
HOURS = 20.0
"""Of scenarios that mean nothing."""
CLIP_H = 1.0 / 6.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is performed: scenarios by name, how many performers, how many hours of distraction, and the seed."""

    scenarios: tuple[str, ...] = DEFAULT
    performers: int = PERFORMERS
    hours: float = HOURS
    seed: int = 1
    sensors: tuple[str, ...] = ()

    def command(self) -> str:
        """What a person types to do it again."""
        words = [f"--scenario {name}" for name in self.scenarios] if self.scenarios != DEFAULT else []
        words += [f"--performers {self.performers}"] if self.performers != PERFORMERS else []
        words += [f"--hours {self.hours:g}"] if self.hours != HOURS else []
        return " ".join(("airdeck selfplay", *words, f"--seed {self.seed}"))


def clips_of(plan: Plan) -> Iterator[tuple[str, int]]:
    """Scenario and number of the performer, in order. Performers of different scenarios are different people."""
    for place, name in enumerate(plan.scenarios):
        if not SCENARIOS[name].meant:
            count = math.ceil(plan.hours / CLIP_H)
        else:
            count = plan.performers if name == DEFAULT[0] else math.ceil(plan.performers * OTHERS)
        for number in range(count):
            yield name, 1000 * place + number


def run(library: Library, plan: Plan, say: Callable[[str], None] | None = None) -> list[Result]:
    """Every clip of the plan. `say` is told where it is."""
    stage, results = Stage(library, plan.sensors), []
    for name, number in clips_of(plan):
        results.append(stage.play(clip(name, performer(plan.seed, number))))
        if say is not None and number % 1000 == 0:
            say(f"{name} …")
    return results


def again(library: Library, clip_id: str) -> Result:
    """One clip by its id (`vocabulary/1.12`), for whoever wants to look closer. KeyError, ValueError for a wrong id."""
    scenario, _, who = clip_id.partition("/")
    seed, _, number = who.partition(".")
    return Stage(library).play(clip(scenario, performer(int(seed), int(number))))


def hours_of(results: Sequence[Result]) -> float:
    """Performed time in all."""
    return math.fsum(result.hours for result in results)
