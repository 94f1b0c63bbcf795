"""The row behind an account.

`user_id` and `email` are kept as they were given, for display; `user_id_key` and `email_key` are their canonical forms,
by which they are found. A user ID is unique; an address may belong to several accounts.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant, Json
from idp.storage.prune import prunable

DAY = 86_400.0


class Account(Base):
    """One person who signs in; `id` is the `sub` of tokens and is never given to anyone else.

    `locked_down_at` is when the owner said "this wasn't me": only recovery opens the account again. `phrase` is the
    anti-phishing phrase that mails carry; `preferences` what the person chose on the account pages; `role` what a
    member of staff may do, None for customers; `closes_at` when the account is closed, if its owner wants that.
    """

    __tablename__ = "accounts"
    __table_args__ = (Index("ix_accounts_email_key", "email_key"), Index("ix_accounts_closes_at", "closes_at"))

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(254))
    user_id_key: Mapped[str] = mapped_column(String(254), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    email: Mapped[str | None] = mapped_column(String(254), default=None)
    email_key: Mapped[str | None] = mapped_column(String(254), default=None)
    email_verified: Mapped[bool] = mapped_column(default=False)
    phone_number: Mapped[str | None] = mapped_column(String(32), default=None)
    phone_number_verified: Mapped[bool] = mapped_column(default=False)
    claims: Mapped[Json] = mapped_column(default_factory=dict)
    locale: Mapped[str | None] = mapped_column(String(35), default=None)
    not_before: Mapped[Instant | None] = mapped_column(default=None)
    recovered_at: Mapped[Instant | None] = mapped_column(default=None)
    locked_down_at: Mapped[Instant | None] = mapped_column(default=None)
    phrase: Mapped[str | None] = mapped_column(String(64), default=None)
    preferences: Mapped[Json] = mapped_column(default_factory=dict, server_default="{}")
    role: Mapped[str | None] = mapped_column(String(16), default=None)
    closes_at: Mapped[Instant | None] = mapped_column(default=None)


class StaffInvitation(Base):
    """A one-time link by which a member of staff enrols; `token_digest` is SHA-256 of what the link carries.

    At most one per account is alive: neither spent, nor voided by a later one, nor past `expires_at`.
    """

    __tablename__ = "staff_invitations"
    __table_args__ = (Index("ix_staff_invitations_account_id", "account_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), ForeignKey("accounts.id"))
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_by: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    spent_at: Mapped[Instant | None] = mapped_column(default=None)
    voided_at: Mapped[Instant | None] = mapped_column(default=None)


class EmailChange(Base):
    """A change of an account's e-mail address to `address`, asked for in session `sid`; `former` was there before.

    `code_tag` is the keyed hash of the code mailed to the new address, until it is used. `confirmed_at` is when the
    address became the account's, `ended_at` when nothing could be confirmed any more.
    """

    __tablename__ = "email_changes"
    __table_args__ = (
        Index("ix_email_changes_account_id", "account_id"),
        Index("ix_email_changes_requested_at", "requested_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), ForeignKey("accounts.id"))
    sid: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(254))
    requested_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    former: Mapped[str | None] = mapped_column(String(254), default=None)
    code_tag: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    confirmed_at: Mapped[Instant | None] = mapped_column(default=None)
    ended_at: Mapped[Instant | None] = mapped_column(default=None)


ACCOUNTS = cast("Table", Account.__table__)
EMAIL_CHANGES = cast("Table", EmailChange.__table__)
INVITATIONS = cast("Table", StaffInvitation.__table__)

# For so long a lock-down can tell that the address was changed lately, and by what it was before.
prunable("email_changes", EMAIL_CHANGES, EMAIL_CHANGES.c.requested_at, 30 * DAY)

# Who was invited is in the audit trail for good; a dead link is kept as long as somebody may still ask about it.
prunable("staff_invitations", INVITATIONS, INVITATIONS.c.expires_at, 30 * DAY)
