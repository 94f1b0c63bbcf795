"""``idp accounts close``, ``keep`` and ``export``."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.conftest import Cli


@pytest.fixture
def dana(cli: Cli) -> Cli:
    """Somebody."""
    assert 0 == cli("accounts", "add", "dana", "--email", "dana@example.com").exit_code
    return cli


def test_closing_is_asked_and_taken_back(dana: Cli) -> None:
    """Asked first; kept once, and then there is nothing to keep."""
    assert 1 == dana("accounts", "close", "dana", stdin="n\n").exit_code
    assert 1 == dana("accounts", "keep", "dana").exit_code
    done = dana("accounts", "close", "dana", "--yes")
    assert (0, True) == (done.exit_code, "dana is closed on 20" in done.stdout)
    assert "dana is kept." in dana("accounts", "keep", "dana").stdout
    assert 1 == dana("accounts", "keep", "dana").exit_code
    assert not dana.json("accounts", "close", "dana", "--yes")["closed"]


def test_at_once(dana: Cli) -> None:
    """Nothing is left to find."""
    assert "dana is closed." in dana("accounts", "close", "dana", "--at-once", "--yes").stdout
    assert 1 == dana("accounts", "show", "dana").exit_code
    assert "account.closed" in dana("audit", "tail").stdout


def test_everything_is_exported(dana: Cli) -> None:
    """As JSON, and the trail says so."""
    told = json.loads(dana("accounts", "export", "dana").stdout)
    assert "dana@example.com" == told["tables"]["accounts"][0]["email"]
    assert "account.exported" in dana("audit", "tail").stdout
    assert 1 == dana("accounts", "export", "nobody").exit_code
