"""Child processes that never outlive who started them, and ports they can listen on."""

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from secrets import randbelow

PR_SET_PDEATHSIG = 1
LOWEST_PORT, HIGHEST_PORT = 20_000, 32_000
"""Below the ephemeral range of every system, so that no outgoing connection sits on the port."""


def start(
    arguments: Sequence[str | Path],
    *,
    folder: Path,
    log: Path,
    user: pwd.struct_passwd | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in its own session; on Linux the kernel kills it when the starting thread ends."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(argument) for argument in arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=None if environment is None else dict(environment),
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
            preexec_fn=_die_with_parent(os.getpid()),  # noqa: PLW1509 - one call to the kernel, no locks
        )


def stop(process: subprocess.Popen[bytes], how: signal.Signals, *, seconds: float = 10.0) -> None:
    """Ask the process to end, and make it after a while."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.send_signal(how)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port that was free a moment ago; whoever loses the race to it tries another."""
    while True:
        port = LOWEST_PORT + randbelow(HIGHEST_PORT - LOWEST_PORT)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel
