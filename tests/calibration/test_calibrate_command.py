"""`airdeck calibrate` as a user meets it: real processes, exit codes, and the run that comes after."""

import asyncio
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from airdeck.calibration.faults import Fault
from airdeck.calibration.guide import Guide, Now
from airdeck.calibration.perform import perform
from airdeck.calibration.show import Lines, render
from airdeck.calibration.steps import STEPS
from airdeck.cli_calibrate import DEMO_MOVES
from bridges.sources.performer import Body, Performance
from bridges.sources.synthetic import SyntheticSource
from tests.support.deck import running


def airdeck(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    cache = os.environ.get("NUMBA_CACHE_DIR", str(Path(__file__).resolve().parents[2] / ".pytest_cache" / "numba"))
    env = {**os.environ, "HOME": str(home), "NUMBA_CACHE_DIR": cache, "XDG_RUNTIME_DIR": str(home)}
    command = [sys.executable, "-m", "airdeck", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=180, check=False)


def test_the_demo_performer_is_calibrated_and_the_doctor_and_the_next_run_know_it(home: Path) -> None:
    done = airdeck(home, "calibrate", "--source", "synthetic", "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    assert (answer["ok"], answer["performer"], answer["kind"], answer["used_by_run"]) == (True, "default", "synthetic", True)
    assert answer["calibration"]["mirror"] is False
    assert answer["seconds"] < 20.0
    assert [line.split(":")[0] for line in done.stderr.splitlines() if "/5 " in line] == [
        f"{number}/5 {step.big}" for number, step in enumerate(STEPS, 1)
    ]
    with running(home, "--source", "synthetic", "--session-dir", str(home)) as deck:
        status = deck.ask("status")["calibration"]
    assert (status["used"], status["file"], status["performer"]) == (True, answer["file"], "default")
    assert status["text"].startswith("default: calibrated just now with synthetic")


def test_a_damaged_calibration_is_said_by_the_run_that_goes_on_without(home: Path) -> None:
    there = home / "STATE_HOME" / "airdeck" / "calibration" / "default"
    there.mkdir(parents=True)
    (there / "0001-synthetic.json").write_text("{")
    with running(home, "--source", "synthetic", "--session-dir", str(home)) as deck:
        status = deck.ask("status")["calibration"]
        deck.end()
    assert status["used"] is False
    assert status["text"].startswith("default: not calibrated: ")
    said = [str(line["event"]) for line in deck.lines]
    assert [line for line in said if line.startswith("the calibration of default is refused, this run goes on without")]


def test_a_recording_that_ends_before_a_step_is_held_exits_with_1_and_keeps_nothing(home: Path) -> None:
    done = airdeck(home, "calibrate", "--source", "synthetic:rest", "--json")
    assert done.returncode == 1
    assert "Step" in json.loads(done.stdout)["error"]
    assert not (home / "STATE_HOME" / "airdeck" / "calibration").exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--source", "osc"], 2, "osc shows no performer to look at"),
        (["--source", "kinect"], 2, "unknown source 'kinect'"),
        (["--source", "camera:nowhere.mp4"], 3, ""),
        (["--performer", " "], 2, "command line: performer.name: name is 1 to 80 characters"),
        (["--performer", "a\x07b"], 2, "name is 1 to 80 characters"),
    ],
)
def test_wrong_words_end_with_the_right_code_and_a_reason(home: Path, words: list[str], code: int, says: str) -> None:
    done = airdeck(home, "calibrate", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr


def test_help_shows_an_example(home: Path) -> None:
    done = airdeck(home, "calibrate", "--help")
    assert done.returncode == 0
    assert "airdeck calibrate --performer anna" in done.stdout.partition("Example")[2]


def test_the_doctor_says_who_is_calibrated_and_how_to_be(home: Path) -> None:
    rows = json.loads(airdeck(home, "doctor", "--json").stdout)["findings"]
    [found] = [row for row in rows if row["name"] == "calibration"]
    assert (found["level"], found["fix"]) == ("warn", "airdeck calibrate")
    assert found["text"].startswith("default: not calibrated: there is none with a camera source yet")


def test_the_moves_of_the_demo_are_all_that_is_asked_even_at_ten_pictures_a_second() -> None:
    guide = Guide()
    for frame in Performance(tuple(DEMO_MOVES.split(",")), Body()).frames(10.0, 1):
        guide.see(frame)
    assert (guide.over, guide.failed, guide.repeats) == (True, "", [])


async def test_a_source_is_closed_when_the_calibration_is_cancelled() -> None:
    source = SyntheticSource(DEMO_MOVES)
    shown = asyncio.Event()
    task = asyncio.create_task(perform(source, lambda _: shown.set()))
    await shown.wait()
    assert source.is_open
    task.cancel()
    await asyncio.wait([task])
    assert not source.is_open


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_each_step_fits_a_usual_terminal_and_says_what_to_do_and_what_is_wrong(number: int) -> None:
    console = Console(width=80, height=24, file=io.StringIO(), force_terminal=False)
    console.print(render(Now(STEPS[number], number + 1, fault=Fault.SECOND_PERSON), 80))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert len(shown.splitlines()) <= 24
    assert STEPS[number].small in shown
    assert "somebody else is in the picture" in shown


def test_each_reason_is_said_once_while_it_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    for fault in (None, Fault.NOBODY, Fault.NOBODY, None, Fault.NOBODY, Fault.MOVING):
        lines.show(Now(STEPS[0], 1, fault=fault))
    assert [line.strip() for line in capsys.readouterr().err.splitlines()] == [
        "1/5 STAND EASY: face the audience, arms hanging",
        "nobody is seen: stand before the camera, shoulders and head in the picture",
        "hold still",
    ]
