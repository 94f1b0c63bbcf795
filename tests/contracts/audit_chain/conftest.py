"""What the tests of the chain share: an empty trail on each database, and the key of its checkpoints."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from idp.storage.database import Database
from idp.storage.engine import open_engine
from keys.new_records import new_signing_key
from keys.purposes import Purpose
from keys.records import KeyRecord
from keys.states import KeyState
from tests.support.audit_chain import KEK, NOW


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty trail."""
    database = Database(open_engine(database_url))
    yield database
    database.engine.dispose()


@pytest.fixture(scope="module")
def key() -> KeyRecord:
    """The key that signs checkpoints."""
    return new_signing_key(
        "Ed25519",
        state=KeyState.ACTIVE,
        kek=KEK,
        epoch=1,
        now=NOW,
        entropy=secrets.token_bytes,
        purpose=Purpose.CHECKPOINTS,
    )
