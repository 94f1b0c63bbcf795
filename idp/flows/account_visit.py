"""What the account pages share: who is signed in, since when, and the sign-in that comes back to the page.

Invariant: a page that changes a password, an address or a factor serves only whoever signed in within the last five
minutes, and asks again when its form comes back (OWASP ASVS 7.5.1). A form belongs to one session: its token is bound
to the session's digest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import flask
from sqlalchemy import Connection

from idp.accounts.find import find_by_id
from idp.accounts.policy import Kind
from idp.acts.standing import Standing, standing_of_session
from idp.flows.answers import see_other
from idp.flows.built_in import ACCOUNT, Back, request_for
from idp.flows.dispatcher import proceed
from idp.flows.parts import Parts
from idp.flows.visit import language_of, require_own_post, session_digest
from idp.mfa.policy import MFA, reaches

FRESH_SECONDS: Final = 300.0
"""How old a sign-in may be for changes of passwords, addresses and factors."""

Show = Callable[[Standing], flask.Response]


def signed_in(parts: Parts, connection: Connection | None = None) -> Standing | None:
    """Give the person who is signed in with this browser and may see the account pages; None for anybody else."""
    if connection is None:
        with parts.issuer.database.reading() as reading:
            return signed_in(parts, reading)
    handle_digest = session_digest(parts)
    if handle_digest is None:
        return None
    person = standing_of_session(
        connection, handle_digest=handle_digest, client_id=ACCOUNT.client_id, now=parts.issuer.clock()
    )
    live = person is not None and person.status == "active" and not person.reset_due
    return person if live and not _void(person) else None


def _void(person: Standing | None) -> bool:
    if person is None or person.session is None:
        return True
    return person.is_void(person.session.auth_time)


def is_fresh(person: Standing, *, now: float) -> bool:
    """Whether the person proved themselves within the last five minutes, with a second factor if they have one.

    A browser in which the factor is remembered does not count as having shown it.
    """
    if person.session is None or now - person.session.auth_time > FRESH_SECONDS:
        return False
    return not person.factors or reaches(person.session.acr, MFA)


def person_at(parts: Parts, *, fresh: bool, connection: Connection | None = None) -> Standing | None:
    """Give the person if this page may serve them as they are signed in now."""
    person = signed_in(parts, connection)
    if person is None or (fresh and not is_fresh(person, now=parts.issuer.clock())):
        return None
    return person


def begin(parts: Parts, back: Back = Back.HOME, *, fresh: bool = False) -> flask.Response:
    """Begin a sign-in that lands at `back`; with `fresh`, even whoever is signed in for longer signs in again."""
    person = signed_in(parts) if fresh else None
    request = request_for(
        ACCOUNT,
        back=back,
        max_age=FRESH_SECONDS if fresh else None,
        acr_values=(MFA,) if person and person.factors else (),
        login_hint=person.user_id if person else None,
    )
    journey, handle = parts.journeys.begin(request)
    response = proceed(parts, journey)
    if response.headers.get("Location", "").endswith(f"journey={journey.id}"):
        parts.cookies.set(
            response,
            parts.cookies.journey_name(journey.id),
            handle,
            max_age=int(parts.issuer.lifetimes.journey),
        )
    return response


def shown_to_person(parts: Parts, back: Back, show: Show, *, fresh: bool = False) -> flask.Response:
    """Show a page to whoever is signed in (lately, with `fresh`); others sign in first and come back."""
    person = person_at(parts, fresh=fresh)
    if person is None:
        return begin(parts, back, fresh=fresh)
    return see_other(Back.SECURITY) if _elsewhere(person, back) else show(person)


def posted_by_person(
    parts: Parts, page: str, back: Back, act: Callable[[Standing], flask.Response], *, fresh: bool = False
) -> flask.Response:
    """Let the person who is signed in do what the form of an account page asks for.

    Raises:
        ShownError: the form came from elsewhere, from another session, or was open for too long.
    """
    person = person_at(parts, fresh=fresh)
    if person is None:
        return begin(parts, back, fresh=fresh)
    if _elsewhere(person, back):
        return see_other(Back.SECURITY)
    require_own_post(parts, page=page, binding=_binding(parts))
    return act(person)


def _elsewhere(person: Standing, back: Back) -> bool:
    """Staff have their pages elsewhere; of a customer's they may add a passkey, and say "this wasn't me"."""
    return person.kind == Kind.STAFF and back not in {Back.ENROL_FACTOR, Back.LOCK_DOWN}


def account_token(parts: Parts, page: str) -> str:
    """Make the form token for an account page, bound to this browser's session."""
    return parts.form_tokens.issue(page=page, binding=_binding(parts), now=parts.issuer.clock())


def account_page(parts: Parts, name: str, person: Standing, **context: Any) -> flask.Response:  # noqa: ANN401 - a template's own
    """Render an account page in the person's language."""
    return parts.pages.render(
        name,
        language=language_of(account_locale=person.locale),
        form_token=account_token(parts, name),
        **context,
    )


def zone_of(connection: Connection, person: Standing) -> str | None:
    """Give the person's time zone (an IANA name), where it is known."""
    account = find_by_id(connection, account_id=person.account_id)
    return account.claims.get("zoneinfo") if account else None


def done_of(known: tuple[str, ...]) -> str | None:
    """Give what the address says was just done, if the page knows words for it; it decides nothing."""
    done = flask.request.args.get("done")
    return done if done in known else None


def _binding(parts: Parts) -> str:
    handle_digest = session_digest(parts)
    return handle_digest.hex() if handle_digest else ""
