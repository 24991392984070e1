"""Packets of a layout seen before: one struct unpack says whether only the numbers have changed."""

from collections.abc import Iterable
from struct import Struct
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_LAYOUTS = 32
"""Layouts kept; when full, all are forgotten, so a flood of odd packets costs no memory."""
MAX_PER_LENGTH = 4
MAX_LENGTHS = 64


def form_of(size: int, holes: Iterable[tuple[int, int]]) -> str:
    """The struct format of a packet of this size that leaves the holes out."""
    form, pos = "", 0
    for start, end in holes:
        form += f"{start - pos}s{end - start}x"
        pos = end
    return f"{form}{size - pos}s"


class Layout:
    """A packet with holes: `matches(packet)` when every byte outside the holes is the same."""

    __slots__ = ("_expected", "_unpack")

    def __init__(self, packet: bytes, holes: Iterable[tuple[int, int]], form: str = "") -> None:
        """`holes`: (start, end) of the bytes that may differ, sorted, not overlapping; `form`: what `form_of` made of them."""
        self._unpack = Struct(form or form_of(len(packet), holes)).unpack
        self._expected = self._unpack(packet)

    def matches(self, packet: bytes) -> bool:
        """`packet` must be as long as the one the layout was made from."""
        return self._unpack(packet) == self._expected


class LayoutCache(Generic[T]):
    """What to do with a packet, by its layout. Bounded in layouts, and in layouts tried per packet."""

    def __init__(self) -> None:
        self._by_length: dict[int, list[tuple[Layout, T]]] = {}
        self._count = 0
        self._seen: set[int] = set()

    def find(self, packet: bytes) -> T | None:
        for layout, plan in self._by_length.get(len(packet), ()):
            if layout.matches(packet):
                return plan
        return None

    def worth_adding(self, packet: bytes) -> bool:
        """True from the second time that a packet of this length missed: one-off packets are not worth a layout."""
        if len(packet) in self._seen:
            return len(self._by_length.get(len(packet), ())) < MAX_PER_LENGTH or self._count >= MAX_LAYOUTS
        if len(self._seen) >= MAX_LENGTHS:
            self._seen.clear()
        self._seen.add(len(packet))
        return False

    def add(self, packet: bytes, holes: Iterable[tuple[int, int]], plan: T) -> None:
        self.put(packet, Layout(packet, holes), plan)

    def put(self, packet: bytes, layout: Layout, plan: T) -> None:
        """`layout` was made from `packet`."""
        if self._count >= MAX_LAYOUTS:
            self._by_length.clear()
            self._count = 0
        self._by_length.setdefault(len(packet), []).append((layout, plan))
        self._count += 1
