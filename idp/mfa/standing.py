"""The SQL of what second factors mean for a sign-in, in parts that other statements can hold.

Which kinds an account has, and whether the browser's cookie saves showing one: a page costs one read, whatever it asks.
"""

from __future__ import annotations

from functools import reduce
from operator import add

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    LargeBinary,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    select,
)

from idp.mfa.models import FACTORS, REMEMBERED
from idp.mfa.policy import Factor

_BIT_OF = {kind: 1 << place for place, kind in enumerate(Factor)}


def kinds_of(account_id: ColumnElement[str]) -> ColumnElement[int | None]:
    """Give the SQL for the kinds of factor of an account, as a sum of bits; null when it has none."""
    bits: list[ColumnElement[int]] = [
        func.max(case((FACTORS.c.kind == literal_column(f"'{kind}'"), _number(bit)), else_=_number(0)))
        for kind, bit in _BIT_OF.items()
    ]
    return select(reduce(add, bits)).where(FACTORS.c.account_id == account_id).scalar_subquery()


def kinds_from(bits: int | None) -> frozenset[str]:
    """Read what `kinds_of` selected."""
    return frozenset(kind.value for kind, bit in _BIT_OF.items() if bits is not None and bits & bit)


def is_remembered(account_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Give the SQL for whether the browser is one in which this account need not show its factor again.

    It binds `remembered_digest` (32 bytes, or None for a browser without that cookie) and `now` (seconds).
    """
    return exists(literal_column("1")).where(
        REMEMBERED.c.handle_digest == bindparam("remembered_digest", type_=LargeBinary),
        REMEMBERED.c.account_id == account_id,
        REMEMBERED.c.expires_at > bindparam("now", type_=Double),
    )


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), Integer)
