"""Somebody comes from another system with the password that they had there, and notices nothing."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import select

from idp.app import Service
from idp.passwords.credentials import set_password
from idp.passwords.imported import read_hash
from idp.passwords.models import CREDENTIALS
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on

schemes = import_module("passlib.hash")


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Service]:
    """Give an issuer where dana's password came as a hash of phpass."""
    with issuer_on(database_url, tmp_path) as running:
        import_person(running, "dana")
        yield running


def import_person(service: Service, user_id: str) -> str:
    """Add somebody with a hash from elsewhere."""
    account_id = add_person(service, user_id, password=None)
    imported = read_hash(schemes.phpass.using(rounds=7).hash(PASSWORD))
    stored = service.parts.hasher.import_hash(imported)
    with service.database.writing() as connection:
        set_password(connection, account_id=account_id, stored=stored, must_change=False, now=service.clock())
    return account_id


def stored_form(service: Service) -> str:
    """Read what is stored of dana's password."""
    with service.database.reading() as connection:
        stored: str = connection.execute(select(CREDENTIALS.c.hash)).scalar_one()
    return stored


def test_the_first_sign_in_makes_a_hash_of_ours(service: Service) -> None:
    """The old password signs in, before and after; a wrong one changes nothing."""
    app, browser = App.register(service), Browser(service)
    assert "do not match" in browser.sign_in(app.ask(browser), password="not that one").text
    assert "$P$" in stored_form(service)
    assert "code=" in browser.sign_in(app.ask(browser)).headers["Location"]
    assert "$P$" not in stored_form(service)
    other = Browser(service)
    assert "code=" in other.sign_in(app.ask(other)).headers["Location"]


def test_nobody_gets_the_same_answer(service: Service) -> None:
    """For a name that nobody has the work of somebody's hash is done, and it is wrong."""
    browser = Browser(service)
    for user_id in ("nobody", "nobody.either", "nobody.at.all"):
        assert "do not match" in browser.sign_in(browser.get("/account"), user_id).text
