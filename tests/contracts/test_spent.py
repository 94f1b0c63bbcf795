"""The spent ledger, on SQLite and PostgreSQL."""

import pytest

from idp.storage.database import Database
from idp.storage.spent import AlreadySpent, spend


def test_an_artifact_is_spent_once(database: Database) -> None:
    """The second use of an artifact is refused, in a later transaction as well."""
    with database.writing() as connection:
        spend(connection, kind="jti", artifact="a", expires_at=10.0, now=1.0)
    with database.writing() as connection, pytest.raises(AlreadySpent):
        spend(connection, kind="jti", artifact="a", expires_at=10.0, now=1.0)
