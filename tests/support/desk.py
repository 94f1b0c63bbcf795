"""The support desk as it is used: an agent with a caller on the telephone, whose code is typed in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.app import Service
from idp.audit.browse import Wanted, latest_events
from idp.audit.events import RecordedEvent
from idp.delivery.models import OUTBOX
from tests.support.account_pages import open_page, press
from tests.support.in_process import Browser
from tests.support.recovery import deliver
from tests.support.staff import Colleague, console, hire

REASON, TICKET = "Forgot the password after a holiday", "CASE-1024"
CODE = re.compile(r"^[0-9]{4} [0-9]{4}$", re.MULTILINE)


@dataclass(kw_only=True)
class Agent:
    """A member of staff at the desk; `answers` is everything that was sent to their browser."""

    service: Service
    colleague: Colleague
    browser: Browser
    answers: list[TestResponse] = field(default_factory=list)

    @classmethod
    def hired(cls, service: Service, user_id: str = "sam", role: str = "support") -> Agent:
        """Hire somebody and let them sit down."""
        agent = cls(service=service, colleague=hire(service, user_id, role), browser=Browser(service))
        agent.sit_down()
        return agent

    def sit_down(self) -> None:
        """Open the desk, signing in by passkey where that is asked."""
        self.kept(console(self.browser, self.colleague, "/desk"))

    def find(self, typed: str) -> TestResponse:
        """Type what a caller says into the search field, and follow where that leads."""
        return self.go(press(self.browser, self.kept(self.browser.get("/desk")), "find", typed=typed))

    def page(self, account_id: str) -> TestResponse:
        """Open the page of an account."""
        return self.kept(self.browser.get(f"/desk/accounts/{account_id}"))

    def press(self, account_id: str, action: str, **fields: str) -> TestResponse:
        """Press a button of an account's page, also one that is not shown: its token is that of the whole page."""
        token = re.search(r'name="form_token" value="([^"]+)"', self._form(account_id))
        assert token
        sent = {"form_token": token[1], "action": action, **fields}
        return self.kept(self.browser.post(f"/desk/accounts/{account_id}", sent))

    def act(self, account_id: str, action: str, *, reason: str = REASON, ticket: str = TICKET) -> TestResponse:
        """Do something for the caller."""
        return self.press(account_id, action, reason=reason, ticket=ticket)

    def verify(self, account_id: str, code: str) -> TestResponse:
        """Type the code that the caller reads out."""
        return self.press(account_id, "verify", code=code)

    def go(self, response: TestResponse) -> TestResponse:
        """Follow to a page, and keep every answer on the way."""
        self.kept(response)
        while response.status_code == 303:
            response = self.kept(self.browser.get(response.headers["Location"]))
        return response

    def kept(self, response: TestResponse) -> TestResponse:
        """Remember what was sent to this browser."""
        self.answers.append(response)
        return response

    def _form(self, account_id: str) -> str:
        forms = re.findall(
            rf'<form method="post" action="/desk/accounts/{re.escape(account_id)}".*?</form>',
            self.page(account_id).text,
            re.DOTALL,
        )
        assert forms
        return str(forms[0])


def code_shown(service: Service, user_id: str = "dana", browser: Browser | None = None) -> str:
    """Sign a customer in and have a code shown."""
    customer = browser or Browser(service)
    page = press(customer, open_page(customer, "/account/call-code", user_id=user_id), "make")
    return code_in(page.text)


def code_mailed(service: Service) -> str:
    """Read the code in the newest mail."""
    return code_in(deliver(service)[0].text)


def code_in(text: str) -> str:
    """Read a call code."""
    found = CODE.search(re.sub(r"<[^>]+>", "\n", text))
    assert found, text
    return found[0]


def verified(service: Service, agent: Agent, account_id: str, user_id: str = "dana") -> None:
    """Have a caller verified by a code that was shown to them."""
    response = agent.verify(account_id, code_shown(service, user_id))
    assert response.headers.get("Location", "").endswith("done=verified"), response.text


def events(service: Service, type: str, account_id: str | None = None) -> list[RecordedEvent]:
    """Give the events of a type, oldest first."""
    with service.database.reading() as connection:
        return latest_events(connection, Wanted(type=type, account_id=account_id), count=500)


def told(service: Service, act: str) -> list[str]:
    """Give the addresses at which an owner was told of an act."""
    with service.database.reading() as connection:
        rows = connection.execute(select(OUTBOX.c.recipient, OUTBOX.c.kind, OUTBOX.c.payload)).all()
    return [row.recipient for row in rows if row.kind == "desk_acted" and row.payload["words"]["act"] == act]
