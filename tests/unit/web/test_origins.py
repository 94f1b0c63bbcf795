"""Addresses of others before they reach a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.web.origins import UnsafeAddress, policy_source, shown_host, web_address

RUNNABLE = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://app.example.com/1",
]
MALFORMED = [
    "",
    "/callback",
    "//evil.example",
    "https:",
    "https://",
    "https:///x",
    "https://a;script-src *",
    "https://a b.example",
    "https://a.example\n/",
    "https://a.example:99999/",
    "https://a.example:x/",
    "https://[::1",
    "https://[2001:db8::1]/cb",
    "https://*.example.com/",
    "https://a.example\\@evil.example/",
    "https://bücher.example/",
    "https://a,b.example/",
    "https://'self'/",
    "myapp:/callback",
]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://app.example.com/cb?x=1", "https://app.example.com"),
        ("https://APP.example.com:443/cb", "https://app.example.com:443"),
        ("http://localhost:8001/cb", "http://localhost:8001"),
        ("http://127.0.0.1:51004/cb", "http://127.0.0.1:51004"),
        ("http://[::1]:51004/cb", "http:"),
        ("com.example.app:/oauth2redirect", "com.example.app:"),
        ("https://user:secret@app.example.com/", "https://app.example.com"),
    ],
)
def test_an_address_becomes_a_policy_source(address: str, expected: str) -> None:
    """Scheme, host and port, and nothing else."""
    assert expected == policy_source(address)


@pytest.mark.parametrize("address", RUNNABLE + MALFORMED)
def test_what_could_run_or_break_the_policy_is_refused(address: str) -> None:
    """No script scheme and no character that ends a source or a directive passes (T48)."""
    with pytest.raises(UnsafeAddress):
        policy_source(address)


@pytest.mark.parametrize("address", [*RUNNABLE, "com.example.app:/x", "https://", "mailto:x@example.com", "/privacy"])
def test_only_web_addresses_are_linked(address: str) -> None:
    """A link on our page leads to http or https."""
    with pytest.raises(UnsafeAddress):
        web_address(address)


@given(st.text())
def test_no_text_breaks_out_of_a_source(text: str) -> None:
    """Whatever passes is one source without blanks, commas or semicolons."""
    for address in (text, f"https://{text}", f"https://app.example.com/{text}"):
        try:
            source = policy_source(address)
        except UnsafeAddress:
            continue
        assert not set(source) & set(" \t\r\n,;'\"*")


def test_people_compare_host_and_port() -> None:
    """What is shown is what an address bar shows."""
    assert shown_host("https://portal.example.com/cb") == "portal.example.com"
    assert shown_host("http://localhost:8001/cb") == "localhost:8001"
    assert shown_host("com.example.app:/cb") == "com.example.app"
