"""The tests' own services: whatever ends a test session ends them too."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.services import ROOT

SESSION = """
import os, signal, sys, time
# Whoever runs the tests in the background has Ctrl-C ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
from tests.support.services import begin_session, service_url
begin_session()
service_url("valkey")
print(os.environ["TESTS_SHARED_DIRECTORY"], flush=True)
time.sleep(60)
"""


@contextmanager
def session() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run a session with a Valkey in a process of its own; gives the process and the session's folder."""
    process = subprocess.Popen([sys.executable, "-c", SESSION], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        yield process, folder
        process.kill()
    shutil.rmtree(folder, ignore_errors=True)


def processes_of(folder: Path) -> list[psutil.Process]:
    """Find the session's supervisor and its service."""
    found = [one for one in psutil.process_iter(["cmdline"]) if str(folder) in (one.info["cmdline"] or ())]
    return [*found, *(child for one in found for child in one.children())]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_services_end_with_their_session(how: signal.Signals) -> None:
    """A session that is killed, interrupted or ended leaves neither processes nor files."""
    with session() as (process, folder):
        running = processes_of(folder)
        assert 2 == len(running)
        process.send_signal(how)
        process.wait()
        _, alive = psutil.wait_procs(running, timeout=20)
        assert [] == alive
        assert not _exists_after_a_while(folder)


def test_services_end_with_their_supervisor() -> None:
    """Even a supervisor that is killed takes its service with it."""
    with session() as (_, folder):
        running = processes_of(folder)
        running[0].kill()
        _, alive = psutil.wait_procs(running[1:], timeout=20)
        assert [] == alive


def _exists_after_a_while(folder: Path) -> bool:
    for _ in range(50):
        if not folder.exists():
            return False
        time.sleep(0.1)
    return True
