"""The row behind a registered relying party."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from idp.storage.models import Base, Instant, JsonType


class ClientRow(Base):
    """One registered client; `metadata_` uses the member names of RFC 7591 §2 and its registry."""

    __tablename__ = "clients"

    client_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", JsonType)
    secrets: Mapped[list[dict[str, Any]]] = mapped_column(JsonType)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    disabled_at: Mapped[Instant | None] = mapped_column(default=None)
