"""What a run does once everything is loaded, and before anything may be armed: from here on it should only work."""

import gc
import sys

from . import memory

SWITCH_S = 0.0005
"""The recorder encodes in a thread of its own. Python's usual 5 ms is how long a frame could wait for it to let go."""


def settle() -> None:
    """Never look at what is loaded again when collecting garbage, and never wait long for another thread."""
    gc.collect()
    gc.freeze()
    memory.give_back()
    sys.setswitchinterval(SWITCH_S)
