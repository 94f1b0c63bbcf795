"""Second factors that people have in tests, put there without a page: an app, a passkey, a number, recovery codes."""

from __future__ import annotations

import html
import re
from base64 import b32encode
from dataclasses import dataclass, field

import pyotp
from werkzeug.test import TestResponse

from idp.acts.visitor import Visitor
from idp.app import Service
from idp.mfa.factors import NewFactor, add_factor
from idp.mfa.policy import Factor
from idp.mfa.recovery_codes import replace_codes
from idp.mfa.totp import new_seed, sealed_seed
from tests.support.authenticator import Authenticator, Said, text
from tests.support.in_process import ADDRESS

PHONE = "+4915112345678"
SESSION_PLACE = "session:added-by-a-test"
_OWNER = Visitor(address="192.0.2.1", user_agent="TestBrowser/1.0", reference="TEST-0001")


@dataclass(frozen=True, kw_only=True)
class AppOnPhone:
    """An authenticator app that somebody has."""

    service: Service
    factor_id: str
    seed: bytes = field(repr=False)

    def code(self, *, steps_ago: int = 0) -> str:
        """Read the six digits that it shows now, or showed some steps ago."""
        app = pyotp.TOTP(b32encode(self.seed).decode())
        return app.generate_otp(int(self.service.clock() // 30) - steps_ago)


def add_app(service: Service, account_id: str, name: str = "Phone") -> AppOnPhone:
    """Give an account an authenticator app."""
    new, sealer = new_seed(service.entropy), service.secrets.sealer("totp seed")
    secret = sealed_seed(sealer, new, account_id=account_id)
    factor = NewFactor(id=new.factor_id, account_id=account_id, kind=Factor.TOTP, name=name, secret=secret)
    with service.database.writing() as connection:
        add_factor(connection, factor, now=service.clock())
    return AppOnPhone(service=service, factor_id=new.factor_id, seed=new.seed)


def add_codes(service: Service, account_id: str) -> tuple[str, ...]:
    """Give an account ten recovery codes."""
    with service.database.writing() as connection:
        return replace_codes(
            connection,
            service.parts.factor_codes,
            account_id=account_id,
            entropy=service.entropy,
            now=service.clock(),
        )


def add_number(service: Service, account_id: str, number: str = PHONE) -> str:
    """Give an account a number that codes are sent to; gives the factor's id."""
    factor_id = new_seed(service.entropy).factor_id
    factor = NewFactor(id=factor_id, account_id=account_id, kind=Factor.SMS, name="Phone", phone_number=number)
    with service.database.writing() as connection:
        add_factor(connection, factor, now=service.clock())
    return factor_id


def add_passkey(service: Service, account_id: str) -> Authenticator:
    """Give an account a passkey."""
    enrolment, device = service.parts.passkey_enrolment, Authenticator(Said(origin=ADDRESS))
    with service.database.writing() as connection:
        options = enrolment.begin(connection, account_id=account_id, place=SESSION_PLACE)
        answer = text(device.create(options))
        enrolment.finish(connection, answer, account_id=account_id, place=SESSION_PLACE, name="Key", visitor=_OWNER)
    return device


def passkey_answer(page: TestResponse, device: Authenticator) -> str:
    """Sign what a page with a passkey form asks for, as its script would post it."""
    found = re.search(r'data-options="([^"]+)"', page.text)
    assert found, page.text
    return text(device.get(html.unescape(found[1])))
