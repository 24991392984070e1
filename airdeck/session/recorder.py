"""The recorder: takes what the pipeline hands over without ever making it wait, and writes it from its own thread.

A record is acknowledged when `os.write` has returned for it, which survives a kill -9 of this process. Sensor data waits
in bounded queues and is dropped, counted, when the disk falls behind; decisions, what was sent and human acts are never
dropped: while one of them stays unacknowledged for too long, or the disk refuses, `decisions_written` is false and the
gate must not stay armed.
"""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from airdeck.events import Event, GestureEvent
from bridges.sinks.base import Sent
from safety.types import Transition, Verdict

from . import chain, layout, manifest
from .encode import DROPPABLE_EVENTS, FRAME_STREAM, Encoders, VectorRing
from .lanes import Lane, held
from .streamfile import StreamFile

DECISION_LIMIT_NS = 250_000_000
"""The oldest unacknowledged decision may be this old: half of what a writer process waits for the deck's heartbeat."""
RETRY_NS = 250_000_000
"""How long a lane rests after the disk refused."""
POLL_S = 0.05
"""How often the writer looks by itself. It is woken when a step is over, so that it works between two frames and not,
with the interpreter's lock held, just when the next one arrives."""
CHUNK = 8
"""Records of one lane before the decisions are looked at again."""
EVENTS_BOUND = 2_048
"""Seconds of all streams together, about 5 MB of frames."""
VECTORS_BOUND = 511
GESTURES_BOUND = 1_024
SLOTS = 128


