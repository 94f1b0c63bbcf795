"""Keys in AWS KMS: made there, never to be read, and asked for each signature.

KMS takes messages of up to 4096 octets; of longer ones it is given the hash. Ed25519 is left to other homes.
"""

from __future__ import annotations

from hashlib import sha256
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_public_key

from keys.ecdsa import side_by_side
from keys.errors import UnsupportedAlgorithm
from keys.public_jwk import public_jwk
from keys.records import KeyRecord
from keys.signature import Sign
from keys.signers.homes import MadeKey
from keys.signers.kms_client import Kms

SCHEME = "kms"
LONGEST_MESSAGE = 4096
_KINDS = MappingProxyType(
    {
        "ES256": ("ECC_NIST_P256", "ECDSA_SHA_256"),
        "RS256": ("RSA_3072", "RSASSA_PKCS1_V1_5_SHA_256"),
        "PS256": ("RSA_3072", "RSASSA_PSS_SHA_256"),
    }
)


class KmsHome:
    """A region of KMS that signing keys live in; implements `Home`."""

    scheme = SCHEME

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - made from a description at run time
        self._kms = Kms(client)

    def make(self, algorithm: str) -> MadeKey:
        """Make a key.

        Raises:
            UnsupportedAlgorithm: it has no keys for that.
            SignerAway: KMS does not answer, or refuses.
        """
        if algorithm not in _KINDS:
            raise UnsupportedAlgorithm(f"AWS KMS makes no keys for {algorithm}")
        spec, _ = _KINDS[algorithm]
        with self._kms.answering() as client:
            made = client.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY", Description=f"idp {algorithm}")
            key_id = made["KeyMetadata"]["KeyId"]
            public = client.get_public_key(KeyId=key_id)["PublicKey"]
        return MadeKey(f"{SCHEME}:{key_id}", public_jwk(load_der_public_key(public)))

    def signing(self, record: KeyRecord) -> Sign:
        """Give what signs by a key of the region."""
        key_id, (_, way) = record.home.partition(":")[2], _KINDS[record.algorithm]

        def sign(octets: bytes) -> bytes:
            whole = len(octets) <= LONGEST_MESSAGE
            message = octets if whole else sha256(octets).digest()
            kind = "RAW" if whole else "DIGEST"
            with self._kms.answering() as client:
                signed = client.sign(KeyId=key_id, Message=message, MessageType=kind, SigningAlgorithm=way)
            signature = bytes(signed["Signature"])
            return side_by_side(signature) if record.algorithm == "ES256" else signature

        return sign
