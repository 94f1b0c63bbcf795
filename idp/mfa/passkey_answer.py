"""What a browser sends for a passkey, read strictly: known members of known types and lengths, and nothing else.

fido2 takes what it is given: a number where bytes belong becomes that many zero bytes. So each member is checked here
before the library sees it, and whatever is wrong with it is one kind of refusal (Web Authentication §5.8.1, the JSON
of `PublicKeyCredential.toJSON`).
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from fido2 import cbor
from fido2.webauthn import AttestationObject, AuthenticatorData, CollectedClientData

from idp.mfa.verified import WrongAnswer

MAX_ANSWER: Final = 32_768
"""The longest answer that is read, in characters."""

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_LONGEST: Final = {
    "rawId": 1023,
    "clientDataJSON": 4096,
    "attestationObject": 16_384,
    "authenticatorData": 2048,
    "signature": 1024,
    "userHandle": 64,
}
_TRANSPORTS: Final = ("usb", "nfc", "ble", "smart-card", "hybrid", "internal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A new passkey as a browser presents it; nothing in it is verified."""

    credential_id: bytes
    client_data: CollectedClientData = field(repr=False)
    attestation: AttestationObject = field(repr=False)
    transports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A passkey's signature as a browser presents it; nothing in it is verified."""

    credential_id: bytes
    client_data: CollectedClientData = field(repr=False)
    authenticator_data: AuthenticatorData = field(repr=False)
    signature: bytes = field(repr=False)
    user_handle: bytes | None = field(repr=False)


def read_creation(text: str) -> Creation:
    """Read the answer of `navigator.credentials.create`.

    Raises:
        WrongAnswer: it is none.
    """
    try:
        document, response = _read(text)
        return Creation(
            credential_id=_bytes_of(document, "rawId"),
            client_data=CollectedClientData(_bytes_of(response, "clientDataJSON")),
            attestation=_attestation(_bytes_of(response, "attestationObject")),
            transports=_transports(response.get("transports")),
        )
    except Exception as error:
        raise WrongAnswer(f"malformed: {type(error).__name__}") from error


def read_assertion(text: str) -> Assertion:
    """Read the answer of `navigator.credentials.get`.

    Raises:
        WrongAnswer: it is none.
    """
    try:
        document, response = _read(text)
        return Assertion(
            credential_id=_bytes_of(document, "rawId"),
            client_data=CollectedClientData(_bytes_of(response, "clientDataJSON")),
            authenticator_data=AuthenticatorData(_bytes_of(response, "authenticatorData")),
            signature=_bytes_of(response, "signature"),
            user_handle=_bytes_of(response, "userHandle") if response.get("userHandle") is not None else None,
        )
    except Exception as error:
        raise WrongAnswer(f"malformed: {type(error).__name__}") from error


def encoded(value: bytes) -> str:
    """Write bytes as the JSON of Web Authentication does: base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _read(text: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if len(text) > MAX_ANSWER:
        raise ValueError("too long")
    document = orjson.loads(text)
    if document["type"] != "public-key" or document.get("id", document["rawId"]) != document["rawId"]:
        raise ValueError("not a public key credential")
    response = document["response"]
    if not isinstance(response, dict):
        raise TypeError("response")
    return document, response


def _bytes_of(document: Mapping[str, Any], name: str) -> bytes:
    text = document[name]
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        raise TypeError(name)
    value = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if not 0 < len(value) <= _LONGEST[name]:
        raise ValueError(name)
    return value


def _attestation(data: bytes) -> AttestationObject:
    document = cbor.decode(data)
    if not isinstance(document, dict) or not isinstance(document["authData"], bytes):
        raise TypeError("authData")
    return AttestationObject(data)


def _transports(sent: object) -> tuple[str, ...]:
    """How the passkey can be reached is a hint for browsers, so that what is not known is left out."""
    named = sent if isinstance(sent, list) else []
    return tuple(known for known in _TRANSPORTS if known in named)
