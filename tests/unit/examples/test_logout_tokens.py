"""What the example portals believe of a sign-out elsewhere (SECURITY T67; Back-Channel Logout 1.0 §2.6)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from examples.driver_portal.back_channel import EVENT, LogoutRefused, LogoutTokens, end_sessions

NOW = 1_800_000_000.0
ISSUER = "https://id.example.com"
KEY = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256", "use": "sig"})
KEYS = KeySet([KEY])
GONE = object()
GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "portal",
    "sub": "dana",
    "sid": "s1",
    "iat": int(NOW),
    "exp": int(NOW) + 120,
    "jti": "first",
    "events": {EVENT: {}},
}


def reader() -> LogoutTokens:
    """Give a portal that has seen no token yet."""
    return LogoutTokens(issuer=ISSUER, client_id="portal", algorithms=["ES256"])


def signed(
    *, typ: object = "logout+jwt", key: ECKey | OctKey | RSAKey = KEY, alg: str = "ES256", **changes: object
) -> str:
    """Sign the good claims with changes; `GONE` takes one out."""
    claims = {name: value for name, value in (GOOD | changes).items() if value is not GONE}
    header = {"alg": alg, "kid": "one"} | ({} if typ is GONE else {"typ": typ})
    return jwt.encode(header, claims, key, algorithms=[alg])


def unsigned() -> str:
    """Make the good claims into a token of `alg` none."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "logout+jwt"}, GOOD))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def test_a_whole_token_is_believed_once() -> None:
    """Its second use is refused, until it has expired anyway."""
    portal, token = reader(), signed()
    assert "s1" == portal.read(token, KEYS, now=NOW)["sid"]
    with pytest.raises(LogoutRefused, match="jti"):
        portal.read(token, KEYS, now=NOW + 100)


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "JWT"}, {"typ": "at+jwt"}, {"typ": GONE},
        {"iss": "https://evil.example.com"}, {"iss": GONE},
        {"aud": "another"}, {"aud": ["another"]}, {"aud": GONE},
        {"iat": int(NOW) + 3600}, {"iat": GONE}, {"iat": "now"}, {"iat": True},
        {"exp": int(NOW) - 3600}, {"exp": GONE}, {"exp": None},
        {"events": GONE}, {"events": {}}, {"events": [EVENT]}, {"events": {EVENT: "x"}}, {"events": {"other": {}}},
        {"nonce": "n"}, {"nonce": ""}, {"nonce": None},
        {"jti": GONE}, {"jti": ""}, {"jti": 7},
        {"sid": GONE, "sub": GONE}, {"sid": "", "sub": ""},
    ],
)  # fmt: skip
def test_a_token_in_which_something_does_not_hold_is_refused(changes: dict[str, Any]) -> None:
    """Each by itself, and the good one passes afterwards."""
    portal = reader()
    with pytest.raises(LogoutRefused):
        portal.read(signed(**changes), KEYS, now=NOW)
    assert "dana" == portal.read(signed(), KEYS, now=NOW)["sub"]


def test_a_signature_counts_by_our_algorithm_and_a_published_key_alone() -> None:
    """`none`, another key, a shared secret, another algorithm, a changed claim, and what is no token at all."""
    head, _, tail = signed().split(".")
    changed = base64.urlsafe_b64encode(json.dumps(GOOD | {"sub": "tom"}).encode()).rstrip(b"=").decode()
    forgeries = (
        unsigned(),
        signed(key=ECKey.generate_key("P-256")),
        signed(key=OctKey.generate_key(256), alg="HS256"),
        signed(key=RSAKey.generate_key(2048), alg="RS256"),
        f"{head}.{changed}.{tail}",
        "",
        "a.b.c",
        "ü",
    )
    for token in forgeries:
        with pytest.raises(LogoutRefused, match="signature"):
            reader().read(token, KEYS, now=NOW)


@pytest.mark.parametrize(
    ("named", "left"),
    [
        ({"sub": "dana", "sid": "s1"}, {"b", "c"}),
        ({"sid": "s1"}, {"b", "c"}),
        ({"sub": "dana"}, {"c"}),
        ({"sub": "tom", "sid": "s1"}, {"a", "b", "c"}),
        ({"sub": "nobody"}, {"a", "b", "c"}),
    ],
)
def test_what_is_named_ends_and_nothing_else(named: dict[str, str], left: set[str]) -> None:
    """One session of a person, or all; never another person's."""
    people: dict[str, dict[str, Any]] = {
        "a": {"claims": {"sub": "dana", "sid": "s1"}},
        "b": {"claims": {"sub": "dana", "sid": "s2"}},
        "c": {"claims": {"sub": "tom", "sid": "s3"}},
    }
    end_sessions(people, named)
    assert left == people.keys()
