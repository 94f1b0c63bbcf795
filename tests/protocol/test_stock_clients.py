"""Stock OpenID Connect clients that know nothing of us, through everything an app does, against a real `idp serve`.

Authlib's OAuth2Session here; npm's openid-client in node/client.mjs. Whatever one of them checks of its own accord
(issuer, state, nonce, signatures, content types) has to hold.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from tests.support.databases import worker_number
from tests.support.folders import one_at_a_time
from tests.support.missing import Missing, skip_or_fail
from tests.support.served import ServedIssuer, served_issuer
from tests.support.services import service_url
from tests.support.valkey import patient

pytestmark = pytest.mark.xdist_group("stock_clients")
NODE = Path(__file__).with_name("node")
INSTALLED = Path(__file__).parents[2] / "var" / "stock_clients"
SCOPE = "openid profile email offline_access"
SECONDS = 30.0
KEY = ECKey.generate_key("P-256", {"kid": "the key", "use": "sig", "alg": "ES256"})


@pytest.fixture(scope="module")
def issuer(new_postgresql_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedIssuer]:
    """Serve an issuer on PostgreSQL and Valkey, with three clients: a secret's, a key's, a public one."""
    try:
        redis_url = patient(f"{service_url('valkey').removesuffix('/0')}/{worker_number()}")
    except Missing as error:
        skip_or_fail(error)
    jwks = tmp_path_factory.mktemp("keys") / "jwks.json"
    jwks.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    with served_issuer(new_postgresql_url(), redis_url) as served:
        _add_client(served, "keyed", "--auth", "private_key_jwt", "--jwks", str(jwks), "--grant", "client_credentials")
        _add_client(served, "public", "--auth", "none")
        yield served


def _add_client(issuer: ServedIssuer, client_id: str, *options: str) -> None:
    common = ["--redirect-uri", issuer.redirect_uri, "--post-logout-redirect-uri", issuer.redirect_uri, "--first-party"]
    common += ["--grant", "authorization_code", "--grant", "refresh_token", "--scope", f"{SCOPE} api"]
    done = issuer.run("clients", "add", client_id, *common, *options)
    assert 0 == done.returncode, done.stderr
    request = urlencode({"client_id": client_id, "redirect_uri": issuer.redirect_uri, "scope": "openid"})
    until = time.monotonic() + SECONDS
    while _get(requests, f"{issuer.address}/authorize?{request}").status_code != 303:
        assert time.monotonic() < until, "the client is not known to the running server"
        time.sleep(0.05)


def _get(browser: Any, address: str) -> requests.Response:  # noqa: ANN401 - a session, or the module
    response: requests.Response = browser.get(address, allow_redirects=False, timeout=SECONDS)
    return response


def visit(issuer: ServedIssuer, address: str) -> tuple[str, requests.Session]:
    """Be the person: open an address of the issuer, sign in; gives where the app gets its answer, and the browser."""
    browser = requests.Session()
    page = _follow(issuer, browser, _get(browser, address))
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    action = re.search(r'<form[^>]* action="([^"]+)"', page.text)
    assert action is not None, page.text
    form = {name: html.unescape(value) for name, value in hidden}
    form |= {"user_id": issuer.user_id, "password": issuer.password}
    sent = browser.post(issuer.address + html.unescape(action[1]), data=form, allow_redirects=False, timeout=SECONDS)
    return _follow(issuer, browser, sent).headers["Location"], browser


def _follow(issuer: ServedIssuer, browser: requests.Session, response: requests.Response) -> requests.Response:
    while (location := response.headers.get("Location", "")).startswith(("/", issuer.address)):
        response = _get(browser, location if location.startswith("http") else issuer.address + location)
    return response


def assert_logged_out(issuer: ServedIssuer, browser: requests.Session, address: str, state: str) -> None:
    """Open the logout address: back to the app with the state, and nobody is signed in any more."""
    response = _get(browser, address)
    assert (303, f"{issuer.redirect_uri}?state={state}") == (response.status_code, response.headers["Location"])
    request = {
        "client_id": issuer.client_id, "redirect_uri": issuer.redirect_uri, "response_type": "code", "scope": "openid",
        "prompt": "none", "code_challenge": "c" * 43, "code_challenge_method": "S256",
    }  # fmt: skip
    location = _get(browser, f"{issuer.address}/authorize?{urlencode(request)}").headers["Location"]
    assert ["login_required"] == parse_qs(urlsplit(location).query)["error"]


@pytest.fixture(params=["app", "keyed", "public"])
def client_id(request: pytest.FixtureRequest) -> str:
    """Give each of the three clients."""
    return cast("str", request.param)


# Authlib.


def _authlib_session(issuer: ServedIssuer, client_id: str, token_endpoint: str) -> Any:  # noqa: ANN401 - untyped
    method, secret = {
        "app": ("client_secret_basic", issuer.client_secret),
        "keyed": ("private_key_jwt", KEY),
        "public": ("none", None),
    }[client_id]
    session = OAuth2Session(
        client_id,
        secret,
        scope=SCOPE,
        redirect_uri=issuer.redirect_uri,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        code_challenge_method="S256",
    )
    if method == "private_key_jwt":
        session.register_client_auth_method(PrivateKeyJWT(token_endpoint, alg="ES256"))
    return session


def test_authlib(issuer: ServedIssuer, client_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code with PKCE, verified tokens, userinfo, refresh, introspection, revocation, logout."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    metadata = _get(requests, f"{issuer.address}/.well-known/openid-configuration").json()
    session = _authlib_session(issuer, client_id, metadata["token_endpoint"])
    verifier = "v" * 64
    address, state = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce="the nonce"
    )
    answer, browser = visit(issuer, address)
    assert {"state": [state], "iss": [issuer.address]}.items() <= parse_qs(urlsplit(answer).query).items()
    token = session.fetch_token(
        metadata["token_endpoint"], authorization_response=answer, code_verifier=verifier, state=state
    )
    keys = KeySet.import_key_set(_get(requests, metadata["jwks_uri"]).json())
    claims = jwt.decode(token["id_token"], keys, algorithms=["ES256"]).claims
    assert (issuer.address, client_id, "the nonce") == (claims["iss"], claims["aud"], claims["nonce"])
    userinfo = session.get(metadata["userinfo_endpoint"]).json()
    assert (claims["sub"], "dana@example.com") == (userinfo["sub"], userinfo["email"])
    refreshed = session.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
    assert token["access_token"] != refreshed["access_token"]
    if client_id != "public":
        told = session.introspect_token(metadata["introspection_endpoint"], token=refreshed["access_token"]).json()
        assert (True, claims["sub"]) == (told["active"], told["sub"])
    revoked = session.revoke_token(metadata["revocation_endpoint"], token=refreshed["refresh_token"])
    assert 200 == revoked.status_code
    assert 401 == session.get(metadata["userinfo_endpoint"]).status_code
    session.close()
    logout = {"id_token_hint": token["id_token"], "post_logout_redirect_uri": issuer.redirect_uri, "state": "bye"}
    assert_logged_out(issuer, browser, f"{metadata['end_session_endpoint']}?{urlencode(logout)}", "bye")


# openid-client.


@pytest.fixture(scope="module")
def stock_client() -> Path:
    """Install openid-client once, as the lock says, into var/; give the program that uses it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs node and npm: apt-get install nodejs npm")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    lock = (NODE / "package-lock.json").read_bytes()
    made = INSTALLED / f"{hashlib.sha256(lock).hexdigest()[:16]}.made"
    with one_at_a_time(made):
        for name in ("package.json", "package-lock.json", "client.mjs"):
            shutil.copyfile(NODE / name, INSTALLED / name)
        if not made.exists():
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=INSTALLED, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode:
                pytest.skip(f"npm ci in tests/protocol/node failed: {done.stderr.strip().splitlines()[-1:]}")
            made.touch()
    return INSTALLED / "client.mjs"


