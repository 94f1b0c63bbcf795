"""A key-encryption key in a PKCS#11 token: an AES key of 256 bits that can't be read out, found by its label.

Data keys that were opened stay known to the process, so that reading the ring anew needs no token; what it has opened
it holds in the clear anyway.
"""

from __future__ import annotations

import os
from hashlib import sha256

from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import NoSuchKey, PKCS11Error
from typing_extensions import override

from keys import base64url
from keys.errors import KekRefused, KeyDamaged
from keys.kek import Entropy, Kek
from keys.signers.homes import NO_HOMES
from keys.signers.pkcs11_token import Pkcs11Token

_NONCE = 12
_TAG_BITS = 128
_PRIVATE = {Attribute.EXTRACTABLE: False, Attribute.SENSITIVE: True, Attribute.TOKEN: True, Attribute.PRIVATE: True}
_PROBE = b"idp kek probe"


class Pkcs11Kek:
    """The AES key; implements `Kek`."""

    homes = NO_HOMES

    def __init__(self, token: Pkcs11Token, key_id: bytes, *, entropy: Entropy = os.urandom) -> None:
        """Hold the key of this id; `create` and `load` are the usual ways in."""
        self._token = token
        self._id = key_id
        self._entropy = entropy
        self._opened: dict[bytes, bytes] = {}
        self.kek_id = f"pkcs11.{base64url.encode(sha256(key_id).digest()[:12]).decode()}"

    @override
    def __repr__(self) -> str:
        return f"<Pkcs11Kek {self.kek_id}>"

    @classmethod
    def create(cls, token: Pkcs11Token, *, entropy: Entropy = os.urandom) -> Pkcs11Kek:
        """Make the key, under the label that the address names.

        Raises:
            KekRefused: there is one of that label, or the address names none.
            SignerAway: the token does not answer.
        """
        label, key_id = _label(token), entropy(16)
        if _find(token, label) is not None:
            raise KekRefused(f"the token {token.address.token} has a key named {label} already; it is never replaced")
        with token.session(rw=True) as held:
            held.session.generate_key(KeyType.AES, 256, store=True, id=key_id, label=label, template=_PRIVATE)
        return cls(token, key_id, entropy=entropy)

    @classmethod
    def load(cls, token: Pkcs11Token, *, entropy: Entropy = os.urandom) -> Pkcs11Kek:
        """Find the key.

        Raises:
            KekRefused: the token has none of that label.
            SignerAway: the token does not answer.
        """
        label = _label(token)
        key_id = _find(token, label)
        if not key_id:
            raise KekRefused(
                f"no key-encryption key {label} in the token {token.address.token}: "
                "`idp keys init` makes the first one; if there was one, restore the token from its backup"
            )
        return cls(token, key_id, entropy=entropy)

    def holding(self, kek_id: str) -> Kek | None:
        """Give itself, if it is that one."""
        return self if kek_id == self.kek_id else None

    def wrap(self, dek: bytes, aad: bytes) -> bytes:
        """Wrap a data key, bound to `aad`.

        Raises:
            SignerAway: the token does not answer.
        """
        nonce = self._entropy(_NONCE)
        with self._token.session() as held:
            return nonce + bytes(held.key(ObjectClass.SECRET_KEY, id=self._id).encrypt(dek, **_gcm(nonce, aad)))

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Unwrap a data key.

        Raises:
            KeyDamaged: altered, bound to something else, or wrapped by another key.
            SignerAway: the token does not answer.
        """
        known = sha256(len(aad).to_bytes(4, "big") + aad + wrapped).digest()
        if known not in self._opened:
            self._opened[known] = self._unwrapped(wrapped, aad)
        return self._opened[known]

    def _unwrapped(self, wrapped: bytes, aad: bytes) -> bytes:
        with self._token.session() as held:
            key = held.key(ObjectClass.SECRET_KEY, id=self._id)
            try:
                return bytes(key.decrypt(wrapped[_NONCE:], **_gcm(wrapped[:_NONCE], aad)))
            except PKCS11Error as error:
                # Tokens say "general error" for a bad tag. One that still opens what it has just closed is not away.
                nonce = self._entropy(_NONCE)
                key.decrypt(key.encrypt(_PROBE, **_gcm(nonce, aad)), **_gcm(nonce, aad))
                raise KeyDamaged("the data key does not open") from error


def _gcm(nonce: bytes, aad: bytes) -> dict[str, object]:
    parameters = GCMParams(nonce, b"idp kek|" + aad, _TAG_BITS)
    return {"mechanism": Mechanism.AES_GCM, "mechanism_param": parameters}


def _label(token: Pkcs11Token) -> str:
    if not token.address.object:
        raise KekRefused("kek_pkcs11: the address names no key; add ;object=LABEL")
    return token.address.object


def _find(token: Pkcs11Token, label: str) -> bytes | None:
    with token.session() as held:
        try:
            return bytes(held.key(ObjectClass.SECRET_KEY, label=label)[Attribute.ID])
        except NoSuchKey:
            return None


def is_there(token: Pkcs11Token) -> bool:
    """Whether the token has the key that its address names.

    Raises:
        KekRefused: it names none.
        SignerAway: the token does not answer.
    """
    return _find(token, _label(token)) is not None
