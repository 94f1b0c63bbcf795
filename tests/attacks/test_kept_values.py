"""What a stranger sends and a row holds, on PostgreSQL: octets that SQLite would keep, and it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.attacked import NASTY, NUMBERS, Target, populated, specified
from tests.support.in_process import Browser, issuer_on
from tests.support.nodes import hidden_fields


@pytest.fixture(scope="module")
def postgresql(new_postgresql_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Give one on PostgreSQL."""
    with issuer_on(new_postgresql_url(), tmp_path_factory.mktemp("fuzzed")) as service:
        yield populated(service)


KEPT = ("login_hint", "nonce", "state", "claims", "ui_locales", "user_id", "password", "agent", "language", "token")


@pytest.mark.parametrize("place", KEPT)
def test_whatever_is_kept_can_be_kept(postgresql: Target, place: str) -> None:
    """What a stranger sent and a row holds: PostgreSQL refuses more than SQLite does (NUL, surrogates, length)."""
    for octets in NASTY:
        text = octets.decode("latin-1")
        headers = {"agent": ("User-Agent", text), "language": ("Accept-Language", text)}
        sent = [headers[place]] if place in headers else []
        browser = Browser(postgresql.service, address=f"10.9.0.{next(NUMBERS) % 250}", agent="x")
        environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in sent if value.isprintable()}
        asked = dict.fromkeys(
            [place], f'{{"id_token":{{"email":{{"value":"{text}"}}}}}}' if place == "claims" else text
        )
        response = browser.get("/authorize", query_string=postgresql.app.request(**asked), environ=environ)
        specified(response)
        page = browser.follow(response)
        if 'name="password"' in page.text:
            fields = hidden_fields(page) | {"user_id": f"nobody {octets!r}", "password": "x"} | asked
            specified(browser.post(f"/sign-in?{page.request.query_string.decode()}", fields, environ=environ))
        specified(postgresql.app.call("/introspect", {"token": text or "x"}))
