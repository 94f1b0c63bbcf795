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
from idp.oidc.authorization_request import AuthorizationRequest


class Step(StrEnum):
    """What comes next."""

    SIGN_IN = "sign_in"
    CHANGE_PASSWORD = "change_password"
    CONSENT = "consent"
    ISSUE = "issue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that the decision rests on; instants in seconds.

    `auth_time` is when the person behind `account_id` last proved themselves, in this journey or in the session;
    `proved_here` whether that was in this journey.
    """

    request: AuthorizationRequest
    client: Client
    now: float
    account_id: str | None = None
    auth_time: float | None = None
    proved_here: bool = False
    reset_due: bool = False
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


def _reset_unproved(situation: Situation) -> bool:
    return situation.reset_due and not situation.proved_here


def _consent_missing(situation: Situation) -> bool:
    if situation.consented_here:
        return False
    if "consent" in situation.request.prompts:
        return True
    return not situation.client.first_party and not frozenset(situation.request.scopes) <= situation.consented


RULES: tuple[Rule, ...] = (
    Rule("nobody is signed in", Step.SIGN_IN, "login_required", _nobody),
    Rule("the app asked for a new sign-in", Step.SIGN_IN, "login_required", _asked_again),
    Rule("the app asked to choose an account", Step.SIGN_IN, "account_selection_required", _asked_to_choose),
    Rule("the sign-in is older than the app allows", Step.SIGN_IN, "login_required", _too_long_ago),
    Rule("somebody else is signed in than the app expects", Step.SIGN_IN, "login_required", _somebody_else),
    Rule("the old password must be proved first", Step.SIGN_IN, "interaction_required", _reset_unproved),
    Rule("a new password is due", Step.CHANGE_PASSWORD, "interaction_required", lambda it: it.reset_due),
    Rule("consent is missing", Step.CONSENT, "consent_required", _consent_missing),
)
NOTHING_MISSING = Rule("nothing is missing", Step.ISSUE, "", lambda _: True)


def next_step(situation: Situation) -> Rule:
    """Give the first rule that holds; its `step` comes next."""
    return next((rule for rule in RULES if rule.holds(situation)), NOTHING_MISSING)
