"""Protocol endpoints behind the front: dispatch, methods, CORS, documents."""

from typing import Any
from wsgiref.validate import validator

import orjson
import pytest

from idp.wire.front import Front
from idp.wire.messages import text_response
from tests.unit.wire.asking import Seen, ask, environ, make_front

FORM_BODY = b"grant_type=client_credentials"


def test_an_endpoint_sees_a_plain_request(front: Front, seen: Seen) -> None:
    """Method, path, query, headers, body, and what the front found out."""
    answer = ask(front, environ("POST", "/token", FORM_BODY, QUERY_STRING="a=%20", HTTP_AUTHORIZATION="Basic eDp5"))

    (request,) = seen.requests
    assert ("POST", "/token", "a=%20", FORM_BODY) == (request.method, request.path, request.query, request.body)
    assert ("Basic eDp5", "application/x-www-form-urlencoded") == (request.authorization, request.content_type)
    assert ("192.0.2.7", "http", "login.example.com") == (request.client_address, request.scheme, request.host)
    assert (False, "") == (request.proxied, request.forwarding_flaw)
    assert 200 == answer.status
    assert request.request_id == answer.headers["x-request-id"]
    assert 16 == len(request.request_id)


def test_every_answer_has_the_common_headers(front: Front) -> None:
    """No sniffing, no referrer, TLS from now on, a length; nothing about our software."""
    headers = ask(front, environ("POST", "/introspect", b"")).headers

    assert "nosniff" == headers["x-content-type-options"]
    assert "no-referrer" == headers["referrer-policy"]
    assert "max-age=63072000; includeSubDomains" == headers["strict-transport-security"]
    assert "same-origin" == headers["cross-origin-resource-policy"]
    assert "no-store" == headers["cache-control"]
    assert "11" == headers["content-length"]
    assert "server" not in headers


def test_an_http_issuer_promises_no_tls(seen: Seen) -> None:
    """The demo on http://localhost must not make browsers insist on TLS."""
    answer = ask(make_front(seen, https=False), environ("POST", "/introspect", b""))

    assert "strict-transport-security" not in answer.headers


def test_what_a_proxy_tells_reaches_the_endpoint(front: Front, seen: Seen) -> None:
    """Address and scheme come from Forwarded, the host from the configuration."""
    told = environ("GET", "/userinfo", REMOTE_ADDR="10.0.0.1", HTTP_FORWARDED="for=203.0.113.5;proto=https;host=evil")
    broken = environ("GET", "/userinfo", REMOTE_ADDR="10.0.0.1", HTTP_FORWARDED="for=nonsense")
    ask(front, told)
    ask(front, broken)

    first, second = seen.requests
    assert ("203.0.113.5", "https", "login.example.com", True, "") == (
        first.client_address,
        first.scheme,
        first.host,
        first.proxied,
        first.forwarding_flaw,
    )
    assert ("10.0.0.1", "http", "malformed") == (second.client_address, second.scheme, second.forwarding_flaw)


@pytest.mark.parametrize(
    "name",
    [
        "X_FORWARDED_FOR",
        "X_FORWARDED_HOST",
        "X_FORWARDED_PROTO",
        "X_REAL_IP",
        "FORWARDED",
        "X_ORIGINAL_URL",
        "REMOTE_ADDR",
    ],
)
def test_headers_that_speak_for_a_proxy_are_invisible(front: Front, seen: Seen, name: str) -> None:
    """T81: an endpoint cannot even ask for them, in any spelling."""
    ask(front, environ("GET", "/userinfo", **{f"HTTP_{name}": "203.0.113.66"}))

    (request,) = seen.requests
    dashed = name.replace("_", "-").lower()
    assert [None, None] == [request.header(dashed), request.header(name.lower())]
    assert dashed not in dict(request.headers)
    assert "192.0.2.7" == request.client_address


def test_a_scheme_that_the_server_believed_is_not_believed(front: Front, seen: Seen) -> None:
    """Some servers let a loopback peer set the scheme by X-Forwarded-Proto."""
    ask(front, environ("GET", "/userinfo", **{"wsgi.url_scheme": "https", "HTTP_X_FORWARDED_PROTO": "https"}))
    ask(front, environ("GET", "/userinfo", **{"wsgi.url_scheme": "https"}))

    assert ["http", "https"] == [request.scheme for request in seen.requests]


def test_headers_can_be_listed(front: Front, seen: Seen) -> None:
    """The headers are a mapping of what the client sent, by lower-case name."""
    ask(front, environ("POST", "/token", b"a=1", HTTP_ACCEPT="*/*", HTTP_X_FORWARDED_FOR="1.2.3.4"))

    (request,) = seen.requests
    assert {
        "accept": "*/*",
        "content-length": "3",
        "content-type": "application/x-www-form-urlencoded",
        "host": "login.example.com",
    } == dict(request.headers)
    assert "<4 headers>" == repr(request.headers)
    assert "Accept" not in request.headers


def test_head_is_answered_as_get_without_its_body(front: Front, seen: Seen) -> None:
    """RFC 9110 §9.3.2: the same headers, and the endpoint need not know."""
    got, headed = ask(front, environ("GET", "/userinfo")), ask(front, environ("HEAD", "/userinfo"))

    assert ["GET", "GET"] == [request.method for request in seen.requests]
    assert (b"", "11") == (headed.body, headed.headers["content-length"])
    assert got.headers.keys() == headed.headers.keys()


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/token", "POST, OPTIONS"),
        ("HEAD", "/token", "POST, OPTIONS"),
        ("PUT", "/userinfo", "GET, POST, HEAD, OPTIONS"),
        ("POST", "/jwks", "GET, HEAD, OPTIONS"),
        ("post", "/token", "POST, OPTIONS"),
        ("", "/token", "POST, OPTIONS"),
        ("TRACE", "/jwks", "GET, HEAD, OPTIONS"),
    ],
)
def test_another_method_is_not_allowed(front: Front, seen: Seen, method: str, path: str, allow: str) -> None:
    """405 with Allow (RFC 9110 §15.5.6), in JSON."""
    answer = ask(front, environ(method, path))

    assert (405, allow) == (answer.status, answer.headers["allow"])
    assert [] == seen.requests
    if method != "HEAD":
        assert "invalid_request" == orjson.loads(answer.body)["error"]


