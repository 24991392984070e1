"""The page of a screening: one file that opens anywhere, without scripts. Every event has a strip of the wrists' heights."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from dynamics.skeleton import Joint

from .screen import ClipResult, Found
from .screen_labels import Group, body_units
from .screen_report import worst

AROUND_S = 2.5
WIDTH, HEIGHT = 360, 96
LOW, HIGH = -1.6, 1.6
"""Of the strip, torso lengths over mid-shoulder."""
MAX_STRIPS = 600
"""Of each group: a page with more is no longer looked at."""
TITLES = {
    Group.ORDINARY: "Ordinary movement: every event",
    Group.WAVES: "One-hand waves: every event",
    Group.RAISES: "Labelled raises: every event",
}
STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --dim: #667085; --line: #d8dde5; --paper: #fbfbf9; --left: #1f77b4; --right: #c4552d; --mark: #b00020; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --dim: #98a2b3; --line: #384152; --paper: #14171c; --left: #6db3e8; --right: #f0956f; --mark: #ff6b81; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1180px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; border-bottom: 1px solid var(--line); }
.big { font-size: 2.2rem; font-weight: 600; } .dim { color: var(--dim); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .2rem .6rem; border-bottom: 1px solid var(--line); } th { font-weight: 500; color: var(--dim); }
th:first-child, td:first-child { text-align: left; } td.text { text-align: left; }
.strips { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; width: 360px; } figcaption { font-size: .85rem; overflow-wrap: anywhere; }
svg { border: 1px solid var(--line); } .l { stroke: var(--left); } .r { stroke: var(--right); } path { fill: none; stroke-width: 1.6; }
.axis { stroke: var(--line); } .head { stroke: var(--dim); stroke-dasharray: 2 3; } .mark { stroke: var(--mark); } summary { cursor: pointer; margin: .6rem 0; }
"""  # noqa: E501
RATE_COLUMNS = (
    ("hours", "hours"), ("discrete_triggers", "triggers"), ("per_hour", "per hour"), ("bound95_per_hour", "95 % bound"),
    ("recogniser_events", "events"), ("commands", "commands"), ("held_back", "held back"), ("refused", "refused"),
    ("in_held_postures", "in held postures"), ("clips", "clips"),
)  # fmt: skip
RAISE_COLUMNS = (
    ("style", "style"), ("side", "side"), ("clips", "clips"), ("held", "truly held"), ("recall", "recall"),
    ("recall_facing", "facing"), ("joint_recall", "over the head joint"), ("missed_in_every_yaw", "missed"),
    ("wrong_deck", "wrong deck"), ("unreached", "not reached"), ("fired_unreached", "fired all the same"),
)  # fmt: skip


def page(report: dict[str, Any], results: Sequence[ClipResult]) -> str:
    """The whole page."""
    bound = report["bound95_per_hour"]
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>AirDeck: screening</title>",
        f"<meta name='viewport' content='width=device-width'><style>{STYLE}</style></head><body><h1>Screening of movement</h1>",
        f"<p><span class='big'>{report['discrete_triggers']}</span> triggers in {report['hours']:.3f} h of movement that means "
        f"nothing to us: {report['per_hour']:.2f} per hour" + (f", at most {bound:.2f} (95 %)." if bound is not None else "."),
        f"<br><span class='dim'>The performer was seen {report['seen_share']:.1%} and the gate armed "
        f"{report['armed_share']:.1%} of the time. {report['library']} gestures, seed {report['seed']}, yaws "
        f"{', '.join(f'{yaw:g}°' for yaw in report['yaws_deg'])}; library {report['library_hash'][:12]}, "
        f"code {report['code'][:12]}.</span></p>",
        "<h2>Groups</h2>",
        _rates(report["groups"], "group"),
        "<h2>Files (ordinary movement)</h2>",
        _rates(report["files"], "file"),
        "<h2>Gestures (ordinary movement)</h2>",
        _gestures(report["gestures"]),
    ]
    if report["waves"]:
        rows = {f"{row['label']} {row['style']}": row for row in report["waves"]}
        parts += ["<h2>One-hand waves</h2>", _rates(rows, "label and style")]
    if report["raises"]:
        rows_of = [[row[key] for key, _ in RAISE_COLUMNS] for row in (*report["raises"], report["raise_total"])]
        parts += ["<h2>Labelled raises</h2>", _table([name for _, name in RAISE_COLUMNS], rows_of)]
    parts += ["<h2>Worst clips</h2>", _worst(report), *_held(report)]
    for group in Group:
        parts.append(_strips(group, [r for r in results if r.group is group]))
    return "\n".join([*parts, "</body></html>\n"])


def _rates(rows: dict[str, dict[str, Any]], first: str) -> str:
    return _table(
        [first, *(name for _, name in RATE_COLUMNS)],
        [[name, *(row[key] for key, _ in RATE_COLUMNS)] for name, row in rows.items()],
    )


