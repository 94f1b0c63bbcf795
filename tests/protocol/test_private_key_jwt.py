"""private_key_jwt (RFC 7523, OpenID Connect Core §9): what an assertion must be, and that each is good once."""

from __future__ import annotations

import base64
import hmac
import json
from functools import partial
from typing import Any

import pytest
from joserfc.jwk import ECKey, Key, RSAKey

from tests.protocol.assertions import ASSERTION_TYPE, Prover, by_octets, compact, new_key, prover, public_jwks
from tests.protocol.candidate import check_token_error
from tests.protocol.world import World
from tests.support.in_process import ADDRESS

TEN_MINUTES = 600


@pytest.fixture(scope="module")
def client(world: World) -> Prover:
    """Give a client with an ES256 key."""
    return prover(world)


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "Ed25519", "EdDSA"])
def test_every_published_algorithm_works(world: World, alg: str) -> None:
    """What discovery lists for client assertions is what is taken; the old name of Ed25519 too."""
    for endpoint in ("token", "introspection", "revocation"):
        assert alg in world.discovery()[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
    asking = prover(world, alg=alg)
    assert 200 == asking.ask(asking.assertion()).status_code


@pytest.mark.parametrize("profile", ["default", "oidc-basic"])
@pytest.mark.parametrize(
    "aud",
    [ADDRESS, ADDRESS + "/token", [ADDRESS], [ADDRESS + "/token"], ["https://other.example.com", ADDRESS]],
    ids=str,
)
def test_the_audience_is_this_issuer(world: World, profile: str, aud: object) -> None:
    """The issuer or its token endpoint, as text or in a list (oidcc-ensure-client-assertion-with-iss-aud-succeeds)."""
    asking = prover(world, profile=profile)
    assert 200 == asking.ask(asking.assertion(aud=aud)).status_code


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": None},
        {"aud": []},
        {"aud": ADDRESS + "/"},
        {"aud": ADDRESS + "/introspect"},
        {"aud": ADDRESS[:-1]},
        {"aud": "https://other.example.com"},
        {"aud": {"issuer": ADDRESS}},
        {"aud": [[ADDRESS]]},
        {"iss": None},
        {"sub": None},
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"sub": ["x"]},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 257},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 10**400},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"nbf": "x"},
        {"iat": "x"},
    ],
    ids=lambda changes: json.dumps(changes)[:30],
)
def test_wrong_claims_are_refused(client: Prover, changes: dict[str, Any]) -> None:
    """Each one by the same invalid_client."""
    check_token_error(client.ask(client.assertion(**changes)), "invalid_client", 401)


@pytest.mark.parametrize(
    ("claim", "seconds", "accepted"),
    [
        ("exp", -11, False),
        ("exp", -9, True),
        ("exp", 3600, True),
        ("exp", 3620, False),
        ("nbf", 8, True),
        ("nbf", 11, False),
        ("nbf", 70, False),
        ("nbf", -3600, True),
        ("iat", 8, True),
        ("iat", 11, False),
    ],
)
def test_times(client: Prover, claim: str, seconds: int, accepted: bool) -> None:  # noqa: FBT001 - a column of the table
    """Ten seconds of clock skew (FAPI 2.0 §5.3.2.1), an hour ahead at most."""
    changes: dict[str, Any] = {claim: int(client.world.clock()) + seconds}
    response = client.ask(client.assertion(**changes))
    assert (200 if accepted else 401) == response.status_code


@pytest.mark.parametrize(
    ("issued", "expires", "accepted"),
    [
        (None, TEN_MINUTES - 1, True),
        (None, TEN_MINUTES + 1, False),
        (-TEN_MINUTES + 1, 3000, True),
        (-TEN_MINUTES - 1, 3000, False),
        (-TEN_MINUTES - 1, 60, True),
        (11, 3600, False),
    ],
)
def test_ten_minutes_at_most(client: Prover, issued: int | None, expires: int, *, accepted: bool) -> None:
    """Up to exp, or from iat where exp lies further ahead, as Authlib's own client writes it."""
    now = int(client.world.clock())
    response = client.ask(client.assertion(iat=None if issued is None else now + issued, exp=now + expires))
    assert (200 if accepted else 401) == response.status_code


