"""``idp audit verify | key | verifier`` and ``idp audit export --sealed``."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from idp.audit import verify_export
from idp.audit.checkpoint import make_checkpoint
from idp.audit.seal import seal_batch
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.key_rows import read_ring
from keys.kek import FileKek
from keys.purposes import Purpose
from keys.ring import KeyRing
from tests.unit.cli.conftest import Cli


@pytest.fixture
def sealed(cli: Cli, sqlite_url: str) -> Cli:
    """Give a service in which something has happened and been sealed."""
    cli("keys", "init")
    for client_id in ("driver", "fleet"):
        cli("clients", "add", client_id, "--redirect-uri", "https://a.example.com/cb")
    database = Database(open_engine(sqlite_url))
    with database.writing() as connection:
        seal_batch(connection, now=time.time())
    database.engine.dispose()
    return cli


def edit(sqlite_url: str, statement: str) -> None:
    """Change the database directly."""
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_whole_trail_holds(sealed: Cli) -> None:
    """In words and as JSON; without received checkpoints it says what that is worth."""
    told = sealed("audit", "verify")
    assert (0, True, True) == (told.exit_code, "3 events hold" in told.stdout, "--checkpoint" in told.stdout)
    assert ("ok", 3) == (sealed.json("audit", "verify")["result"], sealed.json("audit", "verify")["events"])


def test_the_first_bad_row_is_named(sealed: Cli, sqlite_url: str) -> None:
    """And the command ends with 1."""
    edit(sqlite_url, "UPDATE audit_events SET actor = 'nobody' WHERE id = 2")
    told = sealed("audit", "verify")
    assert (1, True) == (told.exit_code, "does not hold. At number 2, event 2: the event" in told.stderr)
    broken = sealed("audit", "verify", "--json")
    assert (1, 2, "broken") == (
        broken.exit_code,
        json.loads(broken.stdout)["event_id"],
        json.loads(broken.stdout)["result"],
    )


def test_a_compromised_key_of_checkpoints_leaves_the_proof_standing(sealed: Cli, sqlite_url: str) -> None:
    """What it has signed can still accuse, and nobody hides a change by declaring the key lost."""
    database, kek = Database(open_engine(sqlite_url)), FileKek.load(Path(sealed.environment["IDP_KEK_FILE"]))
    with database.writing() as connection:
        stored = read_ring(connection)
        ring = KeyRing.open(stored.records, kek, epoch=stored.epoch, purpose=Purpose.CHECKPOINTS)
        signer = ring.signer("Ed25519", time.time())
        assert make_checkpoint(connection, signer, issuer="http://a", places=(), period=3600, now=time.time())
    database.engine.dispose()
    assert 0 == sealed("keys", "compromise", signer.kid, "--yes").exit_code
    assert "1 checkpoints agree" in sealed("audit", "verify").stdout
    edit(sqlite_url, "UPDATE audit_checkpoints SET jws = substr(jws, 1, length(jws) - 4) || 'AAAA'")
    assert 1 == sealed("audit", "verify").exit_code


def test_a_file_without_a_checkpoint_is_no_proof(sealed: Cli, tmp_path: Path) -> None:
    """Whoever names the wrong file is told."""
    (tmp_path / "mail.txt").write_text("Dear auditor, nothing here.")
    assert 2 == sealed("audit", "verify", "--checkpoint", str(tmp_path / "mail.txt")).exit_code
    (tmp_path / "mail.txt").write_text("eyJhbGciOiJFZDI1NTE5In0.e30.AAAA")
    assert 1 == sealed("audit", "verify", "--checkpoint", str(tmp_path / "mail.txt")).exit_code


def test_the_key_and_the_program_are_for_others(sealed: Cli) -> None:
    """Public members only; the program is the file itself."""
    (key,) = sealed.json("audit", "key")["keys"]
    assert {"kty", "crv", "x", "kid", "use", "alg"} == key.keys()
    assert Path(verify_export.__file__).read_text() == sealed("audit", "verifier").stdout


def test_a_sealed_export_is_whole(sealed: Cli, tmp_path: Path) -> None:
    """A part of it proves nothing, and personal values are not in it."""
    assert 2 == sealed("audit", "export", "--sealed", "--type", "client.").exit_code
    assert 2 == sealed("audit", "export", "--sealed", "--personal").exit_code
    lines = [json.loads(line) for line in sealed("audit", "export", "--sealed").stdout.splitlines()]
    assert ["chain", "sealed", "sealed", "sealed"] == [line["kind"] for line in lines]
    path = tmp_path / "trail.jsonl"
    path.write_text(sealed("audit", "export", "--sealed").stdout)
    assert verify_export.verify_export(path, [], []).startswith("3 events hold")
