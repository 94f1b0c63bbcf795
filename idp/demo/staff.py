"""The demo's security team and support agent. Passkeys can't be seeded: a button invites, the next page makes one.

The button starts the person over, since a newcomer opens the demo in another browser tomorrow. It exists in demo mode
alone; elsewhere an invitation comes from the command line, and takes no passkey away.
"""

from __future__ import annotations

import flask

from idp.accounts.find import find_by_identifier
from idp.accounts.policy import StaffRole
from idp.acts.invite_staff import invite_staff
from idp.acts.reset_factor import reset_factor
from idp.demo.seed import ACTOR
from idp.flows.answers import see_other
from idp.flows.parts import Parts
from idp.flows.visit import fail, reference_of, require_own_post, sent_fields

STAFF = {"sofia": StaffRole.SECURITY, "sergei": StaffRole.SECURITY, "sam": StaffRole.SUPPORT}
PAGE = "demo_home"
PATH = "/demo/staff"


def add_staff(pages: flask.Blueprint, parts: Parts) -> None:
    """Let the front page's buttons invite them."""

    @pages.post(PATH)
    def invited() -> flask.Response:
        require_own_post(parts, page=PAGE, binding="")
        user_id = sent_fields().get("user_id", "")
        if user_id not in STAFF:
            fail("input_invalid", detail="nobody of the demo's staff")
        return see_other(f"/invitation?token={_invitation(parts, user_id)}")


def _invitation(parts: Parts, user_id: str) -> str:
    entropy, now, reference = parts.issuer.entropy, parts.issuer.clock(), reference_of()
    with parts.issuer.database.writing() as connection:
        known = find_by_identifier(connection, identifier=user_id)
        if known is not None:
            reset_factor(connection, account_id=known.id, reference=reference, actor=ACTOR, entropy=entropy, now=now)
        return invite_staff(
            connection,
            user_id=user_id,
            role=STAFF[user_id],
            email=f"{user_id}@example.com",
            reference=reference,
            actor=ACTOR,
            entropy=entropy,
            now=now,
        ).token