@pytest.mark.parametrize("database", ["world", "postgresql_world"])
def test_an_assertion_is_good_once(request: pytest.FixtureRequest, database: str) -> None:
    """At whichever endpoint it comes back (SECURITY T05)."""
    world: World = request.getfixturevalue(database)
    client = prover(world)
    used = client.assertion()
    assert 200 == client.ask(used).status_code
    for path in ("/token", "/introspect", "/revoke"):
        check_token_error(client.ask(used, path=path, token="x"), "invalid_client", 401)
    for path in ("/introspect", "/revoke"):
        used = client.assertion()
        assert 200 == client.ask(used, path=path, token="x").status_code
        check_token_error(client.ask(used, path=path, token="x"), "invalid_client", 401)
        check_token_error(client.ask(used), "invalid_client", 401)


@pytest.mark.parametrize("database", ["world", "postgresql_world"])
def test_a_jti_belongs_to_its_client(request: pytest.FixtureRequest, database: str) -> None:
    """Two clients may choose the same one; one client may not, as long as the first could still be replayed."""
    world: World = request.getfixturevalue(database)
    first, second = prover(world), prover(world)
    assert 200 == first.ask(first.assertion(jti="the same")).status_code
    assert 200 == second.ask(second.assertion(jti="the same")).status_code
    check_token_error(first.ask(first.assertion(jti="the same")), "invalid_client", 401)
    world.advance(65)
    check_token_error(first.ask(first.assertion(jti="the same")), "invalid_client", 401)


def test_an_assertion_pays_for_a_code_exchange(world: World) -> None:
    """And is spent with it."""
    client = prover(world)
    app, used = client.app, client.assertion()
    form = {"grant_type": "authorization_code", "redirect_uri": app.redirect_uri, "code_verifier": app.verifier}
    assert 200 == client.ask(used, code=app.code(world.browser()), **form).status_code
    check_token_error(client.ask(used, code=app.code(world.browser()), **form), "invalid_client", 401)


def test_the_registered_algorithm_counts(world: World) -> None:
    """A client that registered PS256 does not get in by RS256, though the key would fit."""
    key = RSAKey.generate_key(2048, {"kid": "rsa"})
    client = prover(world, alg="PS256", key=key, token_endpoint_auth_signing_alg="PS256")
    assert 200 == client.ask(client.assertion()).status_code
    check_token_error(client.ask(client.assertion(header={"alg": "RS256"})), "invalid_client", 401)


