"""The parts of the demo: where its data lies, what its people and clients are, and that it stays in demo mode."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from urllib.parse import unquote
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug.test import Client

from idp.accounts.claims import CONTRACT_CLAIMS, standard_claims
from idp.accounts.find import find_by_identifier
from idp.acts.visitor import Visitor
from idp.app import Service
from idp.cli import demo as demo_command
from idp.cli.opened import Unusable
from idp.clients.policy import registration_faults
from idp.demo.clients import demo_clients
from idp.demo.factors import FIRST_RECOVERY_CODE, seed_factors, shown_factors
from idp.demo.one_name import OneName
from idp.demo.people import PASSWORD, PEOPLE
from idp.demo.place import make_place, write_settings
from idp.demo.seed import seed_clients, seed_people
from idp.issuance.claims import PERSON_CLAIMS
from idp.mfa.policy import Way
from idp.settings import Mode, load_settings
from idp.storage.engine import open_engine
from idp.web.colour import contrast
from tests.support.in_process import issuer_on


def test_every_standard_claim_of_the_people_is_filled(sqlite_url: str, tmp_path: Path) -> None:
    """Apps that connect see every claim of OpenID Connect Core §5.1 that there is."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)) as service:
        seed_people(service.database, PEOPLE, service.parts.hasher, entropy=service.entropy, now=service.clock())
        for person in PEOPLE:
            with service.database.reading() as connection:
                account = find_by_identifier(connection, identifier=person.user_id)
            assert account is not None
            assert PERSON_CLAIMS - CONTRACT_CLAIMS == standard_claims(account, PERSON_CLAIMS).keys()


def test_seeding_twice_changes_nothing_and_mends_what_was_changed(sqlite_url: str, tmp_path: Path) -> None:
    """What the terminal prints is true after every start."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)) as service:
        database, hasher = service.database, service.parts.hasher
        for port in (8000, 8000, 9000):
            seed_people(database, PEOPLE, hasher, entropy=service.entropy, now=service.clock())
            with database.writing() as connection:
                seed_clients(connection, demo_clients(port), entropy=service.entropy, now=service.clock())
        service.watch.poll_once()
        portal = service.parts.issuer.directory.find("driver-portal")
        assert portal is not None
        assert ("http://localhost:9001/callback",) == portal.redirect_uris
        with database.reading() as connection:
            types = [row.type for row in connection.exec_driver_sql("SELECT type FROM audit_events ORDER BY id")]
        assert [len(PEOPLE), 4, 2] == [
            types.count(name) for name in ("account.added", "client.added", "client.changed")
        ]


def test_the_second_factors_are_what_is_printed(sqlite_url: str, tmp_path: Path) -> None:
    """The code on the page is the one that is asked for, and the first recovery code opens once; a start mends both."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)) as service:
        seed_people(service.database, PEOPLE, service.parts.hasher, entropy=service.entropy, now=service.clock())
        sealer, key = service.secrets.sealer("totp seed"), service.secrets.mac_key("lookup.factors")
        with service.database.reading() as connection:
            account = find_by_identifier(connection, identifier="tom")
        assert account is not None
        for _ in range(2):
            with service.database.writing() as connection:
                seed_factors(connection, PEOPLE, sealer, key, now=service.clock())
            assert Way.RECOVERY_CODE == verified(service, account.id, Way.RECOVERY_CODE, FIRST_RECOVERY_CODE)
        shown = shown_factors(PEOPLE, now=service.clock())
        assert ["tom"] == [factor.user_id for factor in shown]
        assert Way.TOTP == verified(service, account.id, Way.TOTP, shown[0].code)


def verified(service: Service, account_id: str, way: Way, answer: str) -> Way:
    """Type what was printed; gives the way that it proved."""
    visitor = Visitor(address="", user_agent=None, reference="TEST")
    return service.parts.factors.verify(
        account_id=account_id, way=way, answer=answer, place="test", visitor=visitor
    ).way


def test_every_client_is_acceptable_and_its_colour_can_be_seen() -> None:
    """The registrations pass the rules that they demonstrate."""
    for client in demo_clients(8000):
        assert [] == list(registration_faults(client.client_id, client.metadata))
        accent = client.metadata.get("accent")
        assert accent is None or contrast(accent, "#ffffff") > 4.5


