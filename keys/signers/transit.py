"""Keys in a Transit engine, of OpenBao or Vault: made there, not exportable, and asked for each signature.

A key of Transit has versions; ours sign with the first, since another version would be another key with the same kid.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import hvac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hvac.exceptions import VaultError

from keys.errors import KekRefused, SignerAway, UnsupportedAlgorithm
from keys.private_file import read_private
from keys.public_jwk import public_jwk
from keys.records import KeyRecord
from keys.signature import Sign
from keys.signers.address import TransitAddress
from keys.signers.homes import MadeKey
from keys.signers.rest import Rest

SCHEME = "transit"
TIMEOUT_SECONDS = 2
_KEY_TYPES = MappingProxyType({"ES256": "ecdsa-p256", "RS256": "rsa-3072", "PS256": "rsa-3072", "Ed25519": "ed25519"})
# Transit's own defaults are DER and the longest salt, neither of which JWS has (RFC 7518 §3.4, §3.5).
_WAYS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "ES256": {"hash_algorithm": "sha2-256", "marshaling_algorithm": "jws"},
        "RS256": {"hash_algorithm": "sha2-256", "signature_algorithm": "pkcs1v15"},
        "PS256": {"hash_algorithm": "sha2-256", "signature_algorithm": "pss", "salt_length": "hash"},
        "Ed25519": {},
    }
)


class TransitHome:
    """A Transit engine that signing keys live in; implements `Home`."""

    scheme = SCHEME

    def __init__(self, address: TransitAddress) -> None:
        self._address = address
        verify = True if address.ca_file is None else str(address.ca_file)
        self._client = hvac.Client(url=address.url, verify=verify, timeout=TIMEOUT_SECONDS)
        # The errors of connections and of waiting are OSError in what hvac stands on.
        self._rest = Rest(f"Transit at {address.url}", (OSError,), patience=2 * TIMEOUT_SECONDS)

    def make(self, algorithm: str) -> MadeKey:
        """Make a key that can't be exported.

        Raises:
            UnsupportedAlgorithm: it has no keys for that.
            SignerAway: the service does not answer, or refuses.
        """
        kind = _KEY_TYPES.get(algorithm)
        if kind is None:
            raise UnsupportedAlgorithm(f"Transit makes no keys for {algorithm}")
        name, mount = f"idp-{secrets.token_hex(12)}", self._address.mount
        self._ask(lambda transit: transit.create_key(name=name, key_type=kind, mount_point=mount))
        told = self._ask(lambda transit: transit.read_key(name=name, mount_point=mount))
        text = told["data"]["keys"]["1"]["public_key"]
        public: object
        if kind == "ed25519":
            public = Ed25519PublicKey.from_public_bytes(b64decode(text))
        else:
            public = load_pem_public_key(text.encode())
        return MadeKey(f"{SCHEME}:{name}", public_jwk(public))

    def signing(self, record: KeyRecord) -> Sign:
        """Give what signs by a key of the engine."""
        name, way, is_jws = record.home.partition(":")[2], _WAYS[record.algorithm], record.algorithm == "ES256"

        def sign(octets: bytes) -> bytes:
            asked = {"name": name, "hash_input": b64encode(octets).decode(), "key_version": 1, **way}
            told = self._ask(lambda transit: transit.sign_data(**asked, mount_point=self._address.mount))
            text = told["data"]["signature"].rpartition(":")[2]
            return urlsafe_b64decode(text + "=" * (-len(text) % 4)) if is_jws else b64decode(text)

        return sign

    def _ask(self, ask: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - JSON of the service
        try:
            # An agent writes a new token before the old one ends.
            self._client.token = read_private(self._address.token_file, what="the token").decode().strip()
            with self._rest.asking():
                return ask(self._client.secrets.transit)
        except (VaultError, OSError, KekRefused, UnicodeDecodeError) as error:
            told = " ".join(str(error).split()) or type(error).__name__
            raise SignerAway(f"Transit at {self._address.url} refuses: {told[:200]}") from error
