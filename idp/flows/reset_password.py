"""/reset-password: what the mailed link opens, and the page where a new password is chosen once that is proved.

Opening a link does nothing, since mail scanners open links, and some send the forms they find: in the browser that had
asked, a button goes on; in any other one, only the code from the same mail does.
"""

from __future__ import annotations

from collections.abc import Sequence

import flask

from idp.accounts.find import find_by_id
from idp.accounts.recovered import COOLING_OFF_SECONDS
from idp.acts.complete_reset import complete_reset
from idp.acts.new_password import NewPassword
from idp.acts.prove_recovery import Passed, WrongCode
from idp.acts.recovery_code import typed as typed_code
from idp.acts.recovery_factor import SecondFactorDue
from idp.flows.answers import see_other
from idp.flows.new_password import (
    NotChosen,
    asks_for_strength,
    chosen_password,
    new_password_field,
    not_chosen,
    strength_answer,
)
from idp.flows.parts import Parts
from idp.flows.recovery_visit import (
    FACTOR_PATH,
    PASSWORD_PATH,
    factors_owed,
    fail_recovery,
    held_handle,
    hold,
    passed_here,
    recovery_page,
    recovery_token,
    require_own_recovery_form,
    waiting_journey,
)
from idp.flows.visit import language_of, sent_fields, visitor_of
from idp.lockout.reservation import TooManyGuesses
from idp.passwords.recoveries import OpenRecovery, Purpose, RecoveryUnknown
from idp.storage.handles import digest
from idp.web.problems import (
    CODE_MISSING,
    CODE_WRONG,
    Problem,
    codes_paused_until,
)
from idp.wording import Language

PAGE = "reset_password"
LINK_PAGE = "recover_link"
PATH = PASSWORD_PATH


def reset_password_pages(parts: Parts) -> flask.Blueprint:
    """Give the pages at /reset-password and /reset-password/done."""
    pages = flask.Blueprint("reset_password", __name__)

    @pages.get(PATH)
    def reset() -> flask.Response:
        link = flask.request.args.get("token")
        if link is not None:
            return _link_page(parts, _of_link(parts, link), link)
        recovery = passed_here(parts, Purpose.PASSWORD)
        return _factor_first(recovery) if factors_owed(parts, recovery) else _page(parts, recovery)

    @pages.post(PATH)
    def reset_sent() -> flask.Response:
        link = sent_fields().get("token")
        return _new_password(parts) if link is None else _link_used(parts, link)

    @pages.get(f"{PATH}/done")
    def done() -> flask.Response:
        hours = int(COOLING_OFF_SECONDS // 3600)
        return recovery_page(parts, "reset_done", journey_id=flask.request.args.get("journey"), hours=hours)

    return pages


def _link_used(parts: Parts, link: str) -> flask.Response:
    require_own_recovery_form(parts, LINK_PAGE, link)
    recovery = _of_link(parts, link)
    try:
        passed = _prove(parts, recovery, link)
    except WrongCode:
        return _link_page(parts, recovery, link, problems=[CODE_WRONG])
    except TooManyGuesses as error:
        translator = parts.wording.translator(language_of())
        return _link_page(parts, recovery, link, problems=[codes_paused_until(translator, error.ends_at)], status=429)
    except RecoveryUnknown as error:
        fail_recovery(parts, error)
    if passed is None:
        return _link_page(parts, recovery, link, problems=[CODE_MISSING])
    return hold(parts, see_other(f"{PATH}?recovery={recovery.id}"), recovery.id, passed.handle)


def _prove(parts: Parts, recovery: OpenRecovery, link: str) -> Passed | None:
    """Prove by what there is: this browser's own handle with the link, else the code; None when neither came."""
    handle, visitor = held_handle(parts, recovery.id), visitor_of()
    if _asked_in_this_browser(parts, recovery):
        return parts.recovery_prover.by_link(recovery, link=link, handle=handle, visitor=visitor)
    code = typed_code(sent_fields().get("code", ""))
    return parts.recovery_prover.by_code(recovery, code=code, beside_link=True, visitor=visitor) if code else None


def _new_password(parts: Parts) -> flask.Response:
    recovery = passed_here(parts, Purpose.PASSWORD)
    handle = held_handle(parts, recovery.id) or ""
    require_own_recovery_form(parts, PAGE, handle)
    if factors_owed(parts, recovery):
        return _factor_first(recovery)
    sign_out = sent_fields().get("sign_out") == "yes"
    if asks_for_strength():
        return strength_answer(parts, recovery.account_id, _language(parts, recovery))
    try:
        new = chosen_password(parts, recovery.account_id or "")
    except NotChosen as error:
        page = _page(parts, recovery, problems=[error.problem], sign_out=sign_out, status=error.status)
        return not_chosen(page, error)
    return _completed(parts, recovery, handle, new, sign_out=sign_out)


def _completed(
    parts: Parts, recovery: OpenRecovery, handle: str, new: NewPassword, *, sign_out: bool
) -> flask.Response:
    try:
        with parts.issuer.database.writing() as connection:
            complete_reset(
                connection,
                recovery_id=recovery.id,
                pass_digest=digest(handle),
                new=new,
                sign_out=sign_out,
                visitor=visitor_of(),
                entropy=parts.issuer.entropy,
                now=parts.issuer.clock(),
            )
    except RecoveryUnknown as error:
        fail_recovery(parts, error)
    except SecondFactorDue:
        return _factor_first(recovery)
    journey = waiting_journey(parts, recovery.journey_id)
    response = see_other(f"{PATH}/done" + (f"?journey={journey.id}" if journey else ""))
    parts.cookies.clear(response, parts.cookies.recovery_name(recovery.id))
    return response


def _factor_first(recovery: OpenRecovery) -> flask.Response:
    return see_other(f"{FACTOR_PATH}?recovery={recovery.id}")


def _of_link(parts: Parts, link: str) -> OpenRecovery:
    try:
        return parts.recovery_prover.of_link(link)
    except RecoveryUnknown as error:
        fail_recovery(parts, error)


def _asked_in_this_browser(parts: Parts, recovery: OpenRecovery) -> bool:
    handle = held_handle(parts, recovery.id)
    return handle is not None and digest(handle) == recovery.browser_digest


def _link_page(
    parts: Parts, recovery: OpenRecovery, link: str, *, problems: Sequence[Problem] = (), status: int = 200
) -> flask.Response:
    return recovery_page(
        parts,
        LINK_PAGE,
        journey_id=recovery.journey_id,
        status=status,
        action=PATH,
        form_token=recovery_token(parts, LINK_PAGE, link),
        token=link,
        code_needed=not _asked_in_this_browser(parts, recovery),
        problems=problems,
    )


def _page(
    parts: Parts,
    recovery: OpenRecovery,
    *,
    problems: Sequence[Problem] = (),
    sign_out: bool = True,
    status: int = 200,
) -> flask.Response:
    with parts.issuer.database.reading() as connection:
        account = find_by_id(connection, account_id=recovery.account_id or "")
    return recovery_page(
        parts,
        PAGE,
        journey_id=recovery.journey_id,
        status=status,
        action=f"{PATH}?recovery={recovery.id}",
        form_token=recovery_token(parts, PAGE, held_handle(parts, recovery.id)),
        user_id=account.user_id if account else "",
        sign_out=sign_out,
        problems=problems,
        asks=True,
        **new_password_field(parts, recovery.account_id or "", _language(parts, recovery), problems=problems),
    )


def _language(parts: Parts, recovery: OpenRecovery) -> Language:
    journey = waiting_journey(parts, recovery.journey_id)
    return language_of(journey.request if journey else None)
