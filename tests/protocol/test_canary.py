"""A staged key signs for chosen apps first: everybody verifies their tokens, and one command takes it back (K09)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.acts.canary_key import Canary, NotItsClients, canary_key
from idp.acts.compromise_key import compromise_key
from idp.acts.rotate_key import rotate_key
from idp.app import Service
from idp.issuance.pick_up import NotPickedUp, PickUp
from idp.storage.key_rows import read_ring
from keys.errors import NothingStaged
from keys.rotation import ACTIVATION_DELAY, keys_of
from tests.support.clock import SettableClock
from tests.support.forged import opened
from tests.support.in_process import App, issuer_on

DAY = 86_400.0


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with two apps, a day after its keys were made."""
    with issuer_on(database_url, tmp_path, clock=clock, signing_algs=("ES256", "Ed25519")) as running:
        clock.advance(DAY)
        yield running


@pytest.fixture
def apps(service: Service) -> tuple[App, App]:
    """Give both apps."""
    return App.register(service, "first"), App.register(service, "other")


def trial(service: Service, *client_ids: str, algorithm: str = "ES256") -> Canary:
    """Let the staged key sign for these, three seconds ago."""
    done = canary_key(
        service.database,
        service.kek,
        algorithm=algorithm,
        client_ids=client_ids,
        pick_up=PickUp(service.parts.issuer.directory.all()),
        actor="test",
        clock=service.clock,
        entropy=service.entropy,
    )
    if isinstance(service.clock, SettableClock):
        service.clock.advance(ACTIVATION_DELAY)
    service.watch.poll_once()
    return done


def signed_by(app: App) -> str:
    """Have a token signed for an app, see that it is good, and give the kid."""
    token = app.call("/token", {"grant_type": "client_credentials", "scope": "api"}).get_json()["access_token"]
    assert app.introspect(token)["active"]
    return str(opened(token)[0]["kid"])


def states(service: Service) -> dict[str, str]:
    """The kid of each state."""
    with service.database.reading() as connection:
        return {key.state.value: key.kid for key in keys_of(read_ring(connection).records, algorithm="ES256")}


def test_the_chosen_app_comes_first_and_goes_back_by_one_command(service: Service, apps: tuple[App, App]) -> None:
    """The other one notices nothing."""
    first, other = apps
    kids = states(service)
    done = trial(service, "first")
    assert (kids["staged"], ("first",)) == (done.kid, done.clients)
    assert (kids["staged"], kids["active"]) == (signed_by(first), signed_by(other))
    trial(service)
    assert [kids["active"]] * 2 == [signed_by(first), signed_by(other)]
    assert kids == states(service)


def test_it_holds_for_every_node_at_the_same_instant(service: Service, apps: tuple[App, App]) -> None:
    """Three seconds after it was written, as every change."""
    assert isinstance(service.clock, SettableClock)
    done = trial(service, "first")
    service.clock.advance(-0.1)
    assert states(service)["active"] == signed_by(apps[0])
    service.clock.advance(0.1)
    assert done.kid == signed_by(apps[0])


def test_a_rotation_ends_the_trial_for_everyone(service: Service, apps: tuple[App, App]) -> None:
    """The key signs for all, and the next staged one for nobody yet."""
    assert isinstance(service.clock, SettableClock)
    kid = trial(service, "first").kid
    rotate_key(
        service.database,
        service.kek,
        algorithm="ES256",
        pick_up=PickUp(service.parts.issuer.directory.all()),
        actor="test",
        clock=service.clock,
        entropy=service.entropy,
    )
    service.clock.advance(ACTIVATION_DELAY)
    service.watch.poll_once()
    assert [kid, kid] == [signed_by(app) for app in apps]
    with service.database.reading() as connection:
        assert not any(key.canaries for key in read_ring(connection).records)


def test_a_leaked_canary_key_leaves_the_active_one(service: Service, apps: tuple[App, App]) -> None:
    """The trial is over at once, for its app too."""
    kids = states(service)
    kid = trial(service, "first").kid
    compromise_key(
        service.database,
        service.kek,
        kid=kid,
        reason="",
        actor="test",
        clock=service.clock,
        entropy=service.entropy,
    )
    assert [kids["active"]] * 2 == [signed_by(app) for app in apps]


def test_only_apps_that_can_verify_it_take_part(service: Service, apps: tuple[App, App]) -> None:
    """Those of another algorithm, unknown ones, and those that have not fetched the key are named."""
    assert apps
    App.register(service, "edwards", id_token_signed_response_alg="Ed25519")
    App.register(service, "lazy", own_jwks=True)
    with pytest.raises(NotItsClients, match="edwards, nobody"):
        trial(service, "first", "edwards", "nobody")
    with pytest.raises(NotPickedUp, match="lazy"):
        trial(service, "lazy")
    assert ("first",) == trial(service, "first").clients


def test_without_a_staged_key_there_is_no_trial(service: Service, apps: tuple[App, App]) -> None:
    """Nor anything to take back."""
    assert apps
    with service.database.writing() as connection:
        connection.exec_driver_sql("UPDATE keys SET state = 'removed' WHERE state = 'staged'")
    with pytest.raises(NothingStaged):
        trial(service, "first")
