"""The disk is full (F11): what cannot be written whole is refused whole; with room again, writing goes on."""

from __future__ import annotations

import logging
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from idp.app import Service
from tests.support.asking import get, seconds_until, timed
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.invariants import check_database, check_keys

SIZE = 64 * 1024
"""Less than the database has, more than any message of the test run."""


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path) -> Iterator[Service]:
    """Give an issuer with dana in it."""
    with issuer_on(sqlite_url, tmp_path) as opened:
        add_person(opened)
        yield opened


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Let nothing in this process write past so many bytes of any file, as on a disk that has filled up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Python ignores the signal that comes with it, so that the write fails like any other.
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_nothing_is_written_by_halves(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """Token and sign-in requests are 503, no code is spent for nothing, no event is lost; then there is room again."""
    app = App.register(service)
    codes = [app.code(Browser(service), scope="openid offline_access") for _ in range(20)]
    tokens = app.exchange(codes.pop()).get_json()
    browser = Browser(service)
    page = browser.follow(app.ask(browser))
    with no_file_longer_than(SIZE), caplog.at_level(logging.ERROR):
        while app.exchange(codes[-1]).status_code == 200:
            codes.pop()
        answers = [timed(lambda code=code: app.exchange(code)) for code in codes]  # type: ignore[misc]
        answers += [timed(lambda: app.refresh(tokens["refresh_token"])), timed(lambda: app.ask(Browser(service)))]
        answers += [timed(lambda: browser.sign_in(page))]
        assert {503} == {answer.status for answer in answers}
        assert {"2"} == {answer.headers.get("Retry-After") for answer in answers}
        # What needs no writing goes on; machine tokens too, while their events can wait.
        assert [200, 200] == [get(service, path).status for path in ("/jwks", "/livez")]
        assert 200 == app.userinfo(tokens["access_token"]).status_code
        assert 200 == app.call("/token", {"grant_type": "client_credentials"}).status_code
        assert [] == [record.message for record in caplog.records]
        check_database(service.database)
    later = [app.exchange(code) for code in codes]
    assert {200} == {response.status_code for response in later}
    assert 303 == app.finish(browser, app.ask(browser)).status_code
    seconds_until(lambda: service.trail.waiting == 0, most=5.0)
    check_database(service.database)
    check_keys(get(service, "/jwks").body, [response.get_json() for response in later])
    assert 1 == events(service, "token.issued")


def events(service: Service, kind: str) -> int:
    """Count what the trail has of a kind."""
    with service.database.reading() as connection:
        counted = connection.execute(text("SELECT count(*) FROM audit_events WHERE type = :kind"), {"kind": kind})
        return int(counted.scalar_one())
