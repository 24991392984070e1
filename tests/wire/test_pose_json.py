"""Pose as JSON datagrams."""

import json

import numpy as np
import pytest

from bridges.wire.frame_order import OrderError
from bridges.wire.pose_json import PoseJsonDecoder, PoseJsonError
from dynamics.frames import SourceKind

MARKS = [{"x": 0.01 * n, "y": 0.5, "z": -0.1, "vis": 0.9} for n in range(33)]


def packet(**changes):
    return json.dumps({"frame": 1, "t": 2.5, "w": 1280, "h": 720, "landmarks": MARKS} | changes).encode()


def read(data, paired=False, **settings):
    out = []
    return out, PoseJsonDecoder(**settings).feed(data, 7, out, paired)


def test_a_datagram_is_one_person_s_pose():
    (frame,), error = read(packet())
    assert error is None
    assert frame.image.shape == (1, 33, 4)
    np.testing.assert_allclose(frame.image[0, 15], [0.15, 0.5, -0.1, 0.9], rtol=1e-6)
    assert (frame.width_px, frame.height_px, frame.device_s, frame.recv_ns) == (1280, 720, 2.5, 7)


def test_it_has_no_world_landmarks_and_no_hands():
    (frame,), _ = read(packet())
    assert frame.world.shape == (1, 33, 3)
    assert np.isnan(frame.world).all()
    assert np.isnan(frame.hand_open).all()


@pytest.mark.parametrize(("paired", "kind"), [(False, SourceKind.NETWORK_POSE), (True, SourceKind.CAMERA)])
def test_it_is_advice_unless_its_sender_is_paired(paired, kind):
    (frame,), _ = read(packet(), paired)
    assert frame.kind is kind


def test_a_member_that_is_not_known_is_skipped():
    assert read(packet(extra={"a": [1, 2]}))[1] is None


def test_one_source_can_be_chosen():
    assert read(packet(source="left"), source="left")[1] is None
    assert read(packet(source="right"), source="left") == ([], PoseJsonError.OTHER_SOURCE)


def test_late_and_duplicate_frames_are_dropped_for_each_source():
    decoder, out = PoseJsonDecoder(), []
    sent = [(5, "a"), (5, "a"), (4, "a"), (1, "b"), (6, "a")]
    errors = [decoder.feed(packet(frame=n, source=s), 7, out) for n, s in sent]
    assert errors == [None, OrderError.DUPLICATE, OrderError.LATE, None, None]


def test_the_sources_that_are_remembered_are_few():
    decoder, out = PoseJsonDecoder(), []
    for n in range(50):
        assert decoder.feed(packet(source=f"s{n}"), 7, out) is None
    assert len(decoder._senders) <= 4


BAD_MARK = [
    {"x": None},
    {"x": "0.5"},
    {"x": 10.5},
    {"y": -11},
    {"z": 1e30},
    {"vis": 1.5},
    {"vis": -0.1},
]


@pytest.mark.parametrize("change", BAD_MARK)
def test_a_bad_landmark_refuses_the_datagram(change):
    marks = [*MARKS[:32], MARKS[32] | change]
    assert read(packet(landmarks=marks)) == ([], PoseJsonError.FORMAT)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        packet(landmarks=MARKS[:32]),
        packet(landmarks=[*MARKS, MARKS[0]]),
        packet(landmarks=None),
        packet(w=0),
        packet(h=1_000_000),
        packet(frame=-1),
        packet(frame=2**60),
        packet(frame=1.5),
        packet(w=640.5),
        packet().replace(b"1280", b"9" * 4000),
        packet(source=5),
        packet(source="x" * 65),
        packet().replace(b"2.5", b"1e999"),
        packet().replace(b"2.5", b"NaN"),
        packet().replace(b"2.5", b"-Infinity"),
        packet().replace(b"0.5", b"1e999", 1),
        packet()[:-1],
        packet() + b"x",
        b'{"a":' * 3000,
        b"[" * 8000,
        b'{"frame":1,"x":' + b"[" * 8000,
    ],
)
def test_what_is_not_the_format_is_refused(data):
    assert read(data) == ([], PoseJsonError.FORMAT)


@pytest.mark.parametrize("t", [1e300, -1e300])
def test_an_absurd_time_only_costs_the_mapping(t):
    (frame,), error = read(packet(t=t))
    assert (error, frame.capture_ns) == (None, 7)
