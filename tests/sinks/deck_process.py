"""A deck in a process of its own, to be killed: opens a sink, holds a command, beats; prints the writer's pid when it holds."""

import asyncio
import sys
import time

from bridges.sinks.base import SendStatus
from bridges.sinks.keys import KeysSink
from bridges.sinks.midi import MidiSink
from safety.types import Permit
from tests.sinks.helpers import COMMANDS_WITH_HOLD, HOLD, mapping_with_hold, opened, until


async def main(target: str) -> None:
    mapping, commands = mapping_with_hold(), COMMANDS_WITH_HOLD
    keys = target == "keys"
    sink = KeysSink("s", mapping, commands=commands) if keys else MidiSink("s", target, mapping, commands=commands)
    async with opened(sink) as reports:
        now_ns = time.monotonic_ns()
        sink.send(Permit(1, HOLD, 1.0, "s", sink.sink_class, 0, now_ns + 60 * 10**9), now_ns)
        await until(lambda: reports, "the hold is reported")
        assert reports[0].status is SendStatus.SENT, reports
        sys.stdout.write(f"{sink.writer_pid}\n")
        sys.stdout.flush()
        await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
