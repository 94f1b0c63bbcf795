"""Somebody asks for the way back to a forgotten password or user ID.

Invariant: what is done, and how long it takes, is the same for every input: the same statements write a request and a
message to the outbox whether anybody answers to it or not; a message that is for nobody is dropped when it is to be
sent (T31, T32). How many mails a mailbox gets is bounded in silence, how many requests a network makes is not. Browsers
that the account is known in have budgets of their own for both: strangers must not use up its owner's (T41).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.accounts.find import find_by_address, find_by_identifier
from idp.accounts.identifiers import InvalidIdentifier, canonical
from idp.accounts.policy import Kind, Status
from idp.acts.tell_owner import asked_by
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.audit.typed_identifier import typed_identifier_details
from idp.delivery.outbox import enqueue
from idp.lockout.keys import account_key, address_key, device_key, identifier_key, mailbox_key, unplaced_key
from idp.lockout.known_devices import known_device
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import TooManyGuesses
from idp.lockout.take import take
from idp.passwords.credentials import find_credential
from idp.passwords.recoveries import UNSENT_SECONDS, AlreadyAsked, Purpose, ask
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from keys.mac import MacKey

LETTER = "recovery"
_NOBODY = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person sent: what they forgot, what they typed, and the handle of their browser for this recovery."""

    recovery_id: str
    purpose: Purpose
    typed: str = field(repr=False)
    browser_digest: bytes = field(repr=False)
    journey_id: str | None
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Whom a question is about: an account, an address with one or more accounts, or nobody."""

    purpose: Purpose
    identifier: str
    counter_key: str
    account_id: str | None = None
    address: str | None = None

    @property
    def known(self) -> bool:
        return self.account_id is not None or self.address is not None


class RecoveryDesk:
    """Takes questions."""

    def __init__(self, database: Database, lookup: MacKey, *, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._lookup = lookup
        self._clock = clock
        self._entropy = entropy

    def ask(self, question: Question, visitor: Visitor) -> None:
        """Write down the question, and a message if the mailbox may have one now.

        Raises:
            TooManyGuesses: this network, or a browser that the account is known in, has asked too often; for browsers
                that it is not known in that has nothing to do with what was typed.
        """
        now = self._clock()
        identifier = _canonical_or_nobody(question.typed)
        with self._database.writing() as connection:
            target = self._target(connection, question, identifier)
            device_id = known_device(
                connection, handle_digest=visitor.device_digest, account_id=target.account_id or "", now=now
            )
            device = device_key(device_id) if device_id else None
            asker = device or self._network_key(identifier, visitor)
            take(connection, kind=GuessKind.RECOVERY_ADDRESS, key=asker, now=now)
            try:
                self._write_down(connection, question, target, now)
            except AlreadyAsked:
                return
            mailed = self._queue(connection, question, mailbox=device or target.counter_key, visitor=visitor, now=now)
            record(connection, self._event(target, visitor, mailed=mailed, now=now), entropy=self._entropy)

    def _network_key(self, identifier: str, visitor: Visitor) -> str:
        if not visitor.address:
            return unplaced_key(self._lookup, identifier=identifier)
        return address_key(self._lookup, address=visitor.address)

    def _target(self, connection: Connection, question: Question, identifier: str) -> _Target:
        """Find whom the question is about, by the same two lookups for every input."""
        account = find_by_identifier(connection, identifier=identifier)
        credential = find_credential(connection, account_id=account.id if account else "")
        neighbours = find_by_address(connection, address=identifier)
        own = [it for it in neighbours if it.email == question.typed.strip()] or neighbours
        address = own[0].email if own else None
        by_address = question.purpose is Purpose.USER_ID or (account is None and bool(neighbours))
        if by_address:
            key = mailbox_key(self._lookup, identifier=identifier)
            return _Target(purpose=Purpose.USER_ID, identifier=identifier, counter_key=key, address=address)
        reachable = account is not None and account.email is not None and account.email_verified
        # Staff are as unknown as nobody: another invitation is their way back, whatever password row there may be.
        reachable = reachable and account is not None and account.kind != Kind.STAFF
        if account is None or credential is None or not reachable or account.status != Status.ACTIVE.value:
            key = account_key(account.id) if account else identifier_key(self._lookup, identifier=identifier)
            return _Target(purpose=question.purpose, identifier=identifier, counter_key=key)
        return _Target(
            purpose=question.purpose,
            identifier=identifier,
            counter_key=account_key(account.id),
            account_id=account.id,
        )

    def _write_down(self, connection: Connection, question: Question, target: _Target, now: float) -> None:
        ask(
            connection,
            recovery_id=question.recovery_id,
            purpose=target.purpose,
            account_id=target.account_id,
            address=target.address,
            journey_id=question.journey_id,
            counter_key=target.counter_key,
            browser_digest=question.browser_digest,
            now=now,
        )

    def _queue(self, connection: Connection, question: Question, *, mailbox: str, visitor: Visitor, now: float) -> bool:
        try:
            for kind in (GuessKind.MAIL, GuessKind.MAIL_OF_DAY):
                take(connection, kind=kind, key=mailbox, now=now)
        except TooManyGuesses:
            return False
        enqueue(
            connection,
            kind=LETTER,
            recipient=None,
            language=question.language,
            payload={"recovery_id": question.recovery_id, "asked": asked_by(visitor, now=now)},
            worth_seconds=UNSENT_SECONDS,
            entropy=self._entropy,
            now=now,
        )
        return True

    def _event(self, target: _Target, visitor: Visitor, *, mailed: bool, now: float) -> Event:
        named = typed_identifier_details(self._lookup, identifier=target.identifier, resolved=target.known)
        return Event(
            type=EventType.RECOVERY_ASKED,
            at=now,
            actor="anonymous",
            result="ok" if mailed else "too_many_mails",
            account_id=target.account_id,
            reference=visitor.reference,
            details={"purpose": target.purpose.value, **named},
            personal=visitor.personal,
        )


def _canonical_or_nobody(typed: str) -> str:
    """Fold what was typed; what can be nobody's name is counted together, as one name that nobody has."""
    try:
        return canonical(typed)
    except InvalidIdentifier:
        return _NOBODY
