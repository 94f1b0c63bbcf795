"""`idp doctor`: what it finds, what it says to do, and its exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from idp.cli import main
from idp.delivery.outbox import enqueue
from idp.operating.checkup import look_at_hashing
from idp.passwords.speed import REBUILD, Registers
from idp.storage.key_rows import read_ring
from keys.rotation import keys_of
from tests.support.in_process import App, add_person, issuer_on
from tests.support.processes import free_port

Examine = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> dict[str, str]:
    """Give the variables of an issuer on SQLite."""
    return {
        "IDP_MODE": "development",
        "IDP_ISSUER": "https://id.example.com",
        "IDP_DATABASE_URL": sqlite_url,
        "IDP_KEK_FILE": str(tmp_path / "kek"),
        "IDP_SIGNING_ALGS": "ES256",
        "IDP_TRUSTED_PROXIES": "10.0.0.0/8",
    }


@pytest.fixture
def examine(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Examine:
    """Give a function that runs the doctor and gives its exit code and findings by name."""
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        monkeypatch.delenv(name)

    def go(**changes: str) -> tuple[int, dict[str, Any]]:
        result = CliRunner().invoke(main, ["doctor", "--json"], env=settings | changes)
        report = json.loads(result.stdout)
        assert report["ok"] == (result.exit_code == 0)
        return result.exit_code, {found["check"]: found for found in report["findings"]} | {"next": report["next"]}

    return go


def test_a_sound_service(examine: Examine, sqlite_url: str, tmp_path: Path) -> None:
    """Everything that is there is found, and nothing fails."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)) as service:
        App.register(service)
        add_person(service)

    code, found = examine()

    assert 0 == code
    looked_at = ("settings", "proxies", "database", "schema", "clock", "kek", "keys", "redis")
    for check in (*looked_at, "clients", "accounts", "mail"):
        assert "ok" == found[check]["status"], found[check]
    in_ninety_days = datetime.fromtimestamp(service.clock() + 90 * 86_400, UTC)
    told = f"ES256: signs, 1 staged, 1 on standby; rotates on {in_ninety_days:%Y-%m-%d}"
    assert told == found["keys"]["text"]


def test_the_first_steps_are_named(examine: Examine, sqlite_url: str, tmp_path: Path) -> None:
    """Where nothing is registered yet, the next commands are named; that is no failure."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)):
        pass

    code, found = examine()

    assert 0 == code
    assert {"idp clients add CLIENT_ID --redirect-uri URI", "idp accounts add USER_ID --email ADDRESS"} <= set(
        found["next"]
    )


def test_mail_that_nobody_sends(examine: Examine, sqlite_url: str, tmp_path: Path) -> None:
    """A message that has waited for more than five minutes is worth a word."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)) as service, service.database.writing() as connection:
        enqueue(
            connection,
            kind="notice",
            recipient="dana@example.com",
            language="en",
            payload={},
            worth_seconds=3600.0,
            entropy=service.entropy,
            now=service.clock() - 600.0,
        )

    code, found = examine()

    assert (0, "warn") == (code, found["mail"]["status"])
    assert "1 messages wait, the oldest for 10 minutes" == found["mail"]["text"]


def test_settings_that_cannot_be_used(examine: Examine) -> None:
    """Bad settings are a finding; nothing else is looked at then."""
    code, found = examine(IDP_MISSPELT="1")

    assert 1 == code
    assert "IDP_MISSPELT: there is no such setting" == found["settings"]["text"]
    assert {"settings", "next"} == set(found)


def test_no_schema(examine: Examine, tmp_path: Path) -> None:
    """A database without the schema fails, with the command first."""
    code, found = examine(IDP_DATABASE_URL=f"sqlite:///{tmp_path}/other.sqlite")

    assert (1, "fail", "idp db upgrade") == (code, found["schema"]["status"], found["next"][0])


def test_no_keys(examine: Examine) -> None:
    """No key-encryption key yet: the command that makes it comes first."""
    code, found = examine()

    assert (1, "fail", "idp keys init") == (code, found["kek"]["status"], found["next"][0])


def test_a_kek_that_others_may_read(examine: Examine, sqlite_url: str, tmp_path: Path) -> None:
    """A key-encryption key that is not private fails."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)):
        (tmp_path / "kek").chmod(0o640)

    code, found = examine()

    assert (1, "fail") == (code, found["kek"]["status"])
    assert "chmod 600" in found["kek"]["text"]


def test_a_damaged_key(examine: Examine, sqlite_url: str, tmp_path: Path) -> None:
    """A key whose wrapped part was altered is named, while the others still sign."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)) as service, service.database.writing() as connection:
        connection.exec_driver_sql("UPDATE keys SET wrapped = x'00' WHERE state = 'staged'")

    code, found = examine()

    assert 1 == code
    assert any("restore the key ring" in step for step in found["next"])


