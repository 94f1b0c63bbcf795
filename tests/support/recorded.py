"""What a served issuer's audit tables hold, read past the service."""

from __future__ import annotations

from sqlalchemy import text

from idp.storage.engine import open_engine
from tests.support.served import ServedIssuer

AUDIT_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'audit%'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE tablename LIKE 'audit%'",
}


def everything_recorded(issuer: ServedIssuer) -> str:
    """Give every column of every audit row, with the personal ones, one row a line."""
    engine = open_engine(issuer.environment["IDP_DATABASE_URL"])
    try:
        with engine.connect() as connection:
            tables = connection.execute(text(AUDIT_TABLES[engine.dialect.name])).scalars().all()
            rows = [row for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))]  # noqa: S608
    finally:
        engine.dispose()
    return "\n".join(map(repr, rows))


def recorded(issuer: ServedIssuer, kind: str) -> int:
    """Count the audit events of a kind."""
    return sum(1 for line in everything_recorded(issuer).splitlines() if kind in line)
