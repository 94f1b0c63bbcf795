"""What commands do that take two people: propose, and say where the second one approves; or break the glass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click
from sqlalchemy import Connection

from idp.acts.approvals import break_glass, propose
from idp.acts.staff_members import staff_members
from idp.acts.two_person_acts import Doing, Outcome, TwoPersonAct, run
from idp.cli.opened import Opened
from idp.cli.printing import when
from idp.settings import Settings
from idp.storage.approval_rows import Approval
from idp.web.reference import new_reference

break_glass_option = click.option(
    "--break-glass",
    "alone",
    metavar="REASON",
    help="Do it alone, now. Every security engineer is told, with the reason.",
)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it: `outcome` when it was done, `proposal` (for programs) when a second person is waited for."""

    reference: str
    outcome: Outcome | None
    proposal: Mapping[str, Any]

    def said(self) -> str:
        """Say in words what is waited for."""
        return f"a second person decides until {when(self.proposal['expires_at'])}: {self.proposal['approve_at']}" + (
            "" if self.proposal["approvers"] else "\nNobody can: invite a security engineer, or see --break-glass."
        )


def with_two_people(service: Opened, act: TwoPersonAct, arguments: Mapping[str, Any], *, alone: str | None) -> Told:
    """Propose the act; do it at once where the glass is broken, or where one person is enough (`two_person_acts`)."""
    acting = service.acting()
    doing = Doing(reference=new_reference(service.entropy), **acting)
    with service.database.writing() as connection:
        if alone is not None:
            return Told(doing.reference, break_glass(connection, act, arguments, reason=alone, doing=doing).outcome, {})
        if not service.settings.two_person_acts:
            return Told(doing.reference, run(connection, act, arguments, doing), {})
        return Told(doing.reference, None, _proposed(connection, service, act, arguments, doing))


def approve_at(settings: Settings, approval: Approval) -> str:
    """Give the address at which a second person decides."""
    return f"{settings.issuer}/security/approvals/{approval.id}"


def _proposed(
    connection: Connection, service: Opened, act: TwoPersonAct, arguments: Mapping[str, Any], doing: Doing
) -> dict[str, Any]:
    approval = propose(connection, act, arguments, doing=doing)
    return {
        "approval": approval.id,
        "approve_at": approve_at(service.settings, approval),
        "expires_at": approval.expires_at,
        "approvers": sum(member.can_approve for member in staff_members(connection)),
    }
