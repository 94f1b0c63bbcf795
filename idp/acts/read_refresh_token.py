"""Look at a refresh token without using it: for introspection and revocation."""

from __future__ import annotations

from dataclasses import dataclass

from idp.acts.family_facts import Family, family_of, read_family
from idp.issuance.models import RefreshToken
from idp.storage.database import Database
from idp.storage.handles import digest
from idp.storage.models import table_of

_R = table_of(RefreshToken)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTokenStanding:
    """A refresh token as it stands; `expires_at` is the earlier of its idle and its absolute end (seconds)."""

    family: Family
    client_id: str
    issued_at: float
    expires_at: float
    rotated: bool


def read_refresh_token(database: Database, token: str) -> RefreshTokenStanding | None:
    """Give the standing of a refresh token, or None when there is no such token."""
    question = family_of(
        _R, _R.c.client_id.label("token_client_id"), _R.c.issued_at, _R.c.idle_expires_at, _R.c.rotated_at
    ).where(_R.c.digest == digest(token))
    with database.reading() as connection:
        row = connection.execute(question).mappings().one_or_none()
    if row is None:
        return None
    family = read_family(dict(row))
    return RefreshTokenStanding(
        family=family,
        client_id=row["token_client_id"],
        issued_at=row["issued_at"],
        expires_at=min(row["idle_expires_at"], family.expires_at),
        rotated=row["rotated_at"] is not None,
    )
