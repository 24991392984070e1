"""The frames between deck and writer: whole, in pieces, and foreign bytes."""

import pytest

from bridges.sinks.frames import SIZE, Frame, FrameError, FrameReader, Kind, pack, pack_text, unpack

SEND = Frame(Kind.SEND, 0, 1, 2**63, 0.25, 10, 20, 30, 2**62)


def test_a_frame_is_56_bytes_and_comes_back_as_it_was():
    assert len(pack(SEND)) == SIZE == 56
    assert unpack(pack(SEND)) == SEND


@pytest.mark.parametrize("cut", range(1, 2 * SIZE))
def test_frames_cut_at_any_byte_are_put_together(cut):
    data = pack(SEND) + pack(Frame(Kind.HEARTBEAT, t_ns=5))
    reader = FrameReader()
    frames = [*reader.feed(data[:cut]), *reader.feed(data[cut:])]
    assert frames == [SEND, Frame(Kind.HEARTBEAT, t_ns=5)]


def test_a_sentence_of_any_length_travels_as_text():
    sentence = "no MIDI port matches 'Käfer'. Ports: " + "x" * 100
    frames = list(FrameReader().feed(pack_text(sentence)))
    assert b"".join(frame.text for frame in frames).decode() == sentence


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_wrong_magic_version_or_kind_is_an_error(place):
    data = bytearray(pack(SEND))
    data[place] ^= 0xFF
    with pytest.raises(FrameError):
        unpack(data)
