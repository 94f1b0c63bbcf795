"""The headers of every page."""

import pytest

from idp.web.origins import UnsafeAddress
from idp.web.page_headers import content_policy, page_headers


def test_a_plain_page_allows_nothing_but_ourselves() -> None:
    """No inline script or style, no frame, no base, forms to ourselves."""
    expected = (
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "img-src 'self'; script-src 'self'; style-src 'self'"
    )
    assert expected == content_policy()


def test_the_journeys_app_may_end_the_form() -> None:
    """Chromium follows a form's redirects only to origins that the page names."""
    policy = content_policy(form_targets=["https://app.example.com/cb", "https://app.example.com/other"])
    assert "form-action 'self' https://app.example.com;" in policy


def test_a_logo_may_be_loaded_from_its_origin() -> None:
    """Images of others come from where they were registered."""
    assert "img-src 'self' https://cdn.example.com;" in content_policy(images=["https://cdn.example.com/logo.svg"])


def test_an_unsafe_target_is_refused() -> None:
    """A page is not sent rather than sent with a policy that a stranger wrote."""
    with pytest.raises(UnsafeAddress):
        page_headers(form_targets=["https://a.example;script-src *"])


def test_pages_are_not_kept_and_not_framed() -> None:
    """Caches, frames, openers and referrers get nothing (T68, T69)."""
    headers = dict(page_headers())
    assert headers["Cache-Control"] == "no-store"
    assert headers["Vary"] == "Cookie, Accept-Language"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "camera=()" in headers["Permissions-Policy"]


def test_an_apps_popup_keeps_its_opener() -> None:
    """An app that opened a window waits for it to come back."""
    assert dict(page_headers(popup=True))["Cross-Origin-Opener-Policy"] == "unsafe-none"


def test_each_answer_has_its_own_list() -> None:
    """A header added to one page is not on the next."""
    page_headers().append(("X-Leak", "1"))
    assert ("X-Leak", "1") not in page_headers()
