"""Conditions as the numbers that the kernels take."""

from dynamics import kernels as k
from dynamics.schema import INDEX

from .features import Feature, resolve
from .library import SIDES, Condition

WHEN = {"always": k.ALWAYS, "start": k.AT_START, "finish": k.AT_FINISH}


class Tables:
    """Conditions of all gestures as numbers; a feature that several speak of stands once."""

    def __init__(self) -> None:
        self.conditions: list[Condition] = []
        self.table: list[tuple[int, int, int]] = []
        self.params: list[tuple[float, float]] = []
        self.condition: list[tuple[int, int]] = []
        self.bounds: list[tuple[float, float, float, float]] = []

    def add(self, conditions: tuple[Condition, ...], side: str) -> int:
        """Append them; answers how many conditions there are now."""
        for c in conditions:
            feature, slots, hand = resolve(c.feature, SIDES[side])
            self.condition.append((self._feature(feature, slots), WHEN[c.at]))
            self.bounds.append(_outward(c, feature, hand))
            self.conditions.append(c)
        return len(self.conditions)

    def finish(self, first: int, stop: int) -> tuple[tuple[int, float, float], ...]:
        """Of the conditions first:stop those that count at the finish: (feature, enter above, enter below)."""
        last = [c for c in range(first, stop) if self.condition[c][1] == k.AT_FINISH]
        return tuple([(self.condition[c][0], self.bounds[c][0], self.bounds[c][1]) for c in last])

    def _feature(self, feature: Feature, slots: tuple[str, ...]) -> int:
        places = [INDEX[slot] for slot in slots]
        row = (k.FEATURE_KINDS.index(feature.kind), places[0], places[-1])
        param = (feature.level, feature.window_s)
        for i, known in enumerate(self.table):
            if known == row and self.params[i] == param:
                return i
        self.table.append(row)
        self.params.append(param)
        return len(self.table) - 1


def _outward(c: Condition, feature: Feature, hand: str) -> tuple[float, float, float, float]:
    """Bounds (enter above, enter below, exit below, exit above) as the slot has them: x is flipped for the right hand."""
    if feature.outward and hand == "r":
        return (-c.enter_below, -c.enter_above, -c.exit_above, -c.exit_below)
    return (c.enter_above, c.enter_below, c.exit_below, c.exit_above)