@pytest.mark.node
@pytest.mark.parametrize("discovery", ["oidc", "oauth2"])
def test_openid_client(issuer: ServedIssuer, client_id: str, discovery: str, stock_client: Path) -> None:
    """The same with npm's openid-client, which verifies signatures by the JWKS; it finds us by either document."""
    program = subprocess.Popen(
        ["node", str(stock_client)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with program:
        try:
            _say(program, json.dumps(_settings(issuer, client_id, discovery)))
            answer, browser = visit(issuer, _heard(program)["authorize"])
            _say(program, answer)
            told = _heard(program)
            assert 0 == program.wait(SECONDS)
        finally:
            program.kill()
    assert {told["sub"]} == {told[name]["sub"] for name in ("userinfo", "again", "claims", "refreshed")}
    assert "dana@example.com" == told["userinfo"]["email"]
    assert SCOPE == told["scope"]
    assert told["claims"]["auth_time"] == told["refreshed"]["auth_time"]
    if client_id != "public":
        assert (True, told["sub"]) == (told["introspected"]["active"], told["introspected"]["sub"])
        assert {"active": False} == told["afterwards"]
        assert "api" == told["machine"]["scope"]
    assert "invalid_grant" == told["refused"]
    assert_logged_out(issuer, browser, told["logout"], "bye")


def _settings(issuer: ServedIssuer, client_id: str, discovery: str) -> dict[str, Any]:
    return {
        "issuer": issuer.address,
        "discovery": discovery,
        "client_id": client_id,
        "secret": issuer.client_secret if client_id == "app" else None,
        "jwk": KEY.as_dict(private=True) if client_id == "keyed" else None,
        "public": client_id == "public",
        "redirect_uri": issuer.redirect_uri,
        "scope": SCOPE,
    }


def _say(program: subprocess.Popen[str], line: str) -> None:
    stdin = cast("IO[str]", program.stdin)
    stdin.write(line + "\n")
    stdin.flush()


def _heard(program: subprocess.Popen[str]) -> dict[str, Any]:
    line = cast("IO[str]", program.stdout).readline()
    assert line, cast("IO[str]", program.stderr).read()
    said: dict[str, Any] = json.loads(line)
    return said
