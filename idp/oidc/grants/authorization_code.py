"""The authorization code grant (RFC 6749 §4.1.3) with PKCE (RFC 7636 §4.6)."""

from __future__ import annotations

import hmac
import re

from authlib.oauth2.rfc6749 import grants

from idp.acts.redeem_code import CodeUnknown, RedeemedCode, redeem_code
from idp.issuance.gate import Path, may_issue
from idp.issuance.pkce import s256
from idp.oidc.errors import invalid_grant, invalid_request
from idp.oidc.grants.phases import Phases, ReplayedError, TokenBody
from idp.oidc.minting import mint_for_person
from idp.storage.handles import digest, new_handle

VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}\Z")


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
        except ReplayedError as error:
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
            raise ReplayedError(redeemed.family.subject.grant_id)
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
