"""Secrets at rest: each under a data key of its own (AES-256-GCM), the data key under the key-encryption key.

Both layers are bound to kid, algorithm, purpose and version, so a wrapped part copied to another row does not open.
Layout: one format octet, two octets with the length of the wrapped data key, that data key, the nonce, the ciphertext;
a change of the key-encryption key rewrites the first part alone.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys.errors import KeyDamaged, WrongKek
from keys.kek import Entropy, Kek
from keys.records import KeyRecord

_FORMAT = b"\x01"
_NONCE = 12
_LENGTH = 2


@dataclass(frozen=True, slots=True)
class Label:
    """What a wrapped secret is bound to."""

    kid: str
    algorithm: str
    purpose: str
    version: int

    @property
    def aad(self) -> bytes:
        """The additional authenticated data; none of the parts can hold the separator."""
        return f"{self.kid}|{self.algorithm}|{self.purpose}|{self.version}".encode()


def wrap(secret: bytes, *, label: Label, kek: Kek, entropy: Entropy) -> bytes:
    """Wrap a secret for its row."""
    dek = entropy(32)
    nonce = entropy(_NONCE)
    wrapped_dek = kek.wrap(dek, label.aad)
    body = AESGCM(dek).encrypt(nonce, secret, label.aad)
    return _FORMAT + len(wrapped_dek).to_bytes(_LENGTH, "big") + wrapped_dek + nonce + body


def unwrap(record: KeyRecord, kek: Kek) -> bytes:
    """Open a row's secret.

    Raises:
        WrongKek: another key-encryption key wrapped it.
        KeyDamaged: altered, truncated, copied from another row, or not there at all.
    """
    if record.wrapped is None:
        raise KeyDamaged(f"key {record.kid} has no private part here")
    opener = _opener(record, kek)
    try:
        return open_wrapped(record.wrapped, label=label_of(record), kek=opener)
    except (InvalidTag, KeyDamaged, ValueError) as error:
        raise KeyDamaged(
            f"the wrapped part of key {record.kid} is damaged or belongs to another row: restore it from backup"
        ) from error


def rewrap(record: KeyRecord, kek: Kek) -> bytes:
    """Give a row's wrapped part with its data key wrapped by the present key-encryption key; the secret stays as it is.

    The secret is opened once, so that a damaged row is found now and not after its key-encryption key is gone.

    Raises:
        WrongKek: neither the present nor the previous key-encryption key wrapped it.
        KeyDamaged: it does not open.
    """
    unwrap(record, kek)
    wrapped, aad = record.wrapped or b"", label_of(record).aad
    start, end = _bounds(wrapped)
    dek = kek.wrap(_opener(record, kek).unwrap(wrapped[start:end], aad), aad)
    return _FORMAT + len(dek).to_bytes(_LENGTH, "big") + dek + wrapped[end:]


def label_of(record: KeyRecord) -> Label:
    """Give what a row's secret is bound to."""
    return Label(record.kid, record.algorithm, record.purpose, record.version)


def _opener(record: KeyRecord, kek: Kek) -> Kek:
    opener = kek.holding(record.kek_id)
    if opener is None:
        raise WrongKek(f"key {record.kid} was wrapped by key-encryption key {record.kek_id}, not by {kek.kek_id}")
    return opener


def _bounds(wrapped: bytes) -> tuple[int, int]:
    """Give where the wrapped data key begins and ends."""
    start = len(_FORMAT) + _LENGTH
    return start, start + int.from_bytes(wrapped[len(_FORMAT) : start], "big")


def open_wrapped(wrapped: bytes, *, label: Label, kek: Kek) -> bytes:
    """Open what `wrap` has made, by exactly this key-encryption key.

    Raises:
        KeyDamaged, InvalidTag, ValueError: it does not open.
    """
    if not wrapped.startswith(_FORMAT):
        raise KeyDamaged("unknown wrapping format")
    start, end = _bounds(wrapped)
    dek = kek.unwrap(wrapped[start:end], label.aad)
    return AESGCM(dek).decrypt(wrapped[end : end + _NONCE], wrapped[end + _NONCE :], label.aad)
