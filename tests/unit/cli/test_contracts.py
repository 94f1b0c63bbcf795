"""``idp contracts``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Cli

HEADING = "number,kind,status,vins,reference,role,user_id"
GOOD = "CF-1001,loan,active,WVWZZZ1JZXW000001,P-1,holder,dana"


@pytest.fixture
def feed(cli: Cli, tmp_path: Path) -> Path:
    """A feed with one good and one broken line, and somebody whom it names."""
    assert 0 == cli("accounts", "add", "dana").exit_code
    file = tmp_path / "feed.csv"
    file.write_text(f"{HEADING}\n{GOOD}\nCF-1002,gift,active,,P-2,holder,\n")
    return file


def test_a_feed_is_tried_and_taken_in(cli: Cli, feed: Path) -> None:
    """Broken lines are named and left out, and the exit code says so; the second run passes over what is in."""
    tried = cli("contracts", "import", str(feed), "--dry-run")
    assert (1, True) == (tried.exit_code, "A dry run, nothing was written: 1 contracts added" in tried.stdout)
    assert 1 == cli("contracts", "show", "CF-1001").exit_code
    done = cli("contracts", "import", str(feed))
    assert (1, "line 3: kind must be one of loan, lease, subscription") == (done.exit_code, done.stderr.strip())
    assert "1 contracts added, 0 changed, 0 as they were; 1 lines left out." in done.stdout
    again = json.loads(cli("contracts", "import", str(feed), "--json").stdout)
    assert (0, 1, 1) == (again["added"], again["unchanged"], again["faults"])


def test_a_contract_is_shown(cli: Cli, feed: Path) -> None:
    """By its number, however it is typed."""
    cli("contracts", "import", str(feed))
    shown = cli("contracts", "show", "cf 1001").stdout
    assert {True} == {word in shown for word in ("WVWZZZ1JZXW000001", "P-1", "holder", "active")}
    assert "P-1" == cli.json("contracts", "show", "CF-1001")["parties"][0]["reference"]
    assert "contracts.imported" in cli("audit", "tail").stdout


@pytest.mark.parametrize("number", ["CF-9999", "?"])
def test_what_is_not_there_is_told(cli: Cli, number: str) -> None:
    """No contract, or nothing that could be its number."""
    refused = cli("contracts", "show", number)
    assert (1, True) == (refused.exit_code, refused.stderr.startswith("Error: "))


def test_a_file_of_another_kind_is_refused(cli: Cli, tmp_path: Path) -> None:
    """By its name, or by its heading."""
    (tmp_path / "feed.txt").write_text("CF-1001")
    assert 2 == cli("contracts", "import", str(tmp_path / "feed.txt")).exit_code
    refused = cli("contracts", "import", str(tmp_path / "feed.txt"), "--format", "csv")
    assert (1, True) == (refused.exit_code, "the first line must name the columns" in refused.stderr)


def test_people_are_taken_in(cli: Cli, tmp_path: Path) -> None:
    """`idp accounts import`: with a hash of another system's they go on signing in as they did."""
    cli("keys", "init")
    file = tmp_path / "people.csv"
    hashed = "$2b$04$abcdefghijklmnopqrstuuPcBrGQYgqXPRWpRXpXyFr1Vf6Vfq9ti"
    file.write_text(f"user_id,email,password_hash\ntom,tom@example.com,{hashed}\ncora,cora@example.com,nonsense\n")
    done = cli("accounts", "import", str(file))
    assert (1, True) == (done.exit_code, "line 3: the password hash is refused" in done.stderr)
    assert "1 people added" in done.stdout
    assert "tom@example.com" in cli("accounts", "show", "tom").stdout
