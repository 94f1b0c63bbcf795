"""Enrol an authenticator app: show it a seed, and have one of its codes typed before it counts.

Whether somebody may enrol now (a fresh sign-in, a journey that got so far) is for the page to know. A wrong code costs
no guess here: whoever is asked for it has the seed on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from idp.acts.guess_factor import FactorGuesses
from idp.acts.note_factor import note_added
from idp.acts.visitor import Visitor
from idp.mfa.factors import FactorFacts, NewFactor, add_factor
from idp.mfa.pending_seeds import PendingSeeds
from idp.mfa.policy import Factor, Way
from idp.mfa.totp import NewSeed, in_groups, otpauth_uri, qr_code, sealed_seed, use_step
from idp.mfa.verified import FactorRefused
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from keys.sealing import Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpOffer:
    """What a page shows of a seed: the address for an app on this device, its QR code as SVG, and the seed to type."""

    uri: str = field(repr=False)
    qr_svg: str = field(repr=False)
    secret: str = field(repr=False)


class TotpEnrolment:
    """Enrols authenticator apps for every page that offers it."""

    def __init__(
        self,
        database: Database,
        pending: PendingSeeds,
        sealer: Sealer,
        *,
        product: str,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._database = database
        self._pending = pending
        self._sealer = sealer
        self._product = product
        self._clock = clock
        self._entropy = entropy
        self._guesses = FactorGuesses(database, clock=clock, entropy=entropy)

    def begin(self, *, account_id: str, user_id: str, place: str) -> TotpOffer:
        """Give what to show at a place ("journey:ID", "session:SID"): for ten minutes the same, however often asked.

        Raises:
            EphemeralUnavailable: the store cannot do it now.
        """
        seed = self._pending.begin(account_id=account_id, place=place).seed
        uri = otpauth_uri(seed, product=self._product, user_id=user_id)
        return TotpOffer(uri=uri, qr_svg=qr_code(uri), secret=in_groups(seed))

    def finish(self, *, account_id: str, place: str, answer: str, name: str, visitor: Visitor) -> FactorFacts:
        """Keep the app that shows the right code for the seed of `begin`.

        Raises:
            WrongAnswer, AnswerUsed: it does not; the seed stays, and another code may be typed.
            AnswerTooLate: the ten minutes are over; `begin` gives another seed.
            FactorExists, TooManyFactors: see `mfa.factors`.
            EphemeralUnavailable: the store cannot do it now.
        """
        try:
            seed = self._pending.waiting(account_id=account_id, place=place)
            factor = self._kept(seed, account_id, answer, name, visitor)
        except FactorRefused:
            self._guesses.note_refused("not_enrolled", account_id=account_id, way=Way.TOTP, visitor=visitor)
            raise
        self._pending.forget(account_id=account_id, place=place)
        return factor

    def _kept(self, seed: NewSeed, account_id: str, answer: str, name: str, visitor: Visitor) -> FactorFacts:
        now = self._clock()
        new = NewFactor(
            id=seed.factor_id,
            account_id=account_id,
            kind=Factor.TOTP,
            name=name,
            secret=sealed_seed(self._sealer, seed, account_id=account_id),
        )
        with self._database.writing() as connection:
            use_step(connection, seed=seed, typed=answer, now=now)
            factor = add_factor(connection, new, now=now)
            note_added(connection, factor, visitor=visitor, entropy=self._entropy, now=now)
        return factor
