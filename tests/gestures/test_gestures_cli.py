"""`airdeck gestures` as a person calls it: real processes, exit codes, stdout."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "gestures.toml"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with a home of its own; matplotlib keeps its list of fonts in the usual place."""
    kinds = ("CONFIG_HOME", "DATA_HOME", "STATE_HOME")
    return {**os.environ, **{f"XDG_{kind}": str(tmp_path / kind) for kind in kinds}}


def gestures(home: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "airdeck", "gestures", *words]
    return subprocess.run(command, env=home, capture_output=True, text=True, timeout=120, check=False)


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """The shipped library with one thing changed in its first row that has it."""
    file, text = tmp_path / "mine.toml", SHIPPED.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    return file


@pytest.mark.parametrize("command", ["list", "show", "check", "diff", "adopt", "undo", "draw"])
def test_help_shows_an_example(home: dict[str, str], command: str) -> None:
    done = gestures(home, command, "--help")
    assert f"airdeck gestures {command}" in done.stdout.partition("Example")[2]


def test_show_takes_the_name_of_a_row_for_its_left_hand(home: dict[str, str]) -> None:
    assert json.loads(gestures(home, "show", "raise", "--json").stdout)["id"] == "left.raise"


def test_show_of_an_unknown_gesture_names_close_ones(home: dict[str, str]) -> None:
    done = gestures(home, "show", "rase")
    assert done.returncode == 2
    assert "did you mean" in done.stderr
    assert "raise" in done.stderr


def test_check_of_the_shipped_library_finds_nothing(home: dict[str, str]) -> None:
    done = gestures(home, "check", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"], told["problems"], told["without_performer"]) == (0, True, [], [])
    assert told["rows"] >= 24


def test_check_lists_every_problem_and_exits_with_1(home: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[[gesture]]\nid = "a"\nkind = "dance"\ntier = 0\n', "utf-8")
    done = gestures(home, "check", str(file))
    assert done.returncode == 1
    assert "kind must be one of" in done.stdout
    assert "tier must be" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(" problems")


def test_check_of_a_file_that_is_not_there_is_wrong_use(home: dict[str, str], tmp_path: Path) -> None:
    done = gestures(home, "check", str(tmp_path / "nowhere.toml"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such file" in done.stderr


def test_diff_tells_the_number_and_the_promotions_that_fall(home: dict[str, str], tmp_path: Path) -> None:
    mine = changed(tmp_path, "hold_ms = 450\nrelease_ms = 150", "hold_ms = 460\nrelease_ms = 150")
    told = json.loads(gestures(home, "diff", str(SHIPPED), str(mine), "--json").stdout)
    assert [(c["row"], c["changes"]) for c in told["changed"]] == [("raise", [{"what": "hold_ms", "old": 450, "new": 460}])]
    assert {p["gesture"]: p["now"] for p in told["promotions"]} == {"left.raise": "falls", "right.raise": "falls"}


def test_diff_with_one_file_tells_how_it_differs_from_the_one_in_use(home: dict[str, str], tmp_path: Path) -> None:
    assert gestures(home, "diff", str(SHIPPED)).stdout == "no difference\n"
    mine = changed(tmp_path, "hold_ms = 450\nrelease_ms = 150", "hold_ms = 460\nrelease_ms = 150")
    assert "hold_ms: 450 -> 460" in gestures(home, "diff", str(mine)).stdout


def test_diff_of_a_library_that_does_not_load_is_bad_input(home: dict[str, str], tmp_path: Path) -> None:
    done = gestures(home, "diff", str(changed(tmp_path, "tier = 1", "tier = 0")))
    assert done.returncode == 2
    assert "tier must be" in done.stderr


def test_draw_writes_to_stdout_what_it_writes_to_a_file(home: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "sheet.svg"
    done = gestures(home, "draw", "--out", str(out), "--tier", "1")
    assert (done.returncode, done.stdout) == (0, f"{out}: 1 gestures on 1 pages\n")
    assert gestures(home, "draw", "--tier", "1").stdout == out.read_text("utf-8")


def test_draw_makes_a_pdf(home: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "sheet.pdf"
    told = json.loads(gestures(home, "draw", "--out", str(out), "--json").stdout)
    assert told["without_figure"] == []
    assert out.read_bytes().startswith(b"%PDF-")


def test_draw_without_matplotlib_says_what_to_do(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ImportError('none here')\n", "utf-8")
    done = gestures({**home, "PYTHONPATH": str(tmp_path)}, "draw", "--out", str(tmp_path / "sheet.pdf"))
    assert done.returncode == 3
    assert "a PDF needs matplotlib" in done.stderr


@pytest.mark.parametrize("name", ["sheet.png", "sheet"])
def test_draw_refuses_another_kind_of_file(home: dict[str, str], tmp_path: Path, name: str) -> None:
    done = gestures(home, "draw", "--out", str(tmp_path / name))
    assert done.returncode == 2
    assert ".svg or .pdf" in done.stderr


def test_adopt_tells_what_changes_and_undo_takes_it_back(home: dict[str, str], tmp_path: Path) -> None:
    mine = changed(tmp_path, "hold_ms = 450\nrelease_ms = 150", "hold_ms = 460\nrelease_ms = 150")
    adopted = gestures(home, "adopt", str(mine))
    assert "hold_ms: 450 -> 460" in adopted.stdout
    assert "promotion of left.raise (deck1.play_pause) falls" in adopted.stdout
    assert json.loads(gestures(home, "show", "raise", "--json").stdout)["hold_ms"] == 460
    undone = gestures(home, "undo")
    assert "hold_ms: 460 -> 450" in undone.stdout
    assert "promotion of left.raise (deck1.play_pause) holds" in undone.stdout
    assert gestures(home, "undo").returncode == 1


def test_adopt_refuses_a_library_with_a_problem(home: dict[str, str], tmp_path: Path) -> None:
    done = gestures(home, "adopt", str(changed(tmp_path, "tier = 1", "tier = 0")))
    assert done.returncode == 2
    assert "tier must be" in done.stderr
    assert gestures(home, "undo").returncode == 1
