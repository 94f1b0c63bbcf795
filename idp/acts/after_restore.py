"""After a restore: end what a backup brings back to life, before anybody is let in.

A backup is a state of yesterday. A session that was ended since, a code, link, invitation or recovery code that was
used since, a refresh token that was rotated since: all are good again, and nobody can tell them from those that were
never touched. So all of them end, in one transaction, and one mark says so to every process. A consent may have been
withdrawn since, a share of a contract ended, so everybody is asked again and shares anew. What stays is what people
know and hold: passwords, second factors, known browsers. What they changed since the backup is lost with it.

Invariant: run twice it ends only what came between. It gates nothing and asks for no second person: it only takes away.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, Table, delete, select, update

from idp.accounts.delegation_models import DELEGATIONS
from idp.accounts.models import EMAIL_CHANGES, INVITATIONS
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.delivery.outbox import drop_waiting
from idp.issuance.models import Consent, Grant
from idp.mfa.models import RECOVERY_CODES, REMEMBERED, TEXTED_CODES
from idp.mfa.totp import use_up_present_steps
from idp.passwords.models import RECOVERIES
from idp.sessions.models import SESSIONS
from idp.storage.approval_rows import void_approvals
from idp.storage.call_rows import forget_calls
from idp.storage.handles import Entropy
from idp.storage.marks import write_mark
from idp.storage.models import table_of
from idp.storage.sql_store import EphemeralRow

_GRANTS = table_of(Grant)
_CONSENTS = table_of(Consent)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedByRestore:
    """How many of each ended; `people_without_codes` have to make new recovery codes, `messages` are sent no more."""

    sessions: int
    grants: int
    consents: int
    shares: int
    recoveries: int
    email_changes: int
    invitations: int
    approvals: int
    people_without_codes: int
    remembered_devices: int
    messages: int


def after_restore(connection: Connection, *, actor: str, entropy: Entropy, now: float) -> EndedByRestore:
    """End everything that was issued before now.

    Apps are not told one by one: which of these sessions they had is what the backup no longer knows. Their tokens are
    refused here at once and run out within minutes.
    """
    people = connection.execute(select(RECOVERY_CODES.c.account_id).distinct()).all()
    for table in (RECOVERY_CODES, TEXTED_CODES, table_of(EphemeralRow)):
        connection.execute(delete(table))
    forget_calls(connection)
    use_up_present_steps(connection, now=now)
    write_mark(connection, kind="all", id="", not_before=now, now=now)
    ended = EndedByRestore(
        sessions=_close(connection, SESSIONS, SESSIONS.c.ended_at, now=now),
        grants=_close(connection, _GRANTS, _GRANTS.c.ended_at, now=now),
        consents=_close(connection, _CONSENTS, _CONSENTS.c.withdrawn_at, now=now),
        shares=_close(connection, DELEGATIONS, DELEGATIONS.c.ended_at, now=now),
        recoveries=_close(connection, RECOVERIES, RECOVERIES.c.ended_at, now=now),
        email_changes=_close(connection, EMAIL_CHANGES, EMAIL_CHANGES.c.ended_at, now=now),
        invitations=_close(connection, INVITATIONS, INVITATIONS.c.voided_at, INVITATIONS.c.spent_at.is_(None), now=now),
        approvals=void_approvals(connection, by=actor, now=now),
        people_without_codes=len(people),
        remembered_devices=connection.execute(delete(REMEMBERED)).rowcount,
        messages=drop_waiting(connection, now=now),
    )
    event = Event(type=EventType.DATABASE_RESTORED, at=now, actor=actor, details=asdict(ended))
    record(connection, event, entropy=entropy)
    return ended


def _close(
    connection: Connection, table: Table, column: ColumnElement[float], *open_rows: ColumnElement[bool], now: float
) -> int:
    """Write the instant into the rows of a table that have none yet, and count them."""
    return connection.execute(update(table).where(column.is_(None), *open_rows).values({column: now})).rowcount
