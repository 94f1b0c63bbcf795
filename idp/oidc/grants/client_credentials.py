"""The client credentials grant (RFC 6749 §4.4)."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import grants

from idp.issuance.gate import Facts, IssuanceRefused, Path, may_issue
from idp.oidc.errors import ProtocolError, invalid_client
from idp.oidc.grants.phases import Phases, TokenBody
from idp.oidc.minting import mint_for_client
from idp.oidc.scopes import requested_client_scopes


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
