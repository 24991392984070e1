"""The registry: names to classes, and errors that say what to write instead."""

import sys

import pytest

from airdeck import registry
from airdeck.registry import RegistryError, Row
from airdeck.streams import STREAMS


@pytest.mark.parametrize(
    ("spec", "name", "arg"),
    [
        ("camera", "camera", ""),
        ("camera:0", "camera", "0"),
        ("camera:clip.mp4", "camera", "clip.mp4"),
        ("camera:C:\\clips\\a.mp4", "camera", "C:\\clips\\a.mp4"),
        ("camera:?", "camera", "?"),
        ("mocopi:12351", "mocopi", "12351"),
    ],
)
def test_a_source_spec_is_a_name_and_what_follows_the_first_colon(spec: str, name: str, arg: str) -> None:
    found = registry.source(spec)
    assert (found.row.name, found.arg, str(found)) == (name, arg, spec)


def test_an_unknown_source_is_answered_with_the_known_ones() -> None:
    with pytest.raises(RegistryError) as caught:
        registry.source("kinect:1")
    assert str(caught.value) == f"unknown source 'kinect'; known: {', '.join(registry.SOURCES)}"


def test_an_unknown_sink_is_answered_with_the_known_ones() -> None:
    with pytest.raises(RegistryError, match="unknown sink 'dmx'; known: dry-run, recording, midi, keys, osc"):
        registry.sink("dmx")


def test_an_argument_where_none_belongs_is_refused() -> None:
    with pytest.raises(RegistryError, match="dry-run takes nothing after the colon, got 'x'"):
        registry.sink("dry-run:x")


@pytest.mark.parametrize("row", registry.SOURCES.values(), ids=lambda row: row.name)
def test_a_row_names_the_driving_stream_of_its_class_or_of_its_paired_senders(row: Row) -> None:
    stream = registry.load(row).stream
    driving = stream if stream in STREAMS and STREAMS[stream].driving else ""
    assert (row.drives, row.if_paired) == (driving, False) or (driving == "" and row.if_paired == bool(row.drives))


def test_a_missing_package_of_an_extra_is_answered_with_the_extra(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needs_zenoh.py").write_text("import zenoh_that_is_not_here\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(RegistryError) as caught:
        registry.load(Row("mesh", "needs_zenoh:Mesh", "", extra="mesh"))
    assert str(caught.value) == "mesh needs the package zenoh_that_is_not_here: pip install 'airdeck[mesh]'"
    sys.modules.pop("needs_zenoh", None)


def test_a_driver_that_this_version_lacks_is_said_so() -> None:
    with pytest.raises(RegistryError, match="lidar is not part of this version of airdeck"):
        registry.load(Row("lidar", "bridges.sources.lidar:Lidar", ""))


def test_a_row_may_point_anywhere() -> None:
    assert registry.load(Row("x", "collections:OrderedDict", "")).__name__ == "OrderedDict"
