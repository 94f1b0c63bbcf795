"""Which client is asking, proved by exactly one method: the one it registered (RFC 6749 §2.3, RFC 7523 §2.2).

An unknown client, a wrong secret and a wrong method give one answer after the same work. Authlib's stock registry runs
each method before asking whether it is allowed, accepts two at once, and names unknown clients; none of that is used.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import unquote_plus

from idp.clients.client import Client
from idp.oidc.client_assertion import ASSERTION_TYPE, verify_assertion
from idp.oidc.errors import invalid_client, invalid_request
from idp.oidc.issuer import Issuer
from idp.oidc.request import ProtocolRequest
from idp.storage.handles import digest

_NOBODYS_SECRET = digest("the secret of no client")


def authenticate_client(issuer: Issuer, request: ProtocolRequest) -> Client:
    """Give the client that this request proves to come from; sets `request.client` and `request.auth_method`.

    Raises:
        ProtocolError: invalid_client (401), or invalid_request when two methods are used at once.
    """
    method = _method_used(request)
    client = _METHODS[method](issuer, request)
    stated = request.form.get("client_id")
    if stated is not None and stated != client.client_id:
        raise invalid_client("client_id is not that of the credentials", basic=method == "client_secret_basic")
    if client.disabled_at is not None:
        raise invalid_client(f"client {client.client_id} is disabled", basic=method == "client_secret_basic")
    request.client = client
    request.auth_method = method
    return client


def _method_used(request: ProtocolRequest) -> str:
    form = request.form
    used = [
        method
        for method, present in (
            ("client_secret_basic", request.wire.header("authorization") is not None),
            ("client_secret_post", "client_secret" in form),
            ("private_key_jwt", "client_assertion" in form or "client_assertion_type" in form),
        )
        if present
    ]
    if len(used) > 1:
        raise invalid_request("More than one client authentication method is used.", detail=", ".join(used))
    return used[0] if used else "none"


def _by_basic(issuer: Issuer, request: ProtocolRequest) -> Client:
    client_id, secret = _basic_credentials(request.wire.header("authorization") or "")
    return _by_secret(issuer, client_id, secret, method="client_secret_basic")


def _basic_credentials(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise invalid_client("the Authorization header is not Basic", basic=True)
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
        client_id, separator, secret = decoded.partition(":")
        # RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
        pair = unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except (binascii.Error, ValueError) as error:
        raise invalid_client("Basic credentials cannot be decoded", basic=True) from error
    if not separator:
        raise invalid_client("Basic credentials have no colon", basic=True)
    return pair


def _by_post(issuer: Issuer, request: ProtocolRequest) -> Client:
    form = request.form
    return _by_secret(issuer, form.get("client_id", ""), form["client_secret"], method="client_secret_post")


def _by_secret(issuer: Issuer, client_id: str, secret: str, *, method: str) -> Client:
    client = issuer.directory.find(client_id)
    presented = digest(secret)
    now = issuer.clock()
    live = [one.digest for one in client.secrets if one.expires_at is None or one.expires_at > now] if client else []
    matches = [hmac.compare_digest(presented, stored) for stored in live or [_NOBODYS_SECRET]]
    basic = method == "client_secret_basic"
    if client is None:
        raise invalid_client("no client has this client_id", basic=basic)
    if client.auth_method != method:
        raise invalid_client(f"{client_id} used {method}, registered is {client.auth_method}", basic=basic)
    if not live or not any(matches):
        raise invalid_client(f"wrong secret for {client_id}", basic=basic)
    return client


def _by_assertion(issuer: Issuer, request: ProtocolRequest) -> Client:
    form = request.form
    if form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in form:
        raise invalid_client("client_assertion or its type is missing or not jwt-bearer", basic=False)
    client, request.assertion = verify_assertion(issuer, form["client_assertion"])
    return client


def _by_nothing(issuer: Issuer, request: ProtocolRequest) -> Client:
    client = issuer.directory.find(request.form.get("client_id", ""))
    if client is None or not client.public:
        raise invalid_client("no credentials, and no public client has this client_id", basic=False)
    return client


_METHODS: Mapping[str, Callable[[Issuer, ProtocolRequest], Client]] = {
    "client_secret_basic": _by_basic,
    "client_secret_post": _by_post,
    "private_key_jwt": _by_assertion,
    "none": _by_nothing,
}
