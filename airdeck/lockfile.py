"""One process at a time: a lock file the system lets go of when its holder dies."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RETRY_S = 0.1


class LockTimeout(Exception):  # noqa: N818
    """Another process held the lock for too long; the text names the file."""


@contextmanager
def held(path: Path, limit_s: float) -> Iterator[None]:
    """Hold the lock file `path` (made when missing). LockTimeout when it is not free within `limit_s`."""
    deadline_s = time.monotonic() + limit_s
    with path.open("ab") as handle:
        while not _locked(handle.fileno()):
            if time.monotonic() > deadline_s:
                raise LockTimeout(f"{path} is held by another process")
            time.sleep(RETRY_S)
        yield


def _locked(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
