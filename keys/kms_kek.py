"""A key-encryption key in AWS KMS: a symmetric key that somebody with other rights has made.

What a data key is bound to goes along as the encryption context. Data keys that were opened stay known to the process,
so that reading the ring anew asks KMS nothing.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError
from typing_extensions import override

from keys import base64url
from keys.errors import KekRefused, KeyDamaged
from keys.kek import Kek
from keys.signers.homes import NO_HOMES
from keys.signers.kms_client import Kms

_DAMAGED = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


class KmsKek:
    """The key; implements `Kek`."""

    homes = NO_HOMES

    def __init__(self, client: Any, arn: str) -> None:  # noqa: ANN401 - made from a description at run time
        """Hold the key of this ARN; `load` is the usual way in."""
        self._kms = Kms(client)
        self._arn = arn
        self._opened: dict[bytes, bytes] = {}
        self.kek_id = f"kms.{base64url.encode(sha256(arn.encode()).digest()[:12]).decode()}"

    @override
    def __repr__(self) -> str:
        return f"<KmsKek {self.kek_id}>"

    @classmethod
    def load(cls, client: Any, key_id: str) -> KmsKek:  # noqa: ANN401
        """Find the key by its id, ARN or alias.

        Raises:
            KekRefused: the address names none, or one that is switched off or not for encryption.
            SignerAway: KMS does not answer, or has no such key.
        """
        if not key_id:
            raise KekRefused("kek_kms: the address names no key; write kms:REGION/alias/NAME")
        with Kms(client).answering():
            facts = client.describe_key(KeyId=key_id)["KeyMetadata"]
        if facts["KeyUsage"] != "ENCRYPT_DECRYPT" or facts["KeyState"] != "Enabled":
            raise KekRefused(f"kek_kms: {key_id} is {facts['KeyState']}, for {facts['KeyUsage']}")
        return cls(client, facts["Arn"])

    def holding(self, kek_id: str) -> Kek | None:
        """Give itself, if it is that one."""
        return self if kek_id == self.kek_id else None

    def wrap(self, dek: bytes, aad: bytes) -> bytes:
        """Wrap a data key, bound to `aad`.

        Raises:
            SignerAway: KMS does not answer.
        """
        with self._kms.answering() as client:
            told = client.encrypt(KeyId=self._arn, Plaintext=dek, EncryptionContext=_bound_to(aad))
        return bytes(told["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Unwrap a data key.

        Raises:
            KeyDamaged: altered, bound to something else, or wrapped by another key.
            SignerAway: KMS does not answer.
        """
        known = sha256(len(aad).to_bytes(4, "big") + aad + wrapped).digest()
        if known not in self._opened:
            with self._kms.answering() as client:
                self._opened[known] = self._unwrapped(client, wrapped, aad)
        return self._opened[known]

    def _unwrapped(self, client: Any, wrapped: bytes, aad: bytes) -> bytes:  # noqa: ANN401
        try:
            told = client.decrypt(KeyId=self._arn, CiphertextBlob=wrapped, EncryptionContext=_bound_to(aad))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _DAMAGED:
                raise KeyDamaged("the data key does not open") from error
            raise
        return bytes(told["Plaintext"])


def _bound_to(aad: bytes) -> dict[str, str]:
    return {"idp": aad.decode()}
