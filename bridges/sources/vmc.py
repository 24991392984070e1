"""Motion over OSC: VMC senders (the mocopi app, VirtualMotionCapture, SlimeVR, scripts) and the mocopi OSC names."""

from dataclasses import dataclass
from typing import Any

from dynamics.frames import SourceKind

from ..wire import vmc as wire
from ..wire.bone_cache import GAP_NS
from .udp import UdpSettings, UdpSource

PORT = 39539


@dataclass(frozen=True, slots=True)
class VmcSettings(UdpSettings):
    """One body; senders use 39539, some 39540."""

    port: int = PORT
    mirror: bool = False
    """Left and right are exchanged by the sender: put them straight."""


class VmcSource(UdpSource):
    """Frames put together from bones, on stream "mocopi"."""

    stream = "mocopi"
    kind = SourceKind.MOCOPI
    max_bytes = wire.MAX_BYTES
    gap_ns = GAP_NS

    def __init__(self, settings: VmcSettings = VmcSettings()) -> None:
        super().__init__(settings)
        self.decoder = wire.VmcDecoder(settings.mirror)

    def _packet(self, packet: bytes, sender: str, recv_ns: int, out: list[Any]) -> str | None:
        return self.decoder.feed(packet, recv_ns, out)

    def _waiting(self) -> bool:
        return self.decoder.waiting

    def _flush(self, now_ns: int, out: list[Any]) -> None:
        self.decoder.flush(now_ns, out)
