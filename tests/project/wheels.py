"""Do wheels of every locked runtime dependency exist for the systems AirDeck names? One row per system; exit 1 if one lacks.

Needs the network: `make wheels`. Intel Macs are listed to show what they lack; they do not count.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement

LOCK = Path(__file__).resolve().parents[2] / "requirements" / "runtime.lock"
PYTHONS = ("3.11", "3.12")


@dataclass(frozen=True)
class System:
    """A system: the wheel tags it takes, its markers, and whether AirDeck promises it."""

    name: str
    tags: tuple[str, ...]
    markers: dict[str, str]
    promised: bool = True


def _mac(machine: str) -> tuple[str, ...]:
    versions = [*(f"{version}_0" for version in range(14, 10, -1)), *(f"10_{minor}" for minor in range(16, 8, -1))]
    return tuple(f"macosx_{version}_{kind}" for version in versions for kind in (machine, "universal2"))


SYSTEMS = (
    System(
        "macOS arm64",
        _mac("arm64"),
        {"sys_platform": "darwin", "platform_machine": "arm64", "platform_system": "Darwin", "os_name": "posix"},
    ),
    System(
        "Windows amd64",
        ("win_amd64",),
        {"sys_platform": "win32", "platform_machine": "AMD64", "platform_system": "Windows", "os_name": "nt"},
    ),
    System(
        "Linux x86_64",
        (*(f"manylinux_2_{minor}_x86_64" for minor in range(28, 16, -1)), "manylinux2014_x86_64"),
        {"sys_platform": "linux", "platform_machine": "x86_64", "platform_system": "Linux", "os_name": "posix"},
    ),
    System(
        "macOS x86_64",
        _mac("x86_64"),
        {"sys_platform": "darwin", "platform_machine": "x86_64", "platform_system": "Darwin", "os_name": "posix"},
        promised=False,
    ),
)


def pins() -> list[tuple[Requirement, str]]:
    """Each requirement of the lock, and its line with the hashes."""
    joined = LOCK.read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]
    return [(Requirement(line.split(" --hash")[0]), line) for line in lines]


def wanted(system: System, python: str) -> list[tuple[Requirement, str]]:
    """The lines whose marker holds there; pip itself would ask the markers of the machine it runs on."""
    here = {**system.markers, "python_version": python, "python_full_version": f"{python}.0", "implementation_name": "cpython"}
    here["platform_python_implementation"] = "CPython"
    return [(pin, line) for pin, line in pins() if pin.marker is None or Marker(str(pin.marker)).evaluate(dict(here))]


def lacking(system: System, python: str) -> tuple[int, list[str]]:
    """How many requirements there are, and which have no wheel with a locked hash."""
    rows, missing = wanted(system, python), []
    while rows and (name := refused(system, python, rows)):
        missing.append(name)
        rows = [(pin, line) for pin, line in rows if pin.name.lower() != name.lower()]
    return len(rows) + len(missing), missing


def refused(system: System, python: str, rows: list[tuple[Requirement, str]]) -> str:
    """The first requirement pip finds no wheel for; nothing when it finds all."""
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "requirements.txt"
        listing.write_text("\n".join(re.sub(r" ;[^-]*(?= --hash)", "", line) for _, line in rows), "utf-8")
        pip = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps", "--require-hashes"]
        # pip would hold Requires-Python against the Python it runs on; the lock was resolved for all of PYTHONS.
        pip += ["--ignore-installed", "--ignore-requires-python"]
        tags = [word for tag in system.tags for word in ("--platform", tag)]
        where = ["--only-binary=:all:", "--python-version", python, "--implementation", "cp", *tags, "--target", folder]
        environment = {key: value for key, value in os.environ.items() if key != "PIP_FIND_LINKS"}
        done = subprocess.run([*pip, *where, "-r", str(listing)], capture_output=True, text=True, check=False, env=environment)
    if done.returncode == 0:
        return ""
    found = re.search(r"No matching distribution found for ([\w.-]+?)==", done.stderr)
    if not found:
        raise SystemExit(f"pip failed otherwise:\n{done.stderr}")
    return found.group(1)


def _row(system: System, python: str) -> dict[str, object]:
    count, missing = lacking(system, python)
    facts = {"system": system.name, "python": python, "promised": system.promised}
    return {**facts, "requirements": count, "missing": missing}


def _line(row: dict[str, object]) -> str:
    missing = row["missing"]
    assert isinstance(missing, list)
    lacks = f"no wheel of: {', '.join(missing)}" if missing else "all have wheels"
    return f"{row['system']:14} {row['python']}  {row['requirements']} requirements, {lacks}\n"


def main() -> int:
    """Print the table; 1 when a promised system lacks a wheel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    words = parser.parse_args()
    rows = [_row(system, python) for system in SYSTEMS for python in PYTHONS]
    sys.stdout.write(json.dumps({"rows": rows}) + "\n" if words.json else "".join(map(_line, rows)))
    return int(any(row["missing"] for row in rows if row["promised"]))


if __name__ == "__main__":
    sys.exit(main())
