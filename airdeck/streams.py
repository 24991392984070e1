"""The one stream table, and the monitor that judges each stream against it: alive, fast enough, clock sound.

Pure: times are passed in. `StreamMonitor.health` is the very dict the gate reads; its records are filled in place.
"""

from dataclasses import dataclass

from safety.types import StreamHealth

from .clock import NS_PER_MS, NS_PER_S

RATE_TAU_NS = NS_PER_S
"""Time constant of the rate estimate: a second of good data earns a stream its way back."""
RATE_MIN_INTERVALS = 3
"""Intervals before a rate is believed: fewer, and two frames of one burst would pass for a fast stream."""
CLOCK_GOOD_AGAIN_NS = NS_PER_S
"""A clock that went back counts as unsound for this long after its last step back."""


@dataclass(frozen=True, slots=True)
class StreamRow:
    """What one stream owes us."""

    name: str
    stale_after_ms: int
    """Older than this and the stream is not alive."""
    slow_below_hz: float
    """Slower than this and its rate is not good; 0: the rate is not judged."""
    driving: bool = False
    """A frame of it makes the step build a vector."""
    reorder_ms: int = 0
    """Stamps this much earlier than the newest are late packets, not a clock that went back."""


STREAMS: dict[str, StreamRow] = {
    row.name: row
    for row in (
        # 10 fps cameras and clips exist and hold 5 frames of a 0.5 s pose; 5 fps holds 2 and is too little evidence.
        # Stale: twice the longest interval still accepted, and a little more.
        StreamRow("camera", 300, 8.0, driving=True),
        # 60 frames a second after fusion; VMC senders go down to 30. Minimum-delay mapping moves stamps back a little.
        StreamRow("mocopi", 250, 20.0, driving=True, reorder_ms=100),
        StreamRow("pose_net", 300, 8.0, reorder_ms=100),
        # Heart rate comes every 1-9 s and a sleeping watch leaves gaps of 5 s; batches of 1 s arrive out of order.
        StreamRow("watch", 10_000, 0.0, reorder_ms=3_000),
        StreamRow("pocket", 2_500, 0.0, reorder_ms=3_000),
        StreamRow("deck", 2_000, 0.0, reorder_ms=100),
        StreamRow("san", 1_000, 0.0, reorder_ms=100),
    )
}


class _Track:
    """What the monitor remembers of one stream."""

    __slots__ = ("frames", "health", "intervals", "mean_ns", "newest_ns", "recv_ns", "row", "unsound_until_ns")

    def __init__(self, row: StreamRow) -> None:
        self.row = row
        self.health = StreamHealth()
        self.frames = 0
        self.intervals = 0
        self.mean_ns = 0.0
        self.newest_ns = 0
        self.recv_ns = 0
        self.unsound_until_ns = 0

    def update(self, stamp_ns: int, recv_ns: int) -> None:
        row = self.row
        step_ns = stamp_ns - self.newest_ns
        self.recv_ns = recv_ns
        self.frames += 1
        if self.frames == 1 or step_ns > row.stale_after_ms * NS_PER_MS:
            self.intervals = 0
            self.newest_ns = stamp_ns
        elif step_ns > 0:
            self.intervals += 1
            weight = max(step_ns / (step_ns + RATE_TAU_NS), 1.0 / self.intervals)
            self.mean_ns += weight * (step_ns - self.mean_ns)
            self.newest_ns = stamp_ns
        elif step_ns < -row.reorder_ms * NS_PER_MS:
            self.intervals = 0
            self.newest_ns = stamp_ns
            self.unsound_until_ns = recv_ns + CLOCK_GOOD_AGAIN_NS

    def judge(self, now_ns: int) -> None:
        row, health = self.row, self.health
        age_ns = now_ns - self.newest_ns
        health.age_ns = age_ns if age_ns > 0 else 0
        health.alive = age_ns <= row.stale_after_ms * NS_PER_MS
        health.rate_ok = row.slow_below_hz == 0.0 or (
            self.intervals >= RATE_MIN_INTERVALS and self.mean_ns * row.slow_below_hz <= NS_PER_S
        )
        health.clock_ok = now_ns >= self.unsound_until_ns


class StreamMonitor:
    """Judges every stream that was ever heard. `health` holds one record per row of the table, filled in place."""

    def __init__(self, rows: dict[str, StreamRow] = STREAMS, health: dict[str, StreamHealth] | None = None) -> None:
        self.health = {} if health is None else health
        self._tracks = {name: _Track(row) for name, row in rows.items()}
        self._heard: list[_Track] = []
        self.health.update((name, track.health) for name, track in self._tracks.items())

    def update(self, stream: str, capture_ns: int, recv_ns: int) -> bool:
        """One frame arrived. A stamp from the future counts as its arrival. False when no row has that name."""
        track = self._tracks.get(stream)
        if track is None:
            return False
        if track.frames == 0:
            self._heard.append(track)
        track.update(capture_ns if capture_ns < recv_ns else recv_ns, recv_ns)
        return True

    def judge(self, now_ns: int) -> None:
        """Bring `health` up to `now_ns`."""
        for track in self._heard:
            track.judge(now_ns)

    def alive(self, stream: str) -> bool:
        """As of the last `judge`."""
        return self._tracks[stream].health.alive

    def rate_hz(self, stream: str) -> float:
        """The estimate on capture stamps; 0 while it is not known."""
        track = self._tracks[stream]
        known = track.intervals >= RATE_MIN_INTERVALS and track.mean_ns > 0.0
        return NS_PER_S / track.mean_ns if known else 0.0

    def frames(self, stream: str) -> int:
        """Frames since the start."""
        return self._tracks[stream].frames

    def status(self, now_ns: int) -> dict[str, dict[str, object]]:
        """For display: one entry per stream that was ever heard. Not for the step's path."""
        return {
            track.row.name: {
                "alive": track.health.alive,
                "rate_ok": track.health.rate_ok,
                "clock_ok": track.health.clock_ok,
                "rate_hz": round(self.rate_hz(track.row.name), 1),
                "age_ms": round(max(0, now_ns - track.newest_ns) / NS_PER_MS, 1),
                "frames": track.frames,
                "driving": track.row.driving,
            }
            for track in self._heard
        }
