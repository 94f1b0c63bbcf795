"""Add an account, or bring one up to date with what its source says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from idp.accounts.find import find_by_id
from idp.accounts.identifiers import InvalidIdentifier, canonical, tombstone
from idp.accounts.models import ACCOUNTS
from idp.accounts.policy import AccountRefused, Kind, Status, claim_faults, name_faults
from idp.storage.handles import Entropy, new_id


class IdentifierTaken(AccountRefused):
    """Another account already answers to this user ID, or to this address as its user ID."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What is known about a person before there is an account.

    `claims` holds the standard claims that have no field here (OpenID Connect Core §5.1); `phone_number` is E.164,
    `locale` a BCP 47 language tag.
    """

    user_id: str
    kind: Kind = Kind.CONSUMER
    email: str | None = None
    email_verified: bool = False
    phone_number: str | None = None
    phone_number_verified: bool = False
    claims: Mapping[str, Any] = field(default_factory=dict)
    locale: str | None = None


def add_account(connection: Connection, new: NewAccount, *, now: float, entropy: Entropy) -> str:
    """Add an active account and give its id.

    Raises:
        AccountRefused: something about it is not acceptable; every fault is named.
        IdentifierTaken: someone else answers to one of its names.
    """
    values = _values(new)
    _require_free(connection, values, account_id=None)
    account_id = new_id(entropy)
    row = {**values, "id": account_id, "status": Status.ACTIVE.value, "created_at": now, "updated_at": now}
    try:
        with connection.begin_nested():
            connection.execute(insert(ACCOUNTS).values(row))
    except IntegrityError as error:  # two were added at once
        raise IdentifierTaken("the user ID is taken") from error
    return account_id


def upsert_account(connection: Connection, new: NewAccount, *, now: float, entropy: Entropy) -> str:
    """Add the account, or make the one with this user ID say the same; gives its id.

    Status and the instant before which its tokens are void stay as they are.

    Raises:
        AccountRefused, IdentifierTaken: as `add_account`.
    """
    values = _values(new)
    known_id = select(ACCOUNTS.c.id).where(ACCOUNTS.c.user_id_key == values["user_id_key"])
    account_id = connection.execute(known_id).scalar_one_or_none()
    if account_id is None:
        return add_account(connection, new, now=now, entropy=entropy)
    _require_free(connection, values, account_id=account_id)
    known = find_by_id(connection, account_id=account_id)
    if any(getattr(known, name) != value for name, value in values.items()):
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(**values, updated_at=now))
    return str(account_id)


def _values(new: NewAccount) -> dict[str, Any]:
    faults = [
        *name_faults(user_id=new.user_id, email=new.email, phone_number=new.phone_number, locale=new.locale),
        *claim_faults(new.claims),
    ]
    keys: dict[str, str | None] = {}
    try:
        keys = {"user_id_key": canonical(new.user_id), "email_key": new.email and canonical(new.email)}
    except InvalidIdentifier as error:
        faults.append(f"a user ID or e-mail address is {error}")
    if faults:
        raise AccountRefused(*faults)
    return {
        "user_id": new.user_id,
        "kind": new.kind.value,
        "email": new.email,
        "email_verified": new.email_verified,
        "phone_number": new.phone_number,
        "phone_number_verified": new.phone_number_verified,
        "claims": dict(new.claims),
        "locale": new.locale,
        **keys,
    }


def _require_free(connection: Connection, values: Mapping[str, Any], *, account_id: str | None) -> None:
    """Refuse a user ID that is or was someone's or is their address, and an address that is someone's user ID."""
    names = (values["user_id_key"], tombstone(values["user_id_key"]))
    taken = [ACCOUNTS.c.user_id_key.in_(names), ACCOUNTS.c.email_key == values["user_id_key"]]
    if values["email_key"]:
        taken.append(ACCOUNTS.c.user_id_key == values["email_key"])
    query = select(ACCOUNTS.c.id).where(or_(*taken)).limit(1)
    if account_id is not None:
        query = query.where(ACCOUNTS.c.id != account_id)
    if connection.execute(query).first():
        raise IdentifierTaken("the user ID or the e-mail address belongs to another account")
