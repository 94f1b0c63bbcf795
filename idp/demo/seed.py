"""Put the demo's people and clients into its database, at every start: what is there already is brought up to date.

Written, and recorded, only where something differs; so a second start costs a check of each password and no write.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from idp.accounts.add import upsert_account
from idp.accounts.find import find_by_identifier
from idp.acts.add_person import add_person
from idp.acts.update_client import update_client
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.clients.registration import ClientUnknown, add_client, read_metadata
from idp.demo.clients import DemoClient
from idp.demo.people import PASSWORD, Person
from idp.passwords.credentials import find_credential, set_password
from idp.passwords.hasher import DamagedHash, Hasher, WrongPassword
from idp.storage.database import Database
from idp.storage.handles import Entropy

ACTOR = "demo"


def seed_clients(connection: Connection, clients: Iterable[DemoClient], *, entropy: Entropy, now: float) -> None:
    """Register the clients, or make their registrations say what they should."""
    for client in clients:
        wanted = dict(client.metadata)
        try:
            stored = read_metadata(connection, client_id=client.client_id)
        except ClientUnknown:
            add_client(connection, client_id=client.client_id, metadata=wanted, secret=client.client_secret, now=now)
            event = Event(type=EventType.CLIENT_ADDED, at=now, actor=ACTOR, client_id=client.client_id)
            record(connection, event, entropy=entropy)
            continue
        if stored != wanted:
            changes = wanted | dict.fromkeys(stored.keys() - wanted.keys())
            update_client(
                connection, client_id=client.client_id, changes=changes, actor=ACTOR, entropy=entropy, now=now
            )


def seed_people(database: Database, people: Iterable[Person], hasher: Hasher, *, entropy: Entropy, now: float) -> None:
    """Add the people, or make their accounts and passwords what is printed."""
    for person in people:
        stored = None if _password_holds(database, person, hasher) else hasher.hash(PASSWORD)
        with database.writing() as connection:
            _seed_person(connection, person, stored, entropy=entropy, now=now)


def _seed_person(connection: Connection, person: Person, stored: str | None, *, entropy: Entropy, now: float) -> None:
    if find_by_identifier(connection, identifier=person.user_id) is None:
        add_person(
            connection,
            person.account,
            stored_password=stored,
            must_change=False,
            actor=ACTOR,
            entropy=entropy,
            now=now,
        )
        return
    account_id = upsert_account(connection, person.account, now=now, entropy=entropy)
    if stored is not None:
        set_password(connection, account_id=account_id, stored=stored, must_change=False, now=now)
        event = Event(type=EventType.PASSWORD_CHANGED, at=now, actor=ACTOR, account_id=account_id)
        record(connection, event, entropy=entropy)


def _password_holds(database: Database, person: Person, hasher: Hasher) -> bool:
    """Whether the person exists and can sign in with the password that the demo prints."""
    with database.reading() as connection:
        account = find_by_identifier(connection, identifier=person.user_id)
        credential = None if account is None else find_credential(connection, account_id=account.id)
    if credential is None or credential.must_change or credential.compromised_at is not None:
        return False
    try:
        hasher.verify(credential.hash, PASSWORD)
    except (WrongPassword, DamagedHash):
        return False
    return True
