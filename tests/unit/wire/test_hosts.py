"""Which hosts are ours."""

import pytest

from idp.wire.errors import MalformedRequest
from idp.wire.hosts import check_host, known_hosts

KNOWN = known_hosts("https://Login.Example.com", ["inner.example:8080", "pod.local"])


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        ("login.example.com", "login.example.com"),
        ("LOGIN.example.COM", "login.example.com"),
        ("login.example.com:443", "login.example.com"),
        ("inner.example:8080", "inner.example:8080"),
        ("pod.local:443", "pod.local"),
    ],
)
def test_a_host_of_ours_has_one_spelling(host: str, meant: str) -> None:
    """Case and the default port make no other host (RFC 9110 §4.2.3)."""
    assert meant == check_host(host, KNOWN)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "login.example.com:80",
        "login.example.com:8443",
        "login.example.com.",
        "login.example.com.evil.example",
        "xlogin.example.com",
        "inner.example",
        "inner.example:443",
        "127.0.0.1",
        "[::1]",
    ],
)
def test_another_host_is_misdirected(host: str) -> None:
    """421 (RFC 9110 §15.5.20): exact comparison, no prefix and no suffix."""
    with pytest.raises(MalformedRequest) as refused:
        check_host(host, KNOWN)

    assert 421 == refused.value.status


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "a,b",
        "login.example.com,login.example.com",
        "login.example.com login.example.com",
        "login.example.com ",
        "login.example.com/",
        "login.example.com\\",
        "x@login.example.com",
        "login.example.com?",
        "login.example.com#",
        "login.example.com\x00",
        "login.example.com\t",
        "lögin.example.com",
        "login.example.com;",
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    """400: two hosts joined by the server, or a field that is none."""
    with pytest.raises(MalformedRequest) as refused:
        check_host(host, KNOWN)

    assert 400 == refused.value.status


def test_a_port_of_the_issuer_counts() -> None:
    """The demo's localhost:8000 is not localhost."""
    assert {"localhost:8000": "localhost:8000"} == known_hosts("http://localhost:8000")
    assert {"[::1]": "[::1]", "[::1]:80": "[::1]"} == known_hosts("http://[::1]/")


@pytest.mark.parametrize("issuer", ["", "login.example.com", "ftp://login.example.com", "https://", "https://a b"])
def test_an_issuer_is_a_web_address(issuer: str) -> None:
    """A mistake in the configuration is named at the start."""
    with pytest.raises(ValueError, match=r"issuer|host"):
        known_hosts(issuer)


def test_an_extra_host_is_a_host() -> None:
    """The same for the further hosts."""
    with pytest.raises(ValueError, match="host:port"):
        known_hosts("https://login.example.com", ["https://inner.example"])
