"""Rows behind consents, grants, authorization codes and refresh tokens.

A *consent* remembers what an account allowed a client. A *grant* is one authorization: the root of a token family, so
that ending it ends every code, access token and refresh token that descends from it. Codes and refresh tokens are kept
after use, because only a kept row can tell a replay from a guess.
"""

from __future__ import annotations

from sqlalchemy import Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant, JsonType
from idp.storage.prune import prunable

DAY = 86_400.0


class Consent(Base):
    """What an account allowed a client, remembered until it is withdrawn."""

    __tablename__ = "consents"

    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    scopes: Mapped[list[str]] = mapped_column(JsonType)
    granted_at: Mapped[Instant]
    withdrawn_at: Mapped[Instant | None] = mapped_column(default=None)


class Grant(Base):
    """One authorization given at one sign-in; the family root of its tokens."""

    __tablename__ = "grants"
    __table_args__ = (
        Index("ix_grants_account_id", "account_id"),
        Index("ix_grants_client_id", "client_id"),
        Index("ix_grants_sid", "sid"),
        Index("ix_grants_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    client_id: Mapped[str] = mapped_column(String(128))
    sid: Mapped[str] = mapped_column(String(32))
    scopes: Mapped[list[str]] = mapped_column(JsonType)
    claims_request: Mapped[dict[str, dict[str, object]]] = mapped_column(JsonType)
    acr: Mapped[str] = mapped_column(String(64))
    amr: Mapped[list[str]] = mapped_column(JsonType)
    offline: Mapped[bool]
    auth_time: Mapped[Instant]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None] = mapped_column(default=None)
    shared_device: Mapped[bool] = mapped_column(default=False, server_default=false())


class AuthorizationCode(Base):
    """A code waiting for, or spent by, its one exchange (RFC 6749 §4.1.2)."""

    __tablename__ = "authorization_codes"
    __table_args__ = (Index("ix_authorization_codes_expires_at", "expires_at"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    grant_id: Mapped[str] = mapped_column(String(32))
    client_id: Mapped[str] = mapped_column(String(128))
    redirect_uri: Mapped[str] = mapped_column(String(2048))
    redirect_uri_sent: Mapped[bool]
    code_challenge: Mapped[str | None] = mapped_column(String(43))
    nonce: Mapped[str | None] = mapped_column(String(512))
    issued_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None] = mapped_column(default=None)


class RefreshToken(Base):
    """One link of a refresh family (RFC 6749 §6, RFC 9700 §4.14.2)."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("ix_refresh_tokens_grant_id", "grant_id"),
        Index("ix_refresh_tokens_idle_expires_at", "idle_expires_at"),
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    grant_id: Mapped[str] = mapped_column(String(32))
    client_id: Mapped[str] = mapped_column(String(128))
    issued_at: Mapped[Instant]
    idle_expires_at: Mapped[Instant]
    rotated_at: Mapped[Instant | None] = mapped_column(default=None)
    successor_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)


# A spent code is kept a day so that its replay is recognised; a family a week past its end, for the support desk.
prunable("authorization_codes", AuthorizationCode.__table__, "expires_at", DAY)
prunable("refresh_tokens", RefreshToken.__table__, "idle_expires_at", 7 * DAY)
prunable("grants", Grant.__table__, "expires_at", 7 * DAY)


class KeyPickUp(Base):
    """A client has fetched a key from its own address, for the first time at this instant."""

    __tablename__ = "key_pick_ups"

    client_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[Instant]


prunable("key_pick_ups", KeyPickUp.__table__, "at", 400 * 86_400.0)
