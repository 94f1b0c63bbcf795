"""Verify a passkey: alone, where it says by itself who signs in, or as the second factor of an account that is known.

`check` verifies and writes nothing but a refusal; `record` spends the challenge, moves the counter on and writes the
event, inside the transaction that makes use of it. No budget stands before this: nobody guesses a signature, and a
stranger who fails must not lock anybody out. Unknown passkeys and disabled accounts are refused like wrong signatures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection

from idp.accounts.policy import Status
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.passkey import RelyingParty, Use
from idp.mfa.passkey_answer import Assertion, read_assertion
from idp.mfa.passkey_challenge import Bound, Challenge, Challenges, Purpose, spend_challenge
from idp.mfa.passkey_rows import PasskeyRow, find_passkey, note_passkey_used, passkeys_of
from idp.mfa.policy import Factor
from idp.mfa.verified import FactorRefused, NoSuchFactor, Verified
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy

_SUCCEEDED = {Purpose.SIGN_IN: EventType.SIGN_IN_SUCCEEDED, Purpose.SECOND_FACTOR: EventType.FACTOR_VERIFIED}
_REFUSED = {Purpose.SIGN_IN: EventType.SIGN_IN_REFUSED, Purpose.SECOND_FACTOR: EventType.FACTOR_REFUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyCheck:
    """A right signature that is not yet used; `checked_at` in seconds."""

    purpose: Purpose
    passkey: PasskeyRow
    checked_at: float
    challenge: Challenge = field(repr=False)
    use: Use

    @property
    def account_id(self) -> str:
        """Whose passkey it is."""
        return self.passkey.account_id


class PasskeyVerifier:
    """Verifies passkeys for every page that takes one."""

    def __init__(
        self,
        database: Database,
        relying_party: RelyingParty,
        challenges: Challenges,
        *,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._database = database
        self._relying_party = relying_party
        self._challenges = challenges
        self._clock = clock
        self._entropy = entropy

    def sign_in_options(self, *, place: str) -> str:
        """Ask whoever is there for a passkey, as JSON for the page; it says nothing of any account."""
        return self._options(Bound(purpose=Purpose.SIGN_IN, place=place), ())

    def second_factor_options(self, connection: Connection, *, account_id: str, place: str) -> str:
        """Ask for one of an account's passkeys, as JSON for the page.

        Raises:
            NoSuchFactor: it has none.
        """
        passkeys = passkeys_of(connection, account_id=account_id)
        if not passkeys:
            raise NoSuchFactor("passkey")
        bound = Bound(purpose=Purpose.SECOND_FACTOR, place=place, account_id=account_id)
        return self._options(bound, passkeys)

    def check_sign_in(self, answer: str, *, place: str, client_id: str | None, visitor: Visitor) -> PasskeyCheck:
        """Check the answer to `sign_in_options` of the same place.

        Raises:
            FactorRefused: it proves nothing; a page says the same for every reason.
        """
        bound = Bound(purpose=Purpose.SIGN_IN, place=place)
        return self._check(answer, bound, client_id=client_id, visitor=visitor)

    def check_second_factor(
        self, answer: str, *, account_id: str, place: str, client_id: str | None, visitor: Visitor
    ) -> PasskeyCheck:
        """Check the answer to `second_factor_options` of the same account and place.

        Raises:
            FactorRefused: it proves nothing.
        """
        bound = Bound(purpose=Purpose.SECOND_FACTOR, place=place, account_id=account_id)
        return self._check(answer, bound, client_id=client_id, visitor=visitor)

    def record(
        self, connection: Connection, check: PasskeyCheck, *, client_id: str | None, visitor: Visitor
    ) -> Verified:
        """Use a checked signature up, in the transaction of what it proves.

        Raises:
            FactorRefused: it has been used, or the passkey has gone or gone on; let it leave the transaction, and
                tell `note_refused`.
        """
        passkey, now = check.passkey, self._clock()
        spend_challenge(connection, check.challenge, now=now)
        note_passkey_used(connection, passkey, check.use, now=now)
        event = Event(
            type=_SUCCEEDED[check.purpose],
            at=check.checked_at,
            actor=f"account:{passkey.account_id}",
            account_id=passkey.account_id,
            client_id=client_id,
            reference=visitor.reference,
            details={"kind": Factor.PASSKEY.value, "way": passkey.way.value, "factor": passkey.factor_id},
            personal=visitor.personal,
        )
        record(connection, event, entropy=self._entropy)
        return Verified(account_id=passkey.account_id, way=passkey.way, factor_id=passkey.factor_id)

    def note_refused(
        self,
        error: FactorRefused,
        *,
        purpose: Purpose,
        account_id: str | None,
        client_id: str | None,
        visitor: Visitor,
    ) -> None:
        """Leave with the audit trail why an answer proved nothing."""
        event = Event(
            type=_REFUSED[purpose],
            at=self._clock(),
            actor="anonymous",
            result="wrong_passkey",
            account_id=account_id,
            client_id=client_id,
            reference=visitor.reference,
            details={"kind": Factor.PASSKEY.value, "check": str(error)},
            personal=visitor.personal,
        )
        with self._database.writing() as connection:
            record(connection, event, entropy=self._entropy)

    def _options(self, bound: Bound, passkeys: Iterable[PasskeyRow]) -> str:
        challenge = self._challenges.issue(bound, now=self._clock())
        allowed = [passkey.known for passkey in passkeys]
        return _json(self._relying_party.request_options(challenge=challenge, allowed=allowed))

    def _check(self, answer: str, bound: Bound, *, client_id: str | None, visitor: Visitor) -> PasskeyCheck:
        owner: str | None = bound.account_id or None
        try:
            assertion, challenge = self._read(answer, bound)
            with self._database.reading() as connection:
                passkey = find_passkey(connection, credential_id=assertion.credential_id)
            owner = owner or passkey.account_id
            return self._verified(assertion, challenge, passkey, bound)
        except FactorRefused as error:
            self.note_refused(error, purpose=bound.purpose, account_id=owner, client_id=client_id, visitor=visitor)
            raise

    def _read(self, answer: str, bound: Bound) -> tuple[Assertion, Challenge]:
        assertion = read_assertion(answer)
        return assertion, self._challenges.check(assertion.client_data.challenge, bound, now=self._clock())

    def _verified(self, assertion: Assertion, challenge: Challenge, passkey: PasskeyRow, bound: Bound) -> PasskeyCheck:
        if bound.account_id not in {"", passkey.account_id} or passkey.account_status != Status.ACTIVE.value:
            raise NoSuchFactor("account")
        use = self._relying_party.verify_assertion(
            assertion,
            passkey.known,
            challenge=challenge.value,
            handle_wanted=bound.purpose is Purpose.SIGN_IN,
        )
        return PasskeyCheck(
            purpose=bound.purpose, passkey=passkey, checked_at=self._clock(), challenge=challenge, use=use
        )


def _json(options: dict[str, Any]) -> str:
    return orjson.dumps(options).decode()
