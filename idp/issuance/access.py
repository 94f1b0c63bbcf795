"""What apps may do for an account at present: consents that stand, and grants that still live."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from idp.issuance.models import Consent, Grant
from idp.storage.models import table_of

_C = table_of(Consent).c
_G = table_of(Grant).c


@dataclass(frozen=True, slots=True, kw_only=True)
class AppAccess:
    """What one app may fetch, `lasting` also unattended; `since` and `used_at` (the last sign-in) are instants."""

    client_id: str
    scopes: tuple[str, ...]
    since: float
    used_at: float | None
    lasting: bool


def apps_with_access(connection: Connection, *, account_id: str, now: float) -> list[AppAccess]:
    """Give every app to which the account has consented or that holds a live grant, by its id."""
    consents = connection.execute(
        select(_C.client_id, _C.scopes, _C.granted_at).where(_C.account_id == account_id, _C.withdrawn_at.is_(None))
    ).all()
    grants = connection.execute(
        select(_G.client_id, _G.scopes, _G.created_at, _G.offline).where(
            _G.account_id == account_id, _G.ended_at.is_(None), _G.expires_at > now
        )
    ).all()
    apps = sorted({row.client_id for row in (*consents, *grants)})
    return [
        AppAccess(
            client_id=client_id,
            scopes=tuple(dict.fromkeys(scope for row in (*given, *live) for scope in row.scopes)),
            since=min([*(row.granted_at for row in given), *(row.created_at for row in live)]),
            used_at=max((row.created_at for row in live), default=None),
            lasting=any(row.offline for row in live),
        )
        for client_id in apps
        for given, live in [
            (
                [row for row in consents if row.client_id == client_id],
                [row for row in grants if row.client_id == client_id],
            )
        ]
    ]
