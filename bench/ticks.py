"""How late the housekeeping tick comes, on the loop that the deck runs on, against asyncio.sleep on a plain loop."""

import asyncio
import time
from collections.abc import Iterator

from airdeck.ticker import make_ticker

from .measure import Measured, percentile

PERIOD_NS = 20_000_000


def measure(quick: bool) -> Iterator[Measured]:
    blocks, length = (3, 50) if quick else (8, 150)
    ours: list[int] = []
    slept: list[int] = []
    for _ in range(blocks):
        with asyncio.Runner(loop_factory=deck_loop()) as runner:
            ours += runner.run(ticked(length))
        slept += asyncio.run(sleeping(length))
    for name, share in (("tick.late_p50", 0.5), ("tick.late_p99", 0.99)):
        yield Measured(name, percentile(ours, share) / 1e6, percentile(slept, share) / 1e6)


def deck_loop():
    """The loop factory of a run: uvloop where it exists."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def ticked(count: int) -> list[int]:
    """Lateness in ns of so many ticks."""
    late: list[int] = []
    done = asyncio.Event()

    def fire(now_ns: int, due_ns: int) -> None:
        late.append(now_ns - due_ns)
        if len(late) == count:
            done.set()
        else:
            ticker.arm(time.monotonic_ns() + PERIOD_NS)

    ticker = make_ticker(fire)
    ticker.arm(time.monotonic_ns() + PERIOD_NS)
    await done.wait()
    ticker.close()
    return late


async def sleeping(count: int) -> list[int]:
    """The same with the library's own sleep."""
    late: list[int] = []
    for _ in range(count):
        due_ns = time.monotonic_ns() + PERIOD_NS
        await asyncio.sleep(PERIOD_NS / 1e9)
        late.append(time.monotonic_ns() - due_ns)
    return late