class Recorder:
    """One session being written. `record_*` and `decisions_written` belong to one thread, and neither block nor raise."""

    def __init__(
        self,
        directory: Path,
        label: str,
        info: manifest.SessionInfo | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Make the folder, its manifest and its empty stream files, and start the writer. Raises OSError."""
        self._clock = clock
        clocks = manifest.read_clocks(clock)
        self.folder = layout.make_folder(directory, clocks.utc_ns, label)
        self._manifest = _first_manifest(self.folder.name, label, info or manifest.SessionInfo(), clocks)
        manifest.save(self.folder, self._manifest)
        self._files = {name: StreamFile(self.folder, spec) for name, spec in layout.STREAMS.items()}
        self._ring = VectorRing(VECTORS_BOUND + 1, SLOTS)
        self._encoders = Encoders(self._files, self._ring, self._manifest.gate_chain.first_prev)
        self._gate = Lane(0, self._encoders.verdict, _always)
        self._sent = Lane(0, self._encoders.sent, _always)
        self._arming = Lane(0, self._encoders.arming, _always)
        self._events = Lane(EVENTS_BOUND, self._encoders.event, _must_keep)
        self._gestures = Lane(GESTURES_BOUND, self._encoders.gesture, _never)
        self._vectors = Lane(VECTORS_BOUND, self._encoders.dynamics, _never)
        self._lanes = (self._gate, self._sent, self._arming, self._events, self._gestures, self._vectors)
        self._names = ("gate", "sent", "arming", "events", "gestures", "dynamics")
        self._wake = threading.Lock()
        self._wake.acquire()
        self._closing = False
        self._saved = False
        self._unencodable = ""
        self.comparable = True
        """False once an event was dropped."""
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def record_event(self, event: Event) -> None:
        """One input of the step, with its frame. Frames are immutable by agreement, so they are not copied."""
        if event.kind not in DROPPABLE_EVENTS:
            self._put_must(self._events, event)
        elif self._closing or not self._events.put(event):
            self._files["events"].dropped += 1
            if event.frame is not None:
                self._files[FRAME_STREAM[type(event.frame)][0]].dropped += 1
            self.comparable = False

    def record_dynamics(self, t_ns: int, seq: int, vector: np.ndarray, valid: np.ndarray, producer: str) -> None:
        """One vector: `vector` (128,), `valid` (128,) bool or 0/1. Both are copied."""
        if self._closing or len(self._vectors) >= VECTORS_BOUND:
            self._files["dynamics"].dropped += 1
        else:
            self._vectors.put((self._ring.keep(vector, valid), t_ns, seq, producer))

    def record_gesture(self, event: GestureEvent) -> None:
        if self._closing or not self._gestures.put(event):
            self._files["gestures"].dropped += 1

    def record_verdict(self, verdict: Verdict) -> None:
        """One decision of the gate, permitted or not. The writer is not woken by it: its permit goes first, then `rouse`."""
        self._gate.put_must(verdict, self._clock())

    def record_sent(self, sent: Sent) -> None:
        """What a sink really did."""
        self._put_must(self._sent, sent)

    def record_transition(self, change: Transition) -> None:
        """One change of the arm state. Replay finds it again; it is kept so that a person can read why."""
        self._put_must(self._arming, change)

    @property
    def decisions_written(self) -> bool:
        """False while a decision, a sent command or a human act waits for the disk for too long, or the disk refuses."""
        if self._unencodable or not self._thread.is_alive():
            return False
        limit_ns = self._clock() - DECISION_LIMIT_NS
        for lane in self._lanes:
            if lane.failure:
                return False
            oldest_ns = lane.oldest_ns() if lane.pending else None
            if oldest_ns is not None and oldest_ns < limit_ns:
                return False
        return True

    @property
    def failure(self) -> str:
        """Why writing fails, naming the stream; empty while it does not."""
        failures = [f"{name}: {lane.failure}" for name, lane in zip(self._names, self._lanes, strict=True) if lane.failure]
        return "; ".join(failures) or self._unencodable

    def counts(self) -> dict[str, manifest.StreamSummary]:
        """Records, bytes and drops so far, per stream. `records` are acknowledged ones."""
        return {name: file.summary(final=False) for name, file in self._files.items()}

    def close(self, timeout_s: float = 5.0) -> bool:
        """Write what waits, then the final manifest. False when not all could be written in time; waits for the disk,
        so it belongs at the very end or in a thread."""
        if not self._closing:
            self._closing = True
            self.rouse()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            return False
        return self._status_written()

    def discard(self, timeout_s: float = 5.0) -> None:
        """Of a run that never became ready: close, and take the folder away. Waits for the disk."""
        self.close(timeout_s)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _put_must(self, lane: Lane, item: object) -> None:
        lane.put_must(item, self._clock())
        self.rouse()

    def rouse(self) -> None:
        """Wake the writer now; by itself it looks every POLL_S."""
        try:
            self._wake.release()
        except RuntimeError:  # it is roused already
            return

    def _run(self) -> None:
        while True:
            worked = self._pass()
            if self._closing and not self._waiting():
                break
            if not worked:
                self._wake.acquire(timeout=POLL_S)
        self._seal()

    def _pass(self) -> bool:
        """A few records of every lane, the decisions first. False when there was nothing to do."""
        worked = False
        for lane in self._lanes:
            for _ in range(CHUNK):
                if not self._write_one(lane):
                    break
                worked = True
        return worked

    def _write_one(self, lane: Lane) -> bool:
        if not len(lane) or (lane.failure and self._clock() < lane.retry_ns):
            return False
        try:
            lane.write_head()
        except OSError as error:
            lane.failure = error.strerror or str(error)
            lane.retry_ns = self._clock() + RETRY_NS
            return False
        except Exception as error:  # noqa: BLE001 - one wrong record must not end the recording
            self._reject(lane, error)
        lane.failure = ""
        return True

    def _reject(self, lane: Lane, error: Exception) -> None:
        """A record that does not fit its declared fields: counted, and where it may not be lost, told for good."""
        name = self._names[self._lanes.index(lane)]
        self._files[name].rejected += 1
        if lane is self._events:
            self.comparable = False
        if lane.skip_head():
            self._unencodable = f"{name}: a record cannot be encoded: {error}"

    def _waiting(self) -> bool:
        """Whether anything is left that the disk may still take."""
        return any(len(lane) and not lane.failure for lane in self._lanes)

    def _seal(self) -> None:
        for file in self._files.values():
            file.close()
        left = held(self._lanes)
        self._manifest.status = manifest.Status.CUT_SHORT if left or self._unencodable else manifest.Status.CLOSED
        self._manifest.comparable = self.comparable and not left
        self._manifest.streams = {name: file.summary(final=True) for name, file in self._files.items()}
        encoders = self._encoders
        self._manifest.gate_chain.last = encoders.chain_before if self._gate.is_half_written else encoders.chain_head
        self._manifest.gate_chain.decisions = self._files["gate"].records
        self._manifest.closed_ns = self._clock()
        self._saved = _save(self.folder, self._manifest)

    def _status_written(self) -> bool:
        return self._saved and self._manifest.status is manifest.Status.CLOSED


def _save(folder: Path, document: manifest.Manifest) -> bool:
    try:
        manifest.save(folder, document)
    except OSError:
        return False
    return True


def _always(_: object) -> bool:
    return True


def _never(_: object) -> bool:
    return False


def _must_keep(event: Event) -> bool:
    return event.kind not in DROPPABLE_EVENTS


def _first_manifest(session_id: str, label: str, info: manifest.SessionInfo, clocks: manifest.Clocks) -> manifest.Manifest:
    first_prev = chain.first_hash(session_id)
    return manifest.Manifest(
        format=f"{layout.FORMAT}/{layout.VERSION}",
        id=session_id,
        label=label,
        status=manifest.Status.OPEN,
        comparable=True,
        layout=info.layout_fingerprint,
        producers=list(info.producers),
        config_hash=info.config_hash,
        gesture_hash=info.gesture_hash,
        code=info.code or manifest.code_version(),
        calibration=dict(info.calibration),
        performer=info.performer,
        profile=info.profile,
        settings=dict(info.settings),
        sources=list(info.sources),
        sinks=list(info.sinks),
        promotions_hash=info.promotions_hash,
        selfplay_current=info.selfplay_current,
        clocks=clocks,
        streams={
            name: manifest.StreamSummary(file=spec.file, droppable=spec.droppable, what=spec.what)
            for name, spec in layout.STREAMS.items()
        },
        gate_chain=manifest.GateChain(first_prev, first_prev, 0),
    )
