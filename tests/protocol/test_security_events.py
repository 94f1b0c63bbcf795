"""Apps hear that a signing key leaked: by a security event (RFC 8417, RFC 8935), and by the back channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import text

from idp.acts.canary_key import canary_key
from idp.acts.compromise_key import compromise_key
from idp.acts.disable_client import disable_client
from idp.acts.tell_of_incident import tell_of_incidents
from idp.audit.browse import Wanted, latest_events
from idp.delivery.app_events import heard_of
from idp.delivery.app_queue import WORTH_SECONDS
from idp.delivery.policy import LEASE
from idp.issuance.pick_up import PickUp
from idp.issuance.security_event import KEY_COMPROMISED
from idp.operating.housekeeping import tell_apps
from idp.storage.incident_rows import Incident
from idp.storage.key_rows import read_ring
from idp.storage.revisions import bump
from keys.rotation import ACTIVATION_DELAY, keys_of
from keys.states import KeyState
from keys.timetable import DAY
from tests.protocol.logout_receiver import Listening, listening_on
from tests.protocol.web_server import Page
from tests.support.forged import opened
from tests.support.in_process import AFTER_LOGOUT, App, Browser
from tests.support.racing import at_once


@dataclass
class Night:
    """An issuer whose apps listen, and what happens to its keys."""

    place: Listening

    def listener(self, name: str, *, status: int = 202, **metadata: object) -> App:
        """Register an app that hears security events, and answers so; of sign-outs it hears nothing."""
        self.place.server.pages[f"/{name}/events"] = Page(status=status)
        address: dict[str, Any] = {
            "security_event_uri": self.place.server.address(f"/{name}/events"),
            "backchannel_logout_uri": None,
        }
        return self.place.app(name, **(address | metadata))

    def kid(self, state: KeyState = KeyState.ACTIVE) -> str:
        """Give the kid of the key in this state."""
        with self.place.service.database.reading() as connection:
            keys = keys_of(read_ring(connection).records, algorithm="ES256")
        return next(key.kid for key in keys if key.state is state)

    def try_out(self, *client_ids: str) -> str:
        """Let the staged key sign for these apps, from now on; gives its kid."""
        service = self.place.service
        trial = canary_key(
            service.database,
            service.kek,
            algorithm="ES256",
            client_ids=client_ids,
            pick_up=PickUp(service.parts.issuer.directory.all()),
            actor="test",
            clock=self.place.clock,
            entropy=service.entropy,
        )
        self.place.advance(ACTIVATION_DELAY)
        return trial.kid

    def contain(self, kid: str) -> Incident:
        """Take a key out of service, as the command does."""
        service = self.place.service
        kek, clock, entropy = service.kek, self.place.clock, service.entropy
        done = compromise_key(
            service.database, kek, kid=kid, reason="stolen", actor="cli:alice", clock=clock, entropy=entropy
        )
        service.watch.poll_once()
        return done.incident

    def deliver(self) -> dict[str, int]:
        """Let the housekeeper tell whom it must of keys; gives how the tries ended."""
        return dict(self.place.service.security_events.deliver_due())

    def heard(self, name: str) -> list[str]:
        """Give every security event token that an app got."""
        return [body.decode() for path, body in self.place.server.posted if path == f"/{name}/events"]

    def states(self, incident: Incident) -> dict[str, str]:
        """Give how far each app has come."""
        with self.place.service.database.reading() as connection:
            return heard_of(connection, incident.id)


def decoded(night: Night, token: str) -> jwt.Token:
    """Verify a token as an app does, with the keys that are published now."""
    keys = KeySet.import_key_set(Browser(night.place.service).get("/jwks").get_json())
    return jwt.decode(token, keys, algorithms=["ES256"])


@pytest.fixture
def night(sqlite_url: str, tmp_path: Path) -> Iterator[Night]:
    """Give an issuer, and apps that listen."""
    with listening_on(sqlite_url, tmp_path) as place:
        yield Night(place)


@pytest.fixture
def night_on_each(database_url: str, tmp_path: Path) -> Iterator[Night]:
    """Give the same on SQLite and on PostgreSQL."""
    with listening_on(database_url, tmp_path) as place:
        yield Night(place)


def test_an_app_hears_which_key_leaked(night_on_each: Night) -> None:
    """One token with what RFC 8417 §2.2 and RFC 8935 §2.1 ask for, signed by the key that took over."""
    night = night_on_each
    night.listener("portal"), night.place.app("deaf", backchannel_logout_uri=None)
    kid, standby = night.kid(), night.kid(KeyState.STANDBY)
    incident = night.contain(kid)
    assert {"confirmed": 1} == night.deliver()
    (token,) = night.heard("portal")
    event = decoded(night, token)
    assert {"alg": "ES256", "typ": "secevent+jwt", "kid": standby} == event.header
    assert ["application/secevent+jwt"] == night.place.server.media_types
    now, issuer = int(night.place.clock()), night.place.service.settings.issuer
    told: dict[str, Any] = {KEY_COMPROMISED: {"kid": kid, "alg": "ES256", "jwks_uri": f"{issuer}/jwks"}}
    common = {"iss": issuer, "aud": "portal", "iat": now, "toe": now, "events": told}
    assert common | {"jti": event.claims["jti"]} == event.claims
    assert (True, {"portal": "confirmed"}) == (len(event.claims["jti"]) > 20, night.states(incident))
    assert {} == night.deliver()


def test_an_app_that_was_down_hears_the_same_event_when_it_is_back(night: Night) -> None:
    """Each try is the same event, known by its `jti`, so that an app that heard it twice acts once."""
    night.listener("down", status=503), night.listener("up")
    night.contain(night.kid())
    assert {"waiting": 1, "confirmed": 1} == night.deliver()
    assert {} == night.deliver()
    night.place.advance(3600)
    night.place.server.pages["/down/events"] = Page(status=202)
    assert {"confirmed": 1} == night.deliver()
    first, second = (decoded(night, token).claims for token in night.heard("down"))
    assert first == second
    assert 1 == len(night.heard("up"))


@pytest.mark.parametrize(
    ("status", "tries", "state"), [(400, 5, "refused"), (500, 60, "given_up"), (200, 60, "given_up")]
)
def test_what_is_no_202_is_not_heard(night: Night, status: int, tries: int, state: str) -> None:
    """RFC 8935 §2.3: an error is tried again, with growing pauses, and given up after a day; the trail says so."""
    night.listener("never", status=status)
    incident = night.contain(night.kid())
    ended = night.place.clock() + WORTH_SECONDS + 3600
    while night.place.clock() < ended:
        night.deliver()
        night.place.advance(1800)
    assert (True, {"never": state}) == (1 < len(night.heard("never")) <= tries, night.states(incident))
    with night.place.service.database.reading() as connection:
        (event,) = latest_events(connection, Wanted(type="app_event."), count=9)
    assert (f"app_event.{state}", "never", incident.id) == (event.type, event.client_id, event.details["incident"])


def test_nobody_is_told_twice(night_on_each: Night) -> None:
    """Two housekeepers at once, and the key compromised again."""
    night = night_on_each
    night.listener("portal")
    kid = night.kid()
    night.contain(kid), night.contain(kid)
    _forget_who_was_told(night)
    service = night.place.service
    at_once(3, lambda: tell_of_incidents(service.database, clock=service.clock, entropy=service.entropy))
    assert {"confirmed": 1} == night.deliver()


def _forget_who_was_told(night: Night) -> None:
    """Leave what a process leaves that dies between the containment and telling the apps."""
    with night.place.service.database.writing() as connection:
        for statement in ("DELETE FROM app_events", "UPDATE incidents SET told_at = NULL"):
            connection.execute(text(statement))


def test_the_housekeeper_tells_what_a_dead_process_did_not(night: Night) -> None:
    """The containment is one transaction, the telling another: the second is made up."""
    night.listener("portal")
    night.contain(night.kid())
    _forget_who_was_told(night)
    assert {} == night.deliver()
    tell_apps(night.place.service)
    assert {"confirmed": 1} == night.deliver()


def test_a_worker_killed_after_sending_costs_a_double_with_the_same_id(night: Night) -> None:
    """Its lease runs out, and the next one sends the same event again."""
    night.listener("portal")
    night.contain(night.kid())
    service = night.place.service
    with service.database.writing() as connection:  # Claimed by who never comes back.
        connection.execute(text("UPDATE app_events SET claim = 'dead', due_at = due_at + :lease"), {"lease": LEASE})
    assert {} == night.deliver()
    night.place.advance(LEASE + 1)
    assert {"confirmed": 1} == night.deliver()


def test_an_app_out_of_service_hears_nothing(night: Night) -> None:
    """Neither one that was disabled before, nor one that is disabled while it waits."""
    night.listener("before"), night.listener("after", status=503)
    service, clock = night.place.service, night.place.clock
    with service.database.writing() as connection:
        disable_client(connection, client_id="before", actor="test", entropy=service.entropy, now=clock())
    incident = night.contain(night.kid())
    assert {"after": "waiting"} == night.states(incident)
    with service.database.writing() as connection:
        disable_client(connection, client_id="after", actor="test", entropy=service.entropy, now=clock())
    service.watch.poll_once()
    assert ({"unneeded": 1}, []) == (night.deliver(), night.heard("after"))


def test_no_private_address_is_called(sqlite_url: str, tmp_path: Path) -> None:
    """T79: an address that leads inside gets no connection at all."""
    with listening_on(sqlite_url, tmp_path, outbound_allow=()) as place:
        night = Night(place)
        night.listener("inside")
        night.contain(night.kid())
        assert ({"waiting": 1}, 0) == (night.deliver(), place.server.connections)


def test_where_nothing_signs_the_event_waits(night: Night) -> None:
    """Never signed with the key that it is about; once another one signs, it goes out."""
    night.listener("portal")
    with night.place.service.database.writing() as connection:
        connection.execute(text("DELETE FROM keys WHERE state IN ('staged', 'standby')"))
    night.contain(night.kid())
    assert ({"waiting": 1}, []) == (night.deliver(), night.heard("portal"))
    with night.place.service.database.writing() as connection:
        connection.execute(text("UPDATE keys SET state = 'active', activated_at = created_at WHERE state = 'standby'"))
        bump(connection, "keys")
    night.place.advance(3600)
    assert {"confirmed": 1} == night.deliver()


def test_an_event_is_good_for_nothing_else(night: Night) -> None:
    """Neither a hint that redirects, nor an access token, nor a client's assertion."""
    app = night.listener("portal")
    night.contain(night.kid())
    night.deliver()
    (token,) = night.heard("portal")
    browser = Browser(night.place.service)
    page = browser.get("/end-session?" + urlencode({"id_token_hint": token, "post_logout_redirect_uri": AFTER_LOGOUT}))
    assert (200, None) == (page.status_code, page.headers.get("Location"))
    assert AFTER_LOGOUT not in page.text
    assert (401, {"active": False}) == (app.userinfo(token).status_code, app.introspect(token))
    assertion = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    form = {"grant_type": "client_credentials", "client_id": "portal", "client_assertion": token, **assertion}
    assert 401 == browser.post("/token", form).status_code


