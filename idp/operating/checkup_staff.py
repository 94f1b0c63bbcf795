"""The part of the check-up about staff: whether two can act together, and what one has done alone."""

from __future__ import annotations

from collections.abc import Iterator

from idp.acts.approvals import LOUD_SECONDS
from idp.acts.staff_members import staff_members
from idp.operating.checkup import Finding, Status
from idp.settings import Settings
from idp.storage.approval_rows import done_alone_since
from idp.storage.database import Database

ENOUGH = 2
INVITE = "idp accounts invite USER_ID --kind staff --role security"


def look_at_staff(database: Database, settings: Settings, now: float) -> Iterator[Finding]:
    """Look at who could approve, and at what was done without that within the last thirty days."""
    with database.reading() as connection:
        engineers = sum(member.can_approve for member in staff_members(connection))
        alone = done_alone_since(connection, now - LOUD_SECONDS)
    if engineers >= ENOUGH:
        yield Finding("staff", Status.OK, f"{engineers} security engineers can sign in")
    else:
        text = f"{engineers or 'no'} security engineer can sign in: nobody can approve what one proposes"
        yield Finding("staff", Status.WARN, text, INVITE)
    if not settings.two_person_acts:
        text = "one person is enough for what can't be undone (two_person_acts is off)"
        yield Finding("two people", Status.WARN, text, "two_person_acts = true, once there are two of you")
    for one in alone:
        text = f"{one.proposed_by} did {one.act} alone: {one.reason}"
        yield Finding("broken glass", Status.WARN, text, "talk it over; this line goes after thirty days")
