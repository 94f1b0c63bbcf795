"""Read an access token that somebody presents: signature, type, issuer, times, and that nothing it stands on has ended.

Costs no statement: what has ended is in the process's memory, and a memory that is too old answers 503 instead of yes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from idp.clients.client import Client
from idp.issuance.gate import Facts, IssuanceRefused, Path, may_issue
from idp.issuance.mint import ACCESS_TOKEN_TYPE
from idp.oidc.issuer import Issuer
from idp.storage.skew import OWN_SIGNATURES_SECONDS
from keys.compact import check_times
from keys.errors import InvalidToken

Claims = Mapping[str, Any]

JWS_DOTS = 2


class TokenRefused(Exception):
    """The token is not (any longer) good; the text is private detail, `claims` are there when it was once good."""

    def __init__(self, detail: str, claims: Claims | None = None) -> None:
        super().__init__(detail)
        self.claims = claims


def is_jwt_shaped(token: str) -> bool:
    """Whether this can be an access token at all: three segments; refresh tokens and codes have one."""
    return token.count(".") == JWS_DOTS


def read_access_token(issuer: Issuer, token: str, path: Path) -> tuple[Claims, Client]:
    """Give the claims of a live access token and the client that it was issued to.

    Raises:
        TokenRefused: for whatever reason.
        StaleView: this process cannot know whether the token has been revoked.
    """
    now = issuer.clock()
    issuer.watch.require_fresh(now)
    try:
        claims = issuer.ring.verify(token, typ=ACCESS_TOKEN_TYPE)
        check_times(claims, now=now, skew=OWN_SIGNATURES_SECONDS)
    except InvalidToken as error:
        raise TokenRefused(str(error)) from error
    client = issuer.directory.find(claims["client_id"])
    if claims["iss"] != issuer.address or client is None:
        raise TokenRefused("another issuer's token, or its client is gone")
    _ask_the_gate(issuer, claims, client, path)
    return claims, client


def _ask_the_gate(issuer: Issuer, claims: Claims, client: Client, path: Path) -> None:
    facts = Facts(
        path=path,
        client=client,
        scopes=frozenset(claims["scope"].split()),
        issued_at=claims["iat"],
        grant_ended=issuer.ended.token_ended(claims),
    )
    try:
        may_issue(facts)
    except IssuanceRefused as error:
        raise TokenRefused(error.state, claims) from error
