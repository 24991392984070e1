"""Compiled and plain Python give the same 128 numbers for a whole performance: camera, mocopi, hand-overs, devices."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dynamics.schema import INDEX, SCALE, SLICES, TABLE

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-4
"""In units of a slot's scale: NumPy's float32 scalars round where compiled code carries float64."""
LOOSE = {"dz": 2e-3, "curvature": 2e-3, "curvature_rate": 2e-2}
"""Rates divide that rounding by the time between two pictures."""


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("played")

    def play(name: str, disable: str) -> tuple[np.ndarray, np.ndarray]:
        out = folder / f"{name}.npz"
        cache = os.environ.get("NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / "numba"))
        env = {**os.environ, "NUMBA_DISABLE_JIT": disable, "NUMBA_CACHE_DIR": cache}
        subprocess.run([sys.executable, "-m", "tests.dynamics.play", str(out)], cwd=ROOT, env=env, check=True)
        with np.load(out) as data:
            return data["vectors"].astype(np.float64), data["masks"]

    return play("compiled", "0"), play("plain", "1")


def test_the_masks_are_equal(played):
    (_, compiled), (_, plain) = played
    assert np.array_equal(compiled, plain)
    assert compiled[60:].any(axis=0).sum() > 120  # the performance reaches nearly every slot


@pytest.mark.parametrize("part", SLICES)
def test_every_number_agrees(played, part):
    (compiled, _), (plain, _) = played
    for i in range(SLICES[part].start, SLICES[part].stop):
        limit = LOOSE.get(TABLE[i].name, LOOSE.get(part, TOLERANCE)) * SCALE[i]
        off = np.abs(compiled[:, i] - plain[:, i])
        if TABLE[i].name == "phase":
            off = np.minimum(off, 1.0 - off)
        assert off.max() <= limit, (TABLE[i].name, off.max())


def test_the_performance_moves(played):
    (compiled, _), _ = played
    assert np.ptp(compiled[60:, INDEX["l_wrist_y"]]) > 1.0
    assert np.ptp(compiled[60:, INDEX["mocopi_r_wrist_height"]]) > 0.5
