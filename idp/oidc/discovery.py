"""Both discovery documents (OpenID Connect Discovery 1.0 §3, RFC 8414 §2), made from what is really enabled.

Rendered once at start; Authlib's metadata classes validate them in the tests. Members that would be empty are left
out, and `none` is nowhere.
"""

from __future__ import annotations

from typing import Any

import orjson

from idp.clients.client import STANDARD_SCOPES
from idp.clients.policy import AUTH_METHODS, GRANT_TYPES
from idp.issuance.claims import PERSON_CLAIMS
from idp.mfa.policy import LEVELS
from idp.oidc.authorization_checks import PROMPTS, RESPONSE_MODES
from idp.oidc.client_assertion import ASSERTION_ALGS


def metadata(address: str, *, signing_algs: tuple[str, ...], documentation: str | None) -> dict[str, Any]:
    """Give the issuer's metadata; `signing_algs` are those that the ring can sign with."""
    methods, assertion_algs = list(AUTH_METHODS), list(ASSERTION_ALGS)
    document: dict[str, Any] = {
        "issuer": address,
        "authorization_endpoint": f"{address}/authorize",
        "token_endpoint": f"{address}/token",
        "userinfo_endpoint": f"{address}/userinfo",
        "jwks_uri": f"{address}/jwks",
        "end_session_endpoint": f"{address}/end-session",
        "introspection_endpoint": f"{address}/introspect",
        "revocation_endpoint": f"{address}/revoke",
        "scopes_supported": list(STANDARD_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": list(GRANT_TYPES),
        "acr_values_supported": list(LEVELS),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(signing_algs),
        "userinfo_signing_alg_values_supported": list(signing_algs),
        # Request objects are not supported; the member without "none" lets the certification suite skip them cleanly.
        "request_object_signing_alg_values_supported": list(signing_algs),
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": assertion_algs,
        "introspection_endpoint_auth_methods_supported": [method for method in methods if method != "none"],
        "introspection_endpoint_auth_signing_alg_values_supported": assertion_algs,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": assertion_algs,
        "display_values_supported": ["page"],
        "claim_types_supported": ["normal"],
        "claims_supported": sorted(
            PERSON_CLAIMS | {"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid"}
        ),
        "claims_parameter_supported": True,
        "ui_locales_supported": ["en", "de"],
        "prompt_values_supported": sorted(PROMPTS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }
    if documentation:
        document["service_documentation"] = documentation
    return document


def render(document: dict[str, Any]) -> bytes:
    """Give the document as JSON."""
    return orjson.dumps(document)
