"""Asking for help is cheap: the heavy packages are loaded when they are used."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ["numba", "mediapipe", "cv2", "rtmidi", "pynput", "aiohttp", "torch"]
ROOT = Path(__file__).resolve().parents[2]

PROBE = """
import json, sys
sys.argv = ["airdeck", *sys.argv[1:]]
from airdeck.__main__ import main
code = 0
try:
    main()
except SystemExit as ending:
    code = ending.code or 0
print(json.dumps({"code": code, "modules": sorted(sys.modules)}), file=sys.stderr)
"""


def run(*words: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words], capture_output=True, text=True, cwd=ROOT, check=True, timeout=60
    )
    answer: dict[str, object] = json.loads(done.stderr.splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def help_page() -> dict[str, object]:
    return run("--help")


def test_help_ends_with_success(help_page: dict[str, object]) -> None:
    assert help_page["code"] == 0


@pytest.mark.parametrize("package", HEAVY)
def test_help_does_not_load(help_page: dict[str, object], package: str) -> None:
    assert package not in help_page["modules"]  # type: ignore[operator]


def test_listing_the_models_does_not_load_mediapipe() -> None:
    assert "mediapipe" not in run("models", "list")["modules"]  # type: ignore[operator]


@pytest.mark.parametrize("module", ["dynamics.frames", "safety.types", "bridges.sources.base", "airdeck.models"])
def test_a_contract_module_does_not_load_numba(module: str) -> None:
    code = f"import sys, {module}; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=60).returncode == 0
