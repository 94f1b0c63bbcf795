"""`idp accounts`: passwords that come as hashes, profiles, and passwords that others may know."""

from __future__ import annotations

import pytest

from tests.unit.cli.conftest import Cli

HASH = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"


@pytest.fixture
def with_keys(cli: Cli) -> Cli:
    """Give the command where keys exist, since passwords need the pepper."""
    assert 0 == cli("keys", "init").exit_code
    return cli


def test_a_hash_is_taken_over(with_keys: Cli) -> None:
    """The person keeps their password; nothing must be changed, and the hash stands in no output."""
    result = with_keys("accounts", "add", "tom", "--password-hash-stdin", stdin=HASH + "\n")
    assert (0, False) == (result.exit_code, HASH in result.output)
    assert "set" == with_keys.json("accounts", "show", "tom")["password"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("my password", "of a kind"), ("$2b$31" + HASH[6:], "dearer"), (HASH[:40], "damaged"), ("", "of a kind")],
)
def test_a_hash_that_is_not_taken_leaves_nothing_behind(with_keys: Cli, text: str, reason: str) -> None:
    """The reason is told, the text is not repeated: it may be a password."""
    result = with_keys("accounts", "add", "tom", "--password-hash-stdin", stdin=text)
    assert (1, True) == (result.exit_code, f"the hash is {reason}" in result.stderr)
    assert not text or text not in result.output
    assert 1 == with_keys("accounts", "show", "tom").exit_code


def test_a_password_or_a_hash(with_keys: Cli) -> None:
    """Both at once is a mistake."""
    assert 2 == with_keys("accounts", "add", "tom", "--password-stdin", "--password-hash-stdin").exit_code


def test_the_profile_holds_here_too(with_keys: Cli) -> None:
    """A first password is judged by the rules of the house."""
    strict = {"IDP_PASSWORD_PROFILE": "pci_strict"}
    words = "a first password without any number"
    assert 1 == with_keys("accounts", "add", "tom", "--password-stdin", stdin=words, **strict).exit_code
    assert 0 == with_keys("accounts", "add", "tom", "--password-stdin", stdin=words + " 7", **strict).exit_code


def test_an_unknown_profile_is_refused_at_the_start(cli: Cli) -> None:
    """A misspelt one must not pass for the default."""
    assert 2 == cli("accounts", "show", "tom", IDP_PASSWORD_PROFILE="strict").exit_code


def test_a_password_in_bad_hands_is_noted(with_keys: Cli) -> None:
    """It asks first, tells the reference, and is in the trail."""
    with_keys("accounts", "add", "tom", "--email", "tom@example.com", "--password-hash-stdin", stdin=HASH)
    assert 1 == with_keys("accounts", "compromise", "tom", stdin="n\n").exit_code
    noted = with_keys.json("accounts", "compromise", "tom", "--yes")
    assert "compromised" == with_keys.json("accounts", "show", "tom")["password"]
    assert (0, 0) == (noted["sessions"], noted["grants"])
    assert noted["reference"] in with_keys("audit", "tail").output


def test_who_has_no_password_has_none_in_bad_hands(cli: Cli) -> None:
    """The command says so."""
    cli.json("accounts", "add", "tom")
    result = cli("accounts", "compromise", "tom", "--yes")
    assert (1, True) == (result.exit_code, "no password" in result.stderr)
