"""Where data about a person is kept: one list, from which everything is exported, and by which it is erased.

`docs/data.md` tells people the same; a test compares all three with the tables that there are, so that a new table
about a person can't be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, Table, delete, or_, select, update

from idp.accounts.contract_models import PARTIES
from idp.accounts.delegation_models import DELEGATIONS
from idp.accounts.identifiers import tombstone
from idp.accounts.models import ACCOUNTS, EMAIL_CHANGES, INVITATIONS
from idp.audit.models import EVENTS
from idp.delivery.models import APP_LOGOUTS
from idp.issuance.models import Consent, Grant
from idp.lockout.models import KNOWN
from idp.mfa.models import FACTORS, RECOVERY_CODES, REMEMBERED, TEXTED_CODES
from idp.passwords.models import CREDENTIALS, FORMER, RECOVERIES
from idp.sessions.models import SESSIONS
from idp.storage.call_models import CALLS, CODES
from idp.storage.models import table_of


@dataclass(frozen=True, slots=True)
class PersonTable:
    """A table with rows about people: by which columns they name the account, and what closing does to them.

    `blank` are the values that take the place of personal ones; None: the rows go; empty: they stay as they are, since
    they say nothing but opaque ids, and go by their own retention. `hidden` are columns that are nobody's to read.
    """

    table: Table
    whose: tuple[str, ...]
    blank: dict[str, Any] | None = None
    hidden: frozenset[str] = field(default=frozenset())


_STAYS: Final[dict[str, Any]] = {}
NOBODY: Final = "closed"
"""The user ID that is shown for an account that was closed."""

PERSON_TABLES: Final = (
    PersonTable(
        ACCOUNTS,
        ("id",),
        {
            "user_id": NOBODY,
            "email": None,
            "email_key": None,
            "email_verified": False,
            "phone_number": None,
            "phone_number_verified": False,
            "claims": {},
            "locale": None,
            "phrase": None,
            "preferences": {},
            "role": None,
        },
    ),
    PersonTable(CREDENTIALS, ("account_id",), hidden=frozenset({"hash"})),
    PersonTable(FORMER, ("account_id",), hidden=frozenset({"hash"})),
    PersonTable(FACTORS, ("account_id",)),
    PersonTable(RECOVERY_CODES, ("account_id",)),
    PersonTable(REMEMBERED, ("account_id",)),
    PersonTable(TEXTED_CODES, ("account_id",)),
    PersonTable(KNOWN, ("account_id",)),
    PersonTable(RECOVERIES, ("account_id",), hidden=frozenset({"counter_key"})),
    PersonTable(EMAIL_CHANGES, ("account_id",)),
    PersonTable(INVITATIONS, ("account_id",)),
    PersonTable(SESSIONS, ("account_id",)),
    PersonTable(CODES, ("account_id",)),
    PersonTable(CALLS, ("account_id",)),
    PersonTable(table_of(Consent), ("account_id",)),
    PersonTable(table_of(Grant), ("account_id",), _STAYS),
    PersonTable(APP_LOGOUTS, ("account_id",), _STAYS),
    # The lender's books go on without the account; the person may activate the contract again.
    PersonTable(PARTIES, ("account_id",), {"account_id": None}),
    PersonTable(DELEGATIONS, ("giver_id", "delegate_id"), {"address": "", "address_key": ""}),
    # The trail names people by opaque ids only; where they were stands beside it and goes by its own retention.
    PersonTable(EVENTS, ("account_id",), _STAYS),
)


def erase(connection: Connection, *, account_id: str) -> None:
    """Take everything personal away that is kept about an account."""
    for one in PERSON_TABLES:
        about = _about(one, account_id)
        if one.blank is None:
            connection.execute(delete(one.table).where(about))
        elif one.blank:
            connection.execute(update(one.table).where(about).values(one.blank))
    key = connection.execute(select(ACCOUNTS.c.user_id_key).where(ACCOUNTS.c.id == account_id)).scalar_one()
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(user_id_key=tombstone(key)))


def everything_about(connection: Connection, *, account_id: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each table's name and rows about an account; digests, keys and hashes are left out."""
    for one in PERSON_TABLES:
        readable = [column for column in one.table.c if not isinstance(column.type, LargeBinary)]
        shown = [column for column in readable if column.name not in one.hidden]
        rows = connection.execute(select(*shown).where(_about(one, account_id)).order_by(*one.table.primary_key))
        yield one.table.name, [dict(row._mapping) for row in rows]  # noqa: SLF001


def _about(one: PersonTable, account_id: str) -> Any:  # noqa: ANN401 - an SQL condition
    return or_(*(one.table.c[name] == account_id for name in one.whose))
