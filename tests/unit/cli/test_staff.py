"""`idp accounts invite`, and the commands on keys and clients that take two people."""

from __future__ import annotations

from tests.unit.cli.conftest import Cli


def invite(cli: Cli, *more: str) -> str:
    """Invite sofia, and give the link."""
    return str(cli.json("accounts", "invite", "sofia", "--kind", "staff", "--role", "security", *more)["link"])


def test_a_link_is_printed_once(cli: Cli) -> None:
    """With a role, for an account without a password; each invitation has another link."""
    first = invite(cli, "--email", "sofia@example.com")
    assert first.startswith("http://localhost:8000/invitation?token=")
    assert first != invite(cli)
    shown = cli.json("accounts", "show", "sofia")
    assert ("staff", "security", "none") == (shown["kind"], shown["role"], shown["password"])
    in_words = cli("accounts", "invite", "sergei", "--role", "auditor").stdout
    assert "shown once" in in_words
    assert first.rpartition("=")[2] not in cli("audit", "tail", "--json").stdout


def test_a_customer_is_not_invited(cli: Cli) -> None:
    """Staff have accounts of their own."""
    cli.json("accounts", "add", "sofia")
    result = cli("accounts", "invite", "sofia", "--role", "security")
    assert (1, True) == (result.exit_code, "customer's account" in result.stderr)
    assert 2 == cli("accounts", "invite", "sergei").exit_code


def test_doctor_warns_while_there_are_fewer_than_two(cli: Cli) -> None:
    """The first two are invited at installation."""
    cli.json("keys", "init")
    assert "no security engineer can sign in" in cli("doctor").stdout


def test_a_weaker_sign_in_takes_two_people(cli: Cli) -> None:
    """To ask for more is anybody's; to ask for less waits; to break the glass does it."""
    cli.json("clients", "add", "portal", "--redirect-uri", "https://portal.example.com/cb")
    cli.json("clients", "update", "portal", "--minimum-acr", "urn:idp:mfa")
    waiting = cli.json("clients", "update", "portal", "--remove", "minimum_acr")
    assert [] == waiting["changed"]
    assert "urn:idp:mfa" in cli("clients", "show", "portal", "--json").stdout
    done = cli.json("clients", "update", "portal", "--remove", "minimum_acr", "--break-glass", "the app broke")
    assert ["minimum_acr"] == done["changed"]
    assert "urn:idp:mfa" not in cli("clients", "show", "portal", "--json").stdout


def test_a_private_part_is_destroyed_by_two(cli: Cli) -> None:
    """Only of a key that has left the JWKS; twice is an error that says so."""
    cli.json("keys", "init")
    staged = next(key for key in cli.json("keys", "list") if key["state"] == "staged")["kid"]
    assert 1 == cli("keys", "destroy", staged, "--yes", "--break-glass", "x").exit_code
    cli.json("keys", "compromise", staged, "--yes")
    assert not cli.json("keys", "destroy", staged, "--yes")["done"]
    assert cli.json("keys", "destroy", staged, "--yes", "--break-glass", "sold the machine")["done"]
    again = cli("keys", "destroy", staged, "--yes", "--break-glass", "x")
    assert (1, True) == (again.exit_code, "no private part" in again.stderr)


def test_waiting_for_apps_is_overridden_by_two(cli: Cli) -> None:
    """Then nobody is waited for."""
    cli.json("keys", "init")
    staged = next(key for key in cli.json("keys", "list") if key["state"] == "staged")["kid"]
    assert not cli.json("keys", "override", staged, "--yes")["done"]
    assert cli.json("keys", "override", staged, "--yes", "--break-glass", "the app is gone")["done"]
    assert 1 == cli("keys", "override", "nosuchkid", "--yes").exit_code
