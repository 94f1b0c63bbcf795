"""Keys that a client publishes at its own address: fetched, kept, looked up anew, never from inside."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from joserfc.jwk import Key

from idp.clients.policy import registration_faults
from keys import base64url
from tests.protocol.assertions import Prover, compact, new_key, prover, public_jwks
from tests.protocol.candidate import check_token_error
from tests.protocol.web_server import Page, WebServer, certified, web_server
from tests.protocol.world import World, world_on
from tests.support.databases import copy_sqlite

pytestmark = pytest.mark.xdist_group("jwks_uri")
REFETCH = 60
KEEP = 600


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    """Give the client's own web server."""
    with web_server() as opened:
        yield opened


@pytest.fixture(scope="module")
def world(server: WebServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give an issuer that may fetch from that server."""
    folder = tmp_path_factory.mktemp("jwks_uri")
    allowed = (f"127.0.0.1:{server.port}",)
    with world_on(copy_sqlite(folder / "idp.sqlite"), folder, signing_algs=("ES256",), outbound_allow=allowed) as made:
        yield made


class Published:
    """A client, and what stands at its jwks_uri."""

    def __init__(self, world: World, server: WebServer) -> None:
        self.path = f"/{world.name('jwks')}"
        self.server = server
        self.key = new_key("ES256")
        self.publish(self.key)
        self.client: Prover = prover(world, key=self.key, jwks_uri=server.address(self.path))

    def publish(self, *keys: Key) -> None:
        """Put these keys there."""
        self.server.pages[self.path] = Page(json.dumps(public_jwks(*keys)).encode())

    @property
    def hits(self) -> int:
        """How often they were fetched."""
        return self.server.hits.count(self.path)

    def asks(self, key: Key | None = None) -> int:
        """Use a fresh assertion by this key, and give the status."""
        return self.client.ask(self.client.assertion(key=key)).status_code


@pytest.fixture
def published(world: World, server: WebServer) -> Published:
    """Give a client with one key at its address."""
    return Published(world, server)


def test_keys_are_fetched_once(published: Published) -> None:
    """And kept for ten minutes."""
    assert [200, 200, 200] == [published.asks() for _ in range(3)]
    assert 1 == published.hits
    published.client.world.advance(KEEP + 1)
    assert 200 == published.asks()
    assert 2 == published.hits


def test_an_unknown_kid_is_looked_up_once_a_minute(published: Published) -> None:
    """oidcc-refresh-token-rp-key-rotation: a new key works a minute after; a forged kid hammers nobody."""
    assert 200 == published.asks()
    new = new_key("ES256")
    published.publish(published.key, new)
    assert [401, 401] == [published.asks(new) for _ in range(2)]
    assert 1 == published.hits
    published.client.world.advance(REFETCH)
    assert 200 == published.asks(new)
    assert 2 == published.hits
    strange = new_key("ES256")
    assert {401} == {published.asks(strange) for _ in range(5)}
    assert 2 == published.hits
    published.client.world.advance(REFETCH)
    assert {401} == {published.asks(strange) for _ in range(5)}
    assert 3 == published.hits


def test_a_removed_key_ends_with_the_next_fetch(published: Published) -> None:
    """At most ten minutes later."""
    assert 200 == published.asks()
    new = new_key("ES256")
    published.publish(new)
    published.client.world.advance(KEEP + 1)
    assert (401, 200) == (published.asks(), published.asks(new))


def test_keys_outlive_their_servers_faults(published: Published) -> None:
    """What was known keeps working while the address answers nonsense, and nobody sees a 500."""
    assert 200 == published.asks()
    faults = (
        Page(status=500),
        Page(b"not json"),
        Page(b"[]"),
        Page(b'{"keys": 7}'),
        Page(b'{"keys": [7]}'),
        Page(b'{"keys": [{"kty": "XX"}]}'),
        Page(b'{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}'),
        Page(b"[" * 100_000),
        Page(b"x" * 300_000),
    )
    for page in faults:
        published.server.pages[published.path] = page
        published.client.world.advance(KEEP + 1)
        assert 200 == published.asks(), page.body[:60]


def test_a_forged_kid_cannot_make_us_forget(published: Published) -> None:
    """Looking for it at an address that fails just then loses nothing that was known."""
    assert 200 == published.asks()
    published.server.pages[published.path] = Page(status=500)
    published.client.world.advance(REFETCH)
    assert 401 == published.asks(new_key("ES256"))
    assert (2, 200) == (published.hits, published.asks())


def test_one_fetch_serves_all_who_wait(published: Published) -> None:
    """Eight at once at the very start: one fetch, and everybody is let in."""
    published.server.pages[published.path].drip = 0.001
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(published.asks) for _ in range(8)]
        assert {200} == {one.result() for one in asked}
    assert 1 == published.hits


def test_nobody_waits_for_a_slow_address_who_need_not(published: Published) -> None:
    """While one request fetches anew, others are served by what is known."""
    assert 200 == published.asks()
    gate = published.server.pages[published.path].gate = Event()
    published.client.world.advance(KEEP + 1)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(published.asks)
        while published.hits < 2:
            time.sleep(0.001)
        served = [published.asks() for _ in range(3)]
        gate.set()
        assert [200, 200, 200, 200] == [*served, slow.result()]
    assert 2 == published.hits


def test_keys_that_never_came_open_nothing(world: World, server: WebServer) -> None:
    """A client whose address has never answered is refused like any other."""
    client = prover(world, jwks_uri=server.address("/nothing-here"))
    for _ in range(3):
        check_token_error(client.ask(client.assertion()), "invalid_client", 401)
    assert 1 == server.hits.count("/nothing-here")


def test_one_unreadable_key_does_not_spoil_the_others(published: Published) -> None:
    """RFC 7517 §5: keys that cannot be understood are to be ignored."""
    document: dict[str, Any] = public_jwks(published.key)
    document["keys"] = [{"kty": "FUTURE", "kid": "x"}, *document["keys"], {"kty": "EC", "crv": "P-1"}, {"kid": "y"}]
    published.server.pages[published.path] = Page(json.dumps(document).encode())
    assert 200 == published.asks()


def test_no_keys_at_all_open_nothing(published: Published) -> None:
    """An empty set takes every key back, unlike a fault."""
    assert 200 == published.asks()
    published.publish()
    published.client.world.advance(KEEP + 1)
    assert 401 == published.asks()


def test_weak_and_symmetric_keys_do_not_count(world: World, server: WebServer) -> None:
    """RSA below 2048 bits (SECURITY, FAPI 2.0 §5.4.1), and secrets published by mistake."""
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    weak = key.public_key().public_numbers()
    entries = [
        {"kty": "RSA", "kid": "weak", "e": "AQAB", "n": base64url.encode(weak.n.to_bytes(128)).decode()},
        {"kty": "oct", "kid": "weak", "k": "c2VjcmV0"},
    ]
    server.pages["/weak"] = Page(json.dumps({"keys": entries}).encode())
    client = prover(world, jwks_uri=server.address("/weak"))
    by_rsa = compact(
        {"alg": "RS256", "kid": "weak"},
        client.claims(),
        lambda signed: key.sign(signed, padding.PKCS1v15(), hashes.SHA256()),
    )
    by_secret = compact(
        {"alg": "HS256", "kid": "weak"}, client.claims(), lambda signed: hmac.digest(b"secret", signed, "sha256")
    )
    for signed in (by_rsa, by_secret):
        check_token_error(client.ask(signed), "invalid_client", 401)


def test_fetched_over_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the certificate verified: the real way."""
    context, ca_file = certified(tmp_path, host="127.0.0.1")
    with web_server(context=context) as server:
        allowed = (f"127.0.0.1:{server.port}",)
        url = copy_sqlite(tmp_path / "idp.sqlite")
        with world_on(url, tmp_path, signing_algs=("ES256",), outbound_allow=allowed) as world:
            untrusted, trusted = Published(world, server), Published(world, server)
            assert 401 == untrusted.asks()
            monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
            assert 200 == trusted.asks()
            assert (0, 1) == (untrusted.hits, trusted.hits)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "0x7f.1", "localhost", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]", "2130706433"]
)
def test_no_private_address_is_ever_asked(world: World, host: str) -> None:
    """SECURITY T79: a listener on loopback sees nobody, though the client may be registered."""
    with web_server() as listener:
        uri = f"https://{host}:{listener.port}/jwks"
        client = prover(world, jwks_uri=uri)
        check_token_error(client.ask(client.assertion()), "invalid_client", 401)
        assert (0, []) == (listener.connections, listener.hits)


def test_a_redirect_leads_nowhere(world: World, server: WebServer) -> None:
    """SECURITY T79: from an address that may be asked to one that may not."""
    with web_server() as inner:
        server.pages["/go"] = Page(status=302, headers={"Location": inner.address("/jwks")})
        client = prover(world, jwks_uri=server.address("/go"))
        check_token_error(client.ask(client.assertion()), "invalid_client", 401)
        assert 0 == inner.connections


@pytest.mark.parametrize(
    "uri", ["http://keys.example.com/jwks", "ftp://keys.example.com/", "keys", "https://u@k.example/"]
)
def test_what_may_not_be_registered(uri: str) -> None:
    """Plain http beyond loopback, and whatever is no address."""
    metadata = {
        "redirect_uris": ["https://a.example/cb"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": uri,
    }
    assert any("jwks_uri" in fault for fault in registration_faults("app", metadata))
