"""Where a request comes from, read off RFC 7239 headers that are right, wrong and hostile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.wire.addresses import MAX_FORWARDED, Origin, TrustedProxies, locate
from idp.wire.forwarded import canonical_address

TRUSTED = TrustedProxies(["10.0.0.0/8", "192.0.2.1", "fd00::/8", "::1"])
PROXY = "10.0.0.1"


def where(forwarded: str | None, peer: str = PROXY, scheme: str = "http") -> Origin:
    """Locate a request of a peer."""
    return locate(peer, forwarded, scheme, trusted=TRUSTED)


@pytest.mark.parametrize("peer", ["198.51.100.9", "2001:db8::9"])
@pytest.mark.parametrize("forwarded", [None, "for=203.0.113.5;proto=https", "for=10.0.0.2", "for=127.0.0.1", "\x00"])
def test_a_peer_that_is_no_proxy_of_ours_is_the_client(peer: str, forwarded: str | None) -> None:
    """Its Forwarded header is not even read."""
    assert Origin(peer, "http", proxied=False, flaw="") == where(forwarded, peer)


@pytest.mark.parametrize(
    ("forwarded", "address", "scheme"),
    [
        ("for=203.0.113.5;proto=https", "203.0.113.5", "https"),
        ("For=203.0.113.5;PROTO=HTTPS;by=10.0.0.1;host=login.example.com", "203.0.113.5", "https"),
        ('for="203.0.113.5"', "203.0.113.5", "http"),
        ('for="203.0.113.5:4711"', "203.0.113.5", "http"),
        ('for="203.0.113.5:_port"', "203.0.113.5", "http"),
        ('for="[2001:DB8:0::5]"', "2001:db8::5", "http"),
        ('for="[2001:db8::5]:443";proto=https', "2001:db8::5", "https"),
        ('for="[::ffff:203.0.113.5]"', "203.0.113.5", "http"),
        ('for="203.0.113\\.5"', "203.0.113.5", "http"),
        ("for=203.0.113.5; proto=https ; by=_edge", "203.0.113.5", "https"),
        ("for=203.0.113.5;", "203.0.113.5", "http"),
        ("for=203.0.113.5,", "203.0.113.5", "http"),
        (" ,, for=203.0.113.5 ,\t,", "203.0.113.5", "http"),
        ('for=203.0.113.5;by="a,b;c=\\"d"', "203.0.113.5", "http"),
        # the chain behind us is walked, and no further than it is ours
        ("for=203.0.113.5;proto=https, for=10.9.9.9;proto=http", "203.0.113.5", "https"),
        ("for=6.6.6.6;proto=http, for=203.0.113.5;proto=https, for=10.9.9.9;proto=http", "203.0.113.5", "https"),
        ("for=10.9.9.9;proto=https", "10.9.9.9", "https"),
        ('for=203.0.113.5, for="[fd00::7]:80", for=192.0.2.1', "203.0.113.5", "http"),
        # what a client puts in front is not read, however broken it is
        ("for=6.6.6.6, for=203.0.113.5", "203.0.113.5", "http"),
        ('for="6.6.6.6, for=203.0.113.5', "203.0.113.5", "http"),
        ('for=6.6.6.6;x=", for=203.0.113.5;proto=https', "203.0.113.5", "https"),
        ('"""\\, for=203.0.113.5', "203.0.113.5", "http"),
        ("\x00\xff;;==, for=203.0.113.5", "203.0.113.5", "http"),
        ('for=6.6.6.6;x=", for="[2001:db8::5]:443"', "2001:db8::5", "http"),
        ('x="\\", for="203.0.113.5:80"', "203.0.113.5", "http"),
    ],
)
def test_a_trusted_proxy_tells_the_client(forwarded: str, address: str, scheme: str) -> None:
    """RFC 7239 §4: elements in any spelling the grammar allows, the nearest hop last."""
    assert Origin(address, scheme, proxied=True, flaw="") == where(forwarded)


