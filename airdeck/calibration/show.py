"""What the performer reads while calibrating: block letters on a terminal, one line for each change elsewhere."""

import sys
from typing import Any, Self

from .faults import WORDS, Fault
from .guide import Now
from .letters import big
from .steps import STEPS

BAR_CELLS = 40


class Screen:
    """On a terminal: one calm picture, redrawn in place, and a bell for each step done."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._number = 1
        self._shown: tuple[Any, ...] = ()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, now: Now) -> None:
        """Redraw when something changed."""
        if now.number != self._number or now.over:
            self._number = now.number
            self._console.bell()
        cells = round(now.done * BAR_CELLS)
        picture = (now.step, cells, now.fault, now.repeated)
        if picture != self._shown:
            self._shown = picture
            self._live.update(render(now, self._console.width), refresh=True)


def render(now: Now, width: int) -> Any:
    """One step as a rich renderable."""
    from rich.console import Group
    from rich.text import Text

    cells = round(now.done * BAR_CELLS)
    trouble = now.fault or now.repeated
    return Group(
        Text(f"\n step {now.number} of {len(STEPS)}{f', try {now.tries}' if now.tries > 1 else ''}\n", style="dim"),
        Text(big(now.step.big, width), style="bold"),
        Text(f"\n {now.step.small}\n"),
        Text.assemble(" ", ("█" * cells, "green"), ("░" * (BAR_CELLS - cells), "dim"), " hold still" if cells else ""),
        Text(f"\n {WORDS[trouble]}" if trouble else "\n", style="yellow"),
    )


class Lines:
    """Elsewhere: a line on stderr for each step, and for each reason that a step does not count."""

    def __init__(self) -> None:
        self._asked = (0, 0)
        self._said: set[Fault] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, now: Now) -> None:
        """Say what is new."""
        if now.over:
            return
        if (now.number, now.tries) != self._asked:
            self._asked = (now.number, now.tries)
            self._said.clear()
            sys.stderr.write(f"{now.number}/{len(STEPS)} {now.step.big}: {now.step.small}\n")
        if now.fault is not None and now.fault not in self._said:
            self._said.add(now.fault)
            sys.stderr.write(f"    {WORDS[now.fault]}\n")
