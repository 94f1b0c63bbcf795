"""What the signed-out page shows of the apps: who was told by the back channel, who signs out in a frame of the page.

A browser may see the receipts of the one session that it has ended, by a cookie that only we can make and that holds as
long as a form token does; a `sid`, which every app of the session knows, opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from sqlalchemy import Connection

from idp.clients.client import Client
from idp.clients.directory import ClientDirectory
from idp.delivery.app_logouts import receipts_of
from idp.delivery.app_queue import UNNEEDED
from idp.web.form_tokens import BadFormToken, FormTokens
from idp.web.origins import UnsafeAddress, policy_source

_PAGE = "signed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The session that a browser has ended, and the app that asked for it, where its own hint proved that."""

    sid: str
    client_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldApp:
    """An app that must hear of a sign-out, and whether it has: "confirmed", "pending" or "failed"."""

    name: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOutFrame:
    """An app's own page, to be loaded in a frame (OpenID Connect Front-Channel Logout 1.0 §2)."""

    name: str
    address: str


def receipt_for(left: Left, form_tokens: FormTokens, *, now: float) -> str:
    """Make the value of the cookie by which a browser sees its receipts."""
    return f"{left.sid}~{left.client_id}~{form_tokens.issue(page=_PAGE, binding=_binding(left), now=now)}"


def left_by(receipt: str | None, form_tokens: FormTokens, *, now: float) -> Left | None:
    """Read the cookie; None when there is none that we made lately."""
    sid, _, rest = (receipt or "").partition("~")
    client_id, _, token = rest.rpartition("~")
    left = Left(sid=sid, client_id=client_id)
    try:
        form_tokens.check(token, page=_PAGE, binding=_binding(left), now=now)
    except BadFormToken:
        return None
    return left


def told_apps(connection: Connection, directory: ClientDirectory, *, sid: str) -> list[ToldApp]:
    """Give the apps of a session in the order of their names, as people know them."""
    told = [
        ToldApp(
            name=_name_of(directory, receipt.client_id),
            state="confirmed" if receipt.confirmed else "pending" if receipt.pending else "failed",
        )
        for receipt in receipts_of(connection, sid=sid)
        if receipt.state != UNNEEDED
    ]
    return sorted(told, key=lambda app: (app.name, app.state))


def sign_out_frames(
    directory: ClientDirectory, apps: Iterable[str], *, issuer: str, sid: str
) -> tuple[SignOutFrame, ...]:
    """Give the frames for those of the apps (`client_id`) that sign out by the front channel, with `iss` and `sid`."""
    found = (directory.find(client_id) for client_id in apps)
    return tuple(
        SignOutFrame(name=client.name, address=_with(address, {"iss": issuer, "sid": sid}))
        for client in found
        if client is not None and client.disabled_at is None and (address := _framable(client)) is not None
    )


def _framable(client: Client) -> str | None:
    """Give an app's address if our policy can name it: nobody's sign-out may fail because of an app's address."""
    address = client.frontchannel_logout_uri
    try:
        return address if address is not None and policy_source(address) else None
    except UnsafeAddress:
        return None


def _with(address: str, parameters: dict[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(parameters)}"


def _name_of(directory: ClientDirectory, client_id: str) -> str:
    client = directory.find(client_id)
    return client.name if client else client_id


def _binding(left: Left) -> str:
    return f"{left.sid} {left.client_id}"
