"""Ask a served issuer over real sockets: broken connections are told apart from answers, browsers come along."""

from __future__ import annotations

import base64
import html
import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import TestResponse

from idp.app import Service
from tests.support.in_process import App, Browser, issuer_on
from tests.support.served import ServedIssuer

BROKEN = 0
"""The status of a request whose connection broke: it may have been served or not."""

PROXY = "127.0.0.3"
"""A loopback address for a proxy that the issuer's settings may trust."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came over the wire."""

    status: int
    seconds: float
    body: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def ask(
    issuer: ServedIssuer,
    path: str,
    form: Mapping[str, str] | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10.0,
    source: str = "127.0.0.1",
) -> Heard:
    """GET a path, or POST a form to it, on a connection of its own from one of this machine's loopback addresses."""
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", issuer.port, timeout=timeout, source_address=(source, 0))
    try:
        body = None if form is None else urlencode(form)
        sent = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        connection.request("GET" if form is None else "POST", path, body, sent | dict(headers or {}))
        response = connection.getresponse()
        data = response.read()
    except (OSError, http.client.HTTPException):
        return Heard(BROKEN, time.monotonic() - started)
    finally:
        connection.close()
    found = dict(response.getheaders())
    parsed = json.loads(data) if "json" in found.get("content-type", "") else data.decode()
    return Heard(response.status, time.monotonic() - started, parsed, found)


def call(issuer: ServedIssuer, app: App, form: Mapping[str, str], path: str = "/token") -> Heard:
    """Call an endpoint of a served issuer as an app, with the app's own authentication."""
    if app.secret is None:
        return ask(issuer, path, {"client_id": app.client_id, **form})
    credentials = base64.b64encode(f"{app.client_id}:{app.secret}".encode()).decode()
    return ask(issuer, path, form, headers={"Authorization": f"Basic {credentials}"})


def code_form(app: App, code: str) -> dict[str, str]:
    """Give the form that exchanges a code."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": app.redirect_uri,
        "code_verifier": app.verifier,
    }


def refresh_form(refresh_token: str) -> dict[str, str]:
    """Give the form that uses a refresh token."""
    return {"grant_type": "refresh_token", "refresh_token": refresh_token}


def submit(
    issuer: ServedIssuer, browser: Browser, page: TestResponse, fields: Mapping[str, str], *, proxied_for: str = ""
) -> Heard:
    """Send the form of a page that a node in this process showed to a served one, with the browser's cookies.

    With `proxied_for` it comes through a proxy (at `PROXY`) that says so.
    """
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    action = re.search(r'<form[^>]* action="([^"]+)"', page.text)
    assert action is not None
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
    form = {name: html.unescape(value) for name, value in hidden} | dict(fields)
    headers = {"Cookie": cookies, "Origin": issuer.address}
    if not proxied_for:
        return ask(issuer, html.unescape(action[1]), form, headers=headers)
    return ask(
        issuer, html.unescape(action[1]), form, headers=headers | {"Forwarded": f"for={proxied_for}"}, source=PROXY
    )


@contextmanager
def node_beside(issuer: ServedIssuer) -> Iterator[Service]:
    """Run one more node of a served issuer in this process, on the same database with the same keys."""
    url = issuer.environment["IDP_DATABASE_URL"]
    with issuer_on(url, issuer.folder, keys=False, issuer=issuer.address) as node:
        yield node


def furnished_app(issuer: ServedIssuer, node: Service) -> App:
    """Give the client that every served issuer has."""
    return App(service=node, client_id=issuer.client_id, secret=issuer.client_secret, redirect_uri=issuer.redirect_uri)


@contextmanager
def meanwhile(act: Callable[[threading.Event], None], *, threads: int = 1) -> Iterator[None]:
    """Do something in other threads as long as the block lasts; `act` gets the event that says when to end."""
    over = threading.Event()
    running = [threading.Thread(target=act, args=(over,), daemon=True) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in running:
            thread.join(20)
