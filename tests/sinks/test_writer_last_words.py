"""A writer that dies without its own reason: what it last said on standard error is told, and never waited for."""

import os
import signal
import subprocess
import sys

import pytest

from bridges.sinks.base import SinkError
from bridges.sinks.last_words import KEPT_BYTES, LINE_LENGTH, LastWords
from bridges.sinks.midi import MidiSink
from tests.sinks.helpers import opened, until

NOISE = "import sys\nfor n in range(20000): sys.stderr.write(f'noise {n} ' + 'x' * 100 + chr(10))\n"


def said_by(code):
    child = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    words = LastWords(child.stderr)
    assert child.wait(60) == 0, "two megabytes held nobody up"
    words.wait(10)
    return words


def test_the_last_line_of_much_is_kept_and_the_rest_is_not():
    words = said_by(NOISE + "sys.stderr.write('the end\\n\\n')")
    assert words.line() == "the end"
    assert len(words._tail) <= KEPT_BYTES


def test_a_child_that_says_nothing_or_no_text_has_no_last_line_that_hurts():
    assert said_by("pass").line() == ""
    assert said_by("import os; os.write(2, bytes([255, 254]) * 4)").line() != ""
    assert len(said_by("import sys; sys.stderr.write('x' * 9000)").line()) == LINE_LENGTH


async def test_a_writer_that_dies_at_its_start_is_told_with_its_last_line(tmp_path, monkeypatch, mapping, commands):
    (tmp_path / "sitecustomize.py").write_text(NOISE + "sys.stderr.write('no room for a MIDI library')\nimport os; os._exit(3)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SinkError, match=r"^the writer process ended: no room for a MIDI library$"):
        await MidiSink("midi", "virtual", mapping, commands=commands).open(lambda _: None)


@pytest.mark.system
async def test_a_writer_that_is_killed_later_is_told_with_what_it_said_last(tmp_path, monkeypatch, mapping, commands, jack):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.stderr.write('a library complains\\n')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    sink = MidiSink("midi", "virtual:Words", mapping, commands=commands)
    async with opened(sink) as reports:
        os.kill(sink.writer_pid, signal.SIGKILL)
        await until(lambda: reports, "the loss is reported")
        assert reports[0].what.startswith("the writer process ended: ")
