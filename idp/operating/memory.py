"""Memory that a burst of sign-ins used is used again, instead of being kept once for each thread.

A hash takes 19 MiB for some milliseconds. glibc gives each thread an arena of its own and keeps what was freed there:
after a flood of passwords a worker stays hundreds of megabytes larger. Two arenas are as many as hashes run at once on
small machines; measured, they cost no time (handing each block back to the system costs 45 % more per hash).
"""

from __future__ import annotations

import ctypes
import sys

_M_ARENA_MAX = -8
ARENAS = 2


def share_arenas() -> None:
    """Let all threads of this process share two arenas; before it starts any. Nothing where glibc is not in use."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
