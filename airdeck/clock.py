"""The one clock: monotonic integer nanoseconds, passed in. Pure code gets `now_ns`; only the edges hold a `Clock`."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Call it: monotonic nanoseconds."""

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000

monotonic: Clock = time.monotonic_ns


class VirtualClock:
    """A clock that moves only when it is told to, and never back."""

    __slots__ = ("_now_ns",)

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def __call__(self) -> int:
        return self._now_ns

    def advance(self, by_ns: int) -> int:
        """Move on by `by_ns` and return the new time. Raises ValueError on a negative step."""
        return self.advance_to(self._now_ns + by_ns)

    def advance_to(self, at_ns: int) -> int:
        """Move on to `at_ns` and return it. Raises ValueError when that lies in the past."""
        if at_ns < self._now_ns:
            raise ValueError(f"a clock never goes back: {at_ns} < {self._now_ns}")
        self._now_ns = at_ns
        return at_ns
