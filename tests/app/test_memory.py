"""Memory of the start is given back, and nothing is lost by it."""

import subprocess
import sys

import pytest

from airdeck.memory import Mapping, parse_mappings

SMAPS = """\
7f00-7f40 r--p 00000000 fe:00 1 /lib/libllvmlite.so
Rss:                  16 kB
Shared_Dirty:          0 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
7f40-7f80 r--p 00040000 fe:00 1 /lib/libllvmlite.so
Private_Dirty:         4 kB
7f80-7fc0 rw-p 00000000 00:00 0
Private_Dirty:         4 kB
8000-8100 rw-p 00000000 fe:00 2 /lib/with space.so
Private_Dirty:         0 kB
"""

ROUND = """
import sys
from airdeck.memory import give_back
from dynamics.builder import Dynamics128Builder

def resident_kb():
    return int(next(line for line in open("/proc/self/smaps_rollup") if line.startswith("Rss")).split()[1])

builder = Dynamics128Builder()
builder.warm_up()
before = resident_kb()
given = give_back()
after = resident_kb()
builder.warm_up()
from numba import njit
assert njit(lambda x: x + 1)(1) == 2
print(given, before - after)
"""


def test_a_mapping_s_place_file_and_state_are_read() -> None:
    assert list(parse_mappings(SMAPS)) == [
        Mapping(0x7F00, 0x40, "/lib/libllvmlite.so", changed=False, readable_only=True),
        Mapping(0x7F40, 0x40, "/lib/libllvmlite.so", changed=True, readable_only=True),
        Mapping(0x8000, 0x100, "/lib/with space.so", changed=False, readable_only=False),
    ]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can give pages back")
def test_kernels_run_and_compile_after_the_compiler_s_pages_were_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", ROUND], capture_output=True, text=True, check=True)
    given, fewer_kb = map(int, done.stdout.split())
    assert given > 0
    assert fewer_kb > 10_000
