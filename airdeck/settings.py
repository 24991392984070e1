"""Settings: TOML files into the frozen dataclasses beside each driver, every problem listed at once with file and key.

Later layers win: the defaults shipped with the package, the user's file, `--config`, the command line. Safety limits are
not settings: no key here can loosen the gate.
"""

import dataclasses
import difflib
import functools
import importlib
import json
import math
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safety.types import Profile

from . import paths
from .exits import UsageError

FILE_NAME = "airdeck.toml"
PROMOTIONS_FILE = "promotions.toml"
"""Which gestures are live-safe: beside the settings, and none of them."""
COMMAND_LINE = "command line"
NAME_CHARS = 80
"""Longest name of a performer."""
Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """[run]: what `airdeck run` does when the command line says nothing."""

    profile: Profile = Profile.DRY_RUN
    """observe, dry-run, rehearse or live."""
    sources: tuple[str, ...] = ()
    """NAME or NAME:ARG; none: the chosen camera if there is one, else the demo performer (never in live)."""
    sinks: tuple[str, ...] = ("dry-run",)
    """NAME or NAME:ARG."""
    label: str = "set"
    """Ends the name of the session folder."""
    session_dir: str = ""
    """Where sessions go; empty: the user's data folder."""
    control: str = ""
    """Path of the control socket; empty: control.sock in the user's runtime folder."""
    table: bool = True
    """A live table when the output is a terminal; else JSON logs."""

    def __post_init__(self) -> None:
        if not self.label or not all(mark.isalnum() or mark in "-_" for mark in self.label):
            raise ValueError(f"label is letters, digits, - and _, not {self.label!r}")


@dataclass(frozen=True, slots=True)
class PerformerSettings:
    """[performer]: who stands there, and how much they have learned."""

    name: str = "default"
    """Whose calibration is used."""
    mirror: bool = False
    """The camera's picture is a mirror image: left and right change places. A calibration knows better, and counts."""
    tier: int = 1
    """Gestures of tiers 1 to this are looked for."""

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable() or len(self.name) > NAME_CHARS:
            raise ValueError(f"name is 1 to {NAME_CHARS} characters that can be printed, not {self.name[:NAME_CHARS]!r}")
        if self.tier < 1:
            raise ValueError(f"tier is 1 or more, not {self.tier}")


SECTIONS: dict[str, str] = {
    "run": "airdeck.settings:RunSettings",
    "performer": "airdeck.settings:PerformerSettings",
}
"""Section of the file -> its dataclass. The sections of the drivers come from the registry."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, and what."""

    file: str
    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.what}" if self.key else f"{self.file}: {self.what}"


class SettingsError(UsageError):
    """Every problem of every file."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(("the settings do not hold:", *map(str, problems))))


@dataclass(frozen=True, slots=True)
class Settings:
    """What was read: one record per section, and which file said what."""

    sections: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    """Dotted key -> the layer that set it. A key that no layer set is the dataclass's own default."""
    files: tuple[str, ...] = ()
    """The files that were read, in order."""

    @property
    def run(self) -> RunSettings:
        found: RunSettings = self.sections["run"]
        return found

    @property
    def performer(self) -> PerformerSettings:
        found: PerformerSettings = self.sections["performer"]
        return found


def config_file(name: str) -> Path:
    """A file of `config/`: inside the wheel it is `airdeck/_config`. FileNotFoundError when it is in neither place."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_config", package.parent / "config"):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"{name} is missing from this installation of airdeck: install it again")


def user_file() -> Path:
    """The user's own settings; it need not exist."""
    return paths.config_dir() / FILE_NAME


def all_sections() -> dict[str, str]:
    """Every section: our own, and those of the drivers."""
    from . import registry

    return SECTIONS | registry.sections()


def load(config: Path | None = None, overrides: Mapping[str, Tree] | None = None) -> Settings:
    """Read every layer. `overrides` is the command line: section -> key -> value. Raises SettingsError."""
    layers = [config_file(FILE_NAME)]
    layers += [path for path in (user_file(),) if path.is_file()]
    layers += [config] if config is not None else []
    return read(layers, overrides or {}, all_sections())


def origins_or_none() -> dict[str, str] | None:
    """Which file set which key; None when the files do not hold."""
    try:
        return dict(load().origins)
    except SettingsError:
        return None


