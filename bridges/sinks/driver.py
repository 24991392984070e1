"""What a writer asks of a driver. Loaded by the writer, so it imports little."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
"""A `plan.PlanRow` as it comes through JSON."""


class DriverError(Exception):
    """The device is not to be had, or is gone; the message names it and says what to do."""


class Driver:
    """Sends presses and releases to one device. Any exception means that the device is lost."""

    def __init__(self, options: Mapping[str, Any], rows: Sequence[Row]) -> None:
        """Connect, and let go of every key and note of the table: an earlier writer may have died holding one."""

    def check(self, now_ns: int) -> None:
        """Raises DriverError when the device is gone."""

    def target_ok(self) -> bool:
        """The allowed window is in front. Always true where there is no window."""
        return True

    def press(self, index: int, value: float) -> bool:
        """Send `value` of row `index`; False when the allowed window is not in front."""
        raise NotImplementedError

    def release(self, index: int) -> None:
        """Send the neutral value of row `index`."""
        raise NotImplementedError

    def close(self) -> None:
        """Disconnect. Called also when the device is gone: must not block then."""


def table_hash(rows: Sequence[Row]) -> int:
    """64 bits that differ when deck and writer do not mean the same table."""
    text = json.dumps(list(rows), sort_keys=True, separators=(",", ":"))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
