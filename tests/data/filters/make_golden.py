"""Makes the golden CSVs beside it, by formulas that share nothing with `dynamics/filters.py`: exact fractions.

Run: python tests/data/filters/make_golden.py
"""

import csv
import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

TWO_PI = Fraction(math.pi) * 2
STEPS_MS = (33, 34, 33, 16, 17, 66, 33, 33, 100, 33)


def samples(count: int) -> list[tuple[Fraction, Fraction]]:
    """(t, x): irregular times, a slow wave in steps of a thousandth with a leap in the middle."""
    t, out = Fraction(0), []
    for i in range(count):
        t += Fraction(STEPS_MS[i % len(STEPS_MS)], 1000)
        x = Fraction(round(1000 * math.sin(4.0 * float(t))), 1000) + (Fraction(3, 4) if i >= count // 2 else 0)
        out.append((t, x))
    return out


def low_pass(points: list[tuple[Fraction, Fraction]], cutoff_hz: Fraction) -> list[Fraction]:
    """y = sum of all samples, each weighted by its own share and what later ones left of it."""
    shares = [Fraction(1)]
    for (before, _), (now, _) in pairwise(points):
        turn = TWO_PI * cutoff_hz * (now - before)
        shares.append(turn / (1 + turn))
    out = []
    for n in range(len(points)):
        left, total = Fraction(1), Fraction(0)
        for i in range(n, -1, -1):
            total += left * shares[i] * points[i][1]
            left *= 1 - shares[i]
        out.append(total)
    return out


def one_euro(
    points: list[tuple[Fraction, Fraction]], min_cutoff_hz: Fraction, beta: Fraction, speed_cutoff_hz: Fraction
) -> list[Fraction]:
    """The published filter in exact arithmetic: speed of the raw samples, low-passed, moves the cut-off."""
    rates = [Fraction(0)] + [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(points)]
    speeds = low_pass([(t, rate) for (t, _), rate in zip(points, rates, strict=True)], speed_cutoff_hz)
    out = [points[0][1]]
    for i in range(1, len(points)):
        turn = TWO_PI * (min_cutoff_hz + beta * abs(speeds[i])) * (points[i][0] - points[i - 1][0])
        out.append((out[-1] + turn * points[i][1]) / (1 + turn))
        out[-1] = Fraction(out[-1]).limit_denominator(10**24)
    return out


def derivative(points: list[tuple[Fraction, Fraction]], window_s: Fraction, lag_s: Fraction) -> list[Fraction | None]:
    """Slope at t - lag of the least-squares parabola over the window, by orthogonal polynomials on the samples."""
    out: list[Fraction | None] = []
    for n, (t, _) in enumerate(points):
        near = [(at - t + lag_s, x) for at, x in points[: n + 1] if t - at <= window_s]
        if len(near) < 3:
            out.append(None)
            continue
        u = [p[0] for p in near]
        mean = sum(u) / len(u)
        p1 = [x - mean for x in u]
        n1 = sum(a * a for a in p1)
        skew, second = sum(x * a * a for x, a in zip(u, p1, strict=True)) / n1, n1 / len(u)
        p2 = [(x - skew) * a - second for x, a in zip(u, p1, strict=True)]
        c1 = sum(a * y for a, (_, y) in zip(p1, near, strict=True)) / n1
        c2 = sum(a * y for a, (_, y) in zip(p2, near, strict=True)) / sum(a * a for a in p2)
        out.append(c1 + c2 * (-mean - skew))  # d/dx of (x - skew)(x - mean) at x = 0
    return out


def write(name: str, points: list[tuple[Fraction, Fraction]], values: list[Fraction] | list[Fraction | None]) -> None:
    """One row for each sample: t_s, x, y (empty when there is no value)."""
    with (Path(__file__).parent / f"{name}.csv").open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("t_s", "x", "y"))
        rows.writerows(
            (float(t), float(x), "" if y is None else repr(float(y))) for (t, x), y in zip(points, values, strict=True)
        )


if __name__ == "__main__":
    wave = samples(60)
    write("low_pass", wave, low_pass(wave, Fraction(3)))
    write("one_euro", wave, one_euro(wave, Fraction(1), Fraction(1, 2), Fraction(1)))
    write("derivative", wave, derivative(wave, Fraction(134, 1000), Fraction(16, 1000)))
