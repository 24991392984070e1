"""The filters against golden CSVs made by exact fractions, and at their edges."""

import csv
import math
import runpy
from pathlib import Path

import pytest

from dynamics.filters import Derivative, LowPass, OneEuro, low_pass_alpha

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "filters"
MAKE = {
    "low_pass": lambda: LowPass(3.0),
    "one_euro": lambda: OneEuro(1.0, 0.5, 1.0),
    "derivative": lambda: Derivative(0.134, 0.016),
}


def rows(name: str) -> list[tuple[float, float, float]]:
    with (GOLDEN / f"{name}.csv").open(newline="") as file:
        return [(float(r["t_s"]), float(r["x"]), float(r["y"] or "nan")) for r in csv.DictReader(file)]


@pytest.mark.parametrize("name", MAKE)
def test_a_filter_gives_its_golden_values(name):
    one = MAKE[name]()
    for t, x, want in rows(name):
        assert one(x, t) == pytest.approx(want, rel=1e-9, abs=1e-9, nan_ok=True), t


def test_the_golden_values_are_those_that_the_script_makes():
    script = runpy.run_path(str(GOLDEN / "make_golden.py"))
    wave = script["samples"](60)
    made = script["low_pass"](wave, script["Fraction"](3))
    assert [float(y) for y in made] == [y for _, _, y in rows("low_pass")]


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_sample_that_is_not_finite_is_left_out(name, bad):
    with_bad, without = MAKE[name](), MAKE[name]()
    for t, x, _ in rows(name):
        with_bad(bad, t)
        assert with_bad(x, t) == pytest.approx(without(x, t), nan_ok=True)


@pytest.mark.parametrize("name", ["low_pass", "one_euro"])
def test_a_time_that_does_not_advance_changes_nothing(name):
    one = MAKE[name]()
    one(1.0, 1.0)
    before = one(2.0, 1.1)
    assert one(99.0, 1.1) == one(99.0, 0.5) == before


@pytest.mark.parametrize(
    "make", [lambda: LowPass(0.0), lambda: LowPass(math.nan), lambda: OneEuro(0.0, 1.0), lambda: OneEuro(1.0, -1.0)]
)
def test_a_filter_without_a_cutoff_is_refused(make):
    with pytest.raises(ValueError, match="must be positive"):
        make()


def test_the_share_of_a_sample_at_one_time_constant_is_a_half():
    assert low_pass_alpha(1.0, 1.0 / (2.0 * math.pi)) == pytest.approx(0.5)


@pytest.mark.parametrize("lag_s", [0.0, 0.016, 0.05])
def test_the_derivative_of_a_parabola_is_exact(lag_s):
    rate = Derivative(0.2, lag_s)
    for i in range(20):
        t = i / 30
        got = rate(3.0 * t * t - t + 5.0, t)
    assert got == pytest.approx(6.0 * (t - lag_s) - 1.0)
