"""Watch and phone apps over OSC: ZIG SIM, GyrOSC, Sensors2OSC, TDLiDAR, and the heart-rate senders."""

from dataclasses import dataclass
from typing import Any

from dynamics.frames import Frame, SourceKind, WatchSample

from ..wire import osc_apps as wire
from ..wire.body_units import Axes
from .udp import UdpSettings, UdpSource

PORT = 9000
"""Where Sensors2OSC, TDLiDAR and the VRChat heart-rate apps send by default; phoenix uses 8000."""


@dataclass(frozen=True, slots=True)
class OscAppsSettings(UdpSettings):
    """One phone or watch a port."""

    port: int = PORT
    side: str = ""
    """The wrist of the watch: "left", "right", or empty."""
    axes: Axes = Axes.AUTO
    """What sign ZIG SIM uses: "auto", "ios", or "standard" (Android). The other apps are known."""


class OscAppsSource(UdpSource):
    """Pocket frames on stream "pocket" and watch frames on stream "watch"."""

    stream = "pocket"
    kind = SourceKind.POCKET
    max_bytes = wire.MAX_BYTES

    def __init__(self, settings: OscAppsSettings | None = None) -> None:
        chosen = settings or OscAppsSettings()
        super().__init__(chosen)
        self.decoder = wire.OscAppsDecoder(chosen.side, chosen.axes)

    def _packet(self, packet: bytes, sender: str, recv_ns: int, out: list[Any]) -> str | None:
        return self.decoder.feed(packet, recv_ns, out)

    def _hand_on(self, frames: list[Frame]) -> None:
        for frame in frames:
            self.deliver(frame, "watch" if isinstance(frame, WatchSample) else "pocket")
