"""The real services that a test session shares: one PostgreSQL and one Valkey for all pytest-xdist workers.

Started when the first test asks, by a supervisor process that outlives every worker and not the session. Workers find
it through a directory whose path they inherit in the environment.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

import psutil

from tests.support.missing import Missing

DIRECTORY = "TESTS_SHARED_DIRECTORY"
ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0


def begin_session() -> None:
    """Make the directory that the session shares. For the first process of a session only."""
    os.environ[DIRECTORY] = tempfile.mkdtemp(prefix="idp-tests-")
    shared_file("session.pid").write_text(str(os.getpid()))


def end_session() -> None:
    """Stop what was started and remove the directory. For the first process of a session only."""
    for file in shared_file("").glob("*.json"):
        with suppress(KeyError, psutil.NoSuchProcess):
            supervisor = psutil.Process(int(json.loads(file.read_text())["pid"]))
            supervisor.terminate()
            supervisor.wait(20)
    shutil.rmtree(os.environ.pop(DIRECTORY))


def shared_file(name: str) -> Path:
    """Return the path of a file that all workers of the session see."""
    return Path(os.environ[DIRECTORY], name)


@contextmanager
def in_turn(name: str) -> Iterator[None]:
    """Let one worker at a time do something."""
    with shared_file(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def service_url(name: str) -> str:
    """Return the address of the session's service, starting it if nobody has.

    Raises:
        Missing: Its programs are not installed.
        RuntimeError: It could not be started.
    """
    file = shared_file(f"{name}.json")
    with in_turn(name):
        if not file.exists():
            _start_supervisor(name, file)
    content = cast("dict[str, str]", json.loads(file.read_text()))
    if "missing" in content:
        raise Missing(content["missing"])
    if "failed" in content:
        raise RuntimeError(f"{name} did not start: {content['failed']}")
    return content["url"]


def _start_supervisor(name: str, file: Path) -> None:
    session = shared_file("session.pid").read_text()
    log = shared_file(f"{name}.supervisor.log")
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "tests.support.supervisor", name, str(file.parent), session],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + START_SECONDS
    while not file.exists():
        if supervisor.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the supervisor of {name} failed: {log.read_text()}")
        time.sleep(0.02)
    # Its end is its own affair; without this, Python would warn about a child left running.
    supervisor.returncode = 0
