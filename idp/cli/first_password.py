"""What commands store of a password: judged, hashed with the service's own cost and pepper, one hash at a time.

Passwords and hashes come on standard input: arguments stand in lists of processes and in histories of shells.
"""

from __future__ import annotations

import sys

from idp.cli.opened import Opened
from idp.custody import load_kek
from idp.passwords.gate import HashingGate
from idp.passwords.hasher import CHEAP_FOR_TESTS, PRODUCTION, Hasher
from idp.passwords.imported import read_hash
from idp.passwords.policy import Profile, Rules
from idp.settings import Settings
from idp.storage.database import Database
from idp.storage.handles import Entropy
from idp.storage.key_rows import load_secrets


def hasher_for(settings: Settings, database: Database, entropy: Entropy) -> Hasher:
    """Make the hasher of the service that these settings describe.

    Raises:
        KekRefused, WrongKek, SecretMissing: the pepper cannot be opened.
        StorageUnavailable: the database cannot be reached.
    """
    kek = load_kek(settings)
    with database.reading() as connection:
        secrets = load_secrets(connection, kek, entropy=entropy)
    owasp = settings.password_hashing == "owasp"
    return Hasher(PRODUCTION if owasp else CHEAP_FOR_TESTS, secrets.pepper, HashingGate(1), entropy=entropy)


def first_password(service: Opened) -> str:
    """Read a password, judge it and give the form to store, before any transaction begins.

    Raises:
        UnusablePassword, PasswordRefused: with the reason.
    """
    password = _line()
    Rules(second_factor=False, profile=Profile(service.settings.password_profile)).accept(password)
    return hasher_for(service.settings, service.database, service.entropy).hash(password)


def import_hash(service: Opened) -> str:
    """Read the hash that another system had of a password, and give the form to store.

    Raises:
        HashRefused: with the reason.
    """
    imported = read_hash(_line())
    return hasher_for(service.settings, service.database, service.entropy).import_hash(imported)


def _line() -> str:
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")
