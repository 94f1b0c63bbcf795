"""Apps with a back channel on a web server of their own, and people who leave them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from werkzeug.test import TestResponse

from idp.app import Service
from idp.delivery.app_logouts import Receipt, receipts_of
from tests.protocol.web_server import Page, WebServer, web_server
from tests.protocol.world import claims_of
from tests.support.clock import SettableClock
from tests.support.in_process import App, Browser, add_person, issuer_on


@dataclass(kw_only=True)
class Listening:
    """An issuer, a server on which its apps listen for sign-outs, and the apps."""

    service: Service
    clock: SettableClock
    server: WebServer
    sub: str
    apps: list[App] = field(default_factory=list)

    def app(self, name: str, *, status: int = 200, **metadata: object) -> App:
        """Register an app that answers so when it is told."""
        self.server.pages[f"/{name}"] = Page(status=status)
        address: dict[str, Any] = {"backchannel_logout_uri": self.server.address(f"/{name}")}
        app = App.register(self.service, name, **(address | metadata))
        self.apps.append(app)
        return app

    def sign_in(self, *apps: App) -> tuple[Browser, list[dict[str, Any]]]:
        """Sign in to apps with one browser; gives the claims of each ID token, too."""
        browser = Browser(self.service)
        return browser, [claims_of(app.tokens(browser)["id_token"]) for app in apps or self.apps]

    def sign_out(self, browser: Browser) -> TestResponse:
        """Say at the issuer itself that one wants to leave; gives the page after it."""
        return browser.submit(browser.get("/end-session"), {"action": "sign_out"})

    def advance(self, seconds: float) -> None:
        """Let time pass, and let the issuer look at the database again, as it does twice a second."""
        self.clock.advance(seconds)
        self.service.watch.poll_once()

    def deliver(self) -> dict[str, int]:
        """Let the housekeeper tell whom it must; gives how the tries ended."""
        return dict(self.service.back_channel.deliver_due())

    def told(self, name: str) -> list[dict[str, Any]]:
        """Give the claims of every logout token that an app got."""
        return [claims_of(token) for token in self.tokens(name)]

    def tokens(self, name: str) -> list[str]:
        """Give every logout token that an app got."""
        forms = [
            parse_qs(body.decode(), strict_parsing=True) for path, body in self.server.posted if path == f"/{name}"
        ]
        assert all(form.keys() == {"logout_token"} for form in forms)
        return [form["logout_token"][0] for form in forms]

    def states(self) -> dict[str, str]:
        """Give the state of the latest receipt of each app."""
        return {receipt.client_id: receipt.state for receipt in reversed(self.receipts())}

    def receipts(self) -> tuple[Receipt, ...]:
        """Give the person's receipts, the newest first."""
        with self.service.database.reading() as connection:
            return receipts_of(connection, account_id=self.sub)


@contextmanager
def listening_on(database_url: str, folder: Path, **overrides: object) -> Iterator[Listening]:
    """Run an issuer that may call the server of its apps."""
    clock = SettableClock()
    with web_server() as server:
        values: dict[str, Any] = {"signing_algs": ("ES256",), "outbound_allow": (f"127.0.0.1:{server.port}",)}
        with issuer_on(database_url, folder, clock=clock, **(values | overrides)) as service:
            yield Listening(service=service, clock=clock, server=server, sub=add_person(service))
