"""Keys for the tests: generated once per run, since an RSA key takes a while."""

import secrets

import pytest

from idp.issuance.pick_up import PickUp
from keys.algorithms import ALGORITHMS
from keys.canary import new_canary
from keys.kek import FileKek
from keys.new_records import new_secret, new_signing_key
from keys.purposes import FOUNDING_SECRETS
from keys.records import KeyRecord
from keys.ring import KeyRing
from keys.secrets import ServiceSecrets
from keys.states import KeyState

NOW = 1_800_000_000.0
NOBODY = PickUp(())
"""No client is registered: a key has nobody to wait for."""


@pytest.fixture(scope="session")
def kek() -> FileKek:
    """One key-encryption key that is in no file."""
    return FileKek(secrets.token_bytes(32))


@pytest.fixture(scope="session")
def active_keys(kek: FileKek) -> dict[str, KeyRecord]:
    """One active key per algorithm."""
    return {
        name: new_signing_key(name, state=KeyState.ACTIVE, kek=kek, epoch=1, now=NOW, entropy=secrets.token_bytes)
        for name in ALGORITHMS
    }


@pytest.fixture(scope="session")
def ring(kek: FileKek, active_keys: dict[str, KeyRecord]) -> KeyRing:
    """A ring with one active key per algorithm."""
    return KeyRing.open(active_keys.values(), kek, epoch=1)


@pytest.fixture(scope="session")
def secret_rows(kek: FileKek) -> list[KeyRecord]:
    """The canary and the founding secrets."""
    return [
        new_canary(kek=kek, epoch=1, now=NOW, entropy=secrets.token_bytes),
        *(new_secret(purpose, kek=kek, epoch=1, now=NOW, entropy=secrets.token_bytes) for purpose in FOUNDING_SECRETS),
    ]


@pytest.fixture(scope="session")
def service_secrets(kek: FileKek, secret_rows: list[KeyRecord]) -> ServiceSecrets:
    """The secrets of the service, opened."""
    return ServiceSecrets.open(secret_rows, kek)


def staged(algorithm: str, kek: FileKek, *, now: float = NOW) -> KeyRecord:
    """A key that waits."""
    return new_signing_key(algorithm, state=KeyState.STAGED, kek=kek, epoch=1, now=now, entropy=secrets.token_bytes)
