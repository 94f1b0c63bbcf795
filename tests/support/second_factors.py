"""A person's authenticator app, recovery codes and soft passkey, set up by the acts that the pages call."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

import pyotp
from werkzeug.test import TestResponse

from idp.acts.renew_recovery_codes import renew_recovery_codes
from idp.acts.visitor import Visitor
from idp.app import Service
from idp.storage.handles import Clock
from tests.support.authenticator import Authenticator, Said, text
from tests.support.in_process import ADDRESS, App, Browser

NOBODY = Visitor(address="", user_agent=None, reference="TEST")
ASKED = "Enter the code from your app"
SESSION, REMEMBERED = "__Host-idp_session", "__Host-idp_remembered"


@dataclass(frozen=True, kw_only=True)
class AuthenticatorApp:
    """What shows six digits; `secret` in base32."""

    secret: str = field(repr=False)
    clock: Clock

    def code(self, *, steps: int = 0) -> str:
        """Give the code of this moment, or of so many steps later."""
        return pyotp.TOTP(self.secret).at(int(self.clock()) + 30 * steps)

    def wrong_code(self) -> str:
        """Give six digits that are right at no moment near this one."""
        near = {self.code(steps=steps) for steps in (-2, -1, 0, 1, 2)}
        return next(digits for digits in (f"{count}{count}{count}" for count in range(10, 20)) if digits not in near)


def app_on(service: Service, page: TestResponse) -> AuthenticatorApp:
    """Type the secret of a page into an app."""
    found = re.search(r'<code class="secret copyable">([A-Z2-7 ]+)</code>', page.text)
    assert found, page.text
    return AuthenticatorApp(secret=found[1].replace(" ", ""), clock=service.clock)


def add_app(service: Service, account_id: str, *, name: str = "My phone") -> AuthenticatorApp:
    """Enrol an app for an account, half a minute ago: its next code is good."""
    place = "test"
    offer = service.parts.totp_enrolment.begin(account_id=account_id, user_id="somebody", place=place)
    app = AuthenticatorApp(secret=offer.secret.replace(" ", ""), clock=service.clock)
    service.parts.totp_enrolment.finish(
        account_id=account_id, place=place, answer=app.code(steps=-1), name=name, visitor=NOBODY
    )
    return app


def add_recovery_codes(service: Service, account_id: str) -> tuple[str, ...]:
    """Give an account that has a factor its ten codes."""
    with service.database.writing() as connection:
        return renew_recovery_codes(
            connection,
            service.parts.factor_codes,
            account_id=account_id,
            visitor=NOBODY,
            entropy=service.entropy,
            now=service.clock(),
        )


def add_passkey(service: Service, account_id: str, *, name: str = "My key") -> Authenticator:
    """Enrol a passkey for an account."""
    device, place = Authenticator(Said(origin=ADDRESS)), "test"
    with service.database.writing() as connection:
        options = service.parts.passkey_enrolment.begin(connection, account_id=account_id, place=place)
        service.parts.passkey_enrolment.finish(
            connection,
            text(device.create(options)),
            account_id=account_id,
            place=place,
            name=name,
            visitor=NOBODY,
        )
    return device


def options_on(page: TestResponse) -> str:
    """Read what a page asks a passkey for."""
    found = re.search(r'data-options="([^"]+)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def answer_with(device: Authenticator, page: TestResponse) -> str:
    """Answer what a page asks a passkey for, or asks to be made."""
    options = options_on(page)
    return text(device.create(options) if 'data-passkey="create"' in page.text else device.get(options))


def heading(page: TestResponse) -> str:
    """Read the heading of a page."""
    found = re.search(r"<h1>(.*?)</h1>", page.text, re.DOTALL)
    return found[1].strip() if found else f"{page.status_code} {page.headers.get('Location', '')}"


def recovery_codes_on(page: TestResponse) -> list[str]:
    """Read the recovery codes of the page that shows them."""
    return re.findall(r"<li><code>([0-9A-Z-]{19})</code></li>", page.text)


def verify_code(browser: Browser, page: TestResponse, code: str, *, way: str = "totp", **fields: str) -> TestResponse:
    """Type a code on the page that asks for a second factor."""
    return browser.submit(page, {"way": way, "code": code, "action": "verify", **fields})


def after_password(app: App, browser: Browser, **changes: str) -> TestResponse:
    """Ask, sign in, and give the page that comes then."""
    return browser.follow(browser.sign_in(app.ask(browser, **changes)))


def other_way(browser: Browser, page: TestResponse, way: str) -> TestResponse:
    """Choose another way on the page that asks for a factor."""
    journey = page.request.args["journey"]
    return browser.get(f"/verify-factor?journey={journey}&way={way}")
