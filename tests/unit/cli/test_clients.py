"""`idp clients`: register, look, change, disable, rotate; each act leaves its event."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Cli

CALLBACK = "https://portal.example.com/callback"


def events(cli: Cli) -> list[tuple[str, str]]:
    """Name the recorded events and whom they are about."""
    lines = cli("audit", "export").stdout.splitlines()
    return [(event["type"], event["client_id"]) for event in map(json.loads, lines)]


def add(cli: Cli, client_id: str = "portal") -> str:
    """Register a client; gives its secret."""
    added = cli.json("clients", "add", client_id, "--name", "Portal", "--redirect-uri", CALLBACK)
    return str(added["client_secret"])


def test_a_client_is_registered_and_its_secret_shown_once(cli: Cli) -> None:
    """The secret stands in the answer of `add`, and nowhere afterwards."""
    secret = add(cli)
    shown = cli("clients", "show", "portal", "--json").stdout
    assert 43 == len(secret)
    assert secret not in shown
    assert {"client_name": "Portal", "redirect_uris": [CALLBACK]} == json.loads(shown)["metadata"]
    assert [("client.added", "portal")] == events(cli)


def test_every_option_lands_in_its_member(cli: Cli, tmp_path: Path) -> None:
    """Options come to the members of RFC 7591 that they are named after."""
    keys = tmp_path / "jwks.json"
    keys.write_text('{"keys": [{"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}]}')
    cli.json(
        *("clients", "add", "bank", "--redirect-uri", CALLBACK, "--post-logout-redirect-uri", "https://a.example.com/"),
        *("--backchannel-logout-uri", "https://a.example.com/bye", "--grant", "authorization_code"),
        *("--frontchannel-logout-uri", "https://portal.example.com/bye"),
        *("--security-event-uri", "https://a.example.com/events", "--security-contact", "cert@a.example.com"),
        *("--grant", "refresh_token", "--auth", "private_key_jwt", "--scope", "openid email", "--jwks", str(keys)),
        *("--profile", "oidc-basic", "--alg", "ES256", "--first-party", "--rotate-refresh", "--accent", "#1a2b3c"),
        *("--minimum-acr", "urn:idp:mfa", "--default-acr", "urn:idp:phishing-resistant"),
    )
    assert {
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": ["https://a.example.com/"],
        "backchannel_logout_uri": "https://a.example.com/bye",
        "frontchannel_logout_uri": "https://portal.example.com/bye",
        "security_event_uri": "https://a.example.com/events",
        "security_contact": "cert@a.example.com",
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": "openid email",
        "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}]},
        "profile": "oidc-basic",
        "id_token_signed_response_alg": "ES256",
        "first_party": True,
        "rotate_refresh": True,
        "accent": "#1a2b3c",
        "minimum_acr": "urn:idp:mfa",
        "default_acr_values": ["urn:idp:phishing-resistant"],
    } == cli.json("clients", "show", "bank")["metadata"]


def test_a_public_client_has_no_secret(cli: Cli) -> None:
    """Whoever can keep no secret is given none."""
    added = cli.json("clients", "add", "app", "--auth", "none", "--redirect-uri", "com.example.app:/callback")
    assert added["client_secret"] is None


def test_an_unacceptable_registration_is_refused_with_every_fault(cli: Cli) -> None:
    """Refused is 1, and each fault has its sentence."""
    result = cli("clients", "add", "p", "--redirect-uri", "http://a.example.com/", "--redirect-uri", "https://a/#b")
    assert 1 == result.exit_code
    assert ["http only on loopback" in result.stderr, "fragment" in result.stderr] == [True, True]
    assert [] == events(cli)


def test_an_algorithm_that_nothing_signs_with_is_refused(cli: Cli) -> None:
    """Post-quantum signatures are an operator's choice first: a client can't be registered for what is not enabled."""
    add(cli, "wallet")
    for command in (
        ("clients", "add", "portal", "--redirect-uri", CALLBACK, "--alg", "ML-DSA-65"),
        ("clients", "update", "wallet", "--alg", "ML-DSA-65"),
    ):
        result = cli(*command)
        assert (1, True) == (result.exit_code, "ML-DSA-65 is not one of signing_algs (ES256" in result.stderr)
    assert [("client.added", "wallet")] == events(cli)


def test_a_taken_id_is_refused(cli: Cli) -> None:
    """Ids are never given twice."""
    add(cli)
    result = cli("clients", "add", "portal", "--redirect-uri", CALLBACK)
    assert (1, "Error: portal is taken; `idp clients update portal` changes it\n") == (result.exit_code, result.stderr)


@pytest.mark.parametrize(
    "key", ['{"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "d": "secret"}', '{"kty": "AKP", "priv": "secret"}']
)
def test_a_private_key_is_never_registered(cli: Cli, tmp_path: Path, key: str) -> None:
    """A JWK set with a private member is turned away before anything is stored."""
    keys = tmp_path / "jwks.json"
    keys.write_text(f'{{"keys": [{key}]}}')
    result = cli("clients", "add", "b", "--redirect-uri", CALLBACK, "--auth", "private_key_jwt", "--jwks", str(keys))
    assert (2, True) == (result.exit_code, "private or symmetric key" in result.stderr)


def test_an_update_replaces_and_removes(cli: Cli) -> None:
    """What is named changes, what is not stays, what is removed goes."""
    add(cli)
    cli.json("clients", "update", "portal", "--redirect-uri", "https://new.example.com/cb", "--remove", "client_name")
    assert {"redirect_uris": ["https://new.example.com/cb"]} == cli.json("clients", "show", "portal")["metadata"]
    assert ("client.changed", "portal") == events(cli)[-1]


def test_an_update_of_nothing_is_a_usage_error(cli: Cli) -> None:
    """Nothing to change is told, not done."""
    add(cli)
    assert 2 == cli("clients", "update", "portal").exit_code


def test_a_client_that_begins_to_need_a_secret_is_told_so(cli: Cli) -> None:
    """A public client that becomes confidential has no secret until one is made."""
    cli.json("clients", "add", "app", "--auth", "none", "--redirect-uri", CALLBACK)
    result = cli("clients", "update", "app", "--auth", "client_secret_basic")
    assert "`idp clients rotate-secret app` makes one" in result.stdout


def test_disabling_asks_first(cli: Cli) -> None:
    """Without a yes nothing happens, and the plan was shown."""
    add(cli)
    result = cli("clients", "disable", "portal", stdin="n\n")
    assert (1, True) == (result.exit_code, "every token it holds is refused" in result.stderr)
    assert cli.json("clients", "show", "portal")["disabled_at"] is None


def test_a_disabled_client_comes_back(cli: Cli) -> None:
    """Disable and enable, with an event each."""
    add(cli)
    assert {"client_id": "portal", "disabled": True, "grants_ended": 0} == cli.json(
        "clients", "disable", "portal", "--yes"
    )
    assert "disabled" in cli("clients", "list").stdout
    cli.json("clients", "enable", "portal")
    assert cli.json("clients", "show", "portal")["disabled_at"] is None
    assert ["client.added", "client.disabled", "client.enabled"] == [name for name, _ in events(cli)]


def test_a_rotated_secret_leaves_the_old_one_for_a_while(cli: Cli) -> None:
    """Two secrets count until the first one's time is over."""
    secret = add(cli)
    rotated = cli.json("clients", "rotate-secret", "portal", "--keep-days", "1", "--yes")
    assert secret != rotated["client_secret"]
    kept = cli.json("clients", "show", "portal")["secrets"]
    assert [None, rotated["previous_until"]] == [one["expires_at"] for one in kept]


def test_a_client_without_secret_has_none_to_rotate(cli: Cli) -> None:
    """A public client is refused with the reason."""
    cli.json("clients", "add", "app", "--auth", "none", "--redirect-uri", CALLBACK)
    result = cli("clients", "rotate-secret", "app", "--yes")
    assert (1, True) == (result.exit_code, "has no secret" in result.stderr)


def test_an_unknown_client_is_told_by_every_command(cli: Cli) -> None:
    """Not found is 1, with where to look."""
    for command in (["show"], ["update", "--name", "x"], ["disable", "--yes"], ["enable"], ["rotate-secret", "--yes"]):
        result = cli("clients", command[0], "nobody", *command[1:])
        assert (1, "Error: no client is called nobody; see `idp clients list`\n") == (result.exit_code, result.stderr)


def test_whoever_ran_a_command_is_recorded(cli: Cli) -> None:
    """The audit trail names the user and the machine."""
    add(cli)
    actor = json.loads(cli("audit", "export").stdout)["actor"]
    assert actor.startswith("cli:")
    assert "@" in actor
