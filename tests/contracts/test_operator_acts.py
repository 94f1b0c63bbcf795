"""The acts behind the operator's commands, on SQLite and PostgreSQL: what ends with them, and how the trail is read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.accounts.disable import UnknownAccount
from idp.acts import disable_account, disable_client
from idp.acts.end_sessions import EndedSessions
from idp.acts.register_client import register_client
from idp.acts.rotate_client_secret import ClientHasNoSecret, rotate_client_secret
from idp.acts.sign_out_everywhere import sign_out_everywhere
from idp.acts.update_client import update_client
from idp.app import Service
from idp.audit.browse import Wanted, all_events, events_after, last_id, latest_events
from idp.audit.events import Event, EventType
from idp.audit.record import record_many
from idp.clients.policy import RegistrationRefused
from idp.clients.registration import ClientExists, ClientUnknown
from idp.storage.database import Database
from idp.storage.handles import Entropy
from tests.support.clock import SettableClock
from tests.support.in_process import App, Browser, add_person, issuer_on

ACTOR = "cli:tester@here"
METADATA = {"redirect_uris": ["https://app.example.com/callback"]}


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Service]:
    """Give an issuer."""
    with issuer_on(database_url, tmp_path, signing_algs=("ES256",)) as service:
        yield service


def sign_out(service: Service, account_id: str) -> EndedSessions:
    """Do the operator's act, and have every process know it."""
    with service.database.writing() as connection:
        ended = sign_out_everywhere(
            connection,
            account_id=account_id,
            reference="TEST",
            actor=ACTOR,
            entropy=service.entropy,
            now=service.clock(),
        )
    service.watch.poll_once()
    return ended


def test_a_disabled_client_loses_what_it_holds_for_good(service: Service) -> None:
    """Its refresh tokens do not come back to life when it is enabled again."""
    add_person(service)
    app = App.register(service)
    tokens = app.tokens(Browser(service), scope="openid offline_access")
    with service.database.writing() as connection:
        ended = disable_client.disable_client(
            connection, client_id="app", actor=ACTOR, entropy=service.entropy, now=service.clock()
        )
    service.watch.poll_once()
    assert (1, 401) == (ended, app.refresh(tokens["refresh_token"]).status_code)
    assert 401 == app.userinfo(tokens["access_token"]).status_code
    with service.database.writing() as connection:
        disable_client.enable_client(
            connection, client_id="app", actor=ACTOR, entropy=service.entropy, now=service.clock()
        )
    service.watch.poll_once()
    refused = app.refresh(tokens["refresh_token"])
    assert (400, "invalid_grant") == (refused.status_code, refused.get_json()["error"])
    assert 200 == app.exchange(app.code(Browser(service))).status_code


def test_a_disabled_account_is_signed_out_everywhere(service: Service) -> None:
    """Session, grant and tokens end together, and signing in looks like a wrong password."""
    account_id = add_person(service)
    app, browser = App.register(service), Browser(service)
    tokens = app.tokens(browser, scope="openid offline_access")
    with service.database.writing() as connection:
        ended = disable_account.disable_account(
            connection, account_id=account_id, actor=ACTOR, entropy=service.entropy, now=service.clock()
        )
    service.watch.poll_once()
    assert (1, 1) == (ended.sessions, ended.grants)
    assert 400 == app.refresh(tokens["refresh_token"]).status_code
    assert 401 == app.userinfo(tokens["access_token"]).status_code
    assert "do not match" in browser.sign_in(app.ask(browser)).text
    with service.database.writing() as connection:
        disable_account.enable_account(
            connection, account_id=account_id, actor=ACTOR, entropy=service.entropy, now=service.clock()
        )
    assert 400 == app.refresh(tokens["refresh_token"]).status_code
    assert "code" in app.answer(browser.sign_in(app.ask(browser)))


