"""A plain wire request as Authlib's core sees it.

Parameters of POST endpoints come from the form alone, never from the query (RFC 6749 §3.2, RFC 9700 §4.3.2). Authlib's
own constructor refuses an http address, which would break an issuer behind a proxy that ends TLS; whether the issuer
may be http is decided once, in the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import OAuth2Payload

from idp.clients.client import Client
from idp.oidc.errors import invalid_request
from idp.wire.forms import Form, MalformedForm, parse_form
from idp.wire.messages import Request


class FormPayload(OAuth2Payload):
    """The parameters of one request, each present once."""

    def __init__(self, form: Mapping[str, str]) -> None:
        self._form = form

    @property
    def data(self) -> Any:  # noqa: ANN401 - a Mapping; the stubs want a dict
        """The parameters by name."""
        return self._form

    @property
    def datalist(self) -> Any:  # noqa: ANN401 - a Mapping; the stubs want a dict
        """The parameters by name, as lists of one."""
        return {name: [value] for name, value in self._form.items()}


class ProtocolRequest(OAuth2Request):
    """One request to a protocol endpoint, and what its phases found out."""

    def __init__(self, wire: Request, form: Mapping[str, str]) -> None:
        # Authlib's __init__ is left out on purpose: see the module's docstring.
        self.wire = wire
        self.method = wire.method
        self.uri = wire.path
        self._parameters = form
        self.payload = FormPayload(form)
        self.client: Any = None
        self.auth_method: str | None = None
        self.user = None
        self.authorization_code = None
        self.refresh_token = None
        self.credential = None
        self._scope = None
        self._body = None
        self.assertion: AssertionToSpend | None = None

    @property
    def form(self) -> Any:  # noqa: ANN401 - a Mapping; the stubs want a dict
        """The parameters by name: a `Mapping[str, str]`."""
        return self._parameters

    @property
    def registered_client(self) -> Client:
        """The client that authenticated; only asked for after that phase."""
        if not isinstance(self.client, Client):
            raise TypeError("the client phase has not run")
        return self.client


class AssertionToSpend:
    """A verified client assertion that is spent in the transaction of what it pays for (RFC 7523 §3 item 7)."""

    __slots__ = ("artifact", "expires_at")

    def __init__(self, artifact: str, expires_at: float) -> None:
        self.artifact = artifact
        self.expires_at = expires_at


def read_form(wire: Request) -> Form:
    """Parse a form body in which every parameter stands at most once (RFC 6749 §3.2).

    Raises:
        ProtocolError: invalid_request.
    """
    try:
        form = parse_form(wire.body, wire.header("content-type"))
    except MalformedForm as error:
        raise invalid_request("The request body is not a well-formed form.", detail=str(error)) from error
    if form.duplicates:
        raise invalid_request("A parameter is repeated.", detail=", ".join(sorted(form.duplicates))[:200])
    return form