LATE = "`idp keys list` names the apps that it waits for; if there are none: is `idp worker` running?"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DELETE FROM keys WHERE state = 'standby'", ("none on standby: if the", "idp keys stage ES256 --standby")),
        ("UPDATE keys SET activated_at = 0 WHERE state = 'active'", ("should have rotated on", LATE)),
        ("DELETE FROM keys WHERE state = 'staged'", ("no key is staged", "idp keys init")),
    ],
)
def test_keys_that_the_worst_night_would_miss(
    examine: Examine, sqlite_url: str, tmp_path: Path, change: str, told: tuple[str, str]
) -> None:
    """No standby key, a rotation that is late, or nothing to rotate to: a warning, with what to do."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)) as service, service.database.writing() as connection:
        connection.exec_driver_sql("UPDATE keys SET staged_at = 0")
        connection.exec_driver_sql(change)

    code, found = examine()

    text, remedy = told
    assert (0, "warn", remedy) == (code, found["keys"]["status"], found["keys"]["remedy"])
    assert text in found["keys"]["text"]


def test_a_rotation_under_way(examine: Examine, sqlite_url: str, tmp_path: Path, settings: dict[str, str]) -> None:
    """Between its writing and its holding, which an hour stands for here, the doctor says so."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",), pick_up_hours=0) as service:
        rotate = ["keys", "rotate", "ES256", "--yes"]
        assert 0 == CliRunner().invoke(main, rotate, env=settings | {"IDP_PICK_UP_HOURS": "0"}).exit_code
        with service.database.writing() as connection:
            for column, state in (("activated_at", "active"), ("retired_at", "retiring")):
                connection.exec_driver_sql(f"UPDATE keys SET {column} = {column} + 3600 WHERE state = '{state}'")  # noqa: S608 - words of this test

    assert "ES256: signs, 1 staged, 1 on standby; rotates at this moment" == examine()[1]["keys"]["text"]


def test_an_incident_that_nobody_has_reviewed(
    examine: Examine, sqlite_url: str, tmp_path: Path, settings: dict[str, str]
) -> None:
    """A day after one person took a key out of service alone, the second one is asked for."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)) as service:
        with service.database.reading() as connection:
            (active,) = [
                key.kid for key in keys_of(read_ring(connection).records, algorithm="ES256") if key.activated_at
            ]
        assert 0 == CliRunner().invoke(main, ["keys", "compromise", active, "--yes"], env=settings).exit_code
    assert "incidents" not in examine()[1]
    with issuer_on(sqlite_url, tmp_path, keys=False) as service, service.database.writing() as connection:
        connection.exec_driver_sql("UPDATE incidents SET opened_at = opened_at - 86401")

    found = examine()[1]

    assert ("warn", True) == (found["incidents"]["status"], active in found["incidents"]["text"])
    assert any("by a second person" in step for step in found["next"])


def test_a_database_that_is_away(examine: Examine) -> None:
    """A database that does not answer fails, in its driver's words and without the password."""
    code, found = examine(IDP_DATABASE_URL=f"postgresql://idp:hunter2@127.0.0.1:{free_port()}/idp")

    assert (1, "fail") == (code, found["database"]["status"])
    assert "hunter2" not in json.dumps(found)


def test_a_redis_that_is_away(examine: Examine, sqlite_url: str, tmp_path: Path) -> None:
    """Redis away is a warning: the database carries new sign-ins."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)):
        pass

    code, found = examine(IDP_REDIS_URL=f"redis://:hunter2@127.0.0.1:{free_port()}/0")

    assert (0, "warn") == (code, found["redis"]["status"])
    assert "hunter2" not in json.dumps(found)


def test_an_https_issuer_without_a_proxy(examine: Examine) -> None:
    """An https issuer that trusts no proxy is warned: all people would share one address."""
    _, found = examine(IDP_TRUSTED_PROXIES="")

    assert "warn" == found["proxies"]["status"]


def test_a_management_port_for_everyone(examine: Examine) -> None:
    """A management port that other machines reach is warned."""
    _, found = examine(IDP_MANAGEMENT_BIND="0.0.0.0:9000")

    assert "warn" == found["management"]["status"]


@pytest.mark.parametrize(
    ("registers", "status", "remedy"),
    [(Registers.NARROW, "warn", REBUILD), (Registers.WIDE, "ok", ""), (Registers.UNKNOWN, "ok", "")],
)
def test_a_slow_binding_is_told_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, registers: Registers, status: str, remedy: str
) -> None:
    """The binding for any processor is warned with the one command that rebuilds it."""
    monkeypatch.setattr("idp.operating.checkup.installed_registers", lambda: registers)
    finding = look_at_hashing(os.urandom, iter([n * 0.02 for n in range(6)]).__next__)

    assert (status, remedy) == (finding.status, finding.remedy)
    assert "one argon2 check takes 20 ms" in finding.text


def test_for_a_person_it_ends_with_what_to_do(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --json there is a line for each finding, and the steps at the end."""
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        monkeypatch.delenv(name)

    result = CliRunner().invoke(main, ["doctor"], env=settings)

    assert 1 == result.exit_code
    assert "What to do next:\n  1. idp keys init\n" in result.stdout
