"""OpenID Connect Back-Channel Logout 1.0, with apps that listen on a real server (CONFORMANCE §2.8).

The modules of `oidcc-backchannel-rp-initiated-logout-certification-test-plan` are named as there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import Connection

from idp.acts.disable_account import disable_account
from idp.acts.disable_client import disable_client
from idp.acts.end_sessions import end_sessions_of_account_and_tell
from idp.audit.browse import Wanted, latest_events
from idp.delivery.app_logouts import receipts_of
from tests.protocol.logout_receiver import Listening, listening_on
from tests.protocol.world import World, header_of
from tests.support.in_process import AFTER_LOGOUT, Browser, add_person

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path) -> Iterator[Listening]:
    """Give an issuer, and apps that listen."""
    with listening_on(sqlite_url, tmp_path) as made:
        yield made


@pytest.fixture
def place_on_each(database_url: str, tmp_path: Path) -> Iterator[Listening]:
    """Give the same on SQLite and on PostgreSQL."""
    with listening_on(database_url, tmp_path) as made:
        yield made


def test_oidcc_backchannel_logout_discovery_endpoint_verification(world: World) -> None:
    """Both members are true."""
    document = world.discovery()
    names = ("backchannel_logout_supported", "backchannel_logout_session_supported")
    assert [True, True] == [document[name] for name in names]


def test_oidcc_backchannel_rp_initiated_logout(place_on_each: Listening) -> None:
    """The redirect at once, and a logout token with exactly what it must hold, signed as the ID token is."""
    place, app = place_on_each, place_on_each.app("portal")
    browser = Browser(place.service)
    id_token = app.tokens(browser)["id_token"]
    asked = {"id_token_hint": id_token, "post_logout_redirect_uri": AFTER_LOGOUT}
    answer = browser.get("/end-session?" + urlencode(asked))
    assert (303, AFTER_LOGOUT) == (answer.status_code, answer.headers["Location"])
    assert [] == place.server.posted
    assert {"confirmed": 1} == place.deliver()
    keys = KeySet.import_key_set(browser.get("/jwks").get_json())
    (token,) = place.tokens("portal")
    logout, hint = jwt.decode(token, keys, algorithms=["ES256"]), jwt.decode(id_token, keys, algorithms=["ES256"])
    assert ("logout+jwt", hint.header["kid"]) == (logout.header["typ"], logout.header["kid"])
    named = {name: hint.claims[name] for name in ("iss", "aud", "sub", "sid")}
    now = int(place.clock())
    jti = logout.claims["jti"]
    assert named | {"iat": now, "exp": now + 120, "jti": jti, "events": {EVENT: {}}} == logout.claims
    assert len(jti) > 20
    assert "login_required" == app.answer(app.ask(browser, prompt="none"))["error"]


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_the_algorithm_is_that_of_the_apps_id_tokens(sqlite_url: str, tmp_path: Path, alg: str) -> None:
    """As registered (§2.6)."""
    with listening_on(sqlite_url, tmp_path, signing_algs=("ES256", "RS256")) as place:
        place.app("portal", id_token_signed_response_alg=alg)
        browser, _ = place.sign_in()
        place.sign_out(browser)
        place.deliver()
        assert alg == header_of(place.tokens("portal")[0])["alg"]


def test_every_app_of_the_session_is_told_once_and_no_other(place: Listening) -> None:
    """Whatever grants it got; an app of another session of the same person hears nothing, nor one without address."""
    first, second, other = place.app("first"), place.app("second"), place.app("other")
    silent = place.app("silent", backchannel_logout_uri=None)
    place.sign_in(other)
    browser, claims = place.sign_in(first, second, silent, first)
    place.sign_out(browser)
    assert {"confirmed": 2} == place.deliver()
    assert [[claims[0]["sid"]], [claims[0]["sid"]], []] == [
        [told["sid"] for told in place.told(name)] for name in ("first", "second", "other")
    ]
    assert {} == place.deliver()


def disable(connection: Connection, place: Listening) -> None:
    """Stop the account, as an operator does."""
    disable_account(connection, account_id=place.sub, actor="test", entropy=place.service.entropy, now=place.clock())


def lock(connection: Connection, place: Listening) -> None:
    """End everything of an account."""
    end_sessions_of_account_and_tell(connection, account_id=place.sub, entropy=place.service.entropy, now=place.clock())


@pytest.mark.parametrize("end", [disable, lock])
def test_an_end_of_all_sessions_tells_all_apps(
    place_on_each: Listening, end: Callable[[Connection, Listening], None]
) -> None:
    """Each app hears of each of the sessions that it had."""
    place = place_on_each
    place.app("first"), place.app("second")
    for _ in range(2):
        place.sign_in()
    with place.service.database.writing() as connection:
        end(connection, place)
    assert {"confirmed": 4} == place.deliver()
    assert [2, 2] == [len({told["sid"] for told in place.told(name)}) for name in ("first", "second")]


def test_what_is_rolled_back_tells_nobody(place: Listening) -> None:
    """A row and the end that it tells of are one transaction."""
    place.app("portal")
    place.sign_in()

    def end_and_fail() -> None:
        with place.service.database.writing() as connection:
            lock(connection, place)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        end_and_fail()
    assert ({}, ()) == (place.deliver(), place.receipts())


def test_all_but_one_session(place: Listening) -> None:
    """The session that stays keeps its apps, and its tokens."""
    app = place.app("portal")
    kept, (of_kept,) = place.sign_in()
    _, (of_other,) = place.sign_in()
    with place.service.database.writing() as connection:
        ended = end_sessions_of_account_and_tell(
            connection,
            account_id=place.sub,
            except_sid=of_kept["sid"],
            entropy=place.service.entropy,
            now=place.clock(),
        )
    place.deliver()
    assert (1, [of_other["sid"]]) == (ended.grants, [told["sid"] for told in place.told("portal")])
    assert "code" in app.answer(app.ask(kept, prompt="none"))


def test_somebody_else_who_signs_in_ends_the_session_before(place: Listening) -> None:
    """T64: the app hears that the first person has left, and of nobody else."""
    app = place.app("portal")
    add_person(place.service, "tom")
    browser, (claims,) = place.sign_in()
    app.finish(browser, app.ask(browser, prompt="login"), user_id="tom")
    place.deliver()
    assert [(place.sub, claims["sid"])] == [(told["sub"], told["sid"]) for told in place.told("portal")]


def test_a_session_that_runs_out_tells_nobody_until_the_account_is_stopped(place: Listening) -> None:
    """Its apps have sessions of their own; but they hear when the account ends that they still hold a grant of."""
    place.app("portal")
    browser, (claims,) = place.sign_in()
    place.advance(25 * 3600)
    browser.get("/account")
    assert {} == place.deliver()
    with place.service.database.writing() as connection:
        disable(connection, place)
    place.deliver()
    assert [claims["sid"]] == [told["sid"] for told in place.told("portal")]


def test_an_app_out_of_service_is_not_told(place: Listening) -> None:
    """It gets nothing that we sign any more."""
    place.app("portal")
    browser, _ = place.sign_in()
    place.sign_out(browser)
    with place.service.database.writing() as connection:
        disable_client(connection, client_id="portal", actor="test", entropy=place.service.entropy, now=place.clock())
    place.service.watch.poll_once()
    assert ({"unneeded": 1}, []) == (place.deliver(), place.server.posted)


def test_the_trail_says_who_heard(place: Listening) -> None:
    """One event for each outcome, with session and app."""
    place.app("good"), place.app("bad", status=400)
    browser, (claims, _) = place.sign_in()
    place.sign_out(browser)
    for _ in range(6):
        place.deliver()
        place.advance(3600)
    with place.service.database.reading() as connection:
        found = latest_events(connection, Wanted(type="app_logout."), count=10)
    assert {("app_logout.confirmed", "good", claims["sid"]), ("app_logout.refused", "bad", claims["sid"])} == {
        (event.type, event.client_id, event.sid) for event in found
    }


def test_nobody_reads_everybodys_receipts(place: Listening) -> None:
    """A session or an account must be named."""
    with place.service.database.reading() as connection, pytest.raises(ValueError, match="name an account"):
        receipts_of(connection)


def test_a_logout_token_is_good_for_nothing_else(place: Listening) -> None:
    """T76: neither a hint that redirects, nor an access token, nor a client's assertion."""
    app = place.app("portal")
    browser, _ = place.sign_in()
    place.sign_out(browser)
    place.deliver()
    (token,) = place.tokens("portal")
    page = browser.get("/end-session?" + urlencode({"id_token_hint": token, "post_logout_redirect_uri": AFTER_LOGOUT}))
    assert ("<h1>Sign out?</h1>" in page.text, AFTER_LOGOUT in page.text) == (True, False)
    assert 401 == app.userinfo(token).status_code
    assert {"active": False} == app.introspect(token)
    assertion = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    form = {"grant_type": "client_credentials", "client_id": "portal", "client_assertion": token, **assertion}
    assert 401 == browser.post("/token", form).status_code
