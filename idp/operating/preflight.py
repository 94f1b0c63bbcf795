"""What must be right before anything listens: one sentence for each fault, naming the command that mends it.

Invariant: a process that was told to serve either serves or ends with a reason; it never waits for somebody to notice.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError

from idp.custody import load_kek
from idp.settings import Settings
from idp.storage.database import Database, StorageUnavailable
from idp.storage.engine import open_engine
from idp.storage.handles import Entropy
from idp.storage.key_rows import load_ring, load_secrets
from idp.storage.schema import SchemaMismatch, check_schema
from idp.wire.bind import Bind
from keys.errors import KeysError, SecretMissing
from keys.kek import Kek

INITIALISE = "run `idp keys init`"


class NotReadyToStart(Exception):
    """The service cannot start; `faults` has one sentence for each reason."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def require_ready(settings: Settings, *, workers: int, now: float, entropy: Entropy) -> None:
    """Return if the service could start with so many request workers; opens the database, and lets go of it again.

    Raises:
        NotReadyToStart: with every fault that could be found.
    """
    faults = [*_worker_faults(settings, workers), *_storage_faults(settings, now=now, entropy=entropy)]
    if faults:
        raise NotReadyToStart(faults)


def require_free(*binds: Bind) -> None:
    """Return if all of these can be listened on.

    Asked without SO_REUSEPORT: request workers share their port by it, so a second service would join in unnoticed.

    Raises:
        NotReadyToStart: naming those that are taken.
    """
    faults = [fault for bind in binds if (fault := _bind_fault(bind))]
    if faults:
        raise NotReadyToStart(faults)


def _worker_faults(settings: Settings, workers: int) -> Iterator[str]:
    if workers > 1 and is_sqlite(settings):
        yield (
            f"SQLite serves one request worker, not {workers}: its writers would wait for each other; "
            "use --workers 1, or PostgreSQL"
        )


def is_sqlite(settings: Settings) -> bool:
    """Whether the service keeps its facts in SQLite."""
    return settings.database_url.get_secret_value().startswith("sqlite")


def _storage_faults(settings: Settings, *, now: float, entropy: Entropy) -> Iterator[str]:
    engine = open_engine(settings.database_url.get_secret_value(), pool_size=1)
    try:
        check_schema(engine)
        yield from _key_faults(Database(engine), settings, now=now, entropy=entropy)
    except SchemaMismatch as error:
        yield str(error)
    except (DBAPIError, StorageUnavailable) as error:
        yield f"the database cannot be reached: {database_reason(error)}"
    finally:
        engine.dispose()


def _key_faults(database: Database, settings: Settings, *, now: float, entropy: Entropy) -> Iterator[str]:
    try:
        kek: Kek = load_kek(settings)
        with database.reading() as connection:
            load_secrets(connection, kek, entropy=entropy)
            ring = load_ring(connection, kek)
    except SecretMissing as error:
        yield f"the keys of this service are missing ({error}): {INITIALISE}"
    except KeysError as error:
        yield str(error)
    else:
        signing = ring.algorithms(now)
        for name in settings.signing_algs:
            if name not in signing:
                yield f"nothing signs with {name}: {INITIALISE}, or take it out of signing_algs"


def database_reason(error: Exception) -> str:
    """Say what the database's driver said, on one line; it names hosts and files, and never a password."""
    cause = error.orig if isinstance(error, DBAPIError) else error.__cause__ or error
    text = " ".join(str(getattr(cause, "orig", cause)).split())
    return text or type(cause).__name__


def _bind_fault(bind: Bind) -> str | None:
    try:
        host, port = bind.resolved()
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"{bind} is taken by another process; stop that one, or choose another port"
        return f"{bind} cannot be listened on: {error.strerror or error}"
    return None
