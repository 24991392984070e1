"""What a whole self-play found, as JSON and in words."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..gestures.library import Kind, Library
from . import poisson
from .full import Plan, hours_of
from .report import code_digest
from .screen import Verdict
from .stage.scenarios import SCENARIOS, vocabulary_names
from .trial import Result, Trial

FORMAT = "airdeck.selfplay.full/1"
MIN_RECALL, MAX_LATENCY_MS, MAX_FALSE_PER_HOUR = 0.98, 150.0, 0.2
HARD = ("strobe", "low_light", "hidden", "swaps", "bystander")
"""Scenarios whose recall is told apart: what they cost is a finding, not a fault of the gesture."""
WORST = 30
NOTHING = "nothing"


def make(results: Sequence[Result], library: Library, plan: Plan) -> dict[str, Any]:
    """The whole report. Without the time or the host: the same seed gives the same bytes."""
    calm = [r for r in results if not SCENARIOS[r.scenario].meant]
    gestures = {g.id: _gesture(g.id, results, calm) for g in library.gestures if g.kind is not Kind.CONTINUOUS}
    performed = set(vocabulary_names())
    judged = {name: row for name, row in gestures.items() if name in performed}
    return {
        "format": FORMAT,
        "passed": bool(judged) and all(row["passed"] for row in judged.values()) and len(judged) == len(gestures),
        "seed": plan.seed,
        "performers": plan.performers,
        "library_hash": library.content_hash,
        "code": code_digest(),
        "hours": round(hours_of(results), 4),
        "gestures": gestures,
        "not_performed": sorted(gestures.keys() - performed),
        "not_in_the_library": sorted(performed - library.by_id.keys()),
        "distraction": _rates(calm),
        "scenarios": {name: _scenario([r for r in results if r.scenario == name]) for name in plan.scenarios},
        "confusion": _confusion(results),
        "verdicts": dict(sorted(sum((Counter(r.verdicts) for r in results), Counter()).items())),
        "wrong_deck": sum(t.wrong_deck for t in _trials(results)),
        "trials": sum(len(r.trials) for r in results),
        "worst": worst(results),
        "reproduce": plan.command(),
    }


def _trials(results: Iterable[Result]) -> list[Trial]:
    return [trial for result in results for trial in result.trials]


def _gesture(name: str, results: Sequence[Result], calm: Sequence[Result]) -> dict[str, Any]:
    trials = [t for t in _trials(r for r in results if r.scenario not in HARD) if t.meant.gesture == name]
    hard = [t for t in _trials(r for r in results if r.scenario in HARD) if t.meant.gesture == name]
    stray = [c for r in results for c, _ in r.false if c.gesture == name] + [
        c for t in _trials(results) for c in t.others if c.gesture == name
    ]
    idle = [c for r in calm for c, _ in r.false if c.gesture == name]
    commands = sum(c.verdict is Verdict.PERMITTED for c in idle)
    late = [t.latency_ms for t in trials if t.found]
    hits, hours = sum(t.hit for t in trials), hours_of(calm)
    row: dict[str, Any] = {
        "trials": len(trials),
        "hits": hits,
        "recall": _share(hits, len(trials)),
        "found": sum(t.found for t in trials),
        "precision": _share(hits, hits + sum(c.verdict is Verdict.PERMITTED for c in stray)),
        "wrong_deck": sum(t.wrong_deck for t in (*trials, *hard)),
        "latency_p50_ms": _percentile(late, 50.0),
        "latency_p95_ms": _percentile(late, 95.0),
        "hard_trials": len(hard),
        "hard_recall": _share(sum(t.hit for t in hard), len(hard)),
        "false_events": len(idle),
        "false_commands": commands,
        "false_per_hour": round(commands / hours, 4) if hours else None,
        "bound95_per_hour": _rounded(poisson.upper_per_hour(commands, hours)),
        "in_near_misses": sum(c.verdict is Verdict.PERMITTED for c in stray) - commands,
    }
    row["passed"] = (
        (row["recall"] or 0.0) >= MIN_RECALL
        and not row["wrong_deck"]
        and row["latency_p95_ms"] is not None
        and row["latency_p95_ms"] <= MAX_LATENCY_MS
        and (row["false_per_hour"] or 0.0) <= MAX_FALSE_PER_HOUR
    )
    return row


def _rates(results: Sequence[Result]) -> dict[str, Any]:
    """Triggers while nothing was meant: recogniser events and commands after the gate apart."""
    hours, found = hours_of(results), [c for r in results for c, _ in r.false]
    commands = sum(c.verdict is Verdict.PERMITTED for c in found)
    return {
        "hours": round(hours, 4),
        "recogniser_events": len(found),
        "recogniser_per_hour": round(len(found) / hours, 4) if hours else None,
        "commands": commands,
        "per_hour": round(commands / hours, 4) if hours else None,
        "bound95_per_hour": _rounded(poisson.upper_per_hour(commands, hours)),
        "disarmed_per_hour": round(sum(r.disarmed for r in results) / hours, 4) if hours else None,
    }


def _scenario(results: Sequence[Result]) -> dict[str, Any]:
    trials, hours, steps = _trials(results), hours_of(results), sum(r.steps for r in results)
    return {
        "clips": len(results),
        "hours": round(hours, 4),
        "trials": len(trials),
        "recall": _share(sum(t.hit for t in trials), len(trials)),
        "wrong_deck": sum(t.wrong_deck for t in trials),
        "unmeant_events": sum(len(r.false) for r in results) + sum(len(t.others) for t in trials),
        "armed_share": _share(sum(r.armed for r in results), steps),
        "suspended_per_hour": round(sum(r.suspended for r in results) / hours, 3) if hours else None,
        "disarmed": sum(r.disarmed for r in results),
    }


def _confusion(results: Sequence[Result]) -> dict[str, dict[str, int]]:
    """What was acted -> what was completed meanwhile (or nothing) -> how often. Near misses and dances have rows too."""
    seen: dict[str, Counter[str]] = {}
    for trial in _trials(results):
        row = seen.setdefault(trial.meant.gesture, Counter())
        row[trial.meant.gesture if trial.found else NOTHING] += 1
        row.update(c.gesture for c in trial.others)
    for result in results:
        for completed, move in result.false:
            seen.setdefault(move or "the beginning", Counter())[completed.gesture] += 1
    return {acted: dict(sorted(row.items())) for acted, row in sorted(seen.items())}


def worst(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Where to look first: wrong decks, then misses, then what came unmeant, each with the id of its clip."""
    rows: list[tuple[int, dict[str, Any]]] = []
    for t in _trials(results):
        others = [c.gesture for c in t.others]
        if t.wrong_deck or not t.hit:
            what = "wrong deck" if t.wrong_deck else "refused" if t.found else "missed"
            rank = 0 if t.wrong_deck else 1
            rows.append((rank, {"clip": t.clip, "t_s": round(t.meant.start_s, 2), "what": what, "acted": t.meant.gesture,
                                "completed": others}))  # fmt: skip
    for r in results:
        rows += [
            (2, {"clip": r.clip, "t_s": round(c.t_s, 2), "what": f"unmeant, {c.verdict.value}", "acted": move,
                 "completed": [c.gesture]})
            for c, move in r.false
        ]  # fmt: skip
    rows.sort(key=lambda row: row[0])
    kept: list[dict[str, Any]] = []
    for _, row in rows:
        if sum(k["acted"] == row["acted"] and k["what"] == row["what"] for k in kept) < 2 and len(kept) < WORST:
            kept.append(row)
    return kept


