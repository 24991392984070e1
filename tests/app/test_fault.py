"""A fault in the housekeeping ends the run disarmed: never a deck that permits and no longer looks."""

import asyncio
from pathlib import Path

import pytest

from airdeck import assembly, drivers, plan, settings
from airdeck.daemon import Deck
from airdeck.events import Act
from safety.types import ArmState


async def test_one_error_in_a_sink_s_heartbeat_disarms_and_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    line = plan.CommandLine("dry-run", ("synthetic",), (), session_dir=tmp_path, control=tmp_path / "control.sock")
    made = plan.make(settings.load(None, line.overrides()), line)
    mapping = drivers.read_mapping()
    sinks = [drivers.make_sink(spec, made.settings, mapping) for spec in made.sinks]
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
