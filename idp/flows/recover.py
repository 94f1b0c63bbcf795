"""/recover: a forgotten password or user ID. One page with two choices, then the page for the code from the mail.

What is answered is the same for every input: nobody learns here whether an account, an address or a lock exists. A
sign-in ends here, too, that nothing but recovery can complete: whoever has given the right password or passkey in it
is told why, and goes on with it after the reset.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import flask

from idp.acts.ask_recovery import Question
from idp.acts.prove_recovery import WrongCode
from idp.acts.recovery_code import typed as typed_code
from idp.acts.show_user_ids import show_user_ids
from idp.flows.answers import see_other
from idp.flows.dispatcher import missing, who_is_present
from idp.flows.journey import Journey
from idp.flows.next_step import Step
from idp.flows.parts import Parts
from idp.flows.recovery_visit import (
    PASSWORD_PATH,
    fail_recovery,
    held_handle,
    hold,
    passed_here,
    recovery_id_of,
    recovery_page,
    recovery_token,
    require_own_recovery_form,
    waiting_journey,
)
from idp.flows.visit import fail, language_of, sent_fields, session_digest, visitor_of
from idp.lockout.reservation import TooManyGuesses
from idp.passwords.recoveries import OpenRecovery, Purpose, RecoveryUnknown
from idp.storage.handles import digest, new_handle
from idp.web.problems import (
    ADDRESS_MISSING,
    CODE_MISSING,
    CODE_WRONG,
    IDENTIFIER_MISSING,
    Problem,
    codes_paused_until,
)

PAGE = "recover"
CODE_PAGE = "recover_code"
_NEXT = {Purpose.PASSWORD: PASSWORD_PATH, Purpose.USER_ID: "/recover/user-ids"}


def recover_pages(parts: Parts) -> flask.Blueprint:
    """Give the pages at /recover, /recover/code and /recover/user-ids."""
    pages = flask.Blueprint("recover", __name__)

    @pages.get("/recover")
    def recover() -> flask.Response:
        ticket, journey_id = new_handle(parts.issuer.entropy), flask.request.args.get("journey")
        return _ask_page(parts, ticket=ticket, journey_id=journey_id, purpose=Purpose.PASSWORD, typed="")

    @pages.post("/recover")
    def recover_sent() -> flask.Response:
        ticket = sent_fields().get("ticket", "")
        require_own_recovery_form(parts, PAGE, ticket)
        return _asked(parts, ticket)

    @pages.get("/recover/code")
    def code() -> flask.Response:
        return _code_page(parts, _asked_here(parts))

    @pages.post("/recover/code")
    def code_sent() -> flask.Response:
        recovery = _asked_here(parts)
        require_own_recovery_form(parts, CODE_PAGE, held_handle(parts, recovery.id))
        return _code_typed(parts, recovery)

    @pages.get("/recover/user-ids")
    def user_ids() -> flask.Response:
        return _user_ids(parts)

    return pages


def _asked(parts: Parts, ticket: str) -> flask.Response:
    form = sent_fields()
    purpose = Purpose.USER_ID if form.get("choice") == Purpose.USER_ID.value else Purpose.PASSWORD
    typed, journey_id = form.get("identifier", "").strip(), form.get("journey")
    show = partial(_ask_page, parts, ticket=ticket, journey_id=journey_id, purpose=purpose, typed=typed)
    if not typed:
        return show(problems=[IDENTIFIER_MISSING])
    if purpose is Purpose.USER_ID and "@" not in typed:
        return show(problems=[ADDRESS_MISSING])
    journey = waiting_journey(parts, journey_id)
    question = Question(
        recovery_id=recovery_id_of(ticket),
        purpose=purpose,
        typed=typed,
        browser_digest=digest(ticket),
        journey_id=journey.id if journey else None,
        language=language_of(journey.request if journey else None),
    )
    try:
        parts.recovery_desk.ask(question, visitor_of(parts))
    except TooManyGuesses as error:
        fail("too_many_requests", status=429, detail=str(error))
    response = see_other(f"/recover/code?recovery={question.recovery_id}&choice={purpose.value}")
    return hold(parts, response, question.recovery_id, ticket)


def _code_typed(parts: Parts, recovery: OpenRecovery) -> flask.Response:
    code = typed_code(sent_fields().get("code", ""))
    if not code:
        return _code_page(parts, recovery, problems=[CODE_MISSING])
    try:
        passed = parts.recovery_prover.by_code(recovery, code=code, visitor=visitor_of())
    except WrongCode:
        return _code_page(parts, recovery, problems=[CODE_WRONG])
    except TooManyGuesses as error:
        translator = parts.wording.translator(language_of())
        return _code_page(parts, recovery, problems=[codes_paused_until(translator, error.ends_at)], status=429)
    response = see_other(f"{_NEXT[recovery.purpose]}?recovery={recovery.id}")
    return hold(parts, response, recovery.id, passed.handle)


def _asked_here(parts: Parts) -> OpenRecovery:
    recovery_id = flask.request.args.get("recovery", "")
    handle = held_handle(parts, recovery_id)
    if handle is None and not flask.request.headers.get("Cookie"):
        fail("cookies_off")
    try:
        return parts.recovery_prover.asked_here(recovery_id, handle)
    except RecoveryUnknown as error:
        fail_recovery(parts, error)


def _user_ids(parts: Parts) -> flask.Response:
    recovery = passed_here(parts, Purpose.USER_ID)
    with parts.issuer.database.writing() as connection:
        found = show_user_ids(
            connection, recovery, visitor=visitor_of(), entropy=parts.issuer.entropy, now=parts.issuer.clock()
        )
    return recovery_page(parts, "user_ids", journey_id=recovery.journey_id, user_ids=found)


def _ask_page(
    parts: Parts,
    *,
    ticket: str,
    journey_id: str | None,
    purpose: Purpose,
    typed: str,
    problems: Sequence[Problem] = (),
) -> flask.Response:
    waiting = waiting_journey(parts, journey_id)
    return recovery_page(
        parts,
        PAGE,
        journey_id=journey_id,
        action="/recover",
        form_token=recovery_token(parts, PAGE, ticket),
        ticket=ticket,
        journey=journey_id if waiting else "",
        reason=_reason(parts, waiting) if waiting else "",
        choice=purpose.value,
        identifier=typed,
        problems=problems,
    )


def _reason(parts: Parts, journey: Journey) -> str:
    """Say why nothing but recovery completes this sign-in; "" when that is not so, or nobody has proved anything."""
    if not journey.proofs and session_digest(parts) is None:
        return ""
    with parts.issuer.database.reading() as connection:
        person = who_is_present(parts, connection, journey, hold=False).person
    if person is None or missing(parts, journey, person).step is not Step.RECOVER:
        return ""
    return "locked_down" if person.locked_down else "compromised"


def _code_page(
    parts: Parts, recovery: OpenRecovery, *, problems: Sequence[Problem] = (), status: int = 200
) -> flask.Response:
    choice = "user_id" if flask.request.args.get("choice") == "user_id" else "password"
    journey = waiting_journey(parts, recovery.journey_id)
    return recovery_page(
        parts,
        CODE_PAGE,
        journey_id=recovery.journey_id,
        status=status,
        action=f"/recover/code?recovery={recovery.id}&choice={choice}",
        form_token=recovery_token(parts, CODE_PAGE, held_handle(parts, recovery.id)),
        choice=choice,
        again=f"/recover?journey={journey.id}" if journey else "/recover",
        problems=problems,
    )
