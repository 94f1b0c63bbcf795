"""Sessions on SQLite and PostgreSQL: opened once, found by their handle's digest, ended for good."""

import secrets
from collections.abc import Sequence
from functools import partial

import pytest

from idp.sessions.end import end_all_of_account, end_if_over, end_session
from idp.sessions.facts import LiveSession
from idp.sessions.find import find_live, touch
from idp.sessions.open import NewSession, OpenedSession, open_session
from idp.sessions.renew import SessionGone, renew_id
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.handles import digest
from idp.storage.marks import Mark
from idp.storage.prune import prune
from tests.support.racing import at_once
from tests.support.statements import statements_of

HOUR = 3600.0
DAY = 24 * HOUR


def opened(database: Database, account_id: str = "tom", kind: str = "consumer", now: float = 0.0) -> OpenedSession:
    """Open a session in a transaction of its own."""
    new = NewSession(
        account_id=account_id,
        kind=kind,
        acr="urn:idp:pwd",
        amr=("pwd",),
        auth_time=now,
        user_agent_label="Firefox on Linux",
        address="192.0.2.7",
    )
    with database.writing() as connection:
        return open_session(connection, new, now=now, entropy=secrets.token_bytes)


def live(database: Database, handle: str, now: float) -> LiveSession | None:
    """Find the session of a handle, if it is going on."""
    with database.reading() as connection:
        return find_live(connection, handle_digest=digest(handle), now=now)


def test_an_opened_session_is_found_by_its_handle(database: Database) -> None:
    """Everything comes back; other handles find nothing."""
    session = opened(database)
    assert LiveSession(
        id_digest=digest(session.handle),
        sid=session.sid,
        account_id="tom",
        acr="urn:idp:pwd",
        amr=("pwd",),
        auth_time=0.0,
        created_at=0.0,
        last_seen_at=0.0,
        idle_seconds=HOUR,
        expires_at=DAY,
        user_agent_label="Firefox on Linux",
        address="192.0.2.7",
    ) == live(database, session.handle, 1.0)
    for other in (session.handle[:-1], session.handle + "A", session.handle.swapcase(), session.sid, "", "\x00"):
        assert live(database, other, 1.0) is None


@pytest.mark.parametrize(("kind", "idle", "absolute"), [("consumer", HOUR, DAY), ("staff", HOUR / 4, DAY / 2)])
def test_a_session_ends_by_rest_and_by_age(database: Database, kind: str, idle: float, absolute: float) -> None:
    """Just before the end it goes on, at the end it does not; use prolongs it, but not beyond its age."""
    handle = opened(database, kind=kind).handle
    assert live(database, handle, idle - 0.01)
    assert live(database, handle, idle) is None
    now = 0.0
    while now + idle - 1 < absolute:
        now += idle - 1
        use(database, handle, now)
    assert live(database, handle, absolute - 0.01)
    assert live(database, handle, absolute) is None


def use(database: Database, handle: str, now: float) -> None:
    """Find a session that goes on, and note that it is in use."""
    with database.writing() as connection:
        session = find_live(connection, handle_digest=digest(handle), now=now)
        assert session is not None
        touch(connection, session, now=now)


def test_use_is_written_once_a_minute(database: Database) -> None:
    """In between, a request costs the read alone."""
    handle = opened(database).handle
    for now, writes in ((59.0, 0), (60.0, 1), (61.0, 0), (119.0, 0), (120.0, 1)):
        with statements_of(database.engine) as sent:
            use(database, handle, now)
        assert 1 + writes == len(sent)


def test_ending_is_final_and_known_everywhere(database: Database) -> None:
    """The handle is dead, one mark is written, and ending again does nothing."""
    session = opened(database)
    marks: list[Mark] = []
    database.subscribe(partial(_extend, marks))
    for expected in (True, False):
        with database.writing() as connection:
            assert expected is end_session(connection, sid=session.sid, now=5.0)
    assert live(database, session.handle, 5.0) is None
    assert [Mark("session", session.sid, 5.0, 5.0)] == marks


def test_all_sessions_of_an_account_end_save_one(database: Database) -> None:
    """Other people's go on."""
    first, second, third, other = (opened(database, account) for account in ("tom", "tom", "tom", "tim"))
    with database.writing() as connection:
        ended = end_all_of_account(connection, account_id="tom", except_sid=second.sid, now=5.0)
    assert sorted([first.sid, third.sid]) == ended
    assert [False, True, False, True] == [
        live(database, session.handle, 6.0) is not None for session in (first, second, third, other)
    ]
    with database.writing() as connection:
        assert [second.sid] == end_all_of_account(connection, account_id="tom", now=7.0)


def test_a_renewed_session_has_another_handle(database: Database) -> None:
    """The old handle is dead at that moment; the session's public id and its age stay."""
    session = opened(database)
    with database.writing() as connection:
        handle = renew_id(
            connection,
            handle_digest=digest(session.handle),
            acr="urn:idp:mfa",
            amr=["pwd", "otp"],
            auth_time=50.0,
            now=51.0,
            entropy=secrets.token_bytes,
        )
    assert live(database, session.handle, 52.0) is None
    renewed = live(database, handle, 52.0)
    assert renewed is not None
    assert (session.sid, "urn:idp:mfa", ("pwd", "otp"), 50.0, DAY) == (
        renewed.sid,
        renewed.acr,
        renewed.amr,
        renewed.auth_time,
        renewed.expires_at,
    )


def test_of_many_renewals_at_once_one_wins(database_url: str) -> None:
    """A stolen handle and the owner's can't both be turned into new ones."""
    database = Database(open_engine(database_url, pool_size=8))
    session = opened(database)

    def renewed() -> str | None:
        try:
            with database.writing() as connection:
                return renew_id(
                    connection,
                    handle_digest=digest(session.handle),
                    acr="urn:idp:pwd",
                    amr=["pwd"],
                    auth_time=1.0,
                    now=1.0,
                    entropy=secrets.token_bytes,
                )
        except SessionGone:
            return None

    assert 1 == len([handle for handle in at_once(8, renewed) if handle])
    database.engine.dispose()


def test_a_clock_set_back_revives_nothing(database: Database) -> None:
    """A session noticed to be over is ended, so that it stays over; one that goes on is left alone."""
    session = opened(database)
    for now, alive in ((10.0, True), (2 * DAY, False)):
        with database.writing() as connection:
            end_if_over(connection, handle_digest=digest(session.handle), now=now)
        assert alive is (live(database, session.handle, 11.0) is not None)


def test_old_sessions_are_pruned(database: Database) -> None:
    """A week past its age a session is forgotten, however it ended."""
    session = opened(database)
    prune(database, DAY + 7 * DAY)
    assert live(database, session.handle, 1.0)
    prune(database, DAY + 7 * DAY + 1)
    assert live(database, session.handle, 1.0) is None


def _extend(marks: list[Mark], written: Sequence[Mark]) -> None:
    marks.extend(written)
