"""What a screening found, as JSON and as a table: triggers per hour with their bound, waves and raises apart."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..gestures.library import Library
from . import poisson
from .report import code_digest
from .screen import TRIGGERS, ClipResult, Found, Verdict, is_discrete, is_safety
from .screen_labels import LABELS, Group, style_of, truly_raised

FORMAT = "airdeck.screen/1"
RAISE = "raise"
DECIMALS = 4
WORST = 10
LISTED = 40

Rows = Sequence[ClipResult]


def make(results: Rows, library: Library, seed: int, yaws_deg: Sequence[float]) -> dict[str, Any]:
    """The whole report. The figures at its top are those of ordinary movement: neither labelled raises nor one-hand waves."""
    ordinary = [r for r in results if r.group is Group.ORDINARY]
    counted = _counted(ordinary, library)
    hours = _hours(ordinary)
    return {
        "format": FORMAT,
        **_rates(ordinary, library),
        "gestures": {g.id: _gesture([e for e in counted if e.gesture == g.id], hours) for g in library.gestures},
        "groups": {group.value: _rates([r for r in results if r.group is group], library) for group in Group},
        "files": {
            file: _rates([r for r in ordinary if r.clip.file == file], library)
            for file in dict.fromkeys(r.clip.file for r in results)
        },
        "raises": (by_style := raises(results)),
        "raise_total": raise_total(by_style),
        "waves": waves(results, library),
        "held_postures": held(ordinary),
        "total_hours": round(_hours(results), 6),
        "seen_share": _share(results, lambda r: r.seen),
        "armed_share": _share(results, lambda r: r.armed),
        "armed_again": sum(r.disarmed for r in results),
        "clips": [_clip(r) for r in results],
        "seed": seed,
        "yaws_deg": list(yaws_deg),
        "library": len(library.gestures),
        "library_hash": library.content_hash,
        "code": code_digest(),
    }


def _counted(results: Rows, library: Library) -> list[Found]:
    """Discrete gestures that no posture truly held explains."""
    return [e for r in results for e in r.events if is_discrete(library, e.gesture) and not e.posture]


def _rates(results: Rows, library: Library) -> dict[str, Any]:
    hours, counted = _hours(results), _counted(results, library)
    triggers = _of(counted, TRIGGERS)
    discrete = [e for r in results for e in r.events if is_discrete(library, e.gesture)]
    return {
        "hours": round(hours, 6),
        "discrete_triggers": triggers,
        "per_hour": _per_hour(triggers, hours),
        "bound95_per_hour": _rounded(poisson.upper_per_hour(triggers, hours)),
        "recogniser_events": len(counted),
        "recogniser_per_hour": _per_hour(len(counted), hours),
        "commands": _of(counted, (Verdict.PERMITTED,)),
        "commands_per_hour": _per_hour(_of(counted, (Verdict.PERMITTED,)), hours),
        "held_back": _of(counted, (Verdict.COOLDOWN,)),
        "refused": _of(counted, (Verdict.REFUSED,)),
        "no_command": _of(counted, (Verdict.NO_COMMAND,)),
        "safety": sum(is_safety(library, e.gesture) for e in counted),
        "in_held_postures": len(discrete) - len(counted),
        "continuous": sum(len(r.events) for r in results) - len(discrete),
        "clips": len(results),
    }


def _gesture(events: Sequence[Found], hours: float) -> dict[str, Any]:
    triggers = _of(events, TRIGGERS)
    return {
        "triggers": triggers,
        "per_hour": _per_hour(triggers, hours),
        "recogniser_events": len(events),
        "commands": _of(events, (Verdict.PERMITTED,)),
    }


def _clip(result: ClipResult) -> dict[str, Any]:
    clip = result.clip
    return {
        "file": clip.file,
        "clip": clip.name,
        "label": clip.label,
        "group": result.group.value,
        "duration_s": round(clip.duration_s, DECIMALS),
        "seen_share": _share([result], lambda r: r.seen),
        "armed_share": _share([result], lambda r: r.armed),
        "note": clip.note,
        "events": [_event(e) for e in result.events],
    }


def _event(event: Found) -> dict[str, Any]:
    return {
        "t_s": round(event.t_s, DECIMALS),
        "gesture": event.gesture,
        "deck": event.deck,
        "verdict": event.verdict.value,
        "reasons": list(event.reasons),
        "yaws_deg": sorted(event.yaws_deg),
        "held_posture": event.posture,
    }


def raises(results: Rows) -> list[dict[str, Any]]:
    """Labelled one-hand raises by style and side: those truly held over the head, and what was found of them.

    `found` counts yaws: a clip seen from three sides is three trials. `joint_*`: the same for a hand above the head joint as
    it was recorded, wherever that is. `fired_unreached`: clips in which not even that was reached and that led to a gesture.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for r in results:
        if r.group is Group.RAISES:
            key = (style_of(r.clip), LABELS[r.clip.label][1])
            _count_raise(rows.setdefault(key, dict.fromkeys(RAISE_COUNTS, 0)), r, key[1])
    for row in rows.values():
        row.update(_recalls(row))
    return [{"style": style, "side": side, **rows[style, side]} for style, side in sorted(rows)]


