"""Child processes that end with their parent, even when that is killed: orphans would go on holding the port."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int) -> None:
    """Have the kernel ask this process to stop (SIGTERM) when its parent is gone; Linux only, nothing elsewhere."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        # The parent was gone before the kernel was asked.
        os._exit(1)
