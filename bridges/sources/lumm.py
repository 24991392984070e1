"""LUMM datagrams of a LUME relay, port 9702."""

from dataclasses import dataclass
from typing import Any

from dynamics.frames import Frame, SourceKind

from ..wire import lumm as wire
from .udp import UdpSettings, UdpSource


@dataclass(frozen=True, slots=True)
class LummSettings(UdpSettings):
    """One body."""

    port: int = wire.PORT
    mirror: bool = False
    """Left and right are exchanged by the sender: put them straight."""
    paired: tuple[str, ...] = ()
    """Addresses whose bodies count as mocopi's; from others they are advice. An address can be forged."""


class LummSource(UdpSource):
    """Frames of LUMM datagrams: advice on stream "pose_net", or mocopi's when their sender is paired."""

    stream = "pose_net"
    kind = SourceKind.NETWORK_POSE
    max_bytes = wire.MAX_BYTES

    def __init__(self, settings: LummSettings = LummSettings()) -> None:
        super().__init__(settings)
        self.decoder = wire.LummDecoder(settings.mirror)
        self._paired = frozenset(settings.paired)

    def _packet(self, packet: bytes, sender: str, recv_ns: int, out: list[Any]) -> str | None:
        return self.decoder.feed(packet, recv_ns, out, sender in self._paired)

    def deliver(self, frame: Frame, stream: str = "") -> None:
        """A paired sender's body goes where mocopi's goes."""
        super().deliver(frame, "mocopi" if frame.kind is SourceKind.MOCOPI else stream)
