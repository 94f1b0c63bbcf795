"""The rows behind second factors, recovery codes, and browsers in which a second factor need not be shown again."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant, Json, table_of
from idp.storage.prune import prunable

DAY = 86_400.0


class Factor(Base):
    """One factor that an account has proved to have; nothing is stored here before that.

    `kind` is one of `mfa.policy.Factor`. `secret` is a sealed TOTP seed; `credential_id`, `public_key` (COSE) and
    `sign_count` belong to a passkey; `phone_number` (E.164) to codes by text. `facts` holds what a passkey said of
    itself when it was made (aaguid, transports, backup_eligible, backed_up).
    """

    __tablename__ = "factors"
    __table_args__ = (
        Index("ix_factors_account_id", "account_id"),
        Index("ix_factors_credential_id", "credential_id", unique=True),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Instant]
    last_used_at: Mapped[Instant | None] = mapped_column(default=None)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    credential_id: Mapped[bytes | None] = mapped_column(LargeBinary(1023), default=None)
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    phone_number: Mapped[str | None] = mapped_column(String(32), default=None)
    facts: Mapped[Json] = mapped_column(default_factory=dict)


class RecoveryCode(Base):
    """One code of the account's present set, as a keyed hash; `spent_at` is when it was used."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[str] = mapped_column(String(64), ForeignKey("accounts.id"), primary_key=True)
    tag: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    created_at: Mapped[Instant]
    spent_at: Mapped[Instant | None] = mapped_column(default=None)


class RememberedDevice(Base):
    """A browser in which one account need not show its second factor again before `expires_at`."""

    __tablename__ = "remembered_devices"
    __table_args__ = (
        Index("ix_remembered_devices_account_id", "account_id"),
        Index("ix_remembered_devices_expires_at", "expires_at"),
    )

    handle_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    user_agent_label: Mapped[str | None] = mapped_column(String(120), default=None)


class TextedCode(Base):
    """The newest code that one place (a journey, a session) has asked for by text, for one account.

    `factor_id` is the factor it goes to, None while a number is being added. `tag` is the keyed hash of the code, made
    when it is sent; `expires_at` is ten minutes after that.
    """

    __tablename__ = "texted_codes"
    __table_args__ = (Index("ix_texted_codes_expires_at", "expires_at"),)

    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    place: Mapped[str] = mapped_column(String(64), primary_key=True)
    challenge_id: Mapped[str] = mapped_column(String(32))
    phone_number: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    factor_id: Mapped[str | None] = mapped_column(String(32), default=None)
    tag: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    spent_at: Mapped[Instant | None] = mapped_column(default=None)


FACTORS = table_of(Factor)
RECOVERY_CODES = table_of(RecoveryCode)
REMEMBERED = table_of(RememberedDevice)
TEXTED_CODES = table_of(TextedCode)

prunable("remembered_devices", REMEMBERED, "expires_at", DAY)
prunable("texted_codes", TEXTED_CODES, "expires_at", DAY)
