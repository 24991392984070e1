"""The pose worker's messages."""

import numpy as np
import pytest

from bridges.sources.pose_wire import (
    HEADER,
    PAYLOAD_BYTES,
    TEXT_BYTES,
    Decoder,
    Header,
    MessageKind,
    PoseBuffer,
    WireError,
    encode,
    unpack_pose,
)


def two_messages() -> bytes:
    return encode(Header(MessageKind.ERROR, seq=3), b"why") + encode(Header(MessageKind.END, seq=4))


def test_a_stream_split_anywhere_gives_the_same_messages() -> None:
    data = two_messages()
    for cut in range(1, len(data)):
        decoder = Decoder()
        messages = [*decoder.feed(data[:cut]), *decoder.feed(data[cut:])]
        told = [(message.header.kind, message.header.seq, message.text) for message in messages]
        assert told == [(MessageKind.ERROR, 3, "why"), (MessageKind.END, 4, "")], cut


def test_every_field_of_the_header_survives() -> None:
    header = Header(MessageKind.DARK, 1, 2**60, 2.5, 30.0, 0.25, 4, 5, 6, 7, 640, 480, 2, 9)
    (message,) = Decoder().feed(encode(header))
    assert message.header == header


def test_the_arrays_of_the_persons_seen_survive() -> None:
    buffer = PoseBuffer()
    buffer.image[0], buffer.world[0], buffer.hands[0] = 1.0, 2.0, 3.0
    (message,) = Decoder().feed(encode(Header(persons=1), buffer.flat.tobytes()))
    image, world, hands = unpack_pose(message)
    assert (image.shape, world.shape, hands.shape) == ((1, 33, 4), (1, 33, 3), (1, 2))
    assert (image == 1.0).all() and (world == 2.0).all() and (hands == 3.0).all()
    assert image.dtype == np.float32


def test_a_picture_with_nobody_has_empty_arrays() -> None:
    (message,) = Decoder().feed(encode(Header(persons=0), PoseBuffer().flat.tobytes()))
    assert [len(array) for array in unpack_pose(message)] == [0, 0, 0]


def test_a_count_of_persons_that_cannot_be_is_cut() -> None:
    (message,) = Decoder().feed(encode(Header(persons=60000), PoseBuffer().flat.tobytes()))
    assert len(unpack_pose(message)[0]) == 2


@pytest.mark.parametrize("at", [0, 4, 6], ids=["magic", "version", "kind"])
def test_a_stream_that_is_not_ours_is_refused(at: int) -> None:
    data = bytearray(two_messages())
    data[at] ^= 0x7F
    with pytest.raises(WireError):
        list(Decoder().feed(bytes(data)))


def test_a_text_longer_than_its_field_is_cut() -> None:
    (message,) = Decoder().feed(encode(Header(MessageKind.READY), b"x" * 2 * TEXT_BYTES))
    assert message.text == "x" * TEXT_BYTES


def test_every_kind_has_a_fixed_size() -> None:
    assert {kind: len(encode(Header(kind))) - HEADER.size for kind in MessageKind} == PAYLOAD_BYTES
