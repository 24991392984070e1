"""The table of figures: usage, expected, allowed, ratio against a peer.

    python -m bench [--quick] [--json] [--only NAME ...]

`--quick` is for CI: smaller blocks, and only ratios, counts and sizes are judged. Exit 1 when a judged limit is broken.
Every group of figures runs in a process of its own.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

from airdeck import paths

from .budget import FIGURES, GROUPS, Figure
from .measure import REPO

PATIENCE_S = {True: 180, False: 900}
"""How long the figures of one module may take."""

Row = dict[str, Any]


def row_of(figure: Figure, seen: dict[str, Any], quick: bool) -> Row:
    """The row of one figure: `seen` is what was measured, or why it was not."""
    limit = figure.limit_of(quick)
    row: Row = {
        "name": figure.name, "value": None, "unit": figure.unit, "peer": figure.peer, "peer_value": None, "ratio": None,
        "allowed": str(limit) if limit else "", "ok": None, "expected": figure.expected, "judged": False,
        "what": figure.what, "note": seen.get("note") or seen.get("skipped", ""),
    }  # fmt: skip
    if seen.get("skipped"):
        return row
    value, peer, ratio = float(seen["value"]), seen.get("peer_value"), seen.get("ratio")
    if ratio is None and peer is not None:
        over, under = (peer, value) if figure.gain else (value, peer)
        ratio = over / under if under else None
    row |= {"value": value, "peer_value": peer, "ratio": ratio}
    if limit is not None:
        row |= {"ok": limit.holds(value, peer, ratio), "judged": figure.in_quick or not quick}
    return row


def measure(module: str, names: Iterable[str], quick: bool) -> dict[str, dict[str, Any]]:
    """What the figures of one module are now. A module that fails says so in every one of its rows."""
    command = [sys.executable, "-m", "bench.group", module, *(["--quick"] if quick else [])]
    kernels = os.environ.get("NUMBA_CACHE_DIR", str(paths.state_dir() / "numba"))  # where the deck keeps them
    environment = {**os.environ, "PYTHONPATH": str(REPO), "NUMBA_CACHE_DIR": kernels}
    process = subprocess.Popen(command, cwd=REPO, env=environment, stdout=subprocess.PIPE, start_new_session=True)
    why = "measured nothing"
    try:
        said, _ = process.communicate(timeout=PATIENCE_S[quick])
        if process.returncode:
            why = f"failed with code {process.returncode}"
    except subprocess.TimeoutExpired:
        said, why = b"", f"took longer than {PATIENCE_S[quick]} s"
    finally:
        clear_away(process)
    seen = {row["name"]: row for row in map(json.loads, said.splitlines())}
    return {name: seen.get(name, {"failed": f"{module}: {why}"}) for name in names}


def clear_away(process: "subprocess.Popen[bytes]") -> None:
    """Nothing that a group started outlives it."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def run(names: list[str], quick: bool, say: bool) -> list[Row]:
    """Measure the named figures, module by module."""
    rows: dict[str, Row] = {}
    modules = dict.fromkeys(GROUPS[FIGURES[name].group] for name in names)
    for module in modules:
        mine = [name for name in names if GROUPS[FIGURES[name].group] == module]
        started_s = time.monotonic()
        seen = measure(module, mine, quick)
        for name in mine:
            rows[name] = failed(FIGURES[name], seen[name]) or row_of(FIGURES[name], seen[name], quick)
        if say:
            print(f"{module}: {time.monotonic() - started_s:.0f} s", file=sys.stderr)
    return [rows[name] for name in names]


def failed(figure: Figure, seen: dict[str, Any]) -> Row | None:
    """A figure that should have been measured and was not is broken, limit or none."""
    if "failed" not in seen:
        return None
    return row_of(figure, {"skipped": seen["failed"]}, True) | {"ok": False, "judged": True}


def table(rows: list[Row]) -> str:
    """The rows for a terminal."""
    lines = [("figure", "usage", "expected", "allowed", "peer", "ratio", "ok")]
    for row in rows:
        usage = "-" if row["value"] is None else f"{row['value']:.4g} {row['unit']}"
        peer = row["peer"] if row["peer_value"] is None else f"{row['peer']}: {row['peer_value']:.4g} {row['unit']}"
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.3g}"
        lines.append((row["name"], usage, f"{row['expected']:g}", row["allowed"], peer, ratio, verdict(row)))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    said = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    said += [f"{row['name']}: {row['note']}" for row in rows if row["note"]]
    return "\n".join(said)


def verdict(row: Row) -> str:
    if row["ok"] is None:
        return "skipped" if row["value"] is None else ""
    return ("yes" if row["ok"] else "NO") if row["judged"] else ("yes, not judged" if row["ok"] else "no, not judged")


def chosen(only: list[str] | None) -> list[str]:
    """Names of figures that are, or begin with, one of those asked for. Raises SystemExit for a name nobody has."""
    if not only:
        return list(FIGURES)
    found = [name for name in FIGURES if any(name == ask or name.startswith(f"{ask}.") for ask in only)]
    if lost := [ask for ask in only if not any(name == ask or name.startswith(f"{ask}.") for name in FIGURES)]:
        raise SystemExit(f"bench: no figure {', '.join(lost)}; there are {', '.join(FIGURES)}")
    return found


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="smaller blocks; only ratios, counts and sizes are judged")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--only", action="append", metavar="NAME", help="a figure or a group; may be given again")
    told = parser.parse_args(argv)
    rows = run(chosen(told.only), told.quick, say=True)
    print(json.dumps({"quick": told.quick, "rows": rows}) if told.json else table(rows))
    return 1 if any(row["judged"] and row["ok"] is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
