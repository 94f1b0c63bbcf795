"""What an account may do with any of its contracts, as SQL that other statements can hold: a page costs one read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, Integer, bindparam, case, func, literal_column, select

from idp.accounts.contract_models import PARTIES
from idp.accounts.contract_policy import PERMISSIONS, Permission
from idp.accounts.delegation_models import DELEGATIONS, in_force
from idp.accounts.models import ACCOUNTS

_BIT_OF = {permission: 1 << place for place, permission in enumerate(Permission)}
_SHARED = {permission: (permission,) for permission in Permission}


def permissions_of(account_id: ColumnElement[str]) -> ColumnElement[int]:
    """Give the SQL for what the parts of an account allow, and what is shared with it, as a sum of bits.

    It binds `now` (seconds).
    """
    p, d = PARTIES.c, DELEGATIONS.c
    parts = select(_bits(p.role, PERMISSIONS)).where(p.account_id == account_id, p.ended_at.is_(None))
    in_time = in_force(bindparam("now", type_=Double))
    shares = select(_bits(d.permission, _SHARED)).where(d.delegate_id == account_id, in_time)
    of_parts, of_shares = (func.coalesce(bits.scalar_subquery(), _number(0)) for bits in (parts, shares))
    return of_parts.op("|", return_type=Integer())(of_shares)


def permissions_from(bits: int) -> frozenset[Permission]:
    """Read what `permissions_of` selected."""
    return frozenset(permission for permission, bit in _BIT_OF.items() if bits & bit)


def permissions_by_account(
    connection: Connection, account_ids: Iterable[str], *, now: float
) -> dict[str, frozenset[Permission]]:
    """Give what each of these accounts may do with any contract."""
    these = ACCOUNTS.c.id.in_(list(account_ids))
    question = select(ACCOUNTS.c.id, permissions_of(ACCOUNTS.c.id).label("bits")).where(these)
    return {row.id: permissions_from(row.bits) for row in connection.execute(question, {"now": now})}


def _bits(name: ColumnElement[str], allowing: Mapping[Any, Collection[Permission]]) -> ColumnElement[int]:
    return reduce(add, [_bit(name, permission, allowing) for permission in Permission])


def _bit(
    name: ColumnElement[str], permission: Permission, allowing: Mapping[Any, Collection[Permission]]
) -> ColumnElement[int]:
    granting = [str(one) for one, allowed in allowing.items() if permission in allowed]
    names: list[ColumnElement[str]] = [literal_column(f"'{one}'") for one in granting]
    return func.max(case((name.in_(names), _number(_BIT_OF[permission])), else_=_number(0)))


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), Integer)
