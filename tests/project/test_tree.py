"""What stands in the repository, and what must not."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("airdeck", "bridges", "dynamics", "safety")
TOP_FOLDERS = {".ci", "airdeck", "bench", "bridges", "config", "dynamics", "requirements", "safety", "systemd", "tests"}

# Written in pieces, so that this file does not hold what it looks for.
REGISTRIES = [
    "py" + r"pi\.org",
    "python" + "hosted",
    "regis" + "try.n" + "pmjs",
    "deb.deb" + r"ian\.org",
    "an" + r"aconda\.org",
]
MACHINE_PATHS = ["/wo" + "rk/", "/fa" + "rm/", "/ro" + r"ot\b", "/tmp/" + "bash_", "/ho" + "me/[a-z]+/", "/Us" + "ers/[a-z]+/"]

FUNCTION_LIMIT_LINES = 60
MODULE_LIMIT_LINES = 400
# Each with the reason why it is not split.
LONG_MODULES = {"dynamics/kernels.py": "numba lives in one module"}


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def lines_with(pattern: str) -> list[str]:
    found = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}:{n}" for n, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)]
    return found


@pytest.mark.parametrize("pattern", REGISTRIES)
def test_no_file_names_the_host_of_a_package_registry(pattern: str) -> None:
    assert lines_with(pattern) == []


@pytest.mark.parametrize("pattern", MACHINE_PATHS)
def test_no_file_names_a_path_of_one_machine(pattern: str) -> None:
    assert lines_with(pattern) == []


def test_the_top_level_is_the_fixed_one() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked() if path.parent != ROOT} <= TOP_FOLDERS


def test_no_file_is_larger_than_a_megabyte() -> None:
    assert [str(path.relative_to(ROOT)) for path in tracked() if path.stat().st_size > 1_000_000] == []


def code_files() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    has_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    doc = (first.end_lineno or first.lineno) - first.lineno + 1 if has_doc else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - doc


def test_no_function_is_longer_than_the_limit() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {body_lines(node)}"
        for path in code_files()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and body_lines(node) > FUNCTION_LIMIT_LINES
    ]
    assert long == []


def test_no_module_is_longer_than_the_limit_but_those_named() -> None:
    long = {str(path.relative_to(ROOT)) for path in code_files() if path.read_text("utf-8").count("\n") > MODULE_LIMIT_LINES}
    assert long == set(LONG_MODULES)


def test_every_package_of_the_tree_is_in_the_wheels_list() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    there = {".".join(p.parent.relative_to(ROOT).parts) for p in code_files() if p.name == "__init__.py"}
    assert there == set(listed) - {"airdeck._config"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names inside the wheel built from a copy of the tracked files."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in tracked():
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(out),
        ".",
    ]
    subprocess.run(command, cwd=source, check=True, timeout=120)
    return zipfile.ZipFile(next(out.glob("airdeck-*.whl"))).namelist()


def test_the_wheel_holds_every_file_of_the_packages(wheel: list[str]) -> None:
    want = {p.relative_to(ROOT).as_posix() for p in tracked() if p.relative_to(ROOT).parts[0] in PACKAGES}
    assert want - set(wheel) == set()


def test_the_wheel_holds_the_config_inside_the_package(wheel: list[str]) -> None:
    want = {f"airdeck/_config/{path.name}" for path in (ROOT / "config").glob("*.toml") if path in tracked()}
    assert want
    assert want - set(wheel) == set()


def test_the_wheel_puts_nothing_but_the_packages_on_the_path(wheel: list[str]) -> None:
    assert {name.split("/")[0] for name in wheel if ".dist-info/" not in name} == set(PACKAGES)
