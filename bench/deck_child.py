"""A whole deck in a process of its own: mocopi's UDP source, the pipeline, the gate, the recorder, the MIDI writer process.

    python -m bench.deck_child [api]

Prints its UDP port; when its standard input ends, prints a JSON object with `events`: for each permit that the writer
read, when its datagram was sent (the time inside it) and when the writer had it, in monotonic nanoseconds; and `stages`:
median microseconds from one station to the next.
"""

import asyncio
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from airdeck import logs
from airdeck.daemon import Deck
from airdeck.events import Act
from airdeck.pipeline import Pipeline
from airdeck.session.recorder import Recorder
from airdeck.settle import settle
from bridges.sinks.base import SendStatus, Sent, SinkError
from bridges.sinks.midi import MidiSettings, MidiSink
from bridges.sources.mocopi import MocopiSettings, MocopiSource
from dynamics.frames import Frame
from safety.types import Permit, Profile, Sink, SinkClass

from .rigs import open_gate
from .ticks import deck_loop
from .waving import PRESS_MS, mapping, swing_library

SINK = "midi"
STATIONS = ("socket", "decode", "step and gate", "hand-over", "writer")


class Probe:
    """Notes which datagram each permit came from, and when the writer had it."""

    def __init__(self) -> None:
        self.sink: MidiSink | None = None
        self.deck: Deck | None = None
        self.events: list[tuple[int, int]] = []
        self.stages: list[list[int]] = []
        self.reasons: Counter[str] = Counter()
        self._frame = (0, 0, 0)
        self._asked: dict[int, tuple[int, ...]] = {}

    def deliver(self, stream: str, frame: Frame) -> None:
        self._frame = (round(frame.device_s * 1e9), frame.recv_ns, time.monotonic_ns())
        self.deck.deliver(stream, frame)
        for verdict in self.deck.pipeline.outcome.verdicts:
            self.reasons.update(reason.value for reason in verdict.reasons)

    def emit(self, _name: str, permit: Permit, now_ns: int) -> None:
        decided_ns = time.monotonic_ns()
        self.sink.send(permit, now_ns)
        self._asked[permit.decision_seq] = (*self._frame, decided_ns, time.monotonic_ns())

    def medians_us(self) -> dict[str, int]:
        """Of each stage; the writer may have read a permit before the deck's own call returned."""
        columns = zip(*self.stages, strict=True)
        return {name: round(statistics.median(column) / 1e3) for name, column in zip(STATIONS, columns, strict=False)}

    def sent(self, sent: Sent) -> None:
        if sent.status is SendStatus.SENT:
            stamps = (*self._asked.pop(sent.decision_seq), sent.recv_ns)
            self.events.append((stamps[0], sent.recv_ns))
            self.stages.append([b - a for a, b in itertools.pairwise(stamps)])
        self.deck.sent(sent)


def main() -> None:
    api = sys.argv[1] if len(sys.argv) > 1 else ""
    thread = logs.to_stderr()
    library, probe = swing_library(), Probe()
    commands, gate = open_gate(library, PRESS_MS)
    probe.sink = MidiSink(SINK, "virtual:AirDeck bench", mapping("AirDeck bench"), MidiSettings(api), commands=commands)
    pipeline = Pipeline(gate, library, (Sink(SINK, SinkClass.MIDI, rehearsal=True),), probe.emit)
    pipeline.warm_up()
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=deck_loop()) as runner:
        recorder = Recorder(Path(folder), "bench")
        try:
            runner.run(serve(probe, pipeline, recorder))
        finally:
            recorder.close()
    dropped = {name: stream.dropped for name, stream in recorder.counts().items() if stream.dropped}
    seen = {"events": probe.events, "stages": probe.medians_us(), "refused": probe.reasons, "dropped": dropped}
    print(json.dumps(seen), flush=True)
    thread.close()


async def serve(probe: Probe, pipeline: Pipeline, recorder: Recorder) -> None:
    """Run until standard input ends."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), over.set)
    source = MocopiSource(MocopiSettings(host="127.0.0.1", port=0))
    probe.deck = deck = Deck(pipeline, [source], [probe.sink], recorder, Profile.REHEARSE)
    await probe.sink.open(probe.sent)
    await source.open(probe.deliver)
    settle()
    deck.start()
    deck.act(Act.ARM, "bench")
    print(json.dumps({"port": source.port, "writer": probe.sink.writer_pid}), flush=True)
    try:
        await over.wait()
    finally:
        deck.close()
        await source.close()
        await probe.sink.close()


if __name__ == "__main__":
    try:
        main()
    except SinkError as error:
        print(json.dumps({"skip": str(error)}), flush=True)
