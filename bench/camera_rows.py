"""The camera's figures: those of `bench/camera.py`, and what a deck adds between landmarks and decision."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from airdeck import logs
from airdeck.assembly import read_library
from airdeck.daemon import Deck
from airdeck.events import Act
from airdeck.pipeline import Pipeline
from airdeck.session.recorder import Recorder
from bridges.sinks.recording import RecordingSink
from bridges.sources.camera import CameraSource
from bridges.sources.capture_settings import CameraSettings
from dynamics.frames import Frame
from safety.gate import K11Gate
from safety.types import Profile, Sink, SinkClass

from . import camera
from .measure import SHARED, Measured, percentile, pose_model
from .ticks import deck_loop

CLIPS = ("emc_white_raises.mp4", "emc_grey_raises.mp4")
SECONDS = {True: 8.0, False: 40.0}
SETTLE = 10
"""Pictures before any is counted."""


def measure(quick: bool) -> Iterator[Measured]:
    model = pose_model()
    for row in camera.rows(quick):
        if row["value"] is None:
            yield Measured(row["name"], skipped="this system does not tell")
        else:
            yield Measured(row["name"], row["value"], row["peer_value"], row["ratio"])
    logs.to_notes()  # as a run with its table does
    spent: list[float] = []
    decided = 0
    for clip in CLIPS:
        video = SHARED / "data" / "video" / clip
        given = camera._clip(video if video.is_file() else None)
        with given as found, asyncio.Runner(loop_factory=deck_loop()) as runner:
            more, permits = runner.run(added_ms(found, model, SECONDS[quick] / len(CLIPS)))
        spent += more[SETTLE:]
        decided += permits
    note = f"{len(spent)} pictures, {decided} permits"
    yield Measured("camera.landmarks_to_decision_p50", percentile(spent, 0.5), note=note)
    yield Measured("camera.landmarks_to_decision_p99", percentile(spent, 0.99))


async def added_ms(video: Path, model: Path, seconds: float) -> tuple[list[float], int]:
    """For each picture of the paced file, from the moment its message was read until its step had decided."""
    sink = RecordingSink("recording")
    pipeline = Pipeline(
        K11Gate(Profile.DRY_RUN),
        read_library(8),
        (Sink(sink.name, SinkClass.RECORDING),),
        lambda _name, permit, now_ns: sink.send(permit, now_ns),
    )
    pipeline.warm_up()
    source = CameraSource(CameraSettings(device=str(video)), model)
    spent: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder), "bench")
        deck = Deck(pipeline, [source], [sink], recorder, Profile.DRY_RUN)

        def deliver(stream: str, frame: Frame) -> None:
            deck.deliver(stream, frame)
            spent.append((time.monotonic_ns() - frame.recv_ns) / 1e6)

        await sink.open(deck.sent)
        await source.open(deliver)
        deck.start()
        deck.act(Act.ARM, "bench")
        try:
            async with asyncio.timeout(seconds):
                await deck.ended.wait()
        except TimeoutError:
            pass
        deck.close()
        await source.close()
        await sink.close()
        await asyncio.to_thread(recorder.close)
    return spent, len(sink.permits)
