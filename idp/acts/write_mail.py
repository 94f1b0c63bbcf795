"""Write the mails that the outbox refers to, anew at each try, with what is true then.

Codes and links are made here, and their tags stored, right before they are sent: their ten minutes begin then, and no
copy of the outbox opens anything. A link leads to the configured issuer, whatever host a request named (T80); an
address is the one that is stored, whatever spelling was typed (T59).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection

from idp.accounts.delegation_policy import OFFER_SECONDS
from idp.accounts.delegations import ShareUnknown, find_share
from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_address, find_by_id
from idp.accounts.policy import Kind, Status, masked
from idp.accounts.preferences import preferences_of
from idp.accounts.recovered import COOLING_OFF_SECONDS
from idp.acts.ask_recovery import LETTER
from idp.acts.change_email import LETTER as EMAIL_CHANGE
from idp.acts.lock_down import LockDownLinks
from idp.acts.mail_call_code import LETTER as CALL_CODE
from idp.acts.mail_call_code import armed_code, spoken
from idp.acts.mail_email_change import armed_change
from idp.acts.recovery_code import code_tag, new_code, written
from idp.acts.share_contract import LETTER as SHARE
from idp.acts.tell_owner import Notice
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.delivery.letters import Letters
from idp.delivery.mail import Mail
from idp.delivery.outbox import Queued
from idp.passwords.recoveries import SENT_SECONDS, OpenRecovery, RecoveryUnknown, arm, find_open
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy, digest, new_handle
from idp.wording import Language, negotiate
from keys.mac import MacKey

MINUTES = int(SENT_SECONDS // 60)
HOURS = int(COOLING_OFF_SECONDS // 3600)


class UnknownKind(LookupError):
    """Nobody knows how to write such a message."""


class MailWriter:
    """Writes every kind of mail."""

    def __init__(
        self, database: Database, letters: Letters, key: MacKey, *, issuer: str, clock: Clock, entropy: Entropy
    ) -> None:
        self._database = database
        self._letters = letters
        self._key = key
        self._issuer = issuer
        self._links = LockDownLinks(key, issuer=issuer)
        self._clock = clock
        self._entropy = entropy

    def __call__(self, message: Queued) -> Mail | None:
        """Write a message; None when nobody needs it any more.

        Raises:
            UnknownKind: it is of a newer version.
        """
        if message.kind == LETTER:
            return self._recovery(message)
        if message.kind == EMAIL_CHANGE:
            return self._email_change(message)
        if message.kind == SHARE:
            return self._share(message)
        if message.kind == CALL_CODE:
            return self._call_code(message)
        if message.kind in set(Notice):
            return self._notice(message)
        raise UnknownKind(message.kind)

    def _notice(self, message: Queued) -> Mail | None:
        with self._database.reading() as connection:
            account = find_by_id(connection, account_id=message.payload["account_id"])
            if message.kind in {Notice.NEW_DEVICE, Notice.NEW_DEVICES} and account is not None:
                wanted = preferences_of(connection, account_id=account.id).new_device_mail
                account = account if wanted else None
        # A lock is told to nobody in particular, so that writing it down costs the same for a name that nobody has.
        if account is None or (message.recipient is None and message.kind != Notice.LOCKED):
            return None
        words = {
            "hours": HOURS,
            "staff": account.kind == Kind.STAFF.value,
            "lock_down": self._links.address(account_id=account.id, mailed_at=message.created_at),
            **message.payload.get("words", {}),
        }
        return self._mail(message, message.kind, account, recipient=message.recipient, key=message.id, **words)

    def _email_change(self, message: Queued) -> Mail | None:
        """Write to the new address: nobody knows yet whose it is, so that neither phrase nor user ID stands there."""
        with self._database.writing() as connection:
            armed = armed_change(
                connection,
                self._key,
                change_id=message.payload["change_id"],
                entropy=self._entropy,
                now=self._clock(),
            )
        if armed is None:
            return None
        return self._mail(
            message,
            EMAIL_CHANGE,
            armed.account,
            recipient=armed.address,
            code=written(armed.code),
            minutes=MINUTES,
            phrase=None,
        )

    def _share(self, message: Queued) -> Mail | None:
        """Write to an invited address: it may be anybody's, so that what stands there is what the party has typed."""
        now = self._clock()
        with self._database.writing() as connection:
            try:
                share = find_share(connection, share_id=message.payload["share_id"], now=now)
            except ShareUnknown:
                return None
            giver = find_by_id(connection, account_id=share.giver_id)
        if giver is None or giver.status != Status.ACTIVE.value or share.delegate_id is not None:
            return None
        words = {
            "giver": share.giver_name or "",
            "number": share.number,
            "permission": share.permission,
            "until": share.expires_at,
            "answer_by": min(share.expires_at, share.offered_at + OFFER_SECONDS),
        }
        return self._mail(message, SHARE, giver, recipient=share.address, key=message.id, phrase=None, **words)

    def _call_code(self, message: Queued) -> Mail | None:
        with self._database.writing() as connection:
            armed = armed_code(
                connection,
                self._key,
                account_id=message.payload["account_id"],
                code_id=message.payload["code_id"],
                address=message.recipient or "",
                entropy=self._entropy,
                now=self._clock(),
            )
        if armed is None:
            return None
        code = spoken(armed.code)
        return self._mail(message, CALL_CODE, armed.account, recipient=armed.address, code=code, minutes=MINUTES)

    def _recovery(self, message: Queued) -> Mail | None:
        with self._database.writing() as connection:
            try:
                recovery = find_open(connection, recovery_id=message.payload["recovery_id"], now=self._clock())
                if recovery.account_id is not None:
                    return self._password(connection, message, recovery)
                return self._user_ids(connection, message, recovery) if recovery.address else None
            except RecoveryUnknown:
                return None

    def _password(self, connection: Connection, message: Queued, recovery: OpenRecovery) -> Mail | None:
        account = find_by_id(connection, account_id=recovery.account_id or "")
        if account is None or account.status != Status.ACTIVE.value or not account.email_verified:
            return None
        link = new_handle(self._entropy)
        code = self._armed(connection, recovery, link=link)
        by_staff: dict[str, Any] = {"by_staff": True} if message.payload.get("by_staff") else {}
        return self._mail(
            message,
            "recover_password",
            account,
            code=written(code),
            link=f"{self._issuer}/reset-password?token={link}",
            minutes=MINUTES,
            **by_staff,
        )

    def _user_ids(self, connection: Connection, message: Queued, recovery: OpenRecovery) -> Mail | None:
        accounts = accounts_at(connection, recovery)
        if not accounts:
            return None
        if len(accounts) == 1:
            return self._mail(message, "recover_user_id", accounts[0])
        code = self._armed(connection, recovery, link=None)
        shown = [masked(account.user_id) for account in accounts]
        return self._mail(message, "recover_user_ids", accounts[0], code=written(code), shown=shown, minutes=MINUTES)

    def _armed(self, connection: Connection, recovery: OpenRecovery, *, link: str | None) -> str:
        """Make a code, store what is about to be mailed, and say so in the trail."""
        now, code = self._clock(), new_code(self._entropy)
        tag = code_tag(self._key, recovery_id=recovery.id, code=code)
        arm(connection, recovery=recovery, link_digest=digest(link) if link else None, code_tag=tag, now=now)
        event = Event(
            type=EventType.RECOVERY_MAILED,
            at=now,
            actor="worker",
            account_id=recovery.account_id,
            details={"purpose": recovery.purpose.value},
        )
        record(connection, event, entropy=self._entropy)
        return code

    def _mail(
        self,
        message: Queued,
        letter: str,
        account: AccountFacts,
        *,
        recipient: str | None = None,
        key: str | None = None,
        **words: object,
    ) -> Mail | None:
        address = recipient or account.email
        if address is None:
            return None
        language: Language = negotiate(account_locale=account.locale or message.language)
        asked = cast("Mapping[str, Any]", message.payload["asked"])
        zone = account.claims.get("zoneinfo")
        known = {"user_id": account.user_id, "phrase": account.phrase, **words}
        made = self._letters.write(letter, language=language, zone=zone, asked=asked, **known)
        return Mail(
            recipient=address,
            subject=made.subject,
            text=made.text,
            html=made.html,
            language=language,
            # With a new code it is another mail; what is the same one is recognised by its key.
            key=key or f"{message.id}.{message.tries.attempts}",
        )


def accounts_at(connection: Connection, recovery: OpenRecovery) -> list[AccountFacts]:
    """Give the accounts whose user IDs a recovery is about: those stored with exactly this address."""
    if recovery.address is None:
        return []
    found = find_by_address(connection, address=recovery.address)
    return [account for account in found if account.email == recovery.address]
