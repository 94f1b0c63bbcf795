"""Who is at the other end of a page, as far as the audit trail, lockout and the person's own sessions want to know."""

from __future__ import annotations

from dataclasses import dataclass, field

from idp.audit.events import Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A browser's address and name, and the reference number under which support finds this request.

    `address` is empty when a proxy does not say whom it speaks for: its own address would stand for many.
    `device_digest` is SHA-256 of the known-device cookie, `remembered_digest` that of the cookie under which a second
    factor is remembered; None where the browser sent none.
    """

    address: str
    user_agent: str | None
    reference: str
    device_digest: bytes | None = field(default=None, repr=False)
    remembered_digest: bytes | None = field(default=None, repr=False)

    @property
    def personal(self) -> Personal:
        """What the audit trail must be able to forget."""
        return Personal(address=self.address or None, user_agent=self.user_agent)
