"""Make something of a second factor that was verified: prove it to the journey, remember the browser, answer.

Invariant: a proof is made from a `Verified` of the person whom the journey is about, for a way that is open at this
moment, in the transaction that used the answer up. The journey is taken before that (its store may be the same
database), and put back when nothing was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import flask
from sqlalchemy import Connection

from idp.acts.remember_device import remember_device
from idp.flows.dispatcher import Effect, Outcome, Present, conclude, decide, take, who_is_present
from idp.flows.factor_due import RECOVERY_CODE, factor_due
from idp.flows.journey import Journey
from idp.flows.parts import Parts
from idp.flows.proofs import Proved, by_factor
from idp.flows.visit import sent_fields, visitor_of
from idp.mfa.remembered import REMEMBERED_SECONDS
from idp.mfa.verified import Verified
from idp.storage.ephemeral import EphemeralUnavailable


class FactorUse:
    """One right answer, on its way through one journey."""

    def __init__(self, parts: Parts, journey: Journey, *, account_id: str, way: str) -> None:
        self._parts = parts
        self._journey = journey
        self._account_id = account_id
        self._way = way
        self._outcome: Outcome | None = None
        self._handle: str | None = None

    def __call__(self, connection: Connection, verified: Verified) -> None:
        """Use what was verified, and decide what comes next, in the transaction of the verification."""
        journey, present = self.effect(lambda _: verified)(connection, self._journey)
        self._outcome = decide(self._parts, connection, journey, present)

    def effect(self, verify: Callable[[Connection], Verified]) -> Effect:
        """Give what a page has to write: `verify` uses the answer up, if it is still asked for."""

        def effect(connection: Connection, journey: Journey) -> tuple[Journey, Present]:
            present = who_is_present(self._parts, connection, journey, hold=True)
            due = factor_due(self._parts, connection, journey, present.person)
            if due is None or due.person.account_id != self._account_id or self._way not in due.ways:
                return journey, present
            verified = verify(connection)
            if verified.account_id != self._account_id:
                return journey, present
            if not due.shared_device and self._way != RECOVERY_CODE and sent_fields().get("remember") == "yes":
                self._remember(connection)
            return self._proved(journey, verified), present

        return effect

    def response(self) -> flask.Response:
        """Answer, once the transaction is committed."""
        if self._outcome is None:
            raise RuntimeError("nothing was verified")
        return self.remembered(conclude(self._parts, self._outcome))

    def remembered(self, response: flask.Response) -> flask.Response:
        """Give the browser its cookie, if it is remembered from now on."""
        if self._handle is not None:
            cookies = self._parts.cookies
            cookies.set(response, cookies.remembered_name, self._handle, max_age=int(REMEMBERED_SECONDS))
        return response

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Have the journey for this request alone; whatever is raised puts it back: the person may try again.

        Raises:
            ShownError: another request has the journey.
        """
        take(self._parts, self._journey)
        try:
            yield
        except Exception:
            with suppress(EphemeralUnavailable):
                self._parts.journeys.keep(self._journey)
            raise

    def _proved(self, journey: Journey, verified: Verified) -> Journey:
        proof = self._parts.prover.prove(
            Proved.SECOND_FACTOR,
            journey_id=journey.id,
            account_id=verified.account_id,
            at=self._parts.issuer.clock(),
            detail=by_factor(verified.way, verified.factor_id),
        )
        return journey.with_proof(proof)

    def _remember(self, connection: Connection) -> None:
        self._handle = remember_device(
            connection,
            account_id=self._account_id,
            visitor=visitor_of(self._parts),
            entropy=self._parts.issuer.entropy,
            now=self._parts.issuer.clock(),
        )
