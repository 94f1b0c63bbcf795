"""The parts that count themselves: each is its chapter's own class, which knows nothing of metrics, with a counter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from sqlalchemy import Connection
from typing_extensions import override

from idp.acts.guess_failed import Consequences
from idp.acts.sign_in_statements import SignedIn
from idp.acts.slow_down import SlowDown
from idp.acts.verify_passkey import PasskeyCheck, PasskeyVerifier
from idp.acts.verify_password import PasswordCheck, PasswordVerifier
from idp.acts.visitor import Visitor
from idp.lockout.reservation import GuessTooSoon, TooManyGuesses, WorkDue
from idp.metrics.meters import Meters
from idp.mfa.passkey_challenge import Purpose
from idp.mfa.verified import FactorRefused, Verified
from idp.oidc.issuer import Issuer
from idp.oidc.server import IssuerServer
from idp.passwords.breached import Fetch, RangeSource, SourceAway
from idp.passwords.gate import HashingBusy, HashingGate
from idp.passwords.hasher import WrongPassword

OK = 200
_REFUSED = {GuessTooSoon: "too_soon", WorkDue: "work_due"}


class MeteredGate(HashingGate):
    """The hashing gate; times each wait and each hash."""

    def __init__(self, running: int, meters: Meters) -> None:
        super().__init__(running)
        self._meters = meters

    @contextmanager
    @override
    def admitted(self) -> Iterator[None]:
        meters, asked = self._meters, perf_counter()
        try:
            with super().admitted():
                entered = perf_counter()
                meters.tally.time(meters.hash_wait_seconds, entered - asked)
                try:
                    yield
                finally:
                    meters.tally.time(meters.hash_seconds, perf_counter() - entered)
        except HashingBusy:
            meters.tally.count(meters.hash_refused)
            raise


class MeteredPasswords(PasswordVerifier):
    """The check of passwords; counts how each ended."""

    def __init__(self, *parts: Any, meters: Meters, **named: Any) -> None:  # noqa: ANN401 - handed on as they come
        super().__init__(*parts, **named)
        self._meters = meters

    @override
    def check(self, **named: Any) -> PasswordCheck:
        try:
            return super().check(**named)
        except WrongPassword:
            self._count("wrong")
            raise
        except TooManyGuesses as error:
            self._count(_REFUSED.get(type(error), "too_many_guesses"))
            raise
        except HashingBusy:
            self._count("busy")
            raise

    @override
    def record(
        self, connection: Connection, check: PasswordCheck, *, client_id: str | None, visitor: Visitor
    ) -> SignedIn:
        signed_in = super().record(connection, check, client_id=client_id, visitor=visitor)
        self._count("ok")
        return signed_in

    @override
    def noticed(self, consequences: Consequences) -> None:
        tally, meters = self._meters.tally, self._meters
        if consequences.locked:
            devices = "known" if consequences.known_device else "unknown"
            tally.count(meters.locks, devices, "stopped" if consequences.stopped else "paused")
        if consequences.slowed:
            tally.count(meters.slow_downs, "begun")
        if consequences.stuffing:
            tally.count(meters.stuffing_alarms)

    def _count(self, result: str) -> None:
        self._meters.tally.count(self._meters.sign_ins, result)


class MeteredSlowDown(SlowDown):
    """The work that guesses are asked for; counts how it was answered."""

    def __init__(self, *parts: Any, meters: Meters, **named: Any) -> None:  # noqa: ANN401 - handed on as they come
        super().__init__(*parts, **named)
        self._meters = meters

    @override
    def accept(self, **named: Any) -> bool:
        worked = super().accept(**named)
        self._meters.tally.count(self._meters.slow_downs, "worked" if worked else "waited")
        return worked


class MeteredRangeSource(RangeSource):
    """The service that knows stolen passwords; counts what it answers."""

    def __init__(self, address: str, fetch: Fetch, meters: Meters) -> None:
        super().__init__(address, fetch)
        self._meters = meters

    @override
    def look_up(self, password: str) -> bool:
        try:
            found = super().look_up(password)
        except SourceAway:
            self._count("away")
            raise
        self._count("breached" if found else "clean")
        return found

    def _count(self, result: str) -> None:
        self._meters.tally.count(self._meters.breach_checks, result)


class MeteredPasskeys(PasskeyVerifier):
    """The check of passkeys; counts how each ended, by what it was for."""

    def __init__(self, *parts: Any, meters: Meters, **named: Any) -> None:  # noqa: ANN401 - handed on as they come
        super().__init__(*parts, **named)
        self._meters = meters

    @override
    def record(
        self, connection: Connection, check: PasskeyCheck, *, client_id: str | None, visitor: Visitor
    ) -> Verified:
        verified = super().record(connection, check, client_id=client_id, visitor=visitor)
        self._meters.tally.count(self._meters.passkeys, check.purpose.value, "ok")
        return verified

    @override
    def note_refused(
        self,
        error: FactorRefused,
        *,
        purpose: Purpose,
        account_id: str | None,
        client_id: str | None,
        visitor: Visitor,
    ) -> None:
        self._meters.tally.count(self._meters.passkeys, purpose.value, "refused")
        super().note_refused(error, purpose=purpose, account_id=account_id, client_id=client_id, visitor=visitor)


class MeteredServer(IssuerServer):
    """The protocol engine; counts the token responses that issued something."""

    def __init__(self, issuer: Issuer, meters: Meters) -> None:
        super().__init__(issuer)
        self._meters = meters

    @override
    def create_token_response(self, request: Any = None) -> Any:
        response = super().create_token_response(request)
        if response.status == OK:
            # A grant type that issued something is one of ours.
            self._meters.tally.count(self._meters.tokens, request.payload.grant_type)
        return response
