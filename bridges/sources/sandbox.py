"""What a process that handles pictures gives up before it loads anybody's library: the network, and its turn.

Sealing refuses every `socket` call, of any family, so neither a picture nor telemetry can leave the process; sockets
that exist already keep working. It holds for all threads and cannot be undone. io_uring is refused with it, because it
can open sockets past the filter.
"""

import contextlib
import errno
import os
import sys

NICE = 10
"""Where there is no idle class (macOS): the lowest niceness that still follows a camera. A guess, to be measured."""
_BELOW_NORMAL_PRIORITY_CLASS = 0x4000
_REFUSED = (("socket", errno.EACCES), ("io_uring_setup", errno.ENOSYS))


def seal_network() -> str:
    """Refuse new sockets from here on. Returns "" when sealed, else the reason and what to do."""
    try:
        _seal()
    except (ImportError, RuntimeError) as error:
        return f"not sealed ({error}): install libseccomp (Debian: apt install libseccomp2) and pyseccomp"
    except OSError as error:
        return f"not sealed: {error}"
    return ""


def yield_to_others() -> bool:
    """Run only when nobody else wants the processor (Linux), or after the others (elsewhere). True when granted.

    All threads of this moment, and those that they start.
    """
    try:
        _lower_priority()
    except OSError:
        return False
    return True


if sys.platform == "linux":

    def _seal() -> None:
        from pyseccomp import ALLOW, ERRNO, Attr, SyscallFilter

        rules = SyscallFilter(ALLOW)
        rules.set_attr(Attr.CTL_TSYNC, 1)
        for call, code in _REFUSED:
            rules.add_rule(ERRNO(code), call)
        rules.load()

    def _lower_priority() -> None:
        for thread in os.listdir("/proc/self/task"):  # noqa: PTH208 - names are all that is wanted
            with contextlib.suppress(ProcessLookupError):
                os.sched_setscheduler(int(thread), os.SCHED_IDLE, os.sched_param(0))

else:

    def _seal() -> None:
        raise OSError(f"there is no network seal on {sys.platform}; block the pose process in its firewall")

    if sys.platform == "win32":

        def _lower_priority() -> None:
            import ctypes

            this_process = ctypes.c_void_p(-1)
            if not ctypes.windll.kernel32.SetPriorityClass(this_process, _BELOW_NORMAL_PRIORITY_CLASS):
                raise OSError("SetPriorityClass failed")

    else:

        def _lower_priority() -> None:
            os.nice(NICE)
