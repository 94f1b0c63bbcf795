"""Tokens that nobody should believe: unsigned, signed otherwise, of another type, issuer, key or time (T70–T77)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from werkzeug.test import Client

from idp.app import Service
from tests.support.forged import ASSERTION_TYPE, KeyHolder, opened, segment, unsigned
from tests.support.in_process import ADDRESS, App, Browser, add_person
from tests.support.nodes import outcome

ANY_ALG = jws.JWSRegistry(algorithms=["HS256", "HS384", "HS512", "ES256", "RS256"])


@pytest.fixture(scope="module")
def app(service: Service) -> App:
    """Add a person and an app."""
    add_person(service)
    return App.register(service)


@pytest.fixture(scope="module")
def tokens(service: Service, app: App) -> dict[str, Any]:
    """Give good tokens, to be bent."""
    return app.tokens(Browser(service), scope="openid profile offline_access")


@pytest.fixture(scope="module")
def refused(service: Service, app: App) -> Callable[[str, str], None]:
    """Give the assertion that no endpoint believes a token in place of a good one."""

    def check(token: str, kind: str = "both") -> None:
        if kind in {"access", "both"}:
            assert "invalid_token" == outcome(app.userinfo(token))
            assert {"active": False} == app.introspect(token)
        if kind in {"id", "both"}:
            assert "invalid_request" == outcome(app.ask(Browser(service), id_token_hint=token))
            query = {"id_token_hint": token, "post_logout_redirect_uri": "https://app.example.com/goodbye"}
            assert "page:/end-session" == outcome(Browser(service).get("/end-session", query_string=query))

    return check


def published_key(service: Service, alg: str = "ES256") -> dict[str, Any]:
    """Give the key that everybody can fetch."""
    keys = Client(service.front).get("/jwks", base_url=ADDRESS).get_json()["keys"]
    return next(key for key in keys if key["alg"] == alg)


@pytest.mark.parametrize("name", ["access_token", "id_token"])
@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, 0, [], ["ES256"], {"alg": "ES256"}])
def test_an_unsigned_token_is_nothing(tokens: dict[str, Any], refused: Any, name: str, alg: Any) -> None:  # noqa: ANN401
    """However "none" is spelled, with and without a signature (T70)."""
    header, claims = opened(tokens[name])
    signature = tokens[name].rpartition(".")[2]
    for sent in ("", signature):
        refused(unsigned(header | {"alg": alg}, claims, sent))


@pytest.mark.parametrize("form", ["pem", "der", "jwk", "x", "ssh", "thumbprint", "empty", "kid"])
def test_the_public_key_is_no_secret(service: Service, tokens: dict[str, Any], refused: Any, form: str) -> None:  # noqa: ANN401
    """HMAC with what is published, in whatever form (T71, T72)."""
    published = published_key(service)
    public = ECKey.import_key(published)
    encodings, formats = serialization.Encoding, serialization.PublicFormat
    raw = public.public_key
    secret = {
        "pem": raw.public_bytes(encodings.PEM, formats.SubjectPublicKeyInfo),
        "der": raw.public_bytes(encodings.DER, formats.SubjectPublicKeyInfo),
        "jwk": json.dumps(published, separators=(",", ":")).encode(),
        "x": base64.urlsafe_b64decode(published["x"] + "="),
        "ssh": raw.public_bytes(encodings.OpenSSH, formats.OpenSSH),
        "thumbprint": public.thumbprint().encode(),
        "empty": b"\x00",
        "kid": published["kid"].encode(),
    }[form]
    for name in ("access_token", "id_token"):
        header, claims = opened(tokens[name])
        for alg, digest in (("HS256", hashlib.sha256), ("HS512", hashlib.sha512)):
            signed = f"{segment(header | {'alg': alg})}.{segment(claims)}"
            signature = hmac.digest(b"" if form == "empty" else secret, signed.encode(), digest)
            refused(f"{signed}.{segment(signature)}")


@pytest.mark.parametrize("where", ["jwk", "jku", "x5u", "x5c", "x5t"])
def test_a_key_that_comes_with_the_token_is_not_asked(tokens: dict[str, Any], refused: Any, where: str) -> None:  # noqa: ANN401
    """Embedded or pointed to: keys are ours or nobody's (T73)."""
    own = ECKey.generate_key("P-256")
    value: Any = {
        "jwk": own.as_dict(private=False),
        "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/cert",
        "x5c": ["AAAA"],
        "x5t": "AAAA",
    }[where]
    for name in ("access_token", "id_token"):
        header, claims = opened(tokens[name])
        for kid in (header["kid"], own.thumbprint()):
            bent = header | {"kid": kid, where: value}
            signed = f"{segment(bent)}.{segment(claims)}"
            refused(
                jws.serialize_compact({"alg": "ES256", "typ": header["typ"], "kid": kid}, b"x", own)
                .rpartition(".")[2]
                .join([signed + ".", ""])
            )
            refused(jwt.encode({"alg": "ES256", "typ": header["typ"], "kid": kid}, claims, own))


