"""Keys in a real OpenBao: made there, not exportable, and signing again by themselves after an outage (F23)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

import hvac
import pytest

from keys.compact import encode, verify
from keys.custody import Custody
from keys.errors import SignerAway, UnsupportedAlgorithm
from keys.kek import FileKek
from keys.new_records import new_signing_key
from keys.records import KeyRecord
from keys.ring import KeyRing, prove
from keys.signers.address import OFFERS, TransitAddress
from keys.signers.homes import Homes
from keys.signers.rest import REST_SECONDS
from keys.signers.transit import TIMEOUT_SECONDS, TransitHome
from keys.states import KeyState
from tests.extra.servers import OpenBao

NOW = 1_800_000_000.0
CLAIMS = {"sub": "dana", "iat": int(NOW), "exp": int(NOW) + 300}


@pytest.fixture(scope="module")
def bao() -> Iterator[OpenBao]:
    """A server of this file's own."""
    server = OpenBao().open()
    yield server
    server.close()


@pytest.fixture(scope="module")
def address(bao: OpenBao) -> TransitAddress:
    """Its Transit engine."""
    return TransitAddress.parse(bao.address())


@pytest.fixture
def custody(address: TransitAddress) -> Custody:
    """New keys are made there."""
    return Custody(FileKek(secrets.token_bytes(32)), Homes([TransitHome(address)], new="transit"))


def transit_of(address: TransitAddress, bao: OpenBao) -> Any:  # noqa: ANN401 - half typed
    """The engine as root has it."""
    return hvac.Client(url=address.url, token=bao.token_file.read_text()).secrets.transit


def made(custody: Custody, algorithm: str = "ES256") -> KeyRecord:
    """A key that signs."""
    return new_signing_key(algorithm, state=KeyState.ACTIVE, kek=custody, epoch=1, now=NOW, entropy=secrets.token_bytes)


@pytest.mark.parametrize("algorithm", OFFERS["transit"])
def test_what_it_signs_every_library_verifies(custody: Custody, algorithm: str) -> None:
    """Each algorithm, as JWS has it: r and s side by side, a salt as long as the hash."""
    record = made(custody, algorithm)
    assert (None, "transit") == (record.wrapped, record.home.partition(":")[0])
    prove(record, custody)
    ring = KeyRing.open([record], custody, epoch=1)
    token = encode(ring.signer(algorithm, NOW), typ="JWT", claims=CLAIMS)
    assert CLAIMS == verify(ring, token, typ="JWT", now=NOW)


def test_nobody_reads_it_out(custody: Custody, address: TransitAddress, bao: OpenBao) -> None:
    """Not even root: the key was made not to be exported."""
    name = made(custody).home.partition(":")[2]
    transit = transit_of(address, bao)
    with pytest.raises(hvac.exceptions.InvalidRequest, match="not exportable"):
        transit.export_key(name=name, key_type="signing-key")


def test_a_key_that_was_rotated_there_signs_as_before(custody: Custody, address: TransitAddress, bao: OpenBao) -> None:
    """Another version would be another key under the same kid."""
    record = made(custody)
    transit = transit_of(address, bao)
    transit.rotate_key(name=record.home.partition(":")[2])
    prove(record, custody)


def test_what_it_has_no_keys_for(custody: Custody) -> None:
    """It is said; nothing else is made instead."""
    with pytest.raises(UnsupportedAlgorithm, match="ML-DSA-44"):
        made(custody, "ML-DSA-44")


def test_a_service_that_hangs_is_an_outage_of_seconds(custody: Custody, bao: OpenBao) -> None:
    """Signing says so within its patience, and works again by itself."""
    record = made(custody)
    with bao.paused():
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


def test_a_token_that_ended_is_an_outage_until_there_is_a_new_one(custody: Custody, bao: OpenBao) -> None:
    """An agent renews the file; nobody restarts a node for it."""
    record, right = made(custody), bao.token_file.read_text()
    bao.token_file.write_text("s.ended")
    with pytest.raises(SignerAway, match="permission denied"):
        prove(record, custody)
    bao.token_file.write_text(right)
    prove(record, custody)
    bao.token_file.chmod(0o644)
    with pytest.raises(SignerAway, match="chmod 600"):
        prove(record, custody)
    bao.token_file.chmod(0o600)
