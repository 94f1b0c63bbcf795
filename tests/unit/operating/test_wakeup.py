"""A process may be told to stop while it is on its way into or out of a wait, and told again a moment later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

from idp.operating.wakeup import Wakeup

STORM = """
import os, random, signal, time
parent, end = os.getppid(), time.monotonic() + 0.5
while time.monotonic() < end:
    os.kill(parent, signal.SIGUSR1)
    sum(range(random.randrange(300)))
"""

WAITER = f"""
import signal, subprocess, sys
from idp.operating.wakeup import Wakeup
woken = Wakeup()
signal.signal(signal.SIGUSR1, lambda *_: woken.set())
storm = subprocess.Popen([sys.executable, "-c", {STORM!r}])
while storm.poll() is None:
    woken.wait(0.001)
    woken.clear()
print("well")
"""


def test_a_storm_of_signals_never_blocks_the_waiting_thread() -> None:
    """Thousands of signals, each setting what the thread waits for: it goes on waiting (with an Event it stops)."""
    ended = subprocess.run([sys.executable, "-c", WAITER], capture_output=True, text=True, timeout=30, check=False)

    assert (0, "well\n") == (ended.returncode, ended.stdout), ended.stderr[-300:]


def test_a_signal_ends_the_wait_at_once() -> None:
    """A handler that sets it wakes the thread that waits, long before its time is over."""
    woken = Wakeup()
    before = signal.signal(signal.SIGUSR1, lambda *_: woken.set())
    try:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        started = time.monotonic()

        assert woken.wait(10)
        assert 5 > time.monotonic() - started
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_calls_before_the_wait_count_until_cleared() -> None:
    """Who was called while not waiting does not wait; what is cleared is forgotten."""
    woken = Wakeup()
    woken.set()
    assert woken.wait(0)

    woken.set()
    woken.set()
    woken.clear()
    assert not woken.wait(0)
