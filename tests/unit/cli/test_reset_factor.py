"""`idp accounts reset-factor`, and second factors in `idp accounts show`."""

from __future__ import annotations

import pytest

from idp.mfa.factors import NewFactor, add_factor
from idp.mfa.policy import Factor
from idp.storage.database import Database
from idp.storage.engine import open_engine
from tests.unit.cli.conftest import Cli


@pytest.fixture
def with_dana(cli: Cli) -> Cli:
    """Give the command where dana has an app and a number."""
    account_id = cli.json("accounts", "add", "dana", "--email", "dana@example.com")["id"]
    engine = open_engine(cli.environment["IDP_DATABASE_URL"])
    with Database(engine).writing() as connection:
        app = NewFactor(id="app", account_id=account_id, kind=Factor.TOTP, name="My phone", secret=b"sealed")
        add_factor(connection, app, now=1.0)
        number = NewFactor(id="number", account_id=account_id, kind=Factor.SMS, name="", phone_number="+4915112345678")
        add_factor(connection, number, now=2.0)
    engine.dispose()
    return cli


def test_support_sees_what_somebody_has(with_dana: Cli) -> None:
    """Kind, name and when; of a number its end; of a seed nothing."""
    shown = with_dana.json("accounts", "show", "dana")
    assert 0 == shown["recovery_codes"]
    assert [("totp", "My phone", None), ("sms", "sms", "+49 \u2022\u2022\u2022 78")] == [
        (factor["kind"], factor["name"], factor.get("phone_number")) for factor in shown["factors"]
    ]
    # T84: what is read shows no secret, in whatever shape it is kept.
    for secret in ("c2VhbGVk", "sealed", "7365616c6564", "secret", "public_key", "password_hash", "argon2"):
        assert secret not in with_dana("accounts", "show", "dana", "--json").stdout
    in_words = with_dana("accounts", "show", "dana").stdout
    assert "totp (My phone), sms (sms)" in in_words
    assert "12345678" not in in_words


def test_what_was_lost_is_reset(with_dana: Cli) -> None:
    """Nothing is left, and the trail says whose act it was."""
    result = with_dana("accounts", "reset-factor", "dana", "--yes", "--break-glass", "the phone burned")
    assert (0, True) == (result.exit_code, "2 factors and 0 recovery codes removed" in result.stdout), result.output
    assert [] == with_dana.json("accounts", "show", "dana")["factors"]
    assert "none" in with_dana("accounts", "show", "dana").stdout
    trail = with_dana("audit", "tail", "--json").stdout
    assert '"factors.reset"' in trail
    assert '"cli:' in trail


def test_it_asks_first(with_dana: Cli) -> None:
    """The question says what it means; no is no."""
    result = with_dana("accounts", "reset-factor", "dana", stdin="n\n")
    assert (1, True) == (result.exit_code, "The password alone opens it then" in result.output)
    assert 2 == len(with_dana.json("accounts", "show", "dana")["factors"])


def test_for_programs(with_dana: Cli) -> None:
    """The counts, and the reference that the owner's mail names."""
    reset = with_dana("accounts", "reset-factor", "dana", "--yes", "--json", IDP_TWO_PERSON_ACTS="false")
    assert '"factors": 2' in reset.stdout
    assert '"reference": "' in reset.stdout


def test_nobody_by_that_name(with_dana: Cli) -> None:
    """As everywhere, what was typed is not repeated."""
    result = with_dana("accounts", "reset-factor", "hunter2", "--yes")
    assert (1, False) == (result.exit_code, "hunter2" in result.output)


def test_it_takes_a_second_person(with_dana: Cli) -> None:
    """Nothing is done yet; the address of the decision is printed, and that nobody can take it."""
    asked = with_dana("accounts", "reset-factor", "dana", "--yes")
    assert 0 == asked.exit_code
    assert "http://localhost:8000/security/approvals/" in asked.stdout
    assert "Nobody can" in asked.stdout
    assert 2 == len(with_dana.json("accounts", "show", "dana")["factors"])
    proposal = with_dana.json("accounts", "reset-factor", "dana", "--yes")
    assert proposal["approve_at"].endswith(proposal["approval"])


def test_what_was_done_alone_is_told(with_dana: Cli) -> None:
    """Doctor names who, what and why; and that one person is enough, where that is so."""
    with_dana("accounts", "reset-factor", "dana", "--yes", "--break-glass", "the phone burned")
    findings = with_dana("doctor", IDP_TWO_PERSON_ACTS="false").stdout
    assert "did reset_factor alone: the phone burned" in findings
    assert "two_person_acts is off" in findings
