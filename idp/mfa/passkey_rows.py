"""The rows of passkeys: found by the credential that a browser names, kept once, and counted upwards in SQL.

Invariant: a credential belongs to one account; its counter never goes back, whatever two requests at once believe
(Web Authentication §6.1.1 and §7.2, step 22).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from idp.accounts.find import status_of
from idp.mfa.factors import FactorFacts, NewFactor, add_factor
from idp.mfa.models import FACTORS
from idp.mfa.passkey import KnownPasskey, NewPasskey, Use
from idp.mfa.passkey_answer import encoded
from idp.mfa.policy import Factor, Way
from idp.mfa.verified import NoSuchFactor, WrongAnswer
from idp.storage.handles import Entropy, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyRow:
    """A passkey as it is kept, with the status of its account."""

    factor_id: str
    account_id: str
    account_status: str
    name: str
    known: KnownPasskey
    facts: Mapping[str, Any] = field(repr=False)

    @property
    def way(self) -> Way:
        """What signing with it proves."""
        return Way.SYNCED_PASSKEY if self.known.backup_eligible else Way.PASSKEY


def find_passkey(connection: Connection, *, credential_id: bytes) -> PasskeyRow:
    """Give the passkey with this credential.

    Raises:
        NoSuchFactor: there is none.
    """
    row = connection.execute(_passkeys().where(FACTORS.c.credential_id == credential_id)).one_or_none()
    if row is None:
        raise NoSuchFactor("credential")
    return _passkey(row)


def passkeys_of(connection: Connection, *, account_id: str) -> list[PasskeyRow]:
    """Give the passkeys of an account, the oldest first."""
    question = _passkeys().where(FACTORS.c.account_id == account_id).order_by(FACTORS.c.created_at, FACTORS.c.id)
    return [_passkey(row) for row in connection.execute(question)]


def add_passkey(
    connection: Connection,
    new: NewPasskey,
    *,
    account_id: str,
    name: str,
    user_handle: bytes,
    entropy: Entropy,
    now: float,
) -> FactorFacts:
    """Keep a verified passkey under the name that its owner gave it.

    Raises:
        FactorExists: this very passkey is enrolled already, whosesoever it is.
        TooManyFactors: the account has as many factors as it may have.
    """
    factor = NewFactor(
        id=new_id(entropy),
        account_id=account_id,
        kind=Factor.PASSKEY,
        name=name,
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        facts={
            "aaguid": new.aaguid,
            "transports": list(new.transports),
            "backup_eligible": new.backup_eligible,
            "backed_up": new.backed_up,
            "user_handle": encoded(user_handle),
        },
    )
    return add_factor(connection, factor, now=now)


def note_passkey_used(connection: Connection, row: PasskeyRow, use: Use, *, now: float) -> None:
    """Write the counter of a verified signature, if it is still ahead of what is kept.

    Raises:
        WrongAnswer: a signature with this counter or a later one has been accepted meanwhile, or the passkey is gone.
    """
    ahead = FACTORS.c.sign_count < use.sign_count
    if use.sign_count == 0:
        ahead = FACTORS.c.sign_count == 0
    counted = (
        update(FACTORS)
        .where(FACTORS.c.id == row.factor_id, FACTORS.c.account_id == row.account_id, ahead)
        .values(sign_count=use.sign_count, last_used_at=now, facts=dict(row.facts) | {"backed_up": use.backed_up})
    )
    if connection.execute(counted).rowcount != 1:
        raise WrongAnswer("sign count")


def _passkeys() -> Select[Any]:
    columns = (
        FACTORS.c.id,
        FACTORS.c.account_id,
        FACTORS.c.name,
        FACTORS.c.credential_id,
        FACTORS.c.public_key,
        FACTORS.c.sign_count,
        FACTORS.c.facts,
        status_of(FACTORS.c.account_id).label("status"),
    )
    return select(*columns).where(FACTORS.c.kind == Factor.PASSKEY.value)


def _passkey(row: Row[Any]) -> PasskeyRow:
    facts: dict[str, Any] = row.facts
    handle: str = facts["user_handle"]
    return PasskeyRow(
        factor_id=row.id,
        account_id=row.account_id,
        account_status=row.status,
        name=row.name,
        facts=facts,
        known=KnownPasskey(
            credential_id=bytes(row.credential_id),
            public_key=bytes(row.public_key),
            sign_count=row.sign_count,
            backup_eligible=facts["backup_eligible"],
            user_handle=urlsafe_b64decode(handle + "=" * (-len(handle) % 4)),
            transports=tuple(facts["transports"]),
        ),
    )
