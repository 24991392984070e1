"""Calibrations on disk: whole or not at all, per performer, and refused with a reason when they are not to be used."""

import json
import math
import os
from pathlib import Path

import msgspec
import pytest

from airdeck.calibration import store
from airdeck.calibration.store import CalibrationError, Numbers, Saved, slug
from airdeck.calibration.use import age_words, choose
from airdeck.session.manifest import read_clocks
from dynamics.calibration import LEVEL, Calibration
from dynamics.frames import SourceKind

FOUND = Calibration(mirror=True, torso_m=0.49, torso_image=0.21, facing_rad=0.2, camera_roll_rad=-0.1)


def record(
    performer: str = "anna", kind: SourceKind = SourceKind.CAMERA, found: Calibration = FOUND, ago_s: float = 0.0
) -> Saved:
    clocks = read_clocks()
    return Saved(
        performer=performer,
        made_utc=clocks.utc,
        made_utc_ns=clocks.utc_ns - round(ago_s * 1e9),
        source=kind.value,
        kind=kind,
        calibration=Numbers.of(found),
        body={"reach_left": 1.6},
        quality=0.8,
    )


def spoilt(path: Path, **changes: object) -> Path:
    """The file with other fields, and a hash that fits them: what another version would have written."""
    saved = store.read(path)
    document = {**msgspec.to_builtins(saved), **changes, "sha256": ""}
    digest = store.digest(msgspec.convert(document, Saved))
    path.write_text(json.dumps({**document, "sha256": digest}))
    return path


def test_what_is_read_is_what_was_saved() -> None:
    path = store.save(record())
    assert store.read(path).calibration.calibration() == FOUND
    assert choose("anna", SourceKind.CAMERA, mirror=False).calibration == FOUND


def test_what_is_not_calibrated_stays_unknown() -> None:
    found = store.read(store.save(record(found=LEVEL))).calibration.calibration()
    assert math.isnan(found.torso_m)
    assert math.isnan(found.mocap_facing_rad)


def test_the_newest_counts_and_the_older_ones_stay() -> None:
    first, second = store.save(record()), store.save(record(found=LEVEL))
    assert first.exists()
    assert store.newest("anna", SourceKind.CAMERA) == second


def test_each_performer_has_their_own() -> None:
    store.save(record("anna"))
    assert choose("ben", SourceKind.CAMERA, mirror=False).saved is None


@pytest.mark.parametrize(
    "name", ["anna", "Änna", "ANNA", "../../etc", "a/b", "a\\b", "con", "日本", "x" * 80, ".", "a b", "anna "]
)
def test_a_name_becomes_one_folder_within_the_state_folder(name: str) -> None:
    path = store.save(record(name))
    assert path.parent.parent == store.folder("anna").parent
    assert path.parent.name == slug(name)
    assert store.read(path).performer == name


def test_no_two_names_share_a_folder() -> None:
    names = ["anna", "Anna", "ANNA", "änna", "anna ", "an na", "an-na", "an_na", "日本", "中国", "x" * 41, "x" * 42]
    assert len({slug(name) for name in names}) == len(names)


def test_a_damaged_file_is_refused_and_the_run_goes_on_uncalibrated() -> None:
    path = store.save(record())
    path.write_bytes(path.read_bytes()[:200])
    used = choose("anna", SourceKind.CAMERA, mirror=True)
    assert (used.calibration, used.saved, used.refused) == (Calibration(mirror=True), None, True)
    [note] = used.notes
    assert str(path) in note
    assert "damaged" in note
    assert "this run goes on without" in note


def test_no_cut_of_a_file_is_taken_for_a_calibration() -> None:
    path = store.save(record())
    data = path.read_bytes()
    for length in range(len(data) - 1):
        path.write_bytes(data[:length])
        if data[:length].rstrip() != data.rstrip():
            with pytest.raises(CalibrationError):
                store.read(path)


