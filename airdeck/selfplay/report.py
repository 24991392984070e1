"""The report of a self-play run: JSON, kept for this machine, and asked for before anything goes live."""

import hashlib
import json
import platform
from pathlib import Path
from typing import Any

import numpy as np

import dynamics
import safety

from .. import events, gestures, paths, pipeline, streams
from ..gestures.library import Library
from ..settings import PROMOTIONS_FILE, config_file
from .run import Outcome, Score

FORMAT = "airdeck.selfplay/1"
MIN_RECALL = 0.95
QUICK_PERFORMERS = 8
QUICK_SEED = 1


def code_digest() -> str:
    """SHA-256 over what decides: numbers, gestures, pipeline with its inputs and streams, gate, promotions."""
    digest = hashlib.sha256()
    folders = [Path(str(package.__file__)).parent for package in (dynamics, safety, gestures)]
    files = [file for folder in folders for file in sorted(folder.glob("*.py"))]
    modules = [Path(str(module.__file__)) for module in (pipeline, events, streams)]
    for file in (*files, *modules, config_file(PROMOTIONS_FILE)):
        digest.update(file.name.encode() + file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def machine_id() -> str:
    """Names this machine without naming its owner: a hash of host name and processor."""
    return hashlib.sha256("|".join((platform.node(), platform.machine(), platform.system())).encode()).hexdigest()[:16]


def make_report(outcome: Outcome, library: Library, seed: int, performers: int) -> dict[str, Any]:
    """The run as JSON. `passed`: every gesture found often enough, none on the wrong deck, none unmeant."""
    scores = {name: _score(score, outcome.hours) for name, score in outcome.scores.items()}
    tried = [score for score in outcome.scores.values() if score.trials]
    passed = len(tried) == len(library.gestures) and all(
        score.recall >= MIN_RECALL and not score.wrong_deck and not score.false for score in tried
    )
    return {
        "format": FORMAT,
        "passed": passed,
        "seed": seed,
        "performers": performers,
        "library_hash": library.content_hash,
        "code": code_digest(),
        "machine": machine_id(),
        "hours": round(outcome.hours, 4),
        "gestures": scores,
        "false_moves": outcome.false_moves,
        "reproduce": f"airdeck selfplay --quick --seed {seed}",
    }


def _score(score: Score, hours: float) -> dict[str, Any]:
    return {
        "trials": score.trials,
        "hits": score.hits,
        "recall": round(score.recall, 4),
        "wrong_deck": score.wrong_deck,
        "latency_p95_ms": round(float(np.percentile(score.latencies_ms, 95)), 1) if score.latencies_ms else None,
        "false_per_hour": round(score.false / hours, 3) if hours else 0.0,
    }


def report_path(seed: int = QUICK_SEED) -> Path:
    """Where this machine keeps its newest quick report. Only that of `QUICK_SEED` counts; others lie beside it."""
    return paths.state_dir() / "selfplay" / ("quick.json" if seed == QUICK_SEED else f"quick-seed-{seed}.json")


def keep(report: dict[str, Any], path: Path | None = None) -> Path:
    """Write the report whole or not at all."""
    path = path or report_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(path)
    return path


def why_not_current(library: Library, path: Path | None = None) -> str:
    """Why no passed report of this machine, library, code and live's seed is on file; empty when one is."""
    path = path or report_path()
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "there is no self-play report of this machine yet"
    except (OSError, ValueError, RecursionError) as error:
        return f"the self-play report {path} cannot be read: {error}"
    if not isinstance(report, dict):
        return f"{path} is no self-play report"
    expected = {
        "format": FORMAT,
        "seed": QUICK_SEED,
        "machine": machine_id(),
        "library_hash": library.content_hash,
        "code": code_digest(),
        "passed": True,
    }
    differs = [key for key, value in expected.items() if report.get(key) != value]
    return f"the self-play report is not current: {', '.join(differs)} differ" if differs else ""


def summary(report: dict[str, Any]) -> str:
    """A few lines for a person."""
    answer = "passed" if report["passed"] else "did NOT pass"
    lines = [f"self-play {answer}: {report['performers']} performers, {report['hours'] * 60:.1f} min"]
    for name, score in report["gestures"].items():
        late = f", p95 {score['latency_p95_ms']:.0f} ms after the stroke" if score["latency_p95_ms"] is not None else ""
        found = f"{score['hits']} of {score['trials']} found"
        lines.append(
            f"  {name:<14} {found}, {score['wrong_deck']} on the wrong deck, {score['false_per_hour']:g} unmeant per hour{late}"
        )
    lines += [f"  unmeant: {move}" for move in report["false_moves"]]
    return "\n".join([*lines, f"again: {report['reproduce']}"])
