"""Which second factor a journey waits for, and in which ways it may be shown.

Asked by the page, and again in the transaction that uses an answer: what is shown is of this account, of a kind that
reaches the level, and due at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from idp.acts.standing import Standing
from idp.flows.dispatcher import client_in_service, situation_of
from idp.flows.journey import Journey
from idp.flows.next_step import UNMET, Step, level_wanted, next_step
from idp.flows.parts import Parts
from idp.mfa.factors import FactorFacts, list_factors
from idp.mfa.policy import PHISHING_RESISTANT, Factor, can_reach
from idp.mfa.recovery_codes import codes_left

RECOVERY_CODE = "recovery_code"
"""The way of a recovery code, beside the kinds of factors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorDue:
    """Who has to show a factor, and what there is to show.

    `asked_by_app`: the sign-in would do for the account, the app wants to be surer. `passkey_only`: nothing else
    reaches the level. `ways` are kinds of factors, the one that was used last first, and the recovery code.
    """

    person: Standing
    asked_by_app: bool
    passkey_only: bool
    factors: Sequence[FactorFacts]
    codes_left: int
    ways: tuple[str, ...]
    shared_device: bool

    def names(self, kind: str) -> str:
        """Name the devices of a kind, the newest first."""
        return ", ".join(factor.name for factor in reversed(self.factors) if factor.kind == kind)


def factor_due(parts: Parts, connection: Connection, journey: Journey, person: Standing | None) -> FactorDue | None:
    """Say which factor is due; None when this journey waits for something else."""
    if person is None:
        return None
    situation = situation_of(parts, journey, client_in_service(parts, journey), person)
    rule, wanted = next_step(situation), level_wanted(situation)
    if rule.step is not Step.VERIFY_FACTOR:
        return None
    passkey_only = wanted == PHISHING_RESISTANT and can_reach(person.factors, wanted)
    factors = list_factors(connection, account_id=person.account_id)
    left = codes_left(connection, account_id=person.account_id)
    kinds = _kinds(factors, texts=parts.text_desk.policy.enabled)
    if passkey_only:
        kinds = tuple(kind for kind in kinds if kind == Factor.PASSKEY)
    return FactorDue(
        person=person,
        asked_by_app=rule.error == UNMET,
        passkey_only=passkey_only,
        factors=factors,
        codes_left=left,
        ways=kinds if passkey_only or not left else (*kinds, RECOVERY_CODE),
        shared_device=journey.shared_device or bool(person.session and person.session.shared_device),
    )


def _kinds(factors: Sequence[FactorFacts], *, texts: bool) -> tuple[str, ...]:
    by_use = sorted(factors, key=lambda factor: factor.last_used_at or factor.created_at, reverse=True)
    kinds = dict.fromkeys(factor.kind.value for factor in by_use)
    return tuple(kind for kind in kinds if texts or kind != Factor.SMS)
