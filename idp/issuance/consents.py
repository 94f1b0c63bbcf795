"""Remember what an account allowed a client, and take it back."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from idp.issuance.grants import end_grants
from idp.issuance.models import Consent, Grant
from idp.storage.models import table_of

_T = table_of(Consent)


def consented_scopes(connection: Connection, *, account_id: str, client_id: str) -> frozenset[str]:
    """Give the scopes that the account allows this client at present."""
    scopes = connection.execute(
        select(_T.c.scopes).where(
            _T.c.account_id == account_id, _T.c.client_id == client_id, _T.c.withdrawn_at.is_(None)
        )
    ).scalar_one_or_none()
    return frozenset(scopes or ())


def remember_consent(
    connection: Connection, *, account_id: str, client_id: str, scopes: Iterable[str], now: float
) -> None:
    """Add scopes to what the account allows; a withdrawn consent starts anew with these alone."""
    row = connection.execute(
        select(_T.c.scopes, _T.c.withdrawn_at)
        .where(_T.c.account_id == account_id, _T.c.client_id == client_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        connection.execute(
            _T.insert().values(account_id=account_id, client_id=client_id, scopes=sorted(scopes), granted_at=now)
        )
        return
    kept = set(row.scopes) if row.withdrawn_at is None else set()
    connection.execute(
        update(_T)
        .where(_T.c.account_id == account_id, _T.c.client_id == client_id)
        .values(scopes=sorted(kept | set(scopes)), granted_at=now, withdrawn_at=None)
    )


def withdraw_consent(connection: Connection, *, account_id: str, client_id: str, now: float) -> None:
    """Withdraw a consent and end every grant that rested on it."""
    connection.execute(
        update(_T).where(_T.c.account_id == account_id, _T.c.client_id == client_id).values(withdrawn_at=now)
    )
    grants = table_of(Grant)
    end_grants(connection, (grants.c.account_id == account_id) & (grants.c.client_id == client_id), now=now)
