"""How many statements each operation costs on PostgreSQL, exactly: a round trip more is a decision, not an accident."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident

import pytest
from sqlalchemy import Engine, event

from tests.protocol.world import World, world_on
from tests.support.databases import worker_number
from tests.support.in_process import App, Browser
from tests.support.missing import Missing, skip_or_fail
from tests.support.services import service_url

pytestmark = pytest.mark.xdist_group("statements")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, new_postgresql_url: Callable[[], str]) -> Iterator[World]:
    """Give an issuer as it runs in production: PostgreSQL and Valkey."""
    try:
        redis_url = f"{service_url('valkey').removesuffix('/0')}/{worker_number()}"
    except Missing as error:
        skip_or_fail(error)
    folder = tmp_path_factory.mktemp("statements")
    with world_on(new_postgresql_url(), folder, signing_algs=("ES256",), redis_url=redis_url) as made:
        # The first visit of a process also looks whether another process has met a failure of Valkey.
        _signed_in(made.app(), made.browser())
        yield made


@pytest.fixture
def sent(world: World) -> Iterator[list[str]]:
    """Collect what this test's own requests send; the watch and the batch of events have threads of their own."""
    with _sent_by_this_thread(world.service.database.engine) as statements:
        yield statements


@contextmanager
def _sent_by_this_thread(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []
    own = get_ident()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if get_ident() == own:
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def _costs(number: int, sent: list[str]) -> Iterator[None]:
    sent.clear()
    yield
    assert number == len(sent), "\n\n".join(sent)


def test_client_credentials_cost_nothing(world: World, sent: list[str]) -> None:
    """The client is in memory, the event in a batch."""
    app = world.app()
    with _costs(0, sent):
        assert 200 == app.call("/token", {"grant_type": "client_credentials"}).status_code


def test_introspection_costs_nothing(world: World, sent: list[str]) -> None:
    """Of access tokens: what has ended is in memory. A refresh token is one look."""
    app = world.app()
    tokens = app.tokens(world.browser(), scope="openid offline_access")
    with _costs(0, sent):
        assert app.introspect(tokens["access_token"])["active"] is True
    with _costs(0, sent):
        assert app.introspect(tokens["id_token"])["active"] is False
    with _costs(1, sent):
        assert app.introspect(tokens["refresh_token"])["active"] is True


def test_userinfo_costs_one_statement_at_most(world: World, sent: list[str]) -> None:
    """None where only the subject is asked for."""
    app = world.app()
    bare, full = (app.tokens(world.browser(), scope=scope) for scope in ("openid", "openid profile email phone"))
    with _costs(0, sent):
        assert 200 == app.userinfo(bare["access_token"]).status_code
    with _costs(1, sent):
        assert 200 == app.userinfo(full["access_token"]).status_code
    with _costs(0, sent):
        assert 401 == app.userinfo("nonsense").status_code


@pytest.mark.parametrize("scope", ["openid", "openid offline_access"])
def test_a_code_exchange_costs_one(world: World, sent: list[str], scope: str) -> None:
    """Find, spend, keep the refresh token, record: one statement."""
    app = world.app()
    code = app.code(world.browser(), scope=scope)
    with _costs(1, sent):
        assert 200 == app.exchange(code).status_code


@pytest.mark.parametrize("rotates", [False, True], ids=["kept", "rotated"])
def test_a_refresh_costs_one(world: World, sent: list[str], *, rotates: bool) -> None:
    """Whether the token is kept or rotated."""
    app = world.app(rotate_refresh=rotates)
    token = app.tokens(world.browser(), scope="openid offline_access")["refresh_token"]
    with _costs(1, sent):
        assert 200 == app.refresh(token).status_code


def test_a_repeated_refresh_costs_two(world: World, sent: list[str]) -> None:
    """Within the grace of a rotation: found to be a repeat, and recorded as one."""
    app = world.app(rotate_refresh=True)
    token = app.tokens(world.browser(), scope="openid offline_access")["refresh_token"]
    assert 200 == app.refresh(token).status_code
    with _costs(2, sent):
        assert 200 == app.refresh(token).status_code


def _signed_in(app: App, browser: Browser) -> None:
    assert 200 == app.exchange(app.code(browser)).status_code


def test_a_first_sign_in_costs_four(world: World, sent: list[str]) -> None:
    """From /authorize to tokens: reserve the guess, read and record, issue, exchange. For a first-party app."""
    app = world.app()
    with _costs(4, sent):
        _signed_in(app, world.browser())


def test_a_remembered_consent_costs_nothing_more(world: World, sent: list[str]) -> None:
    """It is read together with the account."""
    app = world.app(first_party=False)
    _signed_in(app, world.browser())
    with _costs(4, sent):
        _signed_in(app, world.browser())


def test_single_sign_on_costs_three(world: World, sent: list[str]) -> None:
    """Who is signed in, the answer, the exchange; a session that was touched a moment ago is not touched again."""
    first, second, browser = world.app(), world.app(), world.browser()
    _signed_in(first, browser)
    with _costs(3, sent):
        _signed_in(second, browser)


def test_a_silent_answer_without_session_costs_nothing(world: World, sent: list[str]) -> None:
    """prompt=none from a browser that has no cookie of ours."""
    app = world.app()
    with _costs(0, sent):
        assert "login_required" == app.answer(app.ask(world.browser(), prompt="none"))["error"]


def test_refusals_cost_nothing(world: World, sent: list[str]) -> None:
    """What a stranger sends is refused from memory, and recorded in a batch."""
    app = world.app()
    with _costs(0, sent):
        assert 400 == app.ask(world.browser(), redirect_uri="https://evil.example.com").status_code
        form = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "x"}
        assert 401 == world.send("POST", "/token", data=form).status_code
        assert 200 == world.get("/jwks").status_code
        assert 200 == world.get("/.well-known/openid-configuration").status_code
