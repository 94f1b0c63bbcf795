"""The part of the check-up that needs the database: reachable, of this version, on time, and with keys that sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from idp.accounts.find import count_accounts
from idp.audit.verify import SEALED_WITHIN_SECONDS, chain_state
from idp.clients.registration import count_clients
from idp.delivery.outbox import backlog
from idp.operating.checkup import Finding, Status
from idp.operating.checkup_keys import look_at_keys
from idp.operating.checkup_staff import look_at_staff
from idp.operating.preflight import database_reason
from idp.settings import Settings
from idp.storage.database import Database, StorageUnavailable
from idp.storage.engine import open_engine
from idp.storage.handles import Clock
from idp.storage.incident_rows import list_incidents
from idp.storage.marks import database_time
from idp.storage.schema import SchemaMismatch, check_schema
from idp.storage.skew import ALARM_SECONDS, PRODUCTION_CLOCK

LONGEST_WAIT_SECONDS = 300.0
"""A message that has waited for longer is worth an alarm (F16)."""


def look_at_storage(settings: Settings, clock: Clock, stopwatch: Callable[[], float]) -> Iterator[Finding]:
    """Look at the database and at what is in it; what cannot be looked at is left out."""
    engine = open_engine(settings.database_url.get_secret_value(), pool_size=1)
    try:
        database = Database(engine)
        yield from _time_and_speed(database, clock, stopwatch)
        check_schema(engine)
        yield Finding("schema", Status.OK, "is this version's")
        yield from look_at_keys(database, settings, clock())
        yield from _who_is_there(database)
        yield from _mail(database, clock())
        yield from _incidents(database, clock())
        yield from look_at_staff(database, settings, clock())
        yield from _audit(database, settings, clock())
    except SchemaMismatch as error:
        yield Finding("schema", Status.FAIL, str(error), "idp db upgrade")
    except (DBAPIError, StorageUnavailable) as error:
        yield Finding("database", Status.FAIL, database_reason(error), "start it, or mend database_url")
    finally:
        engine.dispose()


def _time_and_speed(database: Database, clock: Clock, stopwatch: Callable[[], float]) -> Iterator[Finding]:
    with database.reading() as connection:
        connection.execute(select(database_time()))
        started, before = stopwatch(), clock()
        theirs = connection.execute(select(database_time())).scalar_one()
        seconds, skew = stopwatch() - started, (before + clock()) / 2 - theirs
    yield Finding("database", Status.OK, f"{database.dialect} answers in {seconds * 1000:.1f} ms")
    if abs(skew) > ALARM_SECONDS:
        status = Status.FAIL if abs(skew) > PRODUCTION_CLOCK.apart else Status.WARN
        remedy = "synchronise this machine's clock and the database's (chrony, systemd-timesyncd)"
        yield Finding("clock", status, f"this machine is {skew:+.1f} s from the database", remedy)
    else:
        yield Finding("clock", Status.OK, f"{skew:+.3f} s from the database's")


def _incidents(database: Database, now: float) -> Iterator[Finding]:
    """Look for keys that one person took out of service and that nobody else has looked at in time."""
    with database.reading() as connection:
        overdue = [incident for incident in list_incidents(connection) if incident.is_overdue(now)]
    for incident in overdue:
        text = f"nobody has reviewed that {incident.kid} was taken out of service, which was due within a day"
        yield Finding("incidents", Status.WARN, text, f"idp keys review {incident.id}, by a second person")


def _audit(database: Database, settings: Settings, now: float) -> Iterator[Finding]:
    """Look at whether the trail is sealed, and whether its checkpoints leave this house."""
    with database.reading() as connection:
        state = chain_state(connection)
    waited = 0.0 if state.oldest_unsealed_at is None else now - state.oldest_unsealed_at
    if waited > SEALED_WITHIN_SECONDS:
        text = f"{state.unsealed} events wait to be sealed, the oldest for {waited / 60:.0f} minutes"
        yield Finding("audit", Status.WARN, text, "is `idp worker` running?")
    else:
        yield Finding("audit", Status.OK, f"{state.seq} events sealed")
    if not settings.audit_checkpoints:
        text = "no checkpoint leaves this service: whoever owns the database can rewrite the trail unseen"
        yield Finding("checkpoints", Status.WARN, text, "set audit_checkpoints to a mailbox or a log server")
    elif state.unsent:
        text = f"{state.unsent} checkpoints have not reached all of their places"
        yield Finding("checkpoints", Status.WARN, text, "the lines of idp.audit in the log say why")
    else:
        yield Finding("checkpoints", Status.OK, f"sent to {', '.join(settings.audit_checkpoints)}")


def _who_is_there(database: Database) -> Iterator[Finding]:
    with database.reading() as connection:
        for check, count, remedy in (
            ("clients", count_clients, "idp clients add CLIENT_ID --redirect-uri URI"),
            ("accounts", count_accounts, "idp accounts add USER_ID --email ADDRESS"),
        ):
            number = count(connection)
            if number:
                yield Finding(check, Status.OK, f"{number} registered" if check == "clients" else f"{number} there")
            else:
                yield Finding(check, Status.WARN, "none yet", remedy)


def _mail(database: Database, now: float) -> Iterator[Finding]:
    """Look at what waits in the outbox; a message that nothing could send was parked and stays until somebody looks."""
    with database.reading() as connection:
        found = backlog(connection, now=now)
    if found.parked:
        remedy = "the lines of idp.delivery in the log say why"
        yield Finding("mail", Status.WARN, f"{found.parked} messages were given up", remedy)
    elif found.oldest_seconds > LONGEST_WAIT_SECONDS:
        waited = f"{found.waiting} messages wait, the oldest for {found.oldest_seconds / 60:.0f} minutes"
        yield Finding("mail", Status.WARN, waited, "is `idp worker` running, and does the mail server answer?")
    else:
        yield Finding("mail", Status.OK, f"{found.waiting} messages wait")
