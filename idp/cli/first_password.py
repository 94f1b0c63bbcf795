"""The hasher with which commands store passwords: the service's own cost and pepper, and one hash at a time."""

from __future__ import annotations

from idp.passwords.gate import HashingGate
from idp.passwords.hasher import CHEAP_FOR_TESTS, PRODUCTION, Hasher
from idp.settings import Settings
from idp.storage.database import Database
from idp.storage.handles import Entropy
from idp.storage.key_rows import load_secrets
from keys.kek import FileKek


def hasher_for(settings: Settings, database: Database, entropy: Entropy) -> Hasher:
    """Make the hasher of the service that these settings describe.

    Raises:
        KekRefused, WrongKek, SecretMissing: the pepper cannot be opened.
        StorageUnavailable: the database cannot be reached.
    """
    kek = FileKek.load(settings.kek_file)
    with database.reading() as connection:
        secrets = load_secrets(connection, kek, entropy=entropy)
    owasp = settings.password_hashing == "owasp"
    return Hasher(PRODUCTION if owasp else CHEAP_FOR_TESTS, secrets.pepper, HashingGate(1), entropy=entropy)
