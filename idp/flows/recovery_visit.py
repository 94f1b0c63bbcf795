"""What the pages of a recovery share: its cookie, its language, where it returns to, and the page when it is over."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NoReturn

import flask

from idp.acts.recovery_factor import owed_factors
from idp.flows.journey import Journey, JourneyUnknown
from idp.flows.parts import Parts
from idp.flows.proofs import ProofBroken
from idp.flows.visit import brand_for, language_of, reference_of, require_own_post
from idp.mfa.factors import FactorFacts
from idp.passwords.recoveries import UNSENT_SECONDS, OpenRecovery, Purpose, RecoveryUnknown
from idp.storage.handles import digest
from idp.web.errors import ShownError, WayBack
from idp.wording import msgid

COOKIE_SECONDS = int(UNSENT_SECONDS)
FACTOR_PATH = "/recover/factor"
PASSWORD_PATH = "/reset-password"


def recovery_id_of(ticket: str) -> str:
    """Give the id of the recovery that begins with a ticket: sending the same form twice is asking once."""
    return urlsafe_b64encode(sha256(b"recovery id " + ticket.encode()).digest()[:16]).rstrip(b"=").decode()


def held_handle(parts: Parts, recovery_id: str) -> str | None:
    """Give the handle that this browser holds for a recovery."""
    try:
        return parts.cookies.read(flask.request, parts.cookies.recovery_name(recovery_id))
    except ValueError:
        return None


def hold(parts: Parts, response: flask.Response, recovery_id: str, handle: str) -> flask.Response:
    """Let this browser hold a handle for a recovery, in place of the one before."""
    parts.cookies.set(response, parts.cookies.recovery_name(recovery_id), handle, max_age=COOKIE_SECONDS)
    return response


def recovery_token(parts: Parts, page: str, handle: str | None) -> str:
    """Make the form token for a page of a recovery, bound to the handle that this browser, or its link, holds."""
    return parts.form_tokens.issue(page=page, binding=_binding(handle), now=parts.issuer.clock())


def require_own_recovery_form(parts: Parts, page: str, handle: str | None) -> None:
    """Accept a post that this page made the holder of the handle send.

    Raises:
        ShownError: it came from elsewhere, or the page was open for too long.
    """
    require_own_post(parts, page=page, binding=_binding(handle))


def passed_here(parts: Parts, purpose: Purpose) -> OpenRecovery:
    """Give the recovery that this request is about, if this browser has proved it, and for this purpose.

    Raises:
        ShownError: it is over, or was not proved here.
    """
    recovery_id = flask.request.args.get("recovery", "")
    try:
        return parts.recovery_prover.passed_here(recovery_id, held_handle(parts, recovery_id), purpose=purpose)
    except RecoveryUnknown as error:
        fail_recovery(parts, error)


def factors_owed(parts: Parts, recovery: OpenRecovery) -> Sequence[FactorFacts]:
    """Give the factors of which a proved recovery still has to show one."""
    with parts.issuer.database.reading() as connection:
        return owed_factors(connection, recovery)


def waiting_journey(parts: Parts, journey_id: str | None) -> Journey | None:
    """Give the sign-in that waits for a recovery, if it still does, and in this browser."""
    if not journey_id:
        return None
    try:
        handle = parts.cookies.read(flask.request, parts.cookies.journey_name(journey_id))
        return parts.journeys.load(journey_id, handle)
    except (JourneyUnknown, ProofBroken, ValueError):
        return None


def back_to_sign_in(journey: Journey | None) -> str:
    """Give where to sign in after a recovery, or without one."""
    return "/account" if journey is None else f"/sign-in?journey={journey.id}"


def recovery_page(parts: Parts, name: str, *, journey_id: str | None, **context: Any) -> flask.Response:  # noqa: ANN401
    """Render a page of a recovery, in the language and under the name of the app that waits."""
    journey = waiting_journey(parts, journey_id)
    return parts.pages.render(
        name,
        language=language_of(journey.request if journey else None),
        brand=brand_for(parts, journey) if journey else None,
        sign_in=back_to_sign_in(journey),
        **context,
    )


def fail_recovery(parts: Parts, error: Exception) -> NoReturn:
    """End the request with the page for a recovery that is over, and the way to a new one.

    Raises:
        ShownError: always.
    """
    translator = parts.wording.translator(language_of())
    way_back = WayBack(translator.say(msgid("Ask for a new mail")), "/recover")
    raise ShownError(
        key="recovery_unknown", reference=reference_of(), status=400, detail=type(error).__name__, way_back=way_back
    ) from error


def _binding(handle: str | None) -> str:
    return digest(handle).hex() if handle else ""
