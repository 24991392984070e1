"""What cannot be: a gesture that contradicts itself, two that one movement satisfies. Found when a library is loaded."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations

from .features import FEATURES, Feature, resolve
from .library import HOLD_MAX_MS, INF, SIDES, Condition, Gesture

Band = tuple[float, float]
Key = tuple[str, tuple[str, ...], float, float]
"""A feature as it is computed: kind, slots, level, window."""
SETTLED = 0.2
"""A `settle` below this is a hand that has stopped for a quarter of a second."""
STILL_TURNS = 0.5
SUGGESTION = "can be met by one movement; give one a bound that excludes the other"


def contradictions(conditions: Iterable[Condition], row: dict[str, object], where: str) -> list[str]:
    """What can never be met, or chatters at its own edge."""
    problems = []
    by_feature: dict[str, Band] = {}
    for c in conditions:
        if not c.enter_above < c.enter_below:
            problems.append(f"{where}: {c.feature} can never be above {c.enter_above} and below {c.enter_below}")
        if c.at == "always" and (c.exit_below > c.enter_above or c.exit_above < c.enter_below):
            problems.append(f"{where}: {c.feature} leaves inside the band it enters: the exit bounds must lie outside")
        low, high = by_feature.get(c.feature, (-INF, INF))
        by_feature[c.feature] = (max(low, c.enter_above), min(high, c.enter_below))
        if not by_feature[c.feature][0] < by_feature[c.feature][1]:
            problems.append(f"{where}: its conditions on {c.feature} exclude each other")
    hold, window = row.get("hold_ms"), row.get("window_ms")
    if isinstance(hold, int) and hold > HOLD_MAX_MS:
        problems.append(f"{where}: hold_ms must be 0..{HOLD_MAX_MS}, not {hold}")
    if isinstance(window, int) and isinstance(hold, int) and window < hold:
        problems.append(f"{where}: window_ms {window} is over before hold_ms {hold} is")
    return problems


def clashes(gestures: list[Gesture], source: str) -> list[str]:
    """Two gestures of one name, or two that the same movement satisfies."""
    counts = Counter(g.id for g in gestures)
    problems = [f"{source}: two gestures are called {name!r}" for name, count in counts.items() if count > 1]
    known = [(g, list(_stages(g))) for g in gestures]
    problems.extend(
        f"{source}: {a.id!r} and {b.id!r} {SUGGESTION}"
        for (a, first), (b, second) in combinations(known, 2)
        if a.id != b.id and _share_a_hand(a, b) and not _apart(first, second)
    )
    return problems


def _share_a_hand(a: Gesture, b: Gesture) -> bool:
    """Two hands may do two things at once; that only one of them does is for the qualifiers to ask."""
    return a.side == b.side or "both" in (a.side, b.side)


def _apart(a: list[dict[Key, Band]], b: list[dict[Key, Band]]) -> bool:
    """True when some feature's entry bands do not overlap where they complete, or in a step that both begin with."""
    if _exclude(a[-1], b[-1]):
        return True
    return len(a) > 1 and len(b) > 1 and any(_exclude(x, y) for x, y in zip(a[:-1], b[:-1], strict=False))


def _exclude(a: dict[Key, Band], b: dict[Key, Band]) -> bool:
    return any(key in b and (low >= b[key][1] or high <= b[key][0]) for key, (low, high) in a.items())


def _stages(gesture: Gesture) -> Iterator[dict[Key, Band]]:
    """The entry bands of each step, and last those of completion, over what the features really read."""
    for conditions in (*(step.conditions for step in gesture.before), gesture.conditions):
        bands: dict[Key, Band] = {}
        for c in conditions:
            for key, (low, high) in _bands(c, gesture.side):
                known_low, known_high = bands.get(key, (-INF, INF))
                bands[key] = (max(low, known_low), min(high, known_high))
        yield bands


def _bands(c: Condition, side: str) -> Iterator[tuple[Key, Band]]:
    feature, slots, at = resolve(c.feature, SIDES[side])
    low, high = c.enter_above, c.enter_below
    if feature.outward and at == "r":
        low, high = -high, -low
    yield (feature.kind, slots, feature.level, feature.window_s), (low, high)
    if feature.kind == "settle" and high <= SETTLED:  # a hand at rest draws no circle
        turning, turning_slots, _ = resolve("wrist_turns", at)
        yield (turning.kind, turning_slots, turning.level, turning.window_s), (-STILL_TURNS, STILL_TURNS)
    if feature.kind == "below_for" and low >= 0.0:  # an arm at rest for a while is an arm that is low
        wrist: Feature = FEATURES["wrist_y"]
        yield (wrist.kind, slots[:1], wrist.level, wrist.window_s), (-INF, feature.level)
