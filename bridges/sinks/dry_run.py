"""The dry-run sink: shows what would be sent, and sends nothing."""

from bridges.rekordbox.mapping import RekordboxMapping
from safety.types import Permit, SinkClass, SinkHealth

from .base import SendStatus, Sent, Sink


class DryRunSink(Sink):
    """Reports SHOWN with the bytes and the key that the command stands for."""

    sink_class = SinkClass.DRY_RUN

    def __init__(self, name: str, mapping: RekordboxMapping) -> None:
        super().__init__(name)
        self._mapping = mapping

    def health(self) -> SinkHealth:
        return SinkHealth(connected=self._report is not None)

    async def _open(self) -> None:
        pass

    async def _close(self) -> None:
        pass

    def _send(self, permit: Permit, now_ns: int) -> None:
        form = self._mapping.midi.get(permit.command)
        key = self._mapping.keys.get(permit.command)
        parts = ([form.message(permit.value).hex(" ")] if form else []) + ([f"key {key.text}"] if key else [])
        status = SendStatus.SHOWN if parts else SendStatus.REFUSED
        what = " or ".join(parts) or f"{self.name} has no form for this command"
        self.report(Sent(permit.decision_seq, self.name, permit.command, status, what, now_ns))
