"""The vector's build: the kernel against its C twin and against NumPy, in a loop and call by call.

All of them get the same pictures of one performer and must give the same 128 numbers before anything is timed.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numba import njit

from dynamics import kernels as k
from dynamics.builder import Dynamics128Builder

from .measure import Measured, SkipError, interleaved, median_ratio, per_call_us
from .peers.build_c import BuildTwin
from .peers.build_numpy import NumpyBuilder
from .rigs import FPS, NS_PER_S, pose_frames, stacked

PICTURES = 512
DT_S = 1.0 / FPS
AGREE = 1e-6
"""Relative: the C twin does the same arithmetic in the same order."""


@njit(nogil=True)
def jitted_loop(images, worlds, aspect, start, dt, mem, bits, vector, valid):
    built = 0
    for n in range(images.shape[0]):
        t = start + n * dt
        built += k.build_camera(images[n], worlds[n], aspect, False, t, n % k.HISTORY, mem, bits, vector, valid)
    return built


class Memory:
    """What one builder owns, and a clock that goes on from block to block."""

    def __init__(self) -> None:
        self.builder = Dynamics128Builder()
        self.arrays = (self.builder._mem, self.builder._bits, self.builder.vector, self.builder.valid)
        self.t = 0.0

    def next_start(self) -> float:
        """Time of the first picture of the next block."""
        start = self.t
        self.t += PICTURES * DT_S
        return start


def measure(quick: bool) -> Iterator[Measured]:
    blocks = 40 if quick else 200
    frames = pose_frames(PICTURES)
    images, worlds, aspect = stacked(frames)
    kernel = KernelLoop(images, worlds, aspect)
    kernel()
    with tempfile.TemporaryDirectory() as folder:
        yield against_c(kernel, Path(folder), blocks)
    call, loop = KernelCall(images, worlds, aspect), kernel
    calls, loops, peer = interleaved(max(blocks // 4, 5), call, loop, NumpyCall(images, worlds, aspect, 64))
    usage, in_loop, numpy_us = (statistics.median(seen) for seen in (calls, loops, peer))
    yield Measured("vector.call", usage, in_loop)
    yield Measured("vector.call_gain", usage, numpy_us, median_ratio(peer, calls))
    yield Measured("vector.loop_gain", in_loop, numpy_us, median_ratio(peer, loops))
    yield Measured("vector.on_pose", statistics.median(on_pose_us(frames) for _ in range(5)))


def against_c(kernel: "KernelLoop", folder: Path, blocks: int) -> Measured:
    try:
        twin = CLoop(BuildTwin(folder), kernel.images, kernel.worlds, kernel.aspect)
    except SkipError as why:
        return Measured("vector.loop", skipped=str(why))
    worst = disagreement(twin.twin, kernel.images, kernel.worlds, kernel.aspect)
    if worst > AGREE:
        raise RuntimeError(f"the C twin does not agree with the kernel: {worst:.2g} relative")
    ours, c = interleaved(blocks, kernel, twin)
    return Measured("vector.loop", statistics.median(ours), statistics.median(c), median_ratio(ours, c))


def disagreement(twin: BuildTwin, images, worlds, aspect: float, mirror: bool = False) -> float:
    """Largest relative difference between kernel and twin over all pictures and slots; masks must be equal."""
    one, other, worst = Memory(), Memory(), 0.0
    for n, (image, world) in enumerate(zip(images, worlds, strict=True)):
        where = (image, world, aspect, mirror, n * DT_S, n % k.HISTORY)
        built = bool(k.build_camera(*where, *one.arrays)), twin.build(*where, *other.arrays)
        a, b = one.builder.vector.astype(float), other.builder.vector.astype(float)
        worst = max(worst, float(np.max(np.abs(a - b) / np.maximum(np.abs(a), 1e-3))))
        if built[0] != built[1] or not np.array_equal(one.builder.valid, other.builder.valid):
            return float("inf")
    return worst


class KernelLoop:
    """Microseconds a picture, in a jitted loop."""

    def __init__(self, images, worlds, aspect: float) -> None:
        self.images, self.worlds, self.aspect = images, worlds, aspect
        self.memory = Memory()

    def once(self, start: float) -> int:
        return jitted_loop(self.images, self.worlds, self.aspect, start, DT_S, *self.memory.arrays)

    def __call__(self) -> float:
        start = self.memory.next_start()
        started_ns = time.perf_counter_ns()
        built = self.once(start)
        spent_ns = time.perf_counter_ns() - started_ns
        assert built == len(self.images), "every picture gives a vector"
        return spent_ns / built / 1e3


class CLoop(KernelLoop):
    """The same in C."""

    def __init__(self, twin: BuildTwin, images, worlds, aspect: float) -> None:
        super().__init__(images, worlds, aspect)
        self.twin = twin

    def once(self, start: float) -> int:
        return self.twin.run(self.images, self.worlds, self.aspect, start, DT_S, *self.memory.arrays)


class KernelCall(KernelLoop):
    """The same, one call from Python for each picture."""

    def __call__(self) -> float:
        start, arrays, build, n = self.memory.next_start(), self.memory.arrays, k.build_camera, 0
        pictures = list(zip(self.images, self.worlds, strict=True))
        started_ns = time.perf_counter_ns()
        for image, world in pictures:
            build(image, world, self.aspect, False, start + n * DT_S, n % k.HISTORY, *arrays)
            n += 1
        return (time.perf_counter_ns() - started_ns) / n / 1e3


class NumpyCall(KernelLoop):
    """The same with NumPy."""

    def __init__(self, images, worlds, aspect: float, count: int) -> None:
        super().__init__(images[:count], worlds[:count], aspect)
        self.builder, self.t = NumpyBuilder(), 0.0

    def __call__(self) -> float:
        pictures = iter(list(zip(self.images, self.worlds, strict=True)))

        def one() -> None:
            image, world = next(pictures)
            self.builder.on_pose(image[0], world[0], self.aspect, self.t)
            self.t += DT_S

        return per_call_us(one, len(self.images))


def on_pose_us(frames) -> float:
    """Microseconds for the builder's own entry, hands, ages and mask included."""
    builder = Dynamics128Builder()
    moved = [replace(f, capture_ns=NS_PER_S + n * NS_PER_S // FPS) for n, f in enumerate(frames)]
    pictures = iter(moved)

    def one() -> None:
        frame = next(pictures)
        builder.on_pose(frame, frame.capture_ns)

    return per_call_us(one, len(moved))
