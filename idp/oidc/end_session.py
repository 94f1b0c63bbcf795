"""What a logout request asks for (OpenID Connect RP-Initiated Logout 1.0 §2–§3), over Authlib's endpoint.

A hint counts only if it is an ID token that this issuer signed, expired or not, for one client; Authlib would take any
JWT of ours, of whatever type. A redirect needs a good hint and an address registered to the letter; anything doubtful
gives a confirmation page without a way onwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from authlib.oidc.rpinitiated import EndSessionEndpoint

from idp.clients.client import Client
from idp.issuance.gate import Facts, IssuanceRefused, Path, may_issue
from idp.issuance.mint import ID_TOKEN_TYPE
from idp.oidc.issuer import Issuer
from idp.oidc.redirect_uris import is_registered_for_logout
from idp.wire.forms import Form
from keys.errors import InvalidToken


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """What was understood; `doubtful` when something sent does not hold, so that nobody is redirected."""

    client: Client | None
    sub: str | None
    sid: str | None
    post_logout_redirect_uri: str | None
    state: str | None
    ui_locales: str | None
    doubtful: bool


class EndSession(EndSessionEndpoint):
    """Reads logout requests; Authlib's class carries the endpoint's name and rule that an expired hint still counts."""

    def __init__(self, issuer: Issuer) -> None:
        super().__init__(None)
        self._issuer = issuer

    def read(self, form: Form) -> LogoutRequest:
        """Understand a logout request; nothing in it can make this fail."""
        hint = self._hint(form.get("id_token_hint"))
        client = self._client(form.get("client_id"), hint)
        address = form.get("post_logout_redirect_uri")
        mismatch = "client_id" in form and hint is not None and hint["aud"] != form["client_id"]
        may_redirect = (
            hint is not None
            and client is not None
            and not mismatch
            and not form.duplicates
            and address is not None
            and is_registered_for_logout(address, client)
        )
        wanted_more = ("id_token_hint" in form and hint is None) or (address is not None and not may_redirect)
        return LogoutRequest(
            client=client,
            sub=str(hint["sub"]) if hint and not mismatch else None,
            sid=str(hint["sid"]) if hint and not mismatch and "sid" in hint else None,
            post_logout_redirect_uri=address if may_redirect else None,
            state=form.get("state"),
            ui_locales=form.get("ui_locales"),
            doubtful=wanted_more or mismatch or bool(form.duplicates),
        )

    def _hint(self, token: str | None) -> dict[str, object] | None:
        if token is None:
            return None
        try:
            claims = self._issuer.ring.verify_hint(token, typ=ID_TOKEN_TYPE)
        except InvalidToken:
            return None
        if claims.get("iss") != self._issuer.address or not isinstance(claims.get("aud"), str):
            return None
        return claims

    def _client(self, client_id: str | None, hint: dict[str, object] | None) -> Client | None:
        client = self._issuer.directory.find(str(hint["aud"]) if hint else client_id or "")
        if client is None:
            return None
        try:
            may_issue(Facts(path=Path.LOGOUT_HINT, client=client, scopes=frozenset(), issued_at=self._issuer.clock()))
        except IssuanceRefused:
            return None
        return client
