"""The K11 gate: the one way out, and the only maker of a Permit."""

from collections.abc import Mapping

from .arming import Arming
from .checks import Context, Reasons, all_reasons, profile_permits
from .commands import COMMANDS, CommandClass, CommandRow
from .cooldown import Ledger
from .limits import GLOBAL_BURST, LIMITS, PERMIT_LIFE_NS, RELEASE_LIFE_NS, Burst, LimitRow, table_problems
from .promotion import Promotion, promotion_problems
from .types import HARMLESS_SINKS, ArmState, Health, HumanAct, Permit, Profile, Proposal, Reason, Sink, Transition, Verdict

_ACTS: Mapping[str, HumanAct] = {act.value: act for act in HumanAct}


class K11Gate:
    """Decides. Begins disarmed in every profile; `observe` has to be called each step for it to permit anything.

    Tables are handed in, never switched by config. Raises ValueError naming every problem when they are not sound.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        commands: Mapping[str, CommandRow] = COMMANDS,
        limits: Mapping[str, LimitRow] = LIMITS,
        promotions: Mapping[str, Promotion] | None = None,
        selfplay_current: bool = False,
        burst_all: Burst = GLOBAL_BURST,
    ) -> None:
        self._commands = dict(commands)
        self._limits = dict(limits)
        self._promotions = dict(promotions or {})
        if problems := (*table_problems(commands, limits, burst_all), *_promotion_table_problems(self._promotions)):
            raise ValueError("\n".join(problems))
        self._profile = profile
        self._selfplay_current = selfplay_current
        self._arming = Arming(tuple(dict.fromkeys(name for row in limits.values() for name in row.streams)))
        self._harmless = Ledger(burst_all)
        self._reaching = Ledger(burst_all)
        self._moved: dict[tuple[str, str], tuple[float, int, Sink]] = {}
        """Command and sink name -> value last permitted, when, and to whom."""
        self._newest_ns: int | None = None
        self._decisions = 0

    @property
    def profile(self) -> Profile:
        return self._profile

    @property
    def state(self) -> ArmState:
        return self._arming.state

    @property
    def decisions(self) -> int:
        """Decisions so far; the next one's sequence number is one more."""
        return self._decisions

    def observe(self, health: Health, now_ns: int) -> Transition | None:
        """Look at health, each step, before deciding. The change of state, if there was one."""
        self._clock_back(now_ns)
        return self._arming.observe(health, now_ns)

    def act(self, act: str, now_ns: int, by: str = "") -> Transition | None:
        """A person acts ("arm", "disarm", "stop", "reset"). None when that does nothing in this state, or is no act."""
        known = _ACTS.get(act)
        return None if known is None else self._arming.act(known, now_ns, by)

    def arm(self, now_ns: int, by: str = "") -> Transition | None:
        return self._arming.act(HumanAct.ARM, now_ns, by)

    def disarm(self, now_ns: int, by: str = "") -> Transition | None:
        return self._arming.act(HumanAct.DISARM, now_ns, by)

    def stop(self, now_ns: int, by: str = "") -> Transition | None:
        """Latched: only `reset` leads back, to disarmed."""
        return self._arming.act(HumanAct.STOP, now_ns, by)

    def reset(self, now_ns: int, by: str = "") -> Transition | None:
        return self._arming.act(HumanAct.RESET, now_ns, by)

    def restore_latched(self, now_ns: int) -> Transition:
        """The run before ended stopped: begin stopped."""
        return self._arming.restore_latched(now_ns)

    def decide(self, proposal: Proposal, sink: Sink, health: Health, now_ns: int) -> Verdict:
        """One decision for one sink. A proposal of the command's neutral value is a release."""
        clock_back = self._clock_back(now_ns)
        command = self._commands.get(proposal.command)
        if command is not None and proposal.value == command.neutral:
            return self._release(proposal, command, sink, now_ns)
        context = self._context(proposal, command, sink, health, now_ns=now_ns, clock_back=clock_back)
        reasons = all_reasons(proposal, context)
        if command is not None and not reasons:
            context.ledger.enter(proposal, command, context.limits, sink.name, now_ns=now_ns, beats=health.beats)
        return self._verdict(proposal, command, sink, now_ns, reasons=reasons, life_ns=PERMIT_LIFE_NS)

    def neutral(self, command: str, sink: Sink, now_ns: int) -> Verdict:
        """Release: passes in every state and every health, to every sink that the profile could have sent to."""
        self._clock_back(now_ns)
        row = self._commands.get(command)
        if row is None:
            proposal = Proposal(t_ns=now_ns, command=command, value=0.0)
            unknown: Reasons = (Reason.COMMAND_UNKNOWN,)
            return self._verdict(proposal, None, sink, now_ns, reasons=unknown, life_ns=RELEASE_LIFE_NS)
        return self._release(Proposal(t_ns=now_ns, deck=row.deck, command=command, value=row.neutral), row, sink, now_ns)

    def held(self) -> tuple[tuple[str, Sink], ...]:
        """Commands that are held down, and where: what `neutral` has to be asked for on the way out."""
        return tuple(
            (command, sink)
            for (command, _), (value, _, sink) in self._moved.items()
            if self._commands[command].command_class is CommandClass.HOLD and value != self._commands[command].neutral
        )

    def _release(self, proposal: Proposal, command: CommandRow, sink: Sink, now_ns: int) -> Verdict:
        reasons: Reasons = ()
        if not profile_permits(self._profile, sink):
            reasons = (Reason.MODE_NO_PERMIT,)
        elif command.command_class is CommandClass.CONTINUOUS and (command.id, sink.name) not in self._moved:
            reasons = (Reason.NOTHING_TO_RELEASE,)
        return self._verdict(proposal, command, sink, now_ns, reasons=reasons, life_ns=RELEASE_LIFE_NS)

    def _verdict(
        self, proposal: Proposal, command: CommandRow | None, sink: Sink, now_ns: int, *, reasons: Reasons, life_ns: int
    ) -> Verdict:
        self._decisions += 1
        permit = None
        if command is not None and not reasons:
            permit = Permit(
                decision_seq=self._decisions,
                command=command.id,
                value=proposal.value,
                sink=sink.name,
                sink_class=sink.sink_class,
                not_before_ns=now_ns,
                expires_ns=now_ns + life_ns,
            )
            self._moved[command.id, sink.name] = (proposal.value, now_ns, sink)
        return Verdict(self._decisions, now_ns, proposal, sink.name, self._profile, self.state, reasons, permit)

    def _context(
        self, proposal: Proposal, command: CommandRow | None, sink: Sink, health: Health, *, now_ns: int, clock_back: bool
    ) -> Context:
        moved = self._moved.get((proposal.command, sink.name))
        return Context(
            profile=self._profile,
            sink=sink,
            health=health,
            now_ns=now_ns,
            ledger=self._harmless if sink.sink_class in HARMLESS_SINKS else self._reaching,
            clock_back=clock_back,
            arm_state=self.state,
            observed=self._arming.observed_lately(now_ns),
            command=command,
            limits=self._limits.get(proposal.command, _UNLISTED),
            promotion=self._promotions.get(proposal.gesture),
            selfplay_current=self._selfplay_current,
            last_value=moved[0] if moved else command.neutral if command else 0.0,
            last_value_ns=moved[1] if moved else None,
        )

    def _clock_back(self, now_ns: int) -> bool:
        """Whether time went back; remembers the newest time seen."""
        if self._newest_ns is not None and now_ns < self._newest_ns:
            return True
        self._newest_ns = now_ns
        return False


_UNLISTED = LimitRow()
"""The row of a command without one: in the table of no profile."""


def _promotion_table_problems(promotions: Mapping[str, Promotion]) -> list[str]:
    found = [f"promotions: {name} stands for {row.gesture}" for name, row in promotions.items() if name != row.gesture]
    found += [f"promotions: {name}: {problem}" for name, row in promotions.items() for problem in promotion_problems(row)]
    return found