def summary(report: dict[str, Any]) -> str:
    """A few lines for a person."""
    rest, answer = report["distraction"], "passed" if report["passed"] else "did NOT pass"
    bound = rest["bound95_per_hour"]
    lines = [
        f"self-play {answer}: {report['trials']} trials, {report['hours']:.1f} h, {report['wrong_deck']} on the wrong deck",
        f"  {rest['hours']:.1f} h that mean nothing: {rest['commands']} commands, {rest['recogniser_events']} events"
        + (f", {rest['per_hour']:.2f} commands per hour, at most {bound:.2f} (95 %)" if bound is not None else ""),
    ]
    for name, row in report["gestures"].items():
        recall = "-" if row["recall"] is None else f"{row['recall']:.4f}"
        late = "" if row["latency_p95_ms"] is None else f", p95 {row['latency_p95_ms']:.0f} ms"
        false = "" if row["false_per_hour"] is None else f", {row['false_per_hour']:g} unmeant per hour"
        lines.append(f"  {'ok' if row['passed'] else 'NO':<3}{name:<20} recall {recall} of {row['trials']}{late}{false}")
    if report["not_in_the_library"]:
        lines.append(f"  not in the library: {', '.join(report['not_in_the_library'])}")
    if report["not_performed"]:
        lines.append(f"  performed by nobody: {', '.join(report['not_performed'])}")
    return "\n".join([*lines, f"again: {report['reproduce']}"])


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 5) if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 4)


def _percentile(values: Sequence[float], share: float) -> float | None:
    return round(float(np.percentile(values, share)), 1) if len(values) else None
