"""Plain requests and answers."""

import orjson
import pytest

from idp.wire.messages import (
    HeaderTooLarge,
    Request,
    UnsafeHeader,
    check_headers,
    json_response,
    redirect,
    text_response,
)


def test_a_request_cannot_be_changed() -> None:
    """What a request says stays as it came."""
    request = Request("GET", "/userinfo")

    with pytest.raises(AttributeError):
        request.client_address = "192.0.2.1"  # type: ignore[misc]


def test_a_request_prints_no_secret() -> None:
    """Neither the body nor the headers nor the query stand in the repr."""
    request = Request("POST", "/token", "q=canary", {"authorization": "Basic canary"}, b"client_secret=canary")

    assert "canary" not in repr(request)
    assert "canary" not in repr(json_response(200, {"access_token": "canary"}))


def test_headers_are_found_by_lower_case_name() -> None:
    """A plain mapping serves as headers."""
    request = Request("POST", "/token", headers={"authorization": "Bearer x", "content-type": "text/plain"})

    assert ("Bearer x", "text/plain", None) == (request.authorization, request.content_type, request.header("dpop"))


def test_a_header_beyond_the_limit_is_refused_when_somebody_asks_for_it() -> None:
    """Nobody gets to work on a huge header."""
    request = Request("GET", "/userinfo", headers={"authorization": "x" * 16_385})

    with pytest.raises(HeaderTooLarge) as refused:
        _ = request.authorization

    assert 431 == refused.value.status


def test_json_is_not_stored_unless_its_writer_says_so() -> None:
    """RFC 6749 §5.1: no-store by default; a Cache-Control of its own stands alone."""
    default = json_response(200, {"a": 1})
    public = json_response(200, {}, [("Cache-Control", "public, max-age=60")])

    assert [
        ("Content-Type", "application/json"),
        ("Cache-Control", "no-store"),
        ("Pragma", "no-cache"),
    ] == default.headers
    assert [("Content-Type", "application/json"), ("Cache-Control", "public, max-age=60")] == public.headers
    assert {"a": 1} == orjson.loads(default.body)


def test_text_survives_every_character() -> None:
    """Plain words are UTF-8, and a lone surrogate is no reason to fail."""
    assert "fünf ?\n".encode() == text_response(400, "fünf \ud800").body


def test_redirects_are_303() -> None:
    """RFC 9700 §4.12: the browser must not post credentials on."""
    response = redirect("https://app.example/cb?code=a%20b", [("Set-Cookie", "a=b")])

    assert 303 == response.status
    assert ("Location", "https://app.example/cb?code=a%20b") in response.headers
    assert ("Set-Cookie", "a=b") in response.headers
    assert ("Cache-Control", "no-store") in response.headers


@pytest.mark.parametrize(
    "location",
    [
        "",
        "https://a.example/\r\nSet-Cookie: x=y",
        "https://a.example/\n",
        "/a b",
        "/\x00",
        "https://é.example/",
        "/\x7f",
    ],
)
def test_a_location_that_is_not_one_line_of_ascii_is_refused(location: str) -> None:
    """No value of a client's makes a second header."""
    with pytest.raises(UnsafeHeader):
        redirect(location)


def test_an_unsafe_header_is_named_without_its_value() -> None:
    """The value may be secret, the name is not."""
    with pytest.raises(UnsafeHeader) as refused:
        check_headers([("Cache-Control", "no-store"), ("X-Thing", "canary\r\nX: y")])

    assert "X-Thing" == str(refused.value)
