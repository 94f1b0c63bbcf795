"""An operator's day: the service is started, watched, loses a process, and keeps its secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.support.code_flow import Visit
from tests.support.databases import worker_number
from tests.support.meanwhile import wait_until
from tests.support.missing import Missing, skip_or_fail
from tests.support.recorded import everything_recorded
from tests.support.served import ServedIssuer, fetch, lines_of, metric, prepared_issuer, served_issuer
from tests.support.services import service_url

pytestmark = pytest.mark.xdist_group("operating")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(
    request: pytest.FixtureRequest, new_postgresql_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedIssuer]:
    """Serve an issuer for all tests of a kind: embedded with one worker, or on PostgreSQL and Valkey with two."""
    if request.param == "sqlite":
        url, redis_url, workers = f"sqlite:///{tmp_path_factory.mktemp('served')}/idp.sqlite", None, 1
    else:
        url, redis_url, workers = new_postgresql_url(), valkey(), 2
    with served_issuer(url, redis_url, workers=workers) as served:
        yield served


def valkey() -> str:
    """Give a part of the session's Valkey that no other test empties."""
    try:
        return f"{service_url('valkey').removesuffix('/0')}/{32 + worker_number()}"
    except Missing as error:
        skip_or_fail(error)


@pytest.fixture
def issuer(shared: ServedIssuer) -> ServedIssuer:
    """Give the shared issuer, started again if an earlier test has stopped it."""
    if shared.process.poll() is not None:
        shared.start()
    return shared


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[ServedIssuer]:
    """Give a prepared issuer on SQLite, not started."""
    with prepared_issuer(f"sqlite:///{tmp_path}/idp.sqlite") as prepared:
        yield prepared


def test_what_an_app_does_is_counted(issuer: ServedIssuer) -> None:
    """One whole flow and a wrong password are in the numbers of all workers together: routes, grants, hashes."""
    Visit(issuer=issuer).whole_flow()
    Visit(issuer=issuer).sign_in("not the password")

    expect(issuer, 1, "idp_sign_ins_total", result="ok")
    expect(issuer, 1, "idp_sign_ins_total", result="wrong")
    for grant in ("authorization_code", "refresh_token", "client_credentials"):
        expect(issuer, 1, "idp_tokens_issued_total", grant=grant)
    expect(issuer, 3, "idp_requests_total", route="/token", status="200")
    expect(issuer, 3, "idp_request_seconds_count", route="/token")
    expect(issuer, 1, "idp_requests_total", route="/userinfo", status="200")
    assert 2 <= counted(issuer, "idp_password_hash_seconds_count")
    assert 2.0 > counted(issuer, "idp_view_age_seconds")
    assert 1.0 > abs(counted(issuer, "idp_clock_skew_seconds"))


def test_what_waits_to_be_mailed_is_measured(issuer: ServedIssuer) -> None:
    """The housekeeper says how the outbox stands: nothing waits (F16)."""
    expected = [f"{name} 0.0" for name in ("idp_outbox_messages_waiting", "idp_outbox_oldest_seconds")]

    wait_until(lambda: set(expected) <= set(fetch(f"{issuer.management}/metrics")[1].splitlines()), seconds=20.0)


def test_no_label_names_a_person(issuer: ServedIssuer) -> None:
    """No metric holds a user ID, a subject, an address, a client's id or a path that a caller made up."""
    visit = Visit(issuer=issuer)
    visit.whole_flow()
    requests.get(f"{issuer.address}/made-up-by-a-caller", timeout=5)
    expect(issuer, 1, "idp_requests_total", route="pages", status="404")

    told = fetch(f"{issuer.management}/metrics")[1]

    for secret in (issuer.user_id, "made-up", "127.0.0.1", f'"{issuer.client_id}"', *visit.secrets.values()):
        assert secret not in told


def test_a_killed_worker_is_replaced(issuer: ServedIssuer) -> None:
    """A request worker killed with -9 has a successor within seconds, and the service says so."""
    before = {worker.pid for worker in issuer.workers()}
    victim = issuer.workers()[0]

    victim.kill()

    wait_until(lambda: len({worker.pid for worker in issuer.workers()} - before) == 1)
    issuer.wait_for(f"{issuer.address}/readyz")
    Visit(issuer=issuer).whole_flow()
    assert f"process {victim.pid}, exit code -9" in issuer.log()
    expect(issuer, 1, "idp_process_restarts_total")


