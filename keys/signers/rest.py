"""A rest for a service that stayed silent: one caller at a time asks it again, and the others are told at once.

Invariant: a service that hangs holds one thread, not every thread that wants a signature. What it answers, and be it a
refusal, is no silence.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from keys.errors import SignerAway

REST_SECONDS = 1.0


class Rest:
    """Stands before one service; `patience` is how many seconds a call may take, `silence` what its library raises."""

    def __init__(self, service: str, silence: tuple[type[Exception], ...], *, patience: float) -> None:
        self._service = service
        self._silence = silence
        self._patience = patience
        self._lock = Lock()
        self._until = 0.0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Run the block, unless the service was silent a moment ago.

        Raises:
            SignerAway: it was, or did not answer now.
        """
        if self._until:
            self._take_turn()
        try:
            yield
        except self._silence as error:
            self._until = time.monotonic() + REST_SECONDS
            told = " ".join(str(error).split()) or type(error).__name__
            raise SignerAway(f"{self._service} does not answer: {told[:200]}") from error
        except BaseException:
            self._until = 0.0
            raise
        self._until = 0.0

    def _take_turn(self) -> None:
        with self._lock:
            now = time.monotonic()
            if now < self._until:
                raise SignerAway(f"{self._service} did not answer a moment ago")
            self._until = now + self._patience
