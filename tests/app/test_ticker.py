"""Both tickers on real loops: order, counts and re-arming. How late they are is measured in the bench."""

import asyncio
import sys
import time
from collections.abc import Callable

import pytest

from airdeck.clock import NS_PER_MS, NS_PER_S, monotonic
from airdeck.ticker import LAG_CLEAR_NS, LAG_LIMIT_NS, LagWatch, ThreadTicker, Ticker, make_ticker

TICKERS = [make_ticker, ThreadTicker]
WAIT_S = 10.0


def loops() -> list[Callable[[], asyncio.AbstractEventLoop]]:
    factories = [asyncio.new_event_loop]
    if sys.platform != "win32":
        import uvloop

        factories.append(uvloop.new_event_loop)
    return factories


@pytest.fixture(params=TICKERS, ids=["native", "thread"])
def make(request: pytest.FixtureRequest) -> Callable[..., Ticker]:
    return request.param


def test_linux_uses_the_timerfd() -> None:
    async def kind() -> str:
        ticker = make_ticker(lambda now_ns, due_ns: None)
        ticker.close()
        return type(ticker).__name__

    assert asyncio.run(kind()) == ("TimerFdTicker" if sys.platform == "linux" else "ThreadTicker")


@pytest.mark.parametrize("factory", loops(), ids=lambda factory: factory.__module__)
def test_a_ticker_that_is_rearmed_from_its_own_tick_fires_once_each_time_and_never_early(
    make: Callable[..., Ticker], factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    fired: list[tuple[int, int]] = []

    async def run() -> None:
        done = asyncio.Event()

        def fire(now_ns: int, due_ns: int) -> None:
            fired.append((now_ns, due_ns))
            if len(fired) == 20:
                done.set()
            else:
                ticker.arm(due_ns + 2 * NS_PER_MS)

        ticker = make(fire)
        ticker.arm(monotonic() + NS_PER_MS)
        await asyncio.wait_for(done.wait(), WAIT_S)
        ticker.close()

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(run())
    assert len(fired) == 20
    assert all(now_ns >= due_ns for now_ns, due_ns in fired)
    assert [due_ns - fired[0][1] for _, due_ns in fired] == [2 * NS_PER_MS * step for step in range(20)]


async def test_a_closer_deadline_replaces_the_one_that_was_set(make: Callable[..., Ticker]) -> None:
    fired: asyncio.Queue[int] = asyncio.Queue()
    ticker = make(lambda now_ns, due_ns: fired.put_nowait(due_ns))
    start_ns = monotonic()
    ticker.arm(start_ns + 3600 * NS_PER_S)
    ticker.arm(start_ns + 5 * NS_PER_MS)
    assert await asyncio.wait_for(fired.get(), WAIT_S) == start_ns + 5 * NS_PER_MS
    assert ticker.due_ns == 0
    ticker.close()


async def test_a_later_deadline_replaces_the_one_that_was_set(make: Callable[..., Ticker]) -> None:
    fired: asyncio.Queue[int] = asyncio.Queue()
    ticker = make(lambda now_ns, due_ns: fired.put_nowait(due_ns))
    later_ns = monotonic() + 30 * NS_PER_MS
    ticker.arm(later_ns - 25 * NS_PER_MS)
    ticker.arm(later_ns)
    assert await asyncio.wait_for(fired.get(), WAIT_S) == later_ns
    assert fired.empty()
    ticker.close()


async def test_a_tick_on_its_way_is_held_back_by_a_later_deadline(make: Callable[..., Ticker]) -> None:
    fired: asyncio.Queue[int] = asyncio.Queue()
    ticker = make(lambda now_ns, due_ns: fired.put_nowait(now_ns))
    ticker.arm(1)
    time.sleep(0.05)  # noqa: ASYNC251 (the loop has to stand still while the tick comes)
    later_ns = monotonic() + 50 * NS_PER_MS
    ticker.arm(later_ns)
    assert await asyncio.wait_for(fired.get(), WAIT_S) >= later_ns
    ticker.close()


async def test_a_deadline_in_the_past_fires_at_once(make: Callable[..., Ticker]) -> None:
    fired = asyncio.Event()
    ticker = make(lambda now_ns, due_ns: fired.set())
    ticker.arm(1)
    await asyncio.wait_for(fired.wait(), WAIT_S)
    ticker.close()


async def test_a_closed_ticker_fires_no_more(make: Callable[..., Ticker]) -> None:
    fired: list[int] = []
    ticker = make(lambda now_ns, due_ns: fired.append(due_ns))
    ticker.arm(monotonic() + NS_PER_MS)
    ticker.close()
    ticker.close()
    await asyncio.sleep(0.01)
    assert fired == []


@pytest.mark.parametrize(("past_ns", "lagging"), [(-1, False), (0, False), (1, True), (NS_PER_S, True)])
def test_the_loop_lags_from_the_first_tick_later_than_the_limit(past_ns: int, lagging: bool) -> None:
    watch = LagWatch()
    assert watch.update(NS_PER_S, LAG_LIMIT_NS + past_ns) is lagging
    assert watch.lagging is lagging


@pytest.mark.parametrize(("past_ns", "lagging"), [(-2, True), (-1, True), (0, False), (1, False)])
def test_the_lag_clears_after_a_second_without_a_late_tick(past_ns: int, lagging: bool) -> None:
    watch = LagWatch()
    watch.update(NS_PER_S, LAG_LIMIT_NS + 1)
    assert watch.update(NS_PER_S + LAG_CLEAR_NS + past_ns, 0) is not lagging
    assert watch.lagging is lagging


def test_another_late_tick_starts_the_second_again() -> None:
    watch = LagWatch()
    watch.update(0, LAG_LIMIT_NS + 1)
    assert watch.update(LAG_CLEAR_NS - 1, LAG_LIMIT_NS + 1) is False
    watch.update(LAG_CLEAR_NS + 1, 0)
    assert watch.lagging


def test_lateness_is_kept_as_percentiles() -> None:
    watch = LagWatch()
    assert watch.percentiles_ns() == (0, 0)
    for late_ns in range(1, 101):
        watch.update(late_ns, late_ns)
    assert watch.percentiles_ns() == (51, 100)
