"""Enrol a passkey: a signed-in person makes one here, names it, and is told by mail that it is there.

Whether somebody may enrol now (a fresh sign-in, a journey that got so far) is for the page to know; here counts that
the passkey was made for this account, in this journey or session, in answer to a challenge of ours. Browsers in which
a second factor was remembered are forgotten: what they vouched for has changed.
"""

from __future__ import annotations

from typing import Any, Protocol

import orjson
from sqlalchemy import Connection

from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id
from idp.accounts.policy import Status
from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.factors import FactorFacts, plain_name
from idp.mfa.passkey import RelyingParty
from idp.mfa.passkey_answer import encoded, read_creation
from idp.mfa.passkey_challenge import Bound, Challenges, Purpose, spend_challenge
from idp.mfa.passkey_rows import add_passkey, passkeys_of
from idp.mfa.policy import Factor
from idp.mfa.remembered import forget_remembered
from idp.mfa.verified import NoSuchFactor
from idp.storage.handles import Clock, Entropy


class HandleKey(Protocol):
    """A keyed hash; the service's own has the purpose "lookup.passkey"."""

    def tag(self, *parts: bytes) -> bytes:
        """Give 32 bytes that depend on the key and on every part."""


class PasskeyEnrolment:
    """Enrols passkeys for every page that offers it."""

    def __init__(
        self, relying_party: RelyingParty, challenges: Challenges, handles: HandleKey, *, clock: Clock, entropy: Entropy
    ) -> None:
        self._relying_party = relying_party
        self._challenges = challenges
        self._handles = handles
        self._clock = clock
        self._entropy = entropy

    def begin(self, connection: Connection, *, account_id: str, place: str) -> str:
        """Say what passkey is wanted for an account, as JSON for the page.

        Raises:
            NoSuchFactor: there is no such account, or it is not in use.
        """
        account, handle = _in_use(connection, account_id), self._handle(connection, account_id)
        options: dict[str, Any] = self._relying_party.creation_options(
            challenge=self._challenges.issue(_bound(account_id, handle, place), now=self._clock()),
            user_handle=handle,
            user_id=account.user_id,
            shown_name=str(account.claims.get("name") or account.user_id),
            present=[passkey.known for passkey in passkeys_of(connection, account_id=account_id)],
        )
        return orjson.dumps(options).decode()

    def finish(
        self, connection: Connection, answer: str, *, account_id: str, place: str, name: str, visitor: Visitor
    ) -> FactorFacts:
        """Keep the passkey that was made in answer to `begin` for the same account and place.

        Raises:
            FactorRefused: the answer proves nothing; nothing is kept.
            FactorExists: this very passkey is enrolled already.
            TooManyFactors: the account has as many factors as it may have.
        """
        now = self._clock()
        _in_use(connection, account_id)
        creation, handle = read_creation(answer), self._handle(connection, account_id)
        bound = _bound(account_id, handle, place)
        challenge = self._challenges.check(creation.client_data.challenge, bound, now=now)
        made = self._relying_party.verify_creation(creation, challenge=challenge.value)
        spend_challenge(connection, challenge, now=now)
        factor = add_passkey(
            connection,
            made,
            account_id=account_id,
            name=plain_name(name) or "Passkey",
            user_handle=handle,
            entropy=self._entropy,
            now=now,
        )
        forget_remembered(connection, account_id=account_id)
        record(connection, _added(factor, visitor, now), entropy=self._entropy)
        tell_owner(
            connection,
            notice=Notice.FACTOR_ADDED,
            account_id=account_id,
            visitor=visitor,
            entropy=self._entropy,
            now=now,
            words={"kind": factor.kind.value, "factor": factor.name},
        )
        return factor

    def _handle(self, connection: Connection, account_id: str) -> bytes:
        """Name the account for passkeys: the name that its passkeys have, else a keyed hash; never the `sub`."""
        present = passkeys_of(connection, account_id=account_id)
        return (
            present[0].known.user_handle if present else self._handles.tag(b"passkey user handle", account_id.encode())
        )


def _bound(account_id: str, handle: bytes, place: str) -> Bound:
    """The handle is bound, too: what is kept must be what the passkey was told."""
    return Bound(purpose=Purpose.ENROL, place=place, account_id=f"{account_id} {encoded(handle)}")


def _in_use(connection: Connection, account_id: str) -> AccountFacts:
    account = find_by_id(connection, account_id=account_id)
    if account is None or account.status != Status.ACTIVE.value:
        raise NoSuchFactor("account")
    return account


def _added(factor: FactorFacts, visitor: Visitor, now: float) -> Event:
    return Event(
        type=EventType.FACTOR_ADDED,
        at=now,
        actor=f"account:{factor.account_id}",
        account_id=factor.account_id,
        reference=visitor.reference,
        details={"kind": Factor.PASSKEY.value, "factor": factor.id},
        personal=visitor.personal,
    )
