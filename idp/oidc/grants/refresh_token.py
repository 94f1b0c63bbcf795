"""The refresh token grant (RFC 6749 §6, RFC 9700 §4.14, OpenID Connect Core §12)."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import grants
from sqlalchemy import Connection

from idp.acts.refresh import RefreshTokenUnknown, UsedRefreshToken, use_refresh_token
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.issuance.gate import Path, may_issue
from idp.oidc.errors import invalid_grant
from idp.oidc.grants.phases import Phases, ReplayedError, TokenBody
from idp.oidc.minting import mint_for_person
from idp.oidc.scopes import narrowed_scopes
from idp.storage.handles import new_handle


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
                if used.repeated:
                    self._record_repeat(connection, used, now)
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
        except ReplayedError as error:
            self.end_family(error.grant_id, "refresh.reuse", now)
            raise invalid_grant("the refresh token was rotated before: its family is ended") from error

    def _record_repeat(self, connection: Connection, used: UsedRefreshToken, now: float) -> None:
        """A first use is recorded with its statement; tokens for a repeat within the grace must not go unrecorded."""
        subject = used.family.subject
        event = Event(
            type=EventType.TOKEN_REFRESHED,
            at=now,
            actor=f"client:{used.client_id}",
            account_id=subject.account_id,
            client_id=used.client_id,
            sid=subject.sid,
            reference=self.request.wire.request_id,
            details={"repeated": True},
        )
        record(connection, event, entropy=self.issuer.entropy)

    def _bind(self, used: UsedRefreshToken, now: float) -> None:
        client = self.request.registered_client
        if used.client_id != client.client_id:
            raise invalid_grant(f"refresh token of {used.client_id} presented by {client.client_id}")
        if used.reused:
            raise ReplayedError(used.family.subject.grant_id)
        if now >= used.idle_expires_at or now >= used.family.expires_at:
            raise invalid_grant("the refresh token is expired")