def read(files: list[Path], overrides: Mapping[str, Tree], sections: Mapping[str, str]) -> Settings:
    """Read these files in this order. Raises SettingsError with every problem of all of them."""
    problems: list[Problem] = []
    merged: Tree = {}
    origins: dict[str, str] = {}
    classes = {name: _resolve(target) for name, target in sections.items()}
    for file in files:
        _merge(merged, origins, _checked(_parse(file, problems), str(file), classes, problems), str(file))
    _merge(merged, origins, _checked(dict(overrides), COMMAND_LINE, classes, problems), COMMAND_LINE)
    records = {name: _build(name, cls, merged.get(name, {}), origins, problems) for name, cls in classes.items()}
    if problems:
        raise SettingsError(problems)
    return Settings(records, origins, tuple(str(file) for file in files))


def _parse(file: Path, problems: list[Problem]) -> Tree:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(Problem(str(file), "", error.strerror or str(error)))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(Problem(str(file), "", f"not TOML: {error}"))
    return {}


def _checked(tree: Tree, origin: str, classes: Mapping[str, type], problems: list[Problem]) -> Tree:
    """The tree without what no section knows; each such key becomes a problem."""
    good: Tree = {}
    for name, value in tree.items():
        if name not in classes:
            problems.append(Problem(origin, name, f"unknown section{_did_you_mean(name, classes)}"))
        elif not isinstance(value, dict):
            problems.append(Problem(origin, name, "is a section: write it as a table"))
        else:
            good[name] = _known(value, classes[name], f"{name}.", origin, problems)
    return good


def _known(tree: Tree, cls: type, prefix: str, origin: str, problems: list[Problem]) -> Tree:
    nested = _field_types(cls)
    good: Tree = {}
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if name not in nested:
            problems.append(Problem(origin, key, f"unknown key{_did_you_mean(name, nested)}"))
        elif isinstance(value, float) and not math.isfinite(value):
            problems.append(Problem(origin, key, "is not a finite number"))
        elif isinstance(value, dict) and dataclasses.is_dataclass(nested[name]):
            good[name] = _known(value, nested[name], f"{key}.", origin, problems)
        else:
            good[name] = value
    return good


def _merge(into: Tree, origins: dict[str, str], tree: Tree, origin: str, prefix: str = "") -> None:
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and isinstance(into.get(name, {}), dict):
            _merge(into.setdefault(name, {}), origins, value, origin, f"{key}.")
        else:
            into[name] = value
            origins[key] = origin


def _build(section: str, cls: type, tree: Tree, origins: Mapping[str, str], problems: list[Problem]) -> Any:
    """The record of one section: strict types, as JSON so that lists become tuples and names become enums.

    What the dataclass itself refuses (`__post_init__`) shows only once each value has its type: so the bad ones are left
    out and it is asked again.
    """
    from pydantic import ValidationError

    try:
        return _adapter(cls).validate_json(json.dumps(tree, default=str), strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False)
    for item in found:
        key, what = _located(section, cls, item)
        problems.append(Problem(_origin(key, origins), key, what))
    bad = {item["loc"][0] for item in found if item["loc"]}
    if bad & tree.keys():
        _build(section, cls, {name: value for name, value in tree.items() if name not in bad}, origins, problems)
    return None


def _located(section: str, cls: type, item: Any) -> tuple[str, str]:
    """Key and text of one complaint; a dataclass's own begins with the name of its field."""
    what: str = item["msg"].removeprefix("Value error, ")
    loc = [str(part) for part in item["loc"]]
    first = what.partition(" ")[0]
    if not loc and first in _field_types(cls):
        loc = [first]
    return ".".join((section, *loc)), what


def _origin(key: str, origins: Mapping[str, str]) -> str:
    """The layer that set the key, or the nearest key above or below it."""
    for candidate in _upwards(key):
        if candidate in origins:
            return origins[candidate]
    below = [origin for known, origin in origins.items() if known.startswith(f"{key}.")]
    return below[-1] if below else "built-in default"


def _upwards(key: str) -> Iterator[str]:
    while key:
        yield key
        key = key.rpartition(".")[0]


def _did_you_mean(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]}?)" if close else f"; known: {', '.join(sorted(known))}"


def _resolve(target: str) -> type:
    module, _, name = target.partition(":")
    found: type = getattr(importlib.import_module(module), name)
    return found


@functools.cache
def _adapter(cls: type) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(cls)


def _field_types(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {item.name: _without_none(hints[item.name]) for item in dataclasses.fields(cls) if item.init}


def _without_none(hint: Any) -> Any:
    """`X | None` -> X, so that an optional sub-table is looked into."""
    if isinstance(hint, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        return kinds[0] if len(kinds) == 1 else hint
    return hint
