"""A person gives themselves a new password: everything that rested on the old one ends, and the act is recorded.

Browsers that saved showing the second factor are forgotten in every case. Sessions and grants end too, save those of
the browser before them, and the others when the person says so: never when the old password may be known to others.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from idp.acts.end_sessions import end_sessions_of_account_and_tell
from idp.acts.new_password import NewPassword, store_new_password
from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.verify_password import PasswordCheck
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.remembered import forget_remembered
from idp.passwords.credentials import find_credential, still_as_checked
from idp.passwords.hasher import WrongPassword
from idp.passwords.models import CREDENTIALS
from idp.sessions.facts import LiveSession
from idp.sessions.renew import renew_id
from idp.storage.handles import Entropy


def change_own_password(
    connection: Connection,
    *,
    check: PasswordCheck,
    new: NewPassword,
    here: LiveSession,
    sign_out: bool,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> str:
    """Change a password for whoever has just shown the present one in a session that was opened lately.

    The session goes on under a new handle, which is given: it rests on the password that was shown now. The rest is as
    in `change_password`.

    Raises:
        WrongPassword: another one was set while it was being checked.
        SessionGone: the session has ended meanwhile.
    """
    stored = check.attempt.account.password_hash if check.attempt.account else None
    bound = {"checked_account_id": check.account_id, "checked_hash": stored}
    present = select(CREDENTIALS.c.account_id).where(still_as_checked()).with_for_update()
    if connection.execute(present, bound).one_or_none() is None:
        raise WrongPassword
    change_password(
        connection,
        account_id=check.account_id,
        new=new,
        visitor=visitor,
        entropy=entropy,
        now=now,
        here=here.sid,
        sign_out=sign_out,
    )
    return renew_id(
        connection,
        handle_digest=here.id_digest,
        acr=here.acr,
        amr=here.amr,
        auth_time=now,
        now=now,
        entropy=entropy,
    )


def change_password(
    connection: Connection,
    *,
    account_id: str,
    new: NewPassword,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
    here: str | None = None,
    sign_out: bool = True,
) -> None:
    """Store a new password, and end every session and grant of the account.

    `here` is the `sid` of a session that goes on; without `sign_out` the others and their grants go on as well.
    """
    before = find_credential(connection, account_id=account_id)
    everywhere = sign_out or before is None or before.compromised_at is not None
    store_new_password(connection, new, account_id=account_id, keep_sign_ins=not everywhere, now=now)
    forget_remembered(connection, account_id=account_id)
    ended = None
    if everywhere:
        ended = end_sessions_of_account_and_tell(
            connection, account_id=account_id, except_sid=here, entropy=entropy, now=now
        )
    event = Event(
        type=EventType.PASSWORD_CHANGED,
        at=now,
        actor=f"account:{account_id}",
        account_id=account_id,
        reference=visitor.reference,
        details={"signed_out": everywhere, "sessions_ended": len(ended.sids) if ended else 0},
        personal=visitor.personal,
    )
    record(connection, event, entropy=entropy)
    tell_owner(
        connection, notice=Notice.PASSWORD_CHANGED, account_id=account_id, visitor=visitor, entropy=entropy, now=now
    )
