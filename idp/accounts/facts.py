"""An account as it was read: a value, not a row that could be written back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """Everything that is known about an account; instants are seconds since the epoch."""

    id: str
    user_id: str
    user_id_key: str
    kind: str
    status: str
    email: str | None
    email_key: str | None
    email_verified: bool
    phone_number: str | None
    phone_number_verified: bool
    claims: Mapping[str, Any]
    locale: str | None
    created_at: float
    updated_at: float
    not_before: float | None
    recovered_at: float | None = None
    locked_down_at: float | None = None
    phrase: str | None = None
    role: str | None = None
