"""Passwords that come from another system as hashes: which are taken, and what is kept of them.

Taken are bcrypt, PBKDF2 as Django and passlib write it, scrypt, phpass and salted LDAP digests. A hash is not stored
as it came: a stolen table of fast ones is soon guessed. Its checksum is hashed once more, as every password here is
(argon2id over a pepper); beside that stands the rest of it, scheme, cost and salt, which is all that a check needs.

Invariant: nothing is taken whose one check costs more than about a second or 128 MiB (OWASP ASVS 11.4.2, 15.3).
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final

BCRYPT_BYTES = 72
"""Bcrypt sees no more of a password."""
LONGEST = 150
"""What is kept stands behind an argon2 hash of some hundred characters, and both have room in 255."""

_SCRYPT_KIB = 128 * 1024
_SCRYPT_WORK = 1 << 20
_DIGESTS = {"{SSHA}": "ldap_salted_sha1", "{SSHA256}": "ldap_salted_sha256", "{SSHA512}": "ldap_salted_sha512"}
_SCHEMES: Final = {
    "$2a$": "bcrypt",
    "$2b$": "bcrypt",
    "$2y$": "bcrypt",
    "$pbkdf2$": "pbkdf2_sha1",
    "$pbkdf2-sha256$": "pbkdf2_sha256",
    "$pbkdf2-sha512$": "pbkdf2_sha512",
    "pbkdf2_sha1$": "django_pbkdf2_sha1",
    "pbkdf2_sha256$": "django_pbkdf2_sha256",
    "$scrypt$": "scrypt",
    "$P$": "phpass",
    "$H$": "phpass",
} | _DIGESTS
MOST_ROUNDS: Final = {
    # Powers of two; phpass is computed in Python, where it holds the whole process up.
    "bcrypt": 14,
    "phpass": 17,
    "scrypt": 20,
    # Iterations.
    "pbkdf2_sha1": 2_000_000,
    "pbkdf2_sha256": 2_000_000,
    "pbkdf2_sha512": 2_000_000,
    "django_pbkdf2_sha1": 2_000_000,
    "django_pbkdf2_sha256": 2_000_000,
}
_SETTINGS: Final = ("salt", "rounds", "ident", "block_size", "parallelism")


class HashRefused(ValueError):
    """A hash that is not imported; the message says why in a few words, and never repeats it."""


@dataclass(frozen=True, slots=True)
class ImportedHash:
    """A hash as it came, taken apart: `kept` is the hash without its checksum, `whole` the hash itself."""

    kept: str
    whole: str

    def __repr__(self) -> str:
        """Show nothing of it."""
        return f"ImportedHash({_scheme(self.kept)})"


def read_hash(text: str) -> ImportedHash:
    """Take a hash from another system apart.

    Raises:
        HashRefused: it is of no known kind, damaged, or dear.
    """
    with warnings.catch_warnings():
        # What the library mends with a warning is refused below, since it is no longer what came.
        warnings.simplefilter("ignore")
        handler, parsed = _parsed(text)
    if parsed.checksum is None or parsed.to_string() != text:
        raise HashRefused("damaged, or not written as its scheme writes it")
    _require_affordable(handler.name, parsed)
    blank = _blank(parsed.checksum)
    kept: str = handler(**(_settings(handler, parsed) | {"checksum": blank})).to_string()
    if len(kept) > LONGEST:
        raise HashRefused(f"longer than {LONGEST} characters")
    return ImportedHash(kept=kept, whole=text)


def hash_again(kept: str, password: str) -> bytes:
    """Compute the hash that the other system would have: to be compared through its own hash, never stored.

    What bcrypt does not see of a long password is appended, so that it counts: who had such a password there does not
    get in with half of it, and takes the way of those who have forgotten it.

    Raises:
        HashRefused: `kept` is not what `read_hash` gave.
    """
    handler, parsed = _parsed(kept)
    seen, unseen = password.encode(), b""
    if handler.name == "bcrypt":
        seen, unseen = seen[:BCRYPT_BYTES], seen[BCRYPT_BYTES:]
    whole: str = handler.using(**_settings(handler, parsed)).hash(seen)
    return whole.encode() + unseen


def _parsed(text: str) -> tuple[Any, Any]:
    handler = _handler(_scheme(text))
    try:
        return handler, handler.from_string(text)
    except (ValueError, TypeError) as error:
        raise HashRefused("damaged") from error


def _scheme(text: str) -> str:
    found = next((scheme for start, scheme in _SCHEMES.items() if text.startswith(start)), None)
    if found is None:
        raise HashRefused("of a kind that is not known here")
    return found


@cache
def _handler(scheme: str) -> Any:  # noqa: ANN401 - the library has no types
    """Load a scheme when a hash of it is met: most services never meet one."""
    return getattr(import_module("passlib.hash"), scheme)


def _settings(handler: Any, parsed: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name: getattr(parsed, name) for name in _SETTINGS if name in handler.setting_kwds}


def _blank(checksum: str | bytes) -> str | bytes:
    """Give a checksum of the same shape that says nothing."""
    if isinstance(checksum, bytes):
        return bytes(len(checksum))
    return re.sub("[^=]", "A" if checksum.endswith("=") else ".", checksum)


def _require_affordable(scheme: str, parsed: Any) -> None:  # noqa: ANN401
    rounds = getattr(parsed, "rounds", 0)
    if rounds > MOST_ROUNDS.get(scheme, rounds):
        raise HashRefused("dearer to check than a sign-in may be")
    if scheme == "scrypt":
        work = (1 << rounds) * parsed.block_size
        if work * parsed.parallelism > _SCRYPT_WORK or work * 128 > _SCRYPT_KIB * 1024:
            raise HashRefused("dearer to check than a sign-in may be")
