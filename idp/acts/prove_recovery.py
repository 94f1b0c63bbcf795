"""Prove a recovery by what was mailed: the code, or the link in the very browser that had asked.

Invariant: a pass is made here and nowhere else. A code is good only together with the browser that asked, or with the
link of the same mail; a link alone, which a mail scanner opens too, is good for nothing. A code costs a guess before it
is looked at, out of one budget for all recoveries of the account (T37, T38); beside its link out of one for that mail,
so that strangers who use up the first do not shut out whoever reads the mailbox (T41).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement

from idp.acts.recovery_code import code_tag
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.lockout.keys import link_key
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import TooManyGuesses
from idp.lockout.take import put_back, take
from idp.passwords.recoveries import (
    OpenRecovery,
    Purpose,
    RecoveryUnknown,
    find_by_link,
    find_open,
    mailed_code,
    mailed_link,
    prove,
)
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy, digest, new_handle
from keys.mac import MacKey


class WrongCode(Exception):
    """The code is not the one that was mailed last, was used, or its time is over: nobody learns which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A recovery that was proved, and the handle for the cookie of whoever proved it."""

    recovery: OpenRecovery
    handle: str = field(repr=False)


class RecoveryProver:
    """Finds recoveries for those who hold them, and proves them."""

    def __init__(self, database: Database, key: MacKey, *, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._entropy = entropy

    def asked_here(self, recovery_id: str, handle: str | None) -> OpenRecovery:
        """Give the recovery that this browser asked for.

        Raises:
            RecoveryUnknown: it is over, or another browser's.
        """
        with self._database.reading() as connection:
            recovery = find_open(connection, recovery_id=recovery_id, now=self._clock())
        return _held(recovery, recovery.browser_digest, handle)

    def passed_here(self, recovery_id: str, handle: str | None, *, purpose: Purpose) -> OpenRecovery:
        """Give the recovery for this purpose that this browser has proved.

        Raises:
            RecoveryUnknown: it is over, or not proved here.
        """
        with self._database.reading() as connection:
            recovery = find_open(connection, recovery_id=recovery_id, now=self._clock())
        if recovery.purpose is not purpose:
            raise RecoveryUnknown(recovery_id)
        return _held(recovery, recovery.pass_digest, handle)

    def of_link(self, link: str) -> OpenRecovery:
        """Give the recovery that a mailed link belongs to; that changes nothing.

        Raises:
            RecoveryUnknown: the link was used, replaced by a newer one, or its time is over.
        """
        with self._database.reading() as connection:
            return find_by_link(connection, link_digest=digest(link), now=self._clock())

    def by_link(self, recovery: OpenRecovery, *, link: str, handle: str | None, visitor: Visitor) -> Passed:
        """Prove a recovery by its link, in the browser that asked for it.

        Raises:
            RecoveryUnknown: another browser, or the link was used meanwhile.
        """
        _held(recovery, recovery.browser_digest, handle)
        return self._prove(recovery, mailed_link(digest(link)), visitor, means="link")

    def by_code(self, recovery: OpenRecovery, *, code: str, beside_link: bool = False, visitor: Visitor) -> Passed:
        """Prove a recovery by its code; the caller has it from `asked_here`, or from `of_link` (`beside_link`).

        Raises:
            WrongCode: see there.
            TooManyGuesses: nothing was checked.
        """
        tag = code_tag(self._key, recovery_id=recovery.id, code=code)
        budget = link_key(recovery.id) if beside_link else recovery.counter_key
        try:
            return self._prove(recovery, mailed_code(tag), visitor, means="code", budget=budget)
        except RecoveryUnknown:
            raise WrongCode from None
        except TooManyGuesses:
            self._refused(recovery, visitor, "too_many_guesses")
            raise

    def _prove(
        self,
        recovery: OpenRecovery,
        mailed: ColumnElement[bool],
        visitor: Visitor,
        *,
        means: str,
        budget: str | None = None,
    ) -> Passed:
        handle, now = new_handle(self._entropy), self._clock()
        window = None if budget is None else self._count(budget, now)
        try:
            with self._database.writing() as connection:
                prove(connection, recovery_id=recovery.id, mailed=mailed, pass_digest=digest(handle), now=now)
                if budget is not None and window is not None:
                    put_back(connection, kind=GuessKind.CODE, key=budget, window=window)
                event = self._event(recovery, EventType.RECOVERY_PROVED, visitor, details={"by": means}, now=now)
                record(connection, event, entropy=self._entropy)
        except RecoveryUnknown:
            self._refused(recovery, visitor, f"wrong_{means}")
            raise
        return Passed(recovery=recovery, handle=handle)

    def _count(self, budget: str, now: float) -> float:
        with self._database.writing() as connection:
            return take(connection, kind=GuessKind.CODE, key=budget, now=now)

    def _refused(self, recovery: OpenRecovery, visitor: Visitor, result: str) -> None:
        event = self._event(recovery, EventType.RECOVERY_REFUSED, visitor, result=result, now=self._clock())
        with self._database.writing() as connection:
            record(connection, event, entropy=self._entropy)

    def _event(
        self,
        recovery: OpenRecovery,
        type: EventType,
        visitor: Visitor,
        *,
        result: str = "ok",
        details: dict[str, str] | None = None,
        now: float,
    ) -> Event:
        return Event(
            type=type,
            at=now,
            actor="anonymous",
            result=result,
            account_id=recovery.account_id,
            reference=visitor.reference,
            details={"purpose": recovery.purpose.value, **(details or {})},
            personal=visitor.personal,
        )


def _held(recovery: OpenRecovery, wanted: bytes | None, handle: str | None) -> OpenRecovery:
    if wanted is None or handle is None or not hmac.compare_digest(wanted, digest(handle)):
        raise RecoveryUnknown(recovery.id)
    return recovery
