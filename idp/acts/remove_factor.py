"""Remove a factor of an account; the last one goes only when that was said in so many words, and codes go with it.

Whether somebody may do this now (a fresh sign-in with what the account asks for) is for the page to know.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.acts.note_factor import note_removed
from idp.acts.visitor import Visitor
from idp.mfa import factors
from idp.mfa.factors import FactorFacts, list_factors
from idp.mfa.policy import Factor
from idp.mfa.recovery_codes import forget_codes
from idp.mfa.texted_codes import forget_texts
from idp.mfa.verified import NoSuchFactor
from idp.passwords.credentials import require_longer
from idp.storage.handles import Entropy


class LastFactor(Exception):
    """It is the account's last one, and nobody has said that it may go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The factor as it was, and whether it was the last."""

    factor: FactorFacts
    last: bool


def remove_factor(
    connection: Connection,
    *,
    account_id: str,
    factor_id: str,
    also_last: bool = False,
    visitor: Visitor,
    entropy: Entropy,
    now: float,
) -> Removed:
    """Remove a factor, forget where it was remembered, and tell the owner.

    `also_last` says that the page has said what it means to have none: a password that is too short to stand alone must
    be changed at the next sign-in.

    Raises:
        NoSuchFactor: the account has none of this id (any longer).
        LastFactor: see there; nothing was removed.
    """
    present = list_factors(connection, account_id=account_id, hold=True)
    if not any(factor.id == factor_id for factor in present):
        raise NoSuchFactor(factor_id)
    last = len(present) == 1
    if last and not also_last:
        raise LastFactor(factor_id)
    factor = factors.remove_factor(connection, account_id=account_id, factor_id=factor_id)
    if last:
        forget_codes(connection, account_id=account_id)
        require_longer(connection, account_id=account_id)
    if factor.kind is Factor.SMS:
        forget_texts(connection, account_id=account_id)
    note_removed(connection, factor, last=last, visitor=visitor, entropy=entropy, now=now)
    return Removed(factor=factor, last=last)
