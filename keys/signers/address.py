"""Addresses of places where keys live, as they stand in the settings. None of them holds a secret: files do.

`pkcs11:token=idp;object=kek?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/idp/pin` (RFC 7512)
`transit:https://bao.example.com:8200/transit?token-file=/etc/idp/bao-token`
`kms:eu-central-1` and, for a key-encryption key, `kms:eu-central-1/alias/idp`
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

OFFERS = MappingProxyType(
    {
        "pkcs11": ("ES256", "RS256", "PS256", "Ed25519"),
        "transit": ("ES256", "RS256", "PS256", "Ed25519"),
        "kms": ("ES256", "RS256", "PS256"),
    }
)
"""The algorithms that each kind of home has keys for."""


@dataclass(frozen=True, slots=True)
class Pkcs11Address:
    """A token, and for a key-encryption key the label of its AES key there; the PIN is in a file."""

    token: str
    module: Path
    pin_file: Path
    object: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a PKCS#11 URI.

        Raises:
            ValueError: token, module-path or pin-source are missing, or it holds a PIN.
        """
        path, _, query = _rest(text, "pkcs11").partition("?")
        named = {name: unquote(value) for name, _, value in (part.partition("=") for part in path.split(";"))}
        asked = _asked(query)
        if "pin-value" in asked | named:
            raise ValueError("a PIN belongs into a file of its own: pin-source=/path")
        try:
            module, pin_file = Path(asked["module-path"]), Path(asked["pin-source"].removeprefix("file:"))
            return cls(named["token"], module, pin_file, named.get("object", ""))
        except KeyError as missing:
            raise ValueError(f"{text!r} names no {missing.args[0]}") from None


@dataclass(frozen=True, slots=True)
class TransitAddress:
    """The mount point of a Transit engine (OpenBao, Vault); the token is in a file, which an agent may renew."""

    url: str
    mount: str
    token_file: Path
    ca_file: Path | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it.

        Raises:
            ValueError: it is no such address, or not over TLS (http is for loopback).
        """
        parts = urlsplit(_rest(text, "transit"))
        asked = _asked(parts.query)
        if not parts.hostname or not parts.path.strip("/") or "token-file" not in asked:
            raise ValueError(f"{text!r} is not transit:https://host/mount?token-file=/path")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}):
            raise ValueError("transit: only https, since what signs must not be impersonated")
        ca_file = Path(asked["ca-file"]) if "ca-file" in asked else None
        return cls(f"{parts.scheme}://{parts.netloc}", parts.path.strip("/"), Path(asked["token-file"]), ca_file)


@dataclass(frozen=True, slots=True)
class KmsAddress:
    """A region of AWS KMS, and for a key-encryption key its id, ARN or alias; credentials lie where AWS looks."""

    region: str
    key_id: str
    endpoint_url: str | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it.

        Raises:
            ValueError: it names no region.
        """
        path, _, query = _rest(text, "kms").partition("?")
        region, _, key_id = path.partition("/")
        if not region:
            raise ValueError(f"{text!r} is not kms:REGION or kms:REGION/KEY")
        return cls(region, key_id, _asked(query).get("endpoint-url"))


Address = Pkcs11Address | TransitAddress | KmsAddress


def parse_address(text: str) -> Address:
    """Read the address of a home.

    Raises:
        ValueError: it is none.
    """
    kinds: dict[str, type[Pkcs11Address | TransitAddress | KmsAddress]]
    kinds = {"pkcs11": Pkcs11Address, "transit": TransitAddress, "kms": KmsAddress}
    kind = kinds.get(text.partition(":")[0])
    if kind is None:
        raise ValueError(f"{text!r} begins with none of {', '.join(f'{name}:' for name in OFFERS)}")
    return kind.parse(text)


def _rest(text: str, scheme: str) -> str:
    if not text.startswith(f"{scheme}:"):
        raise ValueError(f"{text!r} does not begin with {scheme}:")
    return text.removeprefix(f"{scheme}:")


def _asked(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query).items()}
