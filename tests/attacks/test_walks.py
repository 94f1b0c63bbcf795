"""Random walks over the real routes, by people who hold some of the proofs and want the rest (T22, T23, T27).

Whatever the order of pages, posts, tabs and browsers: nobody comes to a new password, a session or token, a higher
level, a removed factor or a changed address without the proofs for it. 300 walks here, ten thousand by `make fuzz`
(WALKS says how many, WALKS_SEED where they begin).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from idp.accounts.models import ACCOUNTS
from idp.app import Service
from idp.issuance.models import Grant
from idp.lockout.models import COUNTERS
from idp.mfa.models import FACTORS, RECOVERY_CODES, REMEMBERED
from idp.mfa.policy import MFA, PWD, reaches
from idp.passwords.credentials import set_password
from idp.passwords.models import CREDENTIALS
from idp.sessions.models import SESSIONS
from idp.storage.models import table_of
from tests.support.clock import SettableClock
from tests.support.databases import copy_sqlite
from tests.support.in_process import PASSWORD, App, add_person, issuer_on
from tests.support.recovery import deliver
from tests.support.routes import ROUTES
from tests.support.second_factors import AuthenticatorApp, add_app, add_recovery_codes
from tests.support.walker import Holdings, Walker

WALKS = int(os.environ.get("WALKS", "300"))
SEED = int(os.environ.get("WALKS_SEED", "0"))
STEPS = 9
AT_ONCE = 60
"""So many walks in one test, so that several processes share many."""

PEOPLE = ("dana", "tom", "mallory")
MAILBOX = frozenset({"tom@example.com"})
THIEVES = (
    Holdings(name="nothing", as_far_as=frozenset({"/sign-in", "/recover/code"})),
    Holdings(name="a password", as_far_as=frozenset({"/verify-factor"}), passwords={"tom": PASSWORD}),
    Holdings(name="a mailbox", as_far_as=frozenset({"/recover/factor"}), mailboxes=MAILBOX),
    Holdings(
        name="a password and a mailbox",
        as_far_as=frozenset({"/verify-factor", "/recover/factor"}),
        passwords={"tom": PASSWORD},
        mailboxes=MAILBOX,
    ),
    Holdings(
        name="an own account",
        as_far_as=frozenset({"/account", "/reset-password"}),
        passwords={"mallory": PASSWORD},
        mailboxes=frozenset({"mallory@example.com"}),
    ),
)
TURNS = [
    (THIEVES[number % len(THIEVES)], number // len(THIEVES)) for number in range(max(len(THIEVES), WALKS // AT_ONCE))
]


@dataclass(frozen=True, kw_only=True)
class Town:
    """An issuer with dana, tom, who has a second factor, and mallory."""

    service: Service
    clock: SettableClock
    apps: list[App]
    ids: dict[str, str]
    toms: AuthenticatorApp
    codes: tuple[str, ...]
    mail: Path


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What walks must leave as it is: all that is stored of people, and what was ever issued to whom."""

    people: dict[str, dict[str, Any]]
    sessions: Counter[tuple[str, str]]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Give one for all walks of a process: what one walker finds out, the next ones hold too."""
    folder, clock = tmp_path_factory.mktemp("walked"), SettableClock()
    url = copy_sqlite(folder / "idp.sqlite")
    with issuer_on(url, folder, clock=clock, mail_folder=folder / "mail", signing_algs=("ES256",)) as service:
        ids = {name: add_person(service, name) for name in PEOPLE}
        apps = [App.register(service), App.register(service, "strict", minimum_acr=MFA, first_party=False)]
        toms = add_app(service, ids["tom"])
        codes = add_recovery_codes(service, ids["tom"])
        deliver(service)
        yield Town(service=service, clock=clock, apps=apps, ids=ids, toms=toms, codes=codes, mail=folder / "mail")


def rest(town: Town) -> None:
    """Let some time pass between two walks: what was counted is forgotten, and a lock that a mail allowed is undone."""
    town.clock.advance(60)
    town.service.watch.poll_once()
    for file in town.mail.iterdir():
        file.unlink()
    with town.service.database.writing() as connection:
        connection.execute(delete(COUNTERS))
        connection.execute(update(ACCOUNTS).values(locked_down_at=None, not_before=None, email_verified=True))
        connection.execute(update(CREDENTIALS).values(compromised_at=None))


def kept(service: Service) -> Kept:
    """Read it."""
    grants = table_of(Grant)
    with service.database.reading() as connection:
        people: dict[str, dict[str, Any]] = {
            row.id: {"email": row.email, "phone": row.phone_number, "user_id": row.user_id}
            for row in connection.execute(select(ACCOUNTS))
        }
        for name, question in {
            "password": select(CREDENTIALS.c.account_id, CREDENTIALS.c.hash),
            "factors": select(FACTORS.c.account_id, FACTORS.c.id).order_by(FACTORS.c.id),
            "codes": select(RECOVERY_CODES.c.account_id, RECOVERY_CODES.c.tag).where(
                RECOVERY_CODES.c.spent_at.is_(None)
            ),
            "remembered": select(REMEMBERED.c.account_id, REMEMBERED.c.handle_digest),
            "grants": select(grants.c.account_id, func.count()).group_by(grants.c.account_id),
        }.items():
            for account_id, *values in connection.execute(question):
                people[account_id].setdefault(name, set()).add(tuple(values))
        sessions = connection.execute(select(SESSIONS.c.account_id, SESSIONS.c.acr)).all()
    return Kept(people=people, sessions=Counter((row.account_id, row.acr) for row in sessions))


def walker(town: Town, holds: Holdings, seed: int, seen: set[str], **about: Any) -> Walker:  # noqa: ANN401
    """Give somebody at the beginning of a walk."""
    chance = random.Random(f"{SEED} {holds.name} {seed}")
    return Walker(town.service, town.apps, holds, chance, PEOPLE, seen, **about)


def test_every_route_is_walked(town: Town) -> None:
    """A page that nobody has listed would be one that nobody attacks."""
    rules = {
        (rule.rule.replace("<path:name>", "style.css"), method)
        for rule in town.service.pages_app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, methods in ROUTES.items() for method in methods} == rules


@pytest.mark.parametrize(("thief", "turn"), TURNS, ids=lambda it: it.name if isinstance(it, Holdings) else str(it))
def test_no_walk_gains_what_its_proofs_do_not_give(town: Town, thief: Holdings, turn: int) -> None:
    """Password, factors, codes and addresses of everybody else stay; nobody is signed in as them."""
    own = {town.ids[name] for name in thief.passwords if name == "mallory"}
    before, seen = kept(town.service), set[str]()
    links: list[str] = []
    for seed in range(turn * AT_ONCE, (turn + 1) * AT_ONCE):
        rest(town)
        walking = walker(town, thief, seed, seen, links=links)
        walking.walk(STEPS)
        after = kept(town.service)
        for account_id in set(town.ids.values()) - own:
            assert before.people[account_id] == after.people[account_id], f"walk {seed}"
        assert not {account_id for account_id, _ in after.sessions - before.sessions} - own, f"walk {seed}"
        raised = [acr for _, acr in after.sessions - before.sessions if reaches(acr, MFA)]
        assert [] == raised, f"walk {seed}"
        links = walking.links
        if own:
            give_back(town, "mallory")
    assert thief.as_far_as <= seen


def test_the_walks_go_where_there_is_something_to_gain(town: Town) -> None:
    """Who holds every proof comes to a new password and to a session at the level of two factors by the same steps."""
    tom = town.ids["tom"]
    owner = Holdings(
        name="all", passwords={"tom": PASSWORD}, mailboxes=MAILBOX, apps={"tom": town.toms}, codes=town.codes
    )
    gained: set[str] = set()
    before = kept(town.service)
    for seed in range(80):
        rest(town)
        walker(town, owner, seed, set(), careful=0.85).walk(30)
        after = kept(town.service)
        if before.people[tom]["password"] != after.people[tom]["password"]:
            gained.add("password")
        gained |= {acr for account_id, acr in after.sessions - before.sessions if account_id == tom}
        if {"password", MFA} <= gained:
            break
        give_back(town)
    give_back(town)
    assert {"password", MFA} == gained & {"password", MFA, PWD}


def give_back(town: Town, user_id: str = "tom") -> None:
    """Give somebody the old password again."""
    stored = town.service.parts.hasher.hash(PASSWORD)
    with town.service.database.writing() as connection:
        set_password(
            connection, account_id=town.ids[user_id], stored=stored, must_change=False, now=town.service.clock()
        )