KIDS: list[Any] = [
    "../../../../dev/null", "/etc/passwd", "' OR 1=1 --", "x" * 10_000, "", "\x00", "unknown", ["one"], {"a": 1}, 5,
    None, True, "file:///dev/null", "http://169.254.169.254/", "%00", "\N{SNOWMAN}",
]  # fmt: skip


@pytest.mark.parametrize("kid", KIDS, ids=lambda kid: str(kid)[:20])
def test_a_kid_is_looked_up_and_nothing_else(tokens: dict[str, Any], refused: Any, kid: Any) -> None:  # noqa: ANN401
    """No file, no query, no fetch, no error (T74)."""
    for name in ("access_token", "id_token"):
        header, claims = opened(tokens[name])
        refused(unsigned(header | {"kid": kid}, claims, tokens[name].rpartition(".")[2]))


def test_a_header_says_each_thing_once(tokens: dict[str, Any], refused: Any) -> None:  # noqa: ANN401
    """Two kids, two algs, none, or a header that is no object."""
    for name in ("access_token", "id_token"):
        _, payload, signature = tokens[name].split(".")
        header, _ = opened(tokens[name])
        plain = json.dumps(header)[1:-1]
        for bent in (
            "{" + plain + "," + plain + "}",
            "{" + plain + ', "alg": "none"}',
            '{"alg": "none", ' + plain + "}",
            "[]",
            "null",
            '"x"',
            "",
            "{",
            "{" + plain + "} ",
            "{" + plain + ', "x": ' + "[" * 2000 + "]" * 2000 + "}",
        ):
            refused(f"{segment(bent.encode())}.{payload}.{signature}")


@pytest.mark.parametrize("extra", [
    {"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"b64": False}, {"zip": "DEF"}, {"cty": "JWT"},
    {"enc": "A256GCM"}, {"x": 1},
], ids=str)  # fmt: skip
def test_unknown_header_members_are_refused(tokens: dict[str, Any], refused: Any, extra: dict[str, Any]) -> None:  # noqa: ANN401
    """Critical or not (T75)."""
    for name in ("access_token", "id_token"):
        header, claims = opened(tokens[name])
        refused(unsigned(header | extra, claims, tokens[name].rpartition(".")[2]))


def test_every_part_is_signed(tokens: dict[str, Any], refused: Any) -> None:  # noqa: ANN401
    """One character anywhere, a part too many or too few, another spelling of the same octets (A9.1.1)."""
    for name in ("access_token", "id_token"):
        token = tokens[name]
        for place in range(0, len(token), 29):
            if token[place] != ".":
                refused(token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :])
        for bent in (
            token + ".",
            token + "=",
            "." + token,
            token.rpartition(".")[0],
            token.rpartition(".")[0] + ".",
            token.replace(".", "..", 1),
            token.swapcase(),
            token.replace("-", "+").replace("_", "/") + "==",
        ):
            refused(bent)


def test_a_token_of_one_kind_is_not_of_another(service: Service, app: App, tokens: dict[str, Any]) -> None:
    """ID token as bearer, access token as hint, assertion as either, either as assertion (T76)."""
    keys = KeyHolder()
    App.register(
        service,
        "machine",
        token_endpoint_auth_method="private_key_jwt",
        jwks=keys.jwks,
        grant_types=["client_credentials"],
        redirect_uris=[],
    )
    assertion = keys.assertion("machine", now=service.clock())
    for bearer in (tokens["id_token"], tokens["refresh_token"], assertion):
        assert "invalid_token" == outcome(app.userinfo(bearer))
    for hint in (tokens["access_token"], tokens["refresh_token"], assertion):
        assert "invalid_request" == outcome(app.ask(Browser(service), id_token_hint=hint))
    for proof in (tokens["access_token"], tokens["id_token"], tokens["refresh_token"]):
        form = {"grant_type": "client_credentials", "client_assertion": proof, "client_assertion_type": ASSERTION_TYPE}
        assert "invalid_client" == outcome(Browser(service).post("/token", form))


