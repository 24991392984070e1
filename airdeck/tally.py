"""What happened so far, for the table, `airdeck status` and the summary at the end. Words are made when asked."""

from collections import Counter

from bridges.sinks.base import SendStatus, Sent
from safety.types import Reason, Verdict

from .clock import NS_PER_MS
from .events import Event, EventKind, GestureEvent, Outcome
from .wording import phrase_text, refusal


class Tally:
    """Fed after each step and by each sink."""

    __slots__ = ("decisions", "frames", "gestures", "last_gesture", "last_sent", "last_verdict", "permitted", "reasons", "sent")

    def __init__(self) -> None:
        self.frames = 0
        self.gestures: Counter[str] = Counter()
        """Completed ones, by id."""
        self.decisions = 0
        self.permitted = 0
        self.reasons: Counter[Reason] = Counter()
        self.sent: Counter[SendStatus] = Counter()
        self.last_gesture: GestureEvent | None = None
        self.last_verdict: Verdict | None = None
        self.last_sent: Sent | None = None

    def step(self, event: Event, outcome: Outcome) -> None:
        """One step's outcome."""
        if event.kind is EventKind.ARRIVAL:
            self.frames += 1
        for gesture in outcome.gestures:
            if gesture.phase == "completed":
                self.gestures[gesture.gesture] += 1
                self.last_gesture = gesture
        for verdict in outcome.verdicts:
            self.decisions += 1
            self.permitted += verdict.permitted
            self.reasons.update(verdict.reasons)
            self.last_verdict = verdict

    def sink(self, sent: Sent) -> None:
        """What a sink really did."""
        self.sent[sent.status] += 1
        if sent.status is not SendStatus.RELEASED:
            self.last_sent = sent

    def status(self, now_ns: int) -> dict[str, object]:
        """As JSON: the newest of each, in words, and the counts."""
        return {
            "last_gesture": self._gesture(now_ns),
            "last_decision": self._decision(now_ns),
            "last_sent": self._sent(now_ns),
            "counts": self.counts(),
        }

    def counts(self) -> dict[str, object]:
        """As JSON."""
        return {
            "frames": self.frames,
            "gestures": dict(self.gestures),
            "decisions": self.decisions,
            "permitted": self.permitted,
            "refused": {reason.value: count for reason, count in self.reasons.items()},
            "sent": {status.value: count for status, count in self.sent.items()},
        }

    def _gesture(self, now_ns: int) -> dict[str, object]:
        gesture = self.last_gesture
        if gesture is None:
            return {}
        ago_s = _ago_s(now_ns, gesture.t_ns)
        said = f": {phrase_text(gesture.phrase)}" if gesture.phrase is not None else ""
        return {
            "gesture": gesture.gesture,
            "deck": gesture.deck,
            "ago_s": ago_s,
            "text": f"{gesture.gesture}{said} ({ago_s:.0f} s ago)",
        }

    def _decision(self, now_ns: int) -> dict[str, object]:
        verdict = self.last_verdict
        if verdict is None:
            return {}
        proposal = verdict.proposal
        answer = f"permitted for {verdict.sink}" if verdict.permitted else f"refused: {refusal(verdict.reasons)}"
        return {
            "gesture": proposal.gesture,
            "command": proposal.command,
            "sink": verdict.sink,
            "permitted": verdict.permitted,
            "reasons": [reason.value for reason in verdict.reasons],
            "ago_s": _ago_s(now_ns, verdict.t_ns),
            "text": f"{proposal.gesture} for {proposal.command} {answer} ({_ago_s(now_ns, verdict.t_ns):.0f} s ago)",
        }

    def _sent(self, now_ns: int) -> dict[str, object]:
        sent = self.last_sent
        if sent is None:
            return {}
        what = f" ({sent.what})" if sent.what else ""
        word = "would send" if sent.status is SendStatus.SHOWN else sent.status.value
        return {
            "command": sent.command,
            "sink": sent.sink,
            "status": sent.status.value,
            "what": sent.what,
            "ago_s": _ago_s(now_ns, sent.t_ns),
            "text": f"{sent.sink}: {word} {sent.command}{what} ({_ago_s(now_ns, sent.t_ns):.0f} s ago)",
        }


def _ago_s(now_ns: int, then_ns: int) -> float:
    return round(max(0, now_ns - then_ns) / NS_PER_MS / 1000, 3)
