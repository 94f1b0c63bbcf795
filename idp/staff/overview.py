"""/security: what needs attention first, then the way to everything else."""

from __future__ import annotations

import flask

from idp.acts.approvals import LOUD_SECONDS
from idp.acts.staff_members import staff_members
from idp.acts.standing import Standing
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.staff.roles import Action
from idp.staff.visit import console_page, shown_to_staff
from idp.storage.approval_rows import done_alone_since, open_approvals
from idp.storage.incident_rows import list_incidents


def overview_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /security."""
    pages = flask.Blueprint("security", __name__)

    @pages.get(Back.SECURITY)
    def overview() -> flask.Response:
        return shown_to_staff(parts, Back.SECURITY, Action.SEE_OVERVIEW, lambda person: _page(parts, person))

    return pages


def _page(parts: Parts, person: Standing) -> flask.Response:
    now = parts.issuer.clock()
    with parts.issuer.database.reading() as connection:
        staff = staff_members(connection)
        waiting = open_approvals(connection, now)
        alone = done_alone_since(connection, now - LOUD_SECONDS)
        incidents = [one for one in list_incidents(connection) if one.reviewed_at is None]
    return console_page(
        parts,
        "overview",
        person,
        staff=staff,
        engineers=sum(member.can_approve for member in staff),
        waiting=len(waiting),
        alone=alone,
        unreviewed=len(incidents),
        two_person_acts=parts.two_person_acts,
    )
