"""What apps and APIs are told of contracts: only with the scope, only one's own, and as it is at that moment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idp.app import Service
from tests.protocol.world import claims_of as payload
from tests.support.contracts import VIN, contract, feed
from tests.support.in_process import App, Browser, add_person
from tests.support.nodes import KNOWN_SECONDS, nodes_on, outcome

CAR = {"vin": VIN, "make": "Volkswagen", "model": "Golf"}
GUARANTOR = ("P-2", "guarantor", "cora")
CONTRACT = contract("CF-1001", ("P-1", "holder", "dana"), GUARANTOR, vehicles=[CAR])
WRITING = "openid contracts vehicles account offline_access payments.create contracts.write"


@pytest.fixture(params=["sqlite", "postgresql"])
def nodes(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> Iterator[list[Service]]:
    """Give one node on SQLite or two on PostgreSQL, with the holder of a contract, its guarantor, and a stranger."""
    if request.param == "sqlite":
        url, count = sqlite_url, 1
    else:
        url, count = request.getfixturevalue("new_postgresql_url")(), 2
    with nodes_on(url, tmp_path, count) as started:
        for user_id in ("dana", "cora", "eve"):
            add_person(started[0], user_id)
        feed(started[0], CONTRACT)
        time.sleep(1.0)  # whoever's parts changed gets tokens that count from the next second on
        yield started


def registered(nodes: list[Service], **options: Any) -> App:  # noqa: ANN401 - registration metadata
    """An app that may ask for everything."""
    app = App.register(nodes[0], scope=WRITING, **options)
    for node in nodes:
        node.watch.poll_once()
    return app


def test_the_holder_s_contract(nodes: list[Service]) -> None:
    """At userinfo, in the access token and at introspection."""
    app = registered(nodes)
    tokens = app.tokens(Browser(nodes[0]), user_id="dana", scope=WRITING)
    told = app.userinfo(tokens["access_token"]).get_json()
    contract = {
        "number": "CF-1001",
        "kind": "loan",
        "status": "active",
        "role": "holder",
        "permissions": ["view", "pay", "manage"],
    }
    assert [contract] == told["contracts"]
    assert [CAR | {"contract": "CF-1001"}] == told["vehicles"]
    assert "consumer" == told["account_type"]
    assert [contract] == payload(tokens["access_token"])["contracts"]
    assert [contract] == app.introspect(tokens["access_token"])["contracts"]
    assert {"contracts", "vehicles"} & payload(tokens["id_token"]).keys() == set()
    assert set(WRITING.split()) == set(tokens["scope"].split())


def test_only_what_was_asked_for(nodes: list[Service]) -> None:
    """Without the scopes nothing is said, and of nobody else's contracts ever."""
    app = registered(nodes)
    bare = app.tokens(Browser(nodes[0]), user_id="dana", scope="openid")
    assert {"sub"} == app.userinfo(bare["access_token"]).get_json().keys()
    assert "contracts" not in payload(bare["access_token"])
    eve = app.tokens(Browser(nodes[0]), user_id="eve", scope=WRITING)
    assert {"sub", "account_type"} == app.userinfo(eve["access_token"]).get_json().keys()
    assert [] == payload(eve["access_token"])["contracts"]


def test_one_claim_by_name(nodes: list[Service]) -> None:
    """The `claims` parameter puts it into the ID token."""
    app = registered(nodes)
    asked = '{"id_token": {"contracts": null}}'
    tokens = app.tokens(Browser(nodes[0]), user_id="cora", scope="openid", claims=asked)
    (contract,) = payload(tokens["id_token"])["contracts"]
    assert ("guarantor", ["view"]) == (contract["role"], contract["permissions"])


@pytest.mark.parametrize("user_id", ["cora", "eve"])
def test_who_may_only_look_gets_no_scope_that_writes(nodes: list[Service], user_id: str) -> None:
    """However it is asked for; the answer's `scope` says what was given (T87)."""
    app = registered(nodes)
    for scope in (WRITING, f"{WRITING} payments.create"):
        tokens = app.tokens(Browser(nodes[0]), user_id=user_id, scope=scope)
        assert {"openid", "contracts", "vehicles", "account", "offline_access"} == set(tokens["scope"].split())
        assert "invalid_scope" == outcome(app.refresh(tokens["refresh_token"], scope="openid payments.create"))
        assert "payments" not in app.refresh(tokens["refresh_token"]).get_json()["scope"]
    browser = Browser(nodes[0])
    app.tokens(browser, user_id=user_id, scope="openid")
    assert "access_denied" == app.answer(app.ask(browser, scope="payments.create", prompt="none"))["error"]


def test_consent_is_asked_for_what_is_left(nodes: list[Service]) -> None:
    """The page names the contract, and promises no payment that could not be made; once allowed it asks no more."""
    app = registered(nodes, first_party=False)
    browser = Browser(nodes[0])
    page = browser.follow(browser.sign_in(app.ask(browser, scope=WRITING), "cora"))
    assert ("page:/consent", True, False) == (outcome(page), "CF-1001" in page.text, "payments.create" in page.text)
    browser.submit(page, {"action": "allow"})
    assert "code" in app.answer(app.ask(browser, scope=WRITING, prompt="none"))


def test_a_part_that_ends_is_over_within_a_second(nodes: list[Service]) -> None:
    """On every node: the old tokens are refused, what wrote is gone for good, and a new sign-in says how it is now."""
    app, browser = registered(nodes), Browser(nodes[0])
    looking = app.tokens(browser, user_id="dana", scope="openid contracts offline_access")
    writing = app.tokens(browser, user_id="dana", scope=WRITING)
    code = app.answer(app.ask(browser, scope=WRITING, prompt="none"))["code"]
    feed(nodes[-1], contract("CF-1001", GUARANTOR))
    time.sleep(KNOWN_SECONDS)
    for tokens in (looking, writing):
        assert "invalid_token" == outcome(app.userinfo(tokens["access_token"]))
    for refused in (app.refresh(writing["refresh_token"]), app.exchange(code)):
        assert "invalid_grant" == outcome(refused)
    time.sleep(1.0)
    renewed = app.refresh(looking["refresh_token"]).get_json()
    assert [] == payload(renewed["access_token"])["contracts"]
    assert "ok" == outcome(app.userinfo(renewed["access_token"]))


def test_a_contract_s_number_signs_its_holder_in(nodes: list[Service]) -> None:
    """However it is typed."""
    app = registered(nodes)
    by_number = app.tokens(Browser(nodes[0]), user_id="cf 1001", scope="openid")
    by_name = app.tokens(Browser(nodes[-1]), user_id="dana", scope="openid")
    assert payload(by_name["id_token"])["sub"] == payload(by_number["id_token"])["sub"]
