"""What the tests of the sinks share."""

import asyncio
import contextlib
import time
import tomllib
from pathlib import Path

from bridges.rekordbox.mapping import read_mapping
from safety.commands import COMMANDS, CommandClass, CommandRow, DeckRule
from tests.support.jack import PATIENCE_S

HOLD = "deck1.hold"
"""A command of the tests alone: on until its neutral value, so that a test can look at what is held."""
COMMANDS_WITH_HOLD = COMMANDS | {HOLD: CommandRow(HOLD, 1, CommandClass.HOLD, DeckRule.NONE)}
MAPPING_FILE = Path(__file__).parents[2] / "config" / "rekordbox.toml"


def mapping_with_hold():
    document = tomllib.loads(MAPPING_FILE.read_text(encoding="utf-8"))
    row = {"name": "hold", "function": "Cue", "type": "Button", "codes": {"deck1": "900C"}, "keys": {"deck1": "a"}}
    document["command"].append(row)
    return read_mapping(document, COMMANDS_WITH_HOLD)


@contextlib.asynccontextmanager
async def opened(sink):
    """The open sink with its heartbeat, and the list of what it reported."""
    reports = []
    await sink.open(reports.append)
    task = asyncio.create_task(_beat(sink))
    try:
        yield reports
    finally:
        task.cancel()
        await sink.close()


async def _beat(sink):
    while True:
        sink.heartbeat(time.monotonic_ns())
        await asyncio.sleep(0.02)


async def until(condition, what, patience_s=PATIENCE_S):
    """The asyncio twin of `wait_until`: the loop goes on meanwhile."""
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, f"after {patience_s:g} s still not: {what}"
        await asyncio.sleep(0.005)


def alive(pid):
    """The process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
