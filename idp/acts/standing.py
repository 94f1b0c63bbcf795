"""How a person stands towards a client at this moment: account, credential, session and consent, in one statement.

What the dispatcher decides by. Like `family_facts`, this joins tables of several chapters so that a page costs one
read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Double, Row, Select, bindparam, select

from idp.accounts.models import Account
from idp.accounts.permissions import permissions_from, permissions_of
from idp.issuance.models import Consent
from idp.mfa.standing import is_remembered, kinds_from, kinds_of
from idp.passwords.credentials import sign_ins_count_from
from idp.passwords.models import PasswordCredential
from idp.sessions.facts import COLUMNS, LiveSession, session_from
from idp.sessions.find import live
from idp.sessions.models import SESSIONS
from idp.storage.models import table_of

_A = table_of(Account)
_P = table_of(PasswordCredential)
_C = table_of(Consent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account as it stands; `session` when it is signed in. Instants in seconds.

    `factors` are the kinds that it has beside its password; `remembered` says that the browser's cookie saves showing
    one; `role` is a member of staff's, `permissions` what the person's parts in contracts allow. `compromised`: others
    may know the password; `locked_down`: the owner asked that nobody signs in.
    """

    account_id: str
    user_id: str
    kind: str
    status: str
    not_before: float | None
    reset_due: bool
    consented: frozenset[str]
    password_changed_at: float | None = None
    sign_ins_count_from: float | None = None
    name: str | None = None
    locale: str | None = None
    recovered_at: float | None = None
    locked_down: bool = False
    compromised: bool = False
    factors: frozenset[str] = frozenset()
    remembered: bool = False
    role: str | None = None
    permissions: frozenset[str] = frozenset()
    session: LiveSession | None = None

    def is_void(self, proved_at: float, *, by_password: bool = False) -> bool:
        """Whether a sign-in of this instant counts no more: the password was replaced, or everything ended, since.

        `by_password`: a proof of the password itself; it goes with the password, also where sessions are let go on.
        """
        since = (self.not_before, self.sign_ins_count_from, self.password_changed_at if by_password else None)
        return any(instant is not None and proved_at < instant for instant in since)


def standing_of_session(
    connection: Connection,
    *,
    handle_digest: bytes,
    client_id: str,
    now: float,
    remembered_digest: bytes | None = None,
    hold: bool = False,
) -> Standing | None:
    """Give the standing of whoever is signed in under this session handle, or None when nobody is.

    `hold` lets the session not end before the caller's transaction does, so that whatever is issued from it is there
    to be ended by a sign-out at the same moment.
    """
    parameters = {
        "handle_digest": handle_digest,
        "client_id": client_id,
        "now": now,
        "remembered_digest": remembered_digest,
    }
    row = connection.execute(_by_session(hold=hold), parameters).one_or_none()
    return None if row is None else _standing(row, session_from(row))


def standing_of_account(
    connection: Connection, *, account_id: str, client_id: str, now: float, remembered_digest: bytes | None = None
) -> Standing | None:
    """Give the standing of an account that has proved itself in a journey and has no session yet."""
    parameters = {
        "account_id": account_id,
        "client_id": client_id,
        "now": now,
        "remembered_digest": remembered_digest,
    }
    row = connection.execute(_by_account(), parameters).one_or_none()
    return None if row is None else _standing(row, None)


def _standing(row: Row[Any], session: LiveSession | None) -> Standing:
    return Standing(
        account_id=row.account_row_id,
        user_id=row.user_id,
        name=row.claims.get("name"),
        locale=row.locale,
        recovered_at=row.recovered_at,
        kind=row.kind,
        status=row.status,
        not_before=row.not_before,
        reset_due=bool(row.must_change) or row.compromised_at is not None,
        consented=frozenset(row.scopes or ()) if row.withdrawn_at is None else frozenset(),
        password_changed_at=row.password_changed_at,
        sign_ins_count_from=row.sign_ins_count_from,
        locked_down=row.locked_down_at is not None,
        compromised=row.compromised_at is not None,
        factors=kinds_from(row.factors),
        remembered=row.remembered,
        role=row.role,
        permissions=permissions_from(row.permissions),
        session=session,
    )


def _columns() -> tuple[Any, ...]:
    return (
        _A.c.id.label("account_row_id"),
        _A.c.user_id,
        _A.c.claims,
        _A.c.locale,
        _A.c.kind,
        _A.c.role,
        _A.c.status,
        _A.c.not_before,
        _A.c.recovered_at,
        _A.c.locked_down_at,
        kinds_of(_A.c.id).label("factors"),
        is_remembered(_A.c.id).label("remembered"),
        permissions_of(_A.c.id).label("permissions"),
        _P.c.must_change,
        _P.c.compromised_at,
        _P.c.changed_at.label("password_changed_at"),
        sign_ins_count_from().label("sign_ins_count_from"),
        _C.c.scopes,
        _C.c.withdrawn_at,
    )


def _joined(account: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's join types
    consent = (_C.c.account_id == _A.c.id) & (_C.c.client_id == bindparam("client_id"))
    return account.outerjoin(_P, _P.c.account_id == _A.c.id).outerjoin(_C, consent)


@cache
def _by_account() -> Select[Any]:
    return select(*_columns()).select_from(_joined(_A)).where(_A.c.id == bindparam("account_id"))


@cache
def _by_session(*, hold: bool) -> Select[Any]:
    session_columns = [SESSIONS.c[name] for name in COLUMNS]
    question = (
        select(*session_columns, *_columns())
        .select_from(_joined(SESSIONS.join(_A, _A.c.id == SESSIONS.c.account_id)))
        .where(SESSIONS.c.id_digest == bindparam("handle_digest"), live(bindparam("now", type_=Double)))
    )
    # Against itself exclusive: two holders that both note the session's use would wait for each other for ever.
    return question.with_for_update(key_share=True, of=SESSIONS) if hold else question
