"""What the step waits for when it hands its records to the recorder."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from airdeck.events import Event
from airdeck.session.recorder import Recorder

from .measure import Measured, per_call_us
from .rigs import DryDeck, library, pose_frames

BURST = 100
PAUSE_S = 0.1
"""Between two bursts, so that the writer's thread empties the queues: a deck hands over 30 to 60 records a second."""


def measure(quick: bool) -> Iterator[Measured]:
    bursts = 10 if quick else 40
    deck = DryDeck(library(2), pose_frames(BURST), bursts * BURST)
    pipeline = deck.pipeline
    events = iter(deck.events)
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder), "bench")

        def record() -> None:
            event: Event = next(events)
            recorder.record_event(event)
            recorder.record_dynamics(event.t_ns, event.seq, pipeline.vector, pipeline.valid, pipeline.producer)

        spent = []
        for _ in range(bursts):
            spent.append(per_call_us(record, BURST))
            time.sleep(PAUSE_S)
        dropped = sum(stream.dropped for stream in recorder.counts().values())
        recorder.close()
    yield Measured("recorder.call", statistics.median(spent), note=f"{dropped} records dropped" if dropped else "")
