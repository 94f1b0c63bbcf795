"""A password is in strangers' hands: it opens nothing any more, what rested on it ends, and the owner is told.

What comes next is decided where it always is: whoever signs in with it is sent to choose a new one by mail.
"""

from __future__ import annotations

from sqlalchemy import Connection

from idp.acts.end_sessions import EndedSessions, end_sessions_of_account_and_tell
from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.lockout.forget_devices import forget_known_devices
from idp.mfa.remembered import forget_remembered
from idp.passwords.credentials import note_compromised
from idp.storage.handles import Entropy


class NoPassword(Exception):
    """The account has no password."""


def compromise_password(
    connection: Connection, *, account_id: str, reference: str, actor: str, entropy: Entropy, now: float
) -> EndedSessions:
    """Say that others may know an account's password, and sign it out everywhere.

    `reference` is the number under which support finds this again; the owner's mail names it, too.

    Raises:
        NoPassword: there is none.
    """
    if not note_compromised(connection, account_id=account_id, now=now):
        raise NoPassword(account_id)
    forget_remembered(connection, account_id=account_id)
    # The stranger's may be among them, and would sign in later without the owner being told of a new one.
    forget_known_devices(connection, account_id=account_id)
    ended = end_sessions_of_account_and_tell(connection, account_id=account_id, entropy=entropy, now=now)
    event = Event(
        type=EventType.PASSWORD_COMPROMISED,
        at=now,
        actor=actor,
        account_id=account_id,
        reference=reference,
        details={"sessions_ended": len(ended.sids)},
    )
    record(connection, event, entropy=entropy)
    nobody = Visitor(address="", user_agent=None, reference=reference)
    notice = Notice.PASSWORD_COMPROMISED
    tell_owner(connection, notice=notice, account_id=account_id, visitor=nobody, entropy=entropy, now=now)
    return ended
