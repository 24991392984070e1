"""The page of a whole self-play: one file that opens anywhere, without scripts."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from dynamics.skeleton import Joint

from .screen_html import STYLE
from .stage.cast import performer
from .stage.scenarios import SCENARIOS, act
from .stage.tracks import BUILDER_TORSO

BEFORE_S, AFTER_S, HZ = 1.0, 3.5, 20.0
WIDTH, HEIGHT, LOW, HIGH = 360, 96, -1.6, 1.6
GESTURE_COLUMNS = (
    ("trials", "trials"), ("hits", "hits"), ("recall", "recall"), ("precision", "precision"), ("wrong_deck", "wrong deck"),
    ("latency_p50_ms", "p50 ms"), ("latency_p95_ms", "p95 ms"), ("false_per_hour", "false per hour"),
    ("bound95_per_hour", "95 % bound"), ("false_events", "events"), ("in_near_misses", "in near misses"),
    ("hard_recall", "recall, hard pictures"),
)  # fmt: skip
SCENARIO_COLUMNS = (
    ("clips", "clips"), ("hours", "hours"), ("trials", "trials"), ("recall", "recall"), ("wrong_deck", "wrong deck"),
    ("unmeant_events", "unmeant events"), ("armed_share", "armed"), ("suspended_per_hour", "suspended per hour"),
    ("disarmed", "disarmed"),
)  # fmt: skip
MORE_STYLE = (
    ".ok { color: #1b7f4b; } .no { color: var(--mark); font-weight: 600; } .wide { overflow-x: auto; } "
    ".cell { background: color-mix(in srgb, var(--left) calc(var(--share) * 1%), transparent); } "
    "td.cell.off { background: color-mix(in srgb, var(--mark) calc(var(--share) * 1%), transparent); }"
)


def page(report: dict[str, Any]) -> str:
    """The whole page."""
    rest = report["distraction"]
    answer = "<span class='ok'>passed</span>" if report["passed"] else "<span class='no'>did not pass</span>"
    bound = rest["bound95_per_hour"]
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>AirDeck: self-play</title>",
        f"<meta name='viewport' content='width=device-width'><style>{STYLE}{MORE_STYLE}</style></head><body>",
        f"<h1>Self-play: {answer}</h1>",
        f"<p><span class='big'>{report['trials']}</span> trials, {report['wrong_deck']} on the wrong deck, in "
        f"{report['hours']:.1f} h. <span class='big'>{rest['commands']}</span> commands in {rest['hours']:.1f} h that mean "
        "nothing" + (f": {rest['per_hour']:.2f} per hour, at most {bound:.2f} (95 %)." if bound is not None else "."),
        f"<br><span class='dim'>Before the gate: {rest['recogniser_events']} events. Library {report['library_hash'][:12]}, "
        f"code {report['code'][:12]}, seed {report['seed']}. Again: <code>{escape(report['reproduce'])}</code></span></p>",
        "<h2>Gestures</h2>",
        _table("gesture", report["gestures"], GESTURE_COLUMNS),
        _missing(report),
        "<h2>Scenarios</h2>",
        _table("scenario", report["scenarios"], SCENARIO_COLUMNS),
        "<h2>What was acted, and what was completed</h2>",
        _confusion(report["confusion"]),
        "<h2>What the gate said</h2>",
        _table("answer", {name: {"count": count} for name, count in report["verdicts"].items()}, (("count", "times"),)),
        "<h2>Where to look first</h2>",
        "<p class='dim'>Heights of the wrists over mid-shoulder, torso lengths, as they were acted.</p><div class='strips'>",
        *(_figure(row) for row in report["worst"]),
        "</div></body></html>\n",
    ]
    return "\n".join(parts)


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return escape(str(value))


def _table(first: str, rows: dict[str, dict[str, Any]], columns: Sequence[tuple[str, str]]) -> str:
    head = f"<th>{first}</th>" + "".join(f"<th>{title}</th>" for _, title in columns)
    body = []
    for name, row in rows.items():
        mark = {True: " class='ok'", False: " class='no'", None: ""}[row.get("passed")]
        cells = "".join(f"<td>{_shown(row[key])}</td>" for key, _ in columns)
        body.append(f"<tr><td{mark}>{escape(name)}</td>{cells}</tr>")
    return f"<div class='wide'><table><tr>{head}</tr>{''.join(body)}</table></div>"


def _missing(report: dict[str, Any]) -> str:
    said = [
        f"<p class='dim'>{title}: {escape(', '.join(names))}.</p>"
        for title, names in (
            ("Performed, and not in the library", report["not_in_the_library"]),
            ("In the library, and performed by nobody", report["not_performed"]),
        )
        if names
    ]
    return "".join(said)


def _confusion(rows: dict[str, dict[str, int]]) -> str:
    """A matrix: what was acted down the side, what was completed across."""
    columns = sorted({name for row in rows.values() for name in row})
    head = "<th></th>" + "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(f"<tr><td>{escape(acted)}</td>{_cells(acted, row, columns)}</tr>" for acted, row in rows.items())
    return f"<div class='wide'><table><tr>{head}</tr>{body}</table></div>"


def _cells(acted: str, row: dict[str, int], columns: Iterable[str]) -> str:
    most = max(row.values())
    cells = []
    for name in columns:
        count = row.get(name, 0)
        kind = "cell" if name == acted else "cell off"
        cells.append(f"<td class='{kind}' style='--share:{60 * count / most:.0f}'>{count}</td>" if count else "<td></td>")
    return "".join(cells)


def _figure(row: dict[str, Any]) -> str:
    done = escape(", ".join(row["completed"]) or "nothing")
    caption = f"<b>{escape(row['what'])}</b>: {escape(row['acted'])} → {done}<br>"
    return (
        f"<figure>{_strip(row)}<figcaption>{caption}<code>{escape(row['clip'])}</code> at {row['t_s']} s</figcaption></figure>"
    )


def _strip(row: dict[str, Any]) -> str:
    """Both wrists' heights around a moment, from the performance itself."""
    scenario, _, who = row["clip"].partition("/")
    seed, _, number = who.partition(".")
    one = performer(int(seed), int(number))
    motion = act(SCENARIOS[scenario], one).motion()
    t_s = np.arange(max(row["t_s"] - BEFORE_S, 0.0), row["t_s"] + AFTER_S, 1.0 / HZ)
    joints = motion.joints(t_s, one.proportions, one.style.seated)
    middle = joints[:, [Joint.L_SHOULDER, Joint.R_SHOULDER], 1].mean(axis=1)
    unit_m = BUILDER_TORSO * one.proportions.torso
    lines = []
    for css, joint in (("l", Joint.L_WRIST), ("r", Joint.R_WRIST)):
        height = (joints[:, joint, 1] - middle) / unit_m
        points = " L".join(f"{x:.1f},{_y(y):.1f}" for x, y in zip(np.linspace(0, WIDTH, len(t_s)), height, strict=True))
        lines.append(f"<path class='{css}' d='M{points}'/>")
    at = WIDTH * (row["t_s"] - t_s[0]) / (t_s[-1] - t_s[0])
    axis = f"<line class='axis' x1='0' x2='{WIDTH}' y1='{_y(0):.1f}' y2='{_y(0):.1f}'/>"
    mark = f"<line class='mark' x1='{at:.1f}' x2='{at:.1f}' y1='0' y2='{HEIGHT}'/>"
    return f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' height='{HEIGHT}'>{axis}{mark}{''.join(lines)}</svg>"


def _y(height: float) -> float:
    return HEIGHT * (HIGH - min(max(height, LOW), HIGH)) / (HIGH - LOW)
