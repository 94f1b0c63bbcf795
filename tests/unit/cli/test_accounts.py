"""`idp accounts`: add, show, disable, enable; passwords are judged, and must be changed in production."""

import pytest

from tests.unit.cli.conftest import Cli

PASSWORD = "a first password, long enough"


@pytest.fixture
def with_keys(cli: Cli) -> Cli:
    """Give the command where keys exist, since passwords need the pepper."""
    assert 0 == cli("keys", "init").exit_code
    return cli


def test_a_person_without_password_cannot_sign_in_yet(cli: Cli) -> None:
    """An account may exist before its person has anything to sign in with."""
    result = cli("accounts", "add", "dana", "--email", "dana@example.com", "--name", "Dana Roadwell")
    assert (0, True) == (result.exit_code, "nobody can sign in as it yet" in result.stdout)
    shown = cli.json("accounts", "show", "dana")
    assert ("none", {"name": "Dana Roadwell"}, "active") == (shown["password"], shown["claims"], shown["status"])


def test_a_first_password_is_read_from_standard_input(with_keys: Cli) -> None:
    """In development it may stay; it stands in no output."""
    result = with_keys("accounts", "add", "dana", "--email", "d@example.com", "--password-stdin", stdin=PASSWORD + "\n")
    assert (0, False) == (result.exit_code, PASSWORD in result.output)
    assert "set" == with_keys.json("accounts", "show", "dana")["password"]


def test_in_production_it_must_be_changed_at_first_use(with_keys: Cli) -> None:
    """Whoever gives a password to somebody else knows it, so it does not last."""
    production = {
        "IDP_MODE": "production",
        "IDP_PICK_UP_HOURS": "24",
        "IDP_ISSUER": "https://id.example.com",
        "IDP_PASSWORD_HASHING": "owasp",
        **{f"IDP_{name}_URI": "https://example.com/" for name in ("IMPRINT", "PRIVACY", "ACCESSIBILITY")},
        "IDP_SUPPORT_PHONE": "+1 555 0100",
        "IDP_REPORT_ADDRESS": "phishing@example.com",
        "IDP_SMTP_URL": "smtps://mail.example.com",
        "IDP_MAIL_FROM": "no-reply@example.com",
        "IDP_SECURITY_CONTACT": "mailto:security@example.com",
    }
    result = with_keys("accounts", "add", "dana", "--password-stdin", stdin=PASSWORD, **production)
    assert (0, True) == (result.exit_code, "must be changed at first use" in result.stdout), result.output
    assert "must be changed" == with_keys.json("accounts", "show", "dana")["password"]


def test_a_short_password_is_refused(with_keys: Cli) -> None:
    """The policy of the pages holds here, too, and nothing is left behind."""
    result = with_keys("accounts", "add", "dana", "--password-stdin", stdin="too short\n")
    assert (1, "Error: the password is shorter than 15 characters\n") == (result.exit_code, result.stderr)
    assert 1 == with_keys("accounts", "show", "dana").exit_code


def test_a_taken_name_is_refused(cli: Cli) -> None:
    """One name, one person, in whatever spelling."""
    cli.json("accounts", "add", "dana")
    result = cli("accounts", "add", "DANA")
    assert (1, True) == (result.exit_code, "belongs to another account" in result.stderr)


def test_a_user_id_is_nobody_elses_address(cli: Cli) -> None:
    """T42: who names an account as somebody's e-mail address would get that person's sign-ins; neither way round."""
    cli.json("accounts", "add", "dana", "--email", "dana@example.com")
    for name, address in (("Dana@Example.com", "mallory@example.com"), ("mallory", "dana")):
        result = cli("accounts", "add", name, "--email", address)
        assert (1, False) == (result.exit_code, "mallory" in str(cli.json("accounts", "show", "dana"))), result.output


def test_an_unacceptable_account_is_refused_with_every_fault(cli: Cli) -> None:
    """Each fault has its sentence."""
    result = cli("accounts", "add", "dana ", "--email", "nowhere", "--locale", "??")
    assert 1 == result.exit_code
    assert 4 == len(result.stderr.splitlines())


def test_what_was_typed_for_nobody_is_not_repeated(cli: Cli) -> None:
    """People paste passwords into the wrong field."""
    result = cli("accounts", "show", "my secret password")
    assert (1, False) == (result.exit_code, "my secret password" in result.output)


