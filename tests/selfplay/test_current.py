"""When a self-play report counts: only this code, these gestures, this machine, passed and whole; else live does not start."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airdeck import assembly, models, plan, settings
from airdeck.exits import RefusedError
from airdeck.gestures.library import library_of
from airdeck.selfplay import report
from safety.types import Profile
from tests.support.virtual_deck import LIBRARY

REPO = Path(__file__).resolve().parents[2]
WAIT_S = 180.0


@pytest.fixture
def file(tmp_path: Path, passed: dict[str, Any]) -> Path:
    """A report that counts."""
    return report.keep(passed, tmp_path / "state" / "quick.json")


def test_a_report_that_was_just_made_counts(file: Path) -> None:
    assert report.why_not_current(LIBRARY, file) == ""


def test_no_report_says_that_there_is_none(tmp_path: Path) -> None:
    assert report.why_not_current(LIBRARY, tmp_path / "none.json") == "there is no self-play report of this machine yet"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("code", "0" * 64, id="made by other code"),
        pytest.param("library_hash", "0" * 64, id="of other gestures"),
        pytest.param("machine", "0" * 16, id="of another machine"),
        pytest.param("format", "airdeck.selfplay/0", id="of an older format"),
        pytest.param("seed", 2, id="of a seed that somebody chose"),
        pytest.param("passed", False, id="not passed"),
        pytest.param("passed", "yes", id="passed is no yes or no"),
    ],
)
def test_a_report_that_differs_does_not_count_and_the_sentence_names_what(
    file: Path, passed: dict[str, Any], key: str, value: object
) -> None:
    report.keep({**passed, key: value}, file)
    assert report.why_not_current(LIBRARY, file) == f"the self-play report is not current: {key} differ"


def test_a_report_that_lacks_a_field_does_not_count(file: Path, passed: dict[str, Any]) -> None:
    report.keep({key: value for key, value in passed.items() if key != "machine"}, file)
    assert report.why_not_current(LIBRARY, file) == "the self-play report is not current: machine differ"


def test_everything_that_differs_is_named(file: Path, passed: dict[str, Any]) -> None:
    report.keep({**passed, "code": "", "machine": ""}, file)
    assert "machine, code differ" in report.why_not_current(LIBRARY, file)


def test_an_edited_gesture_wants_a_new_report(file: Path) -> None:
    """The library's own hash, not one made up."""
    edited = library_of(tuple(replace(g, content_hash=g.content_hash[::-1]) for g in LIBRARY.gestures))
    assert report.why_not_current(edited, file) == "the self-play report is not current: library_hash differ"


def test_fewer_gestures_want_a_new_report(file: Path) -> None:
    assert "library_hash" in report.why_not_current(library_of(LIBRARY.gestures[:1]), file)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b'{"passed": tr', "cannot be read", id="cut off"),
        pytest.param(b"", "cannot be read", id="empty"),
        pytest.param(b"\xff\xfe\x00", "cannot be read", id="no text"),
        pytest.param(b"[true]", "is no self-play report", id="a list"),
        pytest.param(b"null", "is no self-play report", id="nothing"),
        pytest.param(b"[" * 100_000, "cannot be read", id="nested without end"),
    ],
)
def test_a_damaged_report_does_not_count_and_the_sentence_names_the_file(file: Path, data: bytes, says: str) -> None:
    file.write_bytes(data)
    why = report.why_not_current(LIBRARY, file)
    assert says in why
    assert str(file) in why


def test_a_folder_in_the_reports_place_does_not_count(tmp_path: Path) -> None:
    assert "cannot be read" in report.why_not_current(LIBRARY, tmp_path)


DECIDING = (
    "dynamics/kernels.py", "safety/checks.py", "airdeck/gestures/recognizer.py", "airdeck/pipeline.py", "airdeck/streams.py",
    "airdeck/events.py", "config/promotions.toml",
)  # fmt: skip


