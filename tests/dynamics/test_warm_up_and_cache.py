"""Kernels are compiled before they are needed, kept for the next start, and work where nothing can be written."""

import gc
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core.config import DISABLE_JIT

from dynamics import kernels as k
from dynamics.builder import Dynamics128Builder
from dynamics.calibration import Calibration
from dynamics.frames import DeckSample, ImuSample, WatchSample
from tests.dynamics.bodies import NS, at_ns, dance, feed, mocap, mocaps, picture, pictures, watch

ROOT = Path(__file__).resolve().parents[2]
compiled = pytest.mark.skipif(bool(DISABLE_JIT), reason="NUMBA_DISABLE_JIT is set: there is nothing to compile")


def state_of(builder: Dynamics128Builder) -> dict[str, object]:
    names = [name for name in builder.__slots__ if name not in ("_intake", "_bank", "calibration")]
    return {
        name: np.array(value).tolist() if isinstance(value := getattr(builder, name), np.ndarray) else value for name in names
    }


def same(a: object, b: object) -> bool:
    return np.array_equal(a, b, equal_nan=True) if isinstance(a, list | float) else a == b


@pytest.mark.parametrize("calibration", [Calibration(), Calibration(mirror=True, torso_m=0.5, torso_image=0.2)])
def test_warm_up_leaves_no_trace(calibration):
    warm, fresh = Dynamics128Builder(calibration), Dynamics128Builder(calibration)
    warm.warm_up()
    for name, value in state_of(fresh).items():
        assert same(state_of(warm)[name], value), name
    assert warm.calibration == calibration


def test_a_warm_builder_answers_as_a_fresh_one():
    warm, fresh = Dynamics128Builder(), Dynamics128Builder()
    warm.warm_up()
    np.testing.assert_array_equal(watch(warm, pictures(dance, 30, 1.0))[0], watch(fresh, pictures(dance, 30, 1.0))[0])


def test_reset_forgets_a_performance():
    used, fresh = Dynamics128Builder(), Dynamics128Builder()
    watch(used, pictures(dance, 30, 1.0))
    watch(used, mocaps(dance, 50, 1.0, 2.0))
    used.on_deck(DeckSample(at_ns(1), bpm=140.0, beat_phase=0.2), at_ns(1))
    used.reset()
    for name, value in state_of(fresh).items():
        assert same(state_of(used)[name], value), name


@compiled
def test_nothing_is_compiled_after_the_warm_up():
    """Whatever arrives, each kernel keeps the one version that the warm-up made."""
    builder = Dynamics128Builder()
    builder.warm_up()
    kernels = {
        name: f for name, f in vars(k).items() if hasattr(f, "signatures") and getattr(f, "__module__", "") == k.__name__
    }
    before = {name: len(f.signatures) for name, f in kernels.items()}
    frame = picture(dance(0))
    for image in (frame.image, frame.image.astype(np.float64), np.asfortranarray(frame.image), frame.image[:0]):
        for world in (frame.world, frame.world.astype(np.float16), np.full_like(frame.world, np.nan)):
            builder.on_pose(type(frame)(at_ns(1) + builder._row, 0, 0, 640, 480, image, world), at_ns(9))
    for t in (2.0, 2.6, 3.2):
        feed(builder, mocap(dance(t), t))
        feed(builder, picture(dance(t), t_s=t + 0.01))
    builder.on_deck(DeckSample(at_ns(3), bpm=140.0, beat_phase=0.2), at_ns(3))
    builder.on_imu(ImuSample(at_ns(3), pitch_rad=0.2), at_ns(3))
    builder.on_watch(WatchSample(at_ns(3), heart_rate_bpm=88, accel_mps2=(1, 2, 3)), at_ns(3))
    builder.tick(at_ns(60))
    assert builder.is_finite()
    assert {name: len(f.signatures) for name, f in kernels.items()} == before


def test_no_collected_objects_grow_over_10000_steps():
    builder = Dynamics128Builder()
    builder.warm_up()
    shown, moved = [picture(dance(i / 30)) for i in range(8)], [mocap(dance(i / 30)) for i in range(8)]
    move_to = object.__setattr__

    def steps(start: int, count: int) -> None:
        for i in range(start, start + count):
            now_ns = at_ns(1) + i * NS // 100
            for frame in (shown[i % 8], moved[i % 8]):
                move_to(frame, "capture_ns", now_ns)
            builder.on_mocap(moved[i % 8], now_ns)
            if i % 1000 < 700:
                builder.on_pose(shown[i % 8], now_ns)

    count = 300 if DISABLE_JIT else 5000
    steps(0, 200)
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        steps(200, count)
        assert len(gc.get_objects()) - before <= 0
    finally:
        gc.enable()


PROBE = """
import dynamics.builder as b, dynamics.kernels as k
builder = b.Dynamics128Builder()
builder.warm_up()
import sys
hits = sum(sum(f.stats.cache_hits.values()) for f in vars(k).values() if hasattr(f, "stats"))
print("hits", hits, "finite", builder.is_finite())
"""


def probe(cwd: Path, home: Path, cache: str | None) -> str:
    """Build in a new process whose code lies in `cwd`; the user that runs the tests may be root, who writes anywhere."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(cwd), "PYTHONDONTWRITEBYTECODE": "1"}
    if cache is not None:
        env["NUMBA_CACHE_DIR"] = cache
    done = subprocess.run([sys.executable, "-c", PROBE], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """A copy of the code in a folder that nobody writes to, and a home that is a file."""
    folder = tmp_path_factory.mktemp("read-only")
    shutil.copytree(ROOT / "dynamics", folder / "dynamics", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "dynamics" / "__pycache__").touch()  # where the cache would go: a file, so that root cannot write there either
    (folder / "home").touch()
    for path in (folder / "dynamics", folder):
        path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    yield folder
    for path in (folder, folder / "dynamics"):
        path.chmod(stat.S_IRWXU)


@compiled
def test_the_cache_is_used_by_the_second_start_though_code_and_home_are_read_only(code, tmp_path):
    assert probe(code, code / "home", str(tmp_path)).startswith("hits 0 ")
    assert any(tmp_path.rglob("*.nbi"))
    again = probe(code, code / "home", str(tmp_path))
    assert again.endswith("finite True")
    assert int(again.split()[1]) > 5


@compiled
@pytest.mark.parametrize("cache", [None, "home/none"])
def test_where_nothing_can_be_written_every_start_compiles_anew(code, cache):
    """Neither code nor home nor NUMBA_CACHE_DIR: slow, but it starts."""
    assert probe(code, code / "home", cache and str(code / cache)) == "hits 0 finite True"
