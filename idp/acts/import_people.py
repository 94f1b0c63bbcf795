"""Take in people from another system, a batch in each transaction.

Who is new gets an account; who is there already gets the names that the feed tells, and nothing by which somebody could
sign in or be reached: a feed never changes a password, and an address only where there was none. What has not changed
is not written, so an import that was interrupted is simply run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from sqlalchemy import Connection

from idp.accounts.add import NewAccount, upsert_account
from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_user_id
from idp.accounts.people_files import PersonLine
from idp.accounts.policy import AccountRefused, Kind, Status
from idp.acts.add_person import add_person
from idp.acts.dry_run import writing_or_trying
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.passwords.imported import HashRefused
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy

BATCH = 100

StoredForm = Callable[[str], str]
"""Gives what is stored of a hash that another system had; raises `HashRefused`."""


@dataclass(slots=True, kw_only=True)
class ImportedPeople:
    """What became of a batch; `lines` is how far in the file it reached, `faults` are (line, sentence)."""

    lines: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)


def import_people(
    database: Database,
    lines: Iterable[PersonLine],
    stored_form: StoredForm,
    *,
    dry_run: bool,
    actor: str,
    clock: Clock,
    entropy: Entropy,
) -> Iterator[ImportedPeople]:
    """Write who is new or different, and tell of each batch once it is committed; of a dry run nothing stays."""
    coming = iter(lines)
    while batch := tuple(islice(coming, BATCH)):
        done = ImportedPeople(lines=batch[-1].number)
        done.faults += [(line.number, line.fault) for line in batch if line.new is None]
        stored = _stored_forms(database, batch, stored_form, done)
        with writing_or_trying(database, dry_run=dry_run) as connection:
            for line in batch:
                if line.new is not None and line.number not in {number for number, _ in done.faults}:
                    _take_in(connection, line, stored.get(line.number), done, actor=actor, now=clock(), entropy=entropy)
        yield done


def _stored_forms(
    database: Database, batch: Sequence[PersonLine], stored_form: StoredForm, done: ImportedPeople
) -> dict[int, str]:
    """Hash what came as hashes, of those who are new, before any transaction begins."""
    with database.reading() as connection:
        new = [line for line in batch if line.new and line.password_hash and not _known(connection, line.new)]
    stored: dict[int, str] = {}
    for line in new:
        try:
            stored[line.number] = stored_form(line.password_hash or "")
        except HashRefused as error:
            done.faults.append((line.number, f"the password hash is refused: {error}"))
    return stored


def _take_in(
    connection: Connection,
    line: PersonLine,
    stored: str | None,
    done: ImportedPeople,
    *,
    actor: str,
    now: float,
    entropy: Entropy,
) -> None:
    new = line.new
    assert new is not None  # noqa: S101 - the caller has looked
    try:
        known = _known(connection, new)
        if known is None:
            add_person(
                connection, new, stored_password=stored, must_change=False, actor=actor, entropy=entropy, now=now
            )
            done.added += 1
        elif _changed(connection, known, new, actor=actor, now=now, entropy=entropy):
            done.changed += 1
        else:
            done.unchanged += 1
    except AccountRefused as error:
        done.faults.append((line.number, str(error)))


def _known(connection: Connection, new: NewAccount) -> AccountFacts | None:
    return find_by_user_id(connection, user_id=new.user_id)


def _changed(
    connection: Connection, known: AccountFacts, new: NewAccount, *, actor: str, now: float, entropy: Entropy
) -> bool:
    """Bring somebody's names up to date; gives whether anything was different.

    Raises:
        AccountRefused: a member of staff, or somebody with another address or number.
    """
    if known.kind == Kind.STAFF.value or known.status == Status.CLOSED.value:
        raise AccountRefused("the user ID is a colleague's")
    for name in ("email", "phone_number"):
        if getattr(known, name) and getattr(new, name) and getattr(known, name) != getattr(new, name):
            raise AccountRefused(f"the account has another {name.replace('_', ' ')}; no feed changes that")
    wanted = replace(
        new,
        user_id=known.user_id,
        email=known.email or new.email,
        email_verified=known.email_verified if known.email else new.email_verified,
        phone_number=known.phone_number or new.phone_number,
        phone_number_verified=known.phone_number_verified if known.phone_number else new.phone_number_verified,
        locale=known.locale or new.locale,
        claims={**known.claims, **new.claims},
    )
    upsert_account(connection, wanted, now=now, entropy=entropy)
    after = find_by_user_id(connection, user_id=new.user_id)
    if after == known:
        return False
    event = Event(type=EventType.ACCOUNT_CHANGED, at=now, actor=actor, account_id=known.id, details={"by": "feed"})
    record(connection, event, entropy=entropy)
    return True
