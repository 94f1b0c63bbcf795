"""``idp keys stage | activate | retire | remove``."""

from tests.unit.cli.conftest import Cli


def kids(cli: Cli, algorithm: str = "ES256") -> dict[str, str]:
    """The kid of each state, of an algorithm."""
    return {key["state"]: key["kid"] for key in cli.json("keys", "list") if key["algorithm"] == algorithm}


def test_one_of_each_is_enough(cli: Cli) -> None:
    """What waits already is named, and none is made beside it."""
    cli("keys", "init")
    there = kids(cli)
    for options, state in (((), "staged"), (("--standby",), "standby")):
        told = cli.json("keys", "stage", "ES256", *options)
        assert (there[state], state, False) == (told["kid"], told["state"], told["made"])
    assert 2 == cli("keys", "stage", "HS256").exit_code


def test_what_is_removed_can_be_made_anew(cli: Cli) -> None:
    """An unwanted staged key leaves the JWKS; the next one is another."""
    cli("keys", "init")
    unwanted = kids(cli)["staged"]
    assert "removed" == cli.json("keys", "remove", unwanted, "--yes")["state"]
    made = cli.json("keys", "stage", "ES256")
    assert (True, True) == (made["made"], made["kid"] != unwanted)
    again = cli("keys", "remove", unwanted, "--yes")
    assert (1, True) == (again.exit_code, "that is removed can't become removed" in again.stderr)


def test_a_named_key_is_activated(cli: Cli) -> None:
    """Asked first; only a staged one can be."""
    cli("keys", "init")
    before = kids(cli)
    assert 1 == cli("keys", "activate", before["staged"], stdin="n\n").exit_code
    assert before == kids(cli)
    done = cli.json("keys", "activate", before["staged"], "--yes")
    assert (before["staged"], before["active"]) == (done["activated"], done["retired"])


def test_the_standby_key_is_not_for_working_days(cli: Cli) -> None:
    """Nor is a key that was never made."""
    cli("keys", "init")
    for kid in (kids(cli)["standby"], "no-such-key"):
        refused = cli("keys", "activate", kid, "--yes")
        assert (1, True) == (refused.exit_code, kid in refused.stderr)


def test_a_key_whose_tokens_may_be_alive_stays(cli: Cli) -> None:
    """It leaves when the last of them has ended, everywhere."""
    cli("keys", "init")
    cli("keys", "rotate", "ES256", "--yes")
    refused = cli("keys", "remove", kids(cli)["retiring"], "--yes")
    assert (1, True) == (refused.exit_code, "may be alive for another" in refused.stderr)


def test_an_algorithm_in_use_does_not_end(cli: Cli) -> None:
    """The clients that need it are named; without any it ends."""
    cli("keys", "init")
    cli("clients", "add", "app", "--redirect-uri", "https://app.example.com/callback")
    active = kids(cli)["active"]
    refused = cli("keys", "retire", active, "--yes")
    assert (1, True) == (refused.exit_code, "what these clients get: app" in refused.stderr)
    cli("clients", "disable", "app", "--yes")
    assert "retiring" == cli.json("keys", "retire", active, "--yes")["state"]


def test_who_has_not_fetched_the_next_key_is_named(cli: Cli) -> None:
    """By the list, for people and for programs, and by the rotation that it holds up."""
    cli("keys", "init")
    cli("clients", "add", "lazy", "--redirect-uri", "https://app.example.com/callback", "--own-jwks")
    staged = kids(cli)["staged"]
    assert f"{staged} waits for apps that have not fetched it: lazy" in cli("keys", "list").stdout
    (key,) = [key for key in cli.json("keys", "list") if key["kid"] == staged]
    assert ["lazy"] == key["not_fetched_by"]
    refused = cli("keys", "rotate", "ES256", "--yes")
    assert (1, True) == (refused.exit_code, f"{staged} does not sign yet: lazy has not fetched it" in refused.stderr)
    cli("clients", "update", "lazy", "--shared-jwks")
    assert 0 == cli("keys", "rotate", "ES256", "--yes").exit_code


def test_apps_that_share_an_address_have_a_day(cli: Cli) -> None:
    """Unless none is registered."""
    cli("keys", "init")
    cli("clients", "add", "app", "--redirect-uri", "https://app.example.com/callback")
    refused = cli("keys", "rotate", "ES256", "--yes", IDP_PICK_UP_HOURS="24")
    assert (1, True) == (refused.exit_code, "another 24.0 hours" in refused.stderr)
    cli("clients", "disable", "app", "--yes")
    assert 0 == cli("keys", "rotate", "ES256", "--yes", IDP_PICK_UP_HOURS="24").exit_code


def test_the_list_says_what_comes_next(cli: Cli) -> None:
    """When the staged key will sign by itself, for people and for programs."""
    cli("keys", "init")
    (staged,) = [key for key in cli.json("keys", "list") if key["state"] == "staged"]
    assert ("rotate", 90 * 86_400) == (staged["next"]["step"], round(staged["next"]["due_at"] - staged["created_at"]))
    assert "signs from" in cli("keys", "list").stdout
