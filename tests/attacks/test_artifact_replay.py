"""Whatever may be used once is used once: every artifact × every way of using it again.

Artifacts: authorization code, client assertion, the forms of sign-in and of consent, a passkey's answer, an app's code,
a recovery code, code and link of a mail, and refresh tokens, of which a repeat within ten seconds gets the same
successor. Ways: one after the other, fifty at once, on two nodes, after the ephemeral store was emptied, after a
restart. Each cell runs on SQLite, and on PostgreSQL with Valkey; never a server error.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.attacks.artifacts import ARTIFACTS, SCOPES, Use, World, a_code, a_sign_in_form, populated_world
from tests.support.clock import SettableClock
from tests.support.databases import copy_sqlite, worker_number
from tests.support.in_process import PASSWORD, Browser
from tests.support.nodes import at, events_of, move, nodes_on, outcome
from tests.support.racing import at_once
from tests.support.services import service_url
from tests.support.valkey import patient

AT_ONCE = 50
GRACE = 10.0


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give one node on SQLite alone, or two on PostgreSQL with Valkey."""
    folder: Path = tmp_path_factory.mktemp("replay")
    clock = SettableClock()
    options: dict[str, Any] = {"mail_folder": folder / "mail"}
    if request.param == "sqlite":
        url, count = copy_sqlite(folder / "idp.sqlite"), 1
    else:
        url, count = request.getfixturevalue("new_postgresql_url")(), 2
        options["redis_url"] = patient(f"{service_url('valkey').removesuffix('/0')}/{worker_number()}")
    with nodes_on(url, folder, count, clock=clock, **options) as nodes:
        yield populated_world(nodes, clock=clock, folder=folder, database_url=url, options=options)
        # Both nodes see the clients at their first poll after this.


def one_after_the_other(world: World, use: Use) -> list[TestResponse]:
    """Three times on one node."""
    return [use(world.nodes[0]) for _ in range(3)]


def all_at_once(world: World, use: Use) -> list[TestResponse]:
    """Fifty at the same moment, over all nodes; who is told that a node is too busy (503) comes back once."""
    turns = iter(world.nodes * AT_ONCE)

    def patient() -> TestResponse:
        node = next(turns)
        response = use(node)
        return use(node) if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE else response

    return at_once(AT_ONCE, patient)


def on_two_nodes(world: World, use: Use) -> list[TestResponse]:
    """First here, then there, at once."""
    return [use(world.nodes[0]), use(world.other)]


def after_the_store_was_emptied(world: World, use: Use) -> list[TestResponse]:
    """Losing the ephemeral store makes no replay possible."""
    first = use(world.nodes[0])
    world.flush()
    return [first, use(world.nodes[0])]


def after_a_restart(world: World, use: Use) -> list[TestResponse]:
    """A node that has just started knows what was spent before."""
    first = use(world.nodes[0])
    with world.restarted() as node:
        return [first, use(node)]


