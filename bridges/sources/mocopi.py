"""Sony mocopi over its native UDP: choose "mocopi (UDP)" in the app and this machine's address, port 12351."""

from dataclasses import dataclass
from typing import Any

from dynamics.frames import SourceKind

from ..wire import mocopi as wire
from .udp import UdpSettings, UdpSource


@dataclass(frozen=True, slots=True)
class MocopiSettings(UdpSettings):
    """One performer; each performer of mocopi sends to a port of their own."""

    port: int = wire.PORT
    mirror: bool = False
    """Left and right are exchanged by the sender: put them straight."""


class MocopiSource(UdpSource):
    """Frames of the native datagrams, on stream "mocopi"."""

    stream = "mocopi"
    kind = SourceKind.MOCOPI
    max_bytes = wire.MAX_BYTES

    def __init__(self, settings: MocopiSettings = MocopiSettings()) -> None:
        super().__init__(settings)
        self.decoder = wire.MocopiDecoder(settings.mirror)

    def _packet(self, packet: bytes, sender: str, recv_ns: int, out: list[Any]) -> str | None:
        return self.decoder.feed(packet, recv_ns, out)
