"""The filters as plain objects, one number at a time: what the kernels do to many at once, and what slow code uses.

One Euro: Casiez, Roussel, Vogel, CHI 2012. Cut-offs in Hz, times in seconds.
"""

import math


def low_pass_alpha(cutoff_hz: float, dt_s: float) -> float:
    """Share of the new sample in a first-order low-pass: 1 / (1 + tau / dt)."""
    return 1.0 / (1.0 + 1.0 / (2.0 * math.pi * cutoff_hz * dt_s))


class LowPass:
    """First-order low-pass on irregular samples. A sample that is not finite is left out."""

    __slots__ = ("cutoff_hz", "t_s", "value")

    def __init__(self, cutoff_hz: float) -> None:
        if not cutoff_hz > 0.0:
            raise ValueError(f"cutoff_hz must be positive, got {cutoff_hz}")
        self.cutoff_hz = cutoff_hz
        self.value = math.nan
        self.t_s = math.nan

    def __call__(self, x: float, t_s: float) -> float:
        """The filtered value after sample x at t_s; NaN before the first."""
        if not math.isfinite(x):
            return self.value
        if not math.isfinite(self.value):
            self.value, self.t_s = x, t_s
        elif t_s > self.t_s:
            self.value += (x - self.value) * low_pass_alpha(self.cutoff_hz, t_s - self.t_s)
            self.t_s = t_s
        return self.value


class OneEuro:
    """Low-pass whose cut-off rises with speed: still when still, quick when quick."""

    __slots__ = ("_last", "beta", "min_cutoff_hz", "speed", "t_s", "value")

    def __init__(self, min_cutoff_hz: float, beta: float, speed_cutoff_hz: float = 1.0) -> None:
        if not (min_cutoff_hz > 0.0 and beta >= 0.0):
            raise ValueError(f"min_cutoff_hz must be positive and beta not negative, got {min_cutoff_hz}, {beta}")
        self.min_cutoff_hz, self.beta = min_cutoff_hz, beta
        self.speed = LowPass(speed_cutoff_hz)
        self.value = self.t_s = self._last = math.nan

    def __call__(self, x: float, t_s: float) -> float:
        """The filtered value after sample x at t_s; NaN before the first. Times that do not advance are left out."""
        if not math.isfinite(x):
            return self.value
        if not math.isfinite(self.value):
            self.value, self._last, self.t_s = x, x, t_s
            self.speed(0.0, t_s)
            return x
        dt = t_s - self.t_s
        if dt > 0.0:
            speed = self.speed((x - self._last) / dt, t_s)
            cutoff = self.min_cutoff_hz + self.beta * abs(speed)
            self.value += (x - self.value) * low_pass_alpha(cutoff, dt)
            self._last, self.t_s = x, t_s
        return self.value


class Derivative:
    """Rate of change by a local quadratic over a fixed time window, read `lag_s` before the newest sample."""

    __slots__ = ("_samples", "lag_s", "window_s")

    def __init__(self, window_s: float, lag_s: float = 0.0) -> None:
        self.window_s, self.lag_s = window_s, lag_s
        self._samples: list[tuple[float, float]] = []

    def __call__(self, x: float, t_s: float) -> float:
        """Rate per second after sample x at t_s; NaN until three samples lie in the window."""
        if math.isfinite(x):
            self._samples.append((t_s, x))
        self._samples = [s for s in self._samples if t_s - s[0] <= self.window_s + 1e-9]
        if len(self._samples) < 3:
            return math.nan
        sums = [0.0] * 5
        moments = [0.0] * 3
        base = self._samples[-1][1]
        for at, value in self._samples:
            tau = at - t_s + self.lag_s
            for power in range(5):
                sums[power] += tau**power
            for power in range(3):
                moments[power] += tau**power * (value - base)
        s0, s1, s2, s3, s4 = sums
        det = s0 * (s2 * s4 - s3 * s3) - s1 * (s1 * s4 - s2 * s3) + s2 * (s1 * s3 - s2 * s2)
        if not abs(det) > 1e-18:
            return math.nan
        rate = (s2 * s3 - s1 * s4) * moments[0] + (s0 * s4 - s2 * s2) * moments[1] + (s1 * s2 - s0 * s3) * moments[2]
        return rate / det
