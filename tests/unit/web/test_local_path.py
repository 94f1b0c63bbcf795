"""Addresses to return to."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.web.local_path import UnsafePath, safe_local_path

HOSTILE = [
    None,
    "",
    "account",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "/%2509/evil.example",
    "/\n/evil.example",
    "/%0d%0aSet-Cookie:%20x=1",
    "/%2f/evil.example",
    "/%2F%2Fevil.example",
    "/%5cevil.example",
    "/%255cevil.example",
    "https:evil.example",
    "https://evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    " /account",
    "/account ",
    "/./account",
    "/../account",
    "/%2e%2e/account",
    "/a//b",
    "/account#x",
    "/ünicode",
    "/\u2028",
    "/" + "a" * 3000,
    "?next=/account",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_what_a_browser_could_read_as_another_host_is_refused(value: str | None) -> None:
    """Open redirects in every spelling that browsers forgive (T50)."""
    with pytest.raises(UnsafePath):
        safe_local_path(value)


@pytest.mark.parametrize(
    "value", ["/", "/account", "/account/devices?page=2&x=%20", "/authorize?redirect_uri=https://app.example.com/cb"]
)
def test_our_own_paths_pass_unchanged(value: str) -> None:
    """A path with or without a query is what it was."""
    assert value == safe_local_path(value)


@given(st.text(alphabet="/\\.%25fF0cC9aA:@?#\t\n evil", max_size=40))
def test_whatever_passes_stays_on_this_host(text: str) -> None:
    """A browser that resolves it keeps the host."""
    try:
        path = safe_local_path(f"/{text}")
    except UnsafePath:
        return
    assert urlsplit(urljoin("https://login.example.com/x", path)).netloc == "login.example.com"
