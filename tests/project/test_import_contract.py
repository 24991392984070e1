"""Who may import whom: read from the source, with each exception named."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("airdeck", "bridges", "dynamics", "safety")
NOBODY_IMPORTS = ("tests", "bench")

# package: what it may import beside itself and the standard library; "*" is everything
ALLOWED = {
    "dynamics": {"numpy", "numba"},
    "safety": set(),
    "bridges": {
        *("dynamics.frames", "dynamics.skeleton", "dynamics.schema", "dynamics.body", "safety.types", "safety.commands"),
        *("numpy", "msgspec"),
        *("cv2", "mediapipe", "mido", "rtmidi", "pynput", "Xlib", "pythonosc", "pyseccomp", "aiohttp", "aalink", "Quartz"),
    },
    "airdeck": {"*"},
}
# Of these a bridge may import at its top; any other driver is imported when used.
CHEAP = {"numpy", "msgspec"}
# A driver's own side, in a child process: it imports the driver at its top, and is itself imported when used.
DRIVER_SIDES = {"bridges.sinks.midi_driver": {"rtmidi"}, "bridges.sinks.midi_ports": {"mido"}}
# The numbers know no clock, no I/O and no log.
NOT_IN_DYNAMICS = {"asyncio", "datetime", "logging", "socket", "subprocess", "threading", "time"}
# The pure part of the application, and what it must not reach, through whatever module of ours.
PURE = ("airdeck.pipeline", "airdeck.gestures")
NOT_IN_PURE = ("bridges", "airdeck.session", "asyncio")
# (module, import) pairs that break a rule on purpose, with the reason.
EXCEPTIONS: dict[tuple[str, str], str] = {}


@dataclass(frozen=True)
class Import:
    """One import statement: who, what, where, and whether it runs when the module is loaded."""

    module: str
    target: str
    line: int
    at_load: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def module_name(path: Path, root: Path = ROOT) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}


def imports_of(module: str, source: str, is_package: bool) -> Iterator[Import]:
    """Every import of `source`, absolute; those for the type checker alone are left out."""
    for node, at_load in _statements(ast.parse(source).body, at_load=True):
        if isinstance(node, ast.Import):
            yield from (Import(module, name.name, node.lineno, at_load) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package)
            for name in node.names:
                inner = f"{base}.{name.name}"
                yield Import(module, inner if inner in MODULES else base, node.lineno, at_load)


def _statements(body: list[ast.stmt], at_load: bool) -> Iterator[tuple[ast.stmt, bool]]:
    for node in body:
        yield node, at_load
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _statements(node.orelse, at_load)
            continue
        later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for field in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, field, []), at_load and not later)
        for handler in getattr(node, "handlers", []) + getattr(node, "cases", []):
            yield from _statements(handler.body, at_load and not later)


def _absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    if node.level == 0:
        return node.module or ""
    parts = module.split(".")
    up = node.level - 1 if is_package else node.level
    return ".".join(parts[: len(parts) - up] + ([node.module] if node.module else []))


def read(module: str) -> list[Import]:
    path = MODULES[module]
    return list(imports_of(module, path.read_text("utf-8"), path.name == "__init__.py"))


def within(target: str, names: tuple[str, ...] | set[str]) -> bool:
    return any(target == name or target.startswith(f"{name}.") for name in names)


def complaints(found: list[Import]) -> list[str]:
    """What the rules have against these imports."""
    return [f"{one}: {why}" for one in found if (one.module, one.target) not in EXCEPTIONS and (why := _against(one))]


def _against(one: Import) -> str:
    package, target = one.module.split(".")[0], one.target.split(".")[0]
    if one.at_load and one.target in DRIVER_SIDES and one.module not in DRIVER_SIDES:
        return "a driver's side is imported when used"
    if target in NOBODY_IMPORTS:
        return "nobody imports tests or bench"
    if target == "numba" and one.module != "dynamics.kernels":
        return "numba lives in dynamics.kernels alone"
    if package == "dynamics" and target in NOT_IN_DYNAMICS:
        return "the numbers know no clock, no I/O and no log"
    if target in (package, "__future__") or target in sys.stdlib_module_names:
        return ""
    if "*" not in ALLOWED[package] and not within(one.target, ALLOWED[package]):
        return f"{package} may not"
    if (
        package == "bridges"
        and one.at_load
        and target not in CHEAP | {"dynamics", "safety"} | DRIVER_SIDES.get(one.module, set())
    ):
        return "a driver is imported when used"
    return ""


def reached(start: str) -> dict[str, str]:
    """Every module that loading `start` loads through modules of ours, each with the module that asks for it."""
    asked: dict[str, str] = {}
    queue = [start]
    while queue:
        module = queue.pop()
        if module not in MODULES:
            continue
        for one in read(module):
            if one.at_load and one.target not in asked:
                asked[one.target] = module
                queue.append(one.target)
    return asked


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_package_may(module: str) -> None:
    assert complaints(read(module)) == []


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, PURE)])
def test_pipeline_and_gestures_reach_no_bridge_no_session_and_no_loop(module: str) -> None:
    asked = reached(module) | {one.target: module for one in read(module)}
    assert {target: by for target, by in asked.items() if within(target, NOT_IN_PURE)} == {}


def test_the_package_of_the_numbers_is_empty_so_that_a_frame_type_loads_no_numba() -> None:
    assert (ROOT / "dynamics" / "__init__.py").read_text() == ""


def test_every_named_exception_is_still_needed() -> None:
    present = {(one.module, one.target) for module in MODULES for one in read(module)}
    assert set(EXCEPTIONS) <= present


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("safety.gate", "import numpy"),
        ("safety.gate", "from dynamics import frames"),
        ("dynamics.builder", "def f():\n    import time"),
        ("dynamics.builder", "from numba import njit"),
        ("dynamics.builder", "from bridges.wire import osc"),
        ("bridges.sources.camera", "import cv2"),
        ("bridges.sources.camera", "try:\n    pass\nexcept OSError:\n    import cv2"),
        ("bridges.sources.camera", "from dynamics import builder"),
        ("bridges.sources.camera", "from dynamics.kernels import step"),
        ("bridges.sinks.midi", "from safety.gate import K11Gate"),
        ("bridges.sinks.midi", "def f():\n    from airdeck import cli"),
        ("bridges.sinks.midi", "def f():\n    import torch"),
        ("bridges.sinks.midi", "from . import midi_driver"),
        ("airdeck.cli", "import tests.models"),
    ],
)
def test_an_import_against_the_rules_is_seen(module: str, source: str) -> None:
    assert len(complaints(list(imports_of(module, source, is_package=False)))) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("bridges.sources.camera", "def f():\n    import cv2"),
        ("bridges.sources.camera", "from ..wire import osc"),
        ("bridges.sources.camera", "from dynamics.frames import PoseFrame"),
        ("bridges.sources.camera", "if TYPE_CHECKING:\n    import cv2"),
        ("safety.gate", "import hashlib"),
        ("bridges.sinks.midi", "def f():\n    from . import midi_driver"),
        ("dynamics.kernels", "import numba"),
    ],
)
def test_an_import_within_the_rules_passes(module: str, source: str) -> None:
    assert complaints(list(imports_of(module, source, is_package=False))) == []
