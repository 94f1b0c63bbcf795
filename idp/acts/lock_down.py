"""The owner says "this wasn't me": the account is locked down, and nothing else can be done by it.

Invariant: nobody signs in and no token is issued until the account was recovered. A link from a mail carries no secret
of the account: it is the account's id and an instant under a MAC, opens nothing, and locks once; whoever finds it can
cause trouble and take nothing. An address that was changed lately stops counting as confirmed, since the one who
changed it may be the thief, and the way back must not lead to them.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from idp.accounts.email_changes import doubt_latest_address, void_changes
from idp.accounts.locked_down import note_locked_down
from idp.acts.end_sessions import end_sessions_of_account_and_tell
from idp.acts.share_contract import end_shares_given
from idp.acts.tell_owner import Notice, tell_owner
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.issuance.ceiling import Ceiling
from idp.lockout.forget_devices import forget_known_devices
from idp.mfa.remembered import forget_remembered
from idp.passwords.credentials import note_compromised
from idp.passwords.recoveries import void_recoveries
from idp.storage.call_rows import forget_calls
from idp.storage.handles import Entropy
from idp.storage.spent import AlreadySpent, spend
from keys.errors import BadTag
from keys.mac import MacKey

LINK_SECONDS: Final = 7 * 86_400.0
"""How long the link in a mail works: people read their mail after the holidays."""

MAX_TOKEN: Final = 200
_PURPOSE: Final = b"lock down"


class LinkUnusable(LookupError):
    """Not a link of ours, or its time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockDownLink:
    """What a link says: which account it locks, and until when it works (an instant)."""

    account_id: str
    token: str
    expires_at: float


class LockDownLinks:
    """Makes and reads the links; `key` has the purpose "proof"."""

    def __init__(self, key: MacKey, *, issuer: str) -> None:
        self._key = key
        self._issuer = issuer

    def address(self, *, account_id: str, mailed_at: float) -> str:
        """Give the address for a mail; the same mail written again has the same one."""
        expires = str(int(mailed_at + LINK_SECONDS))
        tag = urlsafe_b64encode(self._key.tag(*_parts(account_id, expires))).rstrip(b"=").decode()
        return f"{self._issuer}/lock-down?token={account_id}.{expires}.{tag}"

    def read(self, token: str, *, now: float) -> LockDownLink:
        """Give what a link says.

        Raises:
            LinkUnusable: see there.
        """
        account_id, _, rest = token[:MAX_TOKEN].partition(".")
        expires, _, tag = rest.partition(".")
        try:
            self._key.check(urlsafe_b64decode(f"{tag}="), *_parts(account_id, expires))
        except (BadTag, ValueError) as error:
            raise LinkUnusable("not a link of ours") from error
        if now >= int(expires):
            raise LinkUnusable("its time is over")
        return LockDownLink(account_id=account_id, token=token, expires_at=float(expires))


def lock_down_by_link(
    connection: Connection, link: LockDownLink, *, ceiling: Ceiling, visitor: Visitor, entropy: Entropy, now: float
) -> bool:
    """Lock down the account of a link; gives whether that had an effect. A link that was used has none ever again."""
    with suppress(AlreadySpent):
        # Not the token as it came: the same octets can be written in base64 in several ways.
        said = f"{link.account_id}.{link.expires_at}"
        spend(connection, kind="lock_down", artifact=said, expires_at=link.expires_at, now=now)
        return lock_down(
            connection,
            account_id=link.account_id,
            by="mail",
            ceiling=ceiling,
            visitor=visitor,
            entropy=entropy,
            now=now,
        )
    return False


def lock_down(
    connection: Connection,
    *,
    account_id: str,
    by: str,
    ceiling: Ceiling,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> bool:
    """Lock an account down; gives whether it had not been before. `by` names the way: "account page" or "mail"."""
    if not note_locked_down(connection, account_id=account_id, now=now):
        return False
    note_compromised(connection, account_id=account_id, now=now)
    ended = end_sessions_of_account_and_tell(connection, account_id=account_id, entropy=entropy, now=now)
    devices = forget_known_devices(connection, account_id=account_id)
    devices += forget_remembered(connection, account_id=account_id)
    void_recoveries(connection, account_id=account_id, now=now)
    void_changes(connection, account_id=account_id, now=now)
    forget_calls(connection, account_id=account_id)
    shares = end_shares_given(connection, ceiling, account_id=account_id, visitor=visitor, entropy=entropy, now=now)
    former = doubt_latest_address(connection, account_id=account_id, now=now)
    event = Event(
        type=EventType.ACCOUNT_LOCKED_DOWN,
        at=now,
        actor=f"account:{account_id}" if by == "account page" else "anonymous",
        account_id=account_id,
        reference=visitor.reference,
        details={
            "by": by,
            "sessions": len(ended.sids),
            "grants": ended.grants,
            "devices": devices,
            "shares": shares,
            "address_doubted": bool(former),
        },
        personal=visitor.personal,
    )
    record(connection, event, entropy=entropy)
    tell_owner(
        connection,
        notice=Notice.LOCKED_DOWN,
        account_id=account_id,
        visitor=visitor,
        entropy=entropy,
        now=now,
        words={"doubted": int(bool(former))},
        also=former,
    )
    return True


def _parts(account_id: str, expires: str) -> tuple[bytes, ...]:
    return _PURPOSE, account_id.encode("utf-8", "surrogatepass"), expires.encode("utf-8", "surrogatepass")
