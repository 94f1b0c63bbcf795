"""What the console's pages share: which member of staff is there, what their role includes, and a fresh sign-in.

Invariant: nobody but staff learns that a page is there; a page is shown to whoever's role includes seeing it, signed in
by passkey; a button works for whoever's role includes its action and who signed in by passkey within five minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
from sqlalchemy import Connection

from idp.accounts.policy import Kind
from idp.acts.approvals import FRESH_SECONDS, is_strong_and_fresh
from idp.acts.staff_members import staff_members
from idp.acts.standing import Standing, standing_of_session
from idp.acts.two_person_acts import Doing
from idp.flows.account_visit import zone_of
from idp.flows.built_in import CONSOLE, Back, request_for
from idp.flows.dispatcher import proceed
from idp.flows.parts import Parts
from idp.flows.visit import SIGN_OUT_PAGE, fail, language_of, reference_of, require_own_post, session_digest
from idp.mfa.policy import PHISHING_RESISTANT, reaches
from idp.staff.roles import Action, may

Show = Callable[[Standing], flask.Response]


def staff_at(parts: Parts, connection: Connection | None = None, *, hold: bool = False) -> Standing | None:
    """Give who is signed in with this browser, by a sign-in that still counts; None when nobody is."""
    if connection is None:
        with parts.issuer.database.reading() as reading:
            return staff_at(parts, reading)
    handle_digest = session_digest(parts)
    if handle_digest is None:
        return None
    now = parts.issuer.clock()
    person = standing_of_session(
        connection, handle_digest=handle_digest, client_id=CONSOLE.client_id, now=now, hold=hold
    )
    if person is None or person.session is None or person.status != "active" or person.locked_down:
        return None
    return None if person.is_void(person.session.auth_time) else person


def shown_to_staff(parts: Parts, back: Back, action: Action, show: Show) -> flask.Response:
    """Show a page to whoever's role includes it; nobody signed in signs in first.

    Raises:
        ShownError: not staff (there is no such page), or a role without it.
    """
    person = staff_at(parts)
    if person is None:
        return begin(parts, back)
    if _too_weak(person):
        return begin(parts, back, person)
    require_role(person, action)
    return show(person)


def posted_by_staff(
    parts: Parts, page: str, back: Back, action: Action, act: Show, *, fresh: bool = True
) -> flask.Response:
    """Let a member of staff do what the button of a page is for; with `fresh`, an older sign-in is made anew first.

    Raises:
        ShownError: not staff, a role without it, or a form that is not this page's.
    """
    person = staff_at(parts)
    if person is None:
        return begin(parts, back)
    if _too_weak(person):
        return begin(parts, back, person)
    require_role(person, action)
    require_own_post(parts, page=page, binding=_binding(parts))
    if fresh and not is_strong_and_fresh(person, now=parts.issuer.clock()):
        return begin(parts, back, person)
    return act(person)


def require_role(person: Standing, action: Action) -> None:
    """Let pass whose role includes it.

    Raises:
        ShownError: another role's.
    """
    if not may(person.role, action):
        fail("role_refused", status=403, detail=f"{person.role} may not {action}")


def begin(parts: Parts, back: Back, person: Standing | None = None) -> flask.Response:
    """Begin a sign-in that lands at `back`; a person who is signed in signs in again."""
    request = request_for(CONSOLE, back=back, max_age=FRESH_SECONDS if person else None)
    journey, handle = parts.journeys.begin(request)
    response = proceed(parts, journey)
    if response.headers.get("Location", "").endswith(f"journey={journey.id}"):
        name = parts.cookies.journey_name(journey.id)
        parts.cookies.set(response, name, handle, max_age=int(parts.issuer.lifetimes.journey))
    return response


def console_page(parts: Parts, name: str, person: Standing, **context: Any) -> flask.Response:  # noqa: ANN401 - a template's own
    """Render a page of the console, with its buttons' form token and what this role sees of the others."""
    now, binding = parts.issuer.clock(), _binding(parts)
    with parts.issuer.database.reading() as connection:
        zone = zone_of(connection, person)
        names = {member.account_id: member.user_id for member in staff_members(connection)}
    return parts.pages.render(
        f"security_{name}",
        language=language_of(account_locale=person.locale),
        zone=zone,
        form_token=parts.form_tokens.issue(page=page_name(name), binding=binding, now=now),
        sign_out_token=parts.form_tokens.issue(page=SIGN_OUT_PAGE, binding=binding, now=now),
        names=names,
        user_id=person.user_id,
        role=person.role,
        may={action.value for action in Action if may(person.role, action)},
        here=name,
        now=now,
        **context,
    )


def page_name(name: str) -> str:
    """Give the name under which a page's forms are known."""
    return f"security_{name}"


def doing_of(parts: Parts, person: Standing) -> Doing:
    """Say in whose name an act is done, and under which number it is found again."""
    return Doing(
        reference=reference_of(),
        actor=f"account:{person.account_id}",
        entropy=parts.issuer.entropy,
        now=parts.issuer.clock(),
    )


def _too_weak(person: Standing) -> bool:
    """Whether a member of staff has signed in too weakly. To anybody else there is no such page.

    Raises:
        ShownError: somebody else.
    """
    if person.kind != Kind.STAFF:
        fail("not_found", status=404, detail="the console is for staff")
    return person.session is None or not reaches(person.session.acr, PHISHING_RESISTANT)


def _binding(parts: Parts) -> str:
    handle_digest = session_digest(parts)
    return handle_digest.hex() if handle_digest else ""
