"""The swing that the path is measured with: both receivers find the same gestures in it, on every second frame."""

import struct

import pytest

from airdeck.events import Act, Event, EventKind
from airdeck.pipeline import Pipeline
from bench.peers.build_numpy import NumpyBuilder
from bench.peers.straightforward import detect
from bench.rigs import NS_PER_S, open_gate
from bench.waving import COMMANDS, PERIOD, PRESS_MS, ROWS, MocopiPackets, OscPackets, mapping, swing_library
from bridges.wire.mocopi import MocopiDecoder
from safety.types import Sink, SinkClass, SinkHealth

STEP_NS = 10_000_000
WARM, COUNTED = 300, 10 * PERIOD


def frames(count):
    packets, decoder, out = MocopiPackets(), MocopiDecoder(), []
    decoder.feed(packets.skeleton, 1, out)
    for number in range(count):
        sent_ns = NS_PER_S + number * STEP_NS
        decoder.feed(bytes(packets.frame(number, sent_ns)), sent_ns + 50_000, out)
    return out


@pytest.fixture(scope="module")
def permits():
    """The commands permitted in COUNTED frames after the warm-up."""
    library = swing_library()
    _, gate = open_gate(library, PRESS_MS)
    found = []
    sink = Sink("midi", SinkClass.MIDI, rehearsal=True)
    pipeline = Pipeline(gate, library, (sink,), lambda _name, permit, _now_ns: found.append(permit.command))
    pipeline.warm_up()
    pipeline.step(Event(1, 1, EventKind.WARM, flag=True))
    pipeline.step(Event(2, 2, EventKind.SINK, name="midi", sink_health=SinkHealth(True)))
    pipeline.step(Event(3, 3, EventKind.HUMAN, act=Act.ARM, by="test"))
    for n, frame in enumerate(frames(WARM + COUNTED)):
        if n == WARM:
            found.clear()
        pipeline.step(Event(4 + n, frame.recv_ns, EventKind.ARRIVAL, stream="mocopi", frame=frame))
    return found


def test_a_gesture_completes_on_every_second_frame(permits):
    assert len(permits) == COUNTED / 2


def test_every_gesture_takes_part(permits):
    assert set(permits) == set(COMMANDS.values())


def test_the_script_finds_as_many(permits):
    peer, state, found = NumpyBuilder(), {row.name: "idle" for row in ROWS}, 0
    for n, frame in enumerate(frames(WARM + COUNTED)):
        peer.on_mocap(frame.quat_xyzw, frame.offset_m, frame.root_m, n * STEP_NS / 1e9)
        completed = sum(detect(row, peer.vector, state) for row in ROWS)
        found += completed if n >= WARM else 0
    assert found == pytest.approx(len(permits), abs=len(ROWS))


def test_the_time_in_a_datagram_is_when_it_was_sent():
    packets = MocopiPackets()
    packet = packets.frame(7, 123_456_789_012)
    assert struct.unpack_from("<d", packet, packets.stamp_at) == (123.456789012,)


def test_an_osc_frame_ends_with_its_number():
    assert OscPackets().frame(4321)[-4:] == struct.pack(">f", 4321.0)


def test_every_command_has_a_note_of_its_own():
    forms = mapping("x").midi
    assert len({form.code for form in forms.values()}) == len(COMMANDS)