def _gestures(rows: dict[str, dict[str, Any]]) -> str:
    ordered = sorted(rows.items(), key=lambda item: -item[1]["recogniser_events"])
    columns = ("triggers", "per_hour", "recogniser_events", "commands")
    return _table(
        ["gesture", "triggers", "per hour", "events", "commands"], [[n, *(r[c] for c in columns)] for n, r in ordered]
    )


def _worst(report: dict[str, Any]) -> str:
    rows = [[f"{c['clip']} ({c['label'] or 'no label'})", _what(c), len(c["events"]), c["duration_s"]] for c in worst(report)]
    return _table(["clip", "what", "events", "seconds"], rows) if rows else "<p>None.</p>"


def _what(clip: dict[str, Any]) -> str:
    return ", ".join(f"{e['gesture']} at {e['t_s']:.2f} s: {e['verdict']}" for e in clip["events"])


def _held(report: dict[str, Any]) -> list[str]:
    rows = [
        [h["clip"], h["posture"], h["side"], f"{h['start_s']:.2f} to {h['end_s']:.2f} s", ", ".join(h["found"]) or "nothing"]
        for h in report["held_postures"]
    ]
    if not rows:
        return []
    table = _table(["clip", "posture", "side", "when", "found"], rows)
    return [f"<h2>Postures of ours that a performer truly holds</h2><details><summary>{len(rows)}</summary>{table}</details>"]


def _strips(group: Group, results: Iterable[ClipResult]) -> str:
    found = [(r, e) for r in results for e in r.events]
    if not found:
        return ""
    figures = "".join(_figure(result, event) for result, event in found[:MAX_STRIPS])
    more = f"<p class='dim'>The first {MAX_STRIPS} of {len(found)}.</p>" if len(found) > MAX_STRIPS else ""
    is_open = " open" if group is Group.ORDINARY else ""
    return (
        f"<h2>{TITLES[group]}</h2><p class='dim'>Heights of the left (blue) and right (orange) wrist, torso lengths over "
        f"mid-shoulder, {AROUND_S:g} s before and after; dotted: the head.</p>{more}"
        f"<details{is_open}><summary>{len(found)} events</summary><div class='strips'>{figures}</div></details>"
    )


def _figure(result: ClipResult, event: Found) -> str:
    clip = result.clip
    reasons = f" ({', '.join(event.reasons)})" if event.reasons else ""
    posture = f"; truly held: {event.posture}" if event.posture else ""
    yaws = "yaw " + ", ".join(f"{yaw:g}°" for yaw in sorted(event.yaws_deg)) if event.yaws_deg else "as recorded"
    caption = f"<b>{escape(event.gesture)}</b> {event.verdict.value}{escape(reasons + posture)}<br>"
    where = escape(f"{clip.name} at {event.t_s:.2f} s, {yaws}")
    return f"<figure>{strip(clip.t_s, clip.joints, event.t_s)}<figcaption>{caption}{where}</figcaption></figure>"


def strip(t_s: np.ndarray, joints: np.ndarray, at_s: float) -> str:
    """SVG of the wrists' and the head's height around a time."""
    near = np.flatnonzero(np.abs(t_s - at_s) <= AROUND_S)
    near = near[:: max(1, len(near) // 150)]
    lines = [f"<line class='axis' x1='0' x2='{WIDTH}' y1='{_y(0.0):.0f}' y2='{_y(0.0):.0f}'/>"]
    if near.size:
        with np.errstate(invalid="ignore"):
            body = body_units(joints)[near]
        x = (t_s[near] - at_s + AROUND_S) / (2 * AROUND_S) * WIDTH
        for joint, name in ((Joint.HEAD, "head"), (Joint.L_WRIST, "l"), (Joint.R_WRIST, "r")):
            lines.append(f"<path class='{name}' d='{_path(x, body[:, joint, 1])}'/>")
    lines.append(f"<line class='mark' x1='{WIDTH / 2:.0f}' x2='{WIDTH / 2:.0f}' y1='0' y2='{HEIGHT}'/>")
    return f"<svg width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}'>{''.join(lines)}</svg>"


def _path(x: np.ndarray, heights: np.ndarray) -> str:
    """A line through the points that are known."""
    words, pen = [], "M"
    for at, height in zip(x.tolist(), heights.tolist(), strict=True):
        if height != height:  # noqa: PLR0124 - NaN
            pen = "M"
            continue
        words.append(f"{pen}{at:.1f} {_y(height):.1f}")
        pen = "L"
    return "".join(words)


def _y(height: float) -> float:
    return (HIGH - min(max(height, LOW), HIGH)) / (HIGH - LOW) * HEIGHT


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    top = "".join(f"<th>{escape(str(cell))}</th>" for cell in head)
    body = "".join("<tr>" + "".join(_cell(cell) for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"<td{' class=text' if isinstance(value, str) else ''}>{escape(text)}</td>"
