"""A tick that is not paced by `asyncio.sleep` (whose selector rounds to whole milliseconds): one shot, re-armed by its owner.

Linux reads a timerfd on the loop; elsewhere a small thread sleeps and wakes the loop. Both call `fire(now_ns, due_ns)` on
the loop's thread. How late a tick is, is how much the loop lags.
"""

import asyncio
import ctypes
import os
import sys
import threading
import time
from array import array
from collections.abc import Callable

from .clock import NS_PER_MS, NS_PER_S, Clock, monotonic

Fire = Callable[[int, int], None]
"""Called with (now_ns, due_ns)."""

LAG_LIMIT_NS = 50 * NS_PER_MS
"""A tick later than this means the loop stood still: decisions made now rest on a picture that is older than it seems."""
LAG_CLEAR_NS = NS_PER_S
"""This long without a late tick and the loop counts as good again."""
LATENESS_KEPT = 1024
"""Ticks remembered for the percentiles: about 20 s of them."""

_IMMEDIATELY_NS = 1
_TFD_TIMER_ABSTIME = 1
_THREAD_SLICE_S = 0.005
"""The twin's thread sleeps at most this long, so a deadline that moves closer is noticed."""


class Ticker:
    """Base of both. `arm(at_ns)` sets the one deadline, replacing an earlier one; it fires once."""

    def __init__(self, fire: Fire, clock: Clock = monotonic) -> None:
        self._fire = fire
        self._clock = clock
        self.due_ns = 0
        """The deadline that is set; 0: none."""

    def arm(self, at_ns: int) -> None:
        self.due_ns = at_ns
        self._set(at_ns)

    def close(self) -> None:
        """Fires no more."""
        raise NotImplementedError

    def _set(self, at_ns: int) -> None:
        raise NotImplementedError

    def _elapsed(self) -> None:
        due_ns, now_ns = self.due_ns, self._clock()
        if due_ns and now_ns >= due_ns:
            self.due_ns = 0
            self._fire(now_ns, due_ns)


class ThreadTicker(Ticker):
    """The portable twin: a thread sleeps until the deadline and hands the tick to the loop."""

    def __init__(self, fire: Fire, clock: Clock = monotonic) -> None:
        super().__init__(fire, clock)
        self._loop = asyncio.get_running_loop()
        self._armed = threading.Event()
        self._closed = False
        self._waiting_ns = 0
        self._thread = threading.Thread(target=self._wait, name="ticker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.due_ns = 0
        self._closed = True
        self._armed.set()
        self._thread.join()

    def _set(self, at_ns: int) -> None:
        self._waiting_ns = at_ns
        self._armed.set()

    def _wait(self) -> None:
        while True:
            self._armed.wait()
            self._armed.clear()
            if self._closed:
                return
            self._sleep_until_due()
            if not self._closed and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._elapsed)

    def _sleep_until_due(self) -> None:
        while not self._closed:
            left_s = (self._waiting_ns - self._clock()) / NS_PER_S
            if left_s <= 0.0:
                return
            time.sleep(min(left_s, _THREAD_SLICE_S))


_NATIVE: type[Ticker] = ThreadTicker

if sys.platform == "linux":

    class _Timespec(ctypes.Structure):
        _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))

    class _Itimerspec(ctypes.Structure):
        _fields_ = (("it_interval", _Timespec), ("it_value", _Timespec))

    class TimerFdTicker(Ticker):
        """A timerfd (by ctypes: Python has it from 3.13 on), read by the loop."""

        def __init__(self, fire: Fire, clock: Clock = monotonic) -> None:
            super().__init__(fire, clock)
            libc = ctypes.CDLL(None, use_errno=True)
            self._settime = libc.timerfd_settime
            self._fd = int(libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC))
            if self._fd < 0:
                raise OSError(ctypes.get_errno(), "timerfd_create")
            self._spec = _Itimerspec()
            self._at = ctypes.byref(self._spec)
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._fd, self._ready)

        def close(self) -> None:
            if self._fd >= 0:
                self.due_ns = 0
                self._loop.remove_reader(self._fd)
                os.close(self._fd)
                self._fd = -1

        def _set(self, at_ns: int) -> None:
            seconds, nanoseconds = divmod(max(at_ns, _IMMEDIATELY_NS), NS_PER_S)
            self._spec.it_value.tv_sec = seconds
            self._spec.it_value.tv_nsec = nanoseconds
            self._settime(self._fd, _TFD_TIMER_ABSTIME, self._at, None)

        def _ready(self) -> None:
            try:
                os.read(self._fd, 8)
            except BlockingIOError:
                return  # re-armed between the wake-up and the read
            self._elapsed()

    _NATIVE = TimerFdTicker


def make_ticker(fire: Fire, clock: Clock = monotonic) -> Ticker:
    """The best ticker of this platform, on the running loop."""
    return _NATIVE(fire, clock)


class LagWatch:
    """Turns lateness into the health input: lagging from the first late tick until `LAG_CLEAR_NS` without one."""

    __slots__ = ("_count", "_lateness_ns", "_since_ns", "lagging")

    def __init__(self) -> None:
        self.lagging = False
        self._since_ns = 0
        self._lateness_ns = array("q", bytes(8 * LATENESS_KEPT))
        self._count = 0

    def update(self, now_ns: int, late_ns: int) -> bool:
        """One tick was this late. True when `lagging` changed."""
        self._lateness_ns[self._count % LATENESS_KEPT] = late_ns
        self._count += 1
        if late_ns > LAG_LIMIT_NS:
            self._since_ns = now_ns
            changed, self.lagging = not self.lagging, True
            return changed
        if self.lagging and now_ns - self._since_ns >= LAG_CLEAR_NS:
            self.lagging = False
            return True
        return False

    def percentiles_ns(self) -> tuple[int, int]:
        """p50 and p99 of the lateness of the ticks remembered; zeros before the first."""
        kept = sorted(self._lateness_ns[: min(self._count, LATENESS_KEPT)])
        return (kept[len(kept) // 2], kept[len(kept) * 99 // 100]) if kept else (0, 0)
