"""The calm live table. Drawn in a process of its own (a redraw costs 3-9 ms), fed one JSON status a line on stdin.

`python -m airdeck.table` is that process; `TableFeed` is the deck's end of the pipe. A slow terminal only loses redraws.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Iterable, Mapping
from typing import IO, Any

from bridges.ipc import module_command, module_environment

from .streams import STREAMS
from .wording import ARM_STATES, PRIVACY, PROFILES

Status = Mapping[str, Any]

UNREAD_LIMIT_BYTES = 64 * 1024
"""A child that is this far behind gets no more until it has read."""
LINE_LIMIT_BYTES = 1 << 20
GONE_LIMIT_S = 2.0
ARM_STYLES = {"armed": "bold white on green", "suspended": "bold black on yellow", "stopped": "bold white on red"}
DISARMED_STYLE = "bold white on blue"


class TableFeed:
    """Starts the child and feeds it. `show` never waits; a child that died is not missed."""

    def __init__(self) -> None:
        self._child: asyncio.subprocess.Process | None = None

    async def open(self) -> None:
        argv, env = module_command("airdeck.table"), module_environment()
        self._child = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.PIPE, env=env)

    def show(self, status: Status) -> None:
        if self._child is None or self._child.stdin is None or self._child.stdin.is_closing():
            return
        if self._child.stdin.transport.get_write_buffer_size() < UNREAD_LIMIT_BYTES:
            self._child.stdin.write(json.dumps(status, default=str).encode() + b"\n")

    async def close(self) -> None:
        """End of the pipe ends the child; the last table stays on the terminal."""
        if self._child is None or self._child.stdin is None:
            return
        self._child.stdin.close()
        try:
            await asyncio.wait_for(self._child.wait(), GONE_LIMIT_S)
        except TimeoutError:
            self._child.kill()
            await self._child.wait()


def render(status: Status) -> Any:
    """The whole picture of one status, as a rich renderable."""
    from rich.console import Group
    from rich.text import Text

    return Group(
        _headline(status),
        Text(f"  {ARM_STATES.get(status.get('arm_state', ''), '')}", style="dim"),
        Text(),
        _stream_table(status.get("streams", {})),
        Text(),
        _facts(status),
    )


def _headline(status: Status) -> Any:
    from rich.text import Text

    arm, profile = str(status.get("arm_state", "")), str(status.get("profile", ""))
    style = ARM_STYLES.get(arm, DISARMED_STYLE)
    return Text.assemble((f" {arm.upper()} ", style), "  ", (profile, "bold"), (f"  {PROFILES.get(profile, '')}", "dim"))  # type: ignore[call-overload]


def _stream_table(streams: Mapping[str, Status]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2), show_edge=False)
    for heading in ("stream", "rate", "age", ""):
        table.add_column(heading, justify="left" if heading in ("stream", "") else "right", header_style="dim")
    for name, stream in streams.items():
        good = stream.get("alive") and stream.get("rate_ok") and stream.get("clock_ok")
        word = Text(_stream_word(name, stream), style="green" if good else "yellow")
        rate = f"{stream['rate_hz']:.0f} Hz" if stream.get("rate_hz") else "-"
        table.add_row(name, rate, _age(stream.get("age_ms", 0.0)), word)
    if not streams:
        table.add_row("none yet", "-", "-", Text("waiting for the first frame", style="dim"))
    return table


def _stream_word(name: str, stream: Status) -> str:
    if not stream.get("alive"):
        return "gone"
    if not stream.get("clock_ok"):
        return "clock went back"
    if not stream.get("rate_ok"):
        return f"slow (needs {STREAMS[name].slow_below_hz:.0f} Hz)" if name in STREAMS else "slow"
    return "good"


def _age(age_ms: float) -> str:
    return f"{age_ms:.0f} ms" if age_ms < 1000 else f"{age_ms / 1000:.1f} s"


def _facts(status: Status) -> Any:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2), show_header=False, show_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for label, text in facts(status):
        table.add_row(label, text)
    return table


def facts(status: Status) -> Iterable[tuple[str, str]]:
    """(label, text) of what happened last, without empty ones."""
    rows = [
        ("seen", _seen(status)),
        ("lapses", ", ".join(status.get("lapses", ()))),
        ("source", ", ".join(str(source.get("text", "")) for source in status.get("sources", ()))),
        ("gesture", str(status.get("last_gesture", {}).get("text", ""))),
        ("decision", str(status.get("last_decision", {}).get("text", "none yet"))),
        ("sent", str(status.get("last_sent", {}).get("text", "nothing yet"))),
        ("latency", _latency(status.get("latency_ms", {}))),
        ("performer", str(status.get("calibration", {}).get("text", ""))),
        ("session", str(status.get("session", ""))),
        *(("note", str(note)) for note in status.get("notes", ())),
        ("privacy", PRIVACY),
    ]
    return [(label, text) for label, text in rows if text]


def _seen(status: Status) -> str:
    """The performer, and what they have begun."""
    if not status.get("performer_seen"):
        return "nobody yet" if status.get("streams") else ""
    begun = [f"{found['gesture']} {found['done']:.0%}" for found in status.get("in_flight", ())]
    return ", ".join(["the performer", *begun])


def _latency(latency: Status) -> str:
    if not latency.get("p50"):
        return ""
    return f"p50 {latency['p50']:.1f} ms, p99 {latency['p99']:.1f} ms from frame to decision"


def draw(lines: IO[bytes]) -> None:
    """Redraw for each line until there are no more."""
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(), auto_refresh=False) as live:
        while line := lines.readline(LINE_LIMIT_BYTES):
            try:
                live.update(render(json.loads(line)), refresh=True)
            except ValueError:
                continue


def main() -> None:
    """The child: Ctrl-C is the deck's to handle, the end of the pipe is ours."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    draw(sys.stdin.buffer)


if __name__ == "__main__":
    main()
