"""The token endpoint's grants: one row of phases that every grant passes, so that a new grant cannot forget one.

client authentication → grant type → parameters → transaction { spend the assertion → redeem → bind → may_issue → mint →
record }. Authlib's classes say which grant a request is for; their own issuing (save the token, then consume the code)
is replaced, because two parallel requests would both be served (DEPENDENCIES: grants/authorization_code.py).
"""

from __future__ import annotations

import hmac
import re
from typing import Any

from authlib.consts import default_json_headers
from authlib.oauth2.rfc6749 import grants
from sqlalchemy import Connection

from idp.acts.end_family import end_family
from idp.acts.redeem_code import CodeUnknown, RedeemedCode, redeem_code
from idp.acts.refresh import RefreshTokenUnknown, UsedRefreshToken, use_refresh_token
from idp.issuance.gate import Facts, IssuanceRefused, Path, may_issue
from idp.issuance.pkce import s256
from idp.oidc.errors import ProtocolError, invalid_client, invalid_grant, invalid_request
from idp.oidc.issuer import Issuer
from idp.oidc.minting import mint_for_client, mint_for_person
from idp.oidc.request import ProtocolRequest
from idp.oidc.scopes import narrowed_scopes, requested_client_scopes
from idp.storage.handles import digest, new_handle
from idp.storage.spent import AlreadySpent, spend

VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}\Z")
TokenBody = dict[str, Any]


class Phases:
    """The phases common to all grants; a grant adds `read_parameters` and `issue`."""

    GRANT_TYPE: str
    request: ProtocolRequest
    server: Any

    @property
    def issuer(self) -> Issuer:
        """The issuer's parts."""
        issuer: Issuer = self.server.issuer
        return issuer

    def validate_token_request(self) -> None:
        """Authenticate the client, ask whether it may use this grant, read the parameters.

        Raises:
            ProtocolError: as RFC 6749 §5.2 names it.
        """
        client = self.server.authenticate_client(self.request, None, "token")
        if self.GRANT_TYPE not in client.grant_types:
            raise ProtocolError("unauthorized_client", "The client may not use this grant type.")
        self.read_parameters()

    def create_token_response(self) -> tuple[int, TokenBody, Any]:
        """Issue within one transaction; what the gate refuses becomes the protocol's error.

        Raises:
            ProtocolError: as RFC 6749 §5.2 names it.
        """
        try:
            return 200, self.issue(), default_json_headers
        except IssuanceRefused as error:
            raise self.refusal(error) from error

    def refusal(self, error: IssuanceRefused) -> ProtocolError:
        """Say the gate's refusal in the protocol's words."""
        return invalid_grant(error.state)

    def read_parameters(self) -> None:
        """Read this grant's own parameters."""
        raise NotImplementedError

    def issue(self) -> TokenBody:
        """Redeem, bind, ask the gate, mint, record."""
        raise NotImplementedError

    def parameter(self, name: str) -> str:
        """Give a parameter that the grant cannot do without."""
        value = self.request.form.get(name)
        if not value:
            raise invalid_request(f"The parameter {name} is missing.")
        return str(value)

    def end_family(self, grant_id: str, cause: str, now: float) -> None:
        """End every token of a grant whose code or refresh token came back."""
        end_family(
            self.issuer.database,
            grant_id=grant_id,
            client_id=self.request.registered_client.client_id,
            cause=cause,
            reference=self.request.wire.request_id,
            entropy=self.issuer.entropy,
            now=now,
        )

    def spend_assertion(self, connection: Connection, now: float) -> None:
        """Spend the client's assertion, if it used one, in the transaction of what it pays for."""
        spend_assertion(connection, self.request, now)


def spend_assertion(connection: Connection, request: ProtocolRequest, now: float) -> None:
    """Spend a request's client assertion (RFC 7523 §3 item 7).

    Raises:
        ProtocolError: invalid_client when it was used before.
    """
    if request.assertion is None:
        return
    try:
        spend(
            connection,
            kind="client_assertion",
            artifact=request.assertion.artifact,
            expires_at=request.assertion.expires_at,
            now=now,
        )
    except AlreadySpent as error:
        raise invalid_client("the client assertion was used before", basic=False) from error


