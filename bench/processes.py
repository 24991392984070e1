"""What a start costs, and what a running deck weighs."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .measure import REPO, Measured, SkipError, pss_mb

SETTLE_S = 4.0
FIELDS = ("Pss:", "Private_", "Rss:", "Shared_", "Pss_File:")
READY_WITHIN_S = 150.0
"""A machine that never started this version compiles its kernels first."""


def measure(quick: bool) -> Iterator[Measured]:
    yield Measured("start.help_cpu", min(help_cpu_s() for _ in range(3 if quick else 7)))
    try:
        with tempfile.TemporaryDirectory() as folder:
            run_deck(Path(folder), settle_s=0.0)  # warms the cache of compiled kernels
            seen = run_deck(Path(folder), SETTLE_S)
    except SkipError as why:
        yield Measured("memory.deck", skipped=str(why))
        yield Measured("memory.deck_private", skipped=str(why))
        return
    # A neighbour that maps the same libraries (another deck, a test run) takes its share of them off the PSS.
    note = (
        f"resident {seen['Rss:']:.0f} MB, of it {seen['Shared_']:.0f} MB shared with others; files {seen['Pss_File:']:.0f} MB"
    )
    yield Measured("memory.deck", seen["Pss:"], note=note)
    yield Measured("memory.deck_private", seen["Private_"])


def help_cpu_s() -> float:
    """User and system seconds of one `airdeck --help`."""
    if not hasattr(os, "wait4"):
        raise SkipError("this system does not tell the CPU time of a child")
    process = subprocess.Popen([sys.executable, "-m", "airdeck", "--help"], cwd=REPO, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime


def run_deck(folder: Path, settle_s: float) -> dict[str, float]:
    """Its memory in MB, by the fields of smaps_rollup, when a deck has played the demo for `settle_s`."""
    command = [sys.executable, "-m", "airdeck", "run", "--source", "synthetic", "--arm", "--no-hud",
               "--session-dir", str(folder), "--control", str(folder / "control.sock")]  # fmt: skip
    log = folder / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, cwd=REPO, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        wait_for_line(process, log, b"arm state")
        time.sleep(settle_s)
        return {field: pss_mb(process.pid, field) for field in FIELDS}
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_line(process: "subprocess.Popen[bytes]", log: Path, words: bytes) -> None:
    """Until its log holds these words. Raises RuntimeError with the log's end when it never does."""
    until = time.monotonic() + READY_WITHIN_S
    while words not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the deck does not run: {log.read_bytes()[-600:].decode(errors='replace')}")
        time.sleep(0.05)
