"""Change an account's e-mail address: a code goes to the new address, and is typed in the session that asked.

Invariant: an address becomes the account's only with the code from its own mailbox (T85), whatever a form says; what is
answered is the same for every address that could be one, also for one that is somebody's user ID (T34). A code costs a
guess before it is looked at. Old and new address are told.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from idp.accounts.email_changes import (
    SENT_SECONDS,
    EmailChange,
    EmailChangeUnknown,
    ask_change,
    confirm_change,
    is_taken,
    open_change,
    void_changes,
)
from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id
from idp.acts.mail_email_change import change_tag
from idp.acts.tell_owner import Notice, asked_by, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.delivery.mail import UnusableAddress, one_address
from idp.delivery.outbox import enqueue
from idp.lockout.policy import GuessKind
from idp.lockout.take import put_back, take
from idp.passwords.recoveries import void_recoveries
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.wording import negotiate
from keys.mac import MacKey

LETTER: Final = "email_change"
MINUTES: Final = int(SENT_SECONDS // 60)


class AddressRefused(ValueError):
    """What was typed is not one plain e-mail address."""


class AddressPresent(AddressRefused):
    """It is the account's confirmed address already."""


class WrongCode(Exception):
    """The code is not the one that was mailed last, was used, or its time is over: nobody learns which."""


class EmailChanger:
    """Takes wishes for another address, and codes that confirm it; `key` has the purpose "proof"."""

    def __init__(self, database: Database, key: MacKey, *, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._entropy = entropy

    def waiting(self, *, account_id: str, sid: str) -> EmailChange | None:
        """Give the change that this session waits to confirm."""
        with self._database.reading() as connection:
            return open_change(connection, account_id=account_id, sid=sid, now=self._clock())

    def ask(self, typed: str, *, account_id: str, sid: str, visitor: Visitor) -> EmailChange:
        """Have a code mailed to a new address; a change that was asked for before is void.

        Raises:
            AddressRefused: see there.
            TooManyGuesses: the account has asked for a mail less than two minutes ago, or for ten today.
        """
        now, address = self._clock(), accepted_address(typed)
        with self._database.writing() as connection:
            account = find_by_id(connection, account_id=account_id)
            if account is None or (account.email == address and account.email_verified):
                raise AddressPresent("the account has it already")
            for kind in (GuessKind.MAIL, GuessKind.MAIL_OF_DAY):
                take(connection, kind=kind, key=f"change:{account_id}", now=now)
            change = ask_change(
                connection,
                account_id=account_id,
                sid=sid,
                address=address,
                former=account.email,
                entropy=self._entropy,
                now=now,
            )
            taken = is_taken(connection, address=address, account_id=account_id)
            if not taken:
                self._queue(connection, account, change, visitor, now)
            result = "address_taken" if taken else "ok"
            self._record(connection, EventType.EMAIL_CHANGE_ASKED, account_id, visitor, now, result=result)
        return change

    def confirm(self, change: EmailChange, *, code: str, sid: str, visitor: Visitor) -> None:
        """Give the account its new address, if this is the code that was mailed there.

        Raises:
            WrongCode: see there.
            TooManyGuesses: nothing was checked.
        """
        now = self._clock()
        # A budget of its own: whoever asks for a recovery in the owner's name may use up that one's (T41).
        key = f"change:{change.account_id}"
        with self._database.writing() as connection:
            window = take(connection, kind=GuessKind.CODE, key=key, now=now)
        try:
            with self._database.writing() as connection:
                tag = change_tag(self._key, change_id=change.id, code=code)
                confirm_change(connection, change_id=change.id, sid=sid, code_tag=tag, now=now)
                put_back(connection, kind=GuessKind.CODE, key=key, window=window)
                # What was mailed to the old address opens nothing any more.
                void_recoveries(connection, account_id=change.account_id, now=now)
                self._record(connection, EventType.EMAIL_CHANGED, change.account_id, visitor, now)
                self._tell(connection, change, visitor, now)
        except EmailChangeUnknown:
            self._refused(change, visitor, now)
            raise WrongCode from None

    def cancel(self, *, account_id: str) -> None:
        """Let go of a change that waits."""
        with self._database.writing() as connection:
            void_changes(connection, account_id=account_id, now=self._clock())

    def _queue(
        self, connection: Connection, account: AccountFacts, change: EmailChange, visitor: Visitor, now: float
    ) -> None:
        enqueue(
            connection,
            kind=LETTER,
            recipient=None,
            language=negotiate(account_locale=account.locale),
            payload={"change_id": change.id, "asked": asked_by(visitor, now=now)},
            worth_seconds=change.expires_at - now,
            entropy=self._entropy,
            now=now,
        )

    def _tell(self, connection: Connection, change: EmailChange, visitor: Visitor, now: float) -> None:
        tell_owner(
            connection,
            notice=Notice.EMAIL_CHANGED,
            account_id=change.account_id,
            visitor=visitor,
            entropy=self._entropy,
            now=now,
            also=[change.former] if change.former else [],
        )

    def _refused(self, change: EmailChange, visitor: Visitor, now: float) -> None:
        with self._database.writing() as connection:
            self._record(
                connection, EventType.EMAIL_CHANGE_REFUSED, change.account_id, visitor, now, result="wrong_code"
            )

    def _record(
        self,
        connection: Connection,
        type: EventType,
        account_id: str,
        visitor: Visitor,
        now: float,
        *,
        result: str = "ok",
    ) -> None:
        event = Event(
            type=type,
            at=now,
            actor=f"account:{account_id}",
            result=result,
            account_id=account_id,
            reference=visitor.reference,
            personal=visitor.personal,
        )
        record(connection, event, entropy=self._entropy)


def accepted_address(typed: str) -> str:
    """Give the one address that was typed; its local part in ASCII, its host with a dot in it.

    Raises:
        AddressRefused: see there.
    """
    text = typed.strip(" ")
    try:
        local, host = one_address(text)
    except UnusableAddress as error:
        raise AddressRefused(str(error)) from error
    # Letters that look like others stand for other mailboxes: what was mailed elsewhere must never fold into this.
    if not local.isascii() or "." not in host or host != text.rpartition("@")[2]:
        raise AddressRefused("not a plain address")
    return text
