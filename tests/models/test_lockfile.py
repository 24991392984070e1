"""The lock file: one holder, freed when it ends, however it ends."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from airdeck.lockfile import LockTimeout, held

HOLD = """
import sys
from pathlib import Path
from airdeck.lockfile import held
with held(Path(sys.argv[1]), 1):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.usefixtures("other")
def test_a_held_lock_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LockTimeout, match="lock is held by another process"), held(tmp_path / "lock", 0.0):
        pass


def test_the_lock_of_a_killed_process_is_free(other: subprocess.Popen[bytes], tmp_path: Path) -> None:
    other.kill()
    other.wait()
    with held(tmp_path / "lock", 0.0):
        pass


def test_a_lock_is_free_after_its_block(tmp_path: Path) -> None:
    for _ in range(2):
        with held(tmp_path / "lock", 0.0):
            pass
