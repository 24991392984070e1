"""What a run is to do, for each profile: settings and command line checked against each other."""

from pathlib import Path

import pytest

from airdeck import plan, settings
from airdeck.exits import MissingError, UsageError
from airdeck.plan import CommandLine, Plan
from bridges.sources.capture_devices import list_cameras
from safety.types import Profile, SinkClass

HAS_CAMERA = bool(list_cameras())


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for kind in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME"):
        monkeypatch.setenv(f"XDG_{kind}", str(tmp_path / kind))


def make(**said: object) -> Plan:
    line = CommandLine(**{"sources": ("synthetic",), **said})  # type: ignore[arg-type]
    return plan.make(settings.load(None, line.overrides()), line)


def specs(found: tuple[object, ...]) -> list[str]:
    return [str(spec) for spec in found]


def test_nothing_said_is_a_dry_run_that_is_not_armed_and_has_no_end() -> None:
    made = make()
    assert (made.profile, specs(made.sinks), made.arm, made.for_s) == (Profile.DRY_RUN, ["dry-run"], False, float("inf"))


def test_a_dry_run_with_another_sink_still_shows() -> None:
    assert specs(make(sinks=("midi:virtual",)).sinks) == ["dry-run", "midi:virtual"]


def test_rehearsal_sinks_are_those_of_the_command_line() -> None:
    made = make(profile="rehearse", sinks=("midi:virtual",), arm=True)
    assert specs(made.sinks) == ["midi:virtual"]
    assert made.gate_sink("midi:virtual", SinkClass.MIDI).rehearsal
    assert not made.gate_sink("dry-run", SinkClass.DRY_RUN).rehearsal


def test_rehearsal_does_not_take_its_sinks_from_a_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('[run]\nprofile = "rehearse"\nsinks = ["midi:virtual"]\n')
    line = CommandLine(sources=("synthetic",))
    with pytest.raises(UsageError, match="named on the command line"):
        plan.make(settings.load(file, line.overrides()), line)


def test_live_from_a_settings_file_is_not_armed_by_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('[run]\nprofile = "live"\n')
    line = CommandLine(arm=True)
    with pytest.raises(UsageError, match="--arm is not for the live profile"):
        plan.make(settings.load(file, line.overrides()), line)


@pytest.mark.parametrize("source", ["synthetic", "camera:clip.mp4", "camera:CLIP.MOV"])
def test_live_refuses_a_source_that_is_not_live(source: str) -> None:
    with pytest.raises(UsageError, match="live takes live sources only"):
        make(profile="live", sources=(source,), sinks=("midi:virtual",))


def test_live_refuses_a_file_that_the_settings_name_as_the_camera(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('[camera]\ndevice = "clip.mp4"\n')
    line = CommandLine(profile="live", sources=("camera",), sinks=("midi:virtual",))
    with pytest.raises(UsageError, match="not camera"):
        plan.make(settings.load(file, line.overrides()), line)


def test_live_needs_a_camera_among_its_sources() -> None:
    with pytest.raises(MissingError, match="add --source camera"):
        make(profile="live", sources=("mocopi",), sinks=("midi:virtual",))


def test_live_needs_a_sink_that_reaches_something() -> None:
    with pytest.raises(UsageError, match="name its sink"):
        make(profile="live", sources=("camera:0",), sinks=("dry-run", "recording"))


def test_live_takes_one_way_to_rekordbox_because_two_toggles_cancel_each_other() -> None:
    with pytest.raises(UsageError, match="cancel each other"):
        make(profile="live", sources=("camera:0",), sinks=("midi:virtual", "keys"))


def test_live_with_camera_and_sink_is_a_plan_without_rehearsal_rights() -> None:
    made = make(profile="live", sources=("camera:0", "mocopi"), sinks=("midi:virtual",))
    assert (made.profile, specs(made.sources), made.arm) == (Profile.LIVE, ["camera:0", "mocopi"], False)


@pytest.mark.parametrize(
    ("sources", "stream"),
    [
        (("camera:0", "camera:1"), "camera"),
        (("camera:0", "synthetic"), "camera"),
        (("mocopi", "vmc"), "mocopi"),
        (("vmc:39539", "vmc:39540"), "mocopi"),
    ],
)
def test_two_sources_of_one_driving_stream_are_refused_with_both_names(sources: tuple[str, str], stream: str) -> None:
    with pytest.raises(UsageError, match=f"{sources[0]} and {sources[1]} both give the stream {stream}"):
        make(sources=sources)


def test_a_body_from_the_network_counts_as_a_second_performer_once_its_sender_is_paired(tmp_path: Path) -> None:
    assert specs(make(sources=("camera:0", "pose-json", "mocopi", "lumm")).sources)[1:] == ["pose-json", "mocopi", "lumm"]
    file = tmp_path / "own.toml"
    file.write_text('[lumm]\npaired = ["192.0.2.7"]\n')
    line = CommandLine(sources=("mocopi", "lumm"))
    with pytest.raises(UsageError, match="mocopi and lumm both give the stream mocopi"):
        plan.make(settings.load(file, line.overrides()), line)


@pytest.mark.skipif(HAS_CAMERA, reason="this machine has a camera")
@pytest.mark.parametrize(
    ("profile", "sinks", "demo"),
    [
        ("dry-run", (), True),
        ("observe", (), True),
        ("rehearse", ("recording",), True),
        ("rehearse", ("midi:virtual",), False),
        ("rehearse", ("recording", "keys"), False),
        ("dry-run", ("osc:127.0.0.1:9",), False),
    ],
)
def test_without_a_camera_the_demo_plays_only_where_nothing_can_be_reached(
    profile: str, sinks: tuple[str, ...], demo: bool
) -> None:
    if demo:
        assert make(profile=profile, sources=(), sinks=sinks).plays_demo
    else:
        with pytest.raises(MissingError, match=f"nothing to see for {sinks[-1]}: .*--source synthetic for the demo"):
            make(profile=profile, sources=(), sinks=sinks)


def test_the_demo_plays_into_a_real_sink_when_it_is_asked_for_by_name() -> None:
    assert make(profile="rehearse", sources=("synthetic",), sinks=("midi:virtual",)).plays_demo


@pytest.mark.parametrize(("for_s", "good"), [(0.0, False), (-0.001, False), (0.001, True), (20.0, True), (float("inf"), False)])
def test_a_run_lasts_longer_than_nothing_and_not_for_ever_by_number(for_s: float, good: bool) -> None:
    if good:
        assert make(for_s=for_s).for_s == for_s
    else:
        with pytest.raises(UsageError, match="seconds greater than 0"):
            make(for_s=for_s)


def test_the_demo_is_known_as_such() -> None:
    assert make().plays_demo
    assert not make(sources=("camera:clip.mp4",)).plays_demo
