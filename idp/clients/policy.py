"""Which registrations are acceptable: pure rules, each with the sentence an operator reads when it refuses.

Redirect URIs: absolute, no fragment (RFC 6749 §3.1.2), https except on loopback (RFC 8252 §7.3, RFC 9700 §2.6), no user
information, no dot segments, no script-like scheme; private-use schemes need a dot (RFC 8252 §7.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from idp.clients.profiles import PROFILES

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")
SIGNING_ALGS = ("ES256", "RS256", "PS256", "Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87")
ACR_VALUES = ("urn:idp:pwd", "urn:idp:mfa", "urn:idp:phishing-resistant")
"""How sure a sign-in can be, weakest first: the levels of `idp.mfa.policy`, which stands above this chapter."""
CLIENT_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}\Z")
PRIVATE_MEMBERS = frozenset({"d", "k", "p", "q", "dp", "dq", "qi", "priv"})
SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}\Z")
MAILBOX = re.compile(r"(?=.{3,254}\Z)[^\s@<>,;]+@[^\s@<>,;]+\Z")
MAX_URI = 2048
LOGOUT_URIS = ("backchannel_logout_uri", "frontchannel_logout_uri")
_PRINTABLE = re.compile(r"[\x21-\x7e]+\Z")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+\Z")


class RegistrationRefused(ValueError):
    """One or more members of a registration are not acceptable; `faults` has a sentence for each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


def redirect_uri_fault(uri: str) -> str | None:
    """Say what is wrong with a redirect URI, or None when it can be registered."""
    if not _PRINTABLE.match(uri) or "\\" in uri or len(uri) > MAX_URI:
        return "has characters that no URI has, or is longer than 2048"
    try:
        parts = urlsplit(uri)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "is not a URI"
    if "#" in uri:
        return "has a fragment (RFC 6749 §3.1.2)"
    if "@" in parts.netloc:
        return "has user information before the host"
    if parts.scheme in {"https", "http"}:
        return _web_redirect_fault(parts.scheme, host, parts.path)
    if not _PRIVATE_SCHEME.match(parts.scheme):
        return "must be https, http on loopback, or a private-use scheme with a dot (RFC 8252 §7.1)"
    return None


def _web_redirect_fault(scheme: str, host: str | None, path: str) -> str | None:
    if not host:
        return "names no host"
    if scheme == "http" and host not in LOOPBACK_HOSTS:
        return "must be https (http only on loopback, RFC 8252 §7.3)"
    if any(segment in {".", ".."} for segment in path.lower().replace("%2e", ".").split("/")):
        return "has dot segments"
    return None


def registration_faults(client_id: str, metadata: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each fault of a registration; none means it can be stored."""
    if not CLIENT_ID.match(client_id):
        yield "client_id must be 1 to 128 of A-Z a-z 0-9 . _ ~ -"
    yield from _method_faults(metadata)
    yield from _uri_faults(metadata)
    yield from _logout_faults(metadata)
    for scope in str(metadata.get("scope", "openid")).split(" "):
        if not SCOPE_TOKEN.match(scope):
            yield f"scope {scope!r} is not a scope token (RFC 6749 §3.3)"
    if metadata.get("profile", "default") not in PROFILES:
        yield f"profile must be one of {', '.join(PROFILES)}"
    for member in ("id_token_signed_response_alg", "access_token_signed_response_alg", "userinfo_signed_response_alg"):
        if metadata.get(member) not in {None, *SIGNING_ALGS}:
            yield f"{member} must be one of {', '.join(SIGNING_ALGS)}"
    yield from _assurance_faults(metadata)
    contact = metadata.get("security_contact")
    if contact is not None and not (isinstance(contact, str) and MAILBOX.match(contact)):
        yield "security_contact must be one mail address"


def _assurance_faults(metadata: Mapping[str, Any]) -> Iterator[str]:
    """A level that nobody here can reach would shut everybody out, so that it is refused before anybody is."""
    if metadata.get("minimum_acr") not in {None, *ACR_VALUES}:
        yield f"minimum_acr must be one of {', '.join(ACR_VALUES)}"
    wished = metadata.get("default_acr_values", [])
    if not isinstance(wished, list) or any(value not in ACR_VALUES for value in wished):
        yield f"default_acr_values must be a list of {', '.join(ACR_VALUES)}"


def _method_faults(metadata: Mapping[str, Any]) -> Iterator[str]:
    method = metadata.get("token_endpoint_auth_method", "client_secret_basic")
    grants = metadata.get("grant_types", ("authorization_code",))
    if method not in AUTH_METHODS:
        yield f"token_endpoint_auth_method must be one of {', '.join(AUTH_METHODS)}"
    for grant in grants:
        if grant not in GRANT_TYPES:
            yield f"grant type {grant!r} is not one of {', '.join(GRANT_TYPES)}"
    if method == "none" and "client_credentials" in grants:
        yield "client_credentials needs a client that can authenticate (RFC 6749 §4.4)"
    if method == "private_key_jwt" and bool(metadata.get("jwks")) == bool(metadata.get("jwks_uri")):
        yield "private_key_jwt needs exactly one of jwks and jwks_uri"
    if not _only_public_keys(metadata.get("jwks")):
        yield "jwks must be a set of public keys: no private or symmetric member, and at least one key (RFC 7517 §5)"
    if "refresh_token" in grants and "authorization_code" not in grants:
        yield "refresh_token comes only with authorization_code"


def _only_public_keys(jwks: object) -> bool:
    if jwks is None:
        return True
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(keys, list) or not keys:
        return False
    return all(isinstance(key, Mapping) and not PRIVATE_MEMBERS & key.keys() for key in keys)


def _logout_faults(metadata: Mapping[str, Any]) -> Iterator[str]:
    """Front-Channel Logout 1.0 §2: a frame of the app's own; `sid` is sent always, so the flags ask for nothing."""
    front = metadata.get("frontchannel_logout_uri")
    if front is not None and _origin(front) not in {_origin(uri) for uri in metadata.get("redirect_uris", ())}:
        yield "frontchannel_logout_uri: needs scheme, host and port of a redirect URI (Front-Channel Logout 1.0 §2)"
    for member in ("backchannel_logout_session_required", "frontchannel_logout_session_required"):
        if not isinstance(metadata.get(member, False), bool):
            yield f"{member} must be true or false"


def _origin(uri: str) -> str:
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{re.split('[/?#]', rest, maxsplit=1)[0]}"


def _uri_faults(metadata: Mapping[str, Any]) -> Iterator[str]:
    if "authorization_code" in metadata.get("grant_types", ("authorization_code",)) and not metadata.get(
        "redirect_uris"
    ):
        yield "authorization_code needs at least one redirect URI"
    for member in ("redirect_uris", "post_logout_redirect_uris"):
        for uri in metadata.get(member, ()):
            if fault := redirect_uri_fault(uri):
                yield f"{member}: {uri!r} {fault}"
    for member in ("jwks_uri", *LOGOUT_URIS, "security_event_uri", "logo_uri", "policy_uri", "tos_uri"):
        uri = metadata.get(member)
        if uri is None:
            continue
        fault = redirect_uri_fault(uri)
        if fault or not uri.startswith(("https:", "http:")):
            yield f"{member}: {uri!r} {fault or 'must be https'}"
