"""The lock files: complete, hashed, and without the address of any index."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["runtime.lock", "dev.lock"]
PIN = r"[\w.-]+==[^ ]+( ;.*)?"


def text(lock: str) -> str:
    return (ROOT / "requirements" / lock).read_text("utf-8")


def blocks(lock: str) -> dict[str, str]:
    """Each pin (name==version, with its marker) and its hashes."""
    joined = text(lock).replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]
    return {line.split(" --hash")[0].strip(): line for line in lines}


def names(lock: str) -> set[str]:
    return {canonicalize_name(Requirement(pin).name) for pin in blocks(lock)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_one_version_with_hashes(lock: str) -> None:
    bad = [pin for pin, line in blocks(lock).items() if not re.fullmatch(PIN, pin) or "--hash=sha256:" not in line]
    assert bad == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address_of_an_index_stands_in_it(lock: str) -> None:
    assert not re.search(r"://|--(extra-)?index-url|--find-links|-f ", text(lock))


def test_every_dependency_of_the_project_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {canonicalize_name(Requirement(one).name) for one in project["dependencies"]} <= names("runtime.lock")


def test_the_locked_versions_are_those_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {canonicalize_name(one.name): one.specifier for one in map(Requirement, project["dependencies"])}
    pinned = [Requirement(pin) for pin in blocks("runtime.lock")]
    off = [str(pin) for pin in pinned if pin.name in asked and not asked[pin.name].contains(str(pin.specifier)[2:])]
    assert off == []


def test_the_build_backend_is_locked_at_the_version_the_project_builds_with() -> None:
    built_with = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    assert set(built_with) <= set(blocks("runtime.lock"))


def test_the_developers_lock_holds_the_same_versions() -> None:
    def pins(lock: str) -> set[str]:
        return {pin.split(" ;")[0] for pin in blocks(lock)}

    assert pins("runtime.lock") <= pins("dev.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_nothing_locked_needs_a_compiler(lock: str) -> None:
    """evdev comes as source only; pynput works on X11 without it."""
    assert "evdev" not in names(lock)
