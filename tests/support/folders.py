"""Where a test session keeps what its workers share, and its servers' data; all of it goes when the session ends."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DIRECTORY = "TESTS_SHARED_DIRECTORY"
"""Environment variable through which workers and supervisors inherit the directory."""


def make_shared_folder() -> None:
    """Make the session's directory. For the first process of a session only."""
    os.environ[DIRECTORY] = tempfile.mkdtemp(prefix="idp-tests-")
    # Servers that run as another user have their folders in it.
    shared_file("").chmod(0o711)


def remove_shared_folder() -> None:
    """Remove the session's directory and everything in it."""
    shutil.rmtree(os.environ.pop(DIRECTORY), ignore_errors=True)


def shared_file(name: str) -> Path:
    """Return the path of a file that all workers of the session see."""
    return Path(os.environ[DIRECTORY], name)


def new_folder(prefix: str) -> Path:
    """Make a folder for a server; outside of a session, one in a folder of its own."""
    within = os.environ.get(DIRECTORY) or tempfile.mkdtemp(prefix="idp-alone-")
    Path(within).chmod(0o711)
    return Path(tempfile.mkdtemp(prefix=prefix, dir=within))


@contextmanager
def one_at_a_time(what: Path) -> Iterator[None]:
    """Let one process at a time do something; the path names what."""
    with what.with_name(f"{what.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
