"""Whether a password stands in a collection that strangers have, asked of a service that does not learn which it is.

Only the first five hex digits of its SHA-1 leave the house; the service answers with every entry that begins so, padded
so that even the length of the answer says little (k-anonymity). Off unless an address is set (OWASP ASVS 6.2.12).
Invariant: it is asked when a password is chosen, never at a sign-in, and for a second at most; a service that is away
stops nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from hashlib import sha1
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Final, Protocol

from typing_extensions import override

PATIENCE_SECONDS: Final = 1.0
AT_ONCE: Final = 4
"""So many questions may be on their way from one process; beyond that the service counts as away."""
_PREFIX = 5
_PADDED: Final = {"Add-Padding": "true", "Accept": "text/plain"}

log = logging.getLogger("idp.passwords")

Fetch = Callable[[str, Mapping[str, str]], bytes]
"""Fetches an address with these headers; raises whatever it likes."""


class BreachSource(Protocol):
    """Knows passwords that strangers have."""

    def holds(self, password: str) -> bool:
        """Whether it is one of them; False also where nobody can say."""


class NoSource:
    """No service is set."""

    def holds(self, password: str) -> bool:
        """Know nothing."""
        del password
        return False


NO_SOURCE: Final = NoSource()


class SourceAway(Exception):
    """The service did not answer in time, or not as it should."""


class RangeSource(BreachSource):
    """A service that answers `address` + five hex digits with lines of the remaining digits, a colon and a count."""

    def __init__(self, address: str, fetch: Fetch, *, patience: float = PATIENCE_SECONDS) -> None:
        self._address = address.rstrip("/") + "/"
        self._fetch = fetch
        self._patience = patience
        self._places = BoundedSemaphore(AT_ONCE)

    @override
    def holds(self, password: str) -> bool:
        try:
            return self.look_up(password)
        except SourceAway as error:
            log.warning("breached passwords cannot be looked up: %s", error)
            return False

    def look_up(self, password: str) -> bool:
        """Whether the service has it.

        Raises:
            SourceAway: nobody knows.
        """
        digest = sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        body = self._answer(self._address + digest[:_PREFIX])
        try:
            return digest[_PREFIX:] in _suffixes(body.decode("ascii"))
        except ValueError:
            raise SourceAway("an answer of another shape") from None

    def _answer(self, address: str) -> bytes:
        """Fetch in a thread of its own: looking a name up cannot be told to hurry."""
        answers: SimpleQueue[bytes | Exception] = SimpleQueue()
        if not self._places.acquire(blocking=False):
            raise SourceAway("too many questions at once")
        Thread(target=self._ask, args=(address, answers), name="breached passwords", daemon=True).start()
        try:
            answer = answers.get(timeout=self._patience)
        except Empty:
            raise SourceAway(f"no answer within {self._patience} seconds") from None
        if isinstance(answer, Exception):
            raise SourceAway(type(answer).__name__)
        return answer

    def _ask(self, address: str, answers: SimpleQueue[bytes | Exception]) -> None:
        try:
            answers.put(self._fetch(address, _PADDED))
        except Exception as error:  # noqa: BLE001 - whatever it is, the service is away
            answers.put(error)
        finally:
            self._places.release()


def _suffixes(body: str) -> set[str]:
    """Read the digests of an answer; what is counted zero times is padding.

    Raises:
        ValueError: it is no such answer.
    """
    entries = [line.partition(":") for line in body.split()]
    return {suffix.upper() for suffix, _, count in entries if int(count) > 0}
