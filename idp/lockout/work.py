"""Work that guesses from a busy place are asked for: eight small searches for a SHA-256 that begins with zeros.

A challenge says when it was made and is signed for one journey and one network, so that nothing is stored until it is
answered; it is spent by its first answer. Who has no script waits instead. The searches are many and small because the
time of one large one varies too much: 65 536 hashes in all are under a second on an old phone, and hardly ever two.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from idp.lockout.keys import MacKey
from idp.lockout.places import network_of
from idp.storage.handles import Entropy

SEARCHES: Final = 8
ZERO_BITS: Final = 13
WAIT_SECONDS: Final = 30
LIFETIME: Final = 600.0
GUESSES: Final = 3
"""How many guesses one answer pays for."""

_CHALLENGE: Final = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})", re.ASCII)
_FOUND: Final = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,10})*", re.ASCII)


class WorkRefused(Exception):
    """The challenge is not ours, not for this journey and network, or its time is over."""


class WorkNotDone(Exception):
    """There is no right answer yet; after `wait_seconds` none is needed."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__("work is not done")
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whose work it is: a journey, from the network that an address is in."""

    journey_id: str
    address: str


def new_challenge(key: MacKey, asker: Asker, *, now: float, entropy: Entropy) -> str:
    """Make a challenge."""
    at, nonce = str(int(now)), _text(entropy(16))
    return f"{at}.{nonce}.{_text(_tag(key, asker, at, nonce))}"


def check_answer(key: MacKey, asker: Asker, *, challenge: str, answer: str, now: float) -> bool:
    """Accept an answer, or none where the person has waited; gives whether the work was done.

    Raises:
        WorkRefused: this challenge asks nothing of this journey now.
        WorkNotDone: there is no right answer, and it is too early to go on without.
    """
    match = _CHALLENGE.fullmatch(challenge)
    if match is None:
        raise WorkRefused("no challenge")
    at, nonce, tag = match.groups()
    if not hmac.compare_digest(tag, _text(_tag(key, asker, at, nonce))):
        raise WorkRefused("made for somebody else")
    waited = now - int(at)
    if not -LIFETIME < waited < LIFETIME:
        raise WorkRefused("expired")
    if is_answer(challenge, answer):
        return True
    if waited < WAIT_SECONDS:
        raise WorkNotDone(WAIT_SECONDS - waited)
    return False


def is_answer(challenge: str, answer: str) -> bool:
    """Whether the answer holds a found number for each of the searches, separated by points."""
    found = answer.split(".") if _FOUND.fullmatch(answer) else []
    return len(found) == SEARCHES and all(_is_found(challenge, at, number) for at, number in enumerate(found))


def find_answer(challenge: str) -> str:
    """Do the work, as `slow_down.js` does it in a browser."""
    return ".".join(str(_search(challenge, at)) for at in range(SEARCHES))


def _search(challenge: str, at: int) -> int:
    number = 0
    while not _is_found(challenge, at, str(number)):
        number += 1
    return number


def _is_found(challenge: str, at: int, number: str) -> bool:
    digest = sha256(f"{challenge}.{at}.{number}".encode()).digest()
    return int.from_bytes(digest[:4]) >> (32 - ZERO_BITS) == 0


def _tag(key: MacKey, asker: Asker, at: str, nonce: str) -> bytes:
    place = network_of(asker.address)
    return key.tag(b"work", asker.journey_id.encode(), place.encode(), at.encode(), nonce.encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
