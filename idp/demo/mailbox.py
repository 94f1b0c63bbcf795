"""/demo/mailbox: what the demo would have sent, for whoever tries it out; there is no such page anywhere else."""

from __future__ import annotations

import flask

from idp.delivery.mail_folder import KeptMail
from idp.flows.parts import Parts
from idp.flows.visit import fail, language_of

_AS_IT_IS = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'"
"""A mail brings its own styles, as mail must, and can do nothing else."""


def add_mailbox(pages: flask.Blueprint, parts: Parts) -> None:
    """Add the list of messages, and each of them as a mail program would show it."""

    @pages.get("/demo/mailbox")
    def mailbox() -> flask.Response:
        return parts.pages.render("demo_mailbox", language=language_of(), messages=_messages(parts))

    @pages.get("/demo/mailbox/<name>")
    def message(name: str) -> flask.Response:
        response = flask.Response(_found(parts, name).html, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = _AS_IT_IS
        response.headers["Cache-Control"] = "no-store"
        return response


def _messages(parts: Parts) -> list[KeptMail]:
    return parts.mailbox.messages() if parts.mailbox else []


def _found(parts: Parts, name: str) -> KeptMail:
    found = next((mail for mail in _messages(parts) if mail.name == name), None)
    return found if found is not None else fail("not_found", status=404)