def test_who_is_signed_out_everywhere_may_come_back(service: Service) -> None:
    """Session, grant and tokens end together, and the trail names who did it; the same password opens anew."""
    account_id = add_person(service)
    app, browser, other = App.register(service), Browser(service), Browser(service)
    tokens = app.tokens(browser, scope="openid offline_access")
    app.tokens(other)
    ended = sign_out(service, account_id)
    assert (2, 2, ("app",)) == (len(ended.sids), ended.grants, ended.apps)
    assert 400 == app.refresh(tokens["refresh_token"]).status_code
    assert 401 == app.userinfo(tokens["access_token"]).status_code
    assert "login_required" == app.answer(app.ask(browser, prompt="none"))["error"]
    assert "code" in app.answer(browser.sign_in(app.ask(browser)))
    with service.database.reading() as connection:
        wanted = Wanted(type=EventType.SESSION_ENDED, account_id=account_id)
        (event,) = all_events(connection, wanted)
    assert (ACTOR, "TEST", 2) == (event.actor, event.reference, event.details["sessions"])


def test_a_sign_in_under_way_opens_nothing_after_it(service: Service) -> None:
    """What was proved before the end is no proof after it, and a code that was issued buys nothing."""
    account_id = add_person(service)
    app, asking = App.register(service), App.register(service, "asking", first_party=False)
    code, browser = app.code(Browser(service)), Browser(service)
    consent = browser.follow(browser.sign_in(asking.ask(browser)))
    assert 'value="allow"' in consent.text
    sign_out(service, account_id)
    answer = asking.answer(browser.submit(consent, {"action": "allow"}))
    assert ("access_denied", None) == (answer["error"], answer.get("code"))
    assert 400 == app.exchange(code).status_code


def test_nobody_is_signed_out_of_an_account_that_is_not_there(service: Service) -> None:
    """As with every act on an account."""
    with pytest.raises(UnknownAccount):
        sign_out(service, "nobody")


def test_an_act_that_is_refused_leaves_nothing(database: Database, entropy: Entropy) -> None:
    """Neither a row nor an event: they share one transaction."""
    with pytest.raises(RegistrationRefused), database.writing() as connection:
        register_client(connection, client_id="app", metadata={}, actor=ACTOR, entropy=entropy, now=1.0)
    with pytest.raises(ClientUnknown), database.writing() as connection:
        update_client(connection, client_id="app", changes={"scope": "a"}, actor=ACTOR, entropy=entropy, now=1.0)
    with database.reading() as connection:
        assert [] == list(all_events(connection, Wanted()))


def test_an_id_is_given_once(database: Database, entropy: Entropy) -> None:
    """The second registration is refused, and the first stays as it was."""
    with database.writing() as connection:
        register_client(connection, client_id="app", metadata=METADATA, actor=ACTOR, entropy=entropy, now=1.0)
    with pytest.raises(ClientExists), database.writing() as connection:
        register_client(connection, client_id="app", metadata=METADATA, actor=ACTOR, entropy=entropy, now=2.0)
    with database.reading() as connection:
        assert ["client.added"] == [event.type for event in all_events(connection, Wanted())]


def test_a_rotated_secret_works_beside_the_old_one(service: Service) -> None:
    """Until the old one's time is over; a client with its own key has none to rotate."""
    app = App.register(service)
    with service.database.writing() as connection:
        secret = rotate_client_secret(
            connection,
            client_id="app",
            previous_until=service.clock() + 60,
            actor=ACTOR,
            entropy=service.entropy,
            now=service.clock(),
        )
    form = {"grant_type": "client_credentials"}
    assert 200 == app.call("/token", form).status_code
    app.secret = secret
    assert 200 == app.call("/token", form).status_code
    App.register(service, "public", public=True)
    with pytest.raises(ClientHasNoSecret), service.database.writing() as connection:
        rotate_client_secret(
            connection, client_id="public", previous_until=0, actor=ACTOR, entropy=service.entropy, now=service.clock()
        )


def test_the_trail_is_read_in_pages(database: Database, entropy: Entropy, clock: SettableClock) -> None:
    """More events than a page holds come whole and in order, and those after a given one alone."""
    events = [Event(type=EventType.TOKEN_ISSUED, at=clock() + n, actor="client:a", client_id="a") for n in range(1203)]
    with database.writing() as connection:
        record_many(connection, events, entropy=entropy)
    with database.reading() as connection:
        read = list(all_events(connection, Wanted(client_id="a")))
        assert [event.at for event in events] == [event.at for event in read]
        assert read[-2:] == latest_events(connection, Wanted(), count=2)
        assert read[-1:] == events_after(connection, Wanted(type="token."), after=read[-2].id)
        assert read[-1].id == last_id(connection)
        assert [] == latest_events(connection, Wanted(type="token"), count=2)
