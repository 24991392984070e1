"""The table of the 128 slots is the one source: complete, unambiguous, and any edit of it shows in the fingerprint."""

import dataclasses

import numpy as np
import pytest

from dynamics import schema
from dynamics.schema import INDEX, SLICES, SLOTS, TABLE


def test_the_table_has_128_rows_of_different_names():
    assert len(TABLE) == SLOTS == 128
    assert len({slot.name for slot in TABLE}) == 128


def test_the_slices_cover_every_slot_once_and_in_order():
    covered = [i for part in SLICES.values() for i in range(part.start, part.stop)]
    assert covered == list(range(SLOTS))


@pytest.mark.parametrize(
    ("part", "start", "stop"),
    [
        ("z", 0, 32), ("dz", 32, 64), ("geometry", 64, 69), ("rhythm", 69, 72), ("posture", 72, 76), ("mocopi", 76, 100),
        ("pocket", 100, 102), ("watch", 102, 104), ("pose_stats", 104, 110), ("modality_mask", 110, 111), ("ages", 111, 115),
        ("confidences", 115, 119), ("tempo_confidence", 119, 120), ("deck", 120, 121), ("hands", 121, 123), ("phase", 123, 125),
        ("lock", 125, 128),
    ],
)  # fmt: skip
def test_a_part_lies_where_the_layout_puts_it(part, start, stop):
    assert (SLICES[part].start, SLICES[part].stop) == (start, stop)


def test_the_index_finds_every_row_by_its_name():
    assert [TABLE[INDEX[slot.name]] for slot in TABLE] == list(TABLE)


def test_a_rate_follows_its_coordinate_32_slots_later():
    for i in range(32):
        assert TABLE[i + 32].name == f"d_{TABLE[i].name}"
        assert TABLE[i + 32].unit == f"{TABLE[i].unit}/s"
        assert TABLE[i + 32].scale == TABLE[i].scale


def test_every_left_coordinate_has_a_right_one_of_the_same_row():
    for slot in TABLE[:64]:
        if "l_" not in slot.name[:4]:
            continue
        other = TABLE[INDEX[slot.name.replace("l_", "r_", 1)]]
        assert (other.unit, other.low, other.high, other.scale, other.noise) == (
            slot.unit,
            slot.low,
            slot.high,
            slot.scale,
            slot.noise,
        )


def test_every_rest_value_lies_within_its_range():
    assert np.all(schema.LOW < schema.HIGH)
    assert np.all((schema.LOW <= schema.REST) & (schema.REST <= schema.HIGH))


def test_every_row_names_unit_and_producer_and_has_a_scale():
    assert all(slot.unit and slot.producer and slot.scale > 0.0 and slot.noise >= 0.0 for slot in TABLE)


@pytest.mark.parametrize("field", ["name", "unit", "low", "high", "producer", "scale", "noise", "rest"])
def test_the_fingerprint_changes_with_each_field_of_a_row(field, monkeypatch):
    before = schema.fingerprint()
    assert before == schema.FINGERPRINT
    was = getattr(TABLE[40], field)
    edited = dataclasses.replace(TABLE[40], **{field: was + "x" if isinstance(was, str) else was + 0.25})
    monkeypatch.setattr(schema, "TABLE", (*TABLE[:40], edited, *TABLE[41:]))
    assert schema.fingerprint() != before


def test_the_fingerprint_changes_with_the_layout_name_and_the_order_of_rows(monkeypatch):
    monkeypatch.setattr(schema, "LAYOUT", "airdeck.dynamics128/2")
    renamed = schema.fingerprint()
    monkeypatch.undo()
    monkeypatch.setattr(schema, "TABLE", (TABLE[1], TABLE[0], *TABLE[2:]))
    assert len({renamed, schema.fingerprint(), schema.FINGERPRINT}) == 3


def test_the_fingerprint_does_not_change_with_a_note(monkeypatch):
    monkeypatch.setattr(schema, "TABLE", (dataclasses.replace(TABLE[0], note="other words"), *TABLE[1:]))
    assert schema.fingerprint() == schema.FINGERPRINT


def test_the_columns_are_the_tables_and_cannot_be_written():
    assert list(schema.REST) == [slot.rest for slot in TABLE]
    with pytest.raises(ValueError, match="read-only"):
        schema.REST[0] = 1.0


def test_the_json_schema_describes_every_number():
    items = schema.json_schema()["prefixItems"]
    assert isinstance(items, list)
    assert [(item["title"], item["minimum"], item["x-unit"]) for item in items] == [(s.name, s.low, s.unit) for s in TABLE]


def test_the_markdown_has_one_line_for_each_slot():
    lines = schema.markdown().splitlines()[2:]
    assert [line.split(" | ")[1] for line in lines] == [slot.name for slot in TABLE]
