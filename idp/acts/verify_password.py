"""Check a user ID and a password: counted before it is checked, hashed with nothing held, recorded where it is used.

Two short transactions with the hash between them: (1) `check` counts the guess as failed and commits, refuses when a
budget is used up, then verifies; (2) `record` takes the count back, inside the transaction that makes use of the
success. Unknown, disabled and passwordless accounts cost the same work and get the same answer as a wrong password.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import NoReturn

from sqlalchemy import Connection

from idp.accounts.identifiers import InvalidIdentifier, canonical
from idp.acts.guess_failed import Consequences, guess_failed
from idp.acts.sign_in_statements import Attempt, SignedIn, record_success, reserve_and_read
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.typed_identifier import typed_identifier_details
from idp.lockout.keys import identifier_key, work_key
from idp.lockout.origin import origin_of
from idp.lockout.paid import use_paid
from idp.lockout.reservation import GuessesStopped, GuessTooSoon, TooManyGuesses, WorkDue
from idp.lockout.reserve import undo
from idp.passwords.credentials import stored_form_near
from idp.passwords.gate import HashingBusy
from idp.passwords.hasher import Hasher, WrongPassword
from idp.passwords.normal_form import UnusablePassword
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from keys.mac import MacKey

_RESULT = {GuessTooSoon: "too_soon", GuessesStopped: "stopped", WorkDue: "work_due"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordCheck:
    """A right password whose success is not yet recorded; `checked_at` in seconds."""

    account_id: str
    user_id: str
    checked_at: float
    attempt: Attempt = field(repr=False)
    new_hash: str | None = field(repr=False)


class PasswordVerifier:
    """Checks passwords for every path that takes one."""

    def __init__(self, database: Database, hasher: Hasher, lookup: MacKey, *, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._hasher = hasher
        self._lookup = lookup
        self._clock = clock
        self._entropy = entropy

    def check(
        self,
        *,
        typed: str,
        password: str,
        client_id: str | None,
        visitor: Visitor,
        journey_id: str | None = None,
        signed_in: bool = False,
    ) -> PasswordCheck:
        """Check what was typed; `journey_id` is where work may have paid for it.

        None is asked of somebody who is `signed_in` to this very account.

        Raises:
            WrongPassword: unknown, wrong, disabled: nobody learns which.
            TooManyGuesses: a budget is used up; nothing was checked. Its kinds are in `lockout.reservation`.
            HashingBusy: too many are signing in at this moment.
        """
        identifier = _canonical_or_nobody(typed)
        attempt = self._reserve(identifier, visitor, worked=signed_in)
        if isinstance(attempt.reservation.refusal, WorkDue) and self._has_worked(journey_id, visitor):
            attempt = self._reserve(identifier, visitor, worked=True)
        try:
            attempt.reservation.require_admitted()
            return self._verified(attempt, identifier, password)
        except (WrongPassword, UnusablePassword) as error:
            self._refused(attempt, identifier, error, result="wrong_password", client_id=client_id, visitor=visitor)
        except HashingBusy:
            # Nothing was checked: whoever sends floods must not use up other people's guesses.
            self._uncount(attempt)
            raise
        except TooManyGuesses as error:
            result = _RESULT.get(type(error)) or f"too_many_guesses:{error.kind}"
            self._refused(attempt, identifier, error, result=result, client_id=client_id, visitor=visitor)

    def record(
        self, connection: Connection, check: PasswordCheck, *, client_id: str | None, visitor: Visitor
    ) -> SignedIn:
        """Record the success in the transaction that uses it, and read how the account stands now.

        Raises:
            WrongPassword: the password was changed while it was being checked.
        """
        event = Event(
            type=EventType.SIGN_IN_SUCCEEDED,
            at=check.checked_at,
            actor=f"account:{check.account_id}",
            account_id=check.account_id,
            client_id=client_id,
            reference=visitor.reference,
            personal=visitor.personal,
        )
        return record_success(
            connection,
            attempt=check.attempt,
            event=event,
            client_id=client_id,
            new_hash=check.new_hash,
            remembered_digest=visitor.remembered_digest,
            entropy=self._entropy,
        )

    def leave_unused(self, check: PasswordCheck) -> None:
        """Take the count of a right password back that came to nothing: who clicks twice has not guessed."""
        self._uncount(check.attempt)

    def _uncount(self, attempt: Attempt) -> None:
        with self._database.writing() as connection:
            undo(connection, attempt.reservation)

    def _reserve(self, identifier: str, visitor: Visitor, *, worked: bool = False) -> Attempt:
        now = self._clock()
        origin = origin_of(
            self._lookup,
            identifier=identifier,
            address=visitor.address,
            device_digest=visitor.device_digest,
            now=now,
        )
        with self._database.writing() as connection:
            return reserve_and_read(
                connection,
                identifier=identifier,
                identifier_key=identifier_key(self._lookup, identifier=identifier),
                origin=origin,
                worked=worked,
                now=now,
            )

    def _has_worked(self, journey_id: str | None, visitor: Visitor) -> bool:
        if journey_id is None:
            return False
        key = work_key(self._lookup, journey_id=journey_id, address=visitor.address)
        with self._database.writing() as connection:
            return use_paid(connection, key=key, now=self._clock())

    def noticed(self, consequences: Consequences) -> None:
        """Take note of what a failure brought about, once it is committed; whoever meters this class does more."""

    def _verified(self, attempt: Attempt, identifier: str, password: str) -> PasswordCheck:
        account = attempt.account
        if account is None or account.password_hash is None:
            self._hasher.verify_nobody(password, like=self._somebodys(identifier))
            raise WrongPassword
        verified = self._hasher.verify(account.password_hash, password)
        if account.status != "active":
            raise WrongPassword
        return PasswordCheck(
            account_id=account.id,
            user_id=account.user_id,
            checked_at=self._clock(),
            attempt=attempt,
            new_hash=self._hasher.hash(password) if verified.needs_rehash else None,
        )

    def _somebodys(self, identifier: str) -> str | None:
        """Give the stored form of some account, always the same one for a name that nobody has.

        Imported passwords take as long as their old scheme does: among invented names they are as common as among real
        ones, so that the time tells nothing.
        """
        place = urlsafe_b64encode(self._lookup.tag(b"whose work", identifier.encode())).decode()
        with self._database.reading() as connection:
            return stored_form_near(connection, place=place)

    def _refused(
        self,
        attempt: Attempt,
        identifier: str,
        error: Exception,
        *,
        result: str,
        client_id: str | None,
        visitor: Visitor,
    ) -> NoReturn:
        account = attempt.account
        event = Event(
            type=EventType.SIGN_IN_REFUSED,
            at=self._clock(),
            actor="anonymous",
            result=result,
            account_id=account.id if account else None,
            client_id=client_id,
            reference=visitor.reference,
            details=typed_identifier_details(self._lookup, identifier=identifier, resolved=account is not None),
            personal=visitor.personal,
        )
        with self._database.writing() as connection:
            consequences = guess_failed(
                connection, attempt=attempt, event=event, visitor=visitor, entropy=self._entropy, now=self._clock()
            )
        self.noticed(consequences)
        if isinstance(error, UnusablePassword):
            raise WrongPassword from error
        raise error


def _canonical_or_nobody(typed: str) -> str:
    """Fold what was typed; what can be nobody's name is counted together, as one name that nobody has."""
    try:
        return canonical(typed)
    except InvalidIdentifier:
        return "\N{REPLACEMENT CHARACTER}"
