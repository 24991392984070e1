"""Pose as JSON datagrams, port 9705: advice from the network, a camera only when its sender is paired."""

from dataclasses import dataclass
from typing import Any

from dynamics.frames import Frame, SourceKind

from ..wire import pose_json as wire
from .udp import UdpSettings, UdpSource


@dataclass(frozen=True, slots=True)
class PoseJsonSettings(UdpSettings):
    """One performer, seen from another machine."""

    port: int = wire.PORT
    source: str = ""
    """Take only datagrams with this `source`; empty takes any."""
    paired: tuple[str, ...] = ()
    """Addresses whose pose counts as a camera's. Anyone on the network can forge an address: a wire of one's own only."""


class PoseJsonSource(UdpSource):
    """Frames of pose datagrams, on stream "pose_net"; those of a paired sender are a camera's, on stream "camera"."""

    stream = "pose_net"
    kind = SourceKind.NETWORK_POSE
    max_bytes = wire.MAX_BYTES

    def __init__(self, settings: PoseJsonSettings = PoseJsonSettings()) -> None:
        super().__init__(settings)
        self.decoder = wire.PoseJsonDecoder(settings.source)
        self._paired = frozenset(settings.paired)

    def _packet(self, packet: bytes, sender: str, recv_ns: int, out: list[Any]) -> str | None:
        return self.decoder.feed(packet, recv_ns, out, sender in self._paired)

    def deliver(self, frame: Frame, stream: str = "") -> None:
        """A paired sender's pose goes where a camera's goes."""
        super().deliver(frame, "camera" if frame.kind is SourceKind.CAMERA else stream)
