"""Keys, and a key-encryption key, in what answers as AWS KMS.

moto salts PS256 otherwise than AWS and hashes what is a hash already, so PS256 and messages of more than 4096 octets
are not tried here; both are asked for as AWS's own reference says.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from keys.compact import encode, verify
from keys.custody import Custody
from keys.errors import KekRefused, KeyDamaged, SignerAway, UnsupportedAlgorithm, WrongKek
from keys.kek import FileKek, Kek
from keys.kms_kek import KmsKek
from keys.new_records import new_signing_key
from keys.records import KeyRecord
from keys.ring import KeyRing, prove
from keys.signers.address import KmsAddress
from keys.signers.homes import Homes
from keys.signers.kms import KmsHome
from keys.signers.kms_client import TIMEOUT_SECONDS, kms_client
from keys.signers.rest import REST_SECONDS
from keys.states import KeyState
from keys.wrapping import unwrap
from tests.extra.servers import Moto

Client = Any
"""Made from a description at run time."""

NOW = 1_800_000_000.0
CLAIMS = {"sub": "dana", "iat": int(NOW), "exp": int(NOW) + 300}


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    """A server of this file's own."""
    server = Moto().open()
    yield server
    server.close()


@pytest.fixture
def client(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client with credentials."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return kms_client(KmsAddress.parse(moto.address()))


@pytest.fixture
def custody(client: Client) -> Custody:
    """New keys are made there."""
    return Custody(FileKek(secrets.token_bytes(32)), Homes([KmsHome(client)], new="kms"))


@pytest.fixture
def kms_kek(client: Client) -> KmsKek:
    """A key for encryption that somebody has made."""
    return KmsKek.load(client, encryption_key(client))


def encryption_key(client: Client) -> str:
    """Make a key as somebody with other rights does; gives its id."""
    made = client.create_key(KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT")
    return str(made["KeyMetadata"]["KeyId"])


def made(kek: Kek, algorithm: str = "ES256") -> KeyRecord:
    """A key that signs."""
    return new_signing_key(algorithm, state=KeyState.ACTIVE, kek=kek, epoch=1, now=NOW, entropy=secrets.token_bytes)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_what_it_signs_every_library_verifies(custody: Custody, algorithm: str) -> None:
    """As JWS has it: what KMS gives in DER is r and s side by side."""
    record = made(custody, algorithm)
    assert (None, "kms") == (record.wrapped, record.home.partition(":")[0])
    prove(record, custody)
    ring = KeyRing.open([record], custody, epoch=1)
    token = encode(ring.signer(algorithm, NOW), typ="JWT", claims=CLAIMS)
    assert CLAIMS == verify(ring, token, typ="JWT", now=NOW)


def test_what_it_has_no_keys_for(custody: Custody) -> None:
    """It is said; nothing else is made instead."""
    with pytest.raises(UnsupportedAlgorithm, match="Ed25519"):
        made(custody, "Ed25519")


def test_a_service_that_times_out_is_an_outage_of_seconds(custody: Custody, moto: Moto) -> None:
    """Signing says so within its patience, and works again by itself (F23)."""
    record = made(custody)
    with moto.paused():
        began = time.monotonic()
        with pytest.raises(SignerAway, match="does not answer"):
            prove(record, custody)
        assert time.monotonic() - began < 2 * TIMEOUT_SECONDS
        began = time.monotonic()
        with pytest.raises(SignerAway, match="a moment ago"):
            prove(record, custody)
        assert time.monotonic() - began < REST_SECONDS / 2
    time.sleep(REST_SECONDS)
    prove(record, custody)


def test_a_kek_there_wraps(kms_kek: KmsKek, client: Client) -> None:
    """What it wraps opens with it, and with no other."""
    record = made(kms_kek)
    prove(record, kms_kek)
    other = KmsKek.load(client, encryption_key(client))
    with pytest.raises(WrongKek):
        unwrap(record, other)


def test_a_row_copied_to_another_kid_does_not_open(kms_kek: KmsKek) -> None:
    """The binding is the encryption context (K10)."""
    one, other = made(kms_kek), made(kms_kek)
    with pytest.raises(KeyDamaged, match="damaged"):
        unwrap(replace(one, wrapped=other.wrapped), kms_kek)


def test_what_is_opened_stays_open(kms_kek: KmsKek, moto: Moto) -> None:
    """A change of the ring is read while KMS is away."""
    record = made(kms_kek)
    unwrap(record, kms_kek)
    with moto.paused():
        assert unwrap(record, kms_kek)


def test_a_key_of_another_kind_is_no_kek(client: Client) -> None:
    """For signatures, switched off, or none at all."""
    signing = client.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    disabled = encryption_key(client)
    client.disable_key(KeyId=disabled)
    for key_id, told in ((signing, "SIGN_VERIFY"), (disabled, "Disabled"), ("", "names no key")):
        with pytest.raises(KekRefused, match=told):
            KmsKek.load(client, key_id)
    with pytest.raises(SignerAway):
        KmsKek.load(client, "alias/nobody")
