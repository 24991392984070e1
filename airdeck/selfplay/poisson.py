"""The exact upper bound of a Poisson rate from a count, by bisection on the sum of its terms."""

import math

CONFIDENCE = 0.95
STEPS = 200


def at_most(count: int, mean: float) -> float:
    """Probability of at most `count` events where `mean` are expected."""
    if mean <= 0.0:
        return 1.0
    logs = [n * math.log(mean) - mean - math.lgamma(n + 1) for n in range(count + 1)]
    top = max(logs)
    return math.exp(top) * math.fsum(math.exp(value - top) for value in logs)


def upper(count: int, confidence: float = CONFIDENCE) -> float:
    """The mean that would give so few events, or fewer, with a probability of only 1 - confidence."""
    low, high = 0.0, count + 10.0 * math.sqrt(count + 1.0) + 10.0
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        if at_most(count, middle) > 1.0 - confidence:
            low = middle
        else:
            high = middle
    return high


def upper_per_hour(count: int, hours: float) -> float | None:
    """The same as a rate; None where nothing was screened."""
    return upper(count) / hours if hours > 0.0 else None
