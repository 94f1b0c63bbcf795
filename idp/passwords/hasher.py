"""Hash passwords and check them: argon2id (RFC 9106) over a keyed hash, the pepper (NIST SP 800-63B-4 §3.1.1.2).

The stored form is `p1$argon2id$v=19$…`: which pepper, then argon2's own; behind a space what is kept of another
system's hash, if the password came as one (`imported.py`). Invariant: checking costs one hash, also for people who do
not exist and for those without a password, and it runs behind the gate with no database connection held. For imported
passwords it costs the other system's hash besides, and for nobodies as often as for people (`verify_nobody`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from argon2 import extract_parameters
from argon2.exceptions import VerificationError, VerifyMismatchError
from argon2.low_level import Type, hash_secret, verify_secret

from idp.passwords.gate import HashingGate
from idp.passwords.imported import HashRefused, ImportedHash, hash_again
from idp.passwords.normal_form import normalise
from idp.storage.handles import Entropy

SALT_BYTES = 16
HASH_BYTES = 32
_STORED = re.compile(r"p([0-9]{1,6})(\$argon2id\$[^ ]+)(?: (.+))?\Z")


class Pepper(Protocol):
    """A keyed hash whose key stands apart from the database and has versions."""

    def apply(self, password: bytes, version: int | None = None, /) -> tuple[int, bytes]:
        """Give the version used and the keyed hash under it; None is the newest."""


class WrongPassword(Exception):
    """The password is not the one that is stored."""


class DamagedHash(Exception):
    """What is stored is no hash that this program has written."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """The cost of one hash: memory in KiB, passes over it, threads."""

    memory: int = 19_456
    passes: int = 2
    threads: int = 1


PRODUCTION = Parameters()
CHEAP_FOR_TESTS = Parameters(memory=64, passes=1)
"""Costs nothing and protects nothing: only for tests, chosen by configuration, refused in production."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The password is right; `needs_rehash` when its hash was made with an older cost or pepper."""

    needs_rehash: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """A stored form taken apart: version of the pepper, argon2's own form, what is kept of an imported hash."""

    version: int
    encoded: str
    imported: str | None


class Hasher:
    """Hashes and checks passwords with one cost, one pepper and one gate."""

    def __init__(self, parameters: Parameters, pepper: Pepper, gate: HashingGate, *, entropy: Entropy) -> None:
        self._parameters = parameters
        self._pepper = pepper
        self._gate = gate
        self._entropy = entropy
        # Whose hash this is nobody knows: a hash of random bytes, made as everybody's are.
        self._nobodys = self._hash(entropy(HASH_BYTES))
        self._current = extract_parameters(_parsed(self._nobodys).encoded)

    def hash(self, password: str) -> str:
        """Give the form to store.

        Raises:
            UnusablePassword: see `normalise`.
            HashingBusy: see `HashingGate`.
        """
        normal = normalise(password)
        with self._gate.admitted():
            return self._hash(normal)

    def import_hash(self, imported: ImportedHash) -> str:
        """Give the form to store of a password that came as another system's hash.

        Raises:
            HashingBusy: see `HashingGate`.
        """
        with self._gate.admitted():
            return f"{self._hash(imported.whole.encode())} {imported.kept}"

    def verify(self, stored: str, password: str) -> Verified:
        """Check a password against its stored form.

        Raises:
            WrongPassword: it is another one.
            DamagedHash: the stored form cannot be read.
            UnusablePassword, HashingBusy: as `hash`.
        """
        form = _parsed(stored)
        normal = normalise(password)
        with self._gate.admitted():
            # As the other system took it: what was typed there was hashed without any normal form.
            secret = _as_elsewhere(form.imported, password) if form.imported else normal
            newest_pepper = self._check(form, secret)
        outdated = not newest_pepper or extract_parameters(form.encoded) != self._current
        return Verified(needs_rehash=outdated or form.imported is not None)

    def verify_nobody(self, password: str, *, like: str | None = None) -> None:
        """Do the work of `verify` for somebody who has no password, and always fail.

        `like` is the stored form of somebody else, whose work is done: if theirs was imported, its scheme and cost.

        Raises:
            WrongPassword: always, once the work is done.
            UnusablePassword, HashingBusy: as `hash`.
        """
        found = _STORED.match(like or "")
        imported = found[3] if found else None
        self.verify(f"{self._nobodys} {imported}" if imported else self._nobodys, password)
        raise WrongPassword

    def _hash(self, secret: bytes) -> str:
        version, keyed = self._pepper.apply(secret)
        cost = self._parameters
        encoded = hash_secret(
            keyed, self._entropy(SALT_BYTES), cost.passes, cost.memory, cost.threads, HASH_BYTES, Type.ID
        )
        return f"p{version}{encoded.decode()}"

    def _check(self, form: _Form, secret: bytes) -> bool:
        """Compare; gives whether the pepper used is the newest."""
        newest, keyed = self._pepper.apply(secret)
        if form.version != newest:
            _, keyed = self._pepper.apply(secret, form.version)
        try:
            verify_secret(form.encoded.encode(), keyed, Type.ID)
        except VerifyMismatchError:
            raise WrongPassword from None
        except VerificationError as error:
            raise DamagedHash from error
        return form.version == newest


def _as_elsewhere(kept: str, password: str) -> bytes:
    try:
        return hash_again(kept, password)
    except HashRefused as error:
        raise DamagedHash from error


def _parsed(stored: str) -> _Form:
    match = _STORED.match(stored)
    if match is None:
        raise DamagedHash
    return _Form(version=int(match[1]), encoded=match[2], imported=match[3])
