"""Keys in a PKCS#11 token: made there, never to be read, and asked for each signature.

ES256 hashes here (tokens offer plain ECDSA; SoftHSM has no other), RS256, PS256 and Ed25519 there. A key is found by
the id that it was made with; what nobody's row names is left of a change that was not written.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from pkcs11 import MGF, Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters

from keys.errors import UnsupportedAlgorithm
from keys.public_jwk import public_jwk
from keys.records import KeyRecord
from keys.rsa import RSA_BITS
from keys.signature import Sign
from keys.signers.homes import MadeKey
from keys.signers.pkcs11_token import Pkcs11Token

SCHEME = "pkcs11"
_ID_OCTETS = 16
# PrintableString "edwards25519" (PKCS #11 v3.0 §2.3.10).
_EDWARDS25519 = b"\x13\x0cedwards25519"
_PRIVATE = {Attribute.EXTRACTABLE: False, Attribute.SENSITIVE: True, Attribute.TOKEN: True, Attribute.PRIVATE: True}
_PSS = (Mechanism.SHA256, MGF.SHA256, 32)
_OCTET_STRING = 2
"""Tag and length of the DER OCTET STRING that a point of 65 or 32 octets comes in."""


def _rsa(session: pkcs11.Session, named: dict[str, Any]) -> object:
    public, _ = session.generate_keypair(KeyType.RSA, RSA_BITS, **named)
    n, e = (int.from_bytes(public[name], "big") for name in (Attribute.MODULUS, Attribute.PUBLIC_EXPONENT))
    return rsa.RSAPublicNumbers(e, n).public_key()


def _p256(session: pkcs11.Session, named: dict[str, Any]) -> object:
    curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
    public, _ = session.create_domain_parameters(KeyType.EC, curve, local=True).generate_keypair(**named)
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public[Attribute.EC_POINT][_OCTET_STRING:])


def _edwards(session: pkcs11.Session, named: dict[str, Any]) -> object:
    curve = session.create_domain_parameters(KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: _EDWARDS25519}, local=True)
    public, _ = curve.generate_keypair(mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN, **named)
    return ed25519.Ed25519PublicKey.from_public_bytes(public[Attribute.EC_POINT][_OCTET_STRING:])


_MAKERS: Mapping[str, Callable[[pkcs11.Session, dict[str, Any]], object]] = MappingProxyType(
    {"ES256": _p256, "RS256": _rsa, "PS256": _rsa, "Ed25519": _edwards}
)
_SIGNS: Mapping[str, Callable[[Any, bytes], bytes]] = MappingProxyType(
    {
        "ES256": lambda key, octets: key.sign(sha256(octets).digest(), mechanism=Mechanism.ECDSA),
        "RS256": lambda key, octets: key.sign(octets, mechanism=Mechanism.SHA256_RSA_PKCS),
        "PS256": lambda key, octets: key.sign(octets, mechanism=Mechanism.SHA256_RSA_PKCS_PSS, mechanism_param=_PSS),
        "Ed25519": lambda key, octets: key.sign(octets, mechanism=Mechanism.EDDSA),
    }
)


class Pkcs11Home:
    """A token that signing keys live in; implements `Home`."""

    scheme = SCHEME

    def __init__(self, token: Pkcs11Token) -> None:
        self._token = token

    def make(self, algorithm: str) -> MadeKey:
        """Make a key that can't be read out.

        Raises:
            UnsupportedAlgorithm: it has no keys for that.
            SignerAway: the token does not answer.
        """
        maker = _MAKERS.get(algorithm)
        if maker is None:
            raise UnsupportedAlgorithm(f"a PKCS#11 token makes no keys for {algorithm}")
        key_id = secrets.token_bytes(_ID_OCTETS)
        named: dict[str, Any] = {"store": True, "id": key_id, "label": f"idp {algorithm}", "private_template": _PRIVATE}
        with self._token.session(rw=True) as held:
            return MadeKey(f"{SCHEME}:{key_id.hex()}", public_jwk(maker(held.session, named)))

    def signing(self, record: KeyRecord) -> Sign:
        """Give what signs by a key of the token."""
        key_id, sign_by = bytes.fromhex(record.home.partition(":")[2]), _SIGNS[record.algorithm]

        def sign(octets: bytes) -> bytes:
            with self._token.session() as held:
                return bytes(sign_by(held.key(ObjectClass.PRIVATE_KEY, id=key_id), octets))

        return sign
