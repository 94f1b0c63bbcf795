"""For each check that can refuse a request: what its refusal means, and what mends it.

Matched from top to bottom against the name of the check, then against the OAuth error; the last rule fits everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Two sentences for whoever runs the app."""

    why: str
    remedy: str


_ENDED = "Whatever the app held was ended: somebody signed out, was disabled, or took consent back."
_RULES: tuple[tuple[str, str, str], ...] = (
    (
        r"client_id\Z",
        "No client has this client_id, or it was sent twice.",
        "Send the client_id that `idp clients list` shows, once.",
    ),
    (
        r"client in service",
        "The client is disabled, or may not use the code flow.",
        "`idp clients enable` puts it back; `idp clients update … --grant authorization_code` allows the flow.",
    ),
    (
        r"redirect_uri registered",
        "The app asked to return to an address that is not registered for it, character by character.",
        "Send one of the registered addresses, or register the one sent: `idp clients update … --redirect-uri URI`.",
    ),
    (
        r"response_mode",
        "The answer was asked for in a way that is not served.",
        "Leave response_mode out, or send query or form_post.",
    ),
    (r"state\Z", "The state cannot be returned as it came.", "Send at most 4096 printable characters, once."),
    (r"no repetition", "A parameter was sent more than once (RFC 6749 §3.1).", "Send each parameter once."),
    (
        r"response_type",
        "Only the code flow is served; implicit and hybrid answers put tokens into addresses.",
        "Send response_type=code.",
    ),
    (
        r"(request|request_uri|registration)\Z",
        "The parameter changes what a request means and is not supported here.",
        "Send the parameters of the request by themselves.",
    ),
    (
        r"scope\Z",
        "None of the scopes asked for is registered for the app.",
        'Ask for registered ones, or register them: `idp clients update … --scope "openid …"`.',
    ),
    (
        r"PKCE method",
        "PKCE is accepted with S256 only; plain protects nobody.",
        "Send code_challenge_method=S256 and the SHA-256 of the verifier as challenge.",
    ),
    (
        r"PKCE",
        "The app must protect its code by PKCE (RFC 7636), and its challenge is missing or malformed.",
        "Send code_challenge (43 base64url characters) and code_challenge_method=S256; libraries have a switch for it.",
    ),
    (r"nonce", "The nonce cannot be returned as it came.", "Send at most 512 printable characters."),
    (
        r"prompt",
        "prompt has a value that is unknown, or none beside another.",
        "Send none, login, consent or select_account.",
    ),
    (r"max_age", "max_age is not a whole number of seconds.", "Send digits only."),
    (r"claims acr", "The app insists on an acr that nobody here can reach.", "See acr_values_supported in discovery."),
    (r"claims", "The claims parameter cannot be read.", "Send a JSON object as in OpenID Connect Core §5.5."),
    (
        r"id_token_hint",
        "The hint is not an ID token that this issuer gave this app.",
        "Send the ID token as it was received, or leave the hint out.",
    ),
    (
        r"wrong secret",
        "The client's secret is not one that counts.",
        "Compare the deployed secret, without spaces or line ends; `idp clients rotate-secret` makes a new one.",
    ),
    (
        r".+ used \w+, registered is",
        "The client proved who it is in another way than the one it registered.",
        "Let the app use the registered method, or change it: `idp clients update … --auth METHOD`.",
    ),
    (
        r"no client has this client_id|no credentials|client_id is not that",
        "The credentials name no client, or another one than client_id does.",
        "Send the credentials of the client; a client with a secret sends it with each request.",
    ),
    (
        r"public client .* introspection",
        "A public client proves nothing, so it may not ask about tokens (RFC 7662 §2.1).",
        "Ask from a client with a secret or a key of its own.",
    ),
    (r"client \S+ is disabled", "The client is out of service.", "`idp clients enable` puts it back."),
    (
        r"Basic credentials|the Authorization header",
        "The Authorization header is not what RFC 6749 §2.3.1 describes.",
        "Form-encode client_id and secret, join them by a colon, then Base64.",
    ),
    (
        r"(the )?(client )?assertion|client_assertion|no registered key",
        "The client's signed assertion does not hold (RFC 7523 §3).",
        "Check key, kid, algorithm, aud (the issuer), a fresh jti and an exp of a few minutes.",
    ),
    (
        r"no such code",
        "No code like this was issued here, or it was mangled on its way.",
        "Send the code as it arrived, decoded once.",
    ),
    (
        r"the code was used before|code\.reuse",
        "The code came a second time, so everything that had come of it was ended (RFC 9700 §4.14).",
        "Exchange a code once; a reloaded callback page must not do it again. If the app did not, treat it as theft.",
    ),
    (r"(code|refresh token|token) of", "It was issued to another client.", "Keep the clients' tokens apart."),
    (r"the code is expired", "A code lives for 60 seconds.", "Exchange it at once; look at the app's clock and queue."),
    (
        r"redirect_uri is",
        "The token request names another redirect_uri than the authorization request did.",
        "Send the very same address in both.",
    ),
    (
        r"code_verifier",
        "The verifier is not the one whose challenge began the sign-in.",
        "Keep the verifier in the browser's session until the code is exchanged; mind several tabs.",
    ),
    (
        r"the refresh token was rotated|refresh\.reuse",
        "An old refresh token came back, so its whole family was ended (RFC 9700 §4.14.2).",
        "Store the new refresh token of every answer; refresh in one place only. If the app did, treat it as theft.",
    ),
    (r"no such refresh token|the refresh token is expired", _ENDED, "Send the person through sign-in again."),
    (r"(account|session|grant|not_before|consent|reset)\w*\Z", _ENDED, "Send the person through sign-in again."),
    (r"client_disabled", "The client is out of service.", "`idp clients enable` puts it back."),
    (
        r"(scope|grant_type)_removed",
        "The registration no longer allows it.",
        "`idp clients update` shows and changes it.",
    ),
)
_BY_ERROR: tuple[tuple[str, str, str], ...] = (
    (
        "login_required|interaction_required|consent_required|account_selection_required",
        "The app asked for an answer without any page (prompt=none), and a page was needed.",
        "Nothing is wrong: send the person through sign-in without prompt=none.",
    ),
    ("access_denied", "The person said no, or cancelled.", "Nothing is wrong: offer to sign in again."),
    (
        "unauthorized_client",
        "The client may not use this grant type.",
        "`idp clients update … --grant NAME` allows it.",
    ),
    ("unsupported_grant_type", "This grant type is not served.", "See grant_types_supported in discovery."),
    ("invalid_scope", "The scope goes beyond what is granted or registered.", "Ask for less, or register more."),
    (
        "wrong_password",
        "User ID and password did not match.",
        "Help the person; nothing tells which of the two it was.",
    ),
    ("too_many_guesses", "Too many attempts in a short time.", "Wait; the page says until when."),
)
_ANYTHING = Words(
    "The request was refused for the reason named above.", "Compare what was sent with the documentation."
)


def words_for(check: str, error: str) -> Words:
    """Give the words for a refusal."""
    for rules, told in ((_RULES, check), (_BY_ERROR, error)):
        for pattern, why, remedy in rules:
            if told and re.match(pattern, told):
                return Words(why, remedy)
    return _ANYTHING
