"""What all figures share: a measurement, interleaved blocks, percentiles, the memory of a process."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[1]
SHARED = REPO.parent / "shared"


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure as seen now. `skipped` says why there is none."""

    name: str
    value: float = 0.0
    peer_value: float | None = None
    ratio: float | None = None
    """Given where it is a median over blocks; else it is made of the two numbers."""
    note: str = ""
    skipped: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class SkipError(Exception):
    """A whole group cannot be measured here; the message says why."""


def interleaved(blocks: int, *turns: Callable[[], float]) -> list[list[float]]:
    """Run the turns block by block, each block in another order; what each turn answered, block by block."""
    seen: list[list[float]] = [[] for _ in turns]
    for block in range(blocks):
        for place in range(len(turns)):
            which = (block + place) % len(turns)
            seen[which].append(turns[which]())
    return seen


def median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Median over blocks of above / below: a block that the machine disturbed does not decide."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def per_call_us(call: Callable[[], object], count: int) -> float:
    """Mean time of a call over `count` of them."""
    rounds = range(count)
    started_ns = time.perf_counter_ns()
    for _ in rounds:
        call()
    return (time.perf_counter_ns() - started_ns) / count / 1e3


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    known = sorted(values)
    return known[min(int(share * len(known)), len(known) - 1)]


def pss_mb(pid: int, field: str = "Pss:") -> float:
    """Proportional memory of a process (or another line of smaps_rollup). Raises SkipError where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        raise SkipError("this system does not tell the proportional memory of a process") from None
    return sum(float(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def pose_model() -> Path:
    """The pose model of the cache, or the ready-made copy. Raises SkipError."""
    from airdeck import models

    try:
        return models.find("pose")
    except models.ModelMissing as error:
        copy = SHARED / "models" / "pose_landmarker_full.task"
        if copy.is_file():
            return copy
        raise SkipError(f"no pose model: {error}") from error


def child(module: str, *arguments: str, **options: Any) -> "subprocess.Popen[bytes]":
    """Start `python -m module` from the checkout with pipes to its standard input and output."""
    environment = {**os.environ, "PYTHONPATH": str(REPO), **options.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=REPO, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options,
    )  # fmt: skip


def end(process: "subprocess.Popen[bytes]", patience_s: float = 5.0) -> bytes:
    """Close its input, which ends it; kill it when it does not. What it still said."""
    try:
        said, _ = process.communicate(timeout=patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    return said
