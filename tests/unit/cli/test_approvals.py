"""`idp approvals`: what waits for a second person, and a no from a shell."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.cli.conftest import Cli


@pytest.fixture
def proposal(cli: Cli) -> dict[str, Any]:
    """Give the proposal that dana's second factors be reset, by a shell whose user is sergei."""
    cli.json("accounts", "add", "dana")
    cli.environment["LOGNAME"] = "sergei"
    proposed: dict[str, Any] = cli.json("accounts", "reset-factor", "dana", "--yes")
    cli.environment["LOGNAME"] = "sofia"
    return proposed


def test_nothing_waits(cli: Cli) -> None:
    """For people a sentence, for programs an empty list."""
    assert "Nothing waits for a second person.\n" == cli("approvals", "list").stdout
    assert [] == cli.json("approvals", "list")


def test_what_waits_is_listed(cli: Cli, proposal: dict[str, Any]) -> None:
    """What is proposed, with every argument; by whom, for how long, until when, and where it is approved."""
    (waiting,) = cli.json("approvals", "list")
    assert proposal["approval"] == waiting["approval"]
    assert ("reset_factor", {"account_id": proposal["id"]}) == (waiting["act"], waiting["arguments"])
    assert waiting["proposed_by"].startswith("cli:sergei@")
    assert 0 <= waiting["age_seconds"] < 60
    assert (proposal["approve_at"], proposal["expires_at"]) == (waiting["approve_at"], waiting["expires_at"])
    heading, line = cli("approvals", "list").stdout.splitlines()
    assert ["REFERENCE", "ACT", "ON", "BY", "AGE", "UNTIL", "APPROVE", "AT"] == heading.split()
    for shown in (proposal["approval"], f"account_id={proposal['id']}", "cli:sergei@", "0 min", proposal["approve_at"]):
        assert shown in line


def test_what_was_carried_out_waits_no_more(cli: Cli) -> None:
    """A broken glass leaves nothing to approve."""
    cli.json("accounts", "add", "dana")
    cli.json("accounts", "reset-factor", "dana", "--yes", "--break-glass", "the phone burned")
    assert [] == cli.json("approvals", "list")


def test_a_shell_says_no(cli: Cli, proposal: dict[str, Any]) -> None:
    """Once, and the trail says who; nothing waits any more."""
    refused = cli("approvals", "refuse", proposal["approval"])
    assert 0 == refused.exit_code, refused.output
    assert "reset_factor, proposed by cli:sergei@" in refused.stdout
    assert [] == cli.json("approvals", "list")
    again = cli("approvals", "refuse", proposal["approval"])
    assert (1, True) == (again.exit_code, "somebody has decided" in again.stderr)
    trail = cli("audit", "tail", "--type", "approval.refused", "--json").stdout
    assert '"cli:sofia@' in trail
    assert proposal["approval"] in trail


def test_the_address_of_a_proposal_names_it(cli: Cli, proposal: dict[str, Any]) -> None:
    """What the proposing command printed can be pasted as it is."""
    refused = cli.json("approvals", "refuse", proposal["approve_at"])
    assert (proposal["approval"], "refused") == (refused["approval"], refused["state"])


def test_what_nobody_proposed(cli: Cli) -> None:
    """The command that shows what waits is named."""
    result = cli("approvals", "refuse", "-nosuch")
    assert (1, True) == (result.exit_code, "idp approvals list" in result.stderr)