WAYS = {
    "one after the other": one_after_the_other,
    "all at once": all_at_once,
    "on two nodes": on_two_nodes,
    "after the store was emptied": after_the_store_was_emptied,
    "after a restart": after_a_restart,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("artifact", ARTIFACTS)
def test_exactly_one_use_succeeds(world: World, artifact: str, way: str) -> None:
    """One success, the others refused as their protocol says, no server error."""
    made = ARTIFACTS[artifact](world)
    responses = WAYS[way](world, made.use)
    assert [] == [response.status_code for response in responses if response.status_code >= 500]
    assert 1 == [outcome(response) for response in responses].count(made.good)


@pytest.mark.parametrize("way", WAYS)
def test_a_replayed_code_ends_its_family(world: World, way: str) -> None:
    """The tokens of the first exchange die with the second (T01), on every node within a second."""
    responses = WAYS[way](world, a_code(world).use)
    tokens = next(response.get_json() for response in responses if response.status_code == 200)
    for node in world.nodes:
        node.watch.poll_once()
        app = at(world.app, node)
        assert "invalid_token" == outcome(app.userinfo(tokens["access_token"]))
        assert "invalid_grant" == outcome(app.refresh(tokens["refresh_token"]))
        assert not app.introspect(tokens["refresh_token"])["active"]
    assert "code.reuse" in {event.type for event in events_of(world.nodes[0], responses[1])} or way == "all at once"


@pytest.mark.parametrize("way", WAYS)
def test_a_refresh_token_has_one_successor(world: World, way: str) -> None:
    """Within the grace every repeat gets the same successor, however it comes (T02, T03)."""
    tokens = world.public.tokens(Browser(world.nodes[0]), scope=SCOPES)
    responses = WAYS[way](world, lambda node: at(world.public, node).refresh(tokens["refresh_token"]))
    assert {200} == {response.status_code for response in responses}
    successors = {response.get_json()["refresh_token"] for response in responses}
    assert 1 == len(successors)
    assert tokens["refresh_token"] not in successors
    assert all(events_of(world.nodes[0], response) for response in responses[:3]), "a token went unrecorded"


@pytest.mark.parametrize("way", WAYS)
def test_a_rotated_refresh_token_ends_its_family_after_the_grace(world: World, way: str) -> None:
    """Reuse after ten seconds is refused in every way, and its successor dies with it."""
    tokens = world.public.tokens(Browser(world.nodes[0]), scope=SCOPES)
    successor = world.public.refresh(tokens["refresh_token"]).get_json()
    world.later(GRACE + 0.1)
    responses = WAYS[way](world, lambda node: at(world.public, node).refresh(tokens["refresh_token"]))
    assert {"invalid_grant"} == {outcome(response) for response in responses}
    world.other.watch.poll_once()
    other = at(world.public, world.other)
    assert "invalid_grant" == outcome(other.refresh(successor["refresh_token"]))
    assert "invalid_token" == outcome(other.userinfo(successor["access_token"]))


def test_fifty_exchanges_of_one_code_give_one_token_set(world: World) -> None:
    """The promise of the issue, to the letter (T01b)."""
    responses = all_at_once(world, a_code(world).use)
    assert AT_ONCE == len(responses)
    assert 1 == len({response.get_json()["access_token"] for response in responses if response.status_code == 200})
    assert {200, 400} == {response.status_code for response in responses}


def test_sending_a_form_twice_costs_no_guesses(world: World) -> None:
    """Who clicks twice has not guessed wrong: the account is not paused by right passwords."""
    for _ in range(12):
        made = a_sign_in_form(world)
        assert ["code", "shown:400"] == [outcome(made.use(world.nodes[0])) for _ in range(2)]


def test_a_posted_request_is_a_request_and_nothing_more(world: World) -> None:
    """Its handle begins a journey of whoever follows it, on any node, and is of no use once the store has lost it."""
    answer = Browser(world.nodes[0]).post("/authorize", world.app.request())
    handle = answer.headers["Location"].partition("posted=")[2]
    for node in world.nodes:
        thief = Browser(node)
        assert "page:/sign-in" == outcome(thief.get(f"/authorize?posted={handle}"))
        assert not [name for name in thief.cookies() if "session" in name]
    world.flush()
    assert "shown:400" == outcome(Browser(world.other).get(f"/authorize?posted={handle}"))


@pytest.mark.parametrize("path", ["/end-session?posted={0}", "/sign-in?journey={0}", "/consent?journey={0}"])
def test_a_posted_request_is_nothing_elsewhere(world: World, path: str) -> None:
    """The namespaces of the ephemeral store are apart (T09)."""
    answer = Browser(world.nodes[0]).post("/authorize", world.app.request())
    handle = answer.headers["Location"].partition("posted=")[2]
    assert "shown:400" == outcome(Browser(world.nodes[0]).get(path.format(handle)))


def test_artifacts_are_worthless_in_each_others_place(world: World) -> None:
    """Code, refresh token, access token, ID token, session handle and assertion: none stands for another (T09, T76)."""
    browser = Browser(world.nodes[0])
    code = world.app.code(browser, scope=SCOPES)
    tokens = world.app.exchange(code).get_json()
    fresh = world.app.answer(world.app.ask(browser, prompt="none", scope=SCOPES))["code"]
    handles = [value for name, value in browser.cookies().items() if "session" in name]
    pieces = {
        "code": fresh,
        "refresh": tokens["refresh_token"],
        "access": tokens["access_token"],
        "id": tokens["id_token"],
        "session": handles[0],
        "assertion": world.keys.assertion("machine", now=world.clock()),
    }
    for name, piece in pieces.items():
        if name != "code":
            assert "invalid_grant" == outcome(world.app.exchange(piece)), name
        if name != "refresh":
            assert "invalid_grant" == outcome(world.app.refresh(piece)), name
        if name != "access":
            assert "invalid_token" == outcome(world.app.userinfo(piece)), name
        if name not in {"access", "refresh"}:
            assert {"active": False} == world.app.introspect(piece), name
        thief = Browser(world.nodes[0])
        thief.client.set_cookie("__Host-idp_session", piece, domain="id.example.com", secure=True)
        if name != "session":
            assert "login_required" == outcome(world.app.ask(thief, prompt="none")), name
    # None of that has used anything up.
    assert "ok" == outcome(world.app.exchange(fresh))
    assert "ok" == outcome(world.app.refresh(tokens["refresh_token"]))


@pytest.mark.parametrize("cut", [*range(1, 41, 3), -1, -2])
def test_an_almost_right_handle_is_a_wrong_one(world: World, cut: int) -> None:
    """Shortened, lengthened or in other case, a code or refresh token is nothing (T04)."""
    browser = Browser(world.nodes[0])
    code = world.app.code(browser, scope=SCOPES)
    refresh_token = world.app.tokens(browser, scope=SCOPES)["refresh_token"]
    for handle in (code, refresh_token):
        bent = {-1: handle.swapcase(), -2: handle + "A"}.get(cut, handle[:-cut])
        assert "invalid_grant" == outcome(world.app.exchange(bent))
        assert "invalid_grant" == outcome(world.app.refresh(bent))
        assert {"active": False} == world.app.introspect(bent)


def test_a_journey_goes_on_at_another_node(world: World) -> None:
    """The page was served here, the answer arrives there; and only there, once."""
    browser = Browser(world.nodes[0])
    page = browser.follow(world.app.ask(browser))
    move(browser, world.other)
    fields = {"user_id": "dana", "password": PASSWORD}
    assert "code" == outcome(browser.submit(page, fields))
    move(browser, world.nodes[0])
    assert "shown:400" == outcome(browser.submit(page, fields))
