"""What has ended, in memory: every process's view of the marks, so that asking about a token costs no statement.

A mark says "(kind, id) is void for whatever was issued before this instant". Access tokens live five minutes, so marks
older than `KEEP_SECONDS` can no longer matter to one and are forgotten.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from idp.storage.marks import Mark

KEEP_SECONDS = 900.0


class EndedView:
    """The marks that still matter, by (kind, id)."""

    def __init__(self) -> None:
        self._not_before: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def apply(self, marks: Sequence[Mark]) -> None:
        """Take marks in, in any order and any number of times."""
        if not marks:
            return
        with self._lock:
            newest = max(mark.written_at for mark in marks)
            view = {key: at for key, at in self._not_before.items() if at > newest - KEEP_SECONDS}
            for mark in marks:
                key = (mark.kind, mark.id)
                view[key] = max(view.get(key, 0.0), mark.not_before)
            self._not_before = view

    def ended(self, kind: str, id: str, issued_at: float) -> bool:
        """Whether what (kind, id) issued at this whole second is void; the mark's own second counts as before."""
        not_before = self._not_before.get((kind, id))
        return not_before is not None and issued_at <= not_before

    def token_ended(self, claims: Mapping[str, Any], kid: str | None = None) -> bool:
        """Whether an access token's grant, session, account, client or key has ended since it was issued."""
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
                ("kid", kid),
                ("all", ""),
            )
        )
