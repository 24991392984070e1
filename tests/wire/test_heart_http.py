"""HeartIO and Health Data Server: one heart rate a message, or the reason why not."""

import math
from typing import Any

import pytest

from bridges.wire.heart_http import MAX_QUERY_BYTES, HeartDecoder, HeartError
from dynamics.frames import WatchSample

T = 5_000_000_000


def told(method: str, message: Any) -> tuple[HeartError | None, list[WatchSample]]:
    out: list[WatchSample] = []
    return getattr(HeartDecoder("left"), method)(message, T, out), out


@pytest.mark.parametrize(
    ("method", "message", "bpm"),
    [
        ("query", b"bpm=72", 72.0),
        ("query", b"name=me&bpm=71.5", 71.5),
        ("query", b"bpm=25", 25.0),
        ("query", b"bpm=250", 250.0),
        ("body", b'{"data":"heartRate:72"}', 72.0),
        ("body", b'{"other":[1],"data":"heartRate:71.5"}', 71.5),
        ("text", "heartRate:101", 101.0),
        ("text", "heartRate: 88 ", 88.0),
    ],
)
def test_a_heart_rate_becomes_a_watch_frame_of_its_arrival(method: str, message: Any, bpm: float) -> None:
    error, frames = told(method, message)
    assert (error, [frame.heart_rate_bpm for frame in frames]) == (None, [bpm])
    assert (frames[0].capture_ns, frames[0].recv_ns, frames[0].seq, frames[0].side) == (T, T, 1, "left")


@pytest.mark.parametrize("value", ["0", "", "24.9", "250.1", "-72", "5000", "0.0"])
def test_zero_nothing_and_what_no_heart_does_is_missing_and_not_a_slow_heart(value: str) -> None:
    for method, message in (("query", f"bpm={value}".encode()), ("text", f"heartRate:{value}")):
        error, frames = told(method, message)
        assert (error, len(frames)) == (None, 1)
        assert math.isnan(frames[0].heart_rate_bpm)


@pytest.mark.parametrize(
    ("method", "message", "reason"),
    [
        ("query", b"", HeartError.NO_BPM),
        ("query", b"BPM=72", HeartError.NO_BPM),
        ("query", b"xbpm=72", HeartError.NO_BPM),
        ("query", b"a=" + b"b" * MAX_QUERY_BYTES + b"&bpm=72", HeartError.NO_BPM),
        ("query", b"bpm=fast", HeartError.NUMBER),
        ("query", b"bpm=nan", HeartError.NUMBER),
        ("query", b"bpm=inf", HeartError.NUMBER),
        ("query", b"bpm=" + b"7" * 100, HeartError.NUMBER),
        ("query", b"bpm=%37%32", HeartError.NUMBER),
        ("body", b"heartRate:72", HeartError.NOT_JSON),
        ("body", b'{"data":72}', HeartError.NOT_JSON),
        ("body", b"[" * 4000, HeartError.NOT_JSON),
        ("body", b'{"x":' + b"[" * 4000, HeartError.NOT_JSON),
        ("body", b'{"data":"72"}', HeartError.NOT_TYPED),
        ("text", "webClient", HeartError.NOT_TYPED),
        ("text", ":72", HeartError.NOT_TYPED),
        ("text", "a" * 33 + ":72", HeartError.NOT_TYPED),
        ("text", "heartRate:72:73", HeartError.NUMBER),
    ],
)
def test_what_is_no_message_of_the_apps_is_refused_with_its_reason(method: str, message: Any, reason: HeartError) -> None:
    assert told(method, message) == (reason, [])


@pytest.mark.parametrize("message", ["motion:[0.1,0.2]", "calories:12", "stepCount:9", "clientName:watch", "heartrate:72"])
def test_other_types_are_neither_read_nor_refused(message: str) -> None:
    assert told("text", message) == (None, [])


def test_the_three_ways_count_their_frames_in_one_sequence() -> None:
    decoder, out = HeartDecoder(), []
    decoder.query(b"bpm=70", T, out)
    decoder.text("heartRate:71", T + 1, out)
    decoder.body(b'{"data":"heartRate:72"}', T + 2, out)
    assert [(frame.seq, frame.heart_rate_bpm) for frame in out] == [(1, 70.0), (2, 71.0), (3, 72.0)]
