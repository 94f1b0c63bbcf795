"""`recovered_at`: for three days after a recovery tokens ask their apps to hold what thieves go for (decision 16)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.world import World, claims_of, world_on
from tests.support.in_process import App, add_person
from tests.support.recovery import NEW_PASSWORD, prove

SCOPE = "openid offline_access"
THREE_DAYS = 72 * 3600.0


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """Give an issuer whose mail lands in a folder, on SQLite and on PostgreSQL."""
    with world_on(database_url, tmp_path, mail_folder=tmp_path / "mail", signing_algs=("ES256",)) as running:
        yield running


def reset(world: World, **fields: str) -> int:
    """Let dana choose a new password by mail; gives when that was."""
    browser = world.browser()
    done = browser.submit(prove(world.service, browser), {"new_password": NEW_PASSWORD, **fields})
    assert 303 == done.status_code
    return int(world.clock())


def signed_in(app: App, world: World) -> dict[str, Any]:
    """Sign dana in with the new password, and give the tokens."""
    browser = world.browser()
    asked = browser.follow(app.ask(browser, scope=SCOPE, prompt="consent"))
    answer = app.finish(browser, browser.sign_in(asked, password=NEW_PASSWORD))
    tokens: dict[str, Any] = app.exchange(app.answer(answer)["code"]).get_json()
    return tokens


def said(tokens: dict[str, Any]) -> list[Any]:
    """Read the claim in both tokens."""
    return [claims_of(tokens[name]).get("recovered_at") for name in ("id_token", "access_token")]


def test_both_tokens_say_so_for_three_days(world: World) -> None:
    """From the code and from every refresh, to the second; introspection says what the token says."""
    app = world.app()
    recovered_at = reset(world, sign_out="yes")
    world.advance(60)
    tokens = signed_in(app, world)
    assert [recovered_at, recovered_at] == said(tokens)
    assert recovered_at == app.introspect(tokens["access_token"])["recovered_at"]
    world.advance(THREE_DAYS - 61)
    refreshed = app.refresh(tokens["refresh_token"]).get_json()
    assert recovered_at == claims_of(refreshed["access_token"])["recovered_at"]
    world.advance(1)
    refreshed = app.refresh(tokens["refresh_token"]).get_json()
    assert "recovered_at" not in claims_of(refreshed["access_token"])


def test_an_app_that_stayed_signed_in_hears_of_it(world: World) -> None:
    """The grants that outlive a recovery, since the person wanted that, carry it from the next refresh on."""
    app, browser = world.app(), world.browser()
    tokens = app.tokens(browser, scope=SCOPE, prompt="consent")
    assert [None, None] == said(tokens)
    recovered_at = reset(world)
    refreshed = app.refresh(tokens["refresh_token"]).get_json()
    assert recovered_at == claims_of(refreshed["access_token"])["recovered_at"]


def test_anybody_elses_tokens_say_nothing(world: World) -> None:
    """The claim is about one account, and only where a recovery was completed."""
    app, browser = world.app(), world.browser()
    add_person(world.service, "tom")
    reset(world)
    prove(world.service, world.browser(), "tom")
    tokens = app.tokens(browser, user_id="tom", scope=SCOPE, prompt="consent")
    assert [None, None] == said(tokens)
