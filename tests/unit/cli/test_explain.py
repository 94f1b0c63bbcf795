"""`idp clients explain`: from the number on a page, or of an answer, to what was refused, why, and what mends it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.app import Service
from idp.cli.explain import normal_form
from idp.cli.explain_words import words_for
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.unit.cli.conftest import Cli

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def service(cli: Cli, sqlite_url: str, tmp_path: Path) -> Iterator[Service]:
    """Give an issuer on the database that the command works with."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)) as service:
        yield service


def test_an_unregistered_address_is_explained(service: Service, cli: Cli) -> None:
    """The number on the error page leads to what was sent, what was registered then, and what is now."""
    app = App.register(service)
    page = app.ask(Browser(service), redirect_uri="https://app.example.com/other")
    reference = re.search(r"[A-Z]{4}-[0-9]{4}", page.text)
    assert reference is not None
    cli.json("clients", "update", "app", "--redirect-uri", "https://app.example.com/other")
    result = cli("clients", "explain", reference[0].lower().replace("-", " "))
    assert 0 == result.exit_code, result.output
    for words in (
        "sent:            https://app.example.com/other",
        f"registered then: {app.redirect_uri}",
        "registered now:  https://app.example.com/other",
        "not registered for it, character by character",
    ):
        assert words in result.stdout


def test_a_redirected_error_is_explained(service: Service, cli: Cli) -> None:
    """What went back to the app as an error stands in the trail with its check."""
    app = App.register(service)
    app.ask(Browser(service), code_challenge_method="plain")
    service.trail.stop()
    event = json.loads(cli("audit", "export", "--type", "authorization.refused").stdout.splitlines()[-1])
    (explanation,) = cli.json("clients", "explain", event["reference"])
    assert ("PKCE method", "plain") == (explanation["check"], explanation["sent"])
    assert "S256" in explanation["remedy"]


def test_a_wrong_secret_is_explained_by_the_request_id(service: Service, cli: Cli) -> None:
    """Apps see X-Request-Id; the secret that was tried is nowhere."""
    app = App.register(service)
    app.secret = "wrong"
    refused = app.call("/token", {"grant_type": "client_credentials"})
    assert 401 == refused.status_code
    (explanation,) = cli.json("clients", "explain", refused.headers["X-Request-Id"])
    assert ("client.authentication_failed", "wrong secret for app") == (explanation["event"], explanation["check"])
    assert "rotate-secret" in explanation["remedy"]


def test_a_spent_code_is_explained(service: Service, cli: Cli) -> None:
    """The second use of a code tells that its family has ended."""
    add_person(service)
    app = App.register(service)
    code = app.code(Browser(service))
    app.exchange(code)
    refused = app.exchange(code)
    explanations = cli.json("clients", "explain", refused.headers["X-Request-Id"])
    assert any("a second time" in one["why"] for one in explanations)


def test_a_number_that_nobody_gave_out_is_not_found(cli: Cli) -> None:
    """Not found is 1, with what is never recorded."""
    result = cli("clients", "explain", "KTMR-4821")
    assert (1, True) == (result.exit_code, "nothing is recorded under KTMR-4821" in result.stderr)


@pytest.mark.parametrize("typed", ["KTMR-4821", "ktmr4821", " ktmr 4821 ", "Ktmr - 4821"])
def test_a_number_is_found_however_it_is_spoken(typed: str) -> None:
    """It is read out on the phone."""
    assert "KTMR-4821" == normal_form(typed)


def test_every_check_has_words_of_its_own() -> None:
    """A new check in the list of an authorization request gets its explanation with it."""
    source = (CHECKOUT / "idp" / "oidc" / "authorization_checks.py").read_text()
    checks = set(re.findall(r'check="([^"]+)"', source))
    anything = words_for("a check that nobody knows", "")
    assert checks
    assert [] == [check for check in checks if words_for(check, "") == anything]


def test_every_refused_grant_and_authentication_has_words() -> None:
    """So do the private details of the token endpoint."""
    found = [
        detail
        for path in (CHECKOUT / "idp" / "oidc").rglob("*.py")
        for detail in re.findall(r'invalid_(?:grant|client)\(\s*f?"([^"]+)"', path.read_text())
    ]
    anything = words_for("a check that nobody knows", "")
    spoken = [re.sub(r"\{[^}]*\}", "app", detail) for detail in found]
    assert len(spoken) > 15
    assert [] == [detail for detail in spoken if words_for(detail, "") == anything]
