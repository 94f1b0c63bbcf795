"""/jwks/CLIENT_ID: the same keys for everybody, and a note of who is known to have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from idp.acts.disable_client import disable_client
from idp.acts.rotate_key import rotate_key
from idp.acts.update_client import update_client
from idp.app import Service
from idp.issuance.pick_up import LEAST_SECONDS, NotPickedUp, PickUp, fetched
from idp.storage.database import StorageUnavailable
from idp.storage.key_rows import read_ring
from keys.rotation import keys_of
from keys.states import KeyState
from tests.support.clock import SettableClock
from tests.support.in_process import ADDRESS, App, issuer_on
from tests.support.statements import statements_of


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer on either database."""
    with issuer_on(database_url, tmp_path, clock=clock, signing_algs=("ES256", "Ed25519")) as running:
        yield running


def fetch(service: Service, client_id: str, **headers: str) -> TestResponse:
    """Fetch the keys from an app's own address."""
    return Client(service.front).get(f"/jwks/{client_id}", base_url=ADDRESS, headers=headers)


def staged(service: Service, algorithm: str = "ES256") -> str:
    """The kid that is next in line."""
    with service.database.reading() as connection:
        keys = keys_of(read_ring(connection).records, algorithm=algorithm)
    return next(key.kid for key in keys if key.state is KeyState.STAGED)


def who_has(service: Service, kid: str) -> dict[str, float]:
    """Who is known to have fetched it."""
    with service.database.reading() as connection:
        return fetched(connection, kid)


def rotate(service: Service, algorithm: str = "ES256") -> str:
    """Rotate, if nobody has to be waited for; gives the kid."""
    done = rotate_key(
        service.database,
        service.kek,
        algorithm=algorithm,
        pick_up=PickUp(service.parts.issuer.directory.all()),
        actor="test",
        clock=service.clock,
        entropy=service.entropy,
    )
    return done.activated


def test_it_is_the_same_document_for_everybody(service: Service) -> None:
    """For apps that have it, apps that don't, names that nobody has and names that no client can have."""
    App.register(service, "own", own_jwks=True)
    App.register(service, "shared")
    shared = Client(service.front).get("/jwks", base_url=ADDRESS)
    for name in ("own", "shared", "nobody", "%00", "x" * 5000, "%252e", "%ff"):
        answer = fetch(service, name)
        assert (200, shared.data, shared.headers["ETag"]) == (answer.status_code, answer.data, answer.headers["ETag"])
        assert "public, max-age=600, must-revalidate" == answer.headers["Cache-Control"]
    assert [404, 404] == [fetch(service, name).status_code for name in ("own/deeper", "")]
    assert 405 == Client(service.front).post("/jwks/own", base_url=ADDRESS).status_code


def test_a_fetch_is_noted_once_also_when_nothing_had_changed(service: Service, clock: SettableClock) -> None:
    """304 means that the app has them, too; the first time counts."""
    App.register(service, "own", own_jwks=True)
    answer = fetch(service, "own")
    first = clock()
    clock.advance(60)
    assert 304 == fetch(service, "own", **{"If-None-Match": answer.headers["ETag"]}).status_code
    kids = [key["kid"] for key in json.loads(answer.data)["keys"]]
    assert [{"own": first}] * 6 == [who_has(service, kid) for kid in kids]


def test_strangers_are_not_noted_and_cost_no_statement(service: Service) -> None:
    """A storm of fetches under thousands of names touches no database (K05); an app that is known costs one write."""
    App.register(service, "own", own_jwks=True)
    App.register(service, "shared")
    with statements_of(service.database.engine) as statements:
        for number in range(200):
            fetch(service, f"stranger-{number}")
            fetch(service, "shared")
    assert [] == [statement for statement in statements if "pick_ups" in statement]
    fetch(service, "own")
    with statements_of(service.database.engine) as statements:
        for _ in range(50):
            fetch(service, "own")
    assert [] == [statement for statement in statements if "pick_ups" in statement]
    assert {"own"} == set(who_has(service, staged(service)))


def test_an_app_that_has_not_fetched_is_named_before_the_rotation(service: Service, clock: SettableClock) -> None:
    """K02 and K03: it is waited for however long it takes; nothing changes meanwhile."""
    App.register(service, "own", own_jwks=True)
    App.register(service, "lazy", own_jwks=True)
    kid = staged(service)
    fetch(service, "own")
    clock.advance(400 * 86_400)
    with pytest.raises(NotPickedUp, match="lazy has not fetched it") as refused:
        rotate(service)
    assert (("lazy",), None, kid) == (refused.value.missing, refused.value.wait_until, staged(service))
    fetch(service, "lazy")
    assert kid == rotate(service)


def test_apps_that_cannot_be_told_apart_have_a_day(service: Service, clock: SettableClock) -> None:
    """Counted from when the key came into the JWKS."""
    App.register(service, "shared")
    clock.advance(LEAST_SECONDS - 1)
    with pytest.raises(NotPickedUp, match=r"another 0\.0 hours"):
        rotate(service)
    clock.advance(1)
    rotate(service)


def test_only_those_whom_it_concerns_are_waited_for(service: Service) -> None:
    """Apps of another algorithm, and disabled ones, need not have it (K12)."""
    App.register(service, "edwards", own_jwks=True, id_token_signed_response_alg="Ed25519")
    App.register(service, "gone", own_jwks=True)
    with service.database.writing() as connection:
        disable_client(connection, client_id="gone", actor="test", entropy=service.entropy, now=service.clock())
    rotate(service)
    with pytest.raises(NotPickedUp, match="edwards"):
        rotate(service, "Ed25519")


def test_the_keys_come_also_when_nothing_can_be_written(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away costs one try each half minute, and the note is made later."""
    App.register(service, "own", own_jwks=True)
    tries = []

    def away(*_: Any) -> None:  # noqa: ANN401 - whatever it is called with
        tries.append(1)
        raise StorageUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(service.database, "writing", away)
        assert [200] * 5 == [fetch(service, "own").status_code for _ in range(5)]
    assert ([1], {}) == (tries, who_has(service, staged(service)))


def test_an_address_can_be_taken_back(service: Service) -> None:
    """An app that goes back to the shared address is waited for no longer than the others."""
    App.register(service, "own", own_jwks=True)
    with service.database.writing() as connection:
        update_client(
            connection,
            client_id="own",
            changes={"own_jwks": None},
            actor="test",
            entropy=service.entropy,
            now=service.clock(),
        )
    assert not service.parts.issuer.directory.all()[0].own_jwks
