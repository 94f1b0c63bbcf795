"""Anything, anywhere: every parameter of every endpoint and page, headers, bodies and paths.

Whatever is sent, the answer is one that is specified: never a server error, never a way to an address that is not
proven, and soon.
"""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from tests.support.attacked import NASTY, NUMBERS, Target, browser_of, soon, specified
from tests.support.forged import ASSERTION_TYPE
from tests.support.forms import Form, forms_on
from tests.support.in_process import ADDRESS, CALLBACK, App, Browser, add_person
from tests.support.nodes import outcome
from tests.support.routes import ROUTES
from tests.support.second_factors import AuthenticatorApp, add_app

FORM = "application/x-www-form-urlencoded"
FEW = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
VALUES = st.one_of(
    st.sampled_from(NASTY),
    st.binary(max_size=60).map(lambda octets: quote_from_bytes(octets).encode()),
    st.binary(max_size=60),
    st.text(max_size=40).map(lambda text: quote_from_bytes(text.encode("utf-8", "surrogatepass")).encode()),
)
SHAPES = ("replace", "twice", "array", "absent", "extra")


def encoded(fields: dict[str, str], name: str, value: bytes, shape: str) -> bytes:
    """Give a form in which one parameter is bent."""
    plain = {key: one for key, one in fields.items() if key != name}
    body = urlencode(plain).encode()
    bent = name.encode() + b"=" + value
    if shape == "absent":
        return body
    if shape == "array":
        bent = name.encode() + b"[]=" + value + b"&" + name.encode() + b"[0]=x"
    if shape == "twice":
        bent += b"&" + name.encode() + b"=" + value
    if shape == "extra":
        bent += b"&" + value + b"=" + value
    return body + b"&" + bent


REQUEST = (
    "client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
    "prompt", "max_age", "claims", "acr_values", "login_hint", "id_token_hint", "ui_locales", "response_mode",
    "display", "request", "request_uri", "registration", "posted", "journey",
)  # fmt: skip


@FEW
@given(
    name=st.sampled_from(REQUEST), value=VALUES, shape=st.sampled_from(SHAPES), post=st.booleans(), silent=st.booleans()
)
def test_authorize(target: Target, *, name: str, value: bytes, shape: str, post: bool, silent: bool) -> None:
    """Every parameter of an authorization request."""
    sent = encoded(target.app.request(**({"prompt": "none"} if silent else {})), name, value, shape)
    browser = browser_of(target)
    with soon():
        response = browser.post("/authorize", sent, content_type=FORM) if post else raw_get(target, "/authorize", sent)
        specified(response)
        if outcome_is_page(response):
            specified(browser.follow(response))


def raw_get(target: Target, path: str, query: bytes) -> TestResponse:
    """GET with a query string as it stands."""
    return Client(target.service.front).get(
        path, base_url=ADDRESS, environ_overrides={"QUERY_STRING": query.decode("latin-1")}
    )


