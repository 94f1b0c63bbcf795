"""What an account may do with any of its contracts, as SQL that other statements can hold: a page costs one read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import add

from sqlalchemy import ColumnElement, Connection, Integer, case, func, literal_column, select

from idp.accounts.contract_models import PARTIES
from idp.accounts.contract_policy import PERMISSIONS, Permission
from idp.accounts.models import ACCOUNTS

_BIT_OF = {permission: 1 << place for place, permission in enumerate(Permission)}


def permissions_of(account_id: ColumnElement[str]) -> ColumnElement[int | None]:
    """Give the SQL for what the parts of an account allow, as a sum of bits; null when it has no part."""
    p = PARTIES.c
    bits = [_bit(p.role, permission) for permission in Permission]
    return select(reduce(add, bits)).where(p.account_id == account_id, p.ended_at.is_(None)).scalar_subquery()


def permissions_from(bits: int | None) -> frozenset[Permission]:
    """Read what `permissions_of` selected."""
    return frozenset(permission for permission, bit in _BIT_OF.items() if bits is not None and bits & bit)


def permissions_by_account(connection: Connection, account_ids: Iterable[str]) -> dict[str, frozenset[Permission]]:
    """Give what each of these accounts may do with any of its contracts."""
    rows = connection.execute(
        select(ACCOUNTS.c.id, permissions_of(ACCOUNTS.c.id).label("bits")).where(ACCOUNTS.c.id.in_(list(account_ids)))
    )
    return {row.id: permissions_from(row.bits) for row in rows}


def _bit(role: ColumnElement[str], permission: Permission) -> ColumnElement[int]:
    roles: list[ColumnElement[str]] = [
        literal_column(f"'{name}'") for name, allowed in PERMISSIONS.items() if permission in allowed
    ]
    return func.max(case((role.in_(roles), _number(_BIT_OF[permission])), else_=_number(0)))


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), Integer)
