"""``idp keys compromise | incident | review``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Cli
from tests.unit.cli.test_key_lives import kids

SECOND = {"LOGNAME": "bob"}
"""Another person at the same machine."""


@pytest.fixture
def leaked(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the kid of the key that signs, for two apps."""
    monkeypatch.setenv("LOGNAME", "alice")
    cli("keys", "init")
    for client_id in ("driver", "fleet"):
        cli("clients", "add", client_id, "--name", client_id.title(), "--redirect-uri", "https://a.example.com/cb")
    return kids(cli)["active"]


def test_the_first_lines_say_what_is_done_and_what_to_do_now(cli: Cli, leaked: str) -> None:
    """At three in the morning nobody reads further."""
    standby = kids(cli)["standby"]
    lines = cli("keys", "compromise", leaked, "--reason", "laptop stolen", "--yes").stdout.splitlines()
    assert lines[0].startswith(f"Done: {leaked} is out of service and refused everywhere since ")
    assert f"Done: {standby} signs instead; apps have held it in their JWKS." == lines[1]
    assert lines[2].startswith("Now: tell 2 apps' security contacts: idp keys incident ")
    assert (True, True) == (lines[3].startswith("Wait: until "), lines[4].startswith("Then: a second person runs "))


def test_it_asks_first_and_a_no_changes_nothing(cli: Cli, leaked: str) -> None:
    """A slip of the hand is not a containment."""
    assert 1 == cli("keys", "compromise", leaked, stdin="n\n").exit_code
    assert leaked == kids(cli)["active"]


def test_the_report_has_times_apps_and_the_message(cli: Cli, leaked: str) -> None:
    """As Markdown and as JSON, with the same facts."""
    done = cli.json("keys", "compromise", leaked, "--reason", "laptop stolen", "--yes")
    markdown = cli("keys", "incident", leaked, "--markdown").stdout
    told = cli.json("keys", "incident", done["incident"]["id"])
    for words in (leaked, "laptop stolen", "- Driver (`driver`)", "- Fleet (`fleet`)", told["message"], "cli:alice@"):
        assert words in markdown
    assert ["driver", "fleet"] == [client["client_id"] for client in told["clients"]]
    assert "no security contact, hears no security events, may believe the key for another 11 minutes" in markdown
    assert 660 == told["apps_follow_until"] - told["incident"]["opened_at"]
    assert 86_400 == told["review_due_at"] - told["incident"]["opened_at"]


def test_the_report_says_how_far_each_app_is(cli: Cli, leaked: str) -> None:
    """Whom to write to, whether the event has come, whether it has fetched the keys again."""
    events = ("--security-event-uri", "https://a.example.com/events")
    assert 0 == cli("clients", "update", "driver", *events, "--security-contact", "cert@a.example.com").exit_code
    assert 0 == cli("clients", "update", "fleet", "--own-jwks").exit_code
    cli("keys", "compromise", leaked, "--yes")
    markdown = cli("keys", "incident", leaked, "--markdown").stdout
    assert "- Driver (`driver`): contact cert@a.example.com, its security event is on the way" in markdown
    assert "- Fleet (`fleet`): no security contact, hears no security events, **has not fetched" in markdown
    driver, fleet = cli.json("keys", "incident", leaked)["clients"]
    assert ("waiting", "cert@a.example.com", None) == (driver["event"], driver["security_contact"], fleet["event"])


@pytest.mark.parametrize("wrong", [
    ("--security-event-uri", "http://a.example.com/events"), ("--security-event-uri", "ftp://a.example.com/events"),
    ("--security-contact", "nobody"), ("--security-contact", "a@b, c@d"),
])  # fmt: skip
def test_what_cannot_be_told_is_refused(cli: Cli, leaked: str, wrong: tuple[str, str]) -> None:
    """An address that nobody can be reached at is found when it is registered, not on that night."""
    refused = cli("clients", "update", "driver", *wrong)
    assert (1, True) == (refused.exit_code, wrong[0].removeprefix("--").replace("-", "_") in refused.stderr)


def test_the_review_is_a_second_persons(cli: Cli, leaked: str) -> None:
    """Alice opened it; Bob looks at it; the list says so."""
    cli("keys", "compromise", leaked, "--yes")
    assert "due " in cli("keys", "incident").stdout
    refused = cli("keys", "review", leaked)
    assert (1, True) == (refused.exit_code, "a second person reviews it" in refused.stderr)
    assert 0 == cli("keys", "review", leaked, **SECOND).exit_code
    assert "by cli:bob@" in cli("keys", "incident").stdout


def test_a_false_alarm_is_withdrawn(cli: Cli, leaked: str) -> None:
    """The incident says so; the key does not come back."""
    cli("keys", "compromise", leaked, "--yes")
    assert 0 == cli("keys", "compromise", leaked, "--withdraw").exit_code
    assert "withdrawn by cli:alice@" in cli("keys", "incident").stdout
    assert leaked == kids(cli)["compromised"]


def test_it_works_where_the_key_encryption_key_is_not(cli: Cli, leaked: str, tmp_path: Path) -> None:
    """A shell with the database alone is enough."""
    done = cli("keys", "compromise", leaked, "--yes", IDP_KEK_FILE=str(tmp_path / "nowhere"))
    assert (0, True) == (done.exit_code, "Going on without it" in done.stderr)
    assert leaked == kids(cli)["compromised"]


def test_it_works_while_the_token_of_that_key_is_away(cli: Cli, leaked: str, tmp_path: Path) -> None:
    """A worst night is no night to wait for hardware."""
    (tmp_path / "pin").write_text("1234")
    (tmp_path / "pin").chmod(0o600)
    away = f"pkcs11:token=idp;object=kek?module-path={tmp_path}/gone.so&pin-source=file:{tmp_path}/pin"
    node = Cli({name: value for name, value in cli.environment.items() if name != "IDP_KEK_FILE"})
    done = node("keys", "compromise", leaked, "--yes", IDP_KEK_PKCS11=away)
    assert (0, True) == (done.exit_code, "Going on without it" in done.stderr)
    assert leaked == kids(cli)["compromised"]


def test_what_is_unknown_is_told(cli: Cli, leaked: str) -> None:
    """No key, no incident."""
    for command in (("compromise", "nothing", "--yes"), ("incident", leaked), ("review", leaked)):
        refused = cli("keys", *command)
        assert (1, True) == (refused.exit_code, refused.stderr.startswith("Error: "))


def test_a_drill_says_which_node_failed_it(cli: Cli, leaked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing runs at that address: a failure, and the report is marked as a drill's."""
    monkeypatch.setattr("idp.acts.drill_key.PATIENCE_SECONDS", 0.1)
    done = cli("keys", "drill", "--node", "http://127.0.0.1:9", "--json")
    assert (1, False) == (done.exit_code, json.loads(done.stdout)["passed"])
    assert "# DRILL: " in cli("keys", "incident", json.loads(done.stdout)["kid"], "--markdown").stdout
    told = cli("keys", "drill", "--node", "http://127.0.0.1:9")
    assert "FAILED: http://127.0.0.1:9 did not publish the key" in told.stdout
    assert leaked == kids(cli)["active"]
