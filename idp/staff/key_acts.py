"""What the buttons of /security/keys do: rotate, try first, contain, review, rehearse, and propose what takes two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import flask

from idp.acts.approvals import propose
from idp.acts.canary_key import NotItsClients
from idp.acts.close_incident import ClosedAlready, IncidentUnknown, ReviewedByTheSame, review_incident
from idp.acts.standing import Standing
from idp.acts.two_person_acts import TwoPersonAct
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import fail, reference_of, sent_fields
from idp.issuance.pick_up import NotPickedUp
from idp.staff.roles import Action
from idp.staff.visit import doing_of
from idp.storage.key_rows import RingMoved, read_ring
from idp.web.errors import ShownError
from keys.errors import KeysError

REFUSALS = (KeysError, RingMoved, NotPickedUp, NotItsClients, IncidentUnknown, ReviewedByTheSame, ClosedAlready)
ACTION_OF: Mapping[str, Action] = {
    "rotate": Action.ROTATE_KEY,
    "canary": Action.CANARY_KEY,
    "canary_back": Action.CANARY_KEY,
    "compromise": Action.COMPROMISE_KEY,
    "drill": Action.DRILL_KEY,
    "review": Action.REVIEW_INCIDENT,
    "override_pick_up": Action.PROPOSE,
    "destroy_key": Action.PROPOSE,
}
APP: Final = "app-"
"""Before the client_id in the name of an app's tick box: each field of a form is there once."""
MAX_REASON: Final = 500
THIS_NODE: Final = "this process"


def do_with_key(parts: Parts, person: Standing) -> flask.Response:
    """Do what the button says.

    Raises:
        ShownError: there is no such button, or the ring, the apps or a colleague stand against it.
    """
    act = _ACTS.get(sent_fields().get("action", ""))
    if act is None:
        fail("input_invalid", detail="no such button")
    try:
        return act(parts, person, f"account:{person.account_id}")
    except REFUSALS as error:
        raise ShownError(key="act_refused", reference=reference_of(), status=409, detail=str(error)) from error


def _rotate(parts: Parts, _person: Standing, actor: str) -> flask.Response:
    parts.key_desk.rotate(sent_fields().get("algorithm", ""), actor=actor)
    return _done("rotated")


def _canary(parts: Parts, _person: Standing, actor: str) -> flask.Response:
    chosen = [name.removeprefix(APP) for name in sent_fields() if name.startswith(APP)]
    if not chosen:
        return _done("nobody_chosen")
    parts.key_desk.canary(sent_fields().get("algorithm", ""), chosen, actor=actor)
    return _done("tried")


def _canary_back(parts: Parts, _person: Standing, actor: str) -> flask.Response:
    parts.key_desk.canary(sent_fields().get("algorithm", ""), (), actor=actor)
    return _done("taken_back")


def _compromise(parts: Parts, _person: Standing, actor: str) -> flask.Response:
    reason = sent_fields().get("reason", "")[:MAX_REASON]
    parts.key_desk.compromise(sent_fields().get("kid", ""), reason=reason, actor=actor)
    return _done("contained")


def _drill(parts: Parts, _person: Standing, actor: str) -> flask.Response:
    """Measure in this process: asking ourselves over HTTP could wait for the very thread that asks."""

    def publishes(kid: str) -> bool:
        return kid in parts.issuer.ring.jwks().kids

    drill = parts.key_desk.drill({THIS_NODE: publishes}, actor=actor)
    return _done("drill_passed" if drill.passed else "drill_failed")


def _review(parts: Parts, _person: Standing, actor: str) -> flask.Response:
    with parts.issuer.database.writing() as connection:
        review_incident(
            connection,
            reference=sent_fields().get("incident", ""),
            actor=actor,
            entropy=parts.issuer.entropy,
            now=parts.issuer.clock(),
        )
    return _done("reviewed")


def _propose(parts: Parts, person: Standing, _actor: str) -> flask.Response:
    act, kid = TwoPersonAct(sent_fields().get("action", "")), sent_fields().get("kid", "")
    reason = sent_fields().get("reason", "")[:MAX_REASON]
    with parts.issuer.database.writing() as connection:
        if not any(key.kid == kid for key in read_ring(connection).records):
            fail("input_invalid", detail="no such key")
        approval = propose(connection, act, {"kid": kid}, reason=reason, doing=doing_of(parts, person))
    return see_other(f"{Back.SECURITY_APPROVALS}/{approval.id}")


def _done(what: str) -> flask.Response:
    return see_other(f"{Back.SECURITY_KEYS}?done={what}")


_ACTS: Mapping[str, Callable[[Parts, Standing, str], flask.Response]] = {
    "rotate": _rotate,
    "canary": _canary,
    "canary_back": _canary_back,
    "compromise": _compromise,
    "drill": _drill,
    "review": _review,
    "override_pick_up": _propose,
    "destroy_key": _propose,
}