class AuthorizationCode(Phases, grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """RFC 6749 §4.1.3 with RFC 7636 §4.6."""

    def read_parameters(self) -> None:
        """Read code, redirect_uri and code_verifier."""
        self.code = self.parameter("code")
        self.sent_redirect_uri = self.request.form.get("redirect_uri")
        self.verifier = self.request.form.get("code_verifier")
        if self.verifier is not None and not VERIFIER.match(self.verifier):
            raise invalid_request("code_verifier is not 43 to 128 unreserved characters.")

    def issue(self) -> TokenBody:
        """Spend the code and mint; a replay ends the whole family, after the refused transaction is rolled back."""
        issuer, now = self.issuer, self.issuer.clock()
        refresh_token = new_handle(issuer.entropy)
        try:
            with issuer.database.writing() as connection:
                self.spend_assertion(connection, now)
                redeemed = redeem_code(
                    connection,
                    digest=digest(self.code),
                    refresh_digest=digest(refresh_token),
                    refresh_idle=issuer.lifetimes.refresh_idle,
                    reference=self.request.wire.request_id,
                    now=now,
                )
                self._bind(redeemed, now)
                family = redeemed.family
                may_issue(family.facts(Path.CODE_EXCHANGE, self.request.registered_client))
                return mint_for_person(
                    issuer,
                    connection,
                    client=self.request.registered_client,
                    family=family,
                    scopes=family.scopes,
                    nonce=redeemed.nonce,
                    refresh_token=refresh_token if family.offline else None,
                    now=now,
                )
        except CodeUnknown as error:
            raise invalid_grant("no such code") from error
        except _ReplayedError as error:
            self.end_family(error.grant_id, "code.reuse", now)
            raise invalid_grant("the code was used before: its family is ended") from error

    def _bind(self, redeemed: RedeemedCode, now: float) -> None:
        """Check that the code was issued to this client, for this address and this verifier, and is alive.

        Another client's code is refused before anything else, so that nobody can end a family that is not theirs.
        """
        client = self.request.registered_client
        if redeemed.family.client_id != client.client_id:
            raise invalid_grant(f"code of {redeemed.family.client_id} presented by {client.client_id}")
        if redeemed.replayed:
            raise _ReplayedError(redeemed.family.subject.grant_id)
        if now >= redeemed.expires_at:
            raise invalid_grant("the code is expired")
        if self.sent_redirect_uri is None and redeemed.redirect_uri_sent:
            raise invalid_grant("redirect_uri is missing though it was in the authorization request")
        if self.sent_redirect_uri is not None and self.sent_redirect_uri != redeemed.redirect_uri:
            raise invalid_grant("redirect_uri is not that of the authorization request")
        self._bind_verifier(redeemed.code_challenge)

    def _bind_verifier(self, challenge: str | None) -> None:
        if challenge is None and self.verifier is not None:
            raise invalid_grant("code_verifier without a code_challenge (RFC 9700 §2.1.1)")
        if challenge is not None and (self.verifier is None or not hmac.compare_digest(s256(self.verifier), challenge)):
            raise invalid_grant("code_verifier is missing or does not fit")


class _ReplayedError(Exception):
    def __init__(self, grant_id: str) -> None:
        super().__init__(grant_id)
        self.grant_id = grant_id


class RefreshToken(Phases, grants.RefreshTokenGrant):  # type: ignore[misc]
    """RFC 6749 §6, OpenID Connect Core §12."""

    def read_parameters(self) -> None:
        """Read refresh_token and scope."""
        self.presented = self.parameter("refresh_token")

    def issue(self) -> TokenBody:
        """Use the refresh token and mint; reuse ends the whole family, after the refused transaction is rolled back."""
        issuer, now = self.issuer, self.issuer.clock()
        client = self.request.registered_client
        try:
            with issuer.database.writing() as connection:
                self.spend_assertion(connection, now)
                used = use_refresh_token(
                    connection,
                    presented=self.presented,
                    successor=new_handle(issuer.entropy) if client.rotates_refresh_tokens else None,
                    refresh_idle=issuer.lifetimes.refresh_idle,
                    grace=issuer.lifetimes.refresh_grace,
                    reference=self.request.wire.request_id,
                    now=now,
                )
                self._bind(used, now)
                may_issue(used.family.facts(Path.REFRESH, client))
                return mint_for_person(
                    issuer,
                    connection,
                    client=client,
                    family=used.family,
                    scopes=narrowed_scopes(self.request.form.get("scope"), used.family.scopes),
                    nonce=None,
                    refresh_token=used.refresh_token,
                    now=now,
                )
        except RefreshTokenUnknown as error:
            raise invalid_grant("no such refresh token") from error
        except _ReplayedError as error:
            self.end_family(error.grant_id, "refresh.reuse", now)
            raise invalid_grant("the refresh token was rotated before: its family is ended") from error

    def _bind(self, used: UsedRefreshToken, now: float) -> None:
        client = self.request.registered_client
        if used.client_id != client.client_id:
            raise invalid_grant(f"refresh token of {used.client_id} presented by {client.client_id}")
        if used.reused:
            raise _ReplayedError(used.family.subject.grant_id)
        if now >= used.idle_expires_at or now >= used.family.expires_at:
            raise invalid_grant("the refresh token is expired")


class ClientCredentials(Phases, grants.ClientCredentialsGrant):  # type: ignore[misc]
    """RFC 6749 §4.4: no person, no refresh token, no statement; recorded in batches."""

    def read_parameters(self) -> None:
        """Read scope; one that the client may not have is refused, none means all of the client's own."""
        self.scopes = requested_client_scopes(self.request.form.get("scope"), self.request.registered_client)

    def refusal(self, error: IssuanceRefused) -> ProtocolError:
        """A client that the gate refuses is no longer a client."""
        return invalid_client(error.state, basic=False)

    def issue(self) -> TokenBody:
        """Ask the gate, mint, and hand the record to the batch."""
        issuer, now = self.issuer, self.issuer.clock()
        client = self.request.registered_client
        if self.request.assertion is not None:
            with issuer.database.writing() as connection:
                self.spend_assertion(connection, now)
        may_issue(Facts(path=Path.CLIENT_CREDENTIALS, client=client, scopes=frozenset(self.scopes), issued_at=now))
        return mint_for_client(
            issuer, client=client, scopes=self.scopes, reference=self.request.wire.request_id, now=now
        )
