"""The order in which a journey asks for what is missing, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from idp.clients.client import Client, decode_client
from idp.flows.next_step import FRESH_SECONDS, UNMET, Situation, Step, next_step
from idp.mfa.policy import MFA, PHISHING_RESISTANT, PWD, Factor
from idp.oidc.authorization_request import AuthorizationRequest

NOW = 1_000_000.0


def client(**metadata: Any) -> Client:  # noqa: ANN401 - registered metadata
    """Give a first-party app."""
    return decode_client("app", {"first_party": True, "redirect_uris": ["https://a.example/cb"], **metadata}, [], None)


def request(**members: Any) -> AuthorizationRequest:  # noqa: ANN401 - members of the request
    """Give a plain request, with some members of its own."""
    plain: dict[str, Any] = {
        "client_id": "app",
        "redirect_uri": "https://a.example/cb",
        "redirect_uri_sent": True,
        "response_mode": "query",
        "state": None,
        "scopes": ("openid",),
        "nonce": None,
        "code_challenge": "c" * 43,
    }
    return AuthorizationRequest(**plain | members)


def situation(**members: Any) -> Situation:  # noqa: ANN401 - members of the situation
    """Give somebody who signed in with a password a moment ago, in this journey."""
    plain: dict[str, Any] = {
        "request": request(),
        "client": client(),
        "now": NOW,
        "account_id": "ann",
        "auth_time": NOW - 1,
        "proved_here": True,
        "password_here": True,
        "acr": PWD,
    }
    whole = plain | members
    return Situation(**{"scopes": frozenset(whole["request"].scopes)} | whole)


ENROLLED = frozenset({Factor.TOTP.value})
WITH_PASSKEY = frozenset({Factor.PASSKEY.value})
VOUCHED = {"proved_here": False, "password_here": False, "auth_time": NOW - FRESH_SECONDS - 1}


@pytest.mark.parametrize(
    ("members", "step"),
    [
        ({}, Step.ISSUE),
        ({"account_id": None, "acr": None}, Step.SIGN_IN),
        # the account's own factor
        ({"factors": ENROLLED}, Step.VERIFY_FACTOR),
        ({"factors": ENROLLED, "acr": MFA}, Step.ISSUE),
        ({"factors": ENROLLED, "remembered": True}, Step.ISSUE),
        ({"factors": ENROLLED, **VOUCHED}, Step.VERIFY_FACTOR),
        ({"factors": ENROLLED, **VOUCHED, "acr": MFA}, Step.ISSUE),
        # what an app asks for
        ({"request": request(wanted_acr=PWD)}, Step.ISSUE),
        ({"request": request(wanted_acr=MFA)}, Step.ENROL_FACTOR),
        ({"client": client(minimum_acr=MFA)}, Step.ENROL_FACTOR),
        ({"request": request(wanted_acr=MFA), "factors": ENROLLED, "acr": MFA}, Step.ISSUE),
        ({"request": request(wanted_acr=MFA), "factors": ENROLLED, "remembered": True}, Step.VERIFY_FACTOR),
        ({"request": request(wanted_acr=PHISHING_RESISTANT), "factors": WITH_PASSKEY}, Step.VERIFY_FACTOR),
        ({"request": request(wanted_acr=PHISHING_RESISTANT), "factors": ENROLLED, "acr": MFA}, Step.ENROL_FACTOR),
        ({"request": request(wanted_acr=PWD), "client": client(minimum_acr=PHISHING_RESISTANT)}, Step.ENROL_FACTOR),
        # a factor is added by whoever has just signed in, with what the account has
        ({"request": request(wanted_acr=MFA), **VOUCHED}, Step.SIGN_IN),
        ({"request": request(wanted_acr=MFA), **VOUCHED, "auth_time": NOW - FRESH_SECONDS}, Step.ENROL_FACTOR),
        (
            {"request": request(wanted_acr=PHISHING_RESISTANT), "factors": ENROLLED, "remembered": True},
            Step.VERIFY_FACTOR,
        ),
        # passwords that must be replaced
        ({"reset_due": True}, Step.CHANGE_PASSWORD),
        ({"reset_due": True, "password_here": False}, Step.SIGN_IN),
        ({"reset_due": True, "factors": ENROLLED}, Step.VERIFY_FACTOR),
        ({"reset_due": True, "recovery_due": True}, Step.RECOVER),
        ({"recovery_due": True, "factors": ENROLLED, "acr": MFA, **VOUCHED}, Step.RECOVER),
        # consent comes last
        ({"client": client(first_party=False), "factors": ENROLLED}, Step.VERIFY_FACTOR),
        ({"client": client(first_party=False), "factors": ENROLLED, "acr": MFA}, Step.CONSENT),
        ({"client": client(first_party=False), "consented_here": True}, Step.ISSUE),
    ],
)
def test_what_comes_next(members: dict[str, Any], step: Step) -> None:
    """Sign in, recover, prove the factor, replace the password, go further up, consent, issue: in this order."""
    assert step == next_step(situation(**members)).step


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"account_id": None}, "login_required"),
        ({"factors": ENROLLED, **VOUCHED}, "interaction_required"),
        ({"request": request(wanted_acr=MFA), **VOUCHED}, UNMET),
        ({"request": request(wanted_acr=PHISHING_RESISTANT), "factors": WITH_PASSKEY, "acr": MFA, **VOUCHED}, UNMET),
        ({"recovery_due": True}, "interaction_required"),
    ],
)
def test_what_an_app_hears_that_allowed_no_page(members: dict[str, Any], error: str) -> None:
    """Each rule has its error for prompt=none."""
    assert error == next_step(situation(**members)).error


def test_max_age_is_about_the_sign_in_and_not_about_a_later_factor() -> None:
    """A session that was raised a moment ago is as old as its sign-in."""
    aged = situation(request=request(max_age=60.0), acr=MFA, **VOUCHED)

    assert Step.SIGN_IN == next_step(aged).step
    assert Step.ISSUE == next_step(replace(aged, proved_here=True)).step
