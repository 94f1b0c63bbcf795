"""The checks of an authorization request, one function each; their order stands in `authorization_request.CHECKS`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

from idp.clients.client import Client
from idp.issuance.claims import ClaimsParameterInvalid, parse_claims_parameter
from idp.issuance.mint import ID_TOKEN_TYPE
from idp.issuance.pkce import CHALLENGE
from idp.mfa.policy import LEVELS, stronger, wanted_of
from idp.oidc.authorization_errors import RedirectedError, ShownError
from idp.oidc.issuer import Issuer
from idp.oidc.redirect_uris import is_registered
from idp.oidc.scopes import split_scope
from idp.wire.forms import Form
from keys.errors import InvalidToken

RESPONSE_MODES = ("query", "form_post")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
MAX_STATE = 4096
MAX_NONCE = 512
MAX_HINT = 254
_WHOLE_SECONDS = re.compile(r"[0-9]{1,9}\Z")


@dataclass(slots=True, kw_only=True)
class Draft:
    """A request while it is being checked; each check fills in what it has proved."""

    issuer: Issuer
    form: Form
    client: Client = field(init=False)
    redirect_uri: str = field(init=False)
    redirect_uri_sent: bool = False
    response_mode: str = "query"
    state: str | None = None
    scopes: tuple[str, ...] = ()
    prompts: frozenset[str] = frozenset()
    max_age: float | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    acr_values: tuple[str, ...] = ()
    wanted_acr: str | None = None
    login_hint: str | None = None
    hinted_account: str | None = None
    ui_locales: str | None = None

    def refuse(self, error: str, description: str, *, check: str, sent: str = "", registered: str = "") -> NoReturn:
        """Refuse with an error that goes to the client's proven address."""
        raise RedirectedError(
            error, description, check=check, sent=sent, registered=registered, client_id=self.client.client_id
        )


def prove_client(draft: Draft) -> None:
    """A known client that is in service, named exactly once."""
    client_id = draft.form.get("client_id", "")
    client = None if "client_id" in draft.form.duplicates else draft.issuer.directory.find(client_id)
    if client is None:
        raise ShownError("invalid_request", "The application is not known here.", check="client_id", sent=client_id)
    if client.disabled_at is not None or "authorization_code" not in client.grant_types:
        raise ShownError(
            "unauthorized_client",
            "The application may not sign people in.",
            check="client in service, with the grant type authorization_code",
            registered="disabled" if client.disabled_at is not None else " ".join(sorted(client.grant_types)),
            client_id=client_id,
        )
    draft.client = client


def prove_redirect_uri(draft: Draft) -> None:
    """An address that is registered to the letter (RFC 9700 §2.1); OpenID requests must name it (Core §3.1.2.1)."""
    client, sent = draft.client, draft.form.get("redirect_uri")
    openid = "openid" in draft.form.get("scope", "").split(" ")
    usable = client.default_redirect_uri if sent is None and not openid else sent
    if "redirect_uri" in draft.form.duplicates or usable is None or not is_registered(usable, client):
        raise ShownError(
            "invalid_request",
            "The application asked to return to an address that is not registered for it.",
            check="redirect_uri registered to the letter",
            sent=sent or "(none)",
            registered=" ".join(client.redirect_uris),
            client_id=client.client_id,
        )
    draft.redirect_uri, draft.redirect_uri_sent = usable, sent is not None


def prove_response_mode(draft: Draft) -> None:
    """How the answer travels; an unknown way is answered in the query."""
    mode = draft.form.get("response_mode", "query")
    if mode not in RESPONSE_MODES or "response_mode" in draft.form.duplicates:
        draft.refuse("invalid_request", "response_mode must be query or form_post.", check="response_mode", sent=mode)
    if mode == "form_post" and not draft.redirect_uri.startswith(("https://", "http://")):
        draft.refuse("invalid_request", "form_post needs a web address.", check="response_mode", sent=mode)
    draft.response_mode = mode


def keep_state(draft: Draft) -> None:
    """A state that can be returned exactly as it came goes along with every answer from here on."""
    state = draft.form.get("state")
    if "state" not in draft.form.duplicates and state and len(state) <= MAX_STATE and state.isprintable():
        draft.state = state


def check_state(draft: Draft) -> None:
    """No state but one that can be returned."""
    if "state" in draft.form and draft.state is None:
        draft.refuse("invalid_request", "state is repeated, too long or not printable.", check="state")


def check_no_repetition(draft: Draft) -> None:
    """No parameter twice (RFC 6749 §3.1)."""
    if repeated := sorted(draft.form.duplicates):
        draft.refuse("invalid_request", "A parameter is repeated.", check="no repetition", sent=" ".join(repeated))


def check_response_type(draft: Draft) -> None:
    """Only the code flow is served (RFC 9700 §2.1.2)."""
    sent = draft.form.get("response_type")
    if not sent:
        draft.refuse("invalid_request", "The parameter response_type is missing.", check="response_type")
    if sent != "code":
        draft.refuse(
            "unsupported_response_type", "Only the response type code is supported.", check="response_type", sent=sent
        )


def check_unsupported(draft: Draft) -> None:
    """Parameters that change a request's meaning may not be ignored (OpenID Connect Core §6, §3.1.2.6)."""
    for name in ("request", "request_uri", "registration"):
        if name in draft.form:
            draft.refuse(f"{name}_not_supported", f"The parameter {name} is not supported.", check=name)