@pytest.mark.parametrize(
    "forwarded",
    [
        "203.0.113.5",
        "for",
        "for=",
        "for=;proto=https",
        'for=""',
        "proto=https",
        "by=10.0.0.1",
        "for=203.0.113.5:80",
        "for=[2001:db8::5]",
        "for=2001:db8::5",
        'for="2001:db8::5"',
        'for="[203.0.113.5]"',
        'for="[2001:db8::5"',
        'for="2001:db8::5]"',
        'for="[2001:db8::5%25eth0]"',
        'for="[]"',
        'for="203.0.113.5:123456"',
        'for="203.0.113.5:"',
        'for="203.0.113.5 "',
        "for=203.0.113.05",
        "for=203.0.113.256",
        "for=203.0.113",
        "for=3405803781",
        "for=localhost",
        "for=evil.example",
        "for=203.0.113.5;for=203.0.113.6",
        "for=203.0.113.5;FOR=203.0.113.6",
        "for =203.0.113.5",
        "for= 203.0.113.5",
        "for=203.0.113.5 proto=https",
        "for=203.0.113.5;proto=ftp",
        "for=203.0.113.5;proto=https,http",
        'for="203.0.113.5',
        'for=203.0.113.5"',
        'for="203.0.113.5"x',
        '"',
        "for=203.0.113.5;\x00=1",
        "for=203.0.113.5\x00",
        "for=203.0.113.5;x=\xff",
        "for=_",
        'for="_a b"',
        ", ".join(["for=10.0.0.2"] * 17),
        "for=203.0.113.5;x=" + "y" * MAX_FORWARDED,
        "for=10.0.0.2".rjust(MAX_FORWARDED + 1, ","),
    ],
)
def test_a_malformed_header_leaves_the_peer(forwarded: str) -> None:
    """Nothing is guessed: address and scheme are what the server saw, and a flag says so."""
    assert Origin(PROXY, "http", proxied=True, flaw="malformed") == where(forwarded)


@pytest.mark.parametrize("forwarded", [None, "", " ", ",", " , ,"])
def test_a_proxy_that_tells_nothing_is_told_apart(forwarded: str | None) -> None:
    """A proxy that was not set up makes all people one address; whoever counts by address has to know."""
    assert Origin(PROXY, "https", proxied=True, flaw="absent") == where(forwarded, scheme="https")


@pytest.mark.parametrize("node", ["unknown", "Unknown", "_hidden", '"_SEVKISEK"', '"unknown:_p"', '"_x:80"'])
def test_a_hidden_client_keeps_the_last_address_that_is_known(node: str) -> None:
    """RFC 7239 §6.2, §6.3: an obfuscated or unknown node is well-formed, and nobody's address."""
    assert Origin(PROXY, "https", proxied=True, flaw="hidden") == where(f"for={node};proto=https")
    assert Origin("10.9.9.9", "http", proxied=True, flaw="hidden") == where(f"for={node}, for=10.9.9.9")


def test_a_peer_may_come_mapped_or_without_an_address() -> None:
    """A dual-stack socket maps IPv4 into IPv6; a Unix socket has no address and is trusted only by name."""
    sockets = TrustedProxies(["unix"])

    assert "203.0.113.5" == where("for=203.0.113.5", "::ffff:10.0.0.1").address
    assert Origin("203.0.113.5", "http", proxied=True, flaw="") == locate(
        "", "for=203.0.113.5", "http", trusted=sockets
    )
    assert Origin("", "http", proxied=False, flaw="") == locate("", "for=203.0.113.5", "http", trusted=TRUSTED)
    assert Origin("", "http", proxied=False, flaw="") == locate("nonsense", "for=203.0.113.5", "http", trusted=sockets)


@pytest.mark.parametrize("entry", ["", "proxy.example", "10.0.0.1/8", "10.0.0.0/33", "any", "*"])
def test_a_trusted_proxy_is_an_address_or_a_network(entry: str) -> None:
    """A mistake in the configuration is named at the start."""
    with pytest.raises(ValueError, match="a trusted proxy is"):
        TrustedProxies(["127.0.0.1", entry])


def test_an_address_has_one_spelling() -> None:
    """Budgets must not be split by spelling."""
    spellings = ["2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:0db8::0001"]

    assert {"2001:db8::1"} == {canonical_address(spelling) for spelling in spellings}
    assert (None, None, None) == (canonical_address(""), canonical_address("1.2.3.4\x00"), canonical_address("é"))


@given(st.text(st.characters(), max_size=80) | st.text('for=_";,\\ []:10.2ad', max_size=60), st.text(max_size=20))
def test_any_header_gives_an_origin(forwarded: str, peer: str) -> None:
    """No header and no peer whatever raise; the scheme is one of two."""
    for origin in (where(forwarded), where(forwarded, peer)):
        assert origin.scheme in {"http", "https"}
        assert origin.address == "" or origin.address == canonical_address(origin.address)


@given(st.text(st.characters(codec="latin-1"), max_size=60))
def test_no_prefix_changes_what_the_proxy_wrote(prefix: str) -> None:
    """Whatever a client sends in front, the element that our proxy appends decides."""
    assert Origin("203.0.113.5", "https", proxied=True, flaw="") == where(f"{prefix}, for=203.0.113.5;proto=https")
