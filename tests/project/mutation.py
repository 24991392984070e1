"""Breaks the gate in one place at a time and looks whether its tests see it: `make mutation`. Exit 1 when one break survives.

Works on a copy of the tracked files. `--sample N` takes N places by chance, for a quick look.
"""

import argparse
import ast
import copy
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET, TESTS = "safety", "tests/safety"
LIMIT_S = 120  # a break that makes the tests hang is seen

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}


@dataclass(frozen=True)
class Break:
    """One change: the file, its line, the text before and after, and the whole new text."""

    path: str
    line: int
    before: str
    after: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.before}  ->  {self.after}"


def breaks_of(path: Path) -> Iterator[Break]:
    """Every place of the file where one operator or one number can be changed."""
    source = path.read_text("utf-8")
    for node in ast.walk(ast.parse(source)):
        before = ast.get_source_segment(source, node) if isinstance(node, ast.expr) else None
        for other in _others(node) if before else ():
            after = ast.unparse(other)
            text = _with(source, node, f"({after})")
            yield Break(str(path.relative_to(ROOT)), node.lineno, " ".join((before or "").split()), after, text)


def _others(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            if type(operator) in SWAPS:
                other = copy.deepcopy(node)
                other.ops[index] = SWAPS[type(operator)]()  # type: ignore[call-overload]
                yield other
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in SWAPS:
        other = copy.deepcopy(node)
        other.op = SWAPS[type(node.op)]()  # type: ignore[assignment]
        yield other
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        yield ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1)


def _with(source: str, node: ast.expr, replacement: str) -> str:
    lines = source.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: (node.end_lineno or node.lineno) - 1])) + (node.end_col_offset or 0)
    whole = b"".join(lines)
    return (whole[:start] + replacement.encode() + whole[end:]).decode()


def survives(one: Break, copy_root: Path) -> bool:
    """Whether the tests pass with the break in the copy."""
    target = copy_root / one.path
    kept = target.read_text("utf-8")
    target.write_text(one.text, "utf-8")
    try:
        return _tests_pass(copy_root)
    finally:
        target.write_text(kept, "utf-8")


def _tests_pass(copy_root: Path) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", TESTS]
    environment = {**os.environ, "PYTHONPATH": str(copy_root), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=copy_root, env=environment, capture_output=True, check=False, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _copy(to: Path) -> None:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, names):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(["git", "init", "-q"], cwd=to, check=True)


def main() -> int:
    """Print each survivor as it is found, then the count; 1 when there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    breaks = [one for path in sorted((ROOT / TARGET).glob("*.py")) for one in breaks_of(path)]
    chosen = random.Random(words.seed).sample(breaks, min(words.sample, len(breaks))) if words.sample else breaks
    with tempfile.TemporaryDirectory() as folder:
        _copy(Path(folder))
        if not _tests_pass(Path(folder)):
            sys.stderr.write(f"{TESTS} does not pass as it is\n")
            return 2
        survivors = 0
        for one in chosen:
            if survives(one, Path(folder)):
                survivors += 1
                sys.stdout.write(f"survived  {one}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - survivors} of {len(chosen)} breaks were seen ({len(breaks)} places in {TARGET}/)\n")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