def check_scope(draft: Draft) -> None:
    """Scopes that are registered for the client; others are ignored (Core §3.1.2.1), but something must be left."""
    sent = draft.form.get("scope", "")
    usable = draft.client.scopes
    if "refresh_token" not in draft.client.grant_types:
        usable -= {"offline_access"}
    wanted = [scope for scope in split_scope(sent) if scope in usable]
    if not wanted:
        draft.refuse(
            "invalid_scope",
            "None of the scopes asked for is registered for the application.",
            check="scope",
            sent=sent,
            registered=" ".join(sorted(draft.client.scopes)),
        )
    draft.scopes = tuple(wanted)


def check_pkce(draft: Draft) -> None:
    """S256, exactly; required by the profile or for a public client, checked whenever it is used (RFC 7636 §4.3)."""
    challenge, method = draft.form.get("code_challenge"), draft.form.get("code_challenge_method")
    required = draft.client.profile.require_pkce or draft.client.public
    if challenge is None and method is None and not required:
        return
    if challenge is None:
        draft.refuse("invalid_request", "A code_challenge is required.", check="PKCE", registered="required")
    if method != "S256":
        draft.refuse(
            "invalid_request", "code_challenge_method must be S256.", check="PKCE method", sent=method or "(none)"
        )
    if not CHALLENGE.match(challenge):
        draft.refuse("invalid_request", "code_challenge is not 43 base64url characters.", check="PKCE challenge")


def check_nonce(draft: Draft) -> None:
    """A nonce that can be returned exactly as it came."""
    nonce = draft.form.get("nonce")
    if nonce is not None and (len(nonce) > MAX_NONCE or not nonce.isprintable()):
        draft.refuse("invalid_request", "nonce is too long or not printable.", check="nonce")


def check_prompt(draft: Draft) -> None:
    """Known prompts; none stands alone (Core §3.1.2.1)."""
    sent = draft.form.get("prompt", "")
    prompts = frozenset(split_scope(sent))
    if not prompts <= PROMPTS:
        draft.refuse("invalid_request", "prompt has an unknown value.", check="prompt", sent=sent)
    if "none" in prompts and len(prompts) > 1:
        draft.refuse("invalid_request", "prompt none stands alone.", check="prompt", sent=sent)
    draft.prompts = prompts


def check_max_age(draft: Draft) -> None:
    """Whole seconds; what the client registered as default otherwise."""
    sent = draft.form.get("max_age")
    if sent is None:
        draft.max_age = draft.client.default_max_age
        return
    if not _WHOLE_SECONDS.match(sent):
        draft.refuse("invalid_request", "max_age is not a number of seconds.", check="max_age", sent=sent)
    draft.max_age = float(sent)


def check_claims(draft: Draft) -> None:
    """A claims parameter that can be understood (Core §5.5)."""
    sent = draft.form.get("claims")
    if sent is None:
        return
    try:
        draft.claims = dict(parse_claims_parameter(sent))
    except ClaimsParameterInvalid as error:
        draft.refuse("invalid_request", f"The claims parameter is {error}.", check="claims")
    wanted = draft.claims.get("id_token", {}).get("sub")
    if isinstance(wanted, dict) and isinstance(wanted.get("value"), str):
        # Core §3.1.2.2: a positive answer only for that very person.
        draft.hinted_account = wanted["value"]


def check_acr(draft: Draft) -> None:
    """Wishes for an acr are kept; an essential one that nobody here can meet fails (Core §5.5.1.1)."""
    draft.acr_values = split_scope(draft.form.get("acr_values", ""))[:10] or draft.client.default_acr_values
    draft.wanted_acr = wanted_of(draft.acr_values)
    request = draft.claims.get("id_token", {}).get("acr")
    if not isinstance(request, dict) or not request.get("essential"):
        return
    wanted = request.get("values", [request.get("value")])
    if not isinstance(wanted, list):
        draft.refuse("invalid_request", "The values of an acr request must be a list.", check="claims acr")
    named = [value for value in wanted if value is not None]
    if named and not any(value in LEVELS for value in named if isinstance(value, str)):
        draft.refuse("unmet_authentication_requirements", "The acr asked for cannot be met.", check="claims acr")
    essential = wanted_of(value for value in named if isinstance(value, str))
    if essential is not None:
        draft.wanted_acr = stronger(essential, draft.wanted_acr or essential)


def check_hints(draft: Draft) -> None:
    """Hints about the person and the language; an id_token_hint must be ours and this client's (Core §3.1.2.1)."""
    hint = draft.form.get("login_hint")
    if hint and len(hint) <= MAX_HINT and hint.isprintable():
        draft.login_hint = hint
    locales = draft.form.get("ui_locales")
    if locales and len(locales) <= MAX_HINT and locales.isprintable():
        draft.ui_locales = locales
    id_token_hint = draft.form.get("id_token_hint")
    if id_token_hint is None:
        return
    try:
        claims = draft.issuer.ring.verify_hint(id_token_hint, typ=ID_TOKEN_TYPE)
    except InvalidToken:
        draft.refuse("invalid_request", "id_token_hint is not an ID token of this issuer.", check="id_token_hint")
    if claims.get("iss") != draft.issuer.address or claims.get("aud") != draft.client.client_id:
        draft.refuse("invalid_request", "id_token_hint was issued to someone else.", check="id_token_hint")
    if draft.hinted_account not in {None, claims["sub"]}:
        draft.refuse("invalid_request", "id_token_hint and claims name two people.", check="id_token_hint")
    draft.hinted_account = str(claims["sub"])
