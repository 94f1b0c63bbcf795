"""Our issuer under measurement: a database of its own, keys, one app and its people, then the real server on it.

`idp serve` with one request worker and the threads of the default settings; http on loopback needs development mode,
nothing else differs from production but, where a row says so, the cost of a password hash.
"""

import os
import secrets
import sys
import time
from pathlib import Path

import psycopg

from idp.accounts.add import NewAccount, add_account
from idp.accounts.policy import Kind
from idp.acts.initialise_keys import initialise_keys
from idp.app import build
from idp.clients.registration import add_client
from idp.custody import kek_source
from idp.passwords.credentials import set_password
from idp.settings import Settings, load_settings
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.schema import upgrade
from tests.benchmarks.served import Served, new_port, serve
from tests.benchmarks.settled import CALLBACK, CLIENT_ID, CLIENT_SECRET, PASSWORD, PEOPLE, person_name
from tests.support.postgresql import create_database

ROOT = Path(__file__).parents[2]
THREADS = 32
ALGORITHMS = ("ES256",)
METADATA = {
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    "scope": "openid profile offline_access api",
    "first_party": True,
    "rotate_refresh": True,
}
CLAIMS = {"name": "Dana Driver", "given_name": "Dana", "family_name": "Driver"}


class IssuerPlan:
    """An issuer ready to be served, as often as wanted."""

    def __init__(self, name: str, *, server_url: str, redis_url: str, folder: Path, hashing: str) -> None:
        self.name = name
        self._folder = folder
        self.port = new_port()
        self.environment = {
            "IDP_MODE": "development",
            "IDP_ISSUER": f"http://127.0.0.1:{self.port}",
            "IDP_DATABASE_URL": create_database(server_url, f"bench_{name}"),
            "IDP_REDIS_URL": redis_url,
            "IDP_KEK_FILE": str(folder / f"{name}.kek"),
            "IDP_PASSWORD_HASHING": hashing,
            "IDP_SIGNING_ALGS": ",".join(ALGORITHMS),
            "IDP_TRUSTED_PROXIES": "127.0.0.1",
            "IDP_THREADS": str(THREADS),
            "IDP_MANAGEMENT_BIND": f"127.0.0.1:{new_port()}",
        }
        self._fill()

    @property
    def settings(self) -> Settings:
        """Its settings."""
        return load_settings(None, self.environment)

    def serve(self, binding: Path | None = None) -> Served:
        """Run `idp serve` with one worker on the app's core; its housekeeper is counted with it.

        `binding` is a folder with another build of argon2's binding than the installed one.
        """
        return serve(
            self.name,
            [sys.executable, "-m", "idp.cli", "serve", "--bind", f"127.0.0.1:{self.port}", "--workers", "1"],
            port=self.port,
            probe="/readyz",
            folder=self._folder,
            environment={**self.environment, "PYTHONPATH": python_path(binding)},
        )

    def settle(self) -> None:
        """Bring the database's statistics up to date after the filling, as autovacuum would within minutes."""
        with psycopg.connect(self.environment["IDP_DATABASE_URL"], autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def _fill(self) -> None:
        settings = self.settings
        engine = open_engine(settings.database_url.get_secret_value())
        upgrade(engine)
        initialise_keys(
            Database(engine),
            kek_source(settings),
            algorithms=ALGORITHMS,
            actor="benchmark",
            now=time.time(),
            entropy=secrets.token_bytes,
        )
        engine.dispose()
        service = build(settings)
        stored = service.parts.hasher.hash(PASSWORD)
        with service.database.writing() as connection:
            now = service.clock()
            add_client(connection, client_id=CLIENT_ID, metadata=METADATA, secret=CLIENT_SECRET, now=now)
            for number in range(PEOPLE):
                person = NewAccount(
                    user_id=person_name(number),
                    kind=Kind.CONSUMER,
                    email=f"{person_name(number)}@example.com",
                    email_verified=True,
                    claims=CLAIMS,
                )
                account_id = add_account(connection, person, now=now, entropy=service.entropy)
                set_password(connection, account_id=account_id, stored=stored, must_change=False, now=now)
        service.stop()
        self.settle()


def python_path(binding: Path | None) -> str:
    """Give the value of PYTHONPATH for a program of ours."""
    return os.pathsep.join(map(str, (*([binding] if binding else []), ROOT)))


def serve_floors(folder: Path) -> Served:
    """Run the empty WSGI function and the empty Flask view as the issuer is run."""
    port = new_port()
    granian = Path(sys.executable).parent / "granian"
    arguments = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--no-log"]
    arguments += ["--workers", "1", "--blocking-threads", str(THREADS), "--http", "1", "--working-dir", str(ROOT)]
    return serve(
        "floors",
        [granian, *arguments, "tests.benchmarks.floors:app"],
        port=port,
        probe="/wsgi",
        folder=folder,
        environment={**os.environ, "PYTHONPATH": str(ROOT)},
    )
