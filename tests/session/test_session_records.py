"""Every kind of record comes back from its line as it was, missing numbers included."""

from dataclasses import fields, replace

import msgspec
import numpy as np
import pytest
import session_samples as samples

from airdeck.events import Event
from airdeck.gestures.phrase import Evidence
from airdeck.session import records
from airdeck.session.encode import FRAME_STREAM
from airdeck.session.layout import STREAMS
from airdeck.session.mirror import NAN, Mirror
from dynamics.frames import Frame
from safety.types import ArmState


def same(left: object, right: object) -> bool:
    """Equal, NaN equal to NaN, arrays bit for bit."""
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return left == right or (left != left and right != right)


def differences(left: object, right: object) -> list[str]:
    return [f.name for f in fields(left) if not same(getattr(left, f.name), getattr(right, f.name))]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", samples.FRAMES)
def test_a_frame_comes_back_bit_for_bit(name: str) -> None:
    frame: Frame = samples.FRAMES[name]
    stream, record_of = FRAME_STREAM[type(frame)]
    line = msgspec.json.encode(record_of(frame, 9))
    record = msgspec.json.decode(line, type=STREAMS[stream].record)
    assert record.event_seq == 9
    assert differences(frame, record.frame()) == []


def test_a_missing_number_is_null_on_disk() -> None:
    line = msgspec.json.encode(records.WatchRecord.of(samples.watch(), 1))
    assert b'"gravity_mps2":[null,null,null]' in line


def test_an_infinite_number_comes_back_missing() -> None:
    array = np.array([np.inf, 1.0], dtype=np.float32)
    back = records.array_of(msgspec.json.decode(msgspec.json.encode(records.short_numbers(array))), 2)
    assert np.isnan(back[0])
    assert back[1] == 1.0


def test_any_float32_is_written_with_digits_enough() -> None:
    bits = np.random.default_rng(5).integers(0, 1 << 32, 20_000, dtype=np.uint32)
    array = bits.view(np.float32)
    array = array[np.isfinite(array)]
    back = records.array_of(msgspec.json.decode(msgspec.json.encode(records.short_numbers(array))), -1)
    assert back.tobytes() == array.tobytes()


def test_numbers_of_body_size_are_written_short() -> None:
    array = np.random.default_rng(5).uniform(0.1, 2.0, 1_000).astype(np.float32)
    assert len(msgspec.json.encode(records.short_numbers(array))) < 12 * 1_000


MIRRORS: dict[str, tuple[Mirror, object]] = {
    "gesture": (records.GESTURE, samples.gesture()),
    "proposal": (records.PROPOSAL, samples.verdict(5).proposal),
    "sent": (records.SENT, samples.sent(5)),
    "arming": (records.ARMING, samples.transition()),
}


@pytest.mark.parametrize("name", MIRRORS)
def test_what_the_step_answers_comes_back(name: str) -> None:
    kind, value = MIRRORS[name]
    back = kind.restore(msgspec.json.decode(msgspec.json.encode(kind.of(value)), type=kind.struct))
    assert differences(value, back) == []


def test_a_gesture_of_a_folder_from_before_there_were_phrases_opens_without_one() -> None:
    line = (
        b'{"seq":4,"t_ns":40,"gesture":"left.raise","phase":"completed","deck":1,"confidence":0.9,"onset_ns":30,'
        b'"capture_ns":38,"evidence":[["wrist_y",1.1],["odd",null]],"why":""}'
    )
    back = records.GESTURE.restore(msgspec.json.decode(line, type=records.GESTURE.struct))
    assert differences(replace(samples.gesture(), evidence=back.evidence, phrase=None), back) == []


def test_no_part_of_the_sample_phrase_is_at_its_default() -> None:
    """Else a part that is lost on the way would not be missed."""
    phrase = samples.phrase()
    parts = [phrase, phrase.timing, phrase.intent, phrase.policy, phrase.zones[0], phrase.evidence[0]]
    assert [f.name for part in parts for f in fields(part) if getattr(part, f.name) == f.default] == []  # type: ignore[arg-type]


def test_a_missing_number_in_a_phrase_comes_back_missing() -> None:
    odd = Evidence(values=(("odd", NAN),), age_ms=NAN)
    kept = replace(samples.gesture(), phrase=replace(samples.phrase(), evidence=(odd,)))
    line = msgspec.json.encode(records.GESTURE.of(kept))
    (back,) = records.GESTURE.restore(msgspec.json.decode(line, type=records.GESTURE.struct)).phrase.evidence
    assert np.isnan([back.age_ms, back.values[0][1]]).all()


def test_a_word_that_no_phrase_has_is_refused() -> None:
    line = msgspec.json.encode(records.GESTURE.of(samples.gesture())).replace(b'"leaning"', b'"dancing"')
    with pytest.raises(msgspec.ValidationError, match=r"phrase\.body"):
        msgspec.json.decode(line, type=records.GESTURE.struct)


def test_a_decision_comes_back_with_its_permit_as_a_record() -> None:
    verdict = samples.verdict(5, permitted=True)
    line = msgspec.json.encode(records.GATE.of(verdict, permitted=True, prev="0"))
    record = msgspec.json.decode(line, type=records.GATE.struct)
    assert differences(verdict.proposal, records.PROPOSAL.restore(record.proposal)) == []
    assert (record.permit.command, record.permit.expires_ns, record.arm_state) == ("deck1.play_pause", 200, ArmState.ARMED)


def test_the_reasons_of_a_refusal_come_back_in_order() -> None:
    line = msgspec.json.encode(records.GATE.of(samples.verdict(5), permitted=False, prev="0"))
    record = msgspec.json.decode(line, type=records.GATE.struct)
    assert (record.reasons, record.permit) == (samples.verdict(5).reasons, None)


@pytest.mark.parametrize("event", [samples.human(3), samples.sink_event(4)])
def test_an_event_without_frame_comes_back(event: Event) -> None:
    line = msgspec.json.encode(records.EventRecord.of(event))
    assert msgspec.json.decode(line, type=records.EventRecord).event() == event


def test_every_field_of_an_event_has_a_place() -> None:
    kept = set(records.EventRecord.__struct_fields__) - {"ref"}
    assert {f.name for f in fields(Event)} - {"frame"} == kept


@pytest.mark.parametrize("name", samples.FRAMES)
def test_every_field_of_a_frame_has_a_place(name: str) -> None:
    frame = samples.FRAMES[name]
    stream, _ = FRAME_STREAM[type(frame)]
    assert len(fields(frame)) + 1 == len(STREAMS[stream].record.__struct_fields__)


def test_the_mask_begins_with_slot_0() -> None:
    valid = np.zeros(128, dtype=np.bool_)
    valid[[0, 5, 127]] = True
    text = records.mask_hex(valid)
    assert text == "84" + "0" * 29 + "1"
    record = records.DynamicsRecord(t_ns=1, seq=1, v=[0.0] * 128, mask=text, producer="p")
    assert np.array_equal(record.valid(), valid)


@pytest.mark.parametrize("stream", STREAMS)
def test_every_record_has_a_json_schema(stream: str) -> None:
    schema = msgspec.json.schema(STREAMS[stream].record)
    assert schema["$defs"][STREAMS[stream].record.__name__]["properties"]
