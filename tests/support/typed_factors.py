"""Somebody with second factors, on a whole issuer: enrols, asks for texts, types codes. No page comes into it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pyotp
from sqlalchemy import func, select

from idp.acts.remove_factor import Removed, remove_factor
from idp.acts.renew_recovery_codes import renew_recovery_codes
from idp.acts.send_text import Texted
from idp.acts.verify_factor import Then
from idp.acts.visitor import Visitor
from idp.app import Service
from idp.audit.browse import Wanted, all_events
from idp.audit.events import RecordedEvent
from idp.lockout.models import COUNTERS
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import TooManyGuesses
from idp.mfa.factors import FactorFacts, list_factors
from idp.mfa.policy import Way
from idp.mfa.verified import FactorRefused, Verified
from tests.support.clock import SettableClock
from tests.support.recovery import deliver

HERE, THERE = "journey:one", "journey:two"
NUMBER = "+4915112345678"
OTHER_NUMBER = "+4917612345678"
VISITOR = Visitor(address="198.51.100.7", user_agent="Mozilla/5.0 (Windows) Firefox/150.0", reference="KTMR-4821")


@dataclass(frozen=True)
class Person:
    """An account of an issuer, and what it does at one place or another."""

    service: Service
    account_id: str

    def enrol_app(self, *, name: str = "My phone", place: str = HERE) -> tuple[FactorFacts, pyotp.TOTP]:
        """Enrol an authenticator app, and give it; time goes on by a minute, so that its next code is a new one."""
        enrolment = self.service.parts.totp_enrolment
        offer = enrolment.begin(account_id=self.account_id, user_id="dana", place=place)
        app = pyotp.TOTP(offer.secret.replace(" ", ""))
        factor = enrolment.finish(
            account_id=self.account_id, place=place, answer=self.code_of(app), name=name, visitor=VISITOR
        )
        self.later(60.0)
        return factor, app

    def add_number(self, number: str = NUMBER, *, place: str = HERE) -> FactorFacts:
        """Add a number by the code that is sent there; time goes on by a minute, so that it may be texted again."""
        self.text_new(number, place=place)
        factor = self.finish_number(texted_code(self.service), place=place)
        self.later(60.0)
        return factor

    def text_new(self, number: str = NUMBER, *, place: str = HERE, visitor: Visitor = VISITOR) -> Texted:
        """Have a code sent to a new number."""
        return self.service.parts.text_desk.text_new_number(
            account_id=self.account_id, typed=number, place=place, language="en", visitor=visitor
        )

    def finish_number(self, answer: str, *, place: str = HERE) -> FactorFacts:
        """Type the code that came to a new number."""
        return self.service.parts.sms_enrolment.finish(
            account_id=self.account_id, place=place, answer=answer, name="", visitor=VISITOR
        )

    def text(self, *, place: str = HERE, visitor: Visitor = VISITOR) -> Texted:
        """Have a code sent to one's own number."""
        return self.service.parts.text_desk.text_owner(
            account_id=self.account_id, place=place, language="en", visitor=visitor
        )

    def recovery_codes(self) -> tuple[str, ...]:
        """Make a new set."""
        with self.service.database.writing() as connection:
            return renew_recovery_codes(
                connection,
                self.service.parts.factor_codes,
                account_id=self.account_id,
                visitor=VISITOR,
                entropy=self.service.entropy,
                now=self.service.clock(),
            )

    def verify(self, way: Way, answer: str, *, place: str = HERE, then: Then | None = None) -> Verified:
        """Type a code."""
        return self.service.parts.factors.verify(
            account_id=self.account_id, way=way, answer=answer, place=place, visitor=VISITOR, then=then
        )

    def outcome(self, way: Way, answer: str, *, place: str = HERE) -> str:
        """Type a code; gives how that went, in a word."""
        return outcome_of(partial(self.verify, way, answer, place=place))

    def code_of(self, app: pyotp.TOTP, *, steps: int = 0) -> str:
        """Read the code that an app shows, so many steps from now."""
        return app.generate_otp(int(self.service.clock() // 30) + steps)

    def later(self, seconds: float) -> None:
        """Let time go on."""
        clock = self.service.clock
        assert isinstance(clock, SettableClock)
        clock.advance(seconds)

    def events(self, type: str) -> list[RecordedEvent]:
        """Read the trail of the account for one kind of event, oldest first."""
        wanted = Wanted(account_id=self.account_id, type=type)
        with self.service.database.reading() as connection:
            return list(all_events(connection, wanted))

    def guesses(self) -> int:
        """Read how many wrong codes are counted."""
        with self.service.database.reading() as connection:
            counted = select(func.coalesce(func.sum(COUNTERS.c.failures), 0))
            return int(connection.execute(counted.where(COUNTERS.c.kind == GuessKind.FACTOR.value)).scalar_one())


def outcome_of(act: Callable[[], object]) -> str:
    """Do something; gives "ok" or the name of what was raised."""
    try:
        act()
    except (FactorRefused, TooManyGuesses) as error:
        return type(error).__name__
    return "ok"


def texts(service: Service) -> list[str]:
    """Let the worker deliver, and give every text that has arrived, newest first."""
    return [mail.text for mail in deliver(service) if mail.recipient.startswith("+")]


def texted_code(service: Service) -> str:
    """Let the worker deliver, and read the code in the newest text."""
    found = re.match("[0-9]{6}", texts(service)[0])
    assert found
    return found[0]


def wrong(code: str) -> str:
    """Give six other digits."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def factors_of(person: Person) -> list[str]:
    """Give the kinds of somebody's factors."""
    with person.service.database.reading() as connection:
        return [factor.kind.value for factor in list_factors(connection, account_id=person.account_id)]


def removed(person: Person, factor_id: str, *, also_last: bool = False) -> Removed:
    """Remove a factor."""
    with person.service.database.writing() as connection:
        return remove_factor(
            connection,
            account_id=person.account_id,
            factor_id=factor_id,
            also_last=also_last,
            visitor=VISITOR,
            entropy=person.service.entropy,
            now=person.service.clock(),
        )
