"""The key sink: for where MIDI does not reach. Keys go only to the programs that the mapping allows."""

import sys
from collections.abc import Mapping

from bridges.rekordbox.mapping import RekordboxMapping
from safety.commands import COMMANDS, CommandRow
from safety.types import SinkClass

from .base import SinkError
from .link import HAS_PAIR
from .plan import PlanRow, WriterPlan, key_rows
from .process import ProcessSink


class KeysSink(ProcessSink):
    """`health().target_ok` says whether an allowed program has the focus."""

    sink_class = SinkClass.KEYS

    def __init__(
        self,
        name: str,
        mapping: RekordboxMapping,
        *,
        commands: Mapping[str, CommandRow] = COMMANDS,
        pair: bool = HAS_PAIR,
    ) -> None:
        targets = mapping.targets.get(sys.platform, ())
        if not targets:
            raise SinkError(f"keys: no allowed program for {sys.platform}: name one in [keys.targets]")
        super().__init__(name, WriterPlan("keys", {"targets": list(targets)}, key_rows(mapping.keys, commands)), pair)

    def shown(self, row: PlanRow, value: float) -> str:
        return f"key {row.form} {'up' if value == row.neutral else 'down'}"
