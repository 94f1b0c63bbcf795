"""Who acts at the support desk: a member of staff, in the one session in which callers proved themselves to them."""

from __future__ import annotations

from dataclasses import dataclass

from idp.acts.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """The member of staff who is on the telephone, the session they sit in, and the number of this request."""

    account_id: str
    sid: str
    reference: str

    @classmethod
    def of(cls, person: Standing, reference: str) -> Agent:
        """Name the agent who is signed in."""
        return cls(account_id=person.account_id, sid=person.session.sid if person.session else "", reference=reference)

    @property
    def actor(self) -> str:
        """What the audit trail calls them."""
        return f"account:{self.account_id}"
