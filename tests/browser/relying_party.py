"""An app of a stranger, for the browser to come back to; it shows what it was told, and keeps it for the test.

A small web server on 127.0.0.1, which is another site than localhost, so that cookies, form targets and cross-site
posts are what they are in real life.
"""

from __future__ import annotations

import base64
import hashlib
import html
import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.browser.demo import Demo
from tests.support.processes import free_port

VERIFIER = "a-verifier-of-the-stranger-that-is-long-enough-for-rfc-7636"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
LEARNING_SECONDS = 30.0
SCOPE = "openid profile email"
PAGE = (
    '<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>A stranger\'s app</title>'
    "<h1>Back in the app</h1><dl>{facts}</dl>"
)


@dataclass(kw_only=True)
class RelyingParty:
    """The app: its registration at the issuer, and what came back to it, the latest last."""

    issuer: str
    port: int
    client_id: str
    client_secret: str = field(default="", repr=False)
    answers: list[dict[str, str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def callback(self) -> str:
        """Its redirect URI."""
        return f"{self.address}/callback"

    @property
    def after_sign_out(self) -> str:
        """Where people return to after signing out."""
        return f"{self.address}/goodbye"

    @property
    def registration(self) -> dict[str, Any]:
        """What the issuer is told about it: somebody else's app, which asks people for consent."""
        return {
            "client_name": "Mileage Diary",
            "redirect_uris": [self.callback],
            "post_logout_redirect_uris": [self.after_sign_out],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile email address phone offline_access",
            "policy_uri": "https://diary.example.com/privacy",
            "tos_uri": "https://diary.example.com/terms",
            "accent": "#1d6b52",
        }

    def ask(self, **changes: str | None) -> str:
        """Give the address of an authorization request; a parameter that is None is left out."""
        request: dict[str, str | None] = {
            "client_id": self.client_id,
            "redirect_uri": self.callback,
            "response_type": "code",
            "scope": SCOPE,
            "state": secrets.token_urlsafe(8),
            "nonce": secrets.token_urlsafe(8),
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        given = {name: value for name, value in (request | changes).items() if value is not None}
        return f"{self.issuer}/authorize?{urlencode(given)}"

    def leave(self, **parameters: str) -> str:
        """Give the address of a sign-out request."""
        return f"{self.issuer}/end-session?{urlencode(parameters)}"

    @property
    def answer(self) -> dict[str, str]:
        """What came back last."""
        return self.answers[-1]

    def tokens(self) -> dict[str, Any]:
        """Exchange the last code."""
        form = {"grant_type": "authorization_code", "code": self.answer["code"], "redirect_uri": self.callback}
        answer = requests.post(
            f"{self.issuer}/token",
            data=form | {"code_verifier": VERIFIER},
            auth=(self.client_id, self.client_secret),
            timeout=10,
        )
        tokens: dict[str, Any] = answer.json()
        return tokens

    def respond(self, request: Request) -> Response:
        """Show, and keep, what came."""
        if request.path not in {"/callback", "/goodbye", "/leave"}:
            return Response(status=404)
        told = request.form if request.method == "POST" else request.args
        self.answers.append({"method": request.method, "path": request.path, **told.to_dict()})
        facts = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in told.items())
        return Response(PAGE.format(facts=facts), content_type="text/html; charset=utf-8")


@contextmanager
def relying_party(issuer: str) -> Iterator[RelyingParty]:
    """Serve a new app, not yet registered."""
    app = RelyingParty(issuer=issuer, port=free_port(), client_id=f"diary-{secrets.token_hex(4)}")
    server = make_server("127.0.0.1", app.port, Request.application(app.respond), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def registered(demo: Demo, *, framed: bool = False) -> Iterator[RelyingParty]:
    """Serve a new app that the demo's issuer knows; `framed` has it sign out in a frame of the issuer's page."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with relying_party(demo.issuer) as app:
        front_channel = {"frontchannel_logout_uri": f"{app.address}/leave"} if framed else {}
        app.client_secret = demo.add_client(app.client_id, **app.registration, **front_channel)
        until = time.monotonic() + LEARNING_SECONDS
        while requests.get(app.ask(prompt="none"), allow_redirects=False, timeout=5).status_code != 303:
            if time.monotonic() > until:
                raise RuntimeError("the issuer did not learn of the new client")
            time.sleep(0.05)
        yield app
