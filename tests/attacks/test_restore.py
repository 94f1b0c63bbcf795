"""A restored database gives nothing back that was used or ended since its backup (F31).

Everything that may be used once is made, the database is dumped, everything is used, the dump is restored, and what it
brings back is ended as the runbook says. Then everything is used once more, on a node that starts on the restored
database: what a stranger has kept is worth nothing there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from idp.acts.after_restore import EndedByRestore, after_restore
from idp.app import Service
from idp.audit.models import AuditEvent
from idp.audit.seal import SETTLED_SECONDS, seal_batch
from idp.audit.verify import verify_trail
from idp.storage.database import Database
from idp.storage.engine import open_engine
from tests.attacks.artifacts import ARTIFACTS, SCOPES, Artifact, World, populated_world
from tests.support.clock import SettableClock
from tests.support.databases import copy_sqlite
from tests.support.dumps import dump, restore
from tests.support.in_process import App, Browser, issuer_on
from tests.support.nodes import at, nodes_on, outcome, twin_of
from tests.support.valkey import patient

NewUrl = Callable[[], str]

SINCE_SECONDS = 20.0
"""Short enough for a code, an assertion and an app's code to be good still, by their own time."""


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Give one node, with a person and an app of each kind."""
    clock = SettableClock()
    options: dict[str, Any] = {"mail_folder": tmp_path / "mail"}
    if request.param == "sqlite":
        url = copy_sqlite(tmp_path / "idp.sqlite")
    else:
        url = request.getfixturevalue("new_postgresql_url")()
        options["redis_url"] = patient(request.getfixturevalue("valkey_url"))
    with nodes_on(url, tmp_path, 1, clock=clock, **options) as nodes:
        yield populated_world(nodes, clock=clock, folder=tmp_path, database_url=url, options=options)


@contextmanager
def restored(world: World, file: Path, new_postgresql_url: NewUrl, *, ends: bool = True) -> Iterator[Service]:
    """Restore a dump while no node runs, end what it brings back, and start a node on it."""
    url = restore(file, new_postgresql_url)
    if ends:
        end_all(url, now=world.clock())
    with issuer_on(url, world.folder, clock=world.clock, keys=False, **world.options) as node:
        yield node


def end_all(url: str, *, now: float) -> EndedByRestore:
    """What `idp db restored` does."""
    engine = open_engine(url)
    try:
        with Database(engine).writing() as connection:
            return after_restore(connection, actor="test", entropy=secrets.token_bytes, now=now)
    finally:
        engine.dispose()


def test_nothing_is_good_twice(world: World, new_postgresql_url: NewUrl) -> None:
    """Each artifact is used after the dump, and refused after the restore; without the end most would be good again."""
    made = {name: make(world) for name, make in ARTIFACTS.items()}
    file = dump(world.database_url, world.folder / "dump")
    assert {name: kind.good for name, kind in made.items()} == used(made, world.nodes[0])
    world.clock.advance(SINCE_SECONDS)

    with restored(world, file, new_postgresql_url) as node:
        again = {name: kind.use(node) for name, kind in made.items()}
        refused = {name: outcome(response) for name, response in again.items()}

    assert [] == [name for name, kind in made.items() if refused[name] == kind.good]
    assert [] == [name for name, response in again.items() if response.status_code >= 500]


def test_without_the_end_it_would_be(world: World, new_postgresql_url: NewUrl) -> None:
    """The attack is a real one: a recovery code and a client assertion that were used are good again."""
    made = {name: ARTIFACTS[name](world) for name in ("recovery code", "assertion")}
    file = dump(world.database_url, world.folder / "dump")
    used(made, world.nodes[0])

    with restored(world, file, new_postgresql_url, ends=False) as node:
        assert {name: kind.good for name, kind in made.items()} == used(made, node)


def test_sign_ins_and_tokens_from_before_are_over(world: World, new_postgresql_url: NewUrl) -> None:
    """Access tokens, refresh tokens (used since, or not) and the browser's session; and people can sign in anew."""
    browser = Browser(world.nodes[0])
    tokens = world.app.tokens(browser, scope=SCOPES)
    spare = world.app.tokens(browser, scope=SCOPES)
    file = dump(world.database_url, world.folder / "dump")
    assert "ok" == outcome(world.app.refresh(tokens["refresh_token"]))
    world.clock.advance(SINCE_SECONDS)

    with restored(world, file, new_postgresql_url) as node:
        app = at(world.app, node)
        for one in (tokens, spare):
            assert "invalid_token" == outcome(app.userinfo(one["access_token"]))
            assert "invalid_grant" == outcome(app.refresh(one["refresh_token"]))
            assert not app.introspect(one["access_token"])["active"]
        world.clock.advance(1.0)
        assert asked_to_sign_in(app, browser, node)
        assert "access_token" in app.tokens(Browser(node), scope=SCOPES)


def test_the_trail_holds_and_tells(world: World, new_postgresql_url: NewUrl) -> None:
    """The chain of the dump goes on and verifies, with the restore as its last event; a second run ends nothing."""
    world.app.tokens(Browser(world.nodes[0]), scope=SCOPES)
    seal(world.database_url, now=world.clock())
    url = restore(dump(world.database_url, world.folder / "dump"), new_postgresql_url)
    first, second = (end_all(url, now=world.clock() + second) for second in (0, 1))

    assert (1, 1) == (first.sessions, first.grants)
    assert {0} == set(asdict(second).values())
    assert "database.restored" == seal(url, now=world.clock() + 60.0)


def seal(url: str, *, now: float) -> str:
    """Seal what has happened and verify the whole trail; gives the last event's type."""
    engine = open_engine(url)
    try:
        with Database(engine).writing() as connection:
            seal_batch(connection, now=now + SETTLED_SECONDS)
            verify_trail(connection, (), now=now)
            return str(connection.execute(select(AuditEvent.type).order_by(AuditEvent.id.desc()).limit(1)).scalar_one())
    finally:
        engine.dispose()


def used(made: dict[str, Artifact], node: Service) -> dict[str, str]:
    """Use everything, and say what came of it."""
    return {name: outcome(kind.use(node)) for name, kind in made.items()}


def asked_to_sign_in(app: App, browser: Browser, node: Service) -> bool:
    """Whether a browser that was signed in is asked to sign in."""
    twin = twin_of(browser, node)
    return "page:/sign-in" == outcome(twin.follow(app.ask(twin)))
