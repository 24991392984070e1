"""The command line as a user meets it: real processes, exit codes, what is on stdout and what on stderr."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from airdeck import doctor, settings

COMMANDS = [
    "run", "doctor", "arm", "disarm", "stop", "status", "selfplay", "bench",
    "models fetch", "models list", "models verify", "gestures list", "rekordbox export",
]  # fmt: skip
HAS_CAMERA = sys.platform == "linux" and any(Path("/dev").glob("video*"))


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty home."""
    kinds = ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR")
    for kind in kinds:
        (tmp_path / kind).mkdir()
    kept = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    return {**kept, "HOME": str(tmp_path), **{f"XDG_{kind}": str(tmp_path / kind) for kind in kinds}}


def airdeck(home: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "airdeck", *words]
    return subprocess.run(command, env=home, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_shows_an_example(home: dict[str, str], command: str) -> None:
    done = airdeck(home, *command.split(), "--help")
    assert done.returncode == 0
    assert f"airdeck {command}" in done.stdout.partition("Example")[2]


def test_the_version_is_that_of_the_package(home: dict[str, str]) -> None:
    done = airdeck(home, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"airdeck {version('airdeck')}\n", "")


def test_help_of_the_whole_says_what_it_is_and_how_to_begin(home: dict[str, str]) -> None:
    done = airdeck(home, "--help")
    assert "`airdeck run` starts disarmed" in " ".join(done.stdout.split())
    assert "--version" in done.stdout


@pytest.mark.parametrize("command", ["arm", "disarm", "stop", "status"])
def test_asking_a_deck_that_does_not_run_exits_with_3_and_says_how_to_start_one(home: dict[str, str], command: str) -> None:
    done = airdeck(home, command)
    assert (done.returncode, done.stdout) == (3, "")
    assert "no deck is running at" in done.stderr
    assert "`airdeck run`" in done.stderr


def test_json_puts_one_object_on_stdout_also_when_the_answer_is_an_error(home: dict[str, str]) -> None:
    done = airdeck(home, "status", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["ok"] is False


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "--nonsense"], "--nonsense"),
        (["run", "--source", "kinect"], "unknown source 'kinect'; known: camera"),
        (["run", "--sink", "dmx"], "unknown sink 'dmx'; known: dry-run"),
        (["run", "--profile", "party"], "command line: run.profile"),
        (["run", "--profile", "live", "--arm"], "--arm is not for the live profile"),
        (["run", "--profile", "rehearse", "--source", "synthetic"], "add --sink"),
        (["run", "--profile", "live", "--source", "synthetic"], "live takes live sources only, not synthetic"),
        (["run", "--source", "synthetic", "--source", "synthetic"], "named twice: synthetic"),
        (["run", "--for", "-1"], "--for takes seconds greater than 0"),
        (["run", "--for", "nan"], "--for takes seconds greater than 0"),
        (["run", "--label", "a/b"], "label is letters, digits"),
        (["run", "--config", "none.toml"], "none.toml: No such file or directory"),
        (["models", "fetch", "nose"], "no model is called 'nose'"),
        (["selfplay", "--scenario", "opera"], "no scenario 'opera'; there are vocabulary"),
        (["nonsense"], "nonsense"),
    ],
)
def test_wrong_use_exits_with_2_and_says_what_is_wrong(home: dict[str, str], words: list[str], says: str) -> None:
    done = airdeck(home, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(HAS_CAMERA, reason="this machine has a camera")
def test_live_without_a_camera_exits_with_3_and_never_plays_the_demo(home: dict[str, str]) -> None:
    done = airdeck(home, "run", "--profile", "live", "--sink", "midi:virtual")
    assert (done.returncode, done.stdout) == (3, "")
    assert "live needs a camera and this machine has none" in done.stderr


def test_a_camera_file_without_models_exits_with_3_and_names_the_command(home: dict[str, str]) -> None:
    done = airdeck(home, "run", "--source", "camera:clip.mp4", "--for", "1")
    assert done.returncode == 3
    assert "airdeck models fetch" in done.stderr


def test_all_problems_of_the_users_settings_are_listed_at_once(home: dict[str, str]) -> None:
    file = Path(home["XDG_CONFIG_HOME"]) / "airdeck" / "airdeck.toml"
    file.parent.mkdir()
    file.write_text('[run]\nprofil = "live"\nlabel = 3\n[camera]\nfps = "fast"\n')
    done = airdeck(home, "run")
    assert done.returncode == 2
    for key in ("run.profil: unknown key (did you mean profile?)", "run.label:", "camera.fps:"):
        assert f"{file}: {key}" in done.stderr


def test_a_broken_settings_file_does_not_keep_anybody_from_stopping_the_deck(home: dict[str, str]) -> None:
    file = Path(home["XDG_CONFIG_HOME"]) / "airdeck" / "airdeck.toml"
    file.parent.mkdir()
    file.write_text("[run\n")
    assert "no deck is running" in airdeck(home, "stop").stderr


@pytest.mark.parametrize("option", ["--source", "--sink"])
def test_a_question_mark_lists_the_choices(home: dict[str, str], option: str) -> None:
    done = airdeck(home, "run", option, "?", "--json")
    assert done.returncode == 0
    [(noun, rows)] = json.loads(done.stdout).items()
    assert noun == f"{option[2:]}s"
    assert ("camera:0|NAME|FILE" if noun == "sources" else "midi:PORT|virtual[:NAME]") in [row["spec"] for row in rows]


def test_the_doctor_names_every_organ_and_gives_a_fix_for_what_is_wrong(home: dict[str, str]) -> None:
    done = airdeck(home, "doctor", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1, "an empty home has no models"
    assert told["ok"] is False
    assert {row["name"] for row in told["findings"]} >= set(doctor.CHECKS) - {"folders"}
    assert [row for row in told["findings"] if row["level"] == "bad" and not row["fix"]] == []
    assert {row["fix"] for row in told["findings"] if row["name"] == "models"} == {"airdeck models fetch"}


def test_the_doctor_says_which_file_set_what(home: dict[str, str]) -> None:
    file = Path(home["XDG_CONFIG_HOME"]) / "airdeck" / "airdeck.toml"
    file.parent.mkdir()
    file.write_text('[run]\nlabel = "mine"\n')
    told = json.loads(airdeck(home, "doctor", "--json").stdout)
    assert told["settings"]["run.label"] == str(file)
    assert told["settings"]["run.profile"] == str(settings.config_file(settings.FILE_NAME))


def test_the_doctor_reads_as_one_line_each(home: dict[str, str]) -> None:
    lines = airdeck(home, "doctor").stdout.splitlines()
    assert all(line.split(maxsplit=1)[0] in ("ok", "warn", "bad", "fix:") for line in lines)


def test_models_that_were_never_fetched_do_not_verify(home: dict[str, str]) -> None:
    done = airdeck(home, "models", "verify", "--json")
    assert done.returncode == 1
    assert {row["name"]: row["state"] for row in json.loads(done.stdout)["models"]} == {"pose": "missing", "hand": "missing"}


def test_gestures_list_shows_the_two_raises(home: dict[str, str]) -> None:
    done = airdeck(home, "gestures", "list", "--json")
    rows = {row["id"]: row["command"] for row in json.loads(done.stdout)["gestures"]}
    assert rows["left.raise"] == "deck1.play_pause"
    assert rows["right.raise"] == "deck2.play_pause"
    assert "left.raise" in airdeck(home, "gestures", "list").stdout


def test_the_mapping_file_holds_both_decks_and_keeps_its_line_ends(home: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "AirDeck.csv"
    done = airdeck(home, "rekordbox", "export", "--out", str(out), "--port", "Stage")
    assert done.returncode == 0
    assert out.read_bytes().startswith(b"@file,1,Stage")
    assert out.read_bytes().count(b"\r\n") == out.read_bytes().count(b"\n")
    assert airdeck(home, "rekordbox", "export", "--port", "Stage").stdout.splitlines() == out.read_text().splitlines()


def test_a_mapping_file_that_cannot_be_written_exits_with_2(home: dict[str, str], tmp_path: Path) -> None:
    done = airdeck(home, "rekordbox", "export", "--out", str(tmp_path / "none" / "x.csv"))
    assert done.returncode == 2
    assert "No such file or directory" in done.stderr
