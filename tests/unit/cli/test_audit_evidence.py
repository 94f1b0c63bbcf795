"""``idp audit evidence``: the report of a quarter, on a service in which things have happened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from idp.accounts.models import ACCOUNTS
from idp.audit.events import Event, EventType
from idp.audit.evidence import quarter_named
from idp.audit.models import EVENTS
from idp.audit.record import record
from idp.audit.seal import seal_batch
from idp.mfa.factors import NewFactor, add_factor
from idp.mfa.policy import Factor
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.handles import Entropy
from idp.storage.incident_rows import Incident, add_incident
from tests.unit.cli.conftest import Cli
from tests.unit.cli.test_key_lives import kids

_TODAY = datetime.now(UTC)
THIS = f"{_TODAY.year}Q{(_TODAY.month + 2) // 3}"


@dataclass(frozen=True)
class House:
    """A service with an app, one member of staff, a customer, and a key that was taken out of service."""

    cli: Cli
    database: Database
    kid: str
    staff: str
    customer: str
    now: float

    def happened(self, entropy: Entropy, type: EventType, **facts: Any) -> None:  # noqa: ANN401 - members of Event
        """Write an event."""
        event = Event(**{"type": type, "at": self.now, "actor": "cli:alice@node", **facts})
        with self.database.writing() as connection:
            record(connection, event, entropy=entropy)

    def sealed(self) -> None:
        """Seal all that has happened."""
        with self.database.writing() as connection:
            seal_batch(connection, now=self.now)


@pytest.fixture
def house(cli: Cli, sqlite_url: str, entropy: Entropy) -> Iterator[House]:
    """Furnish it."""
    cli("keys", "init")
    cli("clients", "add", "fleet", "--name", "Fleet | desk", "--redirect-uri", "https://a.example.com/cb")
    staff = cli.json("accounts", "add", "eve", "--email", "eve@example.com")["id"]
    customer = cli.json("accounts", "add", "dana", "--email", "dana@example.com")["id"]
    database, now = Database(open_engine(sqlite_url)), time.time()
    with database.writing() as connection:
        role = {"role": "security"}
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == staff).values(kind="staff", **role))
        app = NewFactor(id="one", account_id=staff, kind=Factor.TOTP, name="phone", secret=b"sealed")
        add_factor(connection, app, now=now)
    house = House(cli, database, kids(cli)["active"], staff, customer, now)
    house.happened(entropy, EventType.SESSION_OPENED, account_id=staff, at=now - 5)
    yield house
    database.engine.dispose()


def types(report: dict[str, Any]) -> dict[str, list[str]]:
    """Give the types of the report's events by subject."""
    return {subject: [event["type"] for event in events] for subject, events in report["events"].items() if events}


def test_each_act_stands_under_its_subject(house: House, entropy: Entropy) -> None:
    """Keys, apps, staff, support; what customers do themselves is in none of them."""
    house.cli("accounts", "unlock", "dana")
    house.cli("accounts", "reset-factor", "dana", "--break-glass", "phone lost", "--yes")
    house.happened(entropy, EventType.SIGN_IN_SUCCEEDED, account_id=house.customer)
    house.cli("keys", "compromise", house.kid, "--reason", "laptop stolen", "--yes")
    house.cli("keys", "review", house.kid, LOGNAME="bob")
    house.sealed()
    report = house.cli.json("audit", "evidence", "--quarter", THIS)
    assert {
        "keys": ["keys.created"] * 2,
        "compromises": ["keys.compromised", "incident.told", "incident.reviewed"],
        "approvals": ["approval.broken_glass"],
        "staff": ["account.added"],
        "clients": ["client.added"],
        "support": ["account.unlocked", "factors.reset"],
    } == types(report)
    assert house.staff == report["events"]["staff"][0]["account_id"]
    assert ("ok", False) == (report["verification"]["result"], report["over"])


def test_every_event_names_its_number_in_the_chain(house: House) -> None:
    """By which it is found in a sealed export; one that is not sealed yet says so."""
    house.sealed()
    first = house.cli.json("audit", "evidence", "--quarter", THIS)["events"]["keys"][0]
    assert (1, 1) == (first["seq"], first["id"])
    house.cli("clients", "disable", "fleet", "--yes")
    assert None is house.cli.json("audit", "evidence", "--quarter", THIS)["events"]["clients"][-1]["seq"]
    told = house.cli("audit", "evidence", "--quarter", THIS).stdout
    assert (True, True) == ("| not sealed yet |" in told, "1 events of the last two minutes wait" in told)


