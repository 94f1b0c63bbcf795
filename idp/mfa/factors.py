"""The factors of an account, of every kind: list them, add one that was proved, rename, remove.

Invariant: a row exists for a factor that was proved once and for no other; what waits to be proved is kept elsewhere
(`pending.py`, `texted_codes.py`). A name is the owner's own, and is cut down to plain text of 64 characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from idp.mfa.models import FACTORS
from idp.mfa.policy import Factor
from idp.mfa.verified import NoSuchFactor
from idp.storage.inserts import insert_for

MAX_NAME = 64
MOST_FACTORS = 20
"""How many an account may have: more than anybody needs, fewer than a page can show."""

_C = FACTORS.c


class TooManyFactors(Exception):
    """The account has as many factors as it may have."""


class FactorExists(Exception):
    """This very factor was added before: the same form sent twice, or a passkey that somebody has registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorFacts:
    """A factor as pages show it; no secret is in it. Instants are seconds since the epoch.

    `facts` holds what a passkey said of itself when it was made.
    """

    id: str
    account_id: str
    kind: Factor
    name: str
    created_at: float
    last_used_at: float | None
    phone_number: str | None = field(default=None, repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFactor:
    """A factor that was just proved; which of the last fields it has depends on its kind (see `models.Factor`)."""

    id: str
    account_id: str
    kind: Factor
    name: str
    secret: bytes | None = field(default=None, repr=False)
    credential_id: bytes | None = field(default=None, repr=False)
    public_key: bytes | None = field(default=None, repr=False)
    sign_count: int = 0
    phone_number: str | None = field(default=None, repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)


def list_factors(connection: Connection, *, account_id: str, hold: bool = False) -> list[FactorFacts]:
    """Give the factors of an account, oldest first; with `hold`, none goes before this transaction ends."""
    question = select(*_shown()).where(_C.account_id == account_id).order_by(_C.created_at, _C.id)
    return [_facts(row) for row in connection.execute(question.with_for_update() if hold else question)]


def find_factor(connection: Connection, *, account_id: str, factor_id: str) -> FactorFacts:
    """Give one factor of an account.

    Raises:
        NoSuchFactor: the account has none of this id.
    """
    row = connection.execute(select(*_shown()).where(_C.id == factor_id, _C.account_id == account_id)).one_or_none()
    if row is None:
        raise NoSuchFactor(factor_id)
    return _facts(row)


def have_factors(connection: Connection, *, account_id: str, factor_ids: Collection[str]) -> bool:
    """Whether an account has every one of these factors."""
    mine = select(func.count()).where(_C.account_id == account_id, _C.id.in_(sorted(factor_ids)))
    return bool(connection.execute(mine).scalar_one() == len(factor_ids))


def add_factor(connection: Connection, new: NewFactor, *, now: float) -> FactorFacts:
    """Keep a factor; call it in the transaction in which it was proved.

    Raises:
        TooManyFactors: the account has as many as it may have.
        FactorExists: this very one is there already.
    """
    count = connection.execute(select(func.count()).where(_C.account_id == new.account_id)).scalar_one()
    if count >= MOST_FACTORS:
        raise TooManyFactors(new.account_id)
    row = {
        "id": new.id,
        "account_id": new.account_id,
        "kind": new.kind.value,
        "name": plain_name(new.name) or new.kind.value,
        "created_at": now,
        "last_used_at": now,
        "secret": new.secret,
        "credential_id": new.credential_id,
        "public_key": new.public_key,
        "sign_count": new.sign_count,
        "phone_number": new.phone_number,
        "facts": dict(new.facts),
    }
    added = connection.execute(
        insert_for(connection.dialect.name)(FACTORS).values(row).on_conflict_do_nothing().returning(*_shown())
    ).one_or_none()
    if added is None:
        raise FactorExists(new.id)
    return _facts(added)


def remove_factor(connection: Connection, *, account_id: str, factor_id: str) -> FactorFacts:
    """Remove one factor, and give it as it was. Whether it may go is for the caller to know.

    Raises:
        NoSuchFactor: the account has none of this id (any longer).
    """
    removed = connection.execute(
        delete(FACTORS).where(_C.id == factor_id, _C.account_id == account_id).returning(*_shown())
    ).one_or_none()
    if removed is None:
        raise NoSuchFactor(factor_id)
    return _facts(removed)


def remove_all_factors(connection: Connection, *, account_id: str) -> list[FactorFacts]:
    """Remove every factor of an account, and give them as they were."""
    rows = connection.execute(delete(FACTORS).where(_C.account_id == account_id).returning(*_shown()))
    return [_facts(row) for row in rows]


def rename_factor(connection: Connection, *, account_id: str, factor_id: str, name: str) -> FactorFacts:
    """Give a factor another name; an empty one leaves it as it is called.

    Raises:
        NoSuchFactor: the account has none of this id.
    """
    wanted = plain_name(name) or _C.name
    renamed = connection.execute(
        update(FACTORS).where(_C.id == factor_id, _C.account_id == account_id).values(name=wanted).returning(*_shown())
    ).one_or_none()
    if renamed is None:
        raise NoSuchFactor(factor_id)
    return _facts(renamed)


def note_used(connection: Connection, *, account_id: str, factor_id: str, now: float) -> None:
    """Say that a factor was used; in the transaction that accepts it, so that a removed one is accepted nowhere.

    Raises:
        NoSuchFactor: it was removed meanwhile.
    """
    used = connection.execute(
        update(FACTORS).where(_C.id == factor_id, _C.account_id == account_id).values(last_used_at=now)
    )
    if used.rowcount != 1:
        raise NoSuchFactor(factor_id)


def plain_name(text: str) -> str:
    """Cut a name down to one line of at most 64 visible characters; nothing that turns or hides text stays in it."""
    visible = "".join(" " if char.isspace() else char for char in unicodedata.normalize("NFC", text[:1000]))
    kept = "".join(char for char in visible if not unicodedata.category(char).startswith("C"))
    return " ".join(kept.split())[:MAX_NAME].strip()


def _shown() -> tuple[Any, ...]:
    return (_C.id, _C.account_id, _C.kind, _C.name, _C.created_at, _C.last_used_at, _C.phone_number, _C.facts)


def _facts(row: Row[Any]) -> FactorFacts:
    return FactorFacts(
        id=row.id,
        account_id=row.account_id,
        kind=Factor(row.kind),
        name=row.name,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        phone_number=row.phone_number,
        facts=row.facts,
    )