@pytest.mark.parametrize("audience", [
    ADDRESS + "/", ADDRESS + "/authorize", ADDRESS + "/userinfo", ADDRESS[:-1], ADDRESS + ".evil.example", "machine2",
    "https://rs.example.com", ADDRESS.upper(), [], [ADDRESS + "x"], "", None, 7, {"a": ADDRESS},
], ids=str)  # fmt: skip
def test_an_assertion_names_this_issuer(service: Service, app: App, audience: Any) -> None:  # noqa: ANN401
    """The whole address of issuer or token endpoint; neither a part of it nor something longer (T77)."""
    keys, client_id = _machine(service)
    assertion = keys.assertion(client_id, now=service.clock(), aud=audience)
    assert "invalid_client" == outcome(_use(service, assertion))


def test_an_assertion_is_of_its_time(service: Service, app: App) -> None:
    """Expired, from the future, too long alive; and skew of a few seconds is forgiven (FAPI 2.0 §5.3.2.1)."""
    keys, client_id = _machine(service)
    now = service.clock()
    bad: list[dict[str, Any]] = [
        {"exp": int(now) - 60},
        {"exp": int(now) + 10 * 86_400},
        {"exp": int(now) + 3600, "iat": None},
        {"exp": int(now) + 3600, "iat": int(now) - 700},
        {"iat": int(now) + 61},
        {"nbf": int(now) + 61},
        {"exp": None},
    ]
    for claims in bad:
        assert "invalid_client" == outcome(_use(service, keys.assertion(client_id, now=now, **claims)))
    assert "ok" == outcome(_use(service, keys.assertion(client_id, now=now, iat=int(now) + 5)))


def test_an_assertion_is_signed_by_its_own_client(service: Service, app: App) -> None:
    """Another client's key, nobody's key, no signature, HMAC with the public key."""
    keys, client_id = _machine(service)
    other, other_id = _machine(service)
    now = service.clock()
    good = keys.assertion(client_id, now=now)
    header, claims = opened(good)
    public = OctKey.import_key(json.dumps(keys.jwks["keys"][0]))
    forged = [
        other.assertion(client_id, now=now),
        keys.assertion(other_id, now=now),
        KeyHolder().assertion(client_id, now=now),
        unsigned(header, claims, good.rpartition(".")[2][:-4] + "AAAA"),
        unsigned({"alg": "none"}, claims),
        jwt.encode({"alg": "HS256", "kid": "one"}, claims, public, registry=ANY_ALG),
    ]
    for assertion in forged:
        assert "invalid_client" == outcome(_use(service, assertion))
    assert "invalid_client" == outcome(_use(service, good, client_id=other_id))
    assert "ok" == outcome(_use(service, good))


@pytest.mark.parametrize("alg", ["PS256", "RS256", "ES256"])
def test_an_assertion_uses_the_algorithm_that_was_registered(service: Service, alg: str) -> None:
    """A key that could sign otherwise does not make the other algorithm right (T72)."""
    key = RSAKey.generate_key(2048, {"kid": "one"})
    client_id = f"rsa-{alg.lower()}"
    App.register(
        service,
        client_id,
        token_endpoint_auth_method="private_key_jwt",
        token_endpoint_auth_signing_alg=alg,
        jwks={"keys": [key.as_dict(private=False)]},
        grant_types=["client_credentials"],
        redirect_uris=[],
    )
    claims = opened(KeyHolder().assertion(client_id, now=service.clock()))[1]
    for used in ("PS256", "RS256"):
        assertion = jwt.encode({"alg": used, "kid": "one"}, claims | {"jti": used}, key, algorithms=[used])
        assert ("ok" if used == alg else "invalid_client") == outcome(_use(service, assertion))


def _machine(service: Service, numbers: list[int] = []) -> tuple[KeyHolder, str]:  # noqa: B006 - counts on purpose
    numbers.append(1)
    keys, client_id = KeyHolder(), f"worker{len(numbers)}"
    App.register(
        service,
        client_id,
        token_endpoint_auth_method="private_key_jwt",
        jwks=keys.jwks,
        grant_types=["client_credentials"],
        redirect_uris=[],
    )
    return keys, client_id


def _use(service: Service, assertion: str, **extra: str) -> Any:  # noqa: ANN401 - a response
    form = {"grant_type": "client_credentials", "scope": "api", "client_assertion": assertion}
    return Browser(service).post("/token", form | {"client_assertion_type": ASSERTION_TYPE} | extra)
