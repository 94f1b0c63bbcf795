"""The guarded client against real servers: what it fetches, and what never gets a single connection (SECURITY T79)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.wire.outbound import MAX_BYTES, Outbound, OutboundRefused
from tests.protocol.web_server import Page, WebServer, certified, web_server

PRIVATE_HOSTS = (
    "127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "0", "localhost", "localhost.", "0.0",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[2002:7f00:1::]",
    "[fe80::1]", "[fc00::1]",
    "169.254.169.254", "169.254.169.254.", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "198.18.0.1",
    "255.255.255.255", "224.0.0.1", "240.0.0.1", "[ff02::1]",
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[WebServer]:
    """Give a server on loopback."""
    with web_server() as opened:
        opened.pages["/ok"] = Page(b"found")
        yield opened


def allowing(*servers: WebServer, seconds: float = 5.0) -> Outbound:
    """Give a client that may fetch from these."""
    return Outbound([f"127.0.0.1:{server.port}" for server in servers], seconds=seconds)


def assert_refused(outbound: Outbound, uri: str) -> None:
    """Expect the one exception, whatever happened underneath."""
    with pytest.raises(OutboundRefused):
        outbound.fetch(uri)


def test_an_exception_is_fetched(server: WebServer) -> None:
    """The operator's exceptions allow http and a private address, for that port alone."""
    assert b"found" == allowing(server).fetch(server.address("/ok"))
    assert ["/ok"] == server.hits


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_no_private_address_is_connected_to(server: WebServer, host: str) -> None:
    """However it is written: no connection at all."""
    for scheme in ("https", "http"):
        assert_refused(Outbound(), f"{scheme}://{host}:{server.port}/ok")
    assert (0, []) == (server.connections, server.hits)


@pytest.mark.parametrize("host", ["[64:ff9b:1::7f00:1]", "[64:ff9b:1:ffff::a00:1]", "[fec0::1]", "[64:ff9b::a00:1]"])
def test_what_leads_inside_by_its_own_standard_is_not_public(host: str) -> None:
    """A private NAT64 prefix and site-local addresses: refused for what they are, whether anybody answers or not."""
    with pytest.raises(OutboundRefused, match="not a public address"):
        Outbound().fetch(f"https://{host}/ok")


@pytest.mark.parametrize(
    "uri",
    [
        "", "/ok", "ftp://127.0.0.1/", "file:///etc/passwd", "https://", "https:///ok", "https://[", "https://[::1/ok",
        "https://u:p@127.0.0.1/ok", "https://127.0.0.1:x/", "https://127.0.0.1:99999/", "https://a\\b/", "https://\x00/",
        "https://ü\udcff.example/", "https://" + "a" * 300 + "/", "https://no-such-host.invalid/", "https://.example.com/",
    ],
)  # fmt: skip
def test_whatever_is_no_address_is_refused(uri: str) -> None:
    """With the one exception, never another."""
    assert_refused(Outbound(), uri)


def test_a_redirect_is_not_followed(server: WebServer) -> None:
    """Wherever it leads, even to an address that might be fetched."""
    with web_server() as inner:
        inner.pages["/secret"] = Page(b"secret")
        for status in (301, 302, 303, 307, 308):
            server.pages["/go"] = Page(status=status, headers={"Location": inner.address("/secret")})
            assert_refused(allowing(server, inner), server.address("/go"))
        assert 0 == inner.connections


def test_an_exception_is_for_its_port_alone(server: WebServer) -> None:
    """The neighbour on the same host is not meant."""
    with web_server() as other:
        assert_refused(allowing(server), other.address("/ok"))
        assert 0 == other.connections


@pytest.mark.parametrize("status", [201, 204, 304, 400, 404, 500])
def test_only_200_counts(server: WebServer, status: int) -> None:
    """Anything else is no document."""
    server.pages["/x"] = Page(b"" if status in {204, 304} else b"{}", status=status)
    assert_refused(allowing(server), server.address("/x"))


def test_a_large_answer_is_refused(server: WebServer) -> None:
    """One octet too many; and what just fits is taken."""
    server.pages |= {"/fits": Page(b"x" * MAX_BYTES), "/large": Page(b"x" * (MAX_BYTES + 1))}
    assert MAX_BYTES == len(allowing(server).fetch(server.address("/fits")))
    assert_refused(allowing(server), server.address("/large"))


def test_a_dripping_answer_is_cut(server: WebServer) -> None:
    """The whole exchange has one time limit, however many octets keep coming."""
    server.pages["/drip"] = Page(b"x" * 1000, drip=0.05)
    started = time.monotonic()
    assert_refused(allowing(server, seconds=0.3), server.address("/drip"))
    assert time.monotonic() - started < 2


def test_nobody_listens() -> None:
    """A closed port is refused like anything else."""
    with web_server() as gone:
        address, outbound = gone.address("/ok"), allowing(gone)
    assert_refused(outbound, address)


def test_https_verifies_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trusted certificate for the host is good; an unknown CA is not, nor a certificate for another host."""
    context, ca_file = certified(tmp_path, host="127.0.0.1")
    with web_server(context=context) as server:
        server.pages["/ok"] = Page(b"found")
        outbound = Outbound([f"127.0.0.1:{server.port}", f"localhost:{server.port}"])
        assert_refused(outbound, server.address("/ok"))
        monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
        assert b"found" == outbound.fetch(server.address("/ok"))
        assert_refused(outbound, server.address("/ok", host="localhost"))
        assert ["/ok"] == server.hits
