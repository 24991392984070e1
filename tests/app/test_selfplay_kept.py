"""Which self-play report counts for live: that of the seed it asks for, over everything that decides."""

import json
from pathlib import Path
from typing import Any

import pytest

from airdeck import assembly, doctor
from airdeck.selfplay import report
from airdeck.selfplay.quick import quick
from airdeck.selfplay.run import Outcome
from airdeck.settings import config_file

LIBRARY = assembly.read_library(1)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for kind in ("CONFIG_HOME", "STATE_HOME", "DATA_HOME"):
        monkeypatch.setenv(f"XDG_{kind}", str(tmp_path / kind))
    return tmp_path


def passed(seed: int) -> dict[str, Any]:
    """As if every trial had been found."""
    return {**report.make_report(Outcome({}), LIBRARY, seed, 8), "passed": True}


def test_a_report_of_another_seed_is_kept_beside_and_does_not_count() -> None:
    report.keep(passed(1))
    answer = quick(LIBRARY, seed=2)
    assert json.loads(report.report_path(2).read_text()) == answer
    assert (answer["seed"], answer["reproduce"]) == (2, "airdeck selfplay --quick --seed 2")
    assert report.why_not_current(LIBRARY) == "", "the one that counts is still there"
    assert report.why_not_current(LIBRARY, report.report_path(2)) == "the self-play report is not current: seed differ"


@pytest.mark.parametrize("module", ["events.py", "streams.py", "pipeline.py"])
def test_the_digest_of_the_code_covers(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = report.code_digest()
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path.name == module))
    assert report.code_digest() != before


def test_the_digest_of_the_code_covers_the_promotions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = report.code_digest()
    changed = tmp_path / "promotions.toml"
    changed.write_bytes(config_file("promotions.toml").read_bytes() + b"# changed")
    monkeypatch.setattr(report, "config_file", lambda _name: changed)
    assert report.code_digest() != before


def test_the_doctor_says_whether_live_would_find_its_report() -> None:
    [without] = doctor.CHECKS["selfplay"]()
    assert (without.level, without.fix) == (doctor.Level.WARN, "airdeck selfplay --quick")
    assert "there is no self-play report of this machine yet" in without.text
    report.keep(passed(1))
    [beside] = doctor.CHECKS["selfplay"]()
    assert (beside.level, beside.fix) == (doctor.Level.OK, "")
