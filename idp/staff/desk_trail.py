"""What agents look for and look at, written down: searches, views, revealed values, and what was refused to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from idp.acts.desk_agent import Agent
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.flows.parts import Parts


def note(
    parts: Parts,
    connection: Connection,
    type: EventType,
    agent: Agent,
    *,
    account_id: str | None,
    result: str = "ok",
    **details: Any,  # noqa: ANN401 - what an event tells
) -> None:
    """Write an event of the desk into the trail, under the number of this request."""
    told: Mapping[str, Any] = details
    event = Event(
        type=type,
        at=parts.issuer.clock(),
        actor=agent.actor,
        result=result,
        account_id=account_id,
        reference=agent.reference,
        details=told,
    )
    record(connection, event, entropy=parts.issuer.entropy)
