"""Codes of authenticator apps (RFC 6238: SHA-1, thirty seconds, six digits, which is what every app knows).

Invariant: the code of this step or of the one before is accepted, each step once for each factor, and a step uses up
the one before it; never one that is yet to come, whatever a clock elsewhere says (ASVS 6.5.5, T06). The seed is sealed
to its row, so that a copy of the database shows no code.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from contextlib import suppress
from dataclasses import dataclass, field

import pyotp
import segno
from sqlalchemy import Connection, select

from idp.mfa.factors import note_used
from idp.mfa.models import FACTORS
from idp.mfa.policy import Factor, Way
from idp.mfa.seal import Sealer
from idp.mfa.typed_code import six_digits
from idp.mfa.verified import AnswerUsed, NoSuchFactor, Verified, WrongAnswer
from idp.storage.handles import Entropy, new_id
from idp.storage.spent import AlreadySpent, spend, use_up

STEP_SECONDS = 30
SEED_BYTES = 20
_GROUP = 4
_KIND = "totp step"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSeed:
    """A seed that was just made, and the id that its factor will have once it is proved."""

    factor_id: str
    seed: bytes = field(repr=False)


def new_seed(entropy: Entropy) -> NewSeed:
    """Make a seed of 160 bits."""
    return NewSeed(factor_id=new_id(entropy), seed=entropy(SEED_BYTES))


def in_groups(seed: bytes) -> str:
    """Write a seed for somebody who types it: base32 in groups of four."""
    text = _base32(seed)
    return " ".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def otpauth_uri(seed: bytes, *, product: str, user_id: str) -> str:
    """Write a seed for an app: the address in its QR code. A colon would end the name of the product."""
    return pyotp.TOTP(_base32(seed)).provisioning_uri(name=user_id, issuer_name=product.replace(":", " "))


def qr_code(uri: str) -> str:
    """Draw an address as SVG to stand in a page as it is: shapes with attributes, no style, which our CSP would drop.

    Black on white in the dark, too, with the margin that cameras need. It holds the seed: no page with it is kept.
    """
    drawn = segno.make(uri, error="m", micro=False)
    return drawn.svg_inline(scale=4, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True)


def sealed_seed(sealer: Sealer, seed: NewSeed, *, account_id: str) -> bytes:
    """Seal a seed to the row that it will stand in."""
    return sealer.seal(seed.seed, _context(seed.factor_id, account_id))


def use_step(connection: Connection, *, seed: NewSeed, typed: str, now: float) -> None:
    """Check a typed code, and use its step up; in the transaction of what it pays for.

    Raises:
        WrongAnswer: it is not the code of this step or of the one before.
        AnswerUsed: it is, and was used.
    """
    step = _matching_step(seed.seed, six_digits(typed), now=now)
    try:
        _spend(connection, seed.factor_id, step, now)
    except AlreadySpent:
        raise AnswerUsed("the step was used") from None
    with suppress(AlreadySpent):
        _spend(connection, seed.factor_id, step - 1, now)


def use_totp(connection: Connection, sealer: Sealer, *, account_id: str, typed: str, now: float) -> Verified:
    """Check a typed code against every app of an account, and use it up; in the transaction of what it pays for.

    Raises:
        NoSuchFactor: the account has no app.
        WrongAnswer, AnswerUsed: see `use_step`.
    """
    seeds = _seeds(connection, sealer, account_id)
    if not seeds:
        raise NoSuchFactor("no authenticator app")
    seed = next((seed for seed in seeds if _matches(seed, typed, now)), seeds[0])
    use_step(connection, seed=seed, typed=typed, now=now)
    note_used(connection, account_id=account_id, factor_id=seed.factor_id, now=now)
    return Verified(account_id=account_id, way=Way.TOTP, factor_id=seed.factor_id)


def use_up_present_steps(connection: Connection, *, now: float) -> None:
    """Use up the codes that are good now, for every app of everybody: which of them were used is not known any more."""
    current = int(now // STEP_SECONDS)
    apps = connection.execute(select(FACTORS.c.id).where(FACTORS.c.kind == Factor.TOTP.value)).scalars().all()
    steps = [f"{factor_id}:{step}" for factor_id in apps for step in (current - 1, current, current + 1)]
    use_up(connection, kind=_KIND, artifacts=steps, expires_at=float((current + 3) * STEP_SECONDS), now=now)


def _seeds(connection: Connection, sealer: Sealer, account_id: str) -> list[NewSeed]:
    rows = connection.execute(
        select(FACTORS.c.id, FACTORS.c.secret)
        .where(FACTORS.c.account_id == account_id, FACTORS.c.kind == Factor.TOTP.value)
        .order_by(FACTORS.c.created_at, FACTORS.c.id)
    )
    return [NewSeed(factor_id=row.id, seed=sealer.open(row.secret, _context(row.id, account_id))) for row in rows]


def _matches(seed: NewSeed, typed: str, now: float) -> bool:
    try:
        _matching_step(seed.seed, six_digits(typed), now=now)
    except WrongAnswer:
        return False
    return True


def _matching_step(seed: bytes, digits: str, *, now: float) -> int:
    """Give the step that a code is of; both are computed, whichever it is."""
    app, current = pyotp.TOTP(_base32(seed)), int(now // STEP_SECONDS)
    found = [step for step in (current, current - 1) if hmac.compare_digest(app.generate_otp(step), digits)]
    if not found:
        raise WrongAnswer("not the code of this step or of the one before")
    return found[0]


def _spend(connection: Connection, factor_id: str, step: int, now: float) -> None:
    over = float((step + 2) * STEP_SECONDS)
    spend(connection, kind=_KIND, artifact=f"{factor_id}:{step}", expires_at=over, now=now)


def _context(factor_id: str, account_id: str) -> bytes:
    return f"totp seed of {factor_id} of {account_id}".encode()


def _base32(seed: bytes) -> str:
    return b32encode(seed).decode("ascii").rstrip("=")
