"""The second factors of the demo's people: a secret and codes that everybody knows, as everybody knows the password.

Written at a start where something is missing; a real account is given neither by anybody but its owner.
"""

from __future__ import annotations

from base64 import b32decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import pyotp
from sqlalchemy import Connection

from idp.accounts.find import find_by_identifier
from idp.demo.people import Person
from idp.mfa.factors import NewFactor, add_factor, list_factors
from idp.mfa.policy import Factor
from idp.mfa.recovery_codes import COUNT, codes_left, replace_codes
from idp.mfa.seal import MacKey, Sealer
from idp.mfa.totp import NewSeed, sealed_seed

FIRST_RECOVERY_CODE = "E32A-Q2YV-CWEN-6A1W"
"""The first code of each demo person who has a factor: what `KnownChance` comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFactor:
    """What the demo says of an authenticator app; `code` is that of this moment."""

    user_id: str
    secret: str
    code: str
    recovery_code: str


class KnownChance:
    """Randomness that is the same at each start, for codes that a terminal prints."""

    def __init__(self) -> None:
        self._drawn = 0

    def __call__(self, count: int) -> bytes:
        """Give octets that nobody need guess."""
        self._drawn += 1
        return sha256(f"the demo’s recovery code {self._drawn}".encode()).digest()[:count]


def seed_factors(connection: Connection, people: Iterable[Person], sealer: Sealer, key: MacKey, *, now: float) -> None:
    """Give people the app that the terminal prints, and recovery codes; what they added themselves stays."""
    for person in people:
        account = find_by_identifier(connection, identifier=person.user_id)
        if account is None or person.totp_secret is None:
            continue
        factor_id = f"demo-{person.user_id}"
        if factor_id not in {factor.id for factor in list_factors(connection, account_id=account.id)}:
            add_factor(connection, _app(factor_id, account.id, person.totp_secret, sealer), now=now)
        if codes_left(connection, account_id=account.id) < COUNT:
            replace_codes(connection, key, account_id=account.id, entropy=KnownChance(), now=now)


def shown_factors(people: Sequence[Person], *, now: float) -> list[ShownFactor]:
    """Say what there is to type as a second factor at a moment (seconds)."""
    return [
        ShownFactor(
            user_id=person.user_id,
            secret=person.totp_secret,
            code=pyotp.TOTP(person.totp_secret).at(int(now)),
            recovery_code=FIRST_RECOVERY_CODE,
        )
        for person in people
        if person.totp_secret is not None
    ]


def _app(factor_id: str, account_id: str, secret: str, sealer: Sealer) -> NewFactor:
    seed = NewSeed(factor_id=factor_id, seed=b32decode(secret))
    return NewFactor(
        id=factor_id,
        account_id=account_id,
        kind=Factor.TOTP,
        name="Demo app",
        secret=sealed_seed(sealer, seed, account_id=account_id),
    )
