"""A library of the user's own: adopted when it is sound, kept version by version, undone step by step."""

from pathlib import Path

import pytest

from airdeck import assembly, doctor, library_file
from airdeck.gestures.library import LibraryError
from airdeck.settings import config_file

SHIPPED = config_file(library_file.NAME)


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config folder that does not exist yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return library_file.user_file().parent


def version(tmp_path: Path, hint: str) -> Path:
    file = tmp_path / f"{hint}.toml"
    file.write_text(SHIPPED.read_text("utf-8").replace("Raise the hand straight up", hint, 1), "utf-8")
    return file


def used() -> str:
    """The first word of the raise's hint, in the library in use."""
    return assembly.read_library(1).by_id["left.raise"].hint.split()[0]


def test_without_one_of_the_users_own_the_shipped_library_is_in_use() -> None:
    assert library_file.in_use() == SHIPPED
    assert used() == "Raise"


def test_an_adopted_library_is_what_the_deck_reads(tmp_path: Path) -> None:
    library_file.adopt(version(tmp_path, "First"))
    assert used() == "First"


def test_undo_goes_back_version_by_version_to_the_shipped_one(tmp_path: Path) -> None:
    for name in ("First", "Second", "Third"):
        library_file.adopt(version(tmp_path, name))
    seen = [used()]
    for _ in range(3):
        library_file.undo()
        seen.append(used())
    assert seen == ["Third", "Second", "First", "Raise"]


def test_with_nothing_of_the_users_own_there_is_nothing_to_undo() -> None:
    with pytest.raises(FileNotFoundError):
        library_file.undo()


def test_what_was_undone_can_be_adopted_again(tmp_path: Path, config: Path) -> None:
    library_file.adopt(version(tmp_path, "First"))
    library_file.undo()
    library_file.adopt(config / "gestures.toml.undone")
    assert used() == "First"


def test_a_library_with_a_problem_is_not_adopted(tmp_path: Path) -> None:
    library_file.adopt(version(tmp_path, "First"))
    broken = tmp_path / "broken.toml"
    broken.write_text("[[gesture]]\n", "utf-8")
    with pytest.raises(LibraryError, match=r"broken\.toml"):
        library_file.adopt(broken)
    assert used() == "First"


def test_only_so_many_versions_are_kept(tmp_path: Path, config: Path) -> None:
    for number in range(library_file.KEPT + 3):
        library_file.adopt(version(tmp_path, f"Number{number}"))
    kept = {path.name for path in config.iterdir()}
    assert kept == {library_file.NAME, *(f"{library_file.NAME}.{n}" for n in range(1, library_file.KEPT + 1))}


def test_an_adopted_change_is_not_promoted(tmp_path: Path) -> None:
    """Whoever edits the raise proves it anew: the promotion is bound to what was proved."""
    file = tmp_path / "longer.toml"
    file.write_text(SHIPPED.read_text("utf-8").replace("hold_ms = 450", "hold_ms = 460", 1), "utf-8")
    library_file.adopt(file)
    changed, promotions = assembly.read_library(1), assembly.read_promotions()
    assert changed.by_id["left.raise"].content_hash != promotions["left.raise"].hash


def test_the_doctor_says_which_library_is_in_use(tmp_path: Path) -> None:
    assert str(SHIPPED) in next(iter(doctor.CHECKS["gestures"]())).text
    library_file.adopt(version(tmp_path, "First"))
    assert str(library_file.user_file()) in next(iter(doctor.CHECKS["gestures"]())).text


def test_the_doctor_names_what_is_wrong_with_it_and_how_to_go_back(config: Path) -> None:
    config.mkdir(parents=True)
    library_file.user_file().write_text("[[gesture]]\n", "utf-8")
    findings = list(doctor.CHECKS["gestures"]())
    assert {finding.level for finding in findings} == {doctor.Level.BAD}
    assert any("id is missing" in finding.text for finding in findings)
    assert all("airdeck gestures undo" in finding.fix for finding in findings)
