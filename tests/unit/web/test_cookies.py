"""The session's and the journeys' cookies."""

import flask
import pytest
from werkzeug.test import EnvironBuilder

from idp.web.cookies import CookieJar

JAR = CookieJar(secure=True)
NAME = "__Host-idp_session"


def request(cookie: str) -> flask.Request:
    """A request with this Cookie header."""
    return flask.Request(EnvironBuilder(headers=[("Cookie", cookie)]).get_environ())


def test_names_are_bound_to_the_host_where_that_is_possible() -> None:
    """On https both names have the prefix that browsers enforce; an http loopback issuer cannot have it."""
    assert JAR.session_name == "__Host-idp_session"
    assert JAR.journey_name("AbCdEfGh12345") == "__Host-idp_journey_AbCdEfGh"
    assert CookieJar(secure=False).session_name == "idp_session"
    assert CookieJar(secure=False).journey_name("AbCdEfGh12345") == "idp_journey_AbCdEfGh"


@pytest.mark.parametrize("journey_id", ["", "short", "with space 1", "semi;colon12", "eq=uals1234", "ünicodeé1"])
def test_only_a_journeys_id_names_a_cookie(journey_id: str) -> None:
    """A stranger's parameter never becomes part of a header."""
    with pytest.raises(ValueError, match="journey"):
        JAR.journey_name(journey_id)


def test_a_cookie_is_set_with_every_protection() -> None:
    """Not for scripts, not across sites, for the whole host, on https alone."""
    response = flask.Response()
    JAR.set(response, NAME, "v" * 43, max_age=600)
    expected = {"Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"}
    parts = response.headers["Set-Cookie"].split("; ")
    assert parts[0] == f"{NAME}={'v' * 43}"
    assert expected <= set(parts)
    assert not any(part.startswith("Domain") for part in parts)


def test_a_session_cookie_ends_with_the_browser() -> None:
    """Without a lifetime the browser drops it when it closes."""
    response = flask.Response()
    JAR.set(response, NAME, "v" * 43)
    assert "Max-Age" not in response.headers["Set-Cookie"]
    assert "Expires" not in response.headers["Set-Cookie"]


def test_a_cookie_is_taken_back_with_the_same_attributes() -> None:
    """A browser takes back a prefixed cookie only if Secure and Path match."""
    response = flask.Response()
    JAR.clear(response, NAME)
    parts = set(response.headers["Set-Cookie"].split("; "))
    assert {f"{NAME}=", "Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=0"} <= parts


def test_an_http_loopback_issuer_sets_cookies_without_secure() -> None:
    """The demo on http works in every browser."""
    response = flask.Response()
    CookieJar(secure=False).set(response, "idp_session", "v")
    assert "Secure" not in response.headers["Set-Cookie"]


@pytest.mark.parametrize("value", ["", "a b", "a;b", "a\r\nb", "a,b", '"a"', "ü", "a" * 257])
def test_only_handles_are_set(value: str) -> None:
    """Nothing that could split a header is written into one."""
    with pytest.raises(ValueError, match="handles"):
        JAR.set(flask.Response(), NAME, value)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"{NAME}=abc", "abc"),
        (f"other=1; {NAME}=abc;x=y", "abc"),
        ("", None),
        ("other=1", None),
        (f"{NAME}=abc; {NAME}=def", None),
        (f"{NAME}=abc; {NAME}=abc", None),
        (f"={NAME}=evil", None),
        (f"{NAME}=abc; ={NAME}=evil", None),
        (f"={NAME}=evil; {NAME}=abc", None),
        (f"{NAME}=", None),
        (f'{NAME}="abc"', None),
        (f"{NAME}=a b", None),
        (f"{NAME}=abc,{NAME}=def", None),
        (f"{NAME.lower()}=abc", None),
        (f"X{NAME}=abc", None),
        (f"{NAME}=a\xfc", None),
    ],
)
def test_a_cookie_counts_only_when_sent_once(header: str, expected: str | None) -> None:
    """A tossed, nameless, quoted or folded cookie is no cookie (T68)."""
    assert expected == JAR.read(request(header), NAME)
