"""What must be known of a token family before anything is issued from it, read in one go.

These selects join grants, accounts and credentials: the one place, with `sign_in_statements`, where tables of several
chapters meet, because a code exchange has to stay within one statement (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, select

from idp.accounts.models import Account
from idp.clients.client import Client
from idp.issuance.gate import Facts, Path
from idp.issuance.mint import Subject
from idp.issuance.models import Consent, Grant
from idp.passwords.credentials import sign_ins_count_from
from idp.passwords.models import PasswordCredential
from idp.storage.models import table_of

_G = table_of(Grant)
_A = table_of(Account)
_P = table_of(PasswordCredential)
_C = table_of(Consent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A grant and the standing of its account, as read inside the issuing transaction."""

    subject: Subject
    client_id: str
    scopes: tuple[str, ...]
    claims_request: dict[str, dict[str, object]]
    offline: bool
    expires_at: float
    grant_ended: bool
    account_status: str | None
    account_not_before: float | None
    locked_down: bool
    reset_due: bool
    password_changed: bool
    consent_withdrawn: bool

    def facts(self, path: Path, client: Client) -> Facts:
        """Put the gate's question for this family."""
        return Facts(
            path=path,
            client=client,
            scopes=frozenset(self.scopes),
            issued_at=self.subject.auth_time,
            account_status=self.account_status or "closed",
            account_not_before=self.account_not_before,
            locked_down=self.locked_down,
            reset_due=self.reset_due,
            acr=self.subject.acr,
            password_changed=self.password_changed,
            consented=not self.consent_withdrawn,
            grant_ended=self.grant_ended,
        )


def family_of(token: FromClause, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select a code's or refresh token's columns together with its grant and the standing of its account."""
    return select(
        *columns,
        _G.c.id.label("grant_id"),
        _G.c.account_id,
        _G.c.client_id.label("grant_client_id"),
        _G.c.sid,
        _G.c.scopes,
        _G.c.claims_request,
        _G.c.offline,
        _G.c.acr,
        _G.c.amr,
        _G.c.auth_time,
        _G.c.shared_device,
        _G.c.expires_at.label("grant_expires_at"),
        _G.c.ended_at.label("grant_ended_at"),
        _A.c.status.label("account_status"),
        _A.c.not_before.label("account_not_before"),
        _A.c.locked_down_at,
        _A.c.recovered_at,
        _P.c.must_change,
        _P.c.compromised_at,
        sign_ins_count_from().label("sign_ins_count_from"),
        _G.c.created_at.label("granted_at"),
        _C.c.withdrawn_at,
    ).select_from(
        token.join(_G, _G.c.id == token.c.grant_id)
        .outerjoin(_A, _A.c.id == _G.c.account_id)
        .outerjoin(_P, _P.c.account_id == _G.c.account_id)
        .outerjoin(_C, (_C.c.account_id == _G.c.account_id) & (_C.c.client_id == _G.c.client_id))
    )


def read_family(row: Mapping[str, Any]) -> Family:
    """Decode what `family_of` selected."""
    return Family(
        subject=Subject(
            account_id=row["account_id"],
            grant_id=row["grant_id"],
            sid=row["sid"],
            auth_time=row["auth_time"],
            acr=row["acr"],
            amr=tuple(row["amr"]),
            shared_device=row["shared_device"],
            recovered_at=row["recovered_at"],
        ),
        client_id=row["grant_client_id"],
        scopes=tuple(row["scopes"]),
        claims_request=row["claims_request"],
        offline=row["offline"],
        expires_at=row["grant_expires_at"],
        grant_ended=row["grant_ended_at"] is not None,
        account_status=row["account_status"],
        account_not_before=row["account_not_before"],
        locked_down=row["locked_down_at"] is not None,
        reset_due=bool(row["must_change"]) or row["compromised_at"] is not None,
        # A sign-in that was being written while the password changed was not there yet to be ended with the others.
        password_changed=row["sign_ins_count_from"] is not None and row["auth_time"] < row["sign_ins_count_from"],
        # Nor was a grant that was being written while the person withdrew their consent to it.
        consent_withdrawn=row["withdrawn_at"] is not None and row["withdrawn_at"] > row["granted_at"],
    )
