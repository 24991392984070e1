"""`.ci/run` tries a failed test once more, but none of those that prove the way out."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32" or shutil.which("bash") is None, reason="needs bash")
FAKE_MAKE = """#!/bin/sh
echo "$*" >> calls
case "$*" in
  "test")
    mkdir -p .pytest_cache/v/cache
    [ -z "$BAD_TEST" ] || echo "{\\"$BAD_TEST\\": true}" > .pytest_cache/v/cache/lastfailed
    exit 1;;
esac
"""


def run(folder: Path, failed: str) -> tuple[int, list[str]]:
    """The script over a `make` whose first `test` fails with that test; (exit code, what make was asked)."""
    (folder / ".ci").mkdir()
    shutil.copy(REPO / ".ci" / "run", folder / ".ci" / "run")
    (folder / "bin").mkdir()
    (folder / "bin" / "make").write_text(FAKE_MAKE)
    (folder / "bin" / "make").chmod(0o755)
    env = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "BAD_TEST": failed}
    done = subprocess.run(["bash", str(folder / ".ci" / "run")], env=env, capture_output=True, timeout=60, check=False)
    return done.returncode, (folder / "calls").read_text().splitlines()


@pytest.mark.parametrize("failed", ["tests/app/test_run.py::test_x", "tests/e2e/test_mocopi.py::test_x"])
def test_another_test_gets_its_second_go(tmp_path: Path, failed: str) -> None:
    assert run(tmp_path, failed) == (0, ["lint", "test", "test ARGS=--last-failed", "bench ARGS=--quick"])


@pytest.mark.parametrize(
    "failed",
    [
        "tests/safety/test_arming.py::test_x",
        "tests/sinks/test_sink_crashes.py::test_x[a b]",
        "tests/e2e/test_kills.py::test_x",
        "tests/safety/test_gate_checks.py",
        "",
    ],
)
def test_a_test_of_the_way_out_fails_at_once_and_so_does_a_suite_that_did_not_run(tmp_path: Path, failed: str) -> None:
    code, calls = run(tmp_path, failed)
    assert (code != 0, calls) == (True, ["lint", "test"])
