"""A newcomer starts the demo, signs in to both portals, signs out, and connects an app of their own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from click.testing import CliRunner
from werkzeug.test import Client

from idp.cli import main
from idp.demo.clients import portals
from idp.demo.people import PASSWORD
from idp.demo.portals import load_portal
from tests.support.demo import Demo, Visitor, command, environment, listens, running_demo, start_demo, three_free_ports

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Give a demo that the tests of this module share."""
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


def test_the_terminal_shows_the_way(demo: Demo) -> None:
    """Addresses, people, the password and five steps."""
    for shown in (demo.issuer, demo.driver, demo.fleet, "dana", "felix", "correct horse battery staple 7", "  5. "):
        assert shown in demo.terminal


def test_one_sign_in_serves_both_portals(demo: Demo) -> None:
    """The second portal needs no password, and each keeps its own cookie in the one jar."""
    with Visitor() as visitor:
        home = visitor.sign_in(demo.driver, "dana")
        assert (f"{demo.driver}/", True) == (home.url, "Hello Dana" in home.text)
        assert "dana@example.com" in home.text
        fleet = visitor.open(f"{demo.fleet}/sign-in")
        assert (f"{demo.fleet}/", True) == (fleet.url, "Dana Q. Roadwell" in fleet.text)
        assert {"driver_portal", "fleet_portal"} <= visitor.cookies()
        assert "Hello Dana" in visitor.open(demo.driver).text


def test_signing_out_ends_the_session_at_the_issuer(demo: Demo) -> None:
    """The person comes back to the portal, and the next sign-in asks for the password again."""
    with Visitor() as visitor:
        home = visitor.sign_in(demo.driver, "dana")
        goodbye = visitor.submit(home, {})
        assert (True, True) == (goodbye.url.startswith(f"{demo.driver}/signed-out?"), "signed out" in goodbye.text)
        assert 'name="password"' in visitor.open(f"{demo.fleet}/sign-in").text


def test_cancelling_is_told_in_words(demo: Demo) -> None:
    """Whoever does not sign in comes back to a page that says so."""
    with Visitor() as visitor:
        back = visitor.submit(visitor.open(f"{demo.fleet}/sign-in"), {"action": "cancel"})
        assert (f"{demo.fleet}/callback", True) == (back.url.split("?")[0], "You chose not to sign in" in back.text)


def test_a_portal_trusts_no_answer_of_another_issuer(demo: Demo) -> None:
    """An answer without our `iss`, or with a state that this browser did not begin, signs nobody in."""
    with Visitor() as visitor:
        for query in ("code=a&state=b", "code=a&state=b&iss=https://evil.example.com"):
            assert "did not come from our sign-in service" in visitor.open(f"{demo.driver}/callback?{query}").text
        stray = visitor.open(f"{demo.driver}/callback?code=a&state=b&iss={demo.issuer}")
        assert "was begun elsewhere" in stray.text


def test_another_name_of_this_machine_leads_to_localhost(demo: Demo) -> None:
    """Cookies know one name only, for the issuer and both portals."""
    for port in range(demo.port, demo.port + 3):
        answer = requests.get(f"http://127.0.0.1:{port}/some/page?a=b", allow_redirects=False, timeout=20)
        assert (307, f"http://localhost:{port}/some/page?a=b") == (answer.status_code, answer.headers["Location"])


def test_an_app_of_ones_own_connects_with_what_the_page_says(demo: Demo) -> None:
    """Authlib's client, with the values of /demo/connect, gets tokens after consent."""
    with Visitor() as visitor:
        page = visitor.open(f"{demo.issuer}/demo/connect").text
        client_id, secret, redirect_uri = (
            re.findall(rf"<dt>{name}</dt>\s*<dd><code[^>]*>([^<]+)", page)[0]
            for name in ("Client ID", "Client secret", "Redirect URI")
        )
        client = OAuth2Session(
            client_id, secret, scope="openid email", redirect_uri=redirect_uri, code_challenge_method="S256"
        )
        address, _state = client.create_authorization_url(f"{demo.issuer}/authorize", code_verifier="v" * 43)
        consent = visitor.submit(
            visitor.open(address), {"user_id": "dana", "password": "correct horse battery staple 7"}
        )
        assert "Your App" in consent.text
        with pytest.raises(requests.ConnectionError) as nobody_listens:
            visitor.submit(consent, {"action": "allow"})
        request = nobody_listens.value.request
        assert request is not None
        token = client.fetch_token(
            f"{demo.issuer}/token", authorization_response=str(request.url), code_verifier="v" * 43
        )
        told = client.get(f"{demo.issuer}/userinfo", timeout=20).json()
        assert ("Bearer", "dana@example.com") == (token["token_type"], told["email"])
        client.close()