def test_the_access_review_lists_staff_and_apps(house: House) -> None:
    """Also who and what is stopped: leftovers are what a review looks for."""
    house.cli("accounts", "disable", "eve", "--yes")
    house.cli("clients", "disable", "fleet", "--yes")
    report = house.cli.json("audit", "evidence", "--quarter", THIS)
    (eve,) = report["staff"]
    assert ("eve", "disabled", ["totp"]) == (eve["user_id"], eve["status"], eve["factors"])
    assert "security" == eve["role"]
    assert pytest.approx(house.now - 5) == eve["last_sign_in_at"]
    (fleet,) = report["clients"]
    assert (True, ["openid"]) == (fleet["disabled_at"] is not None, fleet["scopes"])
    assert ["account.added", "account.disabled"] == types(report)["staff"]


def test_a_rehearsal_is_a_drill_and_so_is_its_review(house: House, entropy: Entropy) -> None:
    """An auditor counts leaked keys; rehearsed ones are none."""
    incident = Incident(
        id="drill-1", kid="k", algorithm="ES256", purpose="drill", state_before="active", reason="", replaced_by=None,
        opened_at=house.now, opened_by="cli:alice@node",
    )  # fmt: skip
    with house.database.writing() as connection:
        add_incident(connection, incident)
    house.happened(entropy, EventType.KEYS_COMPROMISED, details={"id": "drill-1", "purpose": "drill"})
    house.happened(entropy, EventType.INCIDENT_REVIEWED, details={"incident": "drill-1", "kid": "k"})
    house.happened(entropy, EventType.INCIDENT_REVIEWED, details={"incident": "other", "kid": "l"})
    found = types(house.cli.json("audit", "evidence", "--quarter", THIS))
    assert ["keys.compromised", "incident.reviewed"] == found["drills"]
    assert ["incident.reviewed"] == found["compromises"]


def test_only_the_quarter_counts_to_the_instant(house: House, entropy: Entropy) -> None:
    """Its first instant belongs to it, the first of the next one doesn't."""
    quarter = quarter_named("2025Q4")
    assert ("2025-10-01", "2026-01-01") == tuple(
        datetime.fromtimestamp(at, UTC).date().isoformat() for at in (quarter.since, quarter.until)
    )
    for at, client_id in ((quarter.since, "first"), (quarter.until - 1e-3, "last"), (quarter.until, "next")):
        house.happened(entropy, EventType.CLIENT_CHANGED, at=at, client_id=client_id)
    house.sealed()
    report = house.cli.json("audit", "evidence", "--quarter", "2025q4")
    assert ["first", "last"] == [event["client_id"] for event in report["events"]["clients"]]
    assert (True, "2025Q4") == (report["over"], report["quarter"])


@pytest.mark.parametrize("name", ["2026", "2026Q5", "2026Q0", "Q4 2026", "0999Q1", "2999Q1"])
def test_no_other_quarter_is_understood(cli: Cli, name: str) -> None:
    """Nor one that has not begun: a report of it would look as if nothing had happened."""
    assert 2 == cli("audit", "evidence", "--quarter", name).exit_code


def test_a_broken_trail_is_the_first_thing_that_is_read(house: House, tmp_path: Path) -> None:
    """The report is written all the same; the command ends with 1, in both forms."""
    house.sealed()
    with house.database.writing() as connection:
        connection.execute(update(EVENTS).where(EVENTS.c.id == 2).values(actor="nobody"))
    told = house.cli("audit", "evidence", "--quarter", THIS)
    assert (1, True) == (told.exit_code, "**It does not hold.** At number 2, event 2: the event" in told.stdout)
    assert "does not hold. At number 2" in told.stderr
    assert 1 == house.cli("audit", "evidence", "--quarter", THIS, "--json").exit_code
    (tmp_path / "mail.txt").write_text("Dear auditor, nothing here.")
    wrong = house.cli("audit", "evidence", "--quarter", THIS, "--checkpoint", str(tmp_path / "mail.txt"))
    assert (2, True) == (wrong.exit_code, "no checkpoint stands in" in wrong.stderr)


def test_what_somebody_typed_stays_text(house: House) -> None:
    """A name or a reason can't add cells, links or headings to the report."""
    house.cli("keys", "compromise", house.kid, "--reason", "a | b # <img src=x> [c](d)", "--yes")
    house.sealed()
    markdown = house.cli("audit", "evidence", "--quarter", THIS, "--markdown").stdout
    assert r"| Fleet \| desk |" in markdown
    assert r"reason: a \| b \# \<img src=x\> \[c\](d)" in markdown
    assert "**Compared with checkpoints of this database alone**" in markdown
    assert f"# Evidence of {THIS}: http://localhost:8000" == markdown.splitlines()[0]
    assert "**so far: the quarter is not over**" in markdown
    assert 2 == house.cli("audit", "evidence", "--quarter", THIS, "--markdown", "--json").exit_code
