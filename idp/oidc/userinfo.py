"""The UserInfo endpoint (Core §5.3, RFC 6750 §2): a bearer token in the header or the form, never in the query.

With no claims about the person asked for it costs no statement, otherwise one, and another for contracts. Authlib's
endpoint wants a token object from its own validator, which it then cannot read (its stock 500, see the canary tests);
its answer is reproduced here.
"""

from __future__ import annotations

from typing import Any

from idp.accounts.claims import person_claims
from idp.accounts.find import find_by_id
from idp.clients.client import Client
from idp.issuance.claims import userinfo_claims
from idp.issuance.gate import Facts, IssuanceRefused, Path, may_issue
from idp.oidc.access_token import Claims, TokenRefused, read_access_token
from idp.oidc.errors import ProtocolError, invalid_request, write_error
from idp.oidc.issuer import Issuer
from idp.oidc.request import read_form
from idp.wire.messages import Request, Response, json_response
from keys.compact import encode

BEARER = 'Bearer realm="idp"'


class UserInfo:
    """Answers GET and POST at /userinfo."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    def __call__(self, request: Request) -> Response:
        """Answer one request; errors follow RFC 6750 §3.1."""
        try:
            claims, client = self._authorised(request)
            return self._answer(claims, client)
        except ProtocolError as error:
            return write_error(error)

    def _authorised(self, request: Request) -> tuple[Claims, Client]:
        token = presented_token(request)
        try:
            claims, client = read_access_token(self._issuer, token, Path.USERINFO)
        except TokenRefused as error:
            self._note(request, error)
            raise _bearer_error("invalid_token", "The access token is not valid.", str(error), 401) from error
        if "openid" not in claims["scope"].split():
            raise _bearer_error("insufficient_scope", "The scope openid is needed.", "", 403)
        return claims, client

    def _note(self, request: Request, error: TokenRefused) -> None:
        """Record that a token which was once good came after its end; what anybody can make up is not worth a row."""
        if error.claims is not None:
            self._issuer.refusals.note_token(
                client_id=error.claims["client_id"],
                endpoint=request.path,
                check=str(error),
                reference=request.request_id,
            )

    def _answer(self, claims: Claims, client: Client) -> Response:
        person = self._person(claims, client)
        body = {**person, "sub": claims["sub"]}
        if client.userinfo_alg is None:
            return json_response(200, body)
        signer = self._issuer.ring.signer(client.userinfo_alg, client.client_id)
        signed = encode(signer, typ="JWT", claims={**body, "iss": self._issuer.address, "aud": client.client_id})
        headers = [("Content-Type", "application/jwt"), ("Cache-Control", "no-store")]
        return Response(200, headers, signed.encode("ascii"))

    def _person(self, claims: Claims, client: Client) -> dict[str, Any]:
        requested: dict[str, dict[str, object]] = {"userinfo": dict.fromkeys(claims.get("userinfo_claims", ()))}
        names = userinfo_claims(claims["scope"].split(), requested)
        if not names:
            return {}
        with self._issuer.database.reading() as connection:
            account = find_by_id(connection, account_id=claims["sub"])
            told = person_claims(connection, account, names, now=self._issuer.clock()) if account else {}
        try:
            may_issue(
                Facts(
                    path=Path.USERINFO,
                    client=client,
                    scopes=frozenset(claims["scope"].split()),
                    issued_at=claims["auth_time"],
                    account_status=account.status if account else "closed",
                    account_not_before=account.not_before if account else None,
                )
            )
        except IssuanceRefused as error:
            raise _bearer_error("invalid_token", "The access token is not valid.", error.state, 401) from error
        return told


def presented_token(request: Request) -> str:
    """Give the one bearer token of a request (RFC 6750 §2.1, §2.2).

    Raises:
        ProtocolError: none is there (401), or more than one (400).
    """
    header = request.header("authorization")
    in_form = _form_token(request)
    if header is not None and in_form is not None:
        raise invalid_request("The access token is sent in more than one way.")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return token.strip()
    elif in_form:
        return in_form
    raise ProtocolError("invalid_token", "An access token is needed.", status=401, challenge=BEARER)


def _form_token(request: Request) -> str | None:
    if request.method != "POST" or not request.body:
        return None
    return read_form(request).get("access_token")


def _bearer_error(error: str, description: str, detail: str, status: int) -> ProtocolError:
    challenge = f'{BEARER}, error="{error}", error_description="{description}"'
    return ProtocolError(error, description, detail=detail, status=status, challenge=challenge)
