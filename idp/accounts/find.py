"""Find the one account that a typed name, or an id, stands for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, bindparam, case, func, literal_column, select

from idp.accounts.contract_models import CONTRACTS, PARTIES
from idp.accounts.contract_policy import PartyRole, contract_key_of
from idp.accounts.facts import AccountFacts
from idp.accounts.identifiers import canonical
from idp.accounts.models import ACCOUNTS
from idp.accounts.policy import Kind, Status
from idp.storage.prepared import Prepared

MOST_AT_ONE_ADDRESS = 50


def id_of_identifier(identifier: ColumnElement[str]) -> ColumnElement[str | None]:
    """Give the SQL for the id that a canonical identifier stands for, or null.

    A user ID goes before an e-mail address, and both before a contract number, so that nobody takes another's name by
    an address. An address counts when it is verified and belongs to one account that is not closed; a contract number
    while the contract has exactly one holder, and that one has an account.
    """
    by_user_id: ScalarSelect[str] = select(ACCOUNTS.c.id).where(ACCOUNTS.c.user_id_key == identifier).scalar_subquery()
    alone = case((func.count() == literal_column("1"), func.min(ACCOUNTS.c.id)))
    by_email: ScalarSelect[str] = (
        select(alone)
        .where(
            ACCOUNTS.c.email_key == identifier,
            ACCOUNTS.c.email_verified,
            ACCOUNTS.c.status != literal_column(f"'{Status.CLOSED.value}'"),
        )
        .scalar_subquery()
    )
    return func.coalesce(by_user_id, by_email, _only_holder(identifier))


def _only_holder(identifier: ColumnElement[str]) -> ScalarSelect[str]:
    p = PARTIES.c
    alone = case((func.count() == literal_column("1"), func.min(p.account_id)))
    return (
        select(alone)
        .select_from(CONTRACTS.join(PARTIES, p.contract_id == CONTRACTS.c.id))
        .where(
            CONTRACTS.c.number_key == contract_key_of(identifier),
            p.role == literal_column(f"'{PartyRole.HOLDER.value}'"),
            p.ended_at.is_(None),
        )
        .scalar_subquery()
    )


def status_of(account_id: ColumnElement[str]) -> ColumnElement[str]:
    """Give the SQL for the status of an account, for statements that must not act for one that is stopped."""
    return select(ACCOUNTS.c.status).where(ACCOUNTS.c.id == account_id).scalar_subquery()


_ALL = [ACCOUNTS.c[name] for name in AccountFacts.__dataclass_fields__]
_BY_ID = Prepared(lambda: select(*_ALL).where(ACCOUNTS.c.id == bindparam("account_id")))
_BY_IDENTIFIER: Select[Any] = select(*_ALL).where(ACCOUNTS.c.id == id_of_identifier(bindparam("identifier")))


def kind_of(connection: Connection, *, account_id: str) -> str | None:
    """Give the kind of an account, None where there is no such account."""
    return connection.execute(select(ACCOUNTS.c.kind).where(ACCOUNTS.c.id == account_id)).scalar_one_or_none()


def find_by_id(connection: Connection, *, account_id: str) -> AccountFacts | None:
    """Give the account with this id, whatever its status."""
    row = _BY_ID.row(connection, {"account_id": account_id})
    return None if row is None else AccountFacts(**row._asdict())


def find_by_user_id(connection: Connection, *, user_id: str) -> AccountFacts | None:
    """Give the account with this user ID, and by no other name, whatever its status.

    Raises:
        InvalidIdentifier: it can be nobody's name.
    """
    question = select(*_ALL).where(ACCOUNTS.c.user_id_key == canonical(user_id))
    row = connection.execute(question).one_or_none()
    return None if row is None else AccountFacts(**row._mapping)  # noqa: SLF001


def find_by_identifier(connection: Connection, *, identifier: str) -> AccountFacts | None:
    """Give the account that a typed user ID, verified address or contract number stands for, whatever its status.

    Raises:
        InvalidIdentifier: what was typed can be nobody's name.
    """
    row = connection.execute(_BY_IDENTIFIER, {"identifier": canonical(identifier)}).one_or_none()
    return None if row is None else AccountFacts(**row._mapping)  # noqa: SLF001


def count_accounts(connection: Connection) -> int:
    """Say how many accounts there are."""
    return connection.execute(select(func.count()).select_from(ACCOUNTS)).scalar_one()


def find_by_address(connection: Connection, *, address: str) -> list[AccountFacts]:
    """Give every active customer account to which this address is known to belong, oldest first.

    Staff are not found: a mailbox is no way back for them.

    They are looked up by the folded form of what was typed; whoever writes to them uses the address that is stored.

    Raises:
        InvalidIdentifier: what was typed can be nobody's address.
    """
    found = connection.execute(
        select(*_ALL)
        .where(
            ACCOUNTS.c.email_key == canonical(address),
            ACCOUNTS.c.email_verified,
            ACCOUNTS.c.status == Status.ACTIVE.value,
            ACCOUNTS.c.kind != Kind.STAFF.value,
        )
        .order_by(ACCOUNTS.c.created_at, ACCOUNTS.c.id)
        .limit(MOST_AT_ONE_ADDRESS)
    )
    return [AccountFacts(**row._mapping) for row in found]  # noqa: SLF001
