"""What waits to be written: one lane per kind of thing handed over. The caller's side only appends.

An item stays at the head of its lane until `os.write` has returned for its last byte, so what a lane holds is exactly
what is not acknowledged.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from .streamfile import StreamFile

Lines = list[tuple[StreamFile, bytes, int]]
"""Lines of one item, in the order of writing, each with its record's time."""


class Lane:
    """A queue with its encoder. `must` says which items may not be dropped; the others are refused beyond `bound`."""

    __slots__ = ("_encode", "_half", "_items", "_must", "bound", "failure", "pending", "retry_ns")

    def __init__(self, bound: int, encode: Callable[[Any], Lines], must: Callable[[Any], bool]) -> None:
        self.bound = bound
        self.failure = ""
        """What the last write said, empty when it went well."""
        self.retry_ns = 0
        self.pending: deque[int] = deque()
        """When each item that may not be dropped was handed over: those still unacknowledged."""
        self._items: deque[Any] = deque()
        self._half: Lines = []
        self._encode = encode
        self._must = must

    def __len__(self) -> int:
        return len(self._items)

    @property
    def is_half_written(self) -> bool:
        """The first item is encoded, and not wholly taken by the disk."""
        return bool(self._half)

    def put(self, item: Any) -> bool:
        """Hand over something that may be dropped; False when there is no room."""
        if len(self._items) >= self.bound:
            return False
        self._items.append(item)
        return True

    def put_must(self, item: Any, now_ns: int) -> None:
        """Hand over something that may not be dropped."""
        self.pending.append(now_ns)
        self._items.append(item)

    def oldest_ns(self) -> int | None:
        """When the oldest unacknowledged item that may not be dropped was handed over."""
        try:
            return self.pending[0]
        except IndexError:  # also when the writer takes the last one at this moment
            return None

    def write_head(self) -> None:
        """Write what is first. Raises OSError and carries on from the same byte next time."""
        if not self._half:
            self._half = self._encode(self._items[0])
        while self._half:
            file, data, t_ns = self._half[0]
            taken = file.write(data)
            if taken < len(data):
                self._half[0] = (file, data[taken:], t_ns)
            else:
                file.wrote(t_ns)
                del self._half[0]
        self._done()

    def skip_head(self) -> bool:
        """Give up the first item: it cannot be encoded. True when it was one that may not be dropped."""
        self._half = []
        return self._done()

    def _done(self) -> bool:
        must = self._must(self._items.popleft())
        if must:
            self.pending.popleft()
        return must


def held(lanes: Iterable[Lane]) -> int:
    """Items in all lanes."""
    return sum(len(lane) for lane in lanes)
