"""`idp keys`: the first keys, the list, and a rotation that asks first."""

from tests.unit.cli.conftest import Cli


def states(cli: Cli) -> list[str]:
    """Name the states of the signing keys, in order."""
    return sorted(key["state"] for key in cli.json("keys", "list"))


def test_the_first_keys_are_made_once(cli: Cli) -> None:
    """The second run finds everything there and makes nothing."""
    first, second = cli.json("keys", "init"), cli.json("keys", "init")
    assert (True, 10) == (first["kek_created"], len(first["created"]))
    assert (False, []) == (second["kek_created"], second["created"])
    assert ["active", "staged", "standby"] == states(cli)


def test_the_list_shows_no_private_part(cli: Cli) -> None:
    """Neither for people nor for programs, not even wrapped."""
    cli("keys", "init")
    everything = cli.json("keys", "list", "--all")
    assert {"canary", "pepper", "csrf", "lookup", "sealing", "proof", "tokens", "checkpoints"} == {
        one["purpose"] for one in everything
    }
    assert [] == [one for one in everything if "wrapped" in one or "d" in one.get("public_jwk", {})]


def test_a_rotation_asks_and_then_moves_each_key_on(cli: Cli) -> None:
    """The plan names who starts and who stops; a no changes nothing."""
    cli("keys", "init")
    refused = cli("keys", "rotate", "ES256", stdin="n\n")
    assert (1, True) == (refused.exit_code, "signs no more, for good" in refused.stderr)
    assert ["active", "staged", "standby"] == states(cli)
    done = cli.json("keys", "rotate", "ES256", "--yes")
    assert (1, False) == (len({done["retired"]} & {key["kid"] for key in cli.json("keys", "list")}), done["by_another"])
    assert ["active", "retiring", "staged", "standby"] == states(cli)


def test_what_cannot_be_rotated_is_told(cli: Cli) -> None:
    """An algorithm without keys is refused, one that is none is a usage error."""
    cli("keys", "init")
    assert 1 == cli("keys", "rotate", "PS256", "--yes").exit_code
    assert 2 == cli("keys", "rotate", "HS256", "--yes").exit_code


def test_a_lost_key_encryption_key_is_not_replaced(cli: Cli, tmp_path: object) -> None:
    """A new one could open nothing, so `init` ends with 2 instead of making it."""
    cli("keys", "init")
    result = cli("keys", "init", IDP_KEK_FILE=f"{tmp_path}/elsewhere")
    assert (2, True) == (result.exit_code, "restore" in result.stderr)
