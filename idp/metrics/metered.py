"""The parts that count themselves: each is its chapter's own class, which knows nothing of metrics, with a counter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from sqlalchemy import Connection
from typing_extensions import override

from idp.acts.sign_in_statements import SignedIn
from idp.acts.verify_password import PasswordCheck, PasswordVerifier
from idp.acts.visitor import Visitor
from idp.lockout.reservation import TooManyGuesses
from idp.metrics.meters import Meters
from idp.oidc.issuer import Issuer
from idp.oidc.server import IssuerServer
from idp.passwords.gate import HashingBusy, HashingGate
from idp.passwords.hasher import WrongPassword

OK = 200


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
    def check(self, *, typed: str, password: str, client_id: str | None, visitor: Visitor) -> PasswordCheck:
        try:
            return super().check(typed=typed, password=password, client_id=client_id, visitor=visitor)
        except WrongPassword:
            self._count("wrong")
            raise
        except TooManyGuesses:
            self._count("too_many_guesses")
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

    def _count(self, result: str) -> None:
        self._meters.tally.count(self._meters.sign_ins, result)


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
