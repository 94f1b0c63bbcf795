"""Hash passwords and check them: argon2id (RFC 9106) over a keyed hash, the pepper (NIST SP 800-63B-4 §3.1.1.2).

The stored form is `p1$argon2id$v=19$…`: which pepper, then argon2's own. Invariant: checking costs one hash, also for
people who do not exist and for those without a password, and it runs behind the gate with no database connection held.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from argon2 import extract_parameters
from argon2.exceptions import VerificationError, VerifyMismatchError
from argon2.low_level import Type, hash_secret, verify_secret

from idp.passwords.gate import HashingGate
from idp.passwords.normal_form import normalise
from idp.storage.handles import Entropy

SALT_BYTES = 16
HASH_BYTES = 32
_STORED = re.compile(r"p([0-9]{1,6})(\$argon2id\$.+)\Z")


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


class Hasher:
    """Hashes and checks passwords with one cost, one pepper and one gate."""

    def __init__(self, parameters: Parameters, pepper: Pepper, gate: HashingGate, *, entropy: Entropy) -> None:
        self._parameters = parameters
        self._pepper = pepper
        self._gate = gate
        self._entropy = entropy
        # Whose hash this is nobody knows: a hash of random bytes, made as everybody's are.
        self._nobodys = self._hash(entropy(HASH_BYTES))
        self._current = extract_parameters(_parsed(self._nobodys)[1])

    def hash(self, password: str) -> str:
        """Give the form to store.

        Raises:
            UnusablePassword: see `normalise`.
            HashingBusy: see `HashingGate`.
        """
        normal = normalise(password)
        with self._gate.admitted():
            return self._hash(normal)

    def verify(self, stored: str, password: str) -> Verified:
        """Check a password against its stored form.

        Raises:
            WrongPassword: it is another one.
            DamagedHash: the stored form cannot be read.
            UnusablePassword, HashingBusy: as `hash`.
        """
        version, encoded = _parsed(stored)
        normal = normalise(password)
        with self._gate.admitted():
            newest_pepper = self._check(version, encoded, normal)
        return Verified(needs_rehash=not newest_pepper or extract_parameters(encoded) != self._current)

    def verify_nobody(self, password: str) -> None:
        """Do the work of `verify` for somebody who has no password, and always fail.

        Raises:
            WrongPassword: always, once the work is done.
            UnusablePassword, HashingBusy: as `hash`.
        """
        self.verify(self._nobodys, password)
        raise WrongPassword

    def _hash(self, secret: bytes) -> str:
        version, keyed = self._pepper.apply(secret)
        cost = self._parameters
        encoded = hash_secret(
            keyed, self._entropy(SALT_BYTES), cost.passes, cost.memory, cost.threads, HASH_BYTES, Type.ID
        )
        return f"p{version}{encoded.decode()}"

    def _check(self, version: int, encoded: str, secret: bytes) -> bool:
        """Compare; gives whether the pepper used is the newest."""
        newest, keyed = self._pepper.apply(secret)
        if version != newest:
            _, keyed = self._pepper.apply(secret, version)
        try:
            verify_secret(encoded.encode(), keyed, Type.ID)
        except VerifyMismatchError:
            raise WrongPassword from None
        except VerificationError as error:
            raise DamagedHash from error
        return version == newest


def _parsed(stored: str) -> tuple[int, str]:
    match = _STORED.match(stored)
    if match is None:
        raise DamagedHash
    return int(match[1]), match[2]