def test_a_disabled_account_comes_back(cli: Cli) -> None:
    """Disable asks, ends what is there, and enable undoes the stop alone."""
    cli.json("accounts", "add", "dana")
    assert 1 == cli("accounts", "disable", "dana", stdin="n\n").exit_code
    assert "active" == cli.json("accounts", "show", "dana")["status"]
    assert 0 == cli.json("accounts", "disable", "dana", "--yes")["sessions"]
    shown = cli.json("accounts", "show", "dana")
    assert ("disabled", True) == (shown["status"], shown["not_before"] is not None)
    cli.json("accounts", "enable", "dana")
    shown = cli.json("accounts", "show", "dana")
    assert ("active", True) == (shown["status"], shown["not_before"] is not None)


def test_sessions_end_and_nothing_else(cli: Cli) -> None:
    """It asks; then the account is as it was, but what it had before is void, and the trail says whose act it was."""
    cli.json("accounts", "add", "dana")
    assert 1 == cli("accounts", "end-sessions", "dana", stdin="n\n").exit_code
    assert cli.json("accounts", "show", "dana")["not_before"] is None
    said = cli("accounts", "end-sessions", "dana", "--yes").stdout
    assert "dana is signed out: 0 sessions and 0 grants ended." in said
    shown = cli.json("accounts", "show", "dana")
    assert ("active", True) == (shown["status"], shown["not_before"] is not None)
    ended = cli.json("accounts", "end-sessions", "dana", "--yes")
    assert (0, 0, []) == (ended["sessions"], ended["grants"], ended["apps"])
    trail = cli("audit", "tail", "--type", "session.ended", "--json").stdout
    assert ended["reference"] in trail
    assert '"cli:' in trail
    assert 1 == cli("accounts", "end-sessions", "nobody", "--yes").exit_code


def test_a_reset_is_mailed_to_the_confirmed_address_alone(with_keys: Cli) -> None:
    """Neither link nor code is shown; without a password, an address or a pause there is nothing to mail."""
    with_keys.json("accounts", "add", "tom", "--email", "tom@example.com", "--email-verified")
    assert "has no password" in with_keys("accounts", "start-reset", "tom").stderr
    with_keys.json("accounts", "add", "cora", "--email", "cora@example.com", "--password-stdin", stdin=PASSWORD)
    assert "no confirmed address" in with_keys("accounts", "start-reset", "cora").stderr
    confirmed = ("--email", "dana@example.com", "--email-verified")
    with_keys.json("accounts", "add", "dana", *confirmed, "--password-stdin", stdin=PASSWORD)
    mailed = with_keys.json("accounts", "start-reset", "dana")
    assert {"id", "reference", "mailed"} == mailed.keys()
    assert mailed["reference"] in with_keys("audit", "tail", "--type", "recovery.asked", "--json").stdout
    assert "less than two minutes ago" in with_keys("accounts", "start-reset", "dana").stderr


def test_without_keys_there_is_no_pepper(cli: Cli) -> None:
    """A password before `idp keys init` ends with 2, and the command to run."""
    result = cli("accounts", "add", "dana", "--password-stdin", stdin=PASSWORD)
    assert (2, True) == (result.exit_code, "idp keys init" in result.stderr)


def test_unlocking_is_written_down(cli: Cli) -> None:
    """Whoever lets passwords be tried again stands in the trail; an account that nobody has cannot be unlocked."""
    made = cli.json("accounts", "add", "dana")
    assert {"id": made["id"], "unlocked": True} == cli.json("accounts", "unlock", "dana")
    assert 1 == cli("accounts", "unlock", "nobody").exit_code
    assert "account.unlocked" in cli("audit", "tail").stdout


def test_an_address_that_was_proved_to_support(cli: Cli) -> None:
    """It counts as confirmed at once; one that is two, or somebody's user ID, is refused."""
    cli.json("accounts", "add", "dana", "--email", "old@example.com")
    cli.json("accounts", "add", "tom@example.com")
    result = cli("accounts", "set-email", "dana", "new@example.com", "--yes")
    assert (0, True) == (result.exit_code, "both are told" in result.stdout)
    shown = cli.json("accounts", "show", "dana")
    assert ("new@example.com", True) == (shown["email"], shown["email_verified"])
    for address in ("a@example.com,b@example.com", "tom@example.com"):
        assert 1 == cli("accounts", "set-email", "dana", address, "--yes").exit_code
