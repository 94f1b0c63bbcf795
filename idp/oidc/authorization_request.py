"""An authorization request as it was understood: made by `parse_authorization_request` alone.

The parser is the ordered list `CHECKS`, to be read from top to bottom (OpenID Connect Core §3.1.2.1, RFC 6749 §4.1.1,
RFC 7636 §4.3, RFC 9700 §2.1). Everything above `client address proven` shows its error here; everything below
redirects it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.clients.client import Client
from idp.oidc.authorization_checks import (
    Draft,
    check_acr,
    check_claims,
    check_hints,
    check_max_age,
    check_no_repetition,
    check_nonce,
    check_pkce,
    check_prompt,
    check_response_type,
    check_scope,
    check_state,
    check_unsupported,
    keep_state,
    prove_client,
    prove_redirect_uri,
    prove_response_mode,
)
from idp.oidc.authorization_errors import RedirectedError
from idp.oidc.issuer import Issuer
from idp.wire.forms import Form

CHECKS: tuple[Callable[[Draft], None], ...] = (
    prove_client,
    prove_redirect_uri,
    # --- client address proven ---
    keep_state,
    prove_response_mode,
    check_state,
    check_no_repetition,
    check_response_type,
    check_unsupported,
    check_scope,
    check_pkce,
    check_nonce,
    check_prompt,
    check_max_age,
    check_claims,
    check_acr,
    check_hints,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What a client asks for, checked; `max_age` in seconds.

    `wanted_acr` is the level that satisfies what `acr_values` and an essential `acr` name: the weakest that they name
    and that is known here. The app gets that level or an error (RFC 9470 §5, Core §5.5.1.1).
    """

    client_id: str
    redirect_uri: str
    redirect_uri_sent: bool
    response_mode: str
    state: str | None
    scopes: tuple[str, ...]
    nonce: str | None
    code_challenge: str | None
    prompts: frozenset[str] = frozenset()
    max_age: float | None = None
    acr_values: tuple[str, ...] = ()
    wanted_acr: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    login_hint: str | None = None
    hinted_account: str | None = None
    ui_locales: str | None = None

    @property
    def silent(self) -> bool:
        """Whether no page may be shown (prompt=none)."""
        return "none" in self.prompts

    def to_document(self) -> dict[str, Any]:
        """Give a JSON document, for the journey that carries this request."""
        members = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return members | {"prompts": sorted(self.prompts), "claims": dict(self.claims)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> AuthorizationRequest:
        """Read what `to_document` gave; the journey's seal vouches for it."""
        return cls(
            **{
                **document,
                "scopes": tuple(document["scopes"]),
                "acr_values": tuple(document["acr_values"]),
                "prompts": frozenset(document["prompts"]),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAddress:
    """Where a redirected error goes, and how."""

    client: Client
    redirect_uri: str
    response_mode: str
    state: str | None


class RedirectedAuthorizationError(Exception):
    """A refused request whose client and address are proven."""

    def __init__(self, refusal: RedirectedError, address: ErrorAddress) -> None:
        super().__init__(refusal.error)
        self.refusal = refusal
        self.address = address


def parse_authorization_request(issuer: Issuer, form: Form) -> AuthorizationRequest:
    """Check a request, top to bottom.

    Raises:
        ShownError: client or address unproven: never redirect.
        RedirectedAuthorizationError: anything after that.
    """
    draft = Draft(issuer=issuer, form=form)
    try:
        for check in CHECKS:
            check(draft)
    except RedirectedError as error:
        address = ErrorAddress(
            client=draft.client,
            redirect_uri=draft.redirect_uri,
            response_mode=draft.response_mode,
            state=draft.state,
        )
        raise RedirectedAuthorizationError(error, address) from error
    return AuthorizationRequest(
        client_id=draft.client.client_id,
        redirect_uri=draft.redirect_uri,
        redirect_uri_sent=draft.redirect_uri_sent,
        response_mode=draft.response_mode,
        state=draft.state,
        scopes=draft.scopes,
        nonce=form.get("nonce"),
        code_challenge=form.get("code_challenge"),
        prompts=draft.prompts,
        max_age=draft.max_age,
        acr_values=draft.acr_values,
        wanted_acr=draft.wanted_acr,
        claims=draft.claims,
        login_hint=draft.login_hint,
        hinted_account=draft.hinted_account,
        ui_locales=draft.ui_locales,
    )
