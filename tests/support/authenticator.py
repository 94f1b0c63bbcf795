"""A passkey in software: real keys, real attestation objects and assertions, and every way to get one wrong.

Built by hand from the bytes of Web Authentication §6 and RFC 9052, so that what fido2 reads is not what fido2 wrote.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ES256, EDDSA, RS256, ES384 = -7, -8, -257, -35

UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def encoded(value: bytes) -> str:
    """Write bytes as base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Read base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor(value: Any) -> bytes:  # noqa: ANN401 - CBOR holds anything
    """Write integers, bytes, text and maps in CBOR (RFC 8949)."""
    match value:
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case dict():
            return _head(5, len(value)) + b"".join(cbor(key) + cbor(held) for key, held in value.items())
    raise TypeError(type(value))


def _head(major: int, number: int) -> bytes:
    for size, mark in ((0, None), (1, 24), (2, 25), (4, 26), (8, 27)):
        if mark is None and number < 24:
            return bytes([major << 5 | number])
        if mark is not None and number < 1 << (8 * size):
            return bytes([major << 5 | mark]) + number.to_bytes(size, "big")
    raise OverflowError(number)


def new_key(algorithm: int) -> PrivateKey:
    """Make a private key for a COSE algorithm."""
    if algorithm == EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm == RS256:
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP384R1() if algorithm == ES384 else ec.SECP256R1())


def cose(key: PrivateKey, algorithm: int) -> dict[int, int | bytes]:
    """Give a key's public half as COSE (RFC 9053, RFC 8230)."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: algorithm, -1: 6, -2: key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)}
    if isinstance(key, rsa.RSAPrivateKey):
        modulus, exponent = key.public_key().public_numbers().n, key.public_key().public_numbers().e
        return {1: 3, 3: algorithm, -1: modulus.to_bytes(key.key_size // 8, "big"), -2: exponent.to_bytes(3, "big")}
    point, size = key.public_key().public_numbers(), (key.key_size + 7) // 8
    curve = 1 if algorithm == ES256 else 2
    return {1: 2, 3: algorithm, -1: curve, -2: point.x.to_bytes(size, "big"), -3: point.y.to_bytes(size, "big")}


def signed(key: PrivateKey, message: bytes) -> bytes:
    """Sign as Web Authentication §6.5.5 says."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True, kw_only=True)
class Said:
    """What an authenticator and its browser say besides the signature; a test changes what it wants wrong.

    `None` for `type_`, `challenge` or `rp_id` stands for the right one.
    """

    origin: str
    type_: str | None = None
    challenge: bytes | None = None
    rp_id: str | None = None
    flags: int = UP | UV
    client_data: Mapping[str, Any] = field(default_factory=lambda: {"crossOrigin": False})


@dataclass
class Authenticator:
    """One passkey in one device; `count` goes up with each signature unless it is None (a synced one says 0)."""

    said: Said
    algorithm: int = ES256
    count: int | None = 0
    key: PrivateKey = field(init=False, repr=False)
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: bytes | None = None
    rp_id: str = ""

    def __post_init__(self) -> None:
        """Make its key."""
        self.key = new_key(self.algorithm)

    def create(self, options: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any member of `Said`
        """Answer creation options as a browser would; `cose` among the changes replaces the public key."""
        asked = json.loads(options)
        public = changes.pop("cose", cose(self.key, self.algorithm))
        said = replace(self.said, **changes)
        self.rp_id, self.user_handle = asked["rp"]["id"], decoded(asked["user"]["id"])
        data = self._authenticator_data(said, self.rp_id, AT) + bytes(16)
        data += len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor(public)
        response = {
            "clientDataJSON": encoded(_client_data(said, "webauthn.create", asked["challenge"])),
            "attestationObject": encoded(cbor({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal", "telepathy"],
        }
        return self._answer(response)

    def get(self, options: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any member of `Said`
        """Answer request options as a browser would."""
        asked, said = json.loads(options), replace(self.said, **changes)
        if self.count is not None:
            self.count += 1
        client_data = _client_data(said, "webauthn.get", asked["challenge"])
        data = self._authenticator_data(said, asked["rpId"], 0)
        response = {
            "clientDataJSON": encoded(client_data),
            "authenticatorData": encoded(data),
            "signature": encoded(signed(self.key, data + sha256(client_data).digest())),
            "userHandle": None if self.user_handle is None else encoded(self.user_handle),
        }
        return self._answer(response)

    def _authenticator_data(self, said: Said, rp_id: str, always: int) -> bytes:
        hashed = sha256((said.rp_id or rp_id).encode()).digest()
        return hashed + bytes([said.flags | always]) + (self.count or 0).to_bytes(4, "big")

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        name = encoded(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }


def _client_data(said: Said, type_: str, challenge: str) -> bytes:
    document = {
        "type": said.type_ or type_,
        "challenge": challenge if said.challenge is None else encoded(said.challenge),
        "origin": said.origin,
        **said.client_data,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def text(answer: Mapping[str, Any]) -> str:
    """Write an answer as a page posts it."""
    return json.dumps(answer)