def outcome_is_page(response: TestResponse) -> bool:
    """Whether this leads on to a page of ours."""
    return response.status_code == 303 and response.headers["Location"].startswith("/")


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(["\ud800", "\x00"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["userinfo", "id_token", "email", "acr", "sub", "value", "values", "essential", "x", "\x00"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@FEW
@given(
    inside=JSON, place=st.sampled_from(["id_token", "userinfo"]), claim=st.sampled_from(["email", "acr", "sub", "name"])
)
def test_claims(target: Target, *, inside: Any, place: str, claim: str) -> None:  # noqa: ANN401 - any JSON
    """Any JSON as the claims parameter, and inside it; what is accepted goes all the way to the tokens."""
    for document in (inside, {place: inside}, {place: {claim: inside}}):
        _claimed(target, browser_of(target), document)
    browser = browser_of(target)
    response = _claimed(target, browser, {place: {claim: {"value": inside, "values": [inside]}}})
    answer = target.app.finish(browser, response)
    specified(answer)
    if outcome(answer) == "code":
        assert "ok" == outcome(target.app.exchange(target.app.answer(answer)["code"]))


def _claimed(target: Target, browser: Browser, document: Any) -> TestResponse:  # noqa: ANN401 - any JSON
    with soon():
        response = target.app.ask(browser, claims=json.dumps(document))
        specified(response)
    return response


@pytest.mark.parametrize("depth", [10, 200, 300, 500, 900, 1100, 3000])
@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_deep_claims(target: Target, depth: int, brackets: str) -> None:
    """No depth breaks anything (T61)."""
    opening = brackets[0] if brackets == "[]" else '{"value":'
    document = '{"id_token":{"email":' + opening * depth + "1" + brackets[1] * depth + "}}"
    with soon():
        specified(browser_of(target).post("/authorize", target.app.request(claims=document)))
        specified(target.app.ask(browser_of(target), claims=document))


ENDPOINTS: dict[str, dict[str, str]] = {
    "/token code": {
        "grant_type": "authorization_code",
        "code": "c" * 43,
        "redirect_uri": CALLBACK,
        "code_verifier": "v" * 43,
    },
    "/token refresh": {"grant_type": "refresh_token", "refresh_token": "r" * 43, "scope": "openid"},
    "/token own": {"grant_type": "client_credentials", "scope": "api"},
    "/token assertion": {
        "grant_type": "client_credentials",
        "client_assertion": "e30.e30.AA",
        "client_assertion_type": ASSERTION_TYPE,
    },
    "/introspect": {"token": "t" * 43, "token_type_hint": "access_token"},
    "/revoke": {"token": "t" * 43, "token_type_hint": "refresh_token"},
    "/userinfo": {"access_token": "e30.e30.AA"},
}
CREDENTIALS = ("basic", "post", "none", "public")
PARAMETERS = sorted({name for form in ENDPOINTS.values() for name in form} | {"client_id", "client_secret"})


@FEW
@given(
    endpoint=st.sampled_from(sorted(ENDPOINTS)),
    name=st.sampled_from(PARAMETERS),
    value=VALUES,
    shape=st.sampled_from(SHAPES),
    credentials=st.sampled_from(CREDENTIALS),
    content_type=st.sampled_from(
        [FORM, FORM + ";charset=utf-8", FORM + ";charset=latin-1", "application/json", "text/plain", ""]
    ),
)
def test_endpoints(
    target: Target, *, endpoint: str, name: str, value: bytes, shape: str, credentials: str, content_type: str
) -> None:
    """Every parameter of every endpoint, with and without credentials, in every kind of body."""
    fields, headers = dict(ENDPOINTS[endpoint]), {}
    if credentials == "basic":
        headers["Authorization"] = "Basic " + _basic(target.app)
    elif credentials != "none":
        fields |= {"client_id": "public" if credentials == "public" else "app"}
        fields |= {"client_secret": target.app.secret or ""} if credentials == "post" else {}
    with soon():
        response = Client(target.service.front).post(
            endpoint.partition(" ")[0],
            base_url=ADDRESS,
            data=encoded(fields, name, value, shape),
            content_type=content_type,
            headers=headers,
        )
        specified(response)


def _basic(app: App) -> str:
    return base64.b64encode(f"{app.client_id}:{app.secret}".encode()).decode()


HEADERS = (
    "Authorization", "Cookie", "Accept-Language", "User-Agent", "Origin", "Referer", "Sec-Fetch-Site", "Content-Type",
    "If-None-Match", "Accept", "Forwarded", "X-Forwarded-For", "X-Request-Id", "Range", "Expect",
)  # fmt: skip
PATHS = (
    *((method, path) for path, methods in ROUTES.items() for method in methods),
    ("POST", "/token"), ("GET", "/userinfo"), ("POST", "/userinfo"), ("POST", "/introspect"), ("POST", "/revoke"),
    ("GET", "/jwks"), ("GET", "/livez"), ("GET", "/.well-known/openid-configuration"), ("OPTIONS", "/token"),
    ("DELETE", "/token"), ("PUT", "/sign-in"), ("TRACE", "/account"), ("PROPFIND", "/account"), ("HEAD", "/authorize"),
)  # fmt: skip
HEADER_VALUES = st.one_of(
    st.sampled_from([
        "", "Basic", "Basic ", "Basic =", "Basic %%%", "Basic YQ==", "Basic YTpi", "Basic /w==", "Bearer", "Bearer ",
        "Bearer a b", "bearer x", "Basic " + "A" * 9000, "Digest x", "Negotiate x", "null", "*", 'W/"x"', "\xff\xfe",
        "__Host-idp_session=x", "; ; ;", "=" * 500, "en;q=x", "de-" + "x" * 100, "bytes=0-", "100-continue", "for=;",
    ]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
)  # fmt: skip


@FEW
@given(where=st.sampled_from(PATHS), name=st.sampled_from(HEADERS), value=HEADER_VALUES, path=st.booleans())
def test_headers(target: Target, *, where: tuple[str, str], name: str, value: str, path: bool) -> None:
    """Every header that anything here reads, on every route, with methods that nobody uses."""
    method, address = where
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value}
    if name == "Content-Type":
        environ = {"CONTENT_TYPE": value}
    with soon():
        specified(
            Client(target.service.front).open(
                address + ("/" if path else ""),
                method=method,
                base_url=ADDRESS,
                data=b"",
                environ_overrides=environ,
                buffered=True,
            )
        )


@FEW
@given(
    octets=st.one_of(
        st.binary(max_size=30), st.sampled_from([b"..", b"%2e%2e", b"\x00", b"\xff", b"//evil.example", b"a" * 9000])
    )
)
def test_paths(target: Target, *, octets: bytes) -> None:
    """Any path at all."""
    with soon():
        specified(
            Client(target.service.front).get(
                "/", base_url=ADDRESS, environ_overrides={"PATH_INFO": "/" + octets.decode("latin-1")}
            )
        )


PAGES = sorted(path for path, methods in ROUTES.items() if "POST" in methods and path != "/authorize")
ALWAYS = ("form_token", "action", "journey")


@pytest.fixture(scope="module")
def terry(target: Target) -> AuthenticatorApp:
    """Give terry's app: somebody with a second factor, so that the pages of one can be fuzzed."""
    return add_app(target.service, add_person(target.service, "terry"))


@pytest.mark.usefixtures("terry")
@FEW
@given(data=st.data(), page=st.sampled_from(PAGES), value=VALUES, shape=st.sampled_from(SHAPES))
def test_pages(target: Target, *, data: st.DataObject, page: str, value: bytes, shape: str) -> None:
    """Every field of every form, sent from the page that it stands on; nobody is signed in by it without a password."""
    browser = browser_of(target)
    shown, path = _shown(target, browser, page)
    form = next(iter(forms_on(shown)), Form(action=path))
    name = data.draw(st.sampled_from(sorted({*ALWAYS, *form.fields, *form.choices})))
    before = browser.cookies().get("__Host-idp_session")
    fields = dict(form.fields) | {name: values[0] for name, values in form.choices.items()}
    address = form.action if page == shown.request.path else path
    with soon():
        response = browser.post(address, encoded(fields, name, value, shape), content_type=FORM)
        specified(response)
    if page in NOBODY_YET:
        assert browser.cookies().get("__Host-idp_session") == before
        assert "code=" not in response.headers.get("Location", "")


NOBODY_YET = frozenset({
    "/sign-in", "/sign-in/passkey", "/slow-down", "/verify-factor", "/recover", "/recover/code", "/recover/factor",
    "/reset-password",
})  # fmt: skip
"""Pages that nobody has come past without a proof that a bent form does not have."""


def _shown(target: Target, browser: Browser, page: str) -> tuple[TestResponse, str]:
    """Open a page as somebody comes to it; gives it with its address, of this journey or recovery."""
    if page.startswith(("/account", "/enrol-factor")):
        browser.follow(browser.sign_in(browser.get("/account"), "mallory"))
        return browser.get(page), page
    if page.startswith(("/recover/", "/reset-password")):
        asked = browser.submit(browser.get("/recover"), {"choice": "password", "identifier": f"no-{next(NUMBERS)}"})
        address = asked.headers["Location"].replace("/recover/code", page)
        return browser.get(address), address
    if page in {"/end-session", "/recover", "/lock-down"}:
        return browser.get(page), page
    asked = browser.follow(target.stranger.ask(browser, prompt="login consent"))
    address = f"{page}?{asked.request.query_string.decode()}"
    if page in {"/consent", "/verify-factor"}:
        asked = browser.follow(browser.sign_in(asked, "terry" if page == "/verify-factor" else "dana"))
        return asked, address
    return (asked if page == "/sign-in" else browser.get(address)), address
