"""Errors that people see."""

import pytest
from werkzeug.exceptions import ImATeapot, InternalServerError, MethodNotAllowed, NotFound, RequestEntityTooLarge

from idp.web.error_words import ERROR_WORDS
from idp.web.errors import Explanation, ShownError, WayBack, back_to, error_page, shown_http_error, shown_unknown_error
from idp.web.origins import UnsafeAddress
from idp.web.render import Pages
from idp.wording import Wording

REFERENCE = "KTMR-4821"
EXPLANATION = Explanation(check="redirect_uri_registered", sent="http://localhost/x", registered=["http://localhost/y"])


@pytest.mark.parametrize("key", ERROR_WORDS)
def test_each_error_says_what_happened_and_what_to_do(pages: Pages, key: str) -> None:
    """Heading, reason, advice and a reference number; the private detail stays private."""
    error = ShownError(key=key, reference=REFERENCE, status=403, detail="private detail")
    response = error_page(pages, error, language="en")
    body = response.get_data(as_text=True)
    assert response.status_code == 403
    assert f"<title>Error: {ERROR_WORDS[key].heading}" in body
    assert ERROR_WORDS[key].what in body
    assert ERROR_WORDS[key].next in body
    assert REFERENCE in body
    assert "private detail" not in body


def test_an_error_without_words_is_not_made() -> None:
    """A mistyped key fails where it is written."""
    with pytest.raises(KeyError):
        ShownError(key="no_such_key", reference=REFERENCE)


def test_only_the_demo_explains(pages: Pages, demo_pages: Pages) -> None:
    """Which check refused, what was sent and what is registered is for whoever connects an app."""
    error = ShownError(key="redirect_uri_unregistered", reference=REFERENCE, explanation=EXPLANATION)
    shown = error_page(demo_pages, error, language="en").get_data(as_text=True)
    hidden = error_page(pages, error, language="en").get_data(as_text=True)
    for text in ("redirect_uri_registered", "http://localhost/x", "http://localhost/y"):
        assert text in shown
        assert text not in hidden


def test_the_way_back_is_shown_when_it_is_certain(pages: Pages, wording: Wording) -> None:
    """A link to a registered address, and to nothing else."""
    way_back = back_to(wording.translator("de"), "Driver Portal", "https://portal.example.com/")
    assert way_back == WayBack("Zurück zu Driver Portal", "https://portal.example.com/")
    error = ShownError(key="journey_unknown", reference=REFERENCE, way_back=way_back)
    assert 'href="https://portal.example.com/"' in error_page(pages, error, language="de").get_data(as_text=True)
    with pytest.raises(UnsafeAddress):
        back_to(wording.translator("de"), "App", "javascript:alert(1)")


def test_waiting_is_told_to_machines_too(pages: Pages) -> None:
    """Whoever is too fast learns when to come back."""
    error = ShownError(key="unavailable", reference=REFERENCE, status=503, retry_after=30)
    assert error_page(pages, error, language="en").headers["Retry-After"] == "30"


@pytest.mark.parametrize(
    ("fault", "status", "key"),
    [
        (NotFound(), 404, "not_found"),
        (MethodNotAllowed(valid_methods=["GET"]), 405, "method_not_allowed"),
        (RequestEntityTooLarge(), 413, "input_invalid"),
        (ImATeapot(), 418, "input_invalid"),
        (InternalServerError(), 500, "server_error"),
    ],
)
def test_flasks_refusals_get_our_words(pages: Pages, fault: NotFound | MethodNotAllowed, status: int, key: str) -> None:
    """Also what Flask refuses by itself looks like one of our pages."""
    error = shown_http_error(fault, reference=REFERENCE)
    assert (error.status, error.key) == (status, key)
    assert error_page(pages, error, language="en").status_code == status


def test_a_wrong_method_names_the_right_ones(pages: Pages) -> None:
    """RFC 9110 section 15.5.6 wants Allow."""
    error = shown_http_error(MethodNotAllowed(valid_methods=["GET", "POST"]), reference=REFERENCE)
    assert error_page(pages, error, language="en").headers["Allow"] == "GET, POST"


def test_the_unforeseen_becomes_a_server_error() -> None:
    """Its class is kept for the log, its text is not: it may hold secrets."""
    error = shown_unknown_error(ValueError("password=hunter2"), reference=REFERENCE)
    assert (error.status, error.key, error.detail) == (500, "server_error", "ValueError")
    assert "hunter2" not in f"{error} {error!r}"
