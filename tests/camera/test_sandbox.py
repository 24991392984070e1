"""What the pose process gives up. Each in a process of its own, since it cannot be undone."""

import subprocess
import sys

import pytest

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="seccomp and SCHED_IDLE are Linux")
PRELUDE = """
import os, socket, threading
from bridges.sources.sandbox import seal_network, yield_to_others
def refusal(family):
    try:
        socket.socket(family).close()
    except OSError as error:
        return error.errno
    return 0
"""


def output_of(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", PRELUDE + code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


@LINUX
@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_PACKET", "AF_NETLINK"])
def test_no_socket_of_any_family_opens_after_sealing(family: str) -> None:
    assert output_of(f"assert seal_network() == ''; print(refusal(socket.{family}))") == "13"


@LINUX
def test_threads_that_ran_before_are_sealed_too() -> None:
    code = """
go, seen = threading.Event(), []
early = threading.Thread(target=lambda: (go.wait(), seen.append(refusal(socket.AF_INET))))
early.start()
assert seal_network() == ''
go.set()
early.join()
print(seen)
"""
    assert output_of(code) == "[13]"


@LINUX
def test_a_socket_from_before_still_speaks() -> None:
    assert output_of("a, b = socket.socketpair(); seal_network(); a.send(b'x'); print(b.recv(1))") == "b'x'"


@LINUX
def test_children_stay_sealed() -> None:
    code = """
seal_network()
import subprocess, sys
print(subprocess.run([sys.executable, '-c', 'import socket; socket.socket(socket.AF_INET)']).returncode)
"""
    assert output_of(code) == "1"


@LINUX
def test_the_process_runs_at_idle_priority_after_yielding() -> None:
    assert output_of("print(yield_to_others(), os.sched_getscheduler(0) == os.SCHED_IDLE)") == "True True"


def test_a_missing_library_gives_the_reason_and_the_fix() -> None:
    code = "import sys; sys.modules['pyseccomp'] = None; print(seal_network())"
    said = output_of(code)
    assert said.startswith("not sealed")
    assert sys.platform != "linux" or "apt install libseccomp2" in said
