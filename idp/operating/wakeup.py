"""What a signal handler may wake its own thread with.

`threading.Event` takes a lock that is not reentrant: a handler that sets an event while the same thread is on its way
into or out of `wait()` waits for itself for ever. A parent that is told to stop twice within a moment can meet that; a
service manager that tells all processes does so. `SimpleQueue.put` is made to be called from handlers.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue


class Wakeup:
    """An event for one waiting thread; `set` may be called from any thread and from any signal handler."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Wake the thread that waits, or the next that does."""
        self._calls.put(None)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds; says whether it was woken. Each call of `set` ends one wait."""
        try:
            self._calls.get(timeout=timeout)
        except Empty:
            return False
        return True

    def clear(self) -> None:
        """Forget the calls so far."""
        while True:
            try:
                self._calls.get_nowait()
            except Empty:
                return
