"""The row behind a password."""

from __future__ import annotations

from typing import cast

from sqlalchemy import ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant


class PasswordCredential(Base):
    """One account's password; `hash` is the stored form of `hasher.py`, never a password.

    `must_change` marks one that somebody else has chosen; `compromised_at` is when it was found in strangers' hands.
    """

    __tablename__ = "password_credentials"

    account_id: Mapped[str] = mapped_column(String(64), ForeignKey("accounts.id"), primary_key=True)
    hash: Mapped[str] = mapped_column(String(255))
    changed_at: Mapped[Instant]
    must_change: Mapped[bool] = mapped_column(default=False)
    compromised_at: Mapped[Instant | None] = mapped_column(default=None)


CREDENTIALS = cast("Table", PasswordCredential.__table__)
