"""The service under gunicorn, as docs/for-operators.md says to run it: threads, and `idp worker` beside it."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.code_flow import Visit
from tests.support.processes import start, stop
from tests.support.served import IDP, ROOT, ServedIssuer, fetch, metric, prepared_issuer

GUNICORN = (sys.executable, "-m", "gunicorn", "idp.wsgi:application()", "--worker-class", "gthread")
OPTIONS = ("--workers", "1", "--threads", "32", "--no-control-socket", "--limit-request-line", "8190")


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[ServedIssuer]:
    """Give a prepared issuer on SQLite, not started."""
    with prepared_issuer(f"sqlite:///{tmp_path}/idp.sqlite") as prepared:
        yield prepared


@pytest.mark.parametrize("preload", [False, True])
def test_a_whole_flow(issuer: ServedIssuer, tmp_path: Path, *, preload: bool) -> None:
    """An app's whole flow passes, also when gunicorn loads the application before it forks."""
    numbers = tmp_path / "numbers"
    numbers.mkdir()
    issuer.environment["PROMETHEUS_MULTIPROC_DIR"] = str(numbers)
    arguments = [*GUNICORN, *OPTIONS, "--bind", f"127.0.0.1:{issuer.port}", *(["--preload"] if preload else [])]
    log = issuer.folder / "log"
    issuer.process = start(arguments, folder=ROOT, log=log, environment=issuer.environment)
    keeper = start([*IDP, "worker"], folder=ROOT, log=log, environment=issuer.environment)
    try:
        issuer.wait_for(f"{issuer.address}/readyz")
        issuer.wait_for(f"{issuer.management}/readyz")
        visit = Visit(issuer=issuer)
        visit.whole_flow()
        told = told_in_the_end(issuer)
    finally:
        issuer.stop()
        stop(keeper, how=signal.SIGTERM)

    assert 1 == metric(told, "idp_sign_ins_total", result="ok")
    assert 3 == metric(told, "idp_requests_total", route="/token", status="200")
    assert 0 == issuer.process.returncode
    assert 0 == keeper.returncode
    assert "Traceback" not in issuer.log()
    for name, value in visit.secrets.items():
        assert value not in issuer.log(), name


def told_in_the_end(issuer: ServedIssuer) -> str:
    """Give the numbers once they hold the flow's last token; processes add theirs up once a second."""
    until = time.monotonic() + 30
    while True:
        told = fetch(f"{issuer.management}/metrics")[1]
        if metric(told, "idp_requests_total", route="/token", status="200") == 3 or time.monotonic() > until:
            return told
        time.sleep(0.05)


def test_it_does_not_start_without_keys(issuer: ServedIssuer, tmp_path: Path) -> None:
    """What `idp serve` refuses is refused here too, in the same words."""
    environment = issuer.environment | {"IDP_KEK_FILE": str(tmp_path / "none")}
    process = start(
        [*GUNICORN, *OPTIONS, "--bind", f"127.0.0.1:{issuer.port}"],
        folder=ROOT,
        log=issuer.folder / "log",
        environment=environment,
    )

    assert 3 == process.wait(30)
    assert "idp cannot start: no key-encryption key at" in issuer.log()
    assert "`idp keys init`" in issuer.log()
