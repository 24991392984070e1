"""Test the tests of the gate: spoil safety/ in one place at a time and see whether tests/safety notices.

    python bench/mutate_safety.py [--only FILE] [--skip N] [--limit N]

Works on temporary copies; the tree is not touched. Prints every survivor with its line and exits 1 when there is one
that is not on the list of equal mutants below.
"""

import argparse
import ast
import copy
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
COPIED = ("safety", "tests/safety", "dynamics", "airdeck", "config", "bridges", "SAFETY.md", "pyproject.toml")
LIMIT_S = 120
"""A mutant that runs longer loops for ever: noticed."""
SLOW = ("test_gate_space", "test_safety_contract")
"""Run last: most mutants are noticed before."""

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
}

WRITTEN_FIRST = "the transition into the state that reads it writes it first"
EQUAL: dict[str, str] = {
    f"arming.py: {line} | {change}": WRITTEN_FIRST
    for line in ("self._suspended_ns = 0", "self._usable_ns = 0")
    for change in (f"{line} -> pass", "0 -> 1", "0 -> -1")
} | {
    "gate.py: if command is not None and not reasons: | command is not None and (not reasons) -> not reasons": (
        "K3 and `neutral` always give a reason for a command that does not exist; the type checker wants the condition"
    ),
    "gate.py: ledger=self._harmless if sink.sink_class in HARMLESS_SINKS else self._reaching, | "
    "sink.sink_class in HARMLESS_SINKS -> sink.sink_class not in HARMLESS_SINKS": "the two ledgers begin alike",
    **{
        f"gate.py: last_value=moved[0] if moved else command.neutral if command else 0.0, | 0.0 -> {value}": (
            "K9 reads no value of a command that does not exist"
        )
        for value in (0.01, -0.01)
    },
}
"""Mutants that behave the same, and why."""


@dataclass(frozen=True)
class Mutant:
    file: str
    line: int
    kind: str
    text: str
    """The line as it stands."""
    before: str
    after: str
    source: str

    @property
    def key(self) -> str:
        return f"{self.file}: {self.text} | {self.before} -> {self.after}"


def variants(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """Each way to spoil this node; None deletes a statement."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for other in COMPARISONS[type(operator)]:
                changed = copy.deepcopy(node)
                changed.ops[place] = other()
                yield "comparison", changed
    elif isinstance(node, ast.BoolOp):
        yield "and/or", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        for place in range(len(node.values)):
            rest = node.values[:place] + node.values[place + 1 :]
            yield "condition deleted", rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not deleted", node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield "arithmetic", ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.If):
        yield "if always", ast.If(ast.Constant(True), node.body, node.orelse)
        yield "if never", ast.If(ast.Constant(False), node.body, node.orelse)
    elif isinstance(node, ast.IfExp):
        yield "if always", node.body
        yield "if never", node.orelse
    elif isinstance(node, ast.Constant):
        for value in constants(node.value):
            yield "constant", ast.Constant(value)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "call deleted", ast.Pass()
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript):
        yield "assignment deleted", ast.Pass()
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        nothing = ast.Tuple([], ast.Load()) if isinstance(node.value, ast.Tuple) else ast.Constant(None)
        yield "return nothing", ast.Return(nothing)


def constants(value: object) -> tuple[object, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1)
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return (value + 0.01, value - 0.01)
    return ()


def mutants_of(file: Path) -> Iterator[Mutant]:
    text = file.read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            places = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
            for place, node in places:
                if not isinstance(node, ast.AST) or is_text(parent, node):
                    continue
                for kind, changed in variants(node):
                    if short(changed) == short(node):
                        continue
                    put(parent, name, place, changed)
                    source = ast.unparse(ast.fix_missing_locations(tree))
                    at = lines[node.lineno - 1].strip()
                    yield Mutant(file.name, node.lineno, kind, at, short(node), short(changed), source)
                    put(parent, name, place, node)


def put(parent: ast.AST, name: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[place] = node


def is_text(parent: ast.AST, node: ast.AST) -> bool:
    """Annotations are read by the type checker, not at run time."""
    return getattr(parent, "annotation", None) is node or getattr(parent, "returns", None) is node


def short(node: ast.AST) -> str:
    return ast.unparse(node).split("\n")[0]


def copy_tree(target: Path) -> None:
    for name in COPIED:
        source = REPO / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        elif source.exists():
            shutil.copy(source, target / name)


def noticed(mutant: Mutant, place: Path) -> bool:
    """Run tests/safety in a child over the copy in `place`, spoiled by `mutant`."""
    original = (REPO / "safety" / mutant.file).read_text(encoding="utf-8")
    (place / "safety" / mutant.file).write_text(mutant.source, encoding="utf-8")
    child = os.fork()
    if child == 0:
        try:
            os._exit(run_suite(place))
        finally:
            os._exit(1)
    try:
        return wait(child) != 0
    finally:
        (place / "safety" / mutant.file).write_text(original, encoding="utf-8")


def run_suite(place: Path) -> int:
    import pytest

    os.chdir(place)
    sys.path.insert(0, str(place))
    sys.dont_write_bytecode = True
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    # Hypothesis is loaded before the fork, which pytest would warn of, and warnings are errors here.
    quick = ("-x", "-q", "-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:randomly", "-p", "no:cacheprovider")
    return int(pytest.main([*quick, *ordered(place)]))


def ordered(place: Path) -> list[str]:
    """The quick tests first."""
    files = sorted((place / "tests" / "safety").glob("test_*.py"), key=lambda file: (file.stem in SLOW, file.stem))
    return [str(file) for file in files]


def wait(child: int) -> int:
    """Exit status, or -1 when it ran for too long."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", help="one file of safety/")
    parser.add_argument("--limit", type=int, default=10**9, help="at most so many mutants")
    parser.add_argument("--skip", type=int, default=0, help="leave out the first ones")
    options = parser.parse_args()
    files = [file for file in sorted((REPO / "safety").glob("*.py")) if options.only in (None, file.name)]
    mutants = [mutant for file in files for mutant in mutants_of(file)][options.skip : options.skip + options.limit]
    import hypothesis.stateful  # noqa: F401  (loaded before the forks, for speed)
    import numpy as np  # noqa: F401
    import pytest  # noqa: F401

    sys.dont_write_bytecode = True
    survivors, equal = [], 0
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        copy_tree(place)
        unspoiled = Mutant(files[0].name, 0, "none", "", "", "", files[0].read_text(encoding="utf-8"))
        if noticed(unspoiled, place):
            print("tests/safety fails without any mutant")
            return 2
        for mutant in mutants:
            if not noticed(mutant, place):
                if mutant.key in EQUAL:
                    equal += 1
                else:
                    survivors.append(mutant)
                    print(f"survived  {mutant.line} {mutant.kind}: {mutant.key}", flush=True)
    print(f"{len(mutants)} mutants, {len(mutants) - len(survivors) - equal} noticed, {equal} equal, {len(survivors)} survived")
    print(dict(Counter(mutant.kind for mutant in mutants)))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
