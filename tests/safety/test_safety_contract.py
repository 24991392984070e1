"""One way out, read from the source of the whole project; and what the package may import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
PRODUCTION = ("airdeck", "dynamics", "bridges", "safety")
SOURCES = sorted(file for package in PRODUCTION for file in (REPO / package).rglob("*.py"))
GATE = REPO / "safety" / "gate.py"


def permit_makers(tree: ast.AST) -> list[int]:
    """Lines that could make a Permit: a call of the name under any alias, or a copy of one with changes."""
    names = {"Permit"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname for alias in node.names if alias.name == "Permit" and alias.asname}
        elif isinstance(node, ast.Assign) and _named(node.value) in names:
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and _makes(node, names)]


def _named(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _makes(call: ast.Call, names: set[str]) -> bool:
    called = _named(call.func)
    if called in names:
        return True
    subjects = [*call.args[:1], *([call.func.value] if isinstance(call.func, ast.Attribute) else [])]
    of_permit = any(_named(subject) in names or "permit" in _named(subject).lower() for subject in subjects)
    return called in ("replace", "__new__", "__replace__", "partial") and of_permit


@pytest.mark.parametrize(
    "source",
    [
        "Permit(1)",
        "types.Permit(decision_seq=1)",
        "from safety.types import Permit as P\nP(1)",
        "import safety.types as t\nQ = t.Permit\nQ(1)",
        "replace(permit, value=1)",
        "dataclasses.replace(verdict.permit, value=1)",
        "object.__new__(Permit)",
        "Permit.__new__(Permit)",
        "functools.partial(Permit, 1)",
        "permit.__replace__(value=1)",
    ],
)
def test_the_search_finds_each_way_to_make_a_permit(source):
    assert permit_makers(ast.parse(source))


@pytest.mark.parametrize(
    "source", ["x: Permit", "type(permit) is Permit", "isinstance(p, Permit)", "verdict.permit.value", "s.replace('a', 'b')"]
)
def test_the_search_finds_nothing_where_a_permit_is_only_read(source):
    assert permit_makers(ast.parse(source)) == []


def test_a_permit_is_made_in_one_place_of_the_whole_project():
    found = {file: permit_makers(ast.parse(file.read_text(encoding="utf-8"))) for file in SOURCES}
    assert {file for file, lines in found.items() if lines} == {GATE}
    assert len(found[GATE]) == 1


def test_the_search_looked_at_every_package():
    assert {file.relative_to(REPO).parts[0] for file in SOURCES} == set(PRODUCTION)


@pytest.mark.parametrize("file", sorted((REPO / "safety").glob("*.py")), ids=lambda file: file.name)
def test_safety_imports_the_standard_library_and_itself_only(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= sys.stdlib_module_names
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1 or (node.module or "").split(".")[0] in sys.stdlib_module_names


@pytest.mark.parametrize("file", sorted((REPO / "safety").glob("*.py")), ids=lambda file: file.name)
def test_safety_asks_no_clock_does_no_io_and_logs_nothing(file):
    forbidden = {"time", "datetime", "os", "io", "sys", "logging", "asyncio", "threading", "socket", "random", "pathlib"}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {module.split(".")[0] for module in modules} & forbidden
        assert not (isinstance(node, ast.Call) and _named(node.func) in ("open", "print", "eval", "exec", "__import__"))


def test_loading_the_gate_loads_nothing_but_the_standard_library():
    code = (
        "import sys; before = set(sys.modules); import safety.gate; "
        "new = {name.split('.')[0] for name in set(sys.modules) - before}; "
        "print(*sorted(new - sys.stdlib_module_names))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["safety"]


def test_the_register_of_rules_names_tests_that_exist():
    text = (REPO / "SAFETY.md").read_text(encoding="utf-8")
    register = text.split("## Register of rules")[1]
    rows = [line.split("|") for line in register.splitlines() if line.startswith("| R")]
    defined = {
        node.name
        for file in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    named = {part.strip().strip("`") for row in rows for part in row[3].split(",")}
    assert len(rows) > 20
    assert named <= defined, named - defined
