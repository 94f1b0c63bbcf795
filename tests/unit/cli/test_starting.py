"""`idp serve` and `idp worker` that cannot start: exit code 2, every reason in words, and the command that mends it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from idp.cli import main
from tests.support.in_process import issuer_on
from tests.support.processes import free_port

Run = Callable[..., Result]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Give the variables of a small issuer on SQLite that has neither schema nor keys."""
    return {
        "IDP_MODE": "development",
        "IDP_ISSUER": "http://127.0.0.1:8000",
        "IDP_DATABASE_URL": f"sqlite:///{tmp_path}/new.sqlite",
        "IDP_KEK_FILE": str(tmp_path / "kek"),
        "IDP_SIGNING_ALGS": "ES256",
        "IDP_MANAGEMENT_BIND": f"127.0.0.1:{free_port()}",
    }


@pytest.fixture
def run(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Give a function that runs a command with these settings, changed by name."""
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        monkeypatch.delenv(name)

    def go(*arguments: str, **changes: str) -> Result:
        return CliRunner().invoke(main, arguments, env=settings | changes)

    yield go
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ


@pytest.fixture
def furnished(settings: dict[str, str], sqlite_url: str, tmp_path: Path) -> None:
    """Give the settings a database with schema and keys."""
    settings["IDP_DATABASE_URL"] = sqlite_url
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)):
        pass


def test_every_fault_of_the_settings_has_a_line(run: Run) -> None:
    """Bad settings are told all at once."""
    changes = {"IDP_ISSUER": "nowhere", "IDP_MISSPELT": "1", "IDP_THREADS": "1", "IDP_MANAGEMENT_BIND": "here"}
    result = run("serve", **changes)

    assert 2 == result.exit_code
    for words in ("IDP_MISSPELT: there is no such setting", "threads: ", "  "):
        assert words in result.stderr
    result = run("serve", IDP_STAGING_DAYS="3", IDP_RETENTION_DAYS="0.001", IDP_ROTATION_DAYS="2")
    assert (2, 3) == (result.exit_code, sum(name in result.stderr for name in ("staging_", "retention_", "rotation_")))
    result = run("serve", IDP_ISSUER="nowhere", IDP_MANAGEMENT_BIND="here")
    assert "issuer: 'nowhere' is not https://host[:port]" in result.stderr
    assert "management_bind: 'here' is not HOST:PORT" in result.stderr


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_no_schema(run: Run, command: str) -> None:
    """A database without the schema: the command that makes it is named."""
    result = run(command)

    assert 2 == result.exit_code
    assert "run `idp db upgrade`" in result.stderr


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_no_keys(run: Run, settings: dict[str, str], sqlite_url: str, command: str) -> None:
    """A database without keys: the command that makes them is named."""
    result = run(command, IDP_DATABASE_URL=sqlite_url)

    assert 2 == result.exit_code
    assert "`idp keys init`" in result.stderr


@pytest.mark.usefixtures("furnished")
def test_a_kek_that_others_may_read(run: Run, settings: dict[str, str]) -> None:
    """A key-encryption key that is not private stops the start, with the command that mends it."""
    kek = Path(settings["IDP_KEK_FILE"])
    kek.chmod(0o644)

    result = run("serve")

    assert 2 == result.exit_code
    assert f"chmod 600 {kek}" in result.stderr


@pytest.mark.usefixtures("furnished")
def test_an_algorithm_that_nothing_signs_with(run: Run) -> None:
    """A newly named algorithm without keys stops the start, before an app could ask for it."""
    result = run("serve", IDP_SIGNING_ALGS="ES256,RS256")

    assert 2 == result.exit_code
    assert "nothing signs with RS256: run `idp keys init`" in result.stderr


@pytest.mark.usefixtures("furnished")
def test_more_workers_than_sqlite_bears(run: Run) -> None:
    """On SQLite more than one request worker is refused with a sentence."""
    result = run("serve", "--workers", "2")

    assert 2 == result.exit_code
    assert "SQLite serves one request worker, not 2" in result.stderr


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("which", ["--bind", "IDP_MANAGEMENT_BIND"])
def test_a_port_that_is_taken(run: Run, which: str) -> None:
    """A taken port, of requests or of the management, is named before anything starts."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        given = {"IDP_MANAGEMENT_BIND": address} if which == "IDP_MANAGEMENT_BIND" else {}
        bind = f"127.0.0.1:{free_port()}" if given else address

        result = run("serve", "--bind", bind, **given)

    assert 2 == result.exit_code
    assert f"{address} is taken by another process" in result.stderr


def test_a_database_that_is_away(run: Run) -> None:
    """A database that cannot be reached is told in the words of its driver, without the password."""
    url = f"postgresql://idp:hunter2@127.0.0.1:{free_port()}/idp"

    result = run("serve", IDP_DATABASE_URL=url)

    assert 2 == result.exit_code
    assert "the database cannot be reached" in result.stderr
    assert "hunter2" not in result.output


@pytest.mark.parametrize("bind", ["8000", "host:99999", "::1:8000"])
def test_an_address_that_is_none(run: Run, bind: str) -> None:
    """A malformed --bind is told."""
    result = run("serve", "--bind", bind)

    assert 2 == result.exit_code
    assert "Invalid value for '--bind'" in result.stderr
