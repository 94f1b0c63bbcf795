"""The one decision point of every journey: what is still missing before an answer may be issued.

A pure function of what is known. The rules are a list, in order; each names the step that it asks for and the error
that an application gets which allowed no page (prompt=none, OpenID Connect Core §3.1.2.6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from idp.clients.client import Client
from idp.mfa.policy import LEVELS, can_reach, owes_factor, reaches
from idp.oidc.authorization_request import AuthorizationRequest

FRESH_SECONDS = 300.0
"""How old a sign-in may be with which factors, passwords and addresses are changed (OWASP ASVS 7.5.1)."""
UNMET = "unmet_authentication_requirements"


class Step(StrEnum):
    """What comes next."""

    SIGN_IN = "sign_in"
    RECOVER = "recover"
    VERIFY_FACTOR = "verify_factor"
    CHANGE_PASSWORD = "change_password"
    ENROL_FACTOR = "enrol_factor"
    CONSENT = "consent"
    ISSUE = "issue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that the decision rests on; instants in seconds.

    `auth_time` is when the person behind `account_id` last proved themselves, in this journey or in the session;
    `proved_here` whether that was in this journey, `password_here` whether by the password. `acr` is the level that
    has been reached, `factors` the kinds that the account has beside its password, and `remembered` says that this
    browser saves showing one. `void`: since that sign-in the password was replaced, or the account locked down.
    `recovery_due`: nothing but recovery opens the account. `scopes` are those asked for that the person may have.
    """

    request: AuthorizationRequest
    client: Client
    now: float
    account_id: str | None = None
    auth_time: float | None = None
    proved_here: bool = False
    password_here: bool = False
    void: bool = False
    acr: str | None = None
    factors: frozenset[str] = frozenset()
    remembered: bool = False
    recovery_due: bool = False
    reset_due: bool = False
    scopes: frozenset[str] = frozenset()
    consented: frozenset[str] = frozenset()
    consented_here: bool = False


class Rule(NamedTuple):
    """One reason to show a page: its name for the trail, the page, the error without pages, and when it holds."""

    name: str
    step: Step
    error: str
    holds: Callable[[Situation], bool]


def _nobody(situation: Situation) -> bool:
    return situation.account_id is None


def _asked_again(situation: Situation) -> bool:
    return "login" in situation.request.prompts and not situation.proved_here


def _asked_to_choose(situation: Situation) -> bool:
    return "select_account" in situation.request.prompts and not situation.proved_here


def _too_long_ago(situation: Situation) -> bool:
    max_age, auth_time = situation.request.max_age, situation.auth_time
    if max_age is None or situation.proved_here:
        return False
    return auth_time is None or situation.now - auth_time > max_age


def _somebody_else(situation: Situation) -> bool:
    hinted = situation.request.hinted_account
    return hinted is not None and hinted != situation.account_id


def _own_factor_due(situation: Situation) -> bool:
    return owes_factor(situation.factors, situation.acr, remembered=situation.remembered)


def level_wanted(situation: Situation) -> str | None:
    """Give the level that the app asks for or that is asked of it, if it has not been reached."""
    levels = [level for level in (situation.client.minimum_acr, situation.request.wanted_acr) if level]
    wanted = max(levels, key=LEVELS.index) if levels else None
    return None if wanted is None or reaches(situation.acr, wanted) else wanted


def _more_wanted(situation: Situation) -> bool:
    wanted = level_wanted(situation)
    return wanted is not None and can_reach(situation.factors, wanted)


def _enrolment_wanted(situation: Situation) -> bool:
    wanted = level_wanted(situation)
    return wanted is not None and not can_reach(situation.factors, wanted)


def _enrolment_unproved(situation: Situation) -> bool:
    """A factor is added to an account only by whoever has just signed in, with a factor that it has (A7.5.1)."""
    fresh = situation.auth_time is not None and situation.now - situation.auth_time <= FRESH_SECONDS
    return _enrolment_wanted(situation) and not situation.proved_here and not fresh


def _factor_before_enrolment(situation: Situation) -> bool:
    return _enrolment_wanted(situation) and owes_factor(situation.factors, situation.acr, remembered=False)


def _reset_unproved(situation: Situation) -> bool:
    return situation.reset_due and not situation.password_here


def _consent_missing(situation: Situation) -> bool:
    if situation.consented_here:
        return False
    if "consent" in situation.request.prompts:
        return True
    return not situation.client.first_party and not situation.scopes <= situation.consented


COUNTS_NO_MORE = Rule("the sign-in counts no more", Step.SIGN_IN, "access_denied", lambda it: it.void)
RESET_UNPROVED = Rule("the old password must be proved first", Step.SIGN_IN, "interaction_required", _reset_unproved)
RULES: tuple[Rule, ...] = (
    Rule("nobody is signed in", Step.SIGN_IN, "login_required", _nobody),
    Rule("the app asked for a new sign-in", Step.SIGN_IN, "login_required", _asked_again),
    Rule("the app asked to choose an account", Step.SIGN_IN, "account_selection_required", _asked_to_choose),
    Rule("the sign-in is older than the app allows", Step.SIGN_IN, "login_required", _too_long_ago),
    Rule("somebody else is signed in than the app expects", Step.SIGN_IN, "login_required", _somebody_else),
    Rule("only recovery opens the account", Step.RECOVER, "interaction_required", lambda it: it.recovery_due),
    RESET_UNPROVED,
    COUNTS_NO_MORE,
    Rule("the account's second factor is due", Step.VERIFY_FACTOR, "interaction_required", _own_factor_due),
    Rule("a new password is due", Step.CHANGE_PASSWORD, "interaction_required", lambda it: it.reset_due),
    Rule("the app asks for a stronger sign-in", Step.VERIFY_FACTOR, UNMET, _more_wanted),
    Rule("a factor is added after a fresh sign-in only", Step.SIGN_IN, UNMET, _enrolment_unproved),
    Rule("a factor is added after the present one only", Step.VERIFY_FACTOR, UNMET, _factor_before_enrolment),
    Rule("the app asks for a factor that the account lacks", Step.ENROL_FACTOR, UNMET, _enrolment_wanted),
    Rule("consent is missing", Step.CONSENT, "consent_required", _consent_missing),
)
NOTHING_MISSING = Rule("nothing is missing", Step.ISSUE, "", lambda _: True)


def next_step(situation: Situation) -> Rule:
    """Give the first rule that holds; its `step` comes next."""
    return next((rule for rule in RULES if rule.holds(situation)), NOTHING_MISSING)