def test_no_changed_digit_passes() -> None:
    path = store.save(record())
    text = path.read_text()
    for place in [place for place, mark in enumerate(text) if mark.isdigit()]:
        path.write_text(text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :])
        with pytest.raises(CalibrationError):
            store.read(path)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"layout": "airdeck.dynamics128/2"}, "made for layout 'airdeck.dynamics128/2'"),
        ({"format": "airdeck.calibration/2"}, "written by a later AirDeck"),
        ({"format": "airdeck.calibration/0"}, "written by an earlier AirDeck"),
        ({"format": "airdeck.session/1"}, "no calibration of AirDeck"),
        ({"format": ""}, "no calibration of AirDeck"),
    ],
)
def test_a_file_of_another_layout_or_version_is_refused_with_its_reason(changes: dict[str, object], why: str) -> None:
    spoilt(store.save(record()), **changes)
    used = choose("anna", SourceKind.CAMERA, mirror=False)
    assert used.refused
    assert why in used.why_not
    assert used.calibration == LEVEL


@pytest.mark.parametrize(
    "numbers",
    [{"torso_m": 5.0}, {"torso_m": 0.0}, {"torso_image": -1}, {"camera_roll_rad": 3.0}, {"facing_rad": "left"}, {"wings": 2}],
)
def test_numbers_that_no_body_has_are_refused(numbers: dict[str, object]) -> None:
    path = store.save(record())
    document = json.loads(path.read_text())
    document["calibration"] |= numbers
    path.write_text(json.dumps(document))
    with pytest.raises(CalibrationError, match="damaged"):
        store.read(path)


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"\xff\xfe", b"{" * 100_000, b'{"format": 1}', b" " * 70_000])
def test_garbage_is_refused(data: bytes) -> None:
    path = store.save(record())
    path.write_bytes(data)
    with pytest.raises(CalibrationError):
        store.read(path)


def test_a_file_that_was_copied_from_another_performer_is_refused() -> None:
    path = store.save(record("ben"))
    store.folder("anna").mkdir(parents=True)
    (store.folder("anna") / path.name).write_bytes(path.read_bytes())
    assert "is of 'ben'" in choose("anna", SourceKind.CAMERA, mirror=False).why_not


@pytest.mark.parametrize(
    ("made", "run", "fits"),
    [
        (SourceKind.CAMERA, SourceKind.CAMERA, True),
        (SourceKind.CAMERA, SourceKind.FILE, False),
        (SourceKind.FILE, SourceKind.FILE, True),
        (SourceKind.FILE, SourceKind.CAMERA, False),
        (SourceKind.SYNTHETIC, SourceKind.CAMERA, False),
        (SourceKind.CAMERA, SourceKind.SYNTHETIC, False),
        (SourceKind.SYNTHETIC, SourceKind.SYNTHETIC, True),
    ],
)
def test_a_run_takes_only_what_was_made_with_its_kind_of_source(made: SourceKind, run: SourceKind, fits: bool) -> None:
    store.save(record(kind=made))
    assert (choose("anna", run, mirror=False).saved is not None) is fits


def test_trying_the_demo_does_not_hide_the_calibration_of_the_camera() -> None:
    store.save(record())
    store.save(record(kind=SourceKind.SYNTHETIC, found=LEVEL))
    assert choose("anna", SourceKind.CAMERA, mirror=False).calibration == FOUND


def test_a_run_without_a_camera_has_none() -> None:
    store.save(record())
    assert choose("anna", None, mirror=True).calibration == Calibration(mirror=True)


def test_the_line_for_people_says_age_source_and_what_it_holds() -> None:
    store.save(record(ago_s=3 * 3600.0 + 5.0))
    text = choose("anna", SourceKind.CAMERA, mirror=False).text
    assert text.startswith(
        "anna: calibrated 3 hours ago with camera: mirror on, camera roll -5.7°, facing +11°, torso 0.49 m, "
    )


@pytest.mark.parametrize(
    ("age_s", "words"), [(1, "just now"), (61, "1 minute ago"), (7300, "2 hours ago"), (9e5, "10 days ago")]
)
def test_an_age_is_told_to_the_unit_that_matters(age_s: float, words: str) -> None:
    assert age_words(age_s) == words


def test_a_mirror_setting_that_the_calibration_contradicts_is_said() -> None:
    store.save(record(found=LEVEL))
    used = choose("anna", SourceKind.CAMERA, mirror=True)
    assert used.calibration.mirror is False
    assert "the calibration saw no mirror" in used.notes[0]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root and Windows may write anywhere")
def test_a_folder_that_cannot_be_written_leaves_nothing_behind() -> None:
    there = store.folder("anna")
    there.mkdir(parents=True)
    there.chmod(0o500)
    with pytest.raises(PermissionError):
        store.save(record())
    there.chmod(0o700)
    assert list(there.iterdir()) == []