def test_people_have_the_password_that_is_printed() -> None:
    """It is long enough to stand alone."""
    assert "correct horse battery staple 7" == PASSWORD


def test_its_pages_are_in_demo_mode_alone(sqlite_url: str, tmp_path: Path) -> None:
    """Anywhere else the tour, the settings and the mailbox do not exist."""
    with issuer_on(sqlite_url, tmp_path, signing_algs=("ES256",)) as service:
        client = Client(service.front)
        for path in ("/", "/demo/connect", "/demo/mailbox"):
            assert 404 == client.get(path, base_url=service.settings.issuer).status_code


def test_the_settings_file_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written can be read back, in a folder that nobody else may open."""
    monkeypatch.chdir(tmp_path)
    place = make_place(8000, {})
    write_settings(place, issuer="http://localhost:8000", management_bind="127.0.0.1:9000")
    settings = load_settings(place.settings_file, {})
    assert (Mode.DEMO, place.kek_file, "owasp") == (settings.mode, settings.kek_file, settings.password_hashing)
    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path}/var/demo/8000/idp.sqlite"
    assert 0o700 == place.folder.stat().st_mode & 0o777
    assert "http://localhost:8000" == tomllib.loads(place.settings_file.read_text())["issuer"]


def test_data_goes_to_the_users_own_folder_when_this_one_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder in which nothing can be made does not stop the demo."""
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "var").write_text("a file where the folder should be")
    monkeypatch.chdir(closed)
    place = make_place(8000, {"XDG_STATE_HOME": str(tmp_path / "state")})
    assert tmp_path / "state" / "idp" / "demo" / "8000" == place.folder


def test_configured_databases_are_never_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that name another database are ignored, and told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", os.environ | {"IDP_DATABASE_URL": "postgresql://real", "IDP_MODE": "production"})
    settings = demo_command.settings_of(demo_command.prepared_place(8000))
    assert (Mode.DEMO, True) == (settings.mode, settings.database_url.get_secret_value().startswith("sqlite:///"))


def inner(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer everything."""
    start_response("200 OK", [("Content-Length", "5")])
    return [b"inner"]


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("http://127.0.0.1:8000/", "http://localhost:8000/"),
        ("http://127.0.0.1:8000/authorize?a=b%20c", "http://localhost:8000/authorize?a=b%20c"),
        ("http://[::1]:8000/account", "http://localhost:8000/account"),
        ("http://127.0.0.1:8000//evil.example.com/", "http://localhost:8000/evil.example.com/"),
        ("http://127.0.0.1:8000/a%0d%0ab", "http://localhost:8000/a%0D%0Ab"),
    ],
)
def test_another_name_leads_to_localhost(asked: str, leads_to: str) -> None:
    """Whatever was asked for, the answer stays on this machine and on one line."""
    host, path = asked.removeprefix("http://").split("/", 1)
    decoded, _, query = f"/{path}".partition("?")
    environ = {"PATH_INFO": unquote(decoded), "QUERY_STRING": query}
    client = Client(OneName(inner, "http://localhost:8000"))
    response = client.get("/", base_url=f"http://{host}", environ_overrides=environ)
    assert (307, leads_to) == (response.status_code, response.headers["Location"])


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "http://localhost:8000/"),
        ("GET", "http://127.0.0.1:8000/readyz"),
        ("POST", "http://127.0.0.1:8000/token"),
        ("GET", "http://example.com/"),
    ],
)
def test_all_else_goes_on_inside(method: str, address: str) -> None:
    """Probes, posts and foreign hosts are the front's own affair."""
    host, path = address.removeprefix("http://").split("/", 1)
    response = Client(OneName(inner, "http://localhost:8000")).open(
        f"/{path}", method=method, base_url=f"http://{host}"
    )
    assert b"inner" == response.data


def test_data_of_a_newer_version_is_told_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever goes back to an older checkout is told what to remove, without a trace."""
    monkeypatch.chdir(tmp_path)
    place = demo_command.prepared_place(8000)
    settings = demo_command.settings_of(place)
    engine = open_engine(place.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('of the future')")
    engine.dispose()
    with pytest.raises(Unusable, match=f"remove {place.folder} and start again"):
        demo_command.prepare(settings)
