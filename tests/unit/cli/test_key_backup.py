"""``idp keys backup``, ``idp keys restore`` and ``idp db restored``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.cli.conftest import Cli


def test_a_ring_goes_into_a_file_of_its_owner_s(cli: Cli, tmp_path: Path) -> None:
    """Mode 0600, never over another file, and --verify opens it where there is no database."""
    cli("keys", "init")
    file = tmp_path / "safe" / "keys.json"
    told = cli("keys", "backup", str(file))
    assert (0, 0o600) == (told.exit_code, file.stat().st_mode & 0o777)
    assert f"`idp keys restore {file} --verify`" in told.stdout
    again = cli("keys", "backup", str(file))
    assert (2, True) == (again.exit_code, "is never replaced" in again.stderr)

    (Path(cli.environment["IDP_DATABASE_URL"].removeprefix("sqlite:///"))).unlink()
    verified = cli("keys", "restore", str(file), "--verify")
    assert (0, True) == (verified.exit_code, "every key that serves signs" in verified.stdout)


def test_nothing_to_back_up(cli: Cli, tmp_path: Path) -> None:
    """A ring that was never made leaves no file."""
    refused = cli("keys", "backup", str(tmp_path / "keys.json"))
    assert (2, False) == (refused.exit_code, (tmp_path / "keys.json").exists())


def test_a_place_that_takes_no_file(cli: Cli, tmp_path: Path) -> None:
    """It is named, and nothing is noted in the audit trail."""
    cli("keys", "init")
    refused = cli("keys", "backup", f"{tmp_path}/kek/keys.json")
    assert (2, True) == (refused.exit_code, "can't write" in refused.stderr)
    assert "keys.backed_up" not in cli("audit", "tail").stdout


def test_a_ring_that_is_whole_is_left_alone(cli: Cli, tmp_path: Path) -> None:
    """Nothing is written, nobody has to sign in again."""
    cli("keys", "init")
    file = str(tmp_path / "keys.json")
    cli("keys", "backup", file)
    assert "Nothing was missing" in cli("keys", "restore", file, "--yes").stdout
    assert None is cli.json("keys", "restore", file, "--yes")["ended"]


def test_of_another_issuer_or_key(cli: Cli, tmp_path: Path) -> None:
    """It is refused, also to be looked at."""
    cli("keys", "init")
    file = tmp_path / "keys.json"
    cli("keys", "backup", str(file))
    there = json.loads(file.read_text())
    cli.environment["IDP_ISSUER"] = "http://localhost:7777"
    for options in ((), ("--verify",)):
        refused = cli("keys", "restore", str(file), "--yes", *options)
        assert refused.exit_code
        assert f"of {there['issuer']}, not of" in refused.stderr
    missing = cli("keys", "restore", str(tmp_path / "gone.json"), "--verify")
    assert (2, True) == (missing.exit_code, "can't read" in missing.stderr)


def test_after_a_restore_everything_ends(cli: Cli) -> None:
    """Asked first; in the audit trail; with what people have to do."""
    cli("keys", "init")
    assert 1 == cli("db", "restored", stdin="n\n").exit_code
    told = cli("db", "restored", "--yes")
    assert (0, True) == (told.exit_code, "Ended: 0 sign-ins" in told.stdout)
    assert 0 == cli.json("db", "restored", "--yes")["sessions"]
    assert "database.restored" in cli("audit", "tail", "-n", "1").stdout
