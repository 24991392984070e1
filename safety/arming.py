"""Who may send at all: disarmed -> armed <-> suspended, and stopped (latched). Only a person arms.

`observe` runs each step, keeps nothing new while the state stands, and answers with a record when it changes.
"""

from .limits import DRIVING_STREAMS, NS_PER_MS, NS_PER_S
from .types import ArmState, Cause, Health, HumanAct, StreamHealth, Transition

MAX_GAP_NS = 250 * NS_PER_MS
"""Longer unobserved than this is a stall: two and a half housekeeping ticks, or two frames lost at 10 fps."""
RESUME_AFTER_NS = NS_PER_S
"""Good data for this long earns the way back."""
DISARM_AFTER_NS = 10 * NS_PER_S
"""Suspended for longer than this, and a person has to arm again."""
EVIDENCE_GRACE_NS = NS_PER_S
"""A performer or vector lost for less than this only refuses: a turn, a bow or a strobe is no reason to stand down."""

_HUMAN: dict[HumanAct, tuple[frozenset[ArmState], ArmState, Cause]] = {
    HumanAct.ARM: (frozenset({ArmState.DISARMED}), ArmState.ARMED, Cause.ARM),
    HumanAct.DISARM: (frozenset({ArmState.ARMED, ArmState.SUSPENDED}), ArmState.DISARMED, Cause.DISARM),
    HumanAct.STOP: (frozenset({ArmState.DISARMED, ArmState.ARMED, ArmState.SUSPENDED}), ArmState.STOPPED, Cause.STOP),
    HumanAct.RESET: (frozenset({ArmState.STOPPED}), ArmState.DISARMED, Cause.RESET),
}
"""Act -> the states in which it does something, where it leads, and its cause."""


def stream_good(stream: StreamHealth | None) -> bool:
    """Alive, fast enough, and its clock sound."""
    return stream is not None and stream.alive and stream.rate_ok and stream.clock_ok


def evidence_usable(health: Health) -> bool:
    """Somebody is seen, and the vector says something."""
    return health.performer_seen and health.vector_finite and not health.vector_flat


class Arming:
    """The arm state and what it waits for."""

    __slots__ = ("_connected", "_driving", "_good_ns", "_observed_ns", "_state", "_suspended_ns", "_usable_ns")

    def __init__(self, driving: tuple[str, ...] = DRIVING_STREAMS) -> None:
        self._state = ArmState.DISARMED
        self._driving = driving
        self._connected: set[str] = set()
        """Sinks seen connected since the arming: losing one is a lost port."""
        self._observed_ns: int | None = None
        self._suspended_ns = 0
        self._good_ns: int | None = None
        """Since when health has been good while suspended."""
        self._usable_ns = 0
        """When the evidence was last usable while armed."""

    @property
    def state(self) -> ArmState:
        return self._state

    def act(self, act: HumanAct, now_ns: int, by: str = "") -> Transition | None:
        """A person acts. None when the act does nothing in this state."""
        states, after, cause = _HUMAN[act]
        if self._state not in states:
            return None
        self._connected.clear()
        self._usable_ns = now_ns
        return self._change(after, cause, now_ns, by)

    def restore_latched(self, now_ns: int) -> Transition:
        """An earlier run ended stopped: so does this one begin."""
        return self._change(ArmState.STOPPED, Cause.RESTORED, now_ns)

    def observed_lately(self, now_ns: int) -> bool:
        """Health was looked at recently enough for the state to mean something."""
        return self._observed_ns is not None and 0 <= now_ns - self._observed_ns <= MAX_GAP_NS

    def observe(self, health: Health, now_ns: int) -> Transition | None:
        """Look at health: suspend, resume or disarm. At most one change per call."""
        last_ns = now_ns if self._observed_ns is None else self._observed_ns
        self._observed_ns = now_ns
        if self._state is ArmState.ARMED:
            return self._observe_armed(health, now_ns, last_ns)
        if self._state is ArmState.SUSPENDED:
            return self._observe_suspended(health, now_ns, last_ns)
        return None

    def _observe_armed(self, health: Health, now_ns: int, last_ns: int) -> Transition | None:
        ended = self._ended(health)
        if ended is None and now_ns - last_ns > DISARM_AFTER_NS:
            ended = Cause.GAP
        if ended is not None:
            return self._change(ArmState.DISARMED, ended, now_ns)
        lapse = self._lapse(health, now_ns, last_ns)
        if evidence_usable(health):
            self._usable_ns = now_ns
        elif lapse is None and now_ns - self._usable_ns > EVIDENCE_GRACE_NS:
            lapse = Cause.EVIDENCE_LOST
        if lapse is None:
            return None
        self._suspended_ns = now_ns
        self._good_ns = None
        return self._change(ArmState.SUSPENDED, lapse, now_ns)

    def _observe_suspended(self, health: Health, now_ns: int, last_ns: int) -> Transition | None:
        ended = self._ended(health)
        if ended is None and now_ns - self._suspended_ns > DISARM_AFTER_NS:
            ended = Cause.SUSPENDED_TOO_LONG
        if ended is not None:
            return self._change(ArmState.DISARMED, ended, now_ns)
        if self._lapse(health, now_ns, last_ns) is not None or not evidence_usable(health):
            self._good_ns = None
            # Only after the clock went back: the wait starts anew, and never lasts longer than it was.
            self._suspended_ns = min(self._suspended_ns, now_ns)
            return None
        if self._good_ns is None:
            self._good_ns = now_ns
        if now_ns - self._good_ns < RESUME_AFTER_NS:
            return None
        self._usable_ns = now_ns
        return self._change(ArmState.ARMED, Cause.GOOD_AGAIN, now_ns)

    def _ended(self, health: Health) -> Cause | None:
        """What a person has to put right."""
        if not health.decisions_written:
            return Cause.DECISIONS_NOT_WRITTEN
        for name in self._connected:
            known = health.sinks.get(name)
            if known is None or not known.connected:
                return Cause.PORT_LOST
        for name, sink in health.sinks.items():
            if sink.connected:
                self._connected.add(name)
        return None

    def _lapse(self, health: Health, now_ns: int, last_ns: int) -> Cause | None:
        """What comes right by itself."""
        if now_ns < last_ns:
            return Cause.CLOCK_WENT_BACK
        if now_ns - last_ns > MAX_GAP_NS:
            return Cause.GAP
        if health.lagging:
            return Cause.LAGGING
        for name in self._driving:
            if stream_good(health.streams.get(name)):
                return None
        return Cause.STREAM_LOST

    def _change(self, after: ArmState, cause: Cause, now_ns: int, by: str = "") -> Transition:
        transition = Transition(now_ns, self._state, after, cause, by)
        self._state = after
        return transition
