"""What has ended, in memory: every process's view of the marks, so that asking about a token costs no statement.

A mark says "(kind, id) is void for whatever was issued before this instant"; a grant or session that ended is void for
good, whatever time the node that issued from it thought it was. Access tokens live five minutes, so what was learned
`KEEP_SECONDS` ago can no longer matter to one and is forgotten (counted on the monotonic clock: no jump brings back).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from idp.storage.marks import Mark

KEEP_SECONDS = 900.0
FOR_GOOD = frozenset({"grant", "session"})


class EndedView:
    """The marks that still matter, by (kind, id)."""

    def __init__(self) -> None:
        self._not_before: dict[tuple[str, str], float] = {}
        self._learned: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def apply(self, marks: Sequence[Mark]) -> None:
        """Take marks in, in any order and any number of times."""
        if not marks:
            return
        with self._lock:
            now = time.monotonic()
            view = {key: at for key, at in self._not_before.items() if self._learned[key] > now - KEEP_SECONDS}
            for mark in marks:
                key = (mark.kind, mark.id)
                not_before = math.inf if mark.kind in FOR_GOOD else mark.not_before
                view[key] = max(view.get(key, 0.0), not_before)
                self._learned[key] = now
            self._learned = {key: self._learned[key] for key in view}
            self._not_before = view

    def ended(self, kind: str, id: str, issued_at: float) -> bool:
        """Whether what (kind, id) issued at this whole second is void; the mark's own second counts as before."""
        not_before = self._not_before.get((kind, id))
        return not_before is not None and issued_at <= not_before

    def token_ended(self, claims: Mapping[str, Any]) -> bool:
        """Whether an access token's grant, session, account or client has ended since it was issued.

        A key that was compromised leaves the ring itself, so no token of it comes this far.
        """
        if not self._not_before:
            return False
        issued_at = claims["iat"]
        return any(
            name is not None and self.ended(kind, name, issued_at)
            for kind, name in (
                ("grant", claims.get("grant_id")),
                ("session", claims.get("sid")),
                ("account", claims.get("sub")),
                ("client", claims.get("client_id")),
                ("all", ""),
            )
        )
