"""A VMC frame of 27 bones: our decoder against python-osc's parser, which only takes the bundle apart."""

from collections.abc import Iterator

import numpy as np
from pythonosc.osc_packet import OscPacket

from bridges.wire.vmc import VmcDecoder
from tests.wire.packets import VMC_NAMES, bone, bundle, ok, root, time

from .measure import Measured, interleaved, median_ratio, per_call_us

NAMES = (*VMC_NAMES, "LeftEye", "RightEye", "Jaw", "LeftIndexProximal", "RightIndexProximal")
PACKETS = 64
STEP_NS = 16_000_000


def measure(quick: bool) -> Iterator[Measured]:
    blocks, frames = (15, 400) if quick else (40, 2000)
    packets = frame_packets()
    known, peer, new = interleaved(blocks, Known(packets, frames), PythonOsc(packets, frames // 20), New(packets, frames // 20))
    usage, beside = float(np.median(known)), float(np.median(peer))
    yield Measured("vmc.frame", usage, beside, median_ratio(peer, known))
    yield Measured("vmc.new_layout", float(np.median(new)), beside, median_ratio(peer, new))


def frame_packets() -> list[bytes]:
    """One bundle a frame, every bone turning; the time comes last and closes the frame."""
    rng = np.random.default_rng(1)
    quats = rng.normal(size=(PACKETS, len(NAMES), 4))
    quats /= np.linalg.norm(quats, axis=2, keepdims=True)
    return [
        bundle(root(), *(bone(name, tuple(map(float, q))) for name, q in zip(NAMES, frame, strict=True)), ok(1), time(n / 60))
        for n, frame in enumerate(quats)
    ]


class Known:
    """Microseconds for a frame of a layout that the decoder has met."""

    def __init__(self, packets: list[bytes], count: int) -> None:
        self.packets, self.count = packets, count
        self.decoder, self.now_ns, self.at = VmcDecoder(), 0, 0
        self.out: list = []
        for _ in range(PACKETS):
            self.one()

    def one(self) -> None:
        self.now_ns += STEP_NS
        self.at = (self.at + 1) % PACKETS
        self.out.clear()
        self.decoder.feed(self.packets[self.at], self.now_ns, self.out)

    def __call__(self) -> float:
        spent = per_call_us(self.one, self.count)
        assert len(self.out) == 1, "a bundle is a frame"
        return spent


class New(Known):
    """The same for a decoder that never met one; making the decoder is counted."""

    def one(self) -> None:
        self.decoder = VmcDecoder()
        super().one()


class PythonOsc:
    """Microseconds for python-osc to take a bundle apart; nothing is made of the numbers."""

    def __init__(self, packets: list[bytes], count: int) -> None:
        self.packets, self.count, self.at = packets, count, 0

    def one(self) -> None:
        self.at = (self.at + 1) % PACKETS
        for timed in OscPacket(self.packets[self.at]).messages:
            timed.message.params  # noqa: B018 (parsed already; reading it is part of the work)

    def __call__(self) -> float:
        return per_call_us(self.one, self.count)
