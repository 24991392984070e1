"""Which gestures are live-safe, on what grounds, and bound to which content: a table, read from data.

A file holds `[[promotion]]` rows with `gesture`, `command`, `basis`, `hash`, and for basis "evidence" a table
`[promotion.evidence]` with the eight names of EVIDENCES, each `{ path = "...", sha256 = "..." }`.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SHA256_HEX_DIGITS = 64

EVIDENCES = (
    "data_archived",
    "rule_identified",
    "artifact_identified",
    "load_verified",
    "output_not_flat",
    "behaviour_observed",
    "fallback_tested",
    "report_written",
)
"""The eight conditions of live-safe, each a file on record, by hash."""

BASELINE = {"left.raise": "deck1.play_pause", "right.raise": "deck2.play_pause"}
"""The only gestures that may go live without the eight, and the only command of each."""

_KEYS = ("gesture", "command", "basis", "hash")


class Basis(StrEnum):
    BASELINE = "baseline"
    """Live from the start, while a quick self-play report of this machine is current."""
    EVIDENCE = "evidence"
    """The eight evidences are on file."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """One live-safe gesture with its one command. `hash` is its content hash; empty, it matches nothing."""

    gesture: str
    command: str
    basis: Basis
    hash: str
    evidence: tuple[tuple[str, str, str], ...] = ()
    """Name, path and SHA-256 of each evidence."""


class PromotionError(ValueError):
    """The promotion table is not sound; the message lists every problem with file and row."""


def promotion_problems(promotion: Promotion) -> tuple[str, ...]:
    """Everything wrong with one row, one phrase each."""
    found = []
    if promotion.basis is Basis.BASELINE and BASELINE.get(promotion.gesture) != promotion.command:
        found.append(f"{promotion.gesture} -> {promotion.command} has no baseline exception")
    if promotion.basis is Basis.EVIDENCE:
        found.extend(_evidence_problems(promotion.evidence))
    return tuple(found)


def _evidence_problems(evidence: tuple[tuple[str, str, str], ...]) -> list[str]:
    names = [name for name, _, _ in evidence]
    found = [f"evidence {name} is missing" for name in EVIDENCES if name not in names]
    found += [f"evidence {name} is none of the eight" for name in names if name not in EVIDENCES]
    found += [f"evidence {name} has no path" for name, path, _ in evidence if not path]
    found += [f"evidence {name} has no SHA-256 in lower-case hex" for name, _, digest in evidence if not _is_sha256(digest)]
    return found


def _is_sha256(text: str) -> bool:
    return len(text) == SHA256_HEX_DIGITS and all(char in "0123456789abcdef" for char in text)


def parse_promotions(text: str, file: str) -> dict[str, Promotion]:
    """Gesture -> promotion. Raises PromotionError naming `file`, the row and every problem."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PromotionError(f"{file}: {error}") from error
    problems = [f"{file}: {key}: unknown key" for key in document if key != "promotion"]
    rows = document.get("promotion", [])
    if not isinstance(rows, list):
        rows = []
        problems.append(f"{file}: promotion: write it as [[promotion]]")
    table: dict[str, Promotion] = {}
    for number, row in enumerate(rows, start=1):
        found = _row_problems(row) or _enter(table, row)
        problems += [f"{file}: promotion {number}: {problem}" for problem in found]
    if problems:
        raise PromotionError("\n".join(problems))
    return table


def _enter(table: dict[str, Promotion], row: dict[str, Any]) -> list[str]:
    """Put one well-typed row into the table, or say what is wrong with it."""
    evidence = tuple((name, item["path"], item["sha256"]) for name, item in row.get("evidence", {}).items())
    promotion = Promotion(row["gesture"], row["command"], Basis(row["basis"]), row["hash"], evidence)
    found = list(promotion_problems(promotion))
    if promotion.gesture in table:
        found.append(f"{promotion.gesture} is promoted twice")
    table[promotion.gesture] = promotion
    return found


def _row_problems(row: object) -> list[str]:
    """Keys and types of one row."""
    if not isinstance(row, dict):
        return ["is no table"]
    found = [f"{key}: unknown key" for key in row if key not in (*_KEYS, "evidence")]
    found += [f"{key}: missing" for key in _KEYS if key not in row]
    found += [f"{key}: not a string" for key in _KEYS if key in row and not isinstance(row[key], str)]
    if row.get("basis") not in (*Basis, None):
        found.append(f"basis: {row['basis']!r} is neither baseline nor evidence")
    evidence = row.get("evidence", {})
    if not isinstance(evidence, dict):
        return [*found, "evidence: is no table"]
    return found + [f"evidence {name}: write {{ path, sha256 }}" for name, item in evidence.items() if not _is_file(item)]


def _is_file(item: object) -> bool:
    return isinstance(item, dict) and item.keys() == {"path", "sha256"} and all(isinstance(v, str) for v in item.values())
