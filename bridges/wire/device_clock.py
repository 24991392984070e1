"""A device's own clock mapped onto ours by minimum delay: the quickest packet says what the offset is.

The offset (our receive time minus the device's time) is never smaller than the truth, so its running minimum is the best
guess; it leaks upwards slowly to follow drift. A step of the device's clock restarts the mapping and is counted.
"""

import math

NS_PER_S = 1_000_000_000
LEAK_PPM = 200
"""How fast the minimum rises when nothing renews it: above the drift of crystals (up to about 100 ppm)."""
STEP_NS = NS_PER_S
"""An offset that falls by more than this, or a device time that goes back by more, is a stepped clock."""
WINDOW_NS = 2 * NS_PER_S
WINDOW_PACKETS = 8
WINDOW_STEP_NS = NS_PER_S // 4
"""A whole window of packets later than the minimum by this: the device's clock stood still or went back a little."""
DEVICE_MAX_S = 1e11
"""Above Unix seconds of any device; larger numbers are not a time."""


class DeviceClock:
    """`capture_ns(device_s, recv_ns)`, or `observe` the newest stamp of a batch and then `map` each of its stamps."""

    def __init__(self, step_ns: int = STEP_NS) -> None:
        self.restarts = 0
        """Steps of the device's clock that were noticed."""
        self._step_ns = step_ns
        self._offset_ns: int | None = None
        self._device_ns = 0
        self._recv_ns = 0
        self._window_ns = 0
        self._window_packets = 0
        self._window_offset_ns = 0

    def capture_ns(self, device_s: float, recv_ns: int) -> int:
        """When it happened, never later than `recv_ns`; `recv_ns` itself when the device gives no usable time."""
        if not math.fabs(device_s) < DEVICE_MAX_S:  # also true for NaN
            return recv_ns
        device_ns = int(device_s * NS_PER_S)
        self.observe(device_ns, recv_ns)
        return self.map(device_ns, recv_ns)

    def map(self, device_ns: int, recv_ns: int) -> int:
        """A device stamp on our clock, never later than `recv_ns`; does not learn from it."""
        return recv_ns if self._offset_ns is None else min(recv_ns, device_ns + self._offset_ns)

    def observe(self, device_ns: int, recv_ns: int) -> None:
        """Learn from a packet that was stamped `device_ns` as it left."""
        offset_ns = recv_ns - device_ns
        if self._offset_ns is None:
            self._restart(device_ns, recv_ns, offset_ns)
        elif device_ns < self._device_ns - self._step_ns or offset_ns < self._offset_ns - self._step_ns:
            self.restarts += 1
            self._restart(device_ns, recv_ns, offset_ns)
        else:
            leak_ns = max(0, recv_ns - self._recv_ns) * LEAK_PPM // 1_000_000
            self._offset_ns = min(offset_ns, self._offset_ns + leak_ns)
            self._device_ns, self._recv_ns = device_ns, max(recv_ns, self._recv_ns)
            self._follow_window(self._offset_ns, offset_ns, recv_ns)

    def _restart(self, device_ns: int, recv_ns: int, offset_ns: int) -> None:
        self._offset_ns = self._window_offset_ns = offset_ns
        self._device_ns = device_ns
        self._recv_ns = self._window_ns = recv_ns
        self._window_packets = 0

    def _follow_window(self, known_ns: int, offset_ns: int, recv_ns: int) -> None:
        self._window_offset_ns = min(self._window_offset_ns, offset_ns)
        self._window_packets += 1
        if recv_ns - self._window_ns < WINDOW_NS or self._window_packets < WINDOW_PACKETS:
            return
        if self._window_offset_ns > known_ns + WINDOW_STEP_NS:
            self._offset_ns = self._window_offset_ns
            self.restarts += 1
        self._window_ns, self._window_packets, self._window_offset_ns = recv_ns, 0, offset_ns