def test_apps_end_their_sessions_and_people_stay_signed_in(night_on_each: Night) -> None:
    """Each app with a back channel hears of each session of the key's time, and the next visit asks for nothing."""
    place = night_on_each.place
    first, second = place.app("first"), place.app("second")
    browser, claims = place.sign_in(first, second)
    _, (other,) = place.sign_in(first)
    night_on_each.contain(night_on_each.kid())
    assert {"confirmed": 3} == place.deliver()
    assert {claims[0]["sid"], other["sid"]} == {told["sid"] for told in place.told("first")}
    assert [claims[1]["sid"]] == [told["sid"] for told in place.told("second")]
    assert "code" in first.answer(first.ask(browser, prompt="none"))


def test_a_key_that_never_signed_ends_nothing(night: Night) -> None:
    """Apps hear of the leaked standby key, since a thief can sign with it; no session rests on it."""
    app = night.listener("portal", backchannel_logout_uri=night.place.server.address("/portal"))
    night.place.sign_in(app)
    night.contain(night.kid(KeyState.STANDBY))
    assert ({"confirmed": 1}, {}) == (night.deliver(), night.place.deliver())


@pytest.mark.parametrize("taken_back", [False, True], ids=["still does", "taken back"])
def test_a_staged_key_that_signed_for_chosen_apps_is_told_of(night_on_each: Night, *, taken_back: bool) -> None:
    """Its apps hear of the key, and of each session that may rest on it: a canary's tokens were believed like any."""
    night, place = night_on_each, night_on_each.place
    chosen = night.listener("chosen", backchannel_logout_uri=place.server.address("/chosen"))
    place.advance(2 * DAY)
    kid = night.try_out("chosen")
    browser, (claims,) = place.sign_in(chosen)
    assert kid == opened(chosen.tokens(browser)["id_token"])[0]["kid"]
    if taken_back:
        assert kid == night.try_out()
    night.contain(kid)
    assert ({"confirmed": 1}, {"confirmed": 1}) == (night.deliver(), place.deliver())
    assert kid == decoded(night, night.heard("chosen")[0]).claims["events"][KEY_COMPROMISED]["kid"]
    assert [claims["sid"]] == [told["sid"] for told in place.told("chosen")]
    assert "code" in chosen.answer(chosen.ask(browser, prompt="none"))