RAISE_COUNTS = (
    "clips", "held", "trials", "found", "found_facing", "missed_in_every_yaw", "wrong_deck", "commanded",
    "joint_held", "joint_trials", "joint_found", "unreached", "fired_unreached",
)  # fmt: skip


def raise_total(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All styles and both sides together, two-handed raises left out."""
    mine = [row for row in rows if row["side"] != "both"]
    total = {key: sum(row[key] for row in mine) for key in RAISE_COUNTS}
    return {"style": "all", "side": "one hand", **total, **_recalls(total)}


def _recalls(row: dict[str, Any]) -> dict[str, float]:
    return {
        "recall": _ratio(row["found"], row["trials"]),
        "recall_facing": _ratio(row["found_facing"], row["held"]),
        "joint_recall": _ratio(row["joint_found"], row["joint_trials"]),
    }


def _count_raise(row: dict[str, Any], r: ClipResult, side: str) -> None:
    meant = f"{side}.{RAISE}"
    raised = [e for e in r.events if e.gesture.endswith(f".{RAISE}")]
    right = {yaw for e in raised if e.gesture == meant for yaw in e.yaws_deg}
    row["clips"] += 1
    row["wrong_deck"] += any(e.gesture != meant for e in raised) and side != "both"
    if side != "both" and truly_raised(r.clip, side):
        row["held"] += 1
        row["trials"] += len(r.yaws_deg)
        row["found"] += len(right)
        row["found_facing"] += 0.0 in right
        row["missed_in_every_yaw"] += not right
        row["commanded"] += any(e.gesture == meant and e.verdict is Verdict.PERMITTED for e in raised)
    if side != "both" and truly_raised(r.clip, side, joint_only=True):
        row["joint_held"] += 1
        row["joint_trials"] += len(r.yaws_deg)
        row["joint_found"] += len(right)
    else:
        row["unreached"] += 1
        row["fired_unreached"] += bool(raised)


def waves(results: Rows, library: Library) -> list[dict[str, Any]]:
    """One-hand waves by label and style."""
    mine = [r for r in results if r.group is Group.WAVES]
    keys = sorted({(r.clip.label, style_of(r.clip)) for r in mine})
    return [
        {
            "label": label,
            "style": style,
            **_rates([r for r in mine if (r.clip.label, style_of(r.clip)) == (label, style)], library),
        }
        for label, style in keys
    ]


def held(results: Rows) -> list[dict[str, Any]]:
    """Where a performer of ordinary movement truly holds one of our postures, and whether a gesture was found there."""
    return [
        {
            "file": r.clip.file,
            "clip": r.clip.name,
            "posture": h.posture.name,
            "side": h.side,
            "start_s": round(h.start_s, DECIMALS),
            "end_s": round(h.end_s, DECIMALS),
            "found": [e.gesture for e in r.events if h.explains(e.gesture, e.t_s)],
        }
        for r in results
        for h in r.held
    ]


def worst(report: dict[str, Any], count: int = WORST) -> list[dict[str, Any]]:
    """The clips with the most unexplained events that are no labelled raises."""
    guilty = [
        c for c in report["clips"] if c["group"] != Group.RAISES.value and any(not e["held_posture"] for e in c["events"])
    ]
    return sorted(guilty, key=lambda c: (c["group"] != Group.ORDINARY.value, -len(c["events"]), c["file"], c["clip"]))[:count]


def summary(report: dict[str, Any]) -> str:
    """A calm table for a person."""
    bound = report["bound95_per_hour"]
    lines = [
        f"{report['hours']:.3f} h of movement that means nothing to us: {report['discrete_triggers']} triggers, "
        f"{report['per_hour']:.2f} per hour" + (f", at most {bound:.2f} (95 %)" if bound is not None else ""),
        f"  recogniser events {report['recogniser_events']}, commands {report['commands']}, held back by a cooldown "
        f"{report['held_back']}, refused {report['refused']}, safety {report['safety']}, "
        f"in postures truly held {report['in_held_postures']}",
        f"  the performer was seen {report['seen_share']:.1%} and the gate armed {report['armed_share']:.1%} of the time",
    ]
    lines += [
        f"  {name:<28}{row['triggers']:>4} triggers{row['per_hour']:>9.2f} per hour{row['recogniser_events']:>5} events"
        for name, row in report["gestures"].items()
        if row["recogniser_events"]
    ]
    lines += [
        f"  {c['clip']} at {e['t_s']:.2f} s: {e['gesture']}, {' '.join((e['verdict'], *e['reasons']))}"
        for c in worst(report, LISTED)
        for e in c["events"]
        if not e["held_posture"] and c["group"] == Group.ORDINARY.value
    ]
    apart = report["groups"][Group.WAVES.value]
    if apart["clips"]:
        lines.append(
            f"one-hand waves, {apart['hours']:.3f} h: {apart['recogniser_events']} recogniser events "
            f"({apart['recogniser_per_hour']:.1f} per hour), {apart['commands']} commands ({apart['commands_per_hour']:.1f})"
        )
    lines += [_raise_line(row) for row in [*report["raises"], report["raise_total"]] if row["clips"]]
    if report["held_postures"]:
        lines.append(f"postures of ours truly held: {len(report['held_postures'])} (in the report by clip and time)")
    return "\n".join(lines)


def _raise_line(row: dict[str, Any]) -> str:
    name = f"raises {row['style']} {row['side']}"
    if row["side"] == "both":
        return f"{name:<26}{row['clips']} clips, {row['fired_unreached']} taken for one hand"
    return (
        f"{name:<26}{row['found']} of {row['trials']} found ({row['recall']:.3f}), {row['wrong_deck']} on the wrong deck, "
        f"{row['fired_unreached']} of {row['unreached']} unreached fired; over the head joint {row['joint_found']} of "
        f"{row['joint_trials']} ({row['joint_recall']:.3f})"
    )


def _hours(results: Iterable[ClipResult]) -> float:
    return sum(r.clip.duration_s for r in results) / 3600.0


def _of(events: Iterable[Found], verdicts: Iterable[Verdict]) -> int:
    wanted = frozenset(verdicts)
    return sum(e.verdict in wanted for e in events)


def _per_hour(count: int, hours: float) -> float:
    return round(count / hours, DECIMALS) if hours > 0.0 else 0.0


def _share(results: Rows, count: Callable[[ClipResult], int]) -> float:
    return _ratio(sum(count(r) for r in results), sum(r.steps for r in results))


def _ratio(part: float, whole: float) -> float:
    return round(part / whole, DECIMALS) if whole else 0.0


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)
