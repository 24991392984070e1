"""Sources on real UDP sockets: delivery, what is refused before decoding, ports, pauses, specs."""

import asyncio
import json
import socket

import numpy as np
import pytest

from bridges.sources.base import SourceError
from bridges.sources.lumm import LummSettings, LummSource
from bridges.sources.mocopi import MocopiSettings, MocopiSource
from bridges.sources.pose_json import PoseJsonSettings, PoseJsonSource
from bridges.sources.udp import SENDER_HOLD_NS, UdpError, UdpSettings, with_address
from bridges.sources.vmc import VmcSettings, VmcSource
from bridges.wire.mocopi import MocopiError
from dynamics.frames import SourceKind
from tests.wire import packets as p

try:
    import uvloop
except ImportError:  # there is none for Windows
    uvloop = None

HERE = "127.0.0.1"
PATIENCE_S = 5
LOOPS = [pytest.param(asyncio.new_event_loop, id="asyncio")]
if uvloop is not None:
    LOOPS.append(pytest.param(uvloop.new_event_loop, id="uvloop"))
POSE = {"frame": 1, "t": 2.5, "w": 640, "h": 480, "landmarks": [{"x": 0.5, "y": 0.5, "z": 0, "vis": 1}] * 33}


class Inbox:
    """What a source delivered, and a way to wait for it."""

    def __init__(self):
        self.frames = []
        self._more = asyncio.Event()

    def __call__(self, stream, frame):
        self.frames.append((stream, frame))
        self._more.set()

    async def wait(self, count):
        async with asyncio.timeout(PATIENCE_S):
            while len(self.frames) < count:
                self._more.clear()
                await self._more.wait()
        return self.frames


async def until(condition):
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 (a counter has no event)
            await asyncio.sleep(0.001)


@pytest.fixture
async def wire():
    """Opens sources on this machine and closes them; `wire(source)` answers (inbox, send)."""
    opened, sender = [], socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    async def listen(source):
        inbox = Inbox()
        await source.open(inbox)
        opened.append(source)
        return inbox, lambda packet: sender.sendto(packet, (HERE, source.port))

    yield listen
    sender.close()
    for source in opened:
        await source.close()


def here(settings):
    return settings(host=HERE, port=0)


@pytest.mark.parametrize(
    ("source", "packet", "stream", "kind"),
    [
        (lambda: MocopiSource(here(MocopiSettings)), p.mocopi_frame(), "mocopi", SourceKind.MOCOPI),
        (lambda: VmcSource(here(VmcSettings)), p.skel(), "mocopi", SourceKind.MOCOPI),
        (lambda: LummSource(here(LummSettings)), p.lumm(), "pose_net", SourceKind.NETWORK_POSE),
        (lambda: PoseJsonSource(here(PoseJsonSettings)), json.dumps(POSE).encode(), "pose_net", SourceKind.NETWORK_POSE),
    ],
    ids=["mocopi", "vmc", "lumm", "pose_json"],
)
async def test_a_datagram_on_the_socket_is_delivered_under_its_stream(wire, source, packet, stream, kind):
    inbox, send = await wire(source())
    send(packet)
    ((name, frame),) = await inbox.wait(1)
    assert (name, frame.kind) == (stream, kind)
    assert frame.recv_ns > 0


@pytest.mark.parametrize("packing", p.PACKINGS.values(), ids=p.PACKINGS.keys())
async def test_every_vmc_packing_comes_through_a_socket(wire, packing):
    inbox, send = await wire(VmcSource(here(VmcSettings)))
    for n in range(4):
        for datagram in packing({}, n / 60):
            send(datagram)
        await inbox.wait(n + 1)
    np.testing.assert_allclose(inbox.frames[-1][1].quat_xyzw[:, 3], 1)


async def test_a_paired_sender_s_pose_comes_on_the_camera_s_stream(wire):
    inbox, send = await wire(PoseJsonSource(PoseJsonSettings(host=HERE, port=0, paired=(HERE,))))
    send(json.dumps(POSE).encode())
    ((name, _),) = await inbox.wait(1)
    assert name == "camera"


async def test_a_paired_sender_s_lumm_body_is_mocopi_s(wire):
    inbox, send = await wire(LummSource(LummSettings(host=HERE, port=0, paired=(HERE,))))
    send(p.lumm())
    ((name, frame),) = await inbox.wait(1)
    assert (name, frame.kind) == ("mocopi", SourceKind.MOCOPI)


async def test_a_frame_without_any_end_is_delivered_after_a_pause(wire):
    inbox, send = await wire(VmcSource(here(VmcSettings)))
    send(p.bone("Head"))
    ((_, frame),) = await inbox.wait(1)
    assert frame.seen.sum() == 1


async def test_counts_and_reasons_are_kept(wire):
    source = MocopiSource(here(MocopiSettings))
    inbox, send = await wire(source)
    send(b"rubbish of some length")
    send(p.mocopi_frame())
    await inbox.wait(1)
    assert (source.stats.received, source.stats.frames, source.stats.rejected) == (2, 1, 1)
    assert source.stats.errors == {MocopiError.BOX: 1}


async def test_a_datagram_above_the_port_s_size_is_not_decoded(wire):
    source = MocopiSource(here(MocopiSettings))
    _, send = await wire(source)
    send(p.mocopi_frame() + p.box(b"pads", bytes(4000)))
    await until(lambda: source.stats.received == 1)
    assert source.stats.errors == {UdpError.SIZE: 1}


