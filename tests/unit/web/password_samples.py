"""The pages on which a password is chosen, with something in every place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from idp.passwords.policy import PasswordHoldsName, Profile, Rules
from idp.web.brand import Brand
from idp.web.problems import CURRENT_PASSWORD_WRONG, new_password_refused
from idp.web.render import Pages
from idp.wording import Language

FORM: dict[str, Any] = {"action": "/here", "form_token": "1.x"}


def change_password(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """The forced change, refused, under the profile of PCI DSS."""
    return pages.render(
        "change_password",
        language=language,
        brand=brand,
        user_id=text,
        rules=Rules(second_factor=True, profile=Profile.PCI_STRICT),
        judged=text,
        problems=(new_password_refused(PasswordHoldsName(text)),),
        cancellable=True,
        **FORM,
    )


def change_own_password(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """The change that somebody wants, with both fields in error."""
    return pages.render(
        "change_own_password",
        language=language,
        user_id=text,
        rules=Rules(second_factor=False),
        judged=text,
        sign_out=False,
        problems=(CURRENT_PASSWORD_WRONG, new_password_refused(PasswordHoldsName(text))),
        **FORM,
    )


def password_done(pages: Pages, language: Language, _text: str, _: Brand) -> flask.Response:
    """The end of such a change."""
    return pages.render("password_done", language=language, form_token="1.x")


PASSWORD_SAMPLES: dict[str, Callable[[Pages, Language, str, Brand], flask.Response]] = {
    "Choose a new password  ": change_password,
    "Change your password": change_own_password,
    "Your password is changed ": password_done,
}
