"""/security/approvals: what waits for a second person, with its age, and the page on which that person decides."""

from __future__ import annotations

from collections.abc import Mapping

import flask
import orjson

from idp.accounts.find import find_by_id
from idp.acts.approvals import (
    ENGINEERS,
    ApprovalUnknown,
    DecidedAlready,
    NotTheApprover,
    approve,
    deciders,
    is_same_person,
    refuse,
)
from idp.acts.desk_rules import DeskRefused
from idp.acts.standing import Standing
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import fail, reference_of, sent_fields
from idp.issuance.pick_up import NotPickedUp
from idp.staff.roles import Action
from idp.staff.visit import console_page, doing_of, page_name, posted_by_staff, shown_to_staff, staff_at
from idp.storage.approval_rows import Approval, find_approval, list_approvals, open_approvals
from idp.storage.key_rows import RingMoved, read_ring
from idp.web.errors import ShownError
from keys.errors import KeysError

PAGE = "approval"
ONE = f"{Back.SECURITY_APPROVALS}/<approval_id>"


def approval_pages(parts: Parts) -> flask.Blueprint:
    """Give the pages at /security/approvals and /security/approvals/ID."""
    pages = flask.Blueprint("security_approvals", __name__)

    @pages.get(Back.SECURITY_APPROVALS)
    def queue() -> flask.Response:
        return shown_to_staff(
            parts, Back.SECURITY_APPROVALS, Action.SEE_APPROVALS, lambda person: _queue(parts, person)
        )

    @pages.get(ONE)
    def one(approval_id: str) -> flask.Response:
        return shown_to_staff(
            parts, Back.SECURITY_APPROVALS, Action.SEE_APPROVALS, lambda person: _one(parts, person, approval_id)
        )

    @pages.post(ONE)
    def decided(approval_id: str) -> flask.Response:
        return posted_by_staff(
            parts,
            page_name(PAGE),
            Back.SECURITY_APPROVALS,
            _deciding(parts, approval_id),
            lambda _person: _decided(parts, approval_id),
        )

    return pages


def _deciding(parts: Parts, approval_id: str) -> Action:
    """Name the action of deciding on a proposal; what nobody has proposed is the engineers' to decide on."""
    with parts.issuer.database.reading() as connection:
        approval = find_approval(connection, approval_id)
    return Action.DECIDE_AT_DESK if approval and deciders(approval.act) != ENGINEERS else Action.DECIDE


def _queue(parts: Parts, person: Standing) -> flask.Response:
    now = parts.issuer.clock()
    with parts.issuer.database.reading() as connection:
        # However many somebody proposes, none that can still be decided on is pushed off the page.
        waiting = open_approvals(connection, now)
        past = [one for one in list_approvals(connection) if not one.is_open(now)]
    return console_page(parts, "approvals", person, waiting=waiting, past=past, done=flask.request.args.get("done"))


def _one(parts: Parts, person: Standing, approval_id: str) -> flask.Response:
    with parts.issuer.database.reading() as connection:
        approval = find_approval(connection, approval_id)
    if approval is None:
        fail("not_found", status=404, detail="no such proposal")
    return console_page(
        parts,
        PAGE,
        person,
        approval=approval,
        open=approval.is_open(parts.issuer.clock()),
        decides=person.role in deciders(approval.act),
        own=is_same_person(approval.proposed_by, person),
        seen=approval.digest.hex(),
        action=f"{Back.SECURITY_APPROVALS}/{approval.id}",
        arguments=_arguments(parts, approval),
    )


def _arguments(parts: Parts, approval: Approval) -> list[tuple[str, str, str | None]]:
    """List every argument, nothing left out, with what it stands for: what is approved is what is read here."""
    listed: list[tuple[str, str, str | None]] = []
    for name, value in sorted(approval.arguments.items()):
        if isinstance(value, Mapping):
            listed += [
                (inner, orjson.dumps(new).decode(), _new_level(inner, new)) for inner, new in sorted(value.items())
            ]
        else:
            listed.append((name, str(value), _meaning(parts, name, str(value))))
    return listed


def _new_level(name: str, value: object) -> str | None:
    return str(value) if name == "minimum_acr" and value is not None else None


def _meaning(parts: Parts, name: str, value: str) -> str | None:
    if name == "client_id":
        client = parts.issuer.directory.find(value)
        return client.name if client else None
    with parts.issuer.database.reading() as connection:
        if name == "kid":
            return next((key.algorithm for key in read_ring(connection).records if key.kid == value), None)
        account = find_by_id(connection, account_id=value) if name == "account_id" else None
    return account.user_id if account else None


def _decided(parts: Parts, approval_id: str) -> flask.Response:
    action = sent_fields().get("action")
    if action not in {"approve", "refuse"}:
        fail("input_invalid", detail="neither approve nor refuse")
    try:
        with parts.issuer.database.writing() as connection:
            # Read anew under a hold: a session that ends at this moment approves nothing.
            person = staff_at(parts, connection, hold=True)
            if person is None:
                fail("approval_unknown", status=409, detail="the session has ended")
            doing = doing_of(parts, person)
            if action == "approve":
                approve(connection, approval_id, by=person, seen=sent_fields().get("seen", ""), doing=doing)
            else:
                refuse(connection, approval_id, by=person, doing=doing)
    except (ApprovalUnknown, NotTheApprover, DecidedAlready) as error:
        raise ShownError(key="approval_unknown", reference=reference_of(), status=409, detail=str(error)) from error
    except (KeysError, RingMoved, NotPickedUp, DeskRefused) as error:
        raise ShownError(key="act_refused", reference=reference_of(), status=409, detail=str(error)) from error
    return see_other(f"{Back.SECURITY_APPROVALS}?done={action}")
