"""What the tests of typed factors share: an issuer that uses texts, and dana, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.app import Service
from tests.support.clock import SettableClock
from tests.support.in_process import add_person, issuer_on
from tests.support.typed_factors import Person


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer that uses texts."""
    with issuer_on(
        database_url,
        tmp_path,
        clock=clock,
        signing_algs=("ES256",),
        mail_folder=tmp_path / "mail",
        sms=True,
        database_pool=24,
    ) as running:
        yield running


@pytest.fixture
def dana(service: Service) -> Person:
    """Give somebody without a second factor."""
    return Person(service, add_person(service))
