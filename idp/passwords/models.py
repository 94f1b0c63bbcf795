"""The rows behind a password, those that it replaced, and the ways back to one that is forgotten."""

from __future__ import annotations

from typing import cast

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Table, false
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant
from idp.storage.prune import prunable

DAY = 86_400.0


class PasswordCredential(Base):
    """One account's password; `hash` is the stored form of `hasher.py`, never a password.

    `must_change` marks one that somebody else has chosen, or that no longer suffices; `compromised_at` is when it was
    found in strangers' hands. `short` is one that was chosen beside a second factor and is too short to stand alone.
    Sign-ins before `changed_at` are worth nothing; where the person let them go on, those before `kept_from`.
    """

    __tablename__ = "password_credentials"

    account_id: Mapped[str] = mapped_column(String(64), ForeignKey("accounts.id"), primary_key=True)
    hash: Mapped[str] = mapped_column(String(255))
    changed_at: Mapped[Instant]
    must_change: Mapped[bool] = mapped_column(default=False)
    compromised_at: Mapped[Instant | None] = mapped_column(default=None)
    short: Mapped[bool] = mapped_column(default=False, server_default=false())
    kept_from: Mapped[Instant | None] = mapped_column(default=None)


CREDENTIALS = cast("Table", PasswordCredential.__table__)


class FormerPassword(Base):
    """A password that an account had before, in its stored form, so that it is not chosen again."""

    __tablename__ = "former_passwords"

    account_id: Mapped[str] = mapped_column(String(64), ForeignKey("accounts.id"), primary_key=True)
    hash: Mapped[str] = mapped_column(String(255), primary_key=True)
    changed_at: Mapped[Instant]


class Recovery(Base):
    """One request to recover a password or user IDs, known or unknown: to a stranger both are the same.

    `journey_id` names the sign-in that waits for it. `account_id` and `address` stay None when nobody answers to what
    was typed; `counter_key` is what guesses count by.
    `link_digest` and `code_tag` exist from sending to use, `pass_digest` from then on: whoever holds that handle has
    proved themselves, and nobody else has. `factor_proved_at` is when they also showed a second factor of the account,
    `factor_way` how (a value of `mfa.policy.Way`), `factor_id` with which row (None for a recovery code). `ended_at` is
    when it was used, or made void.
    """

    __tablename__ = "recoveries"
    __table_args__ = (
        Index("ix_recoveries_account_id", "account_id"),
        Index("ix_recoveries_address", "address"),
        Index("ix_recoveries_link_digest", "link_digest", unique=True),
        Index("ix_recoveries_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    counter_key: Mapped[str] = mapped_column(String(96))
    browser_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    requested_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    account_id: Mapped[str | None] = mapped_column(String(64), default=None)
    address: Mapped[str | None] = mapped_column(String(254), default=None)
    journey_id: Mapped[str | None] = mapped_column(String(32), default=None)
    link_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    code_tag: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    pass_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    proved_at: Mapped[Instant | None] = mapped_column(default=None)
    factor_proved_at: Mapped[Instant | None] = mapped_column(default=None)
    factor_way: Mapped[str | None] = mapped_column(String(16), default=None)
    factor_id: Mapped[str | None] = mapped_column(String(32), default=None)
    ended_at: Mapped[Instant | None] = mapped_column(default=None)


FORMER = cast("Table", FormerPassword.__table__)
RECOVERIES = cast("Table", Recovery.__table__)

prunable("recoveries", RECOVERIES, RECOVERIES.c.expires_at, DAY)
