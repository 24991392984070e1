"""A fault of our own ends the run disarmed: never a deck that permits and no longer looks."""

import asyncio
import io
import json
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airdeck import assembly, drivers, logs, plan, runner, settings
from airdeck.control import ControlError, ask
from airdeck.daemon import Deck
from airdeck.events import Act
from bridges.sources.synthetic import SyntheticSource
from bridges.sources.udp import UdpSettings, UdpSource
from dynamics.frames import SourceKind
from safety.types import ArmState

HERE = "127.0.0.1"


class Stumbling(UdpSource):
    """Its decoder has a fault that every packet meets."""

    stream = "mocopi"
    kind = SourceKind.MOCOPI
    max_bytes = 100

    def _packet(self, packet: bytes, sender: str, recv_ns: int, out: list[Any]) -> str | None:
        raise KeyError("bone")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> plan.Plan:
    """A dry-run with the demo performer, and a phone that never was opened."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    line = plan.CommandLine("dry-run", ("synthetic", "mocopi"), (), session_dir=tmp_path, control=tmp_path / "control.sock")
    return plan.make(settings.load(None, line.overrides()), line)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Ends the log; its lines."""
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(buffer))
    thread = logs.to_stderr()

    def lines() -> list[dict[str, Any]]:
        thread.close()
        return [json.loads(line) for line in buffer.getvalue().splitlines()]

    yield lines
    thread.close()


def loops() -> list[Any]:
    return [pytest.param(asyncio.new_event_loop, id="asyncio"), pytest.param(runner._loop_factory(), id="the deck's own")]


@pytest.mark.parametrize("loop_factory", loops())
def test_a_source_whose_decoder_raises_disarms_ends_the_run_and_is_logged(
    made: plan.Plan, log: Callable[[], list[dict[str, Any]]], loop_factory: Any
) -> None:
    broken = Stumbling(UdpSettings(host=HERE))

    async def session() -> dict[str, Any]:
        sinks = [drivers.make_sink(spec, made.settings, drivers.read_mapping()) for spec in made.sinks]
        parts = runner._Parts(sinks, [SyntheticSource(), broken], assembly.build_pipeline(made, sinks))
        run = asyncio.create_task(runner._run(made, parts, None, True, ()))
        await until_armed(made.control)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.sendto(b"x", (HERE, broken.port))
        return await asyncio.wait_for(run, 20.0)

    with asyncio.Runner(loop_factory=loop_factory) as loop:
        summary = loop.run(session())
    assert (summary["ok"], summary["arm_state"]) == (False, "disarmed")
    assert "internal error" in summary["why_ended"]
    [fault] = [line for line in log() if "exception" in line]
    assert "KeyError: 'bone'" in fault["exception"]
    assert (fault["level"], "Traceback" in fault["exception"]) == ("error", True)


async def until_armed(control: Path) -> None:
    """Ask for it until the deck is there and says so."""
    async with asyncio.timeout(30.0):
        while not await asyncio.to_thread(is_armed, control):  # noqa: ASYNC110 (another task opens and arms it)
            await asyncio.sleep(0.05)


def is_armed(control: Path) -> bool:
    try:
        return ask({"do": "arm"}, control).get("arm_state") == "armed"
    except ControlError:
        return False


async def test_one_error_in_a_sink_s_heartbeat_disarms_and_ends_the_run(
    made: plan.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    sinks = [drivers.make_sink(spec, made.settings, drivers.read_mapping()) for spec in made.sinks]
    sources = [drivers.make_source(spec, made.settings) for spec in made.sources]
    pipeline = assembly.build_pipeline(made, sinks)
    recorder = await assembly.open_recorder(made, pipeline, sources, sinks)
    deck = Deck(pipeline, sources, sinks, recorder, made.profile)
    await sinks[0].open(deck.sent)
    try:
        deck.start()
        deck.act(Act.ARM, "test")
        failing = iter([RuntimeError("once")])

        def heartbeat(_now_ns: int) -> None:
            if error := next(failing, None):
                raise error

        monkeypatch.setattr(sinks[0], "heartbeat", heartbeat)
        async with asyncio.timeout(20.0):
            await deck.ended.wait()
        assert pipeline.arm_state is ArmState.DISARMED
        assert "internal error" in deck.why_ended
    finally:
        deck.close()
        await sinks[0].close()
        await asyncio.to_thread(recorder.close)
