"""Settings: layers in order, and every problem of every file listed at once with its file and key."""

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

import pytest

from airdeck import registry, settings
from airdeck.settings import COMMAND_LINE, RunSettings, SettingsError
from safety.types import Profile


@dataclass(frozen=True, slots=True)
class Inner:
    depth_m: float = 1.0


@dataclass(frozen=True, slots=True)
class Outer:
    port: int = 1
    gain: float = 0.5
    names: tuple[str, ...] = ()
    inner: Inner = field(default_factory=Inner)
    maybe: Inner | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.gain <= 1:
            raise ValueError(f"gain is 0..1, not {self.gain}")


SECTIONS = {"run": "airdeck.settings:RunSettings", "outer": f"{__name__}:Outer"}


@pytest.fixture(autouse=True)
def classes(monkeypatch: pytest.MonkeyPatch) -> None:
    """This file is not importable by name, so its classes are handed over as they are."""
    known = {f"{__name__}:Outer": Outer, "airdeck.settings:RunSettings": RunSettings}
    monkeypatch.setattr(settings, "_resolve", known.__getitem__)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems(files: list[Path], overrides: dict[str, dict[str, object]] | None = None) -> list[tuple[str, str, str]]:
    with pytest.raises(SettingsError) as caught:
        settings.read(files, overrides or {}, SECTIONS)
    return [(Path(found.file).name, found.key, found.what) for found in caught.value.problems]


def test_a_later_file_wins_and_each_key_knows_who_set_it(tmp_path: Path) -> None:
    first = write(tmp_path, "a.toml", '[run]\nlabel = "one"\nprofile = "observe"\n[outer]\nport = 7\n')
    second = write(tmp_path, "b.toml", '[run]\nlabel = "two"\n[outer.inner]\ndepth_m = 3\n')
    read = settings.read([first, second], {"run": {"profile": "rehearse"}}, SECTIONS)
    assert (read.run.label, read.run.profile) == ("two", Profile.REHEARSE)
    assert read.sections["outer"] == Outer(port=7, inner=Inner(3.0))
    assert read.origins == {
        "run.label": str(second),
        "run.profile": COMMAND_LINE,
        "outer.port": str(first),
        "outer.inner.depth_m": str(second),
    }
    assert read.files == (str(first), str(second))


def test_every_problem_of_every_file_is_listed_with_file_and_key(tmp_path: Path) -> None:
    first = write(
        tmp_path, "a.toml", '[run]\nlabel = "no/slash"\nprofle = "live"\n[outer]\nport = "7"\ngain = 2.0\n[foo]\nx = 1\n'
    )
    second = write(tmp_path, "b.toml", '[run]\nprofile = "party"\ntable = "yes"\n[outer]\nnames = [1]\ninner = 5\n')
    third = write(tmp_path, "c.toml", '[run\nlabel = "x"\n')
    found = problems([first, second, third], {"outer": {"volume": 11}})
    assert {(file, key) for file, key, _ in found} == {
        ("a.toml", "run.label"),
        ("a.toml", "run.profle"),
        ("a.toml", "outer.port"),
        ("a.toml", "outer.gain"),
        ("a.toml", "foo"),
        ("b.toml", "run.profile"),
        ("b.toml", "run.table"),
        ("b.toml", "outer.names.0"),
        ("b.toml", "outer.inner"),
        ("c.toml", ""),
        (COMMAND_LINE, "outer.volume"),
    }


def test_an_unknown_key_is_answered_with_the_nearest_known_one(tmp_path: Path) -> None:
    [(_, key, what)] = problems([write(tmp_path, "a.toml", '[run]\nprofil = "live"\n')])
    assert (key, what) == ("run.profil", "unknown key (did you mean profile?)")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_number_that_is_not_finite_is_refused(tmp_path: Path, value: str) -> None:
    [(_, key, what)] = problems([write(tmp_path, "a.toml", f"[outer]\ngain = {value}\n")])
    assert (key, what) == ("outer.gain", "is not a finite number")


@pytest.mark.parametrize("line", ['port = "1"', "port = 1.0", "port = true", 'gain = "0.5"', 'names = "one"'])
def test_a_value_of_another_type_is_refused_and_not_converted(tmp_path: Path, line: str) -> None:
    [(file, key, _)] = problems([write(tmp_path, "a.toml", f"[outer]\n{line}\n")])
    assert (file, key) == ("a.toml", f"outer.{line.partition(' ')[0]}")


def test_an_unknown_key_inside_an_optional_table_is_found(tmp_path: Path) -> None:
    [(_, key, _)] = problems([write(tmp_path, "a.toml", "[outer.maybe]\ndepth = 1.0\n")])
    assert key == "outer.maybe.depth"


def test_a_file_that_is_missing_or_not_text_is_a_problem_of_that_file(tmp_path: Path) -> None:
    raw = tmp_path / "raw.toml"
    raw.write_bytes(b"\xff\xfe")
    found = problems([tmp_path / "none.toml", raw])
    assert [file for file, _, _ in found] == ["none.toml", "raw.toml"]
    assert "No such file" in found[0][2]


def test_a_section_that_is_not_a_table_is_a_problem(tmp_path: Path) -> None:
    assert problems([write(tmp_path, "a.toml", "run = 1\n")])[0][1] == "run"


def test_the_shipped_defaults_load_and_are_a_dry_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    read = settings.load()
    assert (read.run.profile, read.run.sources, read.run.sinks) == (Profile.DRY_RUN, (), ("dry-run",))


def test_the_users_file_and_config_file_come_after_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    settings.user_file().parent.mkdir(parents=True)
    settings.user_file().write_text('[run]\nlabel = "mine"\nprofile = "observe"\n')
    given = write(tmp_path, "given.toml", '[run]\nprofile = "rehearse"\n')
    read = settings.load(given, {"run": {"table": False}})
    assert (read.run.label, read.run.profile, read.run.table) == ("mine", Profile.REHEARSE, False)
    assert read.origins["run.label"] == str(settings.user_file())


def test_no_section_of_the_settings_belongs_to_the_gate() -> None:
    assert not any("safety" in target for target in (settings.SECTIONS | registry.sections()).values())


def test_the_shipped_file_says_what_the_dataclasses_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    shipped = tomllib.loads(settings.config_file(settings.FILE_NAME).read_text(encoding="utf-8"))
    assert set(shipped) == set(settings.all_sections())
    for section, target in settings.all_sections().items():
        cls = settings._resolve(target)
        said = {key: tuple(value) if isinstance(value, list) else value for key, value in shipped[section].items()}
        assert said == {item.name: getattr(cls(), item.name) for item in fields(cls)}, section