async def test_a_sender_that_is_not_listed_is_not_heard(wire):
    source = MocopiSource(MocopiSettings(host=HERE, port=0, allowed=("192.0.2.7",)))
    _, send = await wire(source)
    send(p.mocopi_frame())
    await until(lambda: source.stats.received == 1)
    assert source.stats.errors == {UdpError.SENDER: 1}


async def test_a_listed_sender_is_heard(wire):
    inbox, send = await wire(MocopiSource(MocopiSettings(host=HERE, port=0, allowed=(HERE,))))
    send(p.mocopi_frame())
    await inbox.wait(1)


async def test_a_second_sender_is_not_mixed_into_the_first():
    source, inbox = MocopiSource(here(MocopiSettings)), Inbox()
    await source.open(inbox)
    source.datagram(p.mocopi_frame(1), "192.0.2.1", 0)
    source.datagram(p.mocopi_frame(2), "192.0.2.2", 1)
    source.datagram(p.mocopi_frame(2), "192.0.2.1", 2)
    assert source.stats.errors == {UdpError.SECOND_SENDER: 1}
    source.datagram(p.mocopi_frame(3), "192.0.2.2", 2 + SENDER_HOLD_NS)
    await source.close()
    assert len(inbox.frames) == 3


async def test_rubbish_does_not_take_the_place_of_a_sender():
    source, inbox = MocopiSource(here(MocopiSettings)), Inbox()
    await source.open(inbox)
    source.datagram(b"rubbish", "192.0.2.66", 0)
    source.datagram(p.mocopi_frame(1), "192.0.2.1", 1)
    await source.close()
    assert len(inbox.frames) == 1


async def test_only_a_paired_sender_s_pose_is_a_camera_s(wire):
    inbox, send = await wire(PoseJsonSource(PoseJsonSettings(host=HERE, port=0, paired=(HERE,))))
    send(json.dumps(POSE).encode())
    assert (await inbox.wait(1))[0][1].kind is SourceKind.CAMERA


@pytest.mark.parametrize("loop", LOOPS)
def test_a_taken_port_is_answered_alike_on_every_loop_by_what_the_person_named(loop):
    async def open_it():
        source = MocopiSource(MocopiSettings(host=HERE, port=taken.getsockname()[1]))
        source.label = "mocopi:12351"
        await source.open(Inbox())

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken, asyncio.Runner(loop_factory=loop) as runner:
        taken.bind((HERE, 0))
        port = taken.getsockname()[1]
        with pytest.raises(SourceError) as caught:
            runner.run(open_it())
    assert str(caught.value) == (
        f"mocopi:12351: cannot listen at UDP port {port} on {HERE}: another program has it. "
        f"Close that program, or choose another port (mocopi:{HERE}:PORT)"
    )


@pytest.mark.parametrize("loop", LOOPS)
def test_the_receive_buffer_is_asked_for_before_anything_can_arrive(loop):
    async def asked():
        source = MocopiSource(MocopiSettings(host=HERE, port=0, receive_buffer_bytes=50_000))
        await source.open(Inbox())
        size = source._transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        await source.close()
        return size

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(asked()) in (50_000, 100_000), "Linux doubles it"


async def test_a_port_that_is_taken_is_named_with_what_to_do(wire):
    first = MocopiSource(here(MocopiSettings))
    await wire(first)
    second = MocopiSource(MocopiSettings(host=HERE, port=first.port))
    with pytest.raises(
        SourceError, match=rf"mocopi: cannot listen at UDP port {first.port} on 127.0.0.1: another program has it"
    ):
        await second.open(Inbox())
    assert not second.is_open


async def test_an_address_of_another_machine_is_named_with_what_to_do():
    with pytest.raises(SourceError, match=r"192\.0\.2\.1: this machine has no such address"):
        await MocopiSource(MocopiSettings(host="192.0.2.1", port=0)).open(Inbox())


async def test_a_closed_source_frees_its_port_and_opens_again(wire):
    source = MocopiSource(here(MocopiSettings))
    await wire(source)
    again = MocopiSource(MocopiSettings(host=HERE, port=source.port))
    await source.close()
    inbox, send = await wire(again)
    send(p.mocopi_frame())
    await inbox.wait(1)


async def test_a_source_closed_while_a_frame_waits_delivers_nothing_more():
    source, inbox = VmcSource(here(VmcSettings)), Inbox()
    await source.open(inbox)
    source.datagram(p.bone("Head"), HERE, 1)
    await source.close()
    await asyncio.sleep(2 * source.gap_ns / 1e9)
    assert inbox.frames == []


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("", "0.0.0.0", 12351),
        ("12352", "0.0.0.0", 12352),
        ("127.0.0.1:12352", "127.0.0.1", 12352),
        ("127.0.0.1", "127.0.0.1", 12351),
        ("[::1]:12352", "::1", 12352),
    ],
)
def test_an_address_names_host_and_port(address, host, port):
    assert with_address(MocopiSettings(mirror=True), address) == MocopiSettings(host=host, port=port, mirror=True)


@pytest.mark.parametrize("address", ["0", "65536", "127.0.0.1:99999"])
def test_a_port_out_of_range_is_an_error(address):
    with pytest.raises(SourceError, match=r"not in 1\.\.65535"):
        with_address(UdpSettings(), address)
