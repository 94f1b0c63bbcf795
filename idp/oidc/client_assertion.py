"""private_key_jwt: a client proves itself by a signed, short-lived, single-use assertion (RFC 7523; Core §9).

The signature is checked before any claim is believed. `iss` and `sub` are the client, `aud` is what its profile
accepts, it is good for ten minutes at most, ten seconds of clock skew are allowed (FAPI 2.0 §5.3.2.1), and the `jti` is
spent in the transaction of what the assertion pays for.
"""

from __future__ import annotations

from typing import Any

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key

from idp.clients.client import Client
from idp.oidc.errors import invalid_client
from idp.oidc.issuer import Issuer
from idp.oidc.request import AssertionToSpend

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGS = ("ES256", "PS256", "RS256", "Ed25519", "EdDSA")
LONGEST_LIFE = 600.0
FURTHEST_END = 3600.0
"""How far ahead `exp` may lie where `iat` starts the ten minutes: Authlib's client always writes an hour."""
SKEW = 10.0
MAX_LENGTH = 8192
MAX_JTI = 256


class _Registry(jws.JWSRegistry):
    """joserfc's registry, without its warning at every use of the name that RFC 9864 took from Ed25519."""

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - joserfc keeps the type to itself
        """Give the algorithm of this name."""
        return self.algorithms["EdDSA"] if name == "EdDSA" else super().get_alg(name)


_REGISTRY = _Registry(algorithms=list(ASSERTION_ALGS))


def verify_assertion(issuer: Issuer, assertion: str) -> tuple[Client, AssertionToSpend]:
    """Verify an assertion and give its client and what must be spent.

    Raises:
        ProtocolError: invalid_client.
    """
    if len(assertion) > MAX_LENGTH:
        raise invalid_client("the assertion is too long", basic=False)
    header, unverified = _peek(assertion)
    client = _stated_client(issuer, unverified)
    alg = header.get("alg")
    if alg not in ASSERTION_ALGS or client.assertion_alg not in {None, alg}:
        raise invalid_client(f"assertion alg {alg!r} is not accepted from {client.client_id}", basic=False)
    claims = _signed_claims(assertion, issuer.client_keys.key_for(client, header.get("kid"), str(alg)))
    return client, _checked(issuer, client, claims)


def _peek(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        token = jws.extract_compact(assertion.encode("ascii"))
        claims = jwt.Claims()
        claims.update(_json_object(token.payload))
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise invalid_client("the assertion is not a JWT", basic=False) from error
    header = token.headers()
    if "crit" in header:
        # joserfc passes over an empty list; none may be critical, as none is understood here (RFC 7515 §4.1.11).
        raise invalid_client("the assertion has critical headers", basic=False)
    return header, claims


def _json_object(payload: bytes | None) -> dict[str, Any]:
    document = orjson.loads(payload or b"")
    if not isinstance(document, dict):
        raise TypeError("claims are not an object")
    return document


def _stated_client(issuer: Issuer, claims: dict[str, Any]) -> Client:
    subject = claims.get("sub")
    client = issuer.directory.find(subject) if isinstance(subject, str) else None
    if client is None or client.auth_method != "private_key_jwt":
        raise invalid_client("the assertion's sub is no client that uses private_key_jwt", basic=False)
    return client


def _signed_claims(assertion: str, key: Key | None) -> dict[str, Any]:
    if key is None:
        raise invalid_client("no registered key fits the assertion's kid and alg", basic=False)
    try:
        return dict(jwt.decode(assertion, key, registry=_REGISTRY).claims)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise invalid_client("the assertion's signature does not verify", basic=False) from error


def _checked(issuer: Issuer, client: Client, claims: dict[str, Any]) -> AssertionToSpend:
    now = issuer.clock()
    faults = [
        fault
        for fault, is_so in (
            ("iss or sub is not the client", not claims.get("iss") == claims.get("sub") == client.client_id),
            ("aud is not this issuer", not _audience_fits(issuer, client, claims.get("aud"))),
            ("exp is missing, past or too far ahead", not _short_lived(claims, now)),
            ("nbf is in the future", "nbf" in claims and not _within(claims["nbf"], 0, now + SKEW)),
            ("iat is in the future", "iat" in claims and not _within(claims["iat"], 0, now + SKEW)),
            ("older than a restore", issuer.ended.ended("all", "", _made_at(claims))),
            ("jti is missing", not isinstance(claims.get("jti"), str) or not 0 < len(claims["jti"]) <= MAX_JTI),
        )
        if is_so
    ]
    if faults:
        raise invalid_client("assertion: " + "; ".join(faults), basic=False)
    return AssertionToSpend(f"{client.client_id} {claims['jti']}", float(claims["exp"]) + SKEW)


def _made_at(claims: dict[str, Any]) -> float:
    """Give when an assertion was made, at the earliest: which were used before a restore is not known any more."""
    made_at, expires_at = claims.get("iat"), claims.get("exp")
    if isinstance(made_at, int | float):
        return made_at
    return expires_at - LONGEST_LIFE if isinstance(expires_at, int | float) else 0.0


def _short_lived(claims: dict[str, Any], now: float) -> bool:
    expires_at, issued_at = claims.get("exp"), claims.get("iat")
    if _within(issued_at, now - LONGEST_LIFE, now + SKEW):
        return _within(expires_at, now - SKEW, now + FURTHEST_END + SKEW)
    return _within(expires_at, now - SKEW, now + LONGEST_LIFE)


def _within(value: object, lowest: float, highest: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and lowest < value < highest


def _audience_fits(issuer: Issuer, client: Client, audience: object) -> bool:
    accepted = {"issuer": issuer.address, "token_endpoint": issuer.token_endpoint}
    allowed = {accepted[kind] for kind in client.profile.assertion_audiences}
    named = [audience] if isinstance(audience, str) else audience
    return isinstance(named, list) and any(isinstance(one, str) and one in allowed for one in named)
