"""The key-encryption key: wraps the data key of every row, and is itself never in the database.

Here it is 32 octets in a file that only its owner may read (0600 or stricter). The file carries a check value, so that
a damaged file is told from a wrong one; it is written once, whole, and never replaced. Other homes (an HSM, a KMS) only
have to offer what `Kek` names.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import override

from keys import base64url
from keys.errors import KekRefused, KeyDamaged
from keys.private_file import read_private, write_once
from keys.signers.homes import NO_HOMES, Homes

Entropy = Callable[[int], bytes]

_SIZE = 32
_NONCE = 12
_FORMAT = re.compile(rb"idp-kek-1\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{8})\n?")
_RESTORE = "restore it from its backup; a new one can't open what the old one wrapped"
_ABSENT = f"`idp keys init` makes the first one; if there was one, {_RESTORE}"


class Kek(Protocol):
    """What wraps data keys, wherever it lives."""

    @property
    def kek_id(self) -> str:
        """Which key-encryption key this is; written beside what it wrapped."""

    @property
    def homes(self) -> Homes:
        """Where private parts live that it does not wrap."""

    def holding(self, kek_id: str) -> Kek | None:
        """Give what opens rows wrapped by this key-encryption key; None when that is another one."""

    def wrap(self, dek: bytes, aad: bytes) -> bytes:
        """Wrap a data key, bound to `aad`."""

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Unwrap a data key.

        Raises:
            KeyDamaged: altered, bound to something else, or wrapped by another key.
        """


class FileKek:
    """A key-encryption key from a file."""

    __slots__ = ("_aead", "_entropy", "kek_id")

    homes = NO_HOMES

    def __init__(self, key: bytes, *, entropy: Entropy = os.urandom) -> None:
        """Hold the key; `create` and `load` are the usual ways in."""
        self._aead = AESGCM(key)
        self._entropy = entropy
        self.kek_id = _short_digest(b"idp kek id", key, 12)

    @override
    def __repr__(self) -> str:
        return f"<FileKek {self.kek_id}>"

    @classmethod
    def create(cls, path: Path, *, entropy: Entropy = os.urandom) -> Self:
        """Make a new key in a new file (0600, its folder 0700 if that is new).

        Raises:
            KekRefused: a file is already there, or it can't be written.
        """
        key = entropy(_SIZE)
        try:
            write_once(path, f"idp-kek-1.{base64url.encode(key).decode()}.{_check_value(key)}\n".encode())
        except FileExistsError as error:
            raise KekRefused(f"{path} exists already and is never replaced") from error
        except OSError as error:
            raise KekRefused(f"can't write the key-encryption key to {path}: {error.strerror}") from error
        return cls(key, entropy=entropy)

    @classmethod
    def load(cls, path: Path, *, entropy: Entropy = os.urandom) -> Self:
        """Read the key.

        Raises:
            KekRefused: no such file, readable by others, or damaged.
        """
        match = _FORMAT.fullmatch(read_private(path, what="the key-encryption key", absent=_ABSENT))
        if match is None:
            raise KekRefused(f"{path} is not a key-encryption key, or is damaged: {_RESTORE}")
        key = _decoded(match[1])
        if len(key) != _SIZE or _check_value(key).encode() != match[2]:
            raise KekRefused(f"{path} is damaged (its check value doesn't match): {_RESTORE}")
        return cls(key, entropy=entropy)

    def holding(self, kek_id: str) -> Kek | None:
        """Give itself, if it is that one."""
        return self if kek_id == self.kek_id else None

    def wrap(self, dek: bytes, aad: bytes) -> bytes:
        """Wrap a data key, bound to `aad`."""
        nonce = self._entropy(_NONCE)
        return nonce + self._aead.encrypt(nonce, dek, b"idp kek|" + aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Unwrap a data key.

        Raises:
            KeyDamaged: altered, bound to something else, or wrapped by another key.
        """
        try:
            return self._aead.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], b"idp kek|" + aad)
        except (InvalidTag, ValueError) as error:
            raise KeyDamaged("the data key does not open") from error


class KekPair:
    """Two key-encryption keys, while rows go over from the previous one to the present one, which alone wraps."""

    __slots__ = ("_present", "_previous", "homes", "kek_id")

    def __init__(self, present: Kek, previous: Kek) -> None:
        self._present = present
        self._previous = previous
        self.kek_id = present.kek_id
        self.homes = present.homes

    @override
    def __repr__(self) -> str:
        return f"<KekPair {self.kek_id}>"

    def holding(self, kek_id: str) -> Kek | None:
        """Give the one of the two that it is."""
        return self._present.holding(kek_id) or self._previous.holding(kek_id)

    def wrap(self, dek: bytes, aad: bytes) -> bytes:
        """Wrap a data key with the present one."""
        return self._present.wrap(dek, aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Unwrap what the present one has wrapped.

        Raises:
            KeyDamaged: altered, bound to something else, or wrapped by another key.
        """
        return self._present.unwrap(wrapped, aad)


def _decoded(text: bytes) -> bytes:
    try:
        return base64url.decode(text)
    except ValueError:
        return b""


def _check_value(key: bytes) -> str:
    return _short_digest(b"idp kek check", key, 6)


def _short_digest(label: bytes, key: bytes, size: int) -> str:
    # The key is 256 random bits: a digest of it tells nobody anything.
    return base64url.encode(hashlib.sha256(label + b"|" + key).digest()[:size]).decode()
