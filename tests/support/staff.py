"""Members of staff at an issuer in this process: invited, enrolled and signed in as in life."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.test import TestResponse

from idp.accounts.policy import StaffRole
from idp.acts.invite_staff import invite_staff
from idp.acts.redeem_invitation import redeem_invitation, welcome
from idp.app import Service
from tests.support.authenticator import Authenticator, Said, text
from tests.support.in_process import Browser
from tests.support.passkeys import VISITOR, sign_in_by_passkey


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """A member of staff and their passkey."""

    account_id: str
    user_id: str
    passkey: Authenticator


def invite(service: Service, user_id: str, role: str = "security") -> str:
    """Invite somebody, and give what their link carries."""
    with service.database.writing() as connection:
        return invite_staff(
            connection,
            user_id=user_id,
            role=StaffRole(role),
            email=f"{user_id}@example.com",
            reference="TEST",
            actor="test",
            entropy=service.entropy,
            now=service.clock(),
        ).token


def hire(service: Service, user_id: str, role: str = "security") -> Colleague:
    """Invite somebody, who makes a passkey."""
    token, passkey = invite(service, user_id, role), Authenticator(said=Said(origin=service.settings.issuer))
    with service.database.writing() as connection:
        guest = welcome(connection, service.parts.passkey_enrolment, token=token, now=service.clock())
        factor = redeem_invitation(
            connection,
            service.parts.passkey_enrolment,
            token=token,
            answer=text(passkey.create(guest.options)),
            name="Key",
            visitor=VISITOR,
            entropy=service.entropy,
            now=service.clock(),
        )
    return Colleague(account_id=factor.account_id, user_id=user_id, passkey=passkey)


def console(browser: Browser, colleague: Colleague, path: str = "/security") -> TestResponse:
    """Open a page of the console, signing in by passkey where that is asked."""
    response = browser.get(path)
    if response.headers.get("Location", "").startswith("/sign-in"):
        browser.follow(sign_in_by_passkey(browser, response, colleague.passkey))
        response = browser.get(path)
    return response
