"""Calls to the support desk: the code that a caller reads out, and whom an agent has verified by one."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant, table_of
from idp.storage.prune import prunable

DAY = 86_400.0


class CallCodeRow(Base):
    """The newest call code of an account; `code_tag` is its keyed hash, None until it is made and once it is spent.

    `way` is how it came to the person: "session" or "mail". `desk_sid` is the agent's session in which a mailed one
    was asked for and alone is good; None for one that was shown to the person.
    """

    __tablename__ = "call_codes"

    account_id: Mapped[str] = mapped_column(String(64), ForeignKey("accounts.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(32))
    way: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[Instant]
    expires_at: Mapped[Instant] = mapped_column(index=True)
    desk_sid: Mapped[str | None] = mapped_column(String(32), default=None)
    code_tag: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)


class VerifiedCallRow(Base):
    """That a caller proved to an agent, in the agent's session `desk_sid`, that an account is theirs."""

    __tablename__ = "verified_calls"

    desk_sid: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), ForeignKey("accounts.id"), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(64))
    way: Mapped[str] = mapped_column(String(16))
    verified_at: Mapped[Instant]
    expires_at: Mapped[Instant] = mapped_column(index=True)


CODES = table_of(CallCodeRow)
CALLS = table_of(VerifiedCallRow)

# Who called, when and how it was proved is in the audit trail.
prunable("call_codes", CODES, CODES.c.expires_at, DAY)
prunable("verified_calls", CALLS, CALLS.c.expires_at, DAY)