def test_a_killed_housekeeper_is_replaced(issuer: ServedIssuer) -> None:
    """The management port is back after its process was killed; request workers go on meanwhile."""
    victim = issuer.housekeeper()
    workers = {worker.pid for worker in issuer.workers()}

    victim.kill()
    victim.wait(5)
    wait_until(lambda: any(child.pid != victim.pid and child.pid not in workers for child in children_of(issuer)))
    issuer.wait_for(f"{issuer.management}/livez")

    assert workers == {worker.pid for worker in issuer.workers()}


def test_workers_end_with_a_killed_parent(embedded: ServedIssuer) -> None:
    """Nothing goes on holding the port when the parent is killed with -9."""
    embedded.start()
    family = children_of(embedded)

    embedded.process.kill()
    embedded.process.wait()

    wait_until(lambda: not any(is_alive(process) for process in family), seconds=20.0)
    embedded.start()
    embedded.stop()


def test_the_log_keeps_secrets(tmp_path: Path) -> None:
    """At DEBUG nothing secret that passed by in sign-ins and token requests is in the log or the trail (T86)."""
    password = "canary-of-a-password 1234567"
    url = f"sqlite:///{tmp_path}/idp.sqlite"
    with served_issuer(url, log_level="debug") as issuer:
        visit = Visit(issuer=issuer)
        visit.whole_flow()
        visit.sign_in(password)
        visit.ask("/token", {"grant_type": "authorization_code", "code": "canary-of-a-code"})
        visit.ask("/token", {"grant_type": "refresh_token", "refresh_token": "canary-of-a-token"})
        requests.get(f"{issuer.address}/authorize?client_id=canary-of-a-client&code=canary-of-a-code", timeout=5)
        hidden = {**visit.secrets, "password": issuer.password, "wrong": password, "secret": issuer.client_secret}
        issuer.stop()
        said, trail = issuer.log(), everything_recorded(issuer)

    for name, value in hidden.items():
        assert value not in said, name
        assert value not in trail, name
    assert "canary-of-a" not in said
    assert "canary-of-a-code" not in trail
    assert "canary-of-a-token" not in trail
    assert "serving" in said


def test_every_log_line_is_json_in_production(tmp_path: Path) -> None:
    """Production's log is one JSON object a line with the fields that docs/for-operators.md names."""
    production: dict[str, Any] = {
        "mode": "production",
        "issuer": "https://id.example.com",
        "password_hashing": "owasp",
        "imprint_uri": "https://example.com/imprint",
        "privacy_uri": "https://example.com/privacy",
        "accessibility_uri": "https://example.com/accessibility",
        "support_phone": "+1 555 0100",
        "report_address": "report@example.com",
        "smtp_url": "smtps://mail.example.com",
        "mail_from": "no-reply@example.com",
        "pick_up_hours": 24,
    }
    with served_issuer(f"sqlite:///{tmp_path}/idp.sqlite", **production) as issuer:
        issuer.stop()
        said = issuer.log().splitlines()

    lines = lines_of("\n".join(said))
    assert len(said) == len(lines) >= 3
    for line in lines:
        assert {"event", "level", "logger", "pid", "process", "timestamp"} <= set(line)


def test_a_drill_finds_that_the_node_drops_the_key(issuer: ServedIssuer) -> None:
    """By the command, over HTTP; how fast is measured elsewhere, alone."""
    done = json.loads(issuer.run("keys", "drill", "ES256", "--json").stdout)
    assert {f"http://127.0.0.1:{issuer.port}": float} == {node: type(took) for node, took in done["seconds"].items()}


def counted(issuer: ServedIssuer, name: str, **labels: str) -> float:
    """Read one number off the management port."""
    return metric(fetch(f"{issuer.management}/metrics")[1], name, **labels)


def expect(issuer: ServedIssuer, number: float, name: str, **labels: str) -> None:
    """Wait until a number is told; processes add theirs up once a second."""
    wait_until(lambda: counted(issuer, name, **labels) == number)


def children_of(issuer: ServedIssuer) -> list[psutil.Process]:
    """Give every process that the server has started."""
    return psutil.Process(issuer.process.pid).children()


def is_alive(process: psutil.Process) -> bool:
    """Whether a process is there and not merely waiting to be reaped."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