def test_the_demos_pages_are_there(demo: Demo) -> None:
    """The tour links both portals, and the mailbox."""
    home = requests.get(f"{demo.issuer}/", timeout=20)
    assert (200, True, True) == (home.status_code, demo.driver in home.text, demo.fleet in home.text)
    assert '"/demo/mailbox"' in home.text
    assert 200 == requests.get(f"{demo.issuer}/demo/mailbox", timeout=20).status_code


def test_commands_work_on_the_demo(demo: Demo) -> None:
    """With the settings file that its terminal names; a refused request is explained."""
    page = requests.get(f"{demo.issuer}/authorize?client_id=your-app&redirect_uri=https://evil.example.com", timeout=20)
    reference = re.search(r"[A-Z]{4}-[0-9]{4}", page.text)
    assert reference is not None
    config = ["--config", str(demo.settings_file)]
    told = CliRunner().invoke(main, ["clients", "explain", reference[0], *config], env={"IDP_DEMO_PORT": None})
    assert (0, True) == (told.exit_code, "sent:            https://evil.example.com" in told.stdout), told.output


def test_a_taken_port_is_one_clear_sentence(demo: Demo, tmp_path: Path) -> None:
    """A second demo on the same ports names the port and the way out, and exits 2."""
    second = subprocess.run(
        command(demo.port - 1),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (2, "") == (second.returncode, second.stdout)
    assert f"port {demo.port} is taken by another program" in second.stderr
    assert 1 == len(second.stderr.splitlines())


def test_it_ends_with_ctrl_c_and_starts_again_where_it_was(tmp_path: Path) -> None:
    """All three ports are free at once, and the next start finds its people and clients unchanged.

    Nobody has signed in to this demo, so its mailbox says that nothing was sent.
    """
    port = three_free_ports()
    demo = start_demo(tmp_path, port)
    assert "Nothing yet" in requests.get(f"{demo.issuer}/demo/mailbox", timeout=20).text
    demo.process.send_signal(signal.SIGINT)
    assert 0 == demo.process.wait(20), demo.terminal
    assert [False] * 3 == [listens(port + place) for place in range(3)]
    assert "its data is kept" in demo.terminal
    (tmp_path / "terminal.txt").unlink()
    demo = start_demo(tmp_path, port)
    trail = CliRunner().invoke(main, ["audit", "export", "--type", "client.", "--config", str(demo.settings_file)])
    demo.process.send_signal(signal.SIGINT)
    assert 0 == demo.process.wait(20)
    assert 4 == trail.stdout.count('"client.added"')
    assert "client.changed" not in trail.stdout


def test_a_killed_demo_leaves_nobody_behind(tmp_path: Path) -> None:
    """Issuer and portals end with the process that the newcomer started, even when that is killed."""
    port = three_free_ports()
    demo = start_demo(tmp_path, port)
    demo.process.kill()
    demo.process.wait(20)
    until = time.monotonic() + 20
    while any(listens(port + place) for place in range(3)):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_portal_renews_its_tokens_and_notices_the_end(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old access token is renewed without anybody noticing; once the account is stopped, the portal lets go."""
    driver = portals(demo.port)[0]
    portal = Client(load_portal(driver, issuer=demo.issuer))
    # Every token is old for this copy of the portal, so that each page renews it.
    monkeypatch.setattr(sys.modules["driver_portal.app"], "LEEWAY", 10_000)

    def page(address: str) -> str:
        return portal.get(address.removeprefix(demo.driver), base_url=demo.driver).text

    away = portal.get("/sign-in", base_url=demo.driver).headers["Location"]
    with Visitor() as visitor:
        form = visitor.open(away)
        back = visitor.submit(form, {"user_id": "felix", "password": PASSWORD}, follow=False).headers["Location"]
    assert back.startswith(f"{demo.driver}/callback?code=")
    page(back)
    assert "Hello Felix" in page("/")
    assert "Hello Felix" in page("/")
    config = ["--config", str(demo.settings_file)]
    assert 0 == CliRunner().invoke(main, ["accounts", "disable", "felix", "--yes", *config]).exit_code
    assert "Your session has ended" in page("/")
    assert 0 == CliRunner().invoke(main, ["accounts", "enable", "felix", *config]).exit_code


def test_who_answers_for_a_loan_may_look(demo: Demo) -> None:
    """The holder sees the contract and a way to change who pays; the guarantor sees the contract, and no such way."""
    with Visitor() as visitor:
        page = visitor.sign_in(demo.driver, "dana").text
        assert ("EMF-2041-7730" in page, "Change the account that pays" in page) == (True, True)
    with Visitor() as visitor:
        page = visitor.sign_in(demo.driver, "cora").text
        assert ("EMF-2041-7730" in page, "Change the account that pays" in page) == (True, False)
        assert "You may look at this contract (guarantor)" in page
        pressed = visitor.session.post(f"{demo.driver}/paying-account", timeout=20)
        assert "this is not yours to change" in pressed.text
    time.sleep(1.1)  # tokens of the second in which somebody was stopped count as issued before it
    with Visitor() as visitor:
        assert "No contract is tied to your account" in visitor.sign_in(demo.driver, "felix").text
