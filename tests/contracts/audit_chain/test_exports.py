"""Sealed exports, on both databases: what a third party verifies by itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from idp.audit import verify_export
from idp.audit.verify_export import Broken
from idp.cli.audit_proof import sealed_lines
from idp.storage.database import Database
from idp.storage.key_rows import add_keys, advance_ring
from keys.records import KeyRecord
from tests.support.audit_chain import ISSUER, checkpoint, happen, public, seal


def test_an_export_without_its_beginning_is_named(database: Database, key: KeyRecord, tmp_path: Path) -> None:
    """It begins where nothing was before; the file itself cannot say that it begins elsewhere."""
    happen(database, 12)
    seal(database)
    jws = checkpoint(database, key)
    assert jws is not None
    path = export(database, key, tmp_path)
    first, *lines = path.read_text().splitlines()
    cut = json.loads(first) | {"first_seq": 5, "previous": json.loads(lines[3])["hash"]}
    path.write_text("\n".join([json.dumps(cut), *lines[4:]]))
    with pytest.raises(Broken, match="its seal is missing") as broken:
        verify_export.verify_export(path, [public(key)], [jws])
    assert 1 == broken.value.seq


def export(database: Database, key: KeyRecord, folder: Path) -> Path:
    """Write a sealed export, as the command does."""
    with database.writing() as connection:
        advance_ring(connection, seen=0)
        add_keys(connection, [key])
    path = folder / "trail.jsonl"
    with database.reading() as connection:
        path.write_text("".join(f"{line}\n" for line in sealed_lines(connection, issuer=ISSUER)))
    (folder / "key.json").write_text(json.dumps({"keys": [public(key)]}))
    return path


def run_alone(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the program by itself: outside the project, isolated from it."""
    program = folder / "verify.py"
    program.write_bytes(Path(verify_export.__file__).read_bytes())
    ran = subprocess.run(
        [sys.executable, "-I", str(program), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout


def test_a_third_party_verifies_an_export(database: Database, key: KeyRecord, tmp_path: Path) -> None:
    """With one file and the key that it was given; a change is named there, too."""
    happen(database, 12)
    seal(database)
    jws = checkpoint(database, key)
    path = export(database, key, tmp_path)
    (tmp_path / "mail.txt").write_text(f"Keep this.\n\n{jws}\n")
    given = [path.name, "--key", "key.json", "--checkpoint", "mail.txt"]
    assert (0, "12 events hold, 1 checkpoints agree, by the key that was given.\n") == run_alone(tmp_path, *given)
    assert "proves nothing" in run_alone(tmp_path, path.name)[1]

    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:7], lines[7].replace("account:dana", "account:erin"), *lines[8:]]))
    code, said = run_alone(tmp_path, *given)
    assert (1, True) == (code, said.startswith("BROKEN at number 7, event 7: the event, or its seal, was altered"))
    path.write_text("\n".join(line for line in lines[:11] if "checkpoint" not in line))
    code, said = run_alone(tmp_path, *given)
    assert (1, True) == (code, "a checkpoint has witnessed 12 events" in said)
    (tmp_path / "trail.jsonl").write_text("{}")
    assert (1, True) == (code, run_alone(tmp_path, *given)[1].startswith("CANNOT BE VERIFIED"))