def test_options_tells_scripts_what_they_may_send(front: Front) -> None:
    """A preflight of an endpoint for tokens: any origin, no credentials, the headers that carry a token."""
    headers = ask(front, environ("OPTIONS", "/token", HTTP_ORIGIN="https://app.example")).headers

    assert "*" == headers["access-control-allow-origin"]
    assert "access-control-allow-credentials" not in headers
    assert "POST, OPTIONS" == headers["access-control-allow-methods"]
    assert "Authorization, Content-Type, DPoP" == headers["access-control-allow-headers"]
    assert "cross-origin" == headers["cross-origin-resource-policy"]


def test_scripts_may_read_public_documents_and_errors(front: Front) -> None:
    """Documents need no header of a script's; errors are readable too, or nobody could tell what went wrong."""
    document = ask(front, environ("GET", "/jwks", HTTP_ORIGIN="https://app.example"))
    refused = ask(front, environ("POST", "/token", CONTENT_LENGTH="x", HTTP_ORIGIN="https://app.example"))

    assert "*" == document.headers["access-control-allow-origin"]
    assert "access-control-allow-headers" not in ask(front, environ("OPTIONS", "/jwks")).headers
    assert (400, "*") == (refused.status, refused.headers["access-control-allow-origin"])
    assert "WWW-Authenticate, DPoP-Nonce" == refused.headers["access-control-expose-headers"]


def test_other_endpoints_are_closed_to_scripts(front: Front) -> None:
    """Introspection is for servers; the pages are never for foreign scripts."""
    for request in (
        environ("POST", "/introspect", b"", HTTP_ORIGIN="https://app.example"),
        environ("OPTIONS", "/introspect", HTTP_ORIGIN="https://app.example"),
        environ("GET", "/authorize", HTTP_ORIGIN="https://app.example"),
    ):
        headers = ask(front, request).headers
        assert not [name for name in headers if name.startswith("access-control-")]
        assert "same-origin" == headers["cross-origin-resource-policy"]


def test_a_document_is_answered_from_its_bytes(front: Front) -> None:
    """Body, tag and headers as they were rendered."""
    answer = ask(front, environ("GET", "/jwks"))

    assert (200, b'{"keys":[]}', '"v1"') == (answer.status, answer.body, answer.headers["etag"])
    assert "public, max-age=600" == answer.headers["cache-control"]
    assert (b"", "11") == (
        ask(front, environ("HEAD", "/jwks")).body,
        ask(front, environ("HEAD", "/jwks")).headers["content-length"],
    )


@pytest.mark.parametrize("field", ['"v1"', 'W/"v1"', "*", '"v0", "v1"'])
def test_a_document_that_the_client_holds_is_not_sent_again(front: Front, field: str) -> None:
    """304 with what a cache must update, and nothing about a body (RFC 9110 §15.4.5)."""
    answer = ask(front, environ("GET", "/jwks", HTTP_IF_NONE_MATCH=field))

    assert (304, b"", '"v1"') == (answer.status, answer.body, answer.headers["etag"])
    assert "public, max-age=600" == answer.headers["cache-control"]
    assert not {"content-type", "content-length"} & answer.headers.keys()


def test_paths_are_compared_exactly(front: Front, seen: Seen) -> None:
    """A path that only looks like an endpoint's is the pages' business."""
    for path in ("/token/", "/Token", "//token", "/./token", "/token;x", "/"):
        ask(front, environ("GET", path))

    assert [] == seen.requests
    assert 6 == len(seen.environs)


def test_a_probe_needs_no_host(front: Front) -> None:
    """A load balancer knows an address only; it learns no more than that we live."""
    alive = ask(front, environ("GET", "/livez", HTTP_HOST="10.1.2.3:8000"))

    assert (200, b"alive\n") == (alive.status, alive.body)
    assert 421 == ask(front, environ("GET", "/jwks", HTTP_HOST="10.1.2.3:8000")).status


def test_a_front_without_hosts_is_a_mistake(seen: Seen) -> None:
    """It would refuse everything; better at the start."""
    with pytest.raises(ValueError, match="host"):
        make_front(seen, hosts={})


def test_an_unknown_status_is_sent_as_it_is(front: Front, seen: Seen) -> None:
    """A handler may answer a status that has no name yet."""
    seen.answer = lambda _: text_response(299, "odd")

    assert 299 == ask(front, environ("POST", "/token", b"")).status


def test_the_front_is_a_wsgi_app(front: Front) -> None:
    """PEP 3333, as the standard library checks it."""
    checked: Any = validator(front)
    for request in (
        environ("POST", "/token", FORM_BODY),
        environ("OPTIONS", "/token"),
        environ("GET", "/jwks"),
        environ("HEAD", "/jwks"),
        environ("GET", "/jwks", HTTP_IF_NONE_MATCH="*"),
        environ("PUT", "/jwks"),
        environ("GET", "/sign-in"),
        environ("GET", "/sign-in", HTTP_HOST="evil.example"),
    ):
        began: list[str] = []
        body = checked(request, lambda status, _headers, _exc=None, began=began: began.append(status))
        list(body)
        body.close()
        assert 1 == len(began)
