"""Give memory back that only the start needed. Linux; elsewhere nothing happens.

Loading compiled kernels touches most of LLVM, which then lies in memory for the rest of the night. Its pages are
unchanged copies of a file: handed back to the system, they return by themselves should they ever be needed again.
"""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

START_ONLY = ("libllvmlite",)
"""Libraries that the start needs and the set does not."""
MADV_DONTNEED = 4


@dataclass(frozen=True, slots=True)
class Mapping:
    """A stretch of this process's memory that a file is mapped to."""

    start: int
    size: int
    file: str
    changed: bool
    """Written to, if only by the linker: its pages are not the file's any more."""
    readable_only: bool


def parse_mappings(smaps: str) -> Iterator[Mapping]:
    """The file mappings of a `/proc/PID/smaps`."""
    head, changed = "", False
    for line in [*smaps.splitlines(), "0-0 "]:
        key, _, rest = line.partition(":")
        if key in ("Private_Dirty", "Shared_Dirty", "Anonymous"):
            changed = changed or rest.split()[0] != "0"
        elif "-" in line.split(" ", 1)[0]:
            fields = head.split(maxsplit=5)
            if len(fields) == 6 and fields[5].startswith("/"):
                start, end = (int(edge, 16) for edge in fields[0].split("-"))
                yield Mapping(start, end - start, fields[5], changed, "w" not in fields[1])
            head, changed = line, False


def give_back(names: tuple[str, ...] = START_ONLY) -> int:
    """Hand back the unchanged pages of the named libraries; the bytes that they span, 0 where this cannot be done."""
    smaps = Path("/proc/self/smaps")  # there on Linux alone
    if not smaps.exists():
        return 0
    madvise = ctypes.CDLL(None, use_errno=True).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    given = 0
    for mapping in list(parse_mappings(smaps.read_text())):
        wanted = any(name in mapping.file for name in names)
        if wanted and mapping.readable_only and not mapping.changed and not madvise(mapping.start, mapping.size, MADV_DONTNEED):
            given += mapping.size
    return given
