"""PostgreSQL stopped, hung, read-only and overbooked under a whole issuer (F03, F04, F05, F07).

What needs no database goes on; everything else is told to come back, within seconds; nothing half-done is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from werkzeug.test import TestResponse

from idp.app import Service
from tests.support.asking import Answer, all_at_once, get, measured, percentile, seconds_until, timed
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.invariants import check_database, check_keys, check_logs, secrets_of
from tests.support.postgresql import PostgresqlServer

pytestmark = pytest.mark.alone

WITHOUT_DATABASE = ("/jwks", "/.well-known/openid-configuration", "/static/style.css", "/livez")


@pytest.fixture
def service(own_postgresql: PostgresqlServer, tmp_path: Path) -> Iterator[Service]:
    """Give an issuer on PostgreSQL with dana in it."""
    with issuer_on(own_postgresql.url(), tmp_path, database_pool=8) as opened:
        add_person(opened)
        yield opened


@pytest.fixture
def app(service: Service) -> App:
    """Give a confidential app."""
    return App.register(service)


def questions(app: App) -> list[Callable[[], TestResponse]]:
    """Prepare, while all is well, one of everything that needs the database."""
    tokens = app.tokens(Browser(app.service), scope="openid offline_access")
    code = app.code(Browser(app.service))
    browser = Browser(app.service)
    page = browser.follow(app.ask(browser))
    return [
        lambda: app.exchange(code),
        lambda: app.refresh(tokens["refresh_token"]),
        lambda: app.call("/introspect", {"token": tokens["refresh_token"]}),
        lambda: app.call("/revoke", {"token": tokens["refresh_token"]}),
        lambda: browser.sign_in(page),
        lambda: app.ask(Browser(app.service)),
    ]


def assert_served_without_database(service: Service) -> None:
    """Keys, metadata, static files and liveness need no database."""
    answers = [get(service, path) for path in WITHOUT_DATABASE]
    assert [200] * len(answers) == [answer.status for answer in answers]
    assert 0.5 > max(answer.seconds for answer in answers)


def assert_sent_away(answers: list[Answer], *, within: float) -> None:
    """Everybody is told to come back later, in time."""
    assert {503} == {answer.status for answer in answers}
    assert {"2"} == {answer.headers.get("Retry-After") for answer in answers}
    assert within > max(answer.seconds for answer in answers)


def test_stopped(
    own_postgresql: PostgresqlServer,
    service: Service,
    app: App,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F03: everything that needs the database is 503 in under a second; service is back within 5 s of its start."""
    asks = questions(app)
    own_postgresql.stop()
    answers = all_at_once(asks)
    assert_sent_away(answers, within=1.0)
    assert_served_without_database(service)
    seconds_until(lambda: get(service, "/readyz").status == 503, most=3.0)
    # The view of what has ended is too old by now: machine tokens, which need no statement, stop too.
    assert_sent_away([timed(lambda: app.call("/token", {"grant_type": "client_credentials"}))], within=1.0)
    own_postgresql.start()
    recovery = seconds_until(lambda: get(service, "/readyz").status == 200, most=5.0)
    measured("F03: refused within", percentile(answers, 1.0))
    measured("F03: recovery", recovery)
    tokens = app.exchange(app.code(Browser(service))).get_json()
    check_database(service.database)
    check_keys(get(service, "/jwks").body, [tokens])
    check_logs([caplog.text], secrets_of([tokens]))


def test_hung(own_postgresql: PostgresqlServer, service: Service, app: App) -> None:
    """F04: a server that answers nothing holds nobody for long, and none of what does not need it."""
    asks = questions(app)
    with own_postgresql.paused():
        first = all_at_once(asks * 5)
        assert_sent_away(first, within=5.0)
        assert_served_without_database(service)
        seconds_until(lambda: get(service, "/readyz").status == 503, most=3.0)
        # By now it is known that the server is silent: one caller at a time asks it, the others are told at once.
        later = percentile(all_at_once(asks * 5), 0.9)
        assert 1.0 > later
    recovery = seconds_until(lambda: get(service, "/readyz").status == 200, most=5.0)
    measured("F04: first refused within", percentile(first, 1.0))
    measured("F04: later 90 % refused within", later)
    measured("F04: recovery", recovery)
    app.tokens(Browser(service))
    check_database(service.database)


def test_read_only(own_postgresql: PostgresqlServer, service: Service, app: App) -> None:
    """F05: on a primary that became read-only nothing succeeds silently, and what was spent before stays spent."""
    spent, unspent = app.code(Browser(service)), app.code(Browser(service))
    tokens = app.exchange(spent).get_json()
    asks = questions(app)
    set_read_only(own_postgresql, read_only=True)
    # Connections that were open before keep their default until they begin another transaction.
    answers = all_at_once([*asks[:2], *asks[3:5], lambda: app.exchange(unspent), lambda: app.exchange(spent)])
    assert_sent_away(answers, within=1.0)
    assert 200 == app.userinfo(tokens["access_token"]).status_code
    set_read_only(own_postgresql, read_only=False)
    seconds_until(lambda: app.exchange(unspent).status_code == 200, most=5.0)
    assert "invalid_grant" == app.exchange(spent).get_json()["error"]
    check_database(service.database)


def test_pool_overbooked(own_postgresql: PostgresqlServer, service: Service, app: App) -> None:
    """F07: with every connection held (as by slow statements) the queue lasts a second; keys and probes do not."""
    asks = questions(app)
    held = [service.database.engine.connect() for _ in range(8)]
    try:
        assert_sent_away(all_at_once(asks), within=1.5)
        assert_served_without_database(service)
        seconds_until(lambda: get(service, "/readyz").status == 503, most=4.0)
    finally:
        for connection in held:
            connection.close()
    seconds_until(lambda: get(service, "/readyz").status == 200, most=5.0)
    app.tokens(Browser(service))
    check_database(service.database)


def set_read_only(server: PostgresqlServer, *, read_only: bool) -> None:
    """Change the server's default for new transactions, in all its sessions."""
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute("SET default_transaction_read_only = off")
        admin.execute(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if read_only else 'off'}".encode())
        admin.execute("SELECT pg_reload_conf()")
    time.sleep(0.3)
