"""The budget: every figure with what it should be and what it may be. Measuring is elsewhere; this is the data.

A figure's group is the part of its name before the dot; `bench/GROUP.py` measures it (`GROUPS` below).
"""

from dataclasses import dataclass
from enum import StrEnum

GROUPS = {
    "vector": "bench.vector",
    "step": "bench.step",
    "vmc": "bench.decode",
    "hostile": "bench.hostile",
    "path": "bench.path",
    "camera": "bench.camera_rows",
    "recorder": "bench.recording",
    "start": "bench.processes",
    "memory": "bench.processes",
    "tick": "bench.ticks",
    "screen": "bench.screen",
    "selfplay": "bench.selfplay",
}
"""Group -> module with `measure(quick)`. Groups of one module are measured together."""


class Of(StrEnum):
    """What a limit is about."""

    VALUE = "value"
    COST = "value / peer"
    GAIN = "peer / value"
    OVER = "value - peer"
    RATIO = "ratio"
    """The ratio is measured, not made of the two numbers (a median over blocks)."""


@dataclass(frozen=True, slots=True)
class Limit:
    of: Of
    at_most: float | None = None
    at_least: float | None = None

    def __str__(self) -> str:
        sign, number = ("<=", self.at_most) if self.at_most is not None else (">=", self.at_least)
        return f"{self.of} {sign} {number:g}"

    def holds(self, value: float, peer: float | None, ratio: float | None) -> bool:
        seen = {Of.VALUE: value, Of.OVER: None if peer is None else value - peer}.get(self.of, ratio)
        if seen is None:
            return False
        return (self.at_most is None or seen <= self.at_most) and (self.at_least is None or seen >= self.at_least)


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. Without a limit it is printed for comparison over time."""

    name: str
    unit: str
    expected: float
    """Seen on a quiet virtual machine with 2 cores (path.*: what the path was designed for). Of the kind that the limit is
    about: a ratio, a difference, or the value."""
    limit: Limit | None = None
    peer: str = ""
    what: str = ""
    in_quick: bool = False
    """Judged in `--quick` too. Ratios at p50, counts and sizes are; times of a shared machine are not."""
    quick_limit: Limit | None = None
    """The limit in `--quick`, where its few blocks on a shared machine need more room than the bar leaves."""
    gain: bool = False
    """The ratio is peer / value: how many times better."""

    @property
    def group(self) -> str:
        return self.name.split(".")[0]

    def limit_of(self, quick: bool) -> Limit | None:
        """The limit of this kind of run."""
        return self.quick_limit if quick and self.quick_limit else self.limit


def at_most(of: Of, number: float) -> Limit:
    return Limit(of, at_most=number)


def at_least(of: Of, number: float) -> Limit:
    return Limit(of, at_least=number)


def _figures() -> tuple[Figure, ...]:
    c_loop, numpy_call = "C, -O3, in a C loop", "NumPy, frame by frame"
    receiver, script = "bare C receiver", "straightforward script"
    return (
        Figure("vector.loop", "us", 1.25, at_most(Of.COST, 1.5), c_loop,
               "kernel in a jitted loop, 512 pictures, medians of interleaved blocks", True, at_most(Of.COST, 1.7)),
        Figure("vector.call", "us", 1.1, at_most(Of.OVER, 1.5), "the jitted loop",
               "one kernel call from Python with the builder's own arrays"),
        Figure("vector.call_gain", "us", 110, at_least(Of.GAIN, 10), numpy_call,
               "one kernel call from Python", True, gain=True),
        Figure("vector.loop_gain", "us", 145, at_least(Of.GAIN, 50), numpy_call, "kernel in a jitted loop", True, gain=True),
        Figure("vector.on_pose", "us", 12, what="Dynamics128Builder.on_pose, all of it"),
        Figure("step.gestures_16", "us", 18, at_most(Of.VALUE, 50), "",
               "Pipeline.step on an arrival, library of 16, no proposal, p50"),
        Figure("step.gestures_2", "us", 17, None, "", "the same with 2 gestures"),
        Figure("step.gestures_64", "us", 21, None, "", "the same with 64 gestures"),
        Figure("step.gestures_16_p99", "us", 25, None, "", "p99 of the row with 16"),
        Figure("step.objects", "objects", 0, at_most(Of.VALUE, 0), "",
               "garbage-collected objects more after 10,000 steps without a proposal", True),
        Figure("vmc.frame", "us", 16, at_least(Of.GAIN, 10), "python-osc parse",
               "one bundle of 27 messages (22 bones of the humanoid, eyes, jaw, root, T) to a frame", True, gain=True),
        Figure("vmc.new_layout", "us", 140, None, "python-osc parse",
               "the same bundle when its layout was never seen", gain=True),
        *(Figure(f"hostile.{port}", "us", expected, at_most(Of.COST, 5), "largest valid",
                 f"dearest datagram known for {what}, its layout unknown, against the largest valid one, its layout known",
                 True, at_most(Of.COST, 6))
          for port, expected, what in (("vmc", 5, "VMC"), ("mocopi", 2, "mocopi's UDP"), ("pose_json", 1.5, "pose JSON"),
                                       ("lumm", 3, "LUMM"), ("osc_apps", 3, "OSC apps"), ("sensor_logger", 3, "HTTP bodies"))),
        Figure("path.p50", "ms", 0.25, at_most(Of.VALUE, 0.3), "",
               "datagram sent -> permit read by the writer process, beside pose inference"),
        Figure("path.p50_gain", "ms", 8, at_least(Of.GAIN, 5), script,
               "the same against python-osc, NumPy, json and mido, median of blocks", True, at_least(Of.GAIN, 3), gain=True),
        Figure("path.p99", "ms", 2, at_most(Of.COST, 3), receiver,
               "p99 against recvfrom and clock_gettime in the same blocks"),
        Figure("path.p99_bound", "ms", 0.5, at_most(Of.VALUE, 1.0), receiver,
               "p99 over the blocks in which the receiver's own is at most 0.33 ms"),
        Figure("path.events", "events", 2000, at_least(Of.VALUE, 2000), "", "permits that reached the writer"),
        Figure("camera.pictures_per_second", "1/s", 0.98, at_least(Of.COST, 0.95), "bare MediaPipe loop",
               "our pose worker on the same unthrottled file, medians of interleaved blocks", True, at_least(Of.COST, 0.8)),
        Figure("camera.landmarks_to_decision_p50", "ms", 0.4, at_most(Of.VALUE, 1.0), "",
               "pose message read by the deck -> the step has decided, recorder on"),
        Figure("camera.landmarks_to_decision_p99", "ms", 0.8, None, "", "p99 of the same"),
        Figure("camera.inference_p50", "ms", 28, None, "", "two poses, full model, idle priority"),
        Figure("camera.capture_to_deck_beyond_inference_p50", "ms", 1, None, "", "of a paced file"),
        Figure("camera.start_to_ready", "s", 0.7, None, "", "from start to a loaded model"),
        Figure("memory.deck", "MB", 130, at_most(Of.VALUE, 150), "",
               "PSS of `airdeck run --source synthetic`, warm cache, after 4 s", True),
        Figure("memory.deck_private", "MB", 90, None, "", "private pages of the same"),
        Figure("camera.worker_pss", "MB", 230, None, "", "PSS of the pose process while it looks"),
        Figure("start.help_cpu", "s", 0.07, at_most(Of.VALUE, 0.4), "", "CPU time of `airdeck --help`, least of several"),
        Figure("recorder.call", "us", 2.5, None, "", "record_event and record_dynamics, what the step waits for"),
        Figure("screen.one", "x real time", 420, at_least(Of.VALUE, 300), "",
               "movement screened for one gesture, three yaws, per core: 300 is 10 h in 2 minutes"),
        Figure("screen.library", "x real time", 400, None, "", "the same with the whole library"),
        Figure("screen.step", "us", 27, None, "", "one frame of one yaw, synthesis included, whole library"),
        Figure("selfplay.speed", "x real time", 850, at_least(Of.VALUE, 300), "",
               "synthetic performers at 30 fps, made and played through pipeline and gate, whole library, per core"),
        Figure("selfplay.frame", "us", 40, at_most(Of.VALUE, 100), "", "one picture of it, all together"),
        Figure("selfplay.synthesis", "us", 12, None, "", "motion, landmarks, noise and faults of one picture"),
        Figure("tick.late_p50", "ms", 0.07, None, "asyncio.sleep", "how late the housekeeping tick of 20 ms comes"),
        Figure("tick.late_p99", "ms", 4, None, "asyncio.sleep", "p99 of the same"),
    )  # fmt: skip


FIGURES: dict[str, Figure] = {figure.name: figure for figure in _figures()}