def test_the_code_of_a_report_changes_with_any_file_that_decides(tmp_path: Path) -> None:
    """A copy of the packages with one more blank line in one file, asked by an interpreter of its own."""
    tree = tmp_path / "tree"
    for package in ("airdeck", "bridges", "dynamics", "safety", "config"):
        _copy(REPO / package, tree / package)
    before = _digest(tree)
    assert before == report.code_digest()
    for name in DECIDING:
        file = tree / name
        text = file.read_text(encoding="utf-8")
        file.write_text(text + "\n", encoding="utf-8")
        assert _digest(tree) != before, name
        file.write_text(text, encoding="utf-8")
    assert _digest(tree) == before


def _copy(source: Path, target: Path) -> None:
    for file in [*source.rglob("*.py"), *source.rglob("*.toml")]:
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())


def _digest(tree: Path) -> str:
    asked = "import sys; sys.path.insert(0, sys.argv[1]); from airdeck.selfplay.report import code_digest; print(code_digest())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", asked, str(tree)], cwd=tree, capture_output=True, text=True, check=True, timeout=WAIT_S
    )
    return done.stdout.strip()


# ---- the live profile ----


def live_plan() -> plan.Plan:
    words = plan.CommandLine(profile="live", sources=("camera:0",), sinks=("midi:virtual",))
    return plan.make(settings.load(overrides=words.overrides()), words)


def test_live_is_not_even_built_without_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(RefusedError, match="there is no self-play report of this machine yet: run `airdeck selfplay --quick`"):
        assembly.build_pipeline(live_plan(), [])


def test_live_is_built_with_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passed: dict[str, Any]) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    report.keep(passed)
    assert assembly.build_pipeline(live_plan(), []).gate.profile is Profile.LIVE


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with empty folders; the cache with the models and the kernels is everybody's."""
    kinds = ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "RUNTIME_DIR")
    for kind in kinds:
        (tmp_path / kind).mkdir()
    kernels = os.environ.get("NUMBA_CACHE_DIR", str(REPO / ".pytest_cache" / "numba"))
    return {**os.environ, "NUMBA_CACHE_DIR": kernels, **{f"XDG_{kind}": str(tmp_path / kind) for kind in kinds}}


def airdeck(home: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "airdeck", *words]
    return subprocess.run(command, env=home, cwd=REPO, capture_output=True, text=True, timeout=WAIT_S, check=False)


def test_live_refuses_from_the_command_line_until_selfplay_has_passed(home: dict[str, str]) -> None:
    """`airdeck run --profile live` with a camera that is not there: exit 1 before, and afterwards only the camera lacks."""
    try:
        models.find("pose")
    except models.ModelMissing as missing:
        pytest.skip(f"no pose model: {missing}")
    run = ("run", "--profile", "live", "--source", "camera:97", "--sink", "midi:virtual", "--for", "1", "--no-hud")
    refused = airdeck(home, *run)
    assert refused.returncode == 1
    assert "there is no self-play report of this machine yet: run `airdeck selfplay --quick`" in refused.stderr
    played = airdeck(home, "selfplay", "--quick", "--json")
    assert (played.returncode, json.loads(played.stdout)["passed"]) == (0, True)
    allowed = airdeck(home, *run)
    assert allowed.returncode == 3
    assert "self-play" not in allowed.stderr


def test_a_report_of_other_code_keeps_live_from_starting(home: dict[str, str], passed: dict[str, Any]) -> None:
    try:
        models.find("pose")
    except models.ModelMissing as missing:
        pytest.skip(f"no pose model: {missing}")
    report.keep({**passed, "code": "another"}, Path(home["XDG_STATE_HOME"]) / "airdeck" / "selfplay" / "quick.json")
    refused = airdeck(home, "run", "--profile", "live", "--source", "camera:97", "--sink", "midi:virtual", "--for", "1")
    assert refused.returncode == 1
    assert "the self-play report is not current: code differ" in refused.stderr
