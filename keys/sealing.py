"""Sealing what must be read back (TOTP seeds, refresh successors): AES-256-GCM, bound to purpose and context.

Layout: one format octet, one with the version of the key, the nonce, the ciphertext. The newest version seals, all
open. A random nonce of 96 bits is good for 2^32 messages per purpose and version (NIST SP 800-38D §8.3).
"""

from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import override

from keys.derivation import derive
from keys.errors import SealBroken
from keys.kek import Entropy

_FORMAT = 1
_PREFIX = 2
_NONCE = 12


class Sealer:
    """Seals and opens for one purpose."""

    __slots__ = ("_entropy", "_newest", "_purpose", "_versions")

    def __init__(self, versions: Mapping[int, bytes], purpose: str, *, entropy: Entropy) -> None:
        self._versions = {number: AESGCM(derive(root, f"seal {purpose}")) for number, root in versions.items()}
        self._newest = max(versions)
        self._purpose = purpose
        self._entropy = entropy

    @override
    def __repr__(self) -> str:
        return f"<Sealer {self._purpose}>"

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """Seal octets; they open only with the same context `aad` (the id of the row that holds them)."""
        prefix = bytes((_FORMAT, self._newest))
        nonce = self._entropy(_NONCE)
        return prefix + nonce + self._versions[self._newest].encrypt(nonce, plaintext, prefix + aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Open sealed octets.

        Raises:
            SealBroken: altered, sealed for another purpose or context, or by a version that is gone.
        """
        prefix, nonce, body = sealed[:_PREFIX], sealed[_PREFIX : _PREFIX + _NONCE], sealed[_PREFIX + _NONCE :]
        if len(prefix) != _PREFIX or prefix[0] != _FORMAT or prefix[1] not in self._versions:
            raise SealBroken(f"not sealed for {self._purpose} by a key that we have")
        try:
            return self._versions[prefix[1]].decrypt(nonce, body, prefix + aad)
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"altered, or sealed for something else than {self._purpose}") from error