def test_the_keys_own_algorithm_counts(world: World) -> None:
    """A key published for PS256 verifies nothing else (RFC 7517 §4.4)."""
    key = RSAKey.generate_key(2048, {"kid": "rsa"})
    app = world.app(
        token_endpoint_auth_method="private_key_jwt", jwks={"keys": [key.as_dict(private=False) | {"alg": "PS256"}]}
    )
    client = Prover(world=world, app=app, key=key, alg="RS256")
    check_token_error(client.ask(client.assertion()), "invalid_client", 401)
    assert 200 == client.ask(client.assertion(header={"alg": "PS256"})).status_code


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "ES384", "RS512", "ES256K", 'x"y', "é", ""])
def test_other_algorithms_are_refused(client: Prover, alg: str) -> None:
    """none, symmetric, unknown and unprintable ones (SECURITY T70, T72)."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": alg, "kid": client.key.kid}).encode()).rstrip(b"=").decode()
    payload = client.assertion().split(".")[1]
    for signature in ("", "AAAA"):
        check_token_error(client.ask(f"{header}.{payload}.{signature}"), "invalid_client", 401)


def test_the_public_key_is_no_shared_secret(client: Prover) -> None:
    """HS256 under the published key, in any of its spellings (SECURITY T71)."""
    assert isinstance(client.key, ECKey)
    published = client.key.as_dict(private=False)
    materials = (
        client.key.as_pem(private=False), client.key.as_der(private=False), json.dumps(published).encode(), b"",
    )  # fmt: skip
    for material in materials:
        header = {"alg": "HS256", "kid": client.key.kid}
        forged = compact(header, client.claims(), partial(hmac.digest, material, digest="sha256"))
        check_token_error(client.ask(forged), "invalid_client", 401)


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
def test_keys_in_the_header_have_no_say(client: Prover, member: str) -> None:
    """A key that the assertion brings along proves nothing (SECURITY T73)."""
    own = new_key("ES256", kid=str(client.key.kid))
    values: dict[str, Any] = {
        "jwk": own.as_dict(private=False),
        "jku": "https://evil.example.com/jwks",
        "x5u": "https://evil.example.com/x5u",
        "x5c": ["AAAA"],
    }
    forged = _with_header(client, own, {member: values[member]})
    check_token_error(client.ask(forged), "invalid_client", 401)


@pytest.mark.parametrize(
    "kid",
    [None, "unknown", "../../etc/passwd", "' OR 1=1 --", "x" * 400, ["list"], {"a": 1}, 7, "", "\x00"],
    ids=lambda kid: str(kid)[:20],
)
def test_a_kid_that_names_no_key(world: World, kid: object) -> None:
    """Refused, with several keys registered also when it is missing (SECURITY T74)."""
    first, second = new_key("ES256"), new_key("ES256")
    client = prover(world, key=first)
    two = world.app("two", token_endpoint_auth_method="private_key_jwt", jwks=public_jwks(first, second))
    both = Prover(world=world, app=two, key=first)
    assert 200 == both.ask(both.assertion()).status_code
    check_token_error(both.ask(_with_header(both, first, {"kid": kid})), "invalid_client", 401)
    alone = client.ask(_with_header(client, first, {"kid": kid}))
    assert (200 if kid is None else 401) == alone.status_code


def test_critical_headers_are_refused(client: Prover) -> None:
    """What says that it must be understood, and is not (SECURITY T75)."""
    headers: tuple[dict[str, Any], ...] = (
        {"crit": ["exp"], "exp": 1}, {"crit": ["b64"], "b64": False}, {"crit": []}, {"crit": "x"}, {"crit": ["alg"]},
    )  # fmt: skip
    for header in headers:
        check_token_error(client.ask(_with_header(client, client.key, header)), "invalid_client", 401)


@pytest.mark.parametrize(
    "assertion",
    ["", "x", "..", "a.b.c", "é.é.é", "e30.e30.e30", "{}", "." * 50, "A" * 8193, "eyJhbGciOiJFUzI1NiJ9.W10.AA",
     "eyJhbGciOiJFUzI1NiJ9." + base64.urlsafe_b64encode(b"[" * 5000).decode() + ".AA"],
    ids=lambda assertion: assertion[:12],
)  # fmt: skip
def test_whatever_is_no_assertion_is_refused(client: Prover, assertion: str) -> None:
    """401, never 500 or a long wait."""
    check_token_error(client.ask(assertion), "invalid_client", 401)


def test_the_type_must_be_named(client: Prover) -> None:
    """client_assertion_type is required and has one value (RFC 7521 §4.2)."""
    for sent in ({}, {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}):
        form = {"grant_type": "client_credentials", "client_assertion": client.assertion(), **sent}
        check_token_error(client.world.send("POST", "/token", data=form), "invalid_client", 401)
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
    check_token_error(client.world.send("POST", "/token", data=form), "invalid_client", 401)


def test_a_client_with_a_secret_needs_its_secret(world: World) -> None:
    """The method is the registered one; a key of another client's is no key of this one's."""
    key = new_key("ES256")
    app = world.app()
    asking = Prover(world=world, app=app, key=key)
    check_token_error(asking.ask(asking.assertion()), "invalid_client", 401)


def test_another_clients_key_does_not_fit(world: World, client: Prover) -> None:
    """Signed by one client for another; and a client_id beside it that is not its own."""
    other = prover(world)
    check_token_error(client.ask(client.assertion(key=other.key)), "invalid_client", 401)
    forged = client.assertion(key=other.key, header={"kid": client.key.kid})
    check_token_error(client.ask(forged), "invalid_client", 401)
    check_token_error(client.ask(client.assertion(), client_id=other.app.client_id), "invalid_client", 401)
    assert 200 == client.ask(client.assertion(), client_id=client.app.client_id).status_code


def _with_header(client: Prover, key: Key, changes: dict[str, Any]) -> str:
    """Sign with a header that a JOSE library would not write."""
    members = {"alg": "ES256", "kid": key.kid, **changes}
    kept = {name: value for name, value in members.items() if value is not None}
    return compact(kept, client.claims(), by_octets(key))
