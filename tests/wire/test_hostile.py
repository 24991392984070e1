"""Damaged and hostile packets of every wire format: nothing is raised, no number that is not finite comes out."""

import random

import pytest

from tests.wire.corpus import CORPUS, STEP_NS, mutate

MUTATED = 4000
"""Per format; `bench/fuzz.py` runs a million."""
PER_DECODER = 200


def feed(codec, decoder, packet, recv_ns):
    if len(packet) <= codec.max_bytes:
        for frame in codec.feed(decoder, packet, recv_ns):
            assert codec.sane(frame), packet.hex()


@pytest.mark.parametrize("name", CORPUS)
def test_every_valid_packet_is_within_its_port_s_size(name):
    assert max(map(len, CORPUS[name].valid)) <= CORPUS[name].max_bytes


@pytest.mark.parametrize("name", CORPUS)
def test_damaged_packets_raise_nothing_and_give_sane_frames(name):
    codec, rng = CORPUS[name], random.Random(name)
    for n in range(MUTATED):
        if n % PER_DECODER == 0:
            decoder = codec.make()
        packet = rng.choice(codec.valid)
        feed(codec, decoder, packet if n % 5 == 0 else mutate(rng, packet, codec.valid), n * STEP_NS)


@pytest.mark.parametrize("name", CORPUS)
def test_packets_made_to_break_something_raise_nothing(name):
    codec = CORPUS[name]
    decoder = codec.make()
    for n in range(3):
        for packet in (*codec.hostile, *codec.valid):
            feed(codec, decoder, packet[: codec.max_bytes], n * STEP_NS)


@pytest.mark.parametrize("name", CORPUS)
def test_packets_cut_off_anywhere_raise_nothing(name):
    codec = CORPUS[name]
    decoder = codec.make()
    packet = codec.valid[0]
    for end in range(0, len(packet), 1 + len(packet) // 700):
        feed(codec, decoder, packet[:end], end * STEP_NS)
