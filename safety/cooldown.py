"""What has been permitted lately, and what is therefore still cooling: per gesture, command, deck, and altogether.

A cooldown is over when its milliseconds and its beats have both passed. Beats never hold it for ever: where the beat
clock is unknown, jumped back or stands still, time takes over. Time that went back is never a fresh start.
"""

from collections import deque
from dataclasses import dataclass

from .commands import CommandClass, CommandRow
from .limits import NS_PER_MS, NS_PER_S, Burst, Cooldown, LimitRow
from .types import Proposal, Reason

FASTEST_BEAT_NS = 200 * NS_PER_MS
"""300 BPM: beats that pass faster are a jump of the track's position."""
UNKNOWN_BEAT_NS = 500 * NS_PER_MS
"""120 BPM: what a beat counts for where nothing tells the beat."""
SLOWEST_BEAT_NS = NS_PER_S
"""60 BPM: a beat clock slower than this stands still."""

Identity = tuple[int, str, str]
"""Sequence number, gesture, command: what makes one proposal the same for several sinks."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One permit, as a cooldown remembers it."""

    identity: Identity
    t_ns: int
    beats: float
    cooldown: Cooldown


def identity_of(proposal: Proposal) -> Identity:
    """What two decisions on the same proposal have in common."""
    return (proposal.seq, proposal.gesture, proposal.command)


def cooling(mark: Mark, now_ns: int, beats: float) -> bool:
    """Whether the cooldown of `mark` still runs. `beats`: position of the beat clock, NaN when not known."""
    elapsed_ns = now_ns - mark.t_ns
    if elapsed_ns < mark.cooldown.ms * NS_PER_MS:
        return True
    return not _beats_passed(mark.cooldown.beats, elapsed_ns, beats - mark.beats)


def _beats_passed(needed: float, elapsed_ns: int, counted: float) -> bool:
    if elapsed_ns >= needed * SLOWEST_BEAT_NS:
        return True
    if not counted >= 0.0:
        return elapsed_ns >= needed * UNKNOWN_BEAT_NS
    return counted >= needed and elapsed_ns >= needed * FASTEST_BEAT_NS


class _Window:
    """Counts permits in a sliding window."""

    __slots__ = ("_times_ns", "_window_ns")

    def __init__(self, burst: Burst) -> None:
        self._times_ns: deque[int] = deque(maxlen=burst.count)
        self._window_ns = burst.window_ms * NS_PER_MS

    def full(self, now_ns: int) -> bool:
        return len(self._times_ns) == self._times_ns.maxlen and now_ns - self._times_ns[0] < self._window_ns

    def add(self, now_ns: int) -> None:
        self._times_ns.append(now_ns)


class Ledger:
    """The permits of one group of sinks. `reasons` only looks; `enter` is called for a permit and for nothing else."""

    __slots__ = ("_all", "_burst_all", "_bursts", "_commands", "_decks", "_gestures", "_newest_seq")

    def __init__(self, burst_all: Burst) -> None:
        self._gestures: dict[str, Mark] = {}
        self._commands: dict[str, Mark] = {}
        self._decks: dict[int, Mark] = {}
        self._all: Mark | None = None
        self._bursts: dict[str, _Window] = {}
        self._burst_all = _Window(burst_all)
        self._newest_seq: dict[tuple[str, str, str], int] = {}
        """Gesture, command and sink: the newest proposal that got its permit."""

    def reasons(self, proposal: Proposal, command: CommandRow, sink: str, now_ns: int, beats: float) -> tuple[Reason, ...]:
        """Why this proposal has to wait. The permit of another sink for the same proposal does not hold it up."""
        found = []
        if proposal.seq <= self._newest_seq.get((proposal.gesture, proposal.command, sink), -1):
            found.append(Reason.ALREADY_PERMITTED)
        identity = identity_of(proposal)
        for reason, mark in (
            (Reason.COOLDOWN_GESTURE, self._gestures.get(proposal.gesture)),
            (Reason.COOLDOWN_COMMAND, self._commands.get(command.id)),
            (Reason.COOLDOWN_DECK, self._decks.get(command.deck)),
            (Reason.COOLDOWN_ALL, self._all),
        ):
            if mark is not None and mark.identity != identity and cooling(mark, now_ns, beats):
                found.append(reason)
        if not self._entered(identity):
            found.extend(self._burst_reasons(command, now_ns))
        return tuple(found)

    def enter(self, proposal: Proposal, command: CommandRow, row: LimitRow, sink: str, *, now_ns: int, beats: float) -> None:
        """A permit was given: its cooldowns start, once per proposal."""
        self._newest_seq[proposal.gesture, proposal.command, sink] = proposal.seq
        identity = identity_of(proposal)
        if self._entered(identity):
            return
        self._gestures[proposal.gesture] = Mark(identity, now_ns, beats, row.gesture)
        self._commands[command.id] = Mark(identity, now_ns, beats, row.command)
        self._decks[command.deck] = Mark(identity, now_ns, beats, row.deck)
        self._all = Mark(identity, now_ns, beats, row.everything)
        window = self._bursts.get(command.id)
        if window is None:
            window = self._bursts[command.id] = _Window(row.burst)
        window.add(now_ns)
        if command.command_class is not CommandClass.CONTINUOUS:
            self._burst_all.add(now_ns)

    def _entered(self, identity: Identity) -> bool:
        mark = self._gestures.get(identity[1])
        return mark is not None and mark.identity == identity

    def _burst_reasons(self, command: CommandRow, now_ns: int) -> list[Reason]:
        found = []
        window = self._bursts.get(command.id)
        if window is not None and window.full(now_ns):
            found.append(Reason.BURST)
        if command.command_class is not CommandClass.CONTINUOUS and self._burst_all.full(now_ns):
            found.append(Reason.BURST_ALL)
        return found
