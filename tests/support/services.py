"""The real services that a test session shares: one PostgreSQL and one Valkey for all pytest-xdist workers.

Started when the first test asks, by a supervisor process that outlives every worker and not the session. Workers find
it through a directory whose path they inherit in the environment.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import cast

import psutil

from tests.support.folders import make_shared_folder, one_at_a_time, remove_shared_folder, shared_file
from tests.support.missing import Missing

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0


def begin_session() -> None:
    """Make what the session shares. For the first process of a session only."""
    make_shared_folder()
    shared_file("session.pid").write_text(str(os.getpid()))


def end_session() -> None:
    """Stop what was started and remove what was shared. For the first process of a session only."""
    for file in shared_file("").glob("*.json"):
        with suppress(KeyError, psutil.NoSuchProcess):
            supervisor = psutil.Process(int(json.loads(file.read_text())["pid"]))
            supervisor.terminate()
            supervisor.wait(20)
    remove_shared_folder()


def service_url(name: str) -> str:
    """Return the address of the session's service, starting it if nobody has.

    Raises:
        Missing: Its programs are not installed.
        RuntimeError: It could not be started.
    """
    file = shared_file(f"{name}.json")
    with one_at_a_time(file):
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
