"""A session folder holds what its own replay needs: settings, calibration, sinks, sources, promotions."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from airdeck import assembly, drivers, latch, plan, settings
from airdeck.clock import NS_PER_S, VirtualClock
from airdeck.daemon import Deck
from airdeck.events import Act
from airdeck.pipeline import Pipeline
from airdeck.session.manifest import Manifest, SinkEntry, SourceEntry
from airdeck.session.reader import Session
from bridges.sources.performer import Body, Performance
from dynamics.calibration import Calibration
from safety.types import ArmState, Cause, SinkClass, Verdict

MOVES = ("rest", "rest", "left.raise", "rest", "right.raise", "rest")
DELAY_NS = 20_000_000


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> plan.Plan:
    """A rehearsal before a mirrored camera, from a settings file of its own."""
    for kind in ("CONFIG_HOME", "STATE_HOME"):
        monkeypatch.setenv(f"XDG_{kind}", str(tmp_path / kind))
    file = tmp_path / "own.toml"
    file.write_text("[performer]\nmirror = true\n")
    line = plan.CommandLine("rehearse", ("synthetic",), ("recording",), session_dir=tmp_path / "tapes")
    return plan.make(settings.load(file, line.overrides()), line)


async def record(made: plan.Plan) -> Path:
    """Two raises through the deck, in the frames' own time; the folder, closed."""
    sources = [drivers.make_source(spec, made.settings) for spec in made.sources]
    sinks = [drivers.make_sink(spec, made.settings, drivers.read_mapping()) for spec in made.sinks]
    pipeline = assembly.build_pipeline(made, sinks)
    recorder = await assembly.open_recorder(made, pipeline, sources, sinks)
    clock = VirtualClock(NS_PER_S)
    deck = Deck(pipeline, sources, sinks, recorder, made.profile, clock=clock)
    await sinks[0].open(deck.sent)
    deck.start()
    deck.act(Act.ARM, "test")
    for frame in Performance(MOVES, Body()).frames(30.0, 3, NS_PER_S):
        clock.advance_to(frame.capture_ns + DELAY_NS)
        deck.deliver("camera", frame)
    deck.close()
    await sinks[0].close()
    assert await asyncio.to_thread(recorder.close)
    return recorder.folder


def replayed(session: Session, pipeline: Pipeline) -> list[tuple[Any, ...]]:
    verdicts: list[Verdict] = []
    for event in session.events():
        verdicts += pipeline.step(event).verdicts
    return [(v.seq, v.t_ns, v.proposal.gesture, v.proposal.confidence, v.sink, v.permitted, v.reasons) for v in verdicts]


def recorded(session: Session) -> list[tuple[Any, ...]]:
    rows = session.records("gate")
    return [(r.seq, r.t_ns, r.proposal.gesture, r.proposal.confidence, r.sink, r.permitted, tuple(r.reasons)) for r in rows]


def rebuilt(manifest: Manifest) -> Pipeline:
    return assembly.Setup.of_manifest(manifest).build(lambda *_: None)


async def test_a_mirrored_session_is_decided_alike_by_the_pipeline_of_its_manifest(
    made: plan.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(await record(made))
    assert [row[2] for row in recorded(session) if row[5]] == ["right.raise", "left.raise"], "the picture is mirrored"
    assert replayed(session, rebuilt(session.manifest)) == recorded(session)
    session.manifest.calibration["mirror"] = False
    assert replayed(session, rebuilt(session.manifest)) != recorded(session)


async def test_the_manifest_says_what_the_run_was_made_of(made: plan.Plan) -> None:
    manifest = Session(await record(made)).manifest
    assert Calibration(**manifest.calibration).mirror is True  # type: ignore[arg-type]
    assert manifest.settings["performer"] == {"name": "default", "mirror": True, "tier": 1}
    assert set(manifest.settings) == set(settings.all_sections())
    assert manifest.sources == [SourceEntry("synthetic", "camera", "synthetic")]
    assert manifest.sinks == [SinkEntry("recording", SinkClass.RECORDING, rehearsal=True)]
    assert (manifest.profile, manifest.selfplay_current, len(manifest.promotions_hash)) == ("rehearse", False, 64)


async def test_a_latched_stop_is_put_back_by_an_event_so_a_replay_begins_stopped_too(made: plan.Plan) -> None:
    latch.keep(stopped=True)
    session = Session(await record(made))
    [row] = session.records("arming")
    assert (row.before, row.after, row.cause, row.by) == (ArmState.DISARMED, ArmState.STOPPED, Cause.RESTORED, "")
    pipeline = rebuilt(session.manifest)
    changes = [(c.t_ns, c.after, c.cause) for e in session.events() for c in pipeline.step(e).transitions]
    assert changes == [(row.t_ns, row.after, row.cause)]
    assert not any(verdict[5] for verdict in recorded(session))
    assert replayed(session, rebuilt(session.manifest)) == recorded(session)
