"""The pages of a recovery that only some people see, with something in every place."""

from collections.abc import Callable
from functools import partial
from typing import Any

import flask

from idp.web.brand import Brand
from idp.web.factor_words import APP_CODE_REFUSED
from idp.web.problems import IDENTIFIER_MISSING
from idp.web.render import Pages
from idp.wording import Language

FORM: dict[str, Any] = {"action": "/here", "form_token": "1.x", "sign_in": "/account"}


def stopped(pages: Pages, language: Language, text: str, brand: Brand, *, reason: str) -> flask.Response:
    """A sign-in that only a new password completes."""
    return pages.render(
        "recover",
        language=language,
        brand=brand,
        ticket="t",
        journey="j",
        reason=reason,
        choice="password",
        identifier=text,
        problems=(IDENTIFIER_MISSING,),
        **FORM,
    )


def factor(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """One more proof, by a code of the app that was wrong."""
    return pages.render(
        "recover_factor",
        language=language,
        brand=brand,
        way="totp",
        passkey_options="",
        phone=text,
        texted=False,
        again_in=0,
        other_ways=[("passkey", "/p"), ("sms", "/s"), ("recovery_code", "/r")],
        problems=(APP_CODE_REFUSED,),
        **FORM,
    )


def factor_by_text(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """One more proof, by a code that was just sent."""
    return pages.render(
        "recover_factor",
        language=language,
        brand=brand,
        way="sms",
        passkey_options="",
        phone=text,
        texted=True,
        again_in=30,
        other_ways=[("totp", "/t")],
        problems=(),
        **FORM,
    )


RECOVERY_SAMPLES: dict[str, Callable[[Pages, Language, str, Brand], flask.Response]] = {
    "This account is locked": partial(stopped, reason="locked_down"),
    "This password cannot be used any more": partial(stopped, reason="compromised"),
    "Your second step": factor,
    "Your second step ": factor_by_text,
}
