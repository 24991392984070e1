"""LUMM datagrams of a LUME relay, port 9702."""

from dataclasses import dataclass
from typing import Any

from dynamics.frames import SourceKind

from ..wire import lumm as wire
from .udp import UdpSettings, UdpSource


@dataclass(frozen=True, slots=True)
class LummSettings(UdpSettings):
    """One body."""

    port: int = wire.PORT
    mirror: bool = False
    """Left and right are exchanged by the sender: put them straight."""


class LummSource(UdpSource):
    """Frames of LUMM datagrams, on stream "mocopi"."""

    stream = "mocopi"
    kind = SourceKind.MOCOPI
    max_bytes = wire.MAX_BYTES

    def __init__(self, settings: LummSettings = LummSettings()) -> None:
        super().__init__(settings)
        self.decoder = wire.LummDecoder(settings.mirror)

    def _packet(self, packet: bytes, sender: str, recv_ns: int, out: list[Any]) -> str | None:
        return self.decoder.feed(packet, recv_ns, out)
