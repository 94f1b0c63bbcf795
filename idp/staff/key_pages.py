"""/security/keys: how the keys live, who has not fetched which, and the buttons that rotate, contain and review."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import flask

from idp.acts.approvals import propose
from idp.acts.close_incident import ClosedAlready, IncidentUnknown, ReviewedByTheSame, review_incident
from idp.acts.standing import Standing
from idp.acts.two_person_acts import TwoPersonAct
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import fail, reference_of, sent_fields
from idp.issuance.pick_up import NotPickedUp, fetched
from idp.staff.charts import Span, timeline
from idp.staff.roles import Action
from idp.staff.visit import console_page, doing_of, page_name, posted_by_staff, shown_to_staff
from idp.storage.incident_rows import list_incidents
from idp.storage.key_rows import RingMoved, read_ring
from idp.web.errors import ShownError
from keys.errors import KeysError
from keys.purposes import Purpose
from keys.records import KeyRecord
from keys.states import KeyState

PAGE = "keys"
DAY = 86_400.0
REFUSALS = (KeysError, RingMoved, NotPickedUp, IncidentUnknown, ReviewedByTheSame, ClosedAlready)
ACTION_OF: Mapping[str, Action] = {
    "rotate": Action.ROTATE_KEY,
    "compromise": Action.COMPROMISE_KEY,
    "review": Action.REVIEW_INCIDENT,
    "override_pick_up": Action.PROPOSE,
    "destroy_key": Action.PROPOSE,
}
MAX_REASON = 500


def key_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /security/keys."""
    pages = flask.Blueprint("security_keys", __name__)

    @pages.get(Back.SECURITY_KEYS)
    def keys() -> flask.Response:
        return shown_to_staff(parts, Back.SECURITY_KEYS, Action.SEE_KEYS, lambda person: _page(parts, person))

    @pages.post(Back.SECURITY_KEYS)
    def acted() -> flask.Response:
        action = ACTION_OF.get(sent_fields().get("action", ""), Action.ROTATE_KEY)
        return posted_by_staff(parts, page_name(PAGE), Back.SECURITY_KEYS, action, lambda person: _acted(parts, person))

    return pages


def _acted(parts: Parts, person: Standing) -> flask.Response:
    act = _ACTS.get(sent_fields().get("action", ""))
    if act is None:
        fail("input_invalid", detail="no such button")
    try:
        return act(parts, person, f"account:{person.account_id}")
    except REFUSALS as error:
        raise ShownError(key="act_refused", reference=reference_of(), status=409, detail=str(error)) from error


def _rotate(parts: Parts, _person: Standing, actor: str) -> flask.Response:
    parts.key_desk.rotate(sent_fields().get("algorithm", ""), actor=actor)
    return see_other(f"{Back.SECURITY_KEYS}?done=rotated")


def _compromise(parts: Parts, _person: Standing, actor: str) -> flask.Response:
    reason = sent_fields().get("reason", "")[:MAX_REASON]
    parts.key_desk.compromise(sent_fields().get("kid", ""), reason=reason, actor=actor)
    return see_other(f"{Back.SECURITY_KEYS}?done=contained")


def _review(parts: Parts, _person: Standing, actor: str) -> flask.Response:
    with parts.issuer.database.writing() as connection:
        review_incident(
            connection,
            reference=sent_fields().get("incident", ""),
            actor=actor,
            entropy=parts.issuer.entropy,
            now=parts.issuer.clock(),
        )
    return see_other(f"{Back.SECURITY_KEYS}?done=reviewed")


def _propose(parts: Parts, person: Standing, _actor: str) -> flask.Response:
    act, kid = TwoPersonAct(sent_fields().get("action", "")), sent_fields().get("kid", "")
    reason = sent_fields().get("reason", "")[:MAX_REASON]
    with parts.issuer.database.writing() as connection:
        if not any(key.kid == kid for key in read_ring(connection).records):
            fail("input_invalid", detail="no such key")
        approval = propose(connection, act, {"kid": kid}, reason=reason, doing=doing_of(parts, person))
    return see_other(f"{Back.SECURITY_APPROVALS}/{approval.id}")


_ACTS: Mapping[str, Callable[[Parts, Standing, str], flask.Response]] = {
    "rotate": _rotate,
    "compromise": _compromise,
    "review": _review,
    "override_pick_up": _propose,
    "destroy_key": _propose,
}


def _page(parts: Parts, person: Standing) -> flask.Response:
    now, desk = parts.issuer.clock(), parts.key_desk
    begin, end = now - 100 * DAY, now + 100 * DAY
    with parts.issuer.database.reading() as connection:
        records = read_ring(connection).records
        keys = [key for key in records if key.purpose == Purpose.TOKENS and _of_interest(key, now)]
        keys.sort(key=lambda key: (key.algorithm, key.created_at, key.kid))
        pick_up = desk.pick_up()
        missing = {
            key.kid: pick_up.waited_for(fetched(connection, key.kid), key, now)
            for key in keys
            if key.state is KeyState.STAGED
        }
        incidents = list_incidents(connection)
    return console_page(
        parts,
        PAGE,
        person,
        chart=timeline([(key.kid, list(_life(key, end))) for key in keys], begin=begin, end=end, now=now),
        keys=[_shown(key, missing.get(key.kid)) for key in keys],
        algorithms=sorted({key.algorithm for key in keys if key.state is KeyState.STAGED}),
        incidents=incidents,
        actor=f"account:{person.account_id}",
        done=flask.request.args.get("done"),
    )


def _of_interest(key: KeyRecord, now: float) -> bool:
    gone = key.state in {KeyState.REMOVED, KeyState.COMPROMISED}
    return not gone or key.effective_at > now - 100 * DAY


def _shown(key: KeyRecord, waited: tuple[tuple[str, ...], float | None] | None) -> dict[str, Any]:
    return {
        "kid": key.kid,
        "algorithm": key.algorithm,
        "state": key.state.value,
        "since": key.effective_at,
        "home": key.home,
        "missing": waited[0] if waited else (),
        "wait_until": waited[1] if waited else None,
        "contained": key.state is KeyState.COMPROMISED,
        "destroyable": key.state in {KeyState.REMOVED, KeyState.COMPROMISED} and key.wrapped is not None,
    }


def _life(key: KeyRecord, end: float) -> Iterator[Span]:
    """Give the parts of a key's life that are known; what it is in now goes on to the edge."""
    steps = [
        ("staged", key.staged_at or key.created_at),
        ("active", key.activated_at),
        ("retiring", key.retired_at),
        ("gone", key.removed_at),
    ]
    known = [(state, at) for state, at in steps if at is not None]
    if key.state in {KeyState.STANDBY, KeyState.COMPROMISED}:
        known = [("staged" if key.state is KeyState.COMPROMISED else "standby", key.created_at)]
        known += [("compromised", key.effective_at)] if key.state is KeyState.COMPROMISED else []
    for (state, at), following in zip(known, [*(at for _, at in known[1:]), end], strict=True):
        if state != "gone":
            yield Span(state=state, begin=at, end=max(following, at))
