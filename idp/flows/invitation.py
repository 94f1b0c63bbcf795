"""/invitation: a member of staff follows their one-time link and makes a passkey. Nobody is signed in by that.

Opening the page changes nothing: mail scanners and previews open links. The form belongs to the link.
"""

from __future__ import annotations

import flask

from idp.accounts.invitations import InvitationUnknown
from idp.acts.redeem_invitation import redeem_invitation, welcome
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import language_of, reference_of, require_own_post, sent_fields, visitor_of
from idp.mfa.factors import FactorExists, TooManyFactors
from idp.mfa.verified import FactorRefused, NoSuchFactor
from idp.storage.handles import digest
from idp.web.errors import ShownError
from idp.web.factor_words import FACTOR_THERE, PASSKEY_REFUSED
from idp.web.problems import Problem

PAGE = "invitation"
PATH = "/invitation"
MAX_TOKEN = 64


def invitation_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /invitation."""
    pages = flask.Blueprint("invitation", __name__)

    @pages.get(PATH)
    def opened() -> flask.Response:
        return _page(parts, flask.request.args.get("token", ""))

    @pages.post(PATH)
    def made() -> flask.Response:
        token = flask.request.args.get("token", "")
        require_own_post(parts, page=PAGE, binding=digest(token).hex())
        return _redeemed(parts, token)

    return pages


def _page(parts: Parts, token: str, problems: tuple[Problem, ...] = ()) -> flask.Response:
    try:
        with parts.issuer.database.reading() as connection:
            guest = welcome(connection, parts.passkey_enrolment, token=token[:MAX_TOKEN], now=parts.issuer.clock())
    except (InvitationUnknown, NoSuchFactor) as error:
        raise _unknown(error) from error
    form_token = parts.form_tokens.issue(page=PAGE, binding=digest(token).hex(), now=parts.issuer.clock())
    return parts.pages.render(
        PAGE,
        language=language_of(),
        user_id=guest.user_id,
        role=guest.role,
        passkey_action=f"{PATH}?token={token}",
        passkey_options=guest.options,
        passkey_name="",
        form_token=form_token,
        problems=problems,
    )


def _redeemed(parts: Parts, token: str) -> flask.Response:
    try:
        with parts.issuer.database.writing() as connection:
            redeem_invitation(
                connection,
                parts.passkey_enrolment,
                token=token[:MAX_TOKEN],
                answer=sent_fields().get("passkey", ""),
                name=sent_fields().get("name", ""),
                visitor=visitor_of(parts),
                entropy=parts.issuer.entropy,
                now=parts.issuer.clock(),
            )
    except InvitationUnknown as error:
        raise _unknown(error) from error
    except (FactorExists, TooManyFactors):
        return _page(parts, token, (FACTOR_THERE,))
    except FactorRefused:
        return _page(parts, token, (PASSKEY_REFUSED,))
    return see_other(Back.SECURITY)


def _unknown(error: Exception) -> ShownError:
    return ShownError(key="invitation_unknown", reference=reference_of(), status=400, detail=str(error))
