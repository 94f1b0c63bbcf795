"""The ceiling: no scope goes to a person whose parts in contracts allow less than the scope does.

Which permission a scope of an API needs stands in the settings. One that is not listed there and whose name says that
it writes needs the most there is, so that a scope that somebody forgot to list gives nobody too much.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import Connection, select

from idp.accounts.contract_policy import Permission
from idp.accounts.permissions import permissions_by_account
from idp.issuance.grants import end_grants
from idp.issuance.models import Grant
from idp.storage.models import table_of

NONE = "none"
"""Written in the settings for a scope that has nothing to do with contracts."""

_WRITES = re.compile(r"[.:/](write|create|update|delete|manage|admin)\Z")
_G = table_of(Grant)


def ceiling_faults(needed: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each entry of the setting that is none."""
    names = (*Permission, NONE)
    for one in needed:
        if one.rpartition("=")[2] not in names or not one.rpartition("=")[0]:
            yield f"{one!r} must be a scope, = and one of {', '.join(names)}"


class Ceiling:
    """What each scope needs."""

    def __init__(self, needed: Iterable[str]) -> None:
        """Take `scope=permission` of each scope; the permission is `none` where it is everybody's."""
        told = dict(one.rsplit("=", 1) for one in needed)
        self._needed = {scope: None if name == NONE else Permission(name) for scope, name in told.items()}

    def needs(self, scope: str) -> Permission | None:
        """Give the permission without which nobody gets this scope, None for one that is everybody's."""
        if scope in self._needed:
            return self._needed[scope]
        return Permission.MANAGE if _WRITES.search(scope) else None

    def beneath(self, scopes: Iterable[str], permissions: Collection[str]) -> tuple[str, ...]:
        """Give those of the scopes that somebody with these permissions may have, in their order."""
        return tuple(scope for scope in scopes if (needed := self.needs(scope)) is None or needed in permissions)

    def exceeded(self, scopes: Collection[str], permissions: Collection[str]) -> bool:
        """Whether one of the scopes is more than these permissions allow."""
        return len(self.beneath(scopes, permissions)) < len(scopes)


def end_grants_beyond(
    connection: Connection, ceiling: Ceiling, *, account_ids: Collection[str], now: float
) -> tuple[str, ...]:
    """End the grants of these accounts that hold more than the accounts may have now; apps ask again and get less."""
    if not account_ids:
        return ()
    allowed = permissions_by_account(connection, account_ids, now=now)
    live = select(_G.c.id, _G.c.account_id, _G.c.scopes).where(
        _G.c.account_id.in_(list(account_ids)), _G.c.ended_at.is_(None), _G.c.expires_at > now
    )
    beyond = [row.id for row in connection.execute(live) if ceiling.exceeded(row.scopes, allowed[row.account_id])]
    return end_grants(connection, _G.c.id.in_(beyond), now=now) if beyond else ()
