"""A caller proves to support who they are, by a code: shown in a session of theirs, or mailed to their address.

Invariant: nothing but such a code verifies a caller; what can be read off papers never does. Only the newest code of an
account is good, for ten minutes, once; one that was mailed only in the session of the agent who asked for it. A code
costs a guess before it is looked at, from the account's budget and the agent's (DESIGN rule 7). What comes of it is
good for that agent's session and that account alone, for half an hour.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from idp.accounts.facts import AccountFacts
from idp.acts.desk_agent import Agent
from idp.acts.mail_call_code import LETTER, call_code_tag, heard, new_call_code
from idp.acts.tell_owner import asked_by
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.delivery.outbox import enqueue
from idp.lockout.keys import account_key
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import TooManyGuesses
from idp.lockout.take import put_back, take
from idp.storage.call_rows import (
    UNSENT_SECONDS,
    CallCodeUnknown,
    VerifiedCall,
    Way,
    arm_call_code,
    ask_call_code,
    end_call,
    note_verified,
    open_call_code,
    spend_call_code,
)
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.wording import negotiate
from keys.mac import MacKey


class NoAddress(Exception):
    """The account has no address that is known to be its owner's."""


class WrongCallCode(Exception):
    """Not the newest code, or it was used, its time is over, or another agent asked for it: nobody learns which."""


class CallDesk:
    """Makes call codes and looks at those that agents type; `key` has the purpose "proof"."""

    def __init__(self, database: Database, key: MacKey, *, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._entropy = entropy

    def show(self, *, account_id: str, visitor: Visitor) -> str:
        """Make the code that a signed-in person sees once; one from before is void."""
        now, code = self._clock(), new_call_code(self._entropy)
        with self._database.writing() as connection:
            code_id = ask_call_code(connection, account_id=account_id, way=Way.SESSION, entropy=self._entropy, now=now)
            tag = call_code_tag(self._key, account_id=account_id, code_id=code_id, code=code)
            arm_call_code(connection, account_id=account_id, code_id=code_id, code_tag=tag, now=now)
            event = Event(
                type=EventType.CALL_CODE_MADE,
                at=now,
                actor=f"account:{account_id}",
                account_id=account_id,
                reference=visitor.reference,
                details={"way": Way.SESSION.value},
                personal=visitor.personal,
            )
            record(connection, event, entropy=self._entropy)
        return code

    def mail(self, account: AccountFacts, agent: Agent) -> None:
        """Have a code mailed to the account's verified address; it is made when it is sent, and no agent sees it.

        Raises:
            NoAddress: see there.
            TooManyGuesses: three mails went in the last ten minutes.
        """
        now = self._clock()
        if account.email is None or not account.email_verified:
            raise NoAddress(account.id)
        with self._database.writing() as connection:
            take(connection, kind=GuessKind.CALL_MAIL, key=account_key(account.id), now=now)
            code_id = ask_call_code(
                connection,
                account_id=account.id,
                way=Way.MAIL,
                desk_sid=agent.sid,
                entropy=self._entropy,
                now=now,
            )
            nobody = Visitor(address="", user_agent=None, reference=agent.reference)
            enqueue(
                connection,
                kind=LETTER,
                recipient=account.email,
                language=negotiate(account_locale=account.locale),
                payload={"account_id": account.id, "code_id": code_id, "asked": asked_by(nobody, now=now)},
                worth_seconds=UNSENT_SECONDS,
                entropy=self._entropy,
                now=now,
            )
            details = {"way": Way.MAIL.value}
            self._record(connection, EventType.CALL_CODE_MADE, account.id, agent, now, details=details)

    def verify(self, *, account_id: str, typed: str, agent: Agent) -> VerifiedCall:
        """Verify a caller by the code that they read out.

        Raises:
            WrongCallCode: see there.
            TooManyGuesses: nothing was checked.
        """
        now, code = self._clock(), heard(typed)
        windows = self._count(account_id, agent, now)
        try:
            with self._database.writing() as connection:
                way = self._spend(connection, account_id, code, agent, now)
                for (kind, key), window in windows.items():
                    put_back(connection, kind=kind, key=key, window=window)
                call = note_verified(
                    connection, desk_sid=agent.sid, account_id=account_id, agent_id=agent.account_id, way=way, now=now
                )
                self._record(connection, EventType.CALL_VERIFIED, account_id, agent, now, details={"way": way.value})
        except CallCodeUnknown:
            self._refused(account_id, agent, "wrong_code")
            raise WrongCallCode(account_id) from None
        return call

    def end(self, *, account_id: str, agent: Agent) -> None:
        """Let go of a caller: the call is over."""
        with self._database.writing() as connection:
            if end_call(connection, desk_sid=agent.sid, account_id=account_id):
                self._record(connection, EventType.CALL_ENDED, account_id, agent, self._clock())

    def _spend(self, connection: Connection, account_id: str, code: str, agent: Agent, now: float) -> Way:
        code_id = open_call_code(connection, account_id=account_id, now=now) or ""
        tag = call_code_tag(self._key, account_id=account_id, code_id=code_id, code=code)
        return spend_call_code(
            connection, account_id=account_id, code_id=code_id, code_tag=tag, desk_sid=agent.sid, now=now
        )

    def _count(self, account_id: str, agent: Agent, now: float) -> dict[tuple[GuessKind, str], float]:
        budgets = [
            (GuessKind.CALL_CODE, account_key(account_id)),
            (GuessKind.CALL_AGENT, account_key(agent.account_id)),
        ]
        try:
            with self._database.writing() as connection:
                return {(kind, key): take(connection, kind=kind, key=key, now=now) for kind, key in budgets}
        except TooManyGuesses:
            self._refused(account_id, agent, "too_many_guesses")
            raise

    def _refused(self, account_id: str, agent: Agent, result: str) -> None:
        with self._database.writing() as connection:
            self._record(connection, EventType.CALL_REFUSED, account_id, agent, self._clock(), result=result)

    def _record(
        self,
        connection: Connection,
        type: EventType,
        account_id: str,
        agent: Agent,
        now: float,
        *,
        result: str = "ok",
        details: dict[str, Any] | None = None,
    ) -> None:
        event = Event(
            type=type,
            at=now,
            actor=agent.actor,
            result=result,
            account_id=account_id,
            reference=agent.reference,
            details=details or {},
        )
        record(connection, event, entropy=self._entropy)
