"""What the journeys with a second factor share: an issuer with dana, her authenticator app, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.app import Service
from tests.support.clock import SettableClock
from tests.support.in_process import Browser, add_person, issuer_on
from tests.support.second_factors import AuthenticatorApp, add_app


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with nobody in it; texts are on, and come to a folder."""
    folder = tmp_path / "mail"
    with issuer_on(sqlite_url, tmp_path, clock=clock, mail_folder=folder, sms=True) as running:
        yield running


@pytest.fixture
def dana(service: Service) -> str:
    """Give dana's id."""
    return add_person(service)


@pytest.fixture
def phone(service: Service, dana: str) -> AuthenticatorApp:
    """Give dana an authenticator app."""
    return add_app(service, dana)


@pytest.fixture
def browser(service: Service) -> Browser:
    """Give a browser without cookies."""
    return Browser(service)
