"""Nobody makes us call somewhere, believe a host, or take an address for their own (T79, T80, T81)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from werkzeug.test import Client

from idp.app import Service
from idp.audit.models import EVENTS, PERSONAL
from tests.support.forged import ASSERTION_TYPE, KeyHolder
from tests.support.in_process import ADDRESS, PASSWORD, App, Browser, add_person
from tests.support.nodes import outcome


class Listener:
    """A server on loopback that counts who calls."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.port: int = self._socket.getsockname()[1]
        self.calls = 0
        self._open = True
        self._thread = threading.Thread(target=self._count)
        self._thread.start()

    def _count(self) -> None:
        while self._open:
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            self.calls += 1
            connection.close()

    def close(self) -> None:
        """Stop listening."""
        self._open = False
        self._thread.join()
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Give a server that nobody should call."""
    server = Listener()
    yield server
    server.close()


@pytest.fixture(scope="module")
def app(service: Service) -> App:
    """Add a person and an app."""
    add_person(service)
    return App.register(service)


INSIDE = (
    "https://127.0.0.1:{port}/jwks",
    "https://localhost:{port}/jwks",
    "https://[::1]:{port}/jwks",
    "https://0.0.0.0:{port}/jwks",
    "https://127.1:{port}/jwks",
    "https://0x7f.1:{port}/jwks",
    "https://2130706433:{port}/jwks",
    "https://017700000001:{port}/jwks",
    "https://[::ffff:127.0.0.1]:{port}/jwks",
    "https://[::ffff:7f00:1]:{port}/jwks",
    "http://127.0.0.1:{port}/jwks",
    "http://localhost:{port}/jwks",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1:{port}/jwks",
    "https://192.168.0.1:{port}/jwks",
    "https://172.16.0.1/jwks",
    "https://100.64.0.1/jwks",
    "https://[fd00::1]/jwks",
    "https://[fe80::1]/jwks",
    "https://[64:ff9b::7f00:1]/jwks",
    "https://[64:ff9b::a00:1]/jwks",
    "https://[::7f00:1]/jwks",
    "https://[2002:7f00:1::]/jwks",
)


@pytest.mark.parametrize("address", INSIDE)
def test_keys_are_fetched_from_nowhere_inside(service: Service, listener: Listener, address: str) -> None:
    """A registered jwks_uri that means ourselves or our network: the client is refused, nobody is called (T79)."""
    keys, client_id = KeyHolder(), f"inside{INSIDE.index(address)}"
    App.register(
        service,
        client_id,
        token_endpoint_auth_method="private_key_jwt",
        jwks_uri=address.format(port=listener.port),
        grant_types=["client_credentials"],
        redirect_uris=[],
    )
    form = {
        "grant_type": "client_credentials",
        "scope": "api",
        "client_assertion": keys.assertion(client_id, now=service.clock()),
        "client_assertion_type": ASSERTION_TYPE,
    }
    assert "invalid_client" == outcome(Browser(service).post("/token", form))
    assert 0 == listener.calls


@pytest.mark.parametrize("name", [
    "request_uri", "jwks_uri", "sector_identifier_uri", "logo_uri", "policy_uri", "backchannel_logout_uri", "register",
])  # fmt: skip
def test_no_parameter_makes_us_call(service: Service, app: App, listener: Listener, name: str) -> None:
    """Whatever address stands in a request is text (T79)."""
    address = f"http://127.0.0.1:{listener.port}/"
    for browser in (Browser(service), Browser(service)):
        app.ask(browser, **{name: address})
        browser.post("/authorize", app.request(**{name: address}))
        browser.get("/end-session", query_string={name: address})
        app.call("/token", {"grant_type": "client_credentials", name: address})
        app.call("/introspect", {"token": "x", name: address})
    assert 0 == listener.calls


BAD_HOSTS = (
    "evil.example", "id.example.com.evil.example", "id.example.com:8443", "id.example.com@evil.example",
    "evil.example, id.example.com", "id.example.com,evil.example", "id.example.com/evil", "id.example.com\\@evil.x",
    "", "id.example.com:", "id.example.com:443:443", "[::1]", "127.0.0.1", "id.example.com\t", "id.example.com ",
    "\u0131d.example.com", "id.example.com.", "id.example.com%00", "x" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("host", BAD_HOSTS, ids=lambda host: host[:30])
def test_a_host_that_is_not_ours_is_refused(service: Service, app: App, host: str) -> None:
    """400 or 421 before anything else; nothing in the answer names it (T80)."""
    try:
        sent = host.encode("utf-8").decode("latin-1")
    except UnicodeError:
        sent = host
    for path in ("/authorize", "/account", "/token", "/.well-known/openid-configuration", "/jwks", "/signed-out"):
        method = "POST" if path == "/token" else "GET"
        response = Client(service.front).open(
            path, method=method, base_url=ADDRESS, environ_overrides={"HTTP_HOST": sent}
        )
        if path in {"/.well-known/openid-configuration", "/jwks"} and response.status_code == 200:
            assert "evil" not in response.text
            continue
        assert response.status_code in {400, 421}
        assert "evil" not in response.text + str(response.headers)


FORGED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Port": "8080",
    "Forwarded": "for=1.2.3.4;host=evil.example;proto=http",
    "X-Host": "evil.example",
    "X-Original-Host": "evil.example",
    "X-Forwarded-Scheme": "http",
    "X-Forwarded-Ssl": "off",
    "Front-End-Https": "off",
}


@pytest.mark.parametrize("name", FORGED)
def test_headers_of_proxies_bend_no_address(service: Service, app: App, name: str) -> None:
    """Links, issuer, redirects and cookies are those of the settings (T80)."""
    headers = {name: FORGED[name]}
    browser = Browser(service)
    discovery = browser.get("/.well-known/openid-configuration", headers=headers)
    asked = browser.get("/authorize", query_string=app.request(), headers=headers)
    page = browser.get(asked.headers["Location"], headers=headers)
    account = browser.get("/account", headers=headers)
    assert ADDRESS == discovery.get_json()["issuer"]
    for response in (discovery, asked, page, account):
        assert "evil" not in response.text + str(response.headers)
    assert "Secure" in asked.headers["Set-Cookie"]
    assert asked.headers["Set-Cookie"].startswith("__Host-")


ADDRESSES = [
    {"X-Forwarded-For": "9.9.9.9"},
    {"X_Forwarded_For": "9.9.9.9"},
    {"Forwarded": "for=9.9.9.9"},
    {"X-Real-IP": "9.9.9.9"},
    {"True-Client-IP": "9.9.9.9"},
    {"CF-Connecting-IP": "9.9.9.9"},
    {"X-Client-IP": "9.9.9.9"},
    {"Client-IP": "9.9.9.9"},
    {"Forwarded": 'for="[::1]", for=garbage, for='},
    {"X-Forwarded-For": "garbage, , \x7f, 999.1.1.1"},
    {"Remote-Addr": "9.9.9.9"},
]


@pytest.mark.parametrize("headers", ADDRESSES, ids=str)
def test_nobody_chooses_the_address_that_is_counted(service: Service, app: App, headers: dict[str, str]) -> None:
    """Neither budgets nor the trail see another address than that of the connection (T81)."""
    browser = Browser(service, address="198.51.100.81")
    page = browser.follow(app.ask(browser))
    token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
    path = f"{page.request.path}?{page.request.query_string.decode()}"
    form = {"form_token": token, "user_id": "dana", "password": PASSWORD}
    assert "code" == outcome(browser.post(path, form, headers=headers))
    with service.database.reading() as connection:
        addresses = set(connection.execute(PERSONAL.select()).mappings().all()[-1].values())
        assert connection.execute(EVENTS.select()).first()
    assert "198.51.100.81" in addresses
    assert "9.9.9.9" not in addresses


def test_a_new_address_in_a_header_is_no_new_budget(service: Service, app: App) -> None:
    """A hundred wrong guesses from one connection are a hundred, whatever each says of itself (T81)."""
    browser, statuses = Browser(service, address="198.51.100.82"), []
    page = browser.follow(app.ask(browser))
    token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
    path = f"{page.request.path}?{page.request.query_string.decode()}"
    form = {"form_token": token, "password": "wrong"}
    for number in range(110):
        headers = {"X-Forwarded-For": f"10.0.0.{number}", "Forwarded": f"for=10.0.0.{number}"}
        form["user_id"] = f"nobody{number}"
        statuses.append(browser.post(path, form, headers=headers).status_code)
    assert [200] * 100 + [303] * 10 == statuses
    assert "page:/slow-down" == outcome(browser.post(path, {**form, "user_id": "nobody at all"}))
